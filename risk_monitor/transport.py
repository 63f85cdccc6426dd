"""Transport: requests in flight, their timeouts, retries with back-off, and each venue's rate limit.

Whatever the monitor asks is a ``Task``; at most one request of a task is in flight. A task that failed is asked again
after a back-off that doubles. A venue that has a cheap probe (a request for its time) is not asked anything else
while the probe fails; whoever waited is asked as soon as it answers again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from risk_monitor.agenda import Agenda, Job
from risk_monitor.alerts import Emit
from risk_monitor.config import Network, VenueConfig
from risk_monitor.connectors.domain import ConnectorError
from risk_monitor.effects import SendRequest
from risk_monitor.telemetry import Telemetry

MAX_LATE = 256
"""Requests given up on that a late reply is still recognised for."""
MAX_TASKS_PER_VENUE = 512
MAX_ONCE_ATTEMPTS = 5

_NS_PER_MS = 1_000_000
_NS_PER_MINUTE = 60_000_000_000
_CLOCK_ERROR_NS = 250_000_000
"""An estimate of a venue's clock that may err by more is not believed."""
_CLOCK_SLACK_NS = 500_000_000
"""Venues take a request whose time is off by less: they refuse what comes a second from the future."""
_FAILED_STATUSES = (403, 418, 429)
_THROTTLED_STATUSES = (418, 429)

AT_ONCE_NS = 0


class Delivery(Protocol):
    """Takes the body of a 200 reply to the request that left at ``departed_ns``. Returns after how many ns to ask
    again, or None for the task's own cadence. May raise ``ConnectorError``."""

    def __call__(self, now_ns: int, departed_ns: int, body: bytes, /) -> int | None: ...


class HealthListener(Protocol):
    """Is told how a venue answers."""

    def answered(self, now_ns: int, departed_ns: int) -> None: ...

    def failed(self, now_ns: int, departed_ns: int) -> None: ...

    def replied(self, now_ns: int, took_ns: int) -> None: ...


class Task:
    """One question to one venue, asked every ``interval_ns`` (0: once, then dropped).

    ``target`` writes the request's target for the time at which it leaves; ``on_failure`` is told when an answer did
    not come or could not be used, ``on_end`` when a question asked once has been answered or dropped. ``sign`` makes
    further headers for a time and target, where a dialect signs requests in a header.
    """

    __slots__ = (
        "account",
        "deliver",
        "failures",
        "headers",
        "in_flight",
        "interval_ns",
        "is_probe",
        "job",
        "line",
        "name",
        "on_end",
        "on_failure",
        "sign",
        "target",
        "waits",
        "weight",
    )

    def __init__(
        self,
        name: str,
        line: VenueLine,
        account: str,
        headers: tuple[tuple[str, str], ...],
        weight: int,
        interval_ns: int,
        target: Callable[[int], str],
        deliver: Delivery,
        on_failure: Callable[[int], None] | None = None,
        is_probe: bool = False,
        on_end: Callable[[], None] | None = None,
        sign: Callable[[int, str], tuple[tuple[str, str], ...]] | None = None,
    ) -> None:
        self.name = name
        self.line = line
        self.account = account
        self.headers = headers
        self.weight = weight
        self.interval_ns = interval_ns
        self.target = target
        self.deliver = deliver
        self.on_failure = on_failure
        self.is_probe = is_probe
        self.on_end = on_end
        self.sign = sign
        self.failures = 0
        self.in_flight = False
        self.waits = False
        self.job = Job(self._ask)

    def _ask(self, now_ns: int) -> None:
        self.line.ask(self, now_ns)


