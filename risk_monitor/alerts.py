"""Alerts: a breach followed from first sight to its end, through inactive → pending → firing → resolved.

One alert belongs to one rule (mandate, subject, severity). A ``Watch`` holds the alerts of all severities on one
subject, takes the measure's value whenever it is known anew, and remembers it for the compliance status.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import msgspec

from risk_monitor.agenda import NEVER_NS, Agenda, Job
from risk_monitor.effects import AlertState, Effect, RaiseSignal, Severity, Signal
from risk_monitor.limits import Bound
from risk_monitor.rules import CANONICAL_PER_UNIT

MAX_EVIDENCE = 8
"""References kept per signal; the first ones are the most telling."""

SLACK = 1e-9
"""How far above its bound, relative to it, a measure in floats must be to count as above."""

_NEXT = dict(itertools.pairwise(Severity))

Evidence = Callable[[], tuple[str, ...]]
Emit = Callable[[Effect], None]


class RuleStatus(msgspec.Struct, frozen=True):
    """Compliance with one rule. ``compliance`` is ``ok``, ``breached``, or ``unknown`` while the measure cannot be
    computed; ``observed`` (None if unknown) and ``limit`` are in ``unit``."""

    mandate: str
    subject: str
    severity: Severity
    compliance: str
    alert: AlertState
    observed: float | None
    limit: float
    unit: str


class Timing(msgspec.Struct, frozen=True):
    """A firing alert resolves after ``resolve_ns`` of calm; a pending one is told of after ``notice_ns`` of breach. A
    firing one that nobody has acknowledged is escalated by one severity after each ``escalate_ns`` (0: never), the
    gravest one once."""

    resolve_ns: int
    notice_ns: int = 0
    escalate_ns: int = 0


class SavedAlert(msgspec.Struct, frozen=True, array_like=True):
    """An alert as it is kept for a restart; ``episode`` is how often it has been told of."""

    mandate: str
    subject: str
    severity: Severity
    episode: int
    since_ns: int
    is_firing: bool
    is_acknowledged: bool
    escalated: Severity


class Alert:
    """The alert of one rule. A firing alert resolves when its breach has been over for a while; a pending one lapses at
    once, since a breach must last to count, and is not told of at all if it was too short to be worth it."""

    __slots__ = (
        "_agenda",
        "_escalated",
        "_escalation",
        "_is_told",
        "_job",
        "_watch",
        "bound",
        "clear_since_ns",
        "episode",
        "for_ns",
        "is_acknowledged",
        "limit",
        "severity",
        "since_ns",
        "state",
    )

    def __init__(
        self, watch: Watch, agenda: Agenda, severity: Severity, bound: float, limit: float, for_ns: int
    ) -> None:
        self._watch = watch
        self._agenda = agenda
        self._job = Job(self._on_deadline)
        self._is_told = False
        self._escalation: Job | None = None
        self.is_acknowledged = False
        self._escalated = severity
        self.severity = severity
        self.bound = bound
        self.limit = limit
        self.for_ns = for_ns
        self.state = AlertState.INACTIVE
        self.since_ns = 0
        self.clear_since_ns = NEVER_NS
        self.episode = 0

    def breach(self, now_ns: int) -> None:
        """The measure is above the bound."""
        if self.state is AlertState.INACTIVE:
            self.since_ns = now_ns
            self.state = AlertState.PENDING
            self._advance(now_ns)
        elif self.state is AlertState.PENDING:
            if self._job.due_ns == NEVER_NS:
                self._advance(now_ns)
        elif self.clear_since_ns != NEVER_NS:
            self.clear_since_ns = NEVER_NS
            self._agenda.cancel(self._job)

    def within(self, now_ns: int) -> None:
        """The measure is back within the bound."""
        if self.state is AlertState.PENDING:
            self._agenda.cancel(self._job)
            self._end()
        elif self.state is AlertState.FIRING and self.clear_since_ns == NEVER_NS:
            self.clear_since_ns = now_ns
            self._agenda.arm(self._job, now_ns + self._watch.timing.resolve_ns)

    def lose_sight(self) -> None:
        """The measure is unknown: the alert neither fires nor resolves until it is known again."""
        self._agenda.cancel(self._job)
        self.clear_since_ns = NEVER_NS

    def _advance(self, now_ns: int) -> None:
        """Go as far through the pending stage as the breach has lasted, and come back for the rest."""
        lasted_ns = now_ns - self.since_ns
        if lasted_ns >= self.for_ns:
            self.state = AlertState.FIRING
            self._tell(AlertState.FIRING)
            self._escalated = self.severity
            self.is_acknowledged = False
            self._await_acknowledgement(now_ns)
            return
        notice_ns = self._watch.timing.notice_ns
        if lasted_ns >= notice_ns and not self._is_told:
            self._tell(AlertState.PENDING)
        wait_ns = self.for_ns if self._is_told else min(notice_ns, self.for_ns)
        self._agenda.arm(self._job, self.since_ns + wait_ns)

    def _await_acknowledgement(self, now_ns: int) -> None:
        if self._watch.timing.escalate_ns:
            self._escalation = Job(self._escalate)
            self._agenda.arm(self._escalation, now_ns + self._watch.timing.escalate_ns)

    def save(self) -> SavedAlert:
        """What of it outlives a restart."""
        is_firing = self.state is AlertState.FIRING
        return SavedAlert(
            self._watch.mandate,
            self._watch.subject,
            self.severity,
            self.episode,
            self.since_ns,
            is_firing,
            self.is_acknowledged,
            self._escalated,
        )

    def resume(self, now_ns: int, saved: SavedAlert) -> None:
        """Go on from there. One that fires goes on firing, and nobody is told again, until the measure is known."""
        self.episode = saved.episode
        if not saved.is_firing:
            return
        self.state = AlertState.FIRING
        self.since_ns = saved.since_ns
        self.is_acknowledged = saved.is_acknowledged
        self._escalated = saved.escalated
        self._is_told = True
        self._watch.quiet = False
        if not saved.is_acknowledged:
            self._await_acknowledgement(now_ns)

    def _on_deadline(self, now_ns: int) -> None:
        if self.state is AlertState.PENDING:
            self._advance(now_ns)
        else:
            self._end()

    def acknowledge(self) -> None:
        """Somebody has taken it on: it is not escalated any further."""
        self.is_acknowledged = True
        self._stop_escalating()
        self._watch.signal(self, AlertState.ACKNOWLEDGED, self._escalated)

    def _escalate(self, now_ns: int) -> None:
        if self._escalated is not Severity.CRITICAL:
            self._escalated = _NEXT[self._escalated]
            if self._escalation is not None and self._escalated is not Severity.CRITICAL:
                self._agenda.arm(self._escalation, now_ns + self._watch.timing.escalate_ns)
        self._watch.signal(self, AlertState.ESCALATED, self._escalated)

    def _stop_escalating(self) -> None:
        if self._escalation is not None:
            self._agenda.cancel(self._escalation)
            self._escalation = None

    def _tell(self, state: AlertState) -> None:
        if not self._is_told:
            self._is_told = True
            self.episode += 1
        self._watch.signal(self, state)

    def _end(self) -> None:
        self.state = AlertState.INACTIVE
        self._stop_escalating()
        self.clear_since_ns = NEVER_NS
        if self._is_told:
            self._is_told = False
            self._watch.signal(self, AlertState.RESOLVED)


class Watch:
    """All rules of one mandate on one subject, mildest first.

    Callers on a hot path compare with ``lowest`` and look at ``quiet`` themselves, and call ``observe`` only if there
    is something to decide. ``value`` is the last measure in the canonical unit, None while it is unknown.

    Where the breach is a measure below its bound, measure and bounds are kept with their signs turned around, and shown
    as they are; such a watch is only told by ``observe``.
    """

    __slots__ = (
        "_below",
        "_emit",
        "_evidence",
        "_scale",
        "alerts",
        "lowest",
        "mandate",
        "on_rebound",
        "quiet",
        "subject",
        "timing",
        "unit",
        "value",
    )

    def __init__(
        self,
        mandate: str,
        subject: str,
        unit: str,
        timing: Timing,
        emit: Emit,
        evidence: Evidence,
        below: bool = False,
    ) -> None:
        self.mandate = mandate
        self.subject = subject
        self.unit = unit
        self.timing = timing
        self.alerts: list[Alert] = []
        self.lowest = 0.0
        self.quiet = True
        self.value: float | None = None
        self.on_rebound: Callable[[int], None] | None = None
        self._below = below
        self._scale = CANONICAL_PER_UNIT.get(unit, 1.0) * (-1.0 if below else 1.0)
        self._emit = emit
        self._evidence = evidence

    def add(self, agenda: Agenda, severity: Severity, bound: float, for_ns: int) -> None:
        limit, exceeded = self._in_units(bound)
        self.alerts.append(Alert(self, agenda, severity, exceeded, limit, for_ns))
        self.lowest = self.alerts[0].bound

    def _in_units(self, bound: float) -> tuple[float, float]:
        """A bound as it is shown, and what the measure must exceed."""
        if self._below:
            bound = -bound
        limit = round(bound / self._scale, 9) or 0.0
        # Sums of floats differ in their last digits by how they were added; a bound touched exactly is not exceeded.
        return limit, bound if self.unit in ("s", "ms") else bound + abs(bound) * SLACK

    def observe(self, now_ns: int, value: float) -> None:
        """Take the measure, as it is from now on."""
        if self._below:
            value = -value
        self.value = value
        if value <= self.lowest and self.quiet:
            return
        quiet = True
        for alert in self.alerts:
            if value > alert.bound:
                alert.breach(now_ns)
            elif alert.state is not AlertState.INACTIVE:
                alert.within(now_ns)
            if alert.state is not AlertState.INACTIVE:
                quiet = False
        self.quiet = quiet

    def lose_sight(self) -> None:
        """The measure cannot be computed now."""
        if self.value is not None:
            self.value = None
            for alert in self.alerts:
                alert.lose_sight()

    def next_bound(self, value: float) -> float | None:
        """The smallest bound that ``value`` is not above; None if it is above all. Not for measures below a bound."""
        return next((alert.bound for alert in self.alerts if value <= alert.bound), None)

    def signal(self, alert: Alert, state: AlertState, severity: Severity | None = None) -> None:
        """Tell of a step in an alert's life, as of its own severity or the one it was escalated to."""
        self._emit(RaiseSignal(self.signal_of(alert, state, severity)))

    def signal_of(self, alert: Alert, state: AlertState, severity: Severity | None = None) -> Signal:
        """What there is to tell of an alert now."""
        return Signal(
            self.id_of(alert),
            state,
            self.mandate,
            self.subject,
            severity or alert.severity,
            (self.value or 0.0) / self._scale + 0.0,  # never -0.0
            alert.limit,
            self.unit,
            alert.since_ns,
            self._evidence()[:MAX_EVIDENCE],
        )

    def id_of(self, alert: Alert) -> str:
        """The id of the alert's present or last episode."""
        return f"{self.mandate}/{self.subject}/{alert.severity}/{alert.episode}"

    def rebound(self, now_ns: int, bounds: tuple[Bound, ...], for_ns: int) -> None:
        """Other bounds are in force, of the same severities; the measure, as last known, is held against them now."""
        for alert, bound in zip(self.alerts, bounds, strict=True):
            alert.limit, alert.bound = self._in_units(float(bound.value))
            alert.for_ns = for_ns
        self.lowest = self.alerts[0].bound
        value = self.value
        if value is not None:
            self.quiet = False
            self.observe(now_ns, -value if self._below else value)
            if self.on_rebound is not None:
                self.on_rebound(now_ns)

    def status(self) -> tuple[RuleStatus, ...]:
        value = self.value
        return tuple(
            RuleStatus(
                self.mandate,
                self.subject,
                alert.severity,
                "unknown" if value is None else "breached" if value > alert.bound else "ok",
                alert.state,
                None if value is None else value / self._scale + 0.0,
                alert.limit,
                self.unit,
            )
            for alert in self.alerts
        )
