"""Profit and loss: what was paid for each holding on average (cost), what trading it has earned (realised) and what it
would earn if sold at the mark (unrealised), per account and asset, in USD.

Average-cost method: a purchase adds its price to the cost, a sale takes off the average cost of what it sells and
realises the difference. A trade has two legs, since the currency it is paid in is a holding too; both are valued at
the traded price times the quote currency's mark. A fee in the asset received lowers the quantity at the same cost.
"""

from __future__ import annotations

import msgspec

from risk_monitor.books.marks import MarkBook

MAX_POSITIONS = 4_096


class PositionStatus(msgspec.Struct, frozen=True):
    """One asset of one account; ``unrealised_usd`` is None while the asset has no mark."""

    venue: str
    account: str
    asset: str
    quantity: float
    cost_usd: float
    realised_usd: float
    unrealised_usd: float | None


class _Position:
    __slots__ = ("cost_usd", "quantity", "realised_usd")

    def __init__(self) -> None:
        self.quantity = 0.0
        self.cost_usd = 0.0
        self.realised_usd = 0.0

    def receive(self, quantity: float, value_usd: float) -> None:
        self.quantity += quantity
        self.cost_usd += value_usd

    def deliver(self, quantity: float, value_usd: float) -> None:
        """Give away ``quantity`` for ``value_usd``. What goes short costs what it was sold for."""
        covered = min(quantity, max(self.quantity, 0.0))
        share = covered / quantity if quantity else 0.0
        cost_usd = self.cost_usd * covered / self.quantity if covered else 0.0
        self.realised_usd += value_usd * share - cost_usd
        self.cost_usd -= cost_usd + value_usd * (1.0 - share)
        self.quantity -= quantity


class ProfitBook:
    """Positions by (venue, account, asset), at most ``MAX_POSITIONS``."""

    def __init__(self, marks: MarkBook) -> None:
        self._marks = marks
        self._positions: dict[tuple[str, str, str], _Position] = {}

    def value(self, asset: str, quantity: float) -> float:
        """What a quantity is worth at the mark, USD."""
        return quantity * self._marks.mark(asset)

    def move(self, venue: str, account: str, asset: str, quantity: float) -> None:
        """Quantity came in or went out without a trade: it takes its cost along at the mark, and earns nothing."""
        position = self._position(venue, account, asset)
        if position is not None and quantity:
            position.receive(quantity, quantity * self._marks.mark(asset))

    def trade(
        self,
        venue: str,
        account: str,
        received: str,
        quantity: float,
        delivered: str,
        price_quantity: float,
        value_usd: float,
    ) -> None:
        """``quantity`` of one asset, less the fee, was received for ``price_quantity`` of another (``value_usd``)."""
        into = self._position(venue, account, received)
        out = self._position(venue, account, delivered)
        if into is not None:
            into.receive(quantity, value_usd)
        if out is not None:
            out.deliver(price_quantity, value_usd)

    def pay(self, venue: str, account: str, asset: str, quantity: float) -> None:
        """A fee taken in a third asset: delivered for nothing."""
        position = self._position(venue, account, asset)
        if position is not None:
            position.deliver(quantity, 0.0)

    def value_opening(self) -> None:
        """Set the cost of every position to its worth at the present marks: profit counts from here."""
        for (_, _, asset), position in self._positions.items():
            position.cost_usd = position.quantity * self._marks.mark(asset)
            position.realised_usd = 0.0

    def positions(self) -> tuple[PositionStatus, ...]:
        statuses = []
        for (venue, account, asset), position in self._positions.items():
            mark = self._marks.mark(asset)
            unrealised = position.quantity * mark - position.cost_usd if mark > 0.0 else None
            statuses.append(
                PositionStatus(
                    venue, account, asset, position.quantity, position.cost_usd, position.realised_usd, unrealised
                )
            )
        return tuple(statuses)

    def _position(self, venue: str, account: str, asset: str) -> _Position | None:
        key = (venue, account, asset)
        position = self._positions.get(key)
        if position is None and len(self._positions) < MAX_POSITIONS:
            position = self._positions[key] = _Position()
        return position
