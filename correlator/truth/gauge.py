"""Gauge: one measure of one subject, watched by the rules that bound it and drawn for the report."""

from __future__ import annotations

from collections.abc import Callable

from correlator.limits import Limits
from correlator.truth.intervals import BreachTracker, Times, Values
from correlator.truth.series import Buckets, Envelope

# How far two honest computations of one measure may differ, in the unit of truth.
_SLACK = {"asset": 1e-9, "USD": 1e-6, "ratio": 1e-12, "time": 0.0}
_SHOWN = {"ratio": ("%", 100.0), "time": ("s", 1.0), "USD": ("USD", 1.0)}
_SHOWN_IN_BP = frozenset(("stablecoin_peg", "price_divergence", "triangular_divergence"))

SeqAt = Callable[[int], int]


class Rule:
    """One (mandate, subject, severity): the unit that has a bound, a truth and an alert of its own."""

    __slots__ = ("bound", "mandate", "severity", "subject", "tracker")

    def __init__(self, mandate: str, subject: str, severity: str, bound: str, tracker: BreachTracker) -> None:
        self.mandate = mandate
        self.subject = subject
        self.severity = severity
        self.bound = bound
        self.tracker = tracker


class Gauge:
    """A measure's rules and its envelope. ``unit`` and ``factor`` say how its values are shown."""

    __slots__ = ("envelope", "factor", "mandate", "rules", "subject", "unit")

    def __init__(
        self, mandate: str, subject: str, unit: str, factor: float, rules: list[Rule], buckets: Buckets
    ) -> None:
        self.mandate = mandate
        self.subject = subject
        self.unit = unit
        self.factor = factor
        self.rules = rules
        self.envelope = Envelope(buckets)

    def update(self, times: Times, values: Values, seq_at: SeqAt, edges: tuple[Times, Times]) -> None:
        """Take a stretch of the measure: ``values[i]`` holds from ``times[i]`` on."""
        for rule in self.rules:
            rule.tracker.update(times, values, seq_at)
        self.envelope.update(values, edges)


class GaugeBoard:
    """All gauges of a run, made from the limits file as subjects come to light, in the order they did."""

    def __init__(self, limits: Limits, buckets: Buckets) -> None:
        self.limits = limits
        self.buckets = buckets
        self.gauges: list[Gauge] = []

    def bound(self, mandate_name: str, subject: str, default: str = "each") -> Gauge | None:
        """A gauge for one subject; None where the firm has not bounded it."""
        mandate = self.limits.mandate(mandate_name)
        bounds = () if mandate is None else mandate.bounds(subject, default)
        if mandate is None or not bounds:
            return None
        rules = [
            Rule(
                mandate_name,
                subject,
                bound.severity,
                bound.text,
                BreachTracker(bound.value, mandate.for_ns, _SLACK[mandate.dimension]),
            )
            for bound in bounds
        ]
        unit, factor = _SHOWN.get(mandate.dimension, (subject, 1.0))
        if mandate_name in _SHOWN_IN_BP:
            unit, factor = "bp", 1e4
        return self._add(Gauge(mandate_name, subject, unit, factor, rules, self.buckets))

    def context(self, name: str, subject: str, unit: str) -> Gauge:
        """A gauge without rules, for the report: what the bounded measures are made of."""
        return self._add(Gauge(name, subject, unit, 1.0, [], self.buckets))

    def _add(self, gauge: Gauge) -> Gauge:
        self.gauges.append(gauge)
        return gauge

    def rules(self) -> list[Rule]:
        """Every rule of the run, in a fixed order: mandate as in the limits file, then subject, then severity."""
        places = {name: place for place, name in enumerate(self.limits.mandates)}
        gauges = sorted(self.gauges, key=lambda gauge: (places.get(gauge.mandate, len(places)), gauge.subject))
        return [rule for gauge in gauges for rule in gauge.rules]
