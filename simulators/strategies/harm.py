"""What the faults of strategies, and of those who trade in their name, may be told. Nothing heavy is imported, so that
scenarios are checked fast."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from simulators.gradual import Gradual

Factor = Annotated[float, msgspec.Meta(ge=0.0, le=1_000.0)]


class StrategyMalfunctionParams(Gradual, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``strategy`` turns into a ``kind`` that does harm, and is itself again at the end.

    ``intensity`` is a factor of the kind's normal size (of a runaway: rate), reached and left along the ramps.
    ``pairs``: what it trades (none named: what the strategy trades); ``order_fraction``: the share of the account's
    equity that an order of normal size is worth (0: the kind's own).
    """

    strategy: str
    kind: Literal["correlation_breaker", "risk_ignorant", "runaway", "slow_leak", "volatility_amplifier"]
    intensity: Factor
    pairs: tuple[str, ...] = ()
    order_fraction: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.0


class StrategyRaisesParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``strategy`` raises an exception with this ``message``."""

    strategy: str
    message: str = "division by zero"


class StolenKeyParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody uses the key with which the firm trades ``account`` at ``venue``.

    It buys and sells ``order_notional`` of the quote asset at the market, in turn, ``trades_per_minute`` times (0:
    never), in ``pair`` (none named: the first that the account can pay for). At the beginning it withdraws
    ``withdraw_amount`` of ``withdraw_asset`` (none named: nothing), which needs a key that may.
    """

    account: str
    venue: str
    trades_per_minute: Annotated[int, msgspec.Meta(ge=0, le=600)] = 6
    order_notional: Annotated[float, msgspec.Meta(ge=0.0, le=1e9)] = 5_000.0
    pair: str = ""
    withdraw_asset: str = ""
    withdraw_amount: Annotated[float, msgspec.Meta(ge=0.0, le=1e9)] = 0.0

    def __post_init__(self) -> None:
        if bool(self.withdraw_asset) != bool(self.withdraw_amount):
            raise ValueError("withdraw_asset and withdraw_amount go together")
        if not self.withdraw_asset and not self.trades_per_minute:
            raise ValueError("a thief that neither trades nor withdraws does nothing")


class KeyElsewhereParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody reads ``account`` at ``venue`` under the firm's trading key, from another address, once an
    ``interval_ns``."""

    account: str
    venue: str
    interval_ns: int = 60_000_000_000

    def __post_init__(self) -> None:
        if self.interval_ns < 1_000_000_000:
            raise ValueError("interval must be at least 1s")
