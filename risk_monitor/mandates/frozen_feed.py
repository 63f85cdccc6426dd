"""Frozen feed: a stream that goes on and says nothing new. Time since the best bid or ask shown last changed, while at
least 10 quotes have been shown since."""

from __future__ import annotations

from risk_monitor.agenda import NEVER_NS, Agenda, Job
from risk_monitor.alerts import Watch
from risk_monitor.books.marks import REPEATS, Quote, evidence_of
from risk_monitor.watchtower import Watchtower


class FrozenFeed:
    """All quotes, with one job that wakes when the one that changed least recently would pass its next bound.

    A quote is *stuck* once it has stood beyond its lowest bound, repeated often enough or not yet.
    """

    def __init__(self, tower: Watchtower, quotes: tuple[Quote, ...], agenda: Agenda) -> None:
        self._agenda = agenda
        self._job = Job(self._look)
        self._watch_of: dict[Quote, Watch] = {}
        for quote in quotes:
            watch = tower.watch("frozen_feed", f"{quote.venue}:{quote.pair}", evidence_of((quote,)))
            if watch is not None:
                self._watch_of[quote] = watch
                quote.is_stuck = True
                quote.on_moved = self._on_moved
                quote.on_repeated = self._on_repeated

    def refresh(self, now_ns: int) -> None:
        """Bring the values shown up to date; they decide nothing."""
        for quote, watch in self._watch_of.items():
            if quote.seen_ns >= 0:
                watch.value = now_ns - quote.moved_ns if quote.repeats >= REPEATS else 0.0

    def _on_moved(self, now_ns: int, quote: Quote) -> None:
        """A quote that was stuck, or never heard of, has changed."""
        watch = self._watch_of[quote]
        quote.is_stuck = False
        watch.observe(now_ns, 0.0)
        due_ns = now_ns + int(watch.lowest) + 1
        if due_ns < self._job.due_ns:
            self._agenda.arm(self._job, due_ns)

    def _on_repeated(self, now_ns: int, quote: Quote) -> None:
        """A quote was shown unchanged for the tenth time: until now it was only old."""
        if now_ns - quote.moved_ns > self._watch_of[quote].lowest:
            self._look(now_ns)

    def _look(self, now_ns: int) -> None:
        next_ns = NEVER_NS
        for quote, watch in self._watch_of.items():
            if quote.seen_ns < 0:
                continue
            standing_ns = now_ns - quote.moved_ns
            bound: float | None = watch.lowest
            if standing_ns > watch.lowest:
                quote.is_stuck = True
                if quote.repeats < REPEATS:
                    continue
                watch.observe(now_ns, standing_ns)
                bound = watch.next_bound(standing_ns)
            if bound is not None:
                next_ns = min(next_ns, quote.moved_ns + int(bound) + 1)
        if next_ns < self._job.due_ns:
            self._agenda.arm(self._job, next_ns)
