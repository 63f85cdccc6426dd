"""Ledger: the double-entry book of who owns what at one venue.

Every change is a movement between two accounts, so that per asset the sum over all accounts of free and held
is zero at every moment: whatever the firm owns, somebody else owes. Accounts that stand for the rest of the world
(``street``, ``external``, ``venue``, ``transit``) may go below zero; a client's may not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from simulators.ports import Audit

Owner = Literal["firm", "street", "venue", "external", "transit"]

SCALE: Final = 8
"""Decimals of the smallest unit, of every asset."""

UNITS: Final = 10**SCALE
"""Smallest units in one whole asset."""

EXTERNAL = "external"
"""The account of the outside world; every ledger has it, and opening balances come from it."""

_TOO_MUCH = Decimal(10) ** 18  # whole assets: far more than exists of any, and exact in 28 digits

_MAY_OVERDRAW: frozenset[str] = frozenset(("street", "external", "venue", "transit"))


class Overdraft(Exception):
    """An account was asked for more than it has free. Nothing was moved."""


def to_units(text: str) -> int:
    """Read a decimal string as smallest units, exactly; ValueError if it is none or has more than 8 decimals."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a decimal amount") from None
    if not amount.is_finite() or abs(amount) >= _TOO_MUCH:
        raise ValueError(f"{text!r} is not an amount below {_TOO_MUCH:.0e}")
    units = int(amount.scaleb(SCALE))
    if Decimal(units).scaleb(-SCALE) != amount:
        raise ValueError(f"{text!r} has more than {SCALE} decimals")
    return units


def to_text(units: int) -> str:
    """Write smallest units as a decimal string with 8 decimals, as venues do (``"4723846.89208129"``)."""
    sign = "-" if units < 0 else ""
    whole, fraction = divmod(abs(units), UNITS)
    return f"{sign}{whole}.{fraction:08d}"


class Holding:
    """One account's balance of one asset: ``free`` can be spent, ``held`` is promised to open orders. Smallest units.

    The exchange keeps these at hand and moves value between them directly when it settles a fill; whoever does so
    must take from one what it gives to another.
    """

    __slots__ = ("asset", "free", "held")

    def __init__(self, asset: str) -> None:
        self.asset = asset
        self.free = 0
        self.held = 0


class Account:
    """An account: a name, the kind of owner, and a holding per asset, opened when first asked for."""

    __slots__ = ("holdings", "may_overdraw", "name", "owner")

    def __init__(self, name: str, owner: Owner) -> None:
        self.name = name
        self.owner = owner
        self.may_overdraw = owner in _MAY_OVERDRAW
        self.holdings: dict[str, Holding] = {}

    def holding(self, asset: str) -> Holding:
        holding = self.holdings.get(asset)
        if holding is None:
            holding = self.holdings[asset] = Holding(asset)
        return holding


class Ledger:
    """All accounts of one venue. ``source`` is the venue's name in the audit records, if any are kept."""

    def __init__(self, source: str, audit: Audit | None = None) -> None:
        self._source = source
        self._audit = audit
        self._accounts: dict[str, Account] = {}
        self.open_account(EXTERNAL, "external")

    def open_account(
        self, name: str, owner: Owner, opening: Mapping[str, int] | None = None, cause: int = 0
    ) -> Account:
        """Open an account; ``opening`` (asset → smallest units) comes from ``external``. ValueError if it exists."""
        if name in self._accounts:
            raise ValueError(f"account {name!r} is open already")
        account = self._accounts[name] = Account(name, owner)
        if self._audit is not None:
            self._audit.record("account", self._source, cause, name, owner)
        for asset, amount in (opening or {}).items():
            account.holding(asset)
            if amount:
                self.move(asset, EXTERNAL, name, amount, "opening", cause)
        return account

    def move(self, asset: str, from_account: str, to_account: str, amount: int, reason: str, cause: int = 0) -> int:
        """Move ``amount`` > 0 smallest units from free to free, and return the posting's record number (0: no audit).

        Overdraft if the payer is a client with less than that free; ValueError if the amount is not positive;
        KeyError if an account is unknown.
        """
        if amount <= 0:
            raise ValueError(f"an amount to move must be positive, not {amount}")
        payer, payee = self._accounts[from_account], self._accounts[to_account]
        source, target = payer.holding(asset), payee.holding(asset)
        if source.free < amount and not payer.may_overdraw:
            raise Overdraft(f"{from_account} has {to_text(source.free)} {asset} free, {to_text(amount)} were asked for")
        source.free -= amount
        target.free += amount
        if self._audit is None:
            return 0
        return self._audit.record("posting", self._source, cause, asset, from_account, to_account, amount, reason)

    def hold(self, account: str, asset: str, amount: int) -> None:
        """Turn ``amount`` of free into held. Overdraft if that much is not free."""
        owner = self._accounts[account]
        holding = owner.holding(asset)
        if amount < 0:
            raise ValueError(f"an amount to hold must not be negative, not {amount}")
        if holding.free < amount and not owner.may_overdraw:
            raise Overdraft(f"{account} has {to_text(holding.free)} {asset} free, {to_text(amount)} were asked for")
        holding.free -= amount
        holding.held += amount

    def release(self, account: str, asset: str, amount: int) -> None:
        """Turn ``amount`` of held back into free. Overdraft if less is held."""
        holding = self._accounts[account].holding(asset)
        if amount < 0:
            raise ValueError(f"an amount to release must not be negative, not {amount}")
        if holding.held < amount:
            raise Overdraft(
                f"{account} has {to_text(holding.held)} {asset} held, {to_text(amount)} were to be released"
            )
        holding.held -= amount
        holding.free += amount

    def account(self, name: str) -> Account:
        """The account of that name; KeyError if there is none."""
        return self._accounts[name]

    def accounts(self) -> Iterator[Account]:
        """All accounts, in the order they were opened."""
        return iter(self._accounts.values())

    def __contains__(self, name: str) -> bool:
        return name in self._accounts

    def balance(self, account: str, asset: str) -> tuple[int, int]:
        """``(free, held)`` in smallest units; zeros for an asset the account never had."""
        holding = self._accounts[account].holdings.get(asset)
        return (holding.free, holding.held) if holding is not None else (0, 0)

    def total(self, asset: str) -> int:
        """Sum over all accounts of free and held. Zero, or value was made or lost."""
        return sum(
            holding.free + holding.held
            for account in self._accounts.values()
            if (holding := account.holdings.get(asset)) is not None
        )

    def assets(self) -> list[str]:
        """Every asset any account has a holding of, sorted."""
        return sorted({asset for account in self._accounts.values() for asset in account.holdings})
