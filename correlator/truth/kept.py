"""Kept truth: the gauges of a finished run as plain data, and the gauges made of it again.

What is kept is everything that is asked of a gauge once history is over; a restored one answers as the first did.
"""

from __future__ import annotations

import msgspec

from correlator.limits import Limits
from correlator.truth.gauge import Gauge, GaugeBoard, Rule
from correlator.truth.intervals import BreachTracker, Interval
from correlator.truth.series import Buckets, Envelope


class KeptTracker(msgspec.Struct, frozen=True):
    """The breaches of one bound."""

    bound: float
    below: bool
    hold_ns: int
    threshold: float
    intervals: list[Interval]
    breaches: int
    dues: int
    coalesced_gap_ns: int


class KeptRule(msgspec.Struct, frozen=True):
    """A rule of a gauge, with what is in doubt about it."""

    severity: str
    bound: str
    tracker: KeptTracker
    near: KeptTracker | None
    far: KeptTracker | None


class KeptGauge(msgspec.Struct, frozen=True):
    """A gauge. ``envelope``: see ``Envelope.to_bytes``."""

    mandate: str
    subject: str
    unit: str
    factor: float
    rules: list[KeptRule]
    envelope: bytes


def keep(board: GaugeBoard) -> list[KeptGauge]:
    """The gauges of a board whose history is over, in its order."""
    return [
        KeptGauge(
            gauge.mandate,
            gauge.subject,
            gauge.unit,
            gauge.factor,
            [
                KeptRule(rule.severity, rule.bound, _keep(rule.tracker), _maybe(rule.near), _maybe(rule.far))
                for rule in gauge.rules
            ],
            gauge.envelope.to_bytes(),
        )
        for gauge in board.gauges
    ]


def restore(kept: list[KeptGauge], limits: Limits, buckets: Buckets) -> GaugeBoard:
    """The board that these gauges were of. ValueError if an envelope is not one."""
    board = GaugeBoard(limits, buckets)
    for one in kept:
        rules = [_restore_rule(one, rule) for rule in one.rules]
        gauge = Gauge(one.mandate, one.subject, one.unit, one.factor, rules, buckets)
        gauge.envelope = Envelope.from_bytes(buckets, one.envelope)
        board.gauges.append(gauge)
    return board


def _maybe(tracker: BreachTracker | None) -> KeptTracker | None:
    return None if tracker is None else _keep(tracker)


def _keep(tracker: BreachTracker) -> KeptTracker:
    return KeptTracker(
        tracker.bound,
        tracker.below,
        tracker.hold_ns,
        tracker.threshold,
        tracker.intervals,
        tracker.breaches,
        tracker.dues,
        tracker.coalesced_gap_ns,
    )


def _restore_rule(gauge: KeptGauge, rule: KeptRule) -> Rule:
    near = None if rule.near is None else _restore(rule.near)
    far = None if rule.far is None else _restore(rule.far)
    return Rule(gauge.mandate, gauge.subject, rule.severity, rule.bound, _restore(rule.tracker), near, far)


def _restore(kept: KeptTracker) -> BreachTracker:
    tracker = BreachTracker(kept.bound, kept.hold_ns, below=kept.below)
    tracker.threshold = kept.threshold
    tracker.intervals = kept.intervals
    tracker.breaches, tracker.dues = kept.breaches, kept.dues
    tracker.coalesced_gap_ns = kept.coalesced_gap_ns
    return tracker
