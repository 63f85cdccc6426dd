"""Uncontained: how long harm goes on trading, and what the firm loses meanwhile.

Harm is *contained* from the moment on after which no order of its accounts is accepted any more, and at which none of
theirs stands in a book, as long as the harm itself lasts. The firm's own flattening does not count against it.
"""

from __future__ import annotations

import msgspec
import numpy as np

from correlator.records import AuditRecord, Fill, Intent, Order
from correlator.truth.own_orders import OwnOrders
from correlator.truth.resting import RestingOrders
from correlator.truth.stretch import Stretch

FLATTEN = "flatten"
_MOST_FLATTENED = 4_096  # orders on their way that flatten, the oldest forgotten


class Harm(msgspec.Struct, frozen=True):
    """Whose orders are harm, since when, and until when at most. ``strategies`` None: whoever trades the accounts;
    else orders that the gateway sent for another strategy of the same account are none, and those that it sent for
    them elsewhere are: a failover leads to other venues."""

    due_ns: int
    until_ns: int
    accounts: frozenset[tuple[str, str]]
    strategies: frozenset[str] | None = None


class Course(msgspec.Struct, frozen=True):
    """What became of it. ``contained_ns`` None: orders still stood when the harm, or history, was over.

    ``equity_due_usd`` and ``least_usd`` (until it was contained) are None while equity was undefined.
    """

    contained_ns: int | None
    orders: int
    last_order_ns: int | None
    equity_due_usd: float | None
    least_usd: float | None

    @property
    def loss_usd(self) -> float | None:
        """What was lost while it was uncontained; a gain is none."""
        if self.equity_due_usd is None or self.least_usd is None:
            return None
        return max(0.0, self.equity_due_usd - self.least_usd)


class Uncontained:
    """Follows one harm through the audit plane: ``take`` its records in order, ``evaluate`` each stretch of moments."""

    def __init__(self, harm: Harm) -> None:
        self._harm = harm
        self._own = OwnOrders()
        self._flattening: dict[tuple[str, str, str], None] = {}
        self._resting = RestingOrders()
        self._is_over = False  # a record after the harm's end was seen
        self._stirs_ns: list[int] = []  # moments up to which it was uncontained, of stretches to come
        self._last_stir_ns = harm.due_ns
        self._orders = 0
        self._last_order_ns: int | None = None
        self._equity_due = float("nan")
        self._least = float("nan")  # since due
        self._least_at_stir = float("nan")  # since due, until the last stir

    def take(self, record: AuditRecord) -> None:
        """The next record of the audit plane."""
        if self._is_over or record.at_ns >= self._harm.until_ns:
            self._is_over = True
            return
        if type(record) is Order:
            self._order(record)
        elif type(record) is Fill:
            if self._resting.fill(record):
                self._stood_until(record.at_ns)
        elif type(record) is Intent:
            self._own.take(record)
            if record.reason == FLATTEN:
                if len(self._flattening) >= _MOST_FLATTENED:
                    del self._flattening[next(iter(self._flattening))]
                self._flattening[record.venue, record.account, record.client_order_id] = None

    def evaluate(self, stretch: Stretch) -> None:
        """Equity over the moments of a stretch, all of whose records were taken."""
        end_ns = min(int(stretch.ends[-1]), self._harm.until_ns)
        if end_ns <= self._harm.due_ns:
            return
        since = int(np.searchsorted(stretch.times, self._harm.due_ns, side="right")) - 1
        if since >= 0 and self._equity_due != self._equity_due:
            self._equity_due = float(stretch.equity[since])
        since = max(since, 0)
        ready = [at_ns for at_ns in self._stirs_ns if at_ns < end_ns]
        if ready:
            del self._stirs_ns[: len(ready)]
            self._last_stir_ns = ready[-1]
            to = int(np.searchsorted(stretch.times, ready[-1], side="right"))
            self._least_at_stir = _least(self._least, stretch.equity[since:to])
        to = int(np.searchsorted(stretch.times, end_ns))
        self._least = _least(self._least, stretch.equity[since:to])

    def course(self) -> Course:
        """What became of the harm, once everything until its end was taken and evaluated."""
        stands = len(self._resting) > 0
        least = self._least if stands else _least(self._least_at_stir, np.array([self._equity_due]))
        return Course(
            None if stands else self._last_stir_ns,
            self._orders,
            self._last_order_ns,
            _defined(self._equity_due),
            _defined(least),
        )

    def _order(self, record: Order) -> None:
        if record.event == "accepted":
            if self._is_harm(record):
                self._resting.accept(record)
                if record.at_ns >= self._harm.due_ns:
                    self._orders += 1
                    self._last_order_ns = record.at_ns
                    self._stood_until(record.at_ns)
        elif record.event in ("cancelled", "expired") and self._resting.end(record):
            self._stood_until(record.at_ns)

    def _stood_until(self, at_ns: int) -> None:
        if at_ns >= self._harm.due_ns and (not self._stirs_ns or self._stirs_ns[-1] != at_ns):
            self._stirs_ns.append(at_ns)

    def _is_harm(self, record: Order) -> bool:
        name = (record.source, record.account, record.client_order_id)
        if name in self._flattening:
            return False
        strategies, is_of_accounts = self._harm.strategies, name[:2] in self._harm.accounts
        if strategies is None:
            return is_of_accounts
        sender = self._own.strategy(*name)
        return is_of_accounts if sender is None else sender in strategies


def _least(before: float, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(np.fmin.reduce(values, initial=before)) if len(values) else before


def _defined(value: float) -> float | None:
    return value if value == value else None
