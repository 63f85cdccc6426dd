"""Configuration of a monitor: which venues it watches, with which keys, how often it asks and how patient it is.

The limits it holds the firm to are not here but in the limits file (``risk_monitor.limits``).
"""

from __future__ import annotations

from typing import Literal

import msgspec

Dialect = Literal["binance", "binance_futures", "fireblocks", "coingecko", "coinmetrics", "gateway"]

ACCOUNT_HOLDERS = ("binance", "binance_futures", "fireblocks")
"""Dialects of venues at which the firm holds something."""

KEYED = (*ACCOUNT_HOLDERS, "gateway")
"""Dialects that answer nobody without a key."""


class ConfigError(ValueError):
    """The operator's configuration contradicts itself. The message says where and what was expected."""


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key at one venue. It should be a key that may only read. ``api_secret`` signs requests where the dialect asks
    for it; without one, requests go out unsigned."""

    name: str
    api_key: str
    api_secret: str = ""


class VenueConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A counterparty, or the firm's own gateway. ``pairs`` are written ``BTC/USDT``; ``assets`` of a price source
    default to all; ``strategies`` of a gateway are those that should be alive."""

    name: str
    dialect: Dialect
    accounts: tuple[Account, ...] = ()
    pairs: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    weight_per_minute: int = 1200


class Cadences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often the monitor asks, in ms. Streams tell it sooner; asking notices when a stream lies or sleeps. A venue
    whose accounts do not add up is asked every ``suspicion_ms`` until they do, one whose clock reads otherwise than it
    is believed to every ``clock_suspicion_ms``. What a restart would lose is saved every
    ``state_ms``, and that the monitor is alive every ``alive_ms``."""

    exchange_time_ms: int = 3_500
    exchange_account_ms: int = 60_000
    exchange_book_ms: int = 10_000
    withdrawals_ms: int = 60_000
    policy_ms: int = 60_000
    suspicion_ms: int = 5_000
    clock_suspicion_ms: int = 250
    custody_ms: int = 30_000
    price_source_ms: int = 60_000
    evaluation_ms: int = 1_000
    state_ms: int = 60_000
    alive_ms: int = 2_000


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Patience with the wire, in ms. A request that failed is asked again after ``backoff_ms``, doubled each time up to
    ``backoff_limit_ms``. A price stream that is wholly silent for ``stream_silence_ms`` is taken for half-open and
    connected anew."""

    request_timeout_ms: int = 10_000
    connect_timeout_ms: int = 10_000
    backoff_ms: int = 1_000
    backoff_limit_ms: int = 30_000
    stream_silence_ms: int = 30_000
    stream_settled_ms: int = 60_000


class Patience(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long the monitor waits before it believes something, in ms.

    ``resolve_ms``: a firing alert resolves once its measure has been back within the bound that long, so that it does
    not flap. ``notice_ms``: a breach that has to last is told of as pending once it has lasted that long; in wild
    markets prices part and meet again within a second, thousands of times. ``fills_ms``: a balance may precede the
    fill that explains it. ``transfer_ms``: value that left one view may take that long to show up in another before
    the change is taken for a gain or loss. ``quiet_ms``: the books are not read while account events of one cause are
    still coming in.
    """

    resolve_ms: int = 60_000
    notice_ms: int = 3_000
    fills_ms: int = 2_000
    transfer_ms: int = 10_000
    quiet_ms: int = 200


class MonitorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``escalate_after_ms``: a firing alert that nobody acknowledges is told of again, one severity graver, each time
    so much time has passed; 0: never."""

    venues: tuple[VenueConfig, ...]
    cadences: Cadences = Cadences()
    network: Network = Network()
    patience: Patience = Patience()
    escalate_after_ms: int = 0


def validate(config: MonitorConfig) -> None:
    """Refuse what cannot be watched. Raises ``ConfigError``."""
    if not config.venues:
        raise ConfigError("venues: at least one venue expected")
    names = [venue.name for venue in config.venues]
    if len(set(names)) != len(names):
        raise ConfigError("venues: each name may occur once")
    if sum(venue.dialect == "gateway" for venue in config.venues) > 1:
        raise ConfigError("venues: at most one gateway expected")
    for venue in config.venues:
        if venue.dialect in KEYED and not venue.accounts:
            raise ConfigError(
                f"venues.{venue.name}.accounts: at least one account expected for dialect {venue.dialect}"
            )
        account_names = [account.name for account in venue.accounts]
        if len(set(account_names)) != len(account_names):
            raise ConfigError(f"venues.{venue.name}.accounts: each name may occur once")
        if venue.weight_per_minute < 60:
            raise ConfigError(f"venues.{venue.name}.weight_per_minute: at least 60 expected")
        for pair in venue.pairs:
            base, slash, quote = pair.partition("/")
            if not (slash and base and quote):
                raise ConfigError(f"venues.{venue.name}.pairs: {pair!r} should read BASE/QUOTE")
        if len(set(venue.pairs)) != len(venue.pairs):
            raise ConfigError(f"venues.{venue.name}.pairs: each pair may occur once")
    if config.escalate_after_ms < 0:
        raise ConfigError("escalate_after_ms: 0 or a positive number of milliseconds expected")
    for section in (config.cadences, config.network, config.patience):
        for field in section.__struct_fields__:
            if getattr(section, field) <= 0:
                raise ConfigError(f"{field}: a positive number of milliseconds expected")
