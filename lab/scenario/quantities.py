"""The quantities that an assertion or a stop condition may name: what each is, of what, and in which unit.

They are facts of the audit plane, not what the monitor believes: ``lab.laboratory.quantities`` reads them while a run
goes on, the correlator computes them from the journal.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Of = Literal["firm", "book", "account", "asset"]
Unit = Literal["USD", "%", "bp", "", "asset"]


class QuantitySpec(NamedTuple):
    """One quantity. ``of`` is what it is asked of; ``of_is_optional``: without it, of all together."""

    of: Of
    unit: Unit
    doc: str
    of_is_optional: bool = False


QUANTITIES: dict[str, QuantitySpec] = {
    "equity": QuantitySpec("firm", "USD", "all holdings at their marks"),
    "drawdown": QuantitySpec("firm", "%", "how far equity stands below its largest value since the start"),
    "mid": QuantitySpec("book", "", "mean of the best bid and ask, in the quote asset"),
    "spread_bp": QuantitySpec("book", "bp", "ask less bid over their mean"),
    "open_orders": QuantitySpec("account", "", "the firm's orders that rest in books", of_is_optional=True),
    "position": QuantitySpec("asset", "asset", "holdings, settlements in transit and perpetual contracts"),
    "notional": QuantitySpec("asset", "USD", "the absolute value of that position at its mark"),
    "unsettled": QuantitySpec("firm", "USD", "the absolute value of instructions not fully settled"),
    "alerts_firing": QuantitySpec("firm", "", "alerts of the monitor that are firing"),
    "orders_per_minute": QuantitySpec("account", "", "orders accepted within the last minute"),
}

COMPARISONS = ("above", "below", "at_least", "at_most")
"""How a quantity is held against a value; each is a key of the condition."""


def holds(op: str, observed: float, value: float) -> bool:
    """Whether ``observed`` is above, below, at least or at most ``value``."""
    if op == "above":
        return observed > value
    if op == "below":
        return observed < value
    return observed >= value if op == "at_least" else observed <= value
