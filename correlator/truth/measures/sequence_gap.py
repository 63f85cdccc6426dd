"""Sequence gap: frames of a book's depth stream that do not follow on what came before them."""

from __future__ import annotations

from correlator.records import Push
from correlator.truth.gauge import Gauge
from correlator.truth.shown.inbox import Inbox
from correlator.truth.shown.payloads import read_depth
from correlator.truth.sliding import SlidingSum

_MOST_STREAMS = 16  # on which frames are still expected: at most one is open, the others speak of their past


class SequenceGap:
    """Frames within ``window`` whose first update id is not the last one's plus 1, per ``venue:pair``.

    A connection's first frame follows on nothing; a late one of an old connection has no part in those of the next.
    """

    mandate = "sequence_gap"

    def __init__(self, gauge: Gauge, window_ns: int) -> None:
        self.inbox = Inbox()
        self._gaps = SlidingSum(gauge, window_ns)
        self._last_ids: dict[int, int] = {}  # stream → last update id that was shown on it

    def settle(self, known_ns: int) -> None:
        """Count what had arrived by ``known_ns``."""
        for push in self.inbox.take(known_ns)[0]:
            self._take(push)
        self._gaps.advance(known_ns)

    def _take(self, push: Push) -> None:
        update = read_depth(push.payload)
        if update is None:
            return
        last_id = self._last_ids.pop(push.stream_id, None)
        if last_id is not None and last_id + 1 != update.U:
            self._gaps.add(push.arrives_ns, 1.0, push.seq)
        if len(self._last_ids) >= _MOST_STREAMS:
            del self._last_ids[next(iter(self._last_ids))]
        self._last_ids[push.stream_id] = update.u
