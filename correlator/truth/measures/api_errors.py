"""API errors: what share of the monitor's requests a venue has failed."""

from __future__ import annotations

from correlator.truth.gauge import Gauge
from correlator.truth.sliding import SlidingShare

FEWEST_REQUESTS = 20


class ApiErrors:
    """Failed ÷ ended, over the monitor's requests to a venue that ended within ``window``, or the last 20 of them.

    What a failure is, ``api_outage`` says. A reply that comes after the client has given up changes nothing any more.
    """

    mandate = "api_errors"

    def __init__(self, gauge: Gauge, window_ns: int) -> None:
        self._share = SlidingShare(gauge, window_ns, FEWEST_REQUESTS)

    def ended(self, at_ns: int, is_failure: bool, seq: int) -> None:
        """A request ended: its reply came, or the client gave it up."""
        self._share.add(at_ns, is_failure, seq)

    def advance(self, to_ns: int) -> None:
        """Let time pass."""
        self._share.advance(to_ns)
