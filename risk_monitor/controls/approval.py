"""Approval: the first orders of a strategy are let through only if a person says so.

No order waits for it: by the time somebody has looked, its price is old. An order that lacks approval is blocked and
asked about; the approval then admits one order of that strategy, pair and side, of at most that size, for a while.
"""

from __future__ import annotations

from risk_monitor.agenda import Agenda, Job
from risk_monitor.controls.checks import PricedOrder, Ruling
from risk_monitor.controls.config import ApprovalConfig
from risk_monitor.controls.deeds import Deed, DeedBook

CONTROL = "approval"
MAX_STRATEGIES = 1_000


class _Request:
    """One question to a person, about the order that gave rise to it; ``is_granted`` until it is used or expires."""

    __slots__ = ("deed", "is_granted", "job", "order")

    def __init__(self, deed: Deed, order: PricedOrder, job: Job) -> None:
        self.deed = deed
        self.order = order
        self.job = job
        self.is_granted = False

    def admits(self, order: PricedOrder) -> bool:
        mine, other = self.order.intent, order.intent
        return (mine.venue, mine.symbol, mine.side) == (other.venue, other.symbol, other.side)


class Approval:
    """A check of the gate. Each strategy has at most one question open."""

    def __init__(self, config: ApprovalConfig, agenda: Agenda, deeds: DeedBook) -> None:
        self._config = config
        self._agenda = agenda
        self._deeds = deeds
        self.used: dict[str, int] = {}
        """How many orders of a strategy have been let through by approval."""
        self._requests: dict[str, _Request] = {}

    def look(self, now_ns: int, order: PricedOrder) -> Ruling | None:
        strategy = order.intent.strategy
        used = self.used.get(strategy, 0)
        if used >= self._config.first:
            return None
        request = self._requests.get(strategy)
        if request is not None and request.is_granted and request.admits(order):
            most = request.order.quantity
            return Ruling(most, f"approved is {most:.8g}", is_fault=False) if order.quantity > most else None
        if request is not None:
            what = "another order is approved" if request.is_granted else "awaits approval"
            return Ruling(0.0, f"{what} ({request.deed.action_id})", is_fault=False)
        if len(self._requests) + len(self.used) >= MAX_STRATEGIES:
            return Ruling(0.0, "too many strategies await approval", is_fault=False)
        return Ruling(0.0, f"awaits approval ({self._ask(now_ns, order, used)})", is_fault=False)

    def sent(self, now_ns: int, order: PricedOrder, quantity: float) -> None:
        strategy = order.intent.strategy
        request = self._requests.pop(strategy, None)
        if request is not None:
            self._agenda.cancel(request.job)
            request.deed.ended("used")
            self.used[strategy] = self.used.get(strategy, 0) + 1

    def approve(self, now_ns: int, action_id: str, by: str, reason: str) -> bool:
        """Somebody lets an order of that kind through. False if nobody asked for it."""
        request = self._find(action_id)
        if request is None or request.is_granted:
            return False
        request.is_granted = True
        request.deed.done(f"approved by {by}: {reason}")
        self._agenda.arm(request.job, now_ns + self._config.valid_ns)
        return True

    def reject(self, now_ns: int, action_id: str, by: str, reason: str) -> bool:
        """Somebody refuses it; the strategy may ask anew. False if nobody asked for it."""
        request = self._find(action_id)
        if request is None:
            return False
        self._close(request, f"rejected by {by}: {reason}")
        return True

    def _ask(self, now_ns: int, order: PricedOrder, used: int) -> str:
        intent = order.intent
        at = "at the market" if intent.price is None else f"at {intent.price}"
        what = f"{intent.side} {intent.quantity} {order.pair} {at} on {intent.venue}"
        detail = f"order {used + 1} of {self._config.first}: {what}"
        deed = self._deeds.take(CONTROL, intent.strategy, "first orders need approval", detail)
        request = _Request(deed, order, Job(lambda at_ns: self._on_timeout(intent.strategy)))
        self._requests[intent.strategy] = request
        self._agenda.arm(request.job, now_ns + self._config.timeout_ns)
        return deed.action_id

    def _on_timeout(self, strategy: str) -> None:
        request = self._requests.get(strategy)
        if request is not None:
            self._close(
                request, "the approval was not used in time" if request.is_granted else "nobody answered in time"
            )

    def _close(self, request: _Request, why: str) -> None:
        self._agenda.cancel(request.job)
        del self._requests[request.order.intent.strategy]
        request.deed.ended(why)

    def _find(self, action_id: str) -> _Request | None:
        return next((one for one in self._requests.values() if one.deed.action_id == action_id), None)
