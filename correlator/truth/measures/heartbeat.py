"""Heartbeat: how long ago a strategy was last known to be alive."""

from __future__ import annotations

from correlator.records import Push
from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.feed_staleness import Feed
from correlator.truth.shown.inbox import Inbox
from correlator.truth.shown.payloads import HEARTBEATS, read


class Heartbeat:
    """now − when the monitor was last reached by a heartbeat of the strategy; until the first, since the start."""

    mandate = "heartbeat"

    def __init__(self, board: GaugeBoard, strategies: list[str], start_ns: int) -> None:
        self.inbox = Inbox()
        self._feeds: dict[str, Feed] = {}
        for strategy in strategies:
            gauge = board.bound(self.mandate, strategy)
            if gauge is not None:
                self._feeds[strategy] = Feed(gauge, start_ns)

    def take(self, push: Push) -> None:
        """A frame was sent that speaks of heartbeats."""
        self.inbox.arrivals.append(push)

    def settle(self, known_ns: int) -> None:
        """Compute the silences up to ``known_ns``."""
        for push in self.inbox.take(known_ns)[0]:
            heartbeats = read(HEARTBEATS, push.payload)
            for strategy in heartbeats.alive if heartbeats is not None else ():
                feed = self._feeds.get(strategy)
                if feed is not None:
                    feed.arrivals.append(push)
        for feed in self._feeds.values():
            feed.settle(known_ns)

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        self.settle(at_ns)
        for feed in self._feeds.values():
            feed.finish(at_ns)
