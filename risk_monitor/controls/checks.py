"""Pre-trade checks on the order itself (RTS 6 Art 15): price collar, maximum order value, messages, repeated orders,
whitelist. Each says how much of an order it lets through, and why not all of it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from risk_monitor.controls.config import Rate
from risk_monitor.controls.order_path import Intent
from risk_monitor.controls.window import Window
from risk_monitor.limits import Limits

MAX_STRATEGIES = 1_000
"""Strategies whose orders are counted apart; beyond it, an unknown one is let through nothing."""


class PricedOrder(NamedTuple):
    """An intent with what it means. ``price`` is what a unit would cost, in the quote asset; ``mid`` the middle of the
    book; both 0.0 if unknown. ``value_usd`` is that of one unit of the base, 0.0 if unknown. ``direction`` is 1 for a
    buy, -1 for a sale. A perpetual moves its base asset only."""

    intent: Intent
    pair: str
    base: str
    quote: str
    is_perpetual: bool
    direction: int
    quantity: float
    price: float
    mid: float
    value_usd: float


class Ruling(NamedTuple):
    """At most ``quantity`` of the base may be traded; 0.0: the order is blocked. ``is_fault``: for what the order is,
    not for a state of things that another control has told of."""

    quantity: float
    reason: str
    is_fault: bool = True


class Check(Protocol):
    def look(self, now_ns: int, order: PricedOrder) -> Ruling | None:
        """What this check has against the order; None for nothing."""
        ...

    def sent(self, now_ns: int, order: PricedOrder, quantity: float) -> None:
        """So much of the order has been let through."""
        ...


class _Stateless:
    def sent(self, now_ns: int, order: PricedOrder, quantity: float) -> None:
        """What went before does not matter here."""


class Whitelist(_Stateless):
    """Only pairs that the limits in force list."""

    def __init__(self, limits: Limits) -> None:
        self.allowed = limits.whitelist

    def look(self, now_ns: int, order: PricedOrder) -> Ruling | None:
        return None if order.pair in self.allowed else Ruling(0.0, f"{order.pair} is not on the whitelist")


class PriceCollar(_Stateless):
    """A price too far from the middle of the book is a mistake, whichever side of it. A market order has no price."""

    def __init__(self, most: float) -> None:
        self._most = most

    def look(self, now_ns: int, order: PricedOrder) -> Ruling | None:
        if order.intent.price is None:
            return None
        if order.mid <= 0.0:
            return Ruling(0.0, f"no fresh price of {order.pair} to compare with")
        distance = abs(order.price / order.mid - 1.0)
        if distance <= self._most:
            return None
        return Ruling(
            0.0, f"price is {distance * 1e4:.0f} bp from the middle of the book, {self._most * 1e4:.0f} allowed"
        )


class OrderValue(_Stateless):
    """An order above one bound is scaled down to it; above the other it is taken for a mistake and blocked."""

    def __init__(self, scale_above_usd: float | None, block_above_usd: float | None) -> None:
        self._scale_above = scale_above_usd
        self._block_above = block_above_usd

    def look(self, now_ns: int, order: PricedOrder) -> Ruling | None:
        if order.value_usd <= 0.0:
            return Ruling(0.0, f"no price of {order.pair} to value the order by")
        value = order.quantity * order.value_usd
        if self._block_above is not None and value > self._block_above:
            return Ruling(0.0, f"order value {value:,.0f} USD is above {self._block_above:,.0f}")
        if self._scale_above is not None and value > self._scale_above:
            reason = f"order value {value:,.0f} USD is scaled to {self._scale_above:,.0f}"
            return Ruling(self._scale_above / order.value_usd, reason)
        return None


class Messages:
    """So many orders of one strategy within a window."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._windows: dict[str, Window] = {}

    def look(self, now_ns: int, order: PricedOrder) -> Ruling | None:
        window = self._windows.get(order.intent.strategy)
        if window is None:
            return None if len(self._windows) < MAX_STRATEGIES else Ruling(0.0, "too many strategies to count")
        if window.is_full(now_ns):
            return Ruling(0.0, f"{self._rate.most} orders within {self._rate.within_ns / 1e9:g} s are sent already")
        return None

    def sent(self, now_ns: int, order: PricedOrder, quantity: float) -> None:
        strategy = order.intent.strategy
        window = self._windows.get(strategy)
        if window is None:
            window = self._windows[strategy] = Window(self._rate)
        window.add(now_ns)


class Repeats:
    """The same order (pair, side, size, price) of one strategy, again and again with no other between: a loop that has
    lost count, not a decision. Orders that take from the book are alike at any price: theirs moves with the market."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._last: dict[str, tuple[tuple[object, ...], Window]] = {}

    def look(self, now_ns: int, order: PricedOrder) -> Ruling | None:
        last = self._last.get(order.intent.strategy)
        if last is None:
            return None if len(self._last) < MAX_STRATEGIES else Ruling(0.0, "too many strategies to count")
        if last[0] == _likeness(order) and last[1].is_full(now_ns):
            return Ruling(0.0, f"the same order {self._rate.most} times within {self._rate.within_ns / 1e9:g} s")
        return None

    def sent(self, now_ns: int, order: PricedOrder, quantity: float) -> None:
        likeness = _likeness(order)
        last = self._last.get(order.intent.strategy)
        if last is None or last[0] != likeness:
            last = self._last[order.intent.strategy] = (likeness, Window(self._rate))
        last[1].add(now_ns)


def _likeness(order: PricedOrder) -> tuple[object, ...]:
    intent = order.intent
    rests = order.mid > 0.0 and (order.price - order.mid) * order.direction < 0.0
    return intent.venue, intent.account, intent.symbol, intent.side, intent.quantity, intent.price if rests else None
