"""Alert episodes: what the monitor said of each rule, from pending through firing to resolved."""

from __future__ import annotations

import msgspec

from correlator.expectations import SEVERITIES, severity_rank
from correlator.monitor_clock import MonitorClock
from correlator.records import Signal

MOST_EPISODES = 20_000

_MOST_SEQS = 8

LOOKBACK_NS = 120_000_000_000
LOOKAHEAD_NS = 1_000_000_000
"""An alert is *justified* if its rule was truly in breach at some moment from ``LOOKBACK_NS`` before the monitor first
saw the breach to ``LOOKAHEAD_NS`` after it fired.

What production shows is old by as much as the slowest poll and its retry (price sources cache for a minute and are
polled once a minute), so a monitor may honestly report a breach that has just passed. It cannot honestly report one
that is yet to come: the second covers what two computations of the same moment may differ by.
"""

CONTROL_TOLERANCE_NS = 60_000_000_000
"""How far from an episode of the control run an alert may fire and still be the same one: the injection then changed
its moment and not its existence."""


class Episode(msgspec.Struct):
    """One alert from the moment its breach was first seen to its resolution. Times None: it never came to that."""

    alert_id: str
    mandate: str
    subject: str
    severity: str
    since_ns: int
    observed: float
    limit: float
    unit: str
    seqs: list[int]
    evidence: list[str]
    fired_ns: int | None = None
    resolved_ns: int | None = None
    acknowledged_ns: int | None = None
    escalated_ns: int | None = None  # the first time that it was told of as graver
    escalated_to: str = ""
    was_forgotten: bool = False  # nobody resolved it: its monitor lost its state

    @property
    def rule(self) -> tuple[str, str, str]:
        return (self.mandate, self.subject, self.severity)

    def matches(self, mandate: str, subject: str | None, severity: str | None, or_worse: bool = True) -> bool:
        """Whether it is an alert of that mandate, subject and severity (None: any)."""
        if self.mandate != mandate or (subject is not None and self.subject != subject):
            return False
        if severity is None:
            return True
        if or_worse:
            return severity_rank(self.severity) >= severity_rank(severity)
        return self.severity == severity


class EpisodeBook:
    """Makes episodes from signals; ``episodes`` are those that fired, in the order they did.

    A breach that was only ever pending is no alert. Bounded: beyond ``MOST_EPISODES`` further ones are counted in
    ``dropped`` and not kept, which makes the run impossible to judge in full. ``clock`` is the one that the monitor
    tells times by.
    """

    def __init__(self) -> None:
        self.episodes: list[Episode] = []
        self.dropped = 0
        self.signals = 0
        self.clock = MonitorClock()
        self._open: dict[tuple[str, str, str], Episode] = {}

    def take(self, signal: Signal) -> None:
        """The monitor said something of a rule."""
        self.signals += 1
        if signal.state in ("escalated", "acknowledged"):
            self._take_care(signal)
            return
        key = (signal.mandate, signal.subject, signal.severity)
        episode = self._open.get(key)
        if signal.state == "resolved":
            if episode is None:
                return  # the end of what never began
            episode.resolved_ns = signal.at_ns
            episode.seqs.append(signal.seq)
            del self._open[key]
            return
        since_ns = self.clock.true_ns(signal.since_ns)
        if episode is None or (signal.state == "pending" and episode.fired_ns is None):
            episode = Episode(
                signal.alert_id, *key, since_ns, signal.observed, signal.limit, signal.unit, [signal.seq], []
            )
            self._open[key] = episode
        elif len(episode.seqs) < _MOST_SEQS:
            episode.seqs.append(signal.seq)
        if signal.state == "firing" and episode.fired_ns is None:
            episode.fired_ns = signal.at_ns
            episode.since_ns = since_ns
            episode.observed, episode.limit = signal.observed, signal.limit
            episode.evidence = list(signal.evidence)
            if len(self.episodes) < MOST_EPISODES:
                self.episodes.append(episode)
            else:
                self.dropped += 1

    def _take_care(self, signal: Signal) -> None:
        """Somebody has seen an alert, or nobody has; an escalated one bears the severity that it was raised to."""
        for episode in self._open.values():
            said = (signal.alert_id, signal.mandate, signal.subject)
            if (episode.alert_id, episode.mandate, episode.subject) != said or episode.fired_ns is None:
                continue
            if signal.state == "acknowledged":
                episode.acknowledged_ns = episode.acknowledged_ns or signal.at_ns
            elif episode.escalated_ns is None and _is_graver(signal.severity, episode.severity):
                episode.escalated_ns, episode.escalated_to = signal.at_ns, signal.severity
            if len(episode.seqs) < _MOST_SEQS:
                episode.seqs.append(signal.seq)
            return

    def forget(self, at_ns: int) -> None:
        """The monitor that spoke so far is no more, and the one that comes does not know what it had said."""
        for episode in self._open.values():
            episode.resolved_ns = at_ns
            episode.was_forgotten = True
        self._open.clear()


def _is_graver(escalated_to: str, severity: str) -> bool:
    """Whether an alert was escalated at all; one of the gravest severity is told of again, and that is all."""
    return severity_rank(escalated_to) > severity_rank(severity) or escalated_to == severity == SEVERITIES[-1]


def same_in_control(episode: Episode, control: list[Episode]) -> Episode | None:
    """The control's episode of the same rule that was firing, give or take the tolerance, when this one fired."""
    fired_ns = episode.fired_ns
    if fired_ns is None:
        return None
    for other in control:
        if other.rule != episode.rule or other.fired_ns is None:
            continue
        ends_ns = other.resolved_ns
        if other.fired_ns - CONTROL_TOLERANCE_NS <= fired_ns and (
            ends_ns is None or fired_ns <= ends_ns + CONTROL_TOLERANCE_NS
        ):
            return other
    return None