class VenueLine:
    """The way to one venue: its rate limit, whether its probe answers, and who waits for that."""

    __slots__ = (
        "_per_ns",
        "_refilled_ns",
        "_tokens",
        "_transport",
        "_waiting",
        "ahead_ns",
        "capacity",
        "health",
        "name",
        "on_lost",
        "on_recovered",
        "paused_until_ns",
        "probe_fails",
        "tasks",
        "throttled",
    )

    def __init__(self, config: VenueConfig, transport: Transport) -> None:
        self.name = config.name
        self.ahead_ns = 0
        """The venue's clock less ours, where that matters to requests that carry a time; else 0."""
        self.capacity = float(config.weight_per_minute)
        self.health: tuple[HealthListener, ...] = ()
        self.paused_until_ns = 0
        self.on_lost: list[Callable[[int], None]] = []
        self.on_recovered: list[Callable[[int], None]] = []
        self.probe_fails = False
        self.throttled = 0
        self.tasks = 0
        self._per_ns = self.capacity / _NS_PER_MINUTE
        self._tokens = self.capacity
        self._refilled_ns = 0
        self._transport = transport
        self._waiting: list[Task] = []

    def ask(self, task: Task, now_ns: int) -> None:
        if task.in_flight or task.waits:
            return
        if self.paused_until_ns > now_ns:
            self._transport.agenda.arm(task.job, self.paused_until_ns)
        elif self.probe_fails and not task.is_probe:
            task.waits = True
            self._waiting.append(task)
        elif (wait_ns := self._take(task.weight, now_ns)) > 0:
            self._transport.agenda.arm(task.job, now_ns + wait_ns)
        else:
            self._transport.send(task, now_ns)

    def told_time(self, now_ns: int, departed_ns: int, server_ms: int) -> None:
        """A request that left at ``departed_ns`` was answered with the venue's time. Where its clock and ours disagree,
        its own is what it checks requests against."""
        error_ns = (now_ns - departed_ns) // 2
        if error_ns <= _CLOCK_ERROR_NS:
            ahead_ns = server_ms * _NS_PER_MS - departed_ns - error_ns
            self.ahead_ns = ahead_ns if abs(ahead_ns) >= _CLOCK_SLACK_NS else 0

    def venue_ns(self, at_ns: int) -> int:
        """What the venue's clock showed when ours showed ``at_ns``."""
        return max(0, at_ns + self.ahead_ns)

    def probed(self, now_ns: int, answered: bool) -> None:
        """The probe has an outcome."""
        recovered = answered and self.probe_fails
        lost = not answered and not self.probe_fails
        self.probe_fails = not answered
        if lost:
            for listener in self.on_lost:
                listener(now_ns)
        if recovered:
            for listener in self.on_recovered:
                listener(now_ns)
            waiting, self._waiting = self._waiting, []
            for task in waiting:
                task.waits = False
                self.ask(task, now_ns)

    def _take(self, weight: int, now_ns: int) -> int:
        """Take request weight from the bucket; if it holds too little, take none and return how long until it does."""
        elapsed_ns = now_ns - self._refilled_ns
        self._tokens = min(self.capacity, self._tokens + elapsed_ns * self._per_ns)
        self._refilled_ns = now_ns
        if self._tokens >= weight:
            self._tokens -= weight
            return 0
        return int((weight - self._tokens) / self._per_ns) + 1


class _InFlight(NamedTuple):
    task: Task
    departed_ns: int


