"""Headroom: how much of an order fits under the limits in force, given what the firm holds and has just let through."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from risk_monitor.controls.checks import PricedOrder, Ruling
from risk_monitor.controls.config import RANK
from risk_monitor.controls.firm_view import FirmView
from risk_monitor.effects import Severity
from risk_monitor.limits import Bound, Limits

COMMITTED_NS = 3_000_000_000
"""How long an order that was let through counts before it must have shown up in the holdings: the venue answers within
milliseconds, the books are read every second."""
MAX_COMMITTED = 10_000


class _Move(NamedTuple):
    """What an order does to an asset per unit of its base."""

    asset: str
    per_unit: float


class _Committed(NamedTuple):
    until_ns: int
    asset: str
    amount: float


class Headroom:
    """No order may take a position, a value, a delta or a stablecoin holding beyond the bound of ``severity`` (or the
    next graver one, where a rule has none of it). An order that leads away from a bound is never stopped by it."""

    def __init__(self, severity: Severity, limits: Limits, view: FirmView) -> None:
        self._severity = severity
        self._view = view
        self._limits = limits
        self._bounds: dict[tuple[str, str], float | None] = {}
        self._committed: deque[_Committed] = deque()
        self._bought: dict[str, float] = {}
        self._sold: dict[str, float] = {}

    def change_limits(self, limits: Limits) -> None:
        """Other limits are in force from now on."""
        self._limits = limits
        self._bounds.clear()

    def look(self, now_ns: int, order: PricedOrder) -> Ruling | None:
        if not self._view.is_known:
            return Ruling(0.0, "the firm's holdings are not known yet")
        self._forget(now_ns)
        ruling: Ruling | None = None
        for move in _moves(order):
            ruling = _narrower(ruling, self._of_asset(move, order))
        ruling = _narrower(ruling, self._of_total(order))
        return ruling if ruling is not None and ruling.quantity < order.quantity else None

    def sent(self, now_ns: int, order: PricedOrder, quantity: float) -> None:
        for asset, per_unit in _moves(order):
            if len(self._committed) >= MAX_COMMITTED:
                self._drop_first()
            self._committed.append(_Committed(now_ns + COMMITTED_NS, asset, per_unit * quantity))
            sums = self._bought if per_unit > 0.0 else self._sold
            sums[asset] = sums.get(asset, 0.0) + per_unit * quantity

    def _of_asset(self, move: _Move, order: PricedOrder) -> Ruling | None:
        asset = move.asset
        if asset == "USD":
            return None
        low, high = self._span(asset)
        held = high if move.per_unit > 0.0 else low
        mark = self._view.mark(asset)
        if asset in self._limits.stablecoins:
            return self._room("stablecoin_exposure", asset, held, 0.0, 1.0, move.per_unit)
        ruling = self._room("position_limit", asset, held, 0.0, 1.0, move.per_unit)
        structural = float(dict(self._limits.structural).get(asset, 0))
        for mandate, center in (("notional_limit", 0.0), ("delta_exposure", structural)):
            if self._bound(mandate, asset) is None:
                continue
            if mark <= 0.0:
                return Ruling(0.0, f"no price of {asset} to value the position by")
            ruling = _narrower(ruling, self._room(mandate, asset, held, center, mark, move.per_unit))
        return ruling

    def _room(
        self, mandate: str, asset: str, held: float, center: float, mark: float, per_unit: float
    ) -> Ruling | None:
        """Largest quantity q with ``|held + per_unit × q − center| × mark`` at most the bound, in the direction in
        which the order leads."""
        bound = self._bound(mandate, asset)
        if bound is None or not per_unit:
            return None
        along = (held - center) * (1.0 if per_unit > 0.0 else -1.0)
        room = (bound / mark - along) / abs(per_unit)
        return Ruling(max(room, 0.0), f"{mandate} of {asset} leaves room for {max(room, 0.0):.8g}")

    def _of_total(self, order: PricedOrder) -> Ruling | None:
        bound = self._bound("notional_limit", "total")
        if bound is None:
            return None
        moves = {move.asset: move.per_unit * order.quantity for move in _moves(order)}
        total = growth = 0.0
        unpriced = ""
        for asset in self._view.assets():
            if asset == "USD" or asset in self._limits.stablecoins:
                continue
            (low, high), mark, move = self._span(asset), self._view.mark(asset), moves.get(asset, 0.0)
            if mark <= 0.0 and (low or high or move):
                unpriced = asset
            most = max(abs(low), abs(high))
            total += most * mark
            growth += (max(abs(low + move), abs(high + move)) - most) * mark
        if unpriced:
            return Ruling(0.0, f"no price of {unpriced} to value the firm's positions by")
        if growth <= 0.0 or total + growth <= bound:
            return None
        # Value is convex in the quantity, so a part of the order adds at most that part of the whole's growth.
        room = max(bound - total, 0.0) / growth * order.quantity
        return Ruling(room, f"notional_limit in total leaves room for {room:.8g}")

    def _span(self, asset: str) -> tuple[float, float]:
        """The least and the most that the exposure may be: whether what was let through has been filled, and is in the
        books already, is not known, so it never makes room."""
        exposure = self._view.exposure(asset)
        return exposure + self._sold.get(asset, 0.0), exposure + self._bought.get(asset, 0.0)

    def _bound(self, mandate: str, subject: str) -> float | None:
        key = (mandate, subject)
        if key not in self._bounds:
            kept = self._limits.mandate(mandate)
            self._bounds[key] = _at(kept.bounds(subject), self._severity) if kept else None
        return self._bounds[key]

    def _forget(self, now_ns: int) -> None:
        while self._committed and self._committed[0].until_ns <= now_ns:
            self._drop_first()

    def _drop_first(self) -> None:
        one = self._committed.popleft()
        sums = self._bought if one.amount > 0.0 else self._sold
        sums[one.asset] -= one.amount
        if not self._committed:
            self._bought.clear()  # what floats leave behind would add up
            self._sold.clear()


def _at(bounds: tuple[Bound, ...], severity: Severity) -> float | None:
    """The bound of a severity; if there is none, the next graver one; if there is none either, the gravest there is."""
    if not bounds:
        return None
    for bound in bounds:
        if RANK[bound.severity] >= RANK[severity]:
            return float(bound.value)
    return float(bounds[-1].value)


def _moves(order: PricedOrder) -> tuple[_Move, ...]:
    base = _Move(order.base, float(order.direction))
    return (base,) if order.is_perpetual else (base, _Move(order.quote, -order.direction * order.price))


def _narrower(one: Ruling | None, other: Ruling | None) -> Ruling | None:
    if one is None or other is None:
        return one or other
    return other if other.quantity < one.quantity else one
