"""Measure: computes what one mandate bounds, over one stretch of moments after another."""

from __future__ import annotations

from typing import Protocol

from correlator.truth.gauge import Gauge
from correlator.truth.intervals import Values
from correlator.truth.stretch import Stretch


class Measure(Protocol):
    """A measure of the firm's books or of the market. ``mandate`` is the name in the limits file."""

    mandate: str

    def evaluate(self, stretch: Stretch) -> None:
        """Take the next stretch; called once for each, in order."""


def show(gauge: Gauge, stretch: Stretch, values: Values) -> None:
    """Give a gauge its values over a whole stretch."""
    gauge.update(stretch.times, values, stretch.seq_at, stretch.edges)