class Transport:
    """All requests of the monitor. Timeouts are equal for all, so the one sent first is also the first to expire."""

    def __init__(self, network: Network, agenda: Agenda, emit: Emit, telemetry: Telemetry) -> None:
        self.agenda = agenda
        self._emit = emit
        self._telemetry = telemetry
        self._timeout_ns = network.request_timeout_ms * _NS_PER_MS
        self._backoff_ns = network.backoff_ms * _NS_PER_MS
        self._backoff_limit_ns = network.backoff_limit_ms * _NS_PER_MS
        self._in_flight: dict[int, _InFlight] = {}
        self._late: dict[int, _InFlight] = {}
        self._next_id = 1
        self._timeout_job = Job(self._expire)

    def schedule(self, task: Task, at_ns: int) -> None:
        """Ask at ``at_ns``, or sooner if the task is due sooner anyway."""
        if not task.in_flight and not task.waits and at_ns < task.job.due_ns:
            self.agenda.arm(task.job, at_ns)

    def ask_once(self, task: Task, now_ns: int) -> bool:
        """Ask a question that is dropped once answered, or after ``MAX_ONCE_ATTEMPTS``; False if there are too many."""
        if task.line.tasks >= MAX_TASKS_PER_VENUE:
            self._telemetry.dropped_tasks += 1
            return False
        task.line.tasks += 1
        task.line.ask(task, now_ns)
        return True

    def send(self, task: Task, now_ns: int) -> None:
        request_id = self._next_id
        self._next_id += 1
        task.in_flight = True
        self._in_flight[request_id] = _InFlight(task, now_ns)
        if len(self._in_flight) == 1:
            self.agenda.arm(self._timeout_job, now_ns + self._timeout_ns)
        self._telemetry.requests += 1
        target = task.target(now_ns)
        headers = task.headers if task.sign is None else (*task.headers, *task.sign(now_ns, target))
        self._emit(SendRequest(request_id, task.line.name, task.account, "GET", target, headers))

    def on_reply(self, now_ns: int, request_id: int, status: int, body: bytes, arrived_ns: int) -> None:
        flight = self._in_flight.pop(request_id, None)
        if flight is None:
            self._on_late_reply(now_ns, request_id, arrived_ns)
            return
        task, departed_ns = flight
        for listener in task.line.health:
            listener.replied(now_ns, arrived_ns - departed_ns)
        task.in_flight = False
        if status >= 500 or status in _FAILED_STATUSES:
            self._failed(task, now_ns, departed_ns, status)
            return
        task.failures = 0
        task.line.throttled = 0
        for listener in task.line.health:
            listener.answered(now_ns, departed_ns)
        if task.is_probe:
            task.line.probed(now_ns, True)
        self._deliver(task, now_ns, departed_ns, status, body)

    def on_broken(self, now_ns: int, request_id: int) -> None:
        """The connection broke: there is nothing to wait for any more."""
        flight = self._in_flight.pop(request_id, None)
        if flight is not None:
            flight.task.in_flight = False
            self._failed(flight.task, now_ns, flight.departed_ns, 0)

    def _deliver(self, task: Task, now_ns: int, departed_ns: int, status: int, body: bytes) -> None:
        wait_ns: int | None = None
        if status == 200:
            try:
                wait_ns = task.deliver(now_ns, departed_ns, body)
            except ConnectorError as error:
                self._telemetry.connector_error(f"{task.line.name} {task.name}", str(error))
                if task.on_failure:
                    task.on_failure(now_ns)
        else:
            self._telemetry.refusals += 1
            self._telemetry.note(f"{task.line.name} {task.name}: refused with {status} {body[:120]!r}")
            if task.on_failure:
                task.on_failure(now_ns)
        if wait_ns == AT_ONCE_NS:
            task.line.ask(task, now_ns)
        elif wait_ns is not None:
            self.agenda.arm(task.job, now_ns + wait_ns)
        elif task.interval_ns:
            # Cadence is kept from departure to departure, whatever the reply took.
            self.agenda.arm(task.job, max(departed_ns + task.interval_ns, now_ns + 1))
        else:
            self._end(task)

    def _end(self, task: Task) -> None:
        task.line.tasks -= 1
        if task.on_end:
            task.on_end()

    def _failed(self, task: Task, now_ns: int, departed_ns: int, status: int) -> None:
        """``status`` 0: no reply in time, or the connection broke."""
        self._telemetry.failures += 1
        for listener in task.line.health:
            listener.failed(now_ns, departed_ns)
        task.failures += 1
        if status in _THROTTLED_STATUSES:
            task.line.throttled += 1
            task.line.paused_until_ns = now_ns + self._backoff(task.line.throttled)
        if task.is_probe:
            task.line.probed(now_ns, False)
        if task.on_failure:
            task.on_failure(now_ns)
        if not task.interval_ns and task.failures >= MAX_ONCE_ATTEMPTS:
            self._telemetry.dropped_tasks += 1
            self._end(task)
            return
        wait_ns = self._backoff(task.failures)
        if task.is_probe:
            wait_ns = min(wait_ns, task.interval_ns)
        self.agenda.arm(task.job, now_ns + wait_ns)

    def _backoff(self, failures: int) -> int:
        return min(self._backoff_ns << min(failures - 1, 16), self._backoff_limit_ns)

    def _expire(self, now_ns: int) -> None:
        while self._in_flight:
            request_id, flight = next(iter(self._in_flight.items()))
            due_ns = flight.departed_ns + self._timeout_ns
            if due_ns > now_ns:
                self.agenda.arm(self._timeout_job, due_ns)
                return
            del self._in_flight[request_id]
            self._late[request_id] = flight
            if len(self._late) > MAX_LATE:
                del self._late[next(iter(self._late))]
            flight.task.in_flight = False
            self._telemetry.timeouts += 1
            self._failed(flight.task, now_ns, flight.departed_ns, 0)

    def _on_late_reply(self, now_ns: int, request_id: int, arrived_ns: int) -> None:
        flight = self._late.pop(request_id, None)
        if flight is None:
            self._telemetry.stray_replies += 1
            return
        self._telemetry.late_replies += 1
        for listener in flight.task.line.health:
            listener.replied(now_ns, arrived_ns - flight.departed_ns)
