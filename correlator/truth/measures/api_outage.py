"""API outage: how long a venue's API has failed the monitor, from the first failed request after the last good one.

A request fails if its reply says so (status 500 and above, 403, 418, 429) or does not come before the client's
timeout. Requests are ordered by their departure; a failure counts from the moment the client knows of it.
"""

from __future__ import annotations

from collections import deque

from correlator.truth.gauge import Gauge

_REFUSALS = frozenset((403, 418, 429))
_MOST_REMEMBERED = 4_096  # departures of failures; a success can only overtake those of one timeout before it


def is_failure(status: int) -> bool:
    """Whether a reply's status is the venue's failure and not the client's."""
    return status >= 500 or status in _REFUSALS


class ApiOutage:
    """Follows one venue's API as the monitor found it."""

    mandate = "api_outage"

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._last_good_ns = -1
        self._first_failed: tuple[int, int] | None = None  # departure, seq
        self._failed: deque[tuple[int, int]] = deque(maxlen=_MOST_REMEMBERED)
        self._known_ns = 0

    def succeeded(self, known_ns: int, departed_ns: int) -> None:
        """A request that left at ``departed_ns`` was answered well, at ``known_ns``."""
        self._advance(known_ns)
        self._last_good_ns = max(self._last_good_ns, departed_ns)
        if self._first_failed is None or self._first_failed[0] > self._last_good_ns:
            return
        later = sorted(failed for failed in self._failed if failed[0] > self._last_good_ns)
        self._failed = deque(later, maxlen=_MOST_REMEMBERED)
        self._first_failed = later[0] if later else None
        self._known_ns = known_ns
        failing_ns = known_ns - later[0][0] if later else -1
        self._gauge.envelope.add(known_ns, max(0, failing_ns) / 1e9)
        for rule in self._gauge.rules:
            if failing_ns < round(rule.tracker.bound * 1e9):
                rule.tracker.end(known_ns)

    def failed(self, known_ns: int, departed_ns: int, seq: int) -> None:
        """A request that left at ``departed_ns`` failed; the client knew at ``known_ns``."""
        self._advance(known_ns)
        if departed_ns <= self._last_good_ns:
            return
        self._failed.append((departed_ns, seq))
        if self._first_failed is None or departed_ns < self._first_failed[0]:
            self._first_failed = (departed_ns, seq)
            self._known_ns = known_ns

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        self._advance(at_ns)
        for rule in self._gauge.rules:
            rule.tracker.finish(at_ns)

    def _advance(self, to_ns: int) -> None:
        if self._first_failed is None:
            return
        departed_ns, seq = self._first_failed
        failing_ns = to_ns - departed_ns
        self._gauge.envelope.add(to_ns, failing_ns / 1e9)
        for rule in self._gauge.rules:
            begins_ns = max(departed_ns + round(rule.tracker.bound * 1e9), self._known_ns)
            if to_ns > begins_ns:
                rule.tracker.begin(begins_ns, seq, failing_ns / 1e9)
