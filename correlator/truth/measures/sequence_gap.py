"""Sequence gap: frames of a book's depth stream that do not follow on what came before them."""

from __future__ import annotations

from correlator.records import Push
from correlator.truth.gauge import Gauge
from correlator.truth.shown.inbox import Inbox
from correlator.truth.shown.payloads import read_depth
from correlator.truth.sliding import SlidingSum


class SequenceGap:
    """Frames within ``window`` whose first update id is not the last one's plus 1, per ``venue:pair``.

    A connection's first frame follows on nothing.
    """

    mandate = "sequence_gap"

    def __init__(self, gauge: Gauge, window_ns: int) -> None:
        self.inbox = Inbox()
        self._gaps = SlidingSum(gauge, window_ns)
        self._stream_id = 0
        self._last_id: int | None = None

    def settle(self, known_ns: int) -> None:
        """Count what had arrived by ``known_ns``."""
        for push in self.inbox.take(known_ns)[0]:
            self._take(push)
        self._gaps.advance(known_ns)

    def _take(self, push: Push) -> None:
        update = read_depth(push.payload)
        if update is None:
            return
        if push.stream_id != self._stream_id:
            self._stream_id, self._last_id = push.stream_id, None
        if self._last_id is not None and self._last_id + 1 != update.U:
            self._gaps.add(push.arrives_ns, 1.0, push.seq)
        self._last_id = update.u
