"""Gauge: one measure of one subject, watched by the rules that bound it and drawn for the report."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from correlator.limits import Bound, Limits, Mandate
from correlator.truth.intervals import BreachTracker, Interval, Times, Values
from correlator.truth.series import Buckets, Envelope

# How far two honest computations of one measure may differ, in the unit of truth.
_SLACK = {"asset": 1e-9, "USD": 1e-6, "ratio": 1e-12, "time": 0.0, "factor": 1e-12, "count": 0.0, "exponent": 1e-12}
_SHOWN = {
    "ratio": ("%", 100.0),
    "time": ("s", 1.0),
    "USD": ("USD", 1.0),
    "factor": ("x", 1.0),
    "count": ("times", 1.0),
    "exponent": ("alpha", 1.0),
}
_SHOWN_IN_BP = frozenset(
    (
        "stablecoin_peg",
        "price_divergence",
        "triangular_divergence",
        "basis",
        "crossed_book",
        "bad_tick",
        "reference_price",
    )
)
_SHOWN_IN_MS = frozenset(("clock_drift",))

# What an honest monitor may be off by, as a share of the bound and in the unit of truth: it samples prices some ms
# later than they were made, sees orders when their reports arrive, and reads a clock over a link whose two directions
# differ. Where time alone makes the difference, and not value, there is none here: see ``alerts.LOOKBACK_NS``.
_DOUBT: dict[str, tuple[float, float]] = {
    # The largest equity, and that of an opening, are remembered: what two venues' quotes showed for some ms stays.
    "drawdown": (0.005, 0.0),
    "rapid_drawdown": (0.005, 0.0),
    "daily_loss": (0.005, 0.0),
    "weekly_loss": (0.005, 0.0),
    "expected_shortfall": (0.03, 0.0),
    "tail_exponent": (0.05, 0.0),
    "volatility_regime": (0.03, 0.0),
    "correlation_breakdown": (0.0, 0.03),
    "slippage": (0.25, 0.0),
    "single_trade_risk": (0.01, 0.0),
    "instrument_whitelist": (0.01, 0.0),
    "unauthorised_withdrawals": (0.01, 0.0),
    "order_rate": (0.05, 0.0),
    "message_rate": (0.05, 0.0),
    "order_rejects": (0.05, 0.0),  # a refusal is told as another answer grows too old: who is first decides the share
    "clock_drift": (0.0, 0.02),
    "reference_price": (0.0, 0.001),
}

SeqAt = Callable[[int], int]


class Rule:
    """One (mandate, subject, severity): the unit that has a bound, a truth and an alert of its own.

    Where honest computations of the measure differ, ``near`` follows the least at which one may already see a breach
    and ``far`` the most at which one may still see none; between the two, truth is in doubt.
    """

    __slots__ = ("bound", "far", "mandate", "near", "severity", "subject", "tracker", "trackers")

    def __init__(
        self,
        mandate: str,
        subject: str,
        severity: str,
        bound: str,
        tracker: BreachTracker,
        near: BreachTracker | None = None,
        far: BreachTracker | None = None,
    ) -> None:
        self.mandate = mandate
        self.subject = subject
        self.severity = severity
        self.bound = bound
        self.tracker = tracker
        self.near = near
        self.far = far
        self.trackers = [each for each in (tracker, near, far) if each is not None]

    def foreseen_ns(self, breach: Interval) -> int:
        """Since when an honest monitor may already have seen this breach, without having ceased to before it came."""
        nearer = [] if self.near is None else self.near.intervals
        before = (
            each.begins_ns
            for each in nearer
            if each.begins_ns <= breach.begins_ns and (each.ends_ns is None or each.ends_ns >= breach.begins_ns)
        )
        return min(before, default=breach.begins_ns)


class Gauge:
    """A measure's rules and its envelope. ``unit`` and ``factor`` say how its values are shown."""

    __slots__ = (
        "_alike_until_ns", "_applied", "_greatest_kept", "_is_calm", "_least_kept", "_set", "_trackers", "envelope",
        "factor", "mandate", "rules", "subject", "unit",
    )  # fmt: skip

    def __init__(
        self, mandate: str, subject: str, unit: str, factor: float, rules: list[Rule], buckets: Buckets
    ) -> None:
        self.mandate = mandate
        self.subject = subject
        self.unit = unit
        self.factor = factor
        self.rules = rules
        self.envelope = Envelope(buckets)
        self._trackers = [tracker for rule in rules for tracker in rule.trackers]
        # What no tracker is beyond changes nothing as long as none of them has a breach open: that is how it mostly is.
        self._is_calm = True
        self._least_kept = max((each.threshold for each in self._trackers if each.below), default=-math.inf)
        self._greatest_kept = min((each.threshold for each in self._trackers if not each.below), default=math.inf)
        self._set: tuple[int, float, int] | None = None
        self._applied = float("nan")
        self._alike_until_ns = 0  # until then, the same value once more changes neither envelope nor trackers

    def update(self, times: Times, values: Values, seq_at: SeqAt, edges: tuple[Times, Times]) -> None:
        """Take a stretch of the measure: ``values[i]`` holds from ``times[i]`` on."""
        if not self._is_calm or self._is_beyond(np.fmin.reduce(values), np.fmax.reduce(values)):
            for tracker in self._trackers:
                tracker.update(times, values, seq_at)
            self._is_calm = not any(tracker.is_open for tracker in self._trackers)
        self.envelope.update(values, edges)

    def set(self, at_ns: int, value: float, seq: int = 0) -> None:
        """From ``at_ns`` (not before any earlier call's) on the measure is ``value``; of one moment the last counts."""
        if self._set is not None and at_ns > self._set[0]:
            self._apply(*self._set)
        is_news = value != self._applied or at_ns >= self._alike_until_ns
        self._set = (at_ns, value, seq) if is_news else None

    def _apply(self, at_ns: int, value: float, seq: int) -> None:
        self.envelope.add(at_ns, value)
        self._applied, self._alike_until_ns = value, self.envelope.buckets.ends_ns(at_ns)
        if not self._is_calm or self._is_beyond(value, value):
            for tracker in self._trackers:
                tracker.set(at_ns, value, seq)
            self._is_calm = not any(tracker.is_open for tracker in self._trackers)

    def _is_beyond(self, least: float, greatest: float) -> bool:
        """Whether any tracker's bound lies within the measure's range. NaN is beyond nothing."""
        return bool(greatest > self._greatest_kept or least < self._least_kept)

    def finish(self, at_ns: int) -> None:
        """The history ends here; a breach that still lasts stays open."""
        if self._set is not None:
            self._apply(*self._set)
            self._set = None
        for tracker in self._trackers:
            tracker.finish(at_ns)


