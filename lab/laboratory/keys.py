"""API keys of the firm at its venues, as its operators would hand them out: who gets which, and what it may do.

Names and secrets are derived, so that a run needs no store of keys and every run has the same.
"""

from __future__ import annotations

import hashlib

from lab.scenario.firm import Account, Firm
from simulators.exchange.api.routes import ApiKey
from simulators.gateway.api import GatewayKey


def monitor_key(venue: str, account: str) -> str:
    """The monitor's API key to an account; it may only read."""
    return f"{venue}.{account}.read"


def trading_key(venue: str, strategy: str) -> str:
    """A strategy's API key at a venue."""
    return f"{venue}.{strategy}.trade"


def desk_key(venue: str, account: str) -> str:
    """The trading desk's API key to an account that no strategy trades."""
    return f"{venue}.{account}.desk"


def custody_desk_key(custodian: str) -> str:
    """The treasury's API key at a custodian; it may move money."""
    return f"{custodian}.treasury"


def account_key(firm: Firm, venue: str, account: str) -> str:
    """The API key with which the firm trades an account: its strategy's, else the desk's."""
    for strategy in firm.strategies:
        if strategy.account == account and venue in strategy.venues:
            return trading_key(venue, strategy.name)
    return desk_key(venue, account)


def gateway_key(gateway: str, *, with_control: bool) -> str:
    """The monitor's API key to the firm's gateway: to read, and with controls wired in to command as well."""
    return f"{gateway}.monitor.{'control' if with_control else 'read'}"


def gateway_keys(gateway: str) -> dict[str, GatewayKey]:
    """Every key that the gateway knows."""
    return {gateway_key(gateway, with_control=control): GatewayKey(can_control=control) for control in (False, True)}


def secret_of(api_key: str) -> str:
    """The secret that belongs to an API key, or to whatever else is named and signs."""
    return hashlib.sha256(f"riskproof secret of {api_key}".encode()).hexdigest()


def exchange_keys(firm: Firm, venue: str) -> dict[str, ApiKey]:
    """Every key that an exchange has given to the firm."""
    # The strategies' machine, whose clients are the strategies and the gateway.
    hosts = (*(strategy.name for strategy in firm.strategies), *((firm.gateway.name,) if firm.gateway else ()))
    keys: dict[str, ApiKey] = {}
    accounts = {account.name: account for account in firm.accounts if account.venue == venue}
    for account in accounts.values():
        api_key = monitor_key(venue, account.name)
        keys[api_key] = ApiKey(account.name, is_master=account.role == "master", secret=secret_of(api_key))
        api_key = desk_key(venue, account.name)
        keys[api_key] = _trading(account, api_key, hosts)
    for strategy in firm.strategies:
        if venue in strategy.venues:
            api_key = trading_key(venue, strategy.name)
            keys[api_key] = _trading(accounts[strategy.account], api_key, hosts)
    return keys


def _trading(account: Account, api_key: str, hosts: tuple[str, ...]) -> ApiKey:
    return ApiKey(
        account.name,
        can_trade=True,
        can_withdraw=account.withdraw,
        secret=secret_of(api_key),
        addresses=hosts if account.bound_keys else (),
    )
