"""What the faults of an exchange's trading may be told. Nothing heavy is imported, so that scenarios are checked fast.

``pairs`` and ``accounts`` say whose orders or accounts are harmed; none named: all of the venue's. The harm grows from
none to all of itself within ``ramp_ns`` of ``starts_ns``, and fades within ``ramp_down_ns`` before ``ends_ns``.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec

from simulators.gradual import Gradual

Fraction = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class SharedHarm(Gradual, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A harm that hits a share: of orders, of fills, of an amount."""

    share: Fraction

    def __post_init__(self) -> None:
        _check_share("share", self.share)


class OrderRejectParams(SharedHarm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of the orders are refused, with the code and text that the venue has for ``reason``."""

    pairs: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    reason: Literal[
        "insufficient_balance", "account_disabled", "market_closed", "price_filter", "notional", "too_many_orders"
    ] = "insufficient_balance"


class CancelRejectParams(SharedHarm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of the cancels of open orders are refused; ``unknown_order``: as if the order were not there."""

    pairs: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    reason: Literal["unknown_order", "restricted"] = "unknown_order"


class PartialFillsParams(SharedHarm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of ``share`` of the orders that would trade at once no more than ``filled`` of their quantity does."""

    pairs: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    filled: Fraction = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 <= self.filled < 1.0:
            raise ValueError(f"filled must be from 0 to less than 100 %, not {self.filled}")


class SpreadWideningParams(Gradual, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The street's half spread becomes ``factor`` times itself."""

    factor: float
    pairs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.factor) and self.factor >= 1.0):
            raise ValueError(f"factor must be a finite number of at least 1, not {self.factor}")


class LiquidityWithdrawalParams(SharedHarm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of what the street offers is gone; at 100 % it offers nothing."""

    pairs: tuple[str, ...] = ()


class PhantomFillParams(Gradual, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``per_hour`` fills of ``notional`` (quote asset) are told that never happened, of orders that nobody sent."""

    per_hour: float
    pairs: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    notional: float = 10_000.0
    side: Literal["buy", "sell", "either"] = "either"

    def __post_init__(self) -> None:
        if not 0.0 < self.per_hour <= 3_600.0:
            raise ValueError(f"per_hour must be more than 0 and at most 3600, not {self.per_hour}")
        if not 0.0 < self.notional <= 1e12:
            raise ValueError(f"notional must be positive and at most 1e12, not {self.notional}")


class LostFillParams(SharedHarm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of the fills are not told on the stream, and in the list of own trades are ``hidden`` or ``shown``."""

    pairs: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    rest: Literal["hidden", "shown"] = "hidden"


class DuplicateFillParams(SharedHarm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of the fills are told twice on the stream, then with the ``same`` trade id or a ``new`` one."""

    pairs: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    trade_id: Literal["same", "new"] = "same"


class EventGapParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account stream stays connected and says nothing."""

    accounts: tuple[str, ...] = ()


class FrozenAccountParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Balances are shown as they were at the beginning."""

    accounts: tuple[str, ...] = ()


class ContradictingBalancesParams(SharedHarm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Balances contradict one another by ``share``. ``lie``: ``rest`` shows free amounts other than they are while the
    stream is right, ``stream`` the other way round; ``locked``: both show held amounts that no order explains, off by
    the share of all that is held and free.
    """

    accounts: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    lie: Literal["rest", "stream", "locked"] = "rest"
    direction: Literal["more", "less"] = "more"


class ThrottlingParams(SharedHarm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of the request and order limits is taken away."""


class DisconnectParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``streams`` are closed at the beginning and, if it is not 0, ``every_ns`` from there."""

    every_ns: int = 0
    streams: Literal["all", "market", "account"] = "all"

    def __post_init__(self) -> None:
        if self.every_ns and self.every_ns < 100_000_000:
            raise ValueError(f"every must be 0 (once) or at least 100 ms, not {self.every_ns} ns")


def _check_share(name: str, share: float) -> None:
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"{name} must be from 0 to 100 %, not {share}")
