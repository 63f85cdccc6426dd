"""Snapshot loss: what share of an exchange's book snapshots did not come, or could not be read."""

from __future__ import annotations

from correlator.truth.gauge import Gauge
from correlator.truth.shown.payloads import SNAPSHOT, read
from correlator.truth.sliding import SlidingShare

FEWEST_SNAPSHOTS = 10
PATHS = ("/api/v3/depth", "/fapi/v1/depth")


class SnapshotLoss:
    """Failed ÷ asked for, over the snapshots whose request ended within ``window``, or the last 10 of them."""

    mandate = "snapshot_loss"

    def __init__(self, gauge: Gauge, window_ns: int) -> None:
        self._share = SlidingShare(gauge, window_ns, FEWEST_SNAPSHOTS)

    def answered(self, at_ns: int, status: int, body: bytes, seq: int) -> None:
        """A snapshot came, or a reply in its place."""
        self._share.add(at_ns, status != 200 or read(SNAPSHOT, body) is None, seq)

    def failed(self, at_ns: int, seq: int) -> None:
        """A request for one had no reply."""
        self._share.add(at_ns, True, seq)

    def advance(self, to_ns: int) -> None:
        """Let time pass."""
        self._share.advance(to_ns)
