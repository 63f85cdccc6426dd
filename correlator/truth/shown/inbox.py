"""Inbox: what is on its way to the monitor on one feed, given out in the order in which it arrives."""

from __future__ import annotations

import numpy as np

from correlator.records import Push
from correlator.truth.intervals import Times


class Inbox:
    """Stream messages of one feed. ``arrivals`` is always the same list: what is sent is put there from outside.

    What never arrives (``arrives_ns`` 0) reaches nobody.
    """

    def __init__(self) -> None:
        self.arrivals: list[Push] = []

    def take(self, known_ns: int) -> tuple[list[Push], Times]:
        """Take out everything that had arrived by ``known_ns``, earliest first, with the times of that."""
        arrivals = self.arrivals
        times = np.fromiter([push.arrives_ns for push in arrivals], np.int64, len(arrivals))
        if not arrivals:
            return [], times
        if times[0] > 0 and (times[1:] >= times[:-1]).all():  # as on every wire that nothing has been done to
            count = int(np.searchsorted(times, known_ns, side="right"))
            came = arrivals[:count]
            del arrivals[:count]
            return came, times[:count]
        came = [push for push in arrivals if 0 < push.arrives_ns <= known_ns]
        arrivals[:] = [push for push in arrivals if push.arrives_ns > known_ns]
        came.sort(key=lambda push: push.arrives_ns)
        return came, np.sort(times[(times > 0) & (times <= known_ns)])

    def drop(self, stream_id: int, at_ns: int) -> None:
        """The client has left a stream: what was on its way to it then reaches nobody."""
        self.arrivals[:] = [
            push for push in self.arrivals if not (push.stream_id == stream_id and push.arrives_ns > at_ns)
        ]