class GaugeBoard:
    """All gauges of a run, made from the limits file as subjects come to light, in the order they did."""

    def __init__(self, limits: Limits, buckets: Buckets) -> None:
        self.limits = limits
        self.buckets = buckets
        self.gauges: list[Gauge] = []

    def bound(self, mandate_name: str, subject: str, default: str = "each", profile: str = "") -> Gauge | None:
        """A gauge for one subject; None where the firm has not bounded it.

        Bounds are those of the subject's name, else of its capital ``profile``, else of ``default``.
        """
        mandate = self.limits.mandate(mandate_name)
        bounds = () if mandate is None else mandate.bounds(subject, default, profile)
        if mandate is None or not bounds:
            return None
        rules = [_rule(mandate, subject, bound) for bound in bounds]
        unit, factor = _SHOWN.get(mandate.dimension, (subject, 1.0))
        if mandate_name in _SHOWN_IN_BP:
            unit, factor = "bp", 1e4
        elif mandate_name in _SHOWN_IN_MS:
            unit, factor = "ms", 1e3
        return self._add(Gauge(mandate_name, subject, unit, factor, rules, self.buckets))

    def bound_account(self, mandate_name: str, account: str) -> Gauge | None:
        """A gauge for an account (``venue:account``), whose bounds may be those of its capital profile."""
        return self.bound(mandate_name, account, profile=self.limits.profiles.get(account, ""))

    def context(self, name: str, subject: str, unit: str) -> Gauge:
        """A gauge without rules, for the report: what the bounded measures are made of."""
        return self._add(Gauge(name, subject, unit, 1.0, [], self.buckets))

    def _add(self, gauge: Gauge) -> Gauge:
        self.gauges.append(gauge)
        return gauge

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        for gauge in self.gauges:
            gauge.finish(at_ns)

    def rules(self) -> list[Rule]:
        """Every rule of the run, in a fixed order: mandate as in the limits file, then subject, then severity."""
        places = {name: place for place, name in enumerate(self.limits.mandates)}
        gauges = sorted(self.gauges, key=lambda gauge: (places.get(gauge.mandate, len(places)), gauge.subject))
        return [rule for gauge in gauges for rule in gauge.rules]


def _rule(mandate: Mandate, subject: str, bound: Bound) -> Rule:
    slack, hold_ns, below = _SLACK[mandate.dimension], mandate.for_ns, mandate.below
    tracker = BreachTracker(bound.value, hold_ns, slack, below)
    if mandate.name not in _DOUBT:
        return Rule(mandate.name, subject, bound.severity, bound.text, tracker)
    share, amount = _DOUBT[mandate.name]
    doubt = (share * abs(bound.value) + amount) * (-1.0 if below else 1.0)
    near = BreachTracker(bound.value - doubt, hold_ns, slack, below)
    far = BreachTracker(bound.value + doubt, hold_ns, slack, below)
    return Rule(mandate.name, subject, bound.severity, bound.text, tracker, near, far)
