"""Case: everything that was found out about a run, before it is held against what the scenario asks."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from correlator.actions import ActionEpisode
from correlator.alerts import CONTROL_TOLERANCE_NS, LOOKAHEAD_NS, LOOKBACK_NS, Episode, same_in_control
from correlator.cause.presence import Presence
from correlator.expectations import Resolved, severity_rank
from correlator.injections import InjectionFacts
from correlator.truth.gauge import Rule

ALL_MANDATES = "*"
"""In ``Case.failures``: no truth could be computed at all."""


class Finding(msgspec.Struct, frozen=True):
    """An alert and the truth about it: True, False, or None where truth could not be computed; with the reason.

    ``owed``: a breach that it can mean lasted as long as the limits ask (``for``), give or take ``LOOKAHEAD_NS``.
    ``without``: how it fares in the arms that leave out one injection alone, by its name.
    """

    episode: Episode
    truth: bool | None
    in_control: bool
    reason: str
    owed: bool = True
    without: Mapping[str, Presence] = {}

    @property
    def fired_ns(self) -> int:
        assert self.episode.fired_ns is not None  # only alerts that fired become findings
        return self.episode.fired_ns


class Case(msgspec.Struct):
    """A run as it was. ``end_ns`` is where its history ends, ``completed`` whether that is where it was to end: at its
    planned end, or where a stop condition of the scenario held."""

    resolved: Resolved
    start_ns: int
    end_ns: int
    completed: bool
    injections: dict[str, InjectionFacts]
    rules: list[Rule]
    failures: dict[str, str]  # mandate → traceback
    findings: list[Finding]
    control_end_ns: int | None  # None: nothing was injected, the run is its own control
    comparable: bool = True  # False: something was injected, and there is no control to tell what it did
    actions: list[ActionEpisode] = []
    control_actions: list[ActionEpisode] = []
    forgetful: list[int] = []  # when a monitor came up that had lost its state: what stood is owed anew
    controls: str = ""  # text of the controls file that was wired in; empty: none was
    actions_without: list[Mapping[str, Presence]] = []  # of each action, what ``Finding.without`` is of an alert

    def at_s(self, at_ns: int | None) -> float | None:
        """A moment as seconds since the run's start."""
        return None if at_ns is None else round((at_ns - self.start_ns) / 1e9, 6)

    def cut_short_ns(self) -> int | None:
        """Where history ended, if that was not where it was to end."""
        return None if self.completed else self.end_ns

    def failure(self, mandate: str) -> str | None:
        """Why there is no truth of a mandate, if there is none."""
        return self.failures.get(mandate, self.failures.get(ALL_MANDATES))

    def took_effect(self) -> list[InjectionFacts]:
        """The injections that did."""
        return [injection for injection in self.injections.values() if injection.took_effect_ns is not None]

    def began(self) -> list[str]:
        """The injections of the timeline that began, in its order."""
        names = (plan.inject for plan in self.resolved.timeline)
        return [name for name in names if name in self.injections and self.injections[name].began_ns is not None]

    def first_began_ns(self) -> int | None:
        """When the first injection began."""
        return min((known.began_ns for known in self.injections.values() if known.began_ns is not None), default=None)

    def is_beyond_sight(self, rule: Rule) -> bool:
        """Whether the scenario says of a rule that no production API shows its breach."""
        return any(
            rule.mandate == miss.alert
            and miss.asset in (None, rule.subject)
            and (miss.severity is None or severity_rank(rule.severity) >= severity_rank(miss.severity))
            for miss in self.resolved.expect_miss
        )

    def outside_control(self, at_ns: int) -> bool:
        """Whether the control run does not reach far enough to tell if it alerts at this moment too."""
        return (
            self.control_end_ns is not None
            and at_ns + CONTROL_TOLERANCE_NS > self.control_end_ns
            and (self.control_end_ns < self.end_ns)
        )


def examine(
    episode: Episode, rules: dict[tuple[str, str, str], Rule], failures: dict[str, str], control: list[Episode]
) -> Finding:
    """Find out whether an alert was justified, and whether it fires without any injection too."""
    in_control = same_in_control(episode, control) is not None
    fired_ns = episode.fired_ns
    assert fired_ns is not None
    if episode.mandate in failures or ALL_MANDATES in failures:
        return Finding(episode, None, in_control, "the truth of this mandate could not be computed")
    rule = rules.get(episode.rule)
    if rule is None:
        return Finding(episode, False, in_control, "the firm keeps no such rule: no limit bounds this subject")
    tracker = rule.tracker
    # A monitor that dates a breach back at will must not be excused by breaches of long ago.
    since_ns = max(episode.since_ns, fired_ns - tracker.hold_ns - LOOKBACK_NS)
    from_ns, to_ns = min(since_ns, fired_ns) - LOOKBACK_NS, fired_ns + LOOKAHEAD_NS
    if tracker.breached_within(from_ns, to_ns):
        # What falls between two looks of the monitor's parts no breach from the next.
        owed = tracker.longest_ns(from_ns, to_ns, LOOKAHEAD_NS) >= tracker.hold_ns - LOOKAHEAD_NS
        return Finding(episode, True, in_control, f"{rule.subject} was truly beyond {rule.bound}", owed)
    resolved_ns = episode.resolved_ns
    if any(
        rule.foreseen_ns(breach) <= to_ns and (resolved_ns is None or breach.begins_ns <= resolved_ns)
        for breach in tracker.intervals
        if breach.begins_ns > to_ns
    ):
        reason = f"{rule.subject} had come very near to {rule.bound}, and went beyond it while the alert stood"
        return Finding(episode, True, in_control, reason)
    if rule.near is not None and rule.near.breached_within(from_ns, to_ns):
        reason = f"{rule.subject} came so near to {rule.bound} that two honest computations may differ on it"
        return Finding(episode, None, in_control, reason)
    return Finding(
        episode, False, in_control, f"{rule.subject} was not beyond {rule.bound} at any time the monitor could mean"
    )
