"""Gate chain: any number of faults in the one place where the matching engine lets orders be looked at."""

from __future__ import annotations

from simulators.exchange.core import Exchange, OrderGate
from simulators.exchange.types import Side


class GateChain:
    """The gates of one exchange, in the order they were added; while there is none, the engine asks nobody."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._gates: tuple[OrderGate, ...] = ()

    def add(self, gate: OrderGate) -> None:
        self._gates = (*self._gates, gate)
        self._exchange.gate = self

    def remove(self, gate: OrderGate) -> None:
        self._gates = tuple(other for other in self._gates if other is not gate)
        self._exchange.gate = self if self._gates else None

    def admit(self, account: str, index: int, side: Side, quantity_lots: int) -> int:
        """Each gate sees what those before it let through; Rejected by the first that refuses."""
        for gate in self._gates:
            quantity_lots = min(quantity_lots, gate.admit(account, index, side, quantity_lots))
        return quantity_lots
