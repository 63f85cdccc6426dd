"""Feed staleness: time since the monitor was last reached by a price of a pair from a venue's stream (subject
``venue:pair``), or by any account data of a venue (subject: the venue). Before the first one, time since the start."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.agenda import NEVER_NS, Agenda, Job
from risk_monitor.alerts import Evidence, Watch
from risk_monitor.books.marks import Quote, evidence_of
from risk_monitor.mandates.elapsed import Elapsed
from risk_monitor.watchtower import Watchtower


class PriceStaleness:
    """Keeps ``is_fresh`` of every quote, and the watches on them. A quote counts as stale beyond the lowest bound; if
    the firm has no such rule, never.

    One job serves all quotes. It wakes when the quote that was heard least recently would pass its next bound.
    """

    def __init__(self, tower: Watchtower, quotes: tuple[Quote, ...], agenda: Agenda) -> None:
        self._tower = tower
        self._bound_ns = self._lowest_ns()
        self._agenda = agenda
        self._job = Job(self._look)
        self._start_ns = 0
        self._lines: list[tuple[Quote, Watch]] = []
        self._watch_of: dict[Quote, Watch] = {}
        self.listeners: list[Callable[[int], None]] = []
        """Told when a quote has gone stale or come back."""
        for quote in quotes:
            watch = tower.watch("feed_staleness", f"{quote.venue}:{quote.pair}", evidence_of((quote,)), "prices")
            if watch is not None:
                self._lines.append((quote, watch))
                self._watch_of[quote] = watch
        tower.on_change.append(self._rebound)

    @property
    def patience_ns(self) -> int:
        """For how long a price is fresh; 0 where the firm has not said so."""
        return self._bound_ns if self._bound_ns < NEVER_NS else 0

    def _lowest_ns(self) -> int:
        kept = self._tower.limits.mandate("feed_staleness")
        bounds = kept.bounds("prices") if kept else ()
        return int(bounds[0].value) if bounds else NEVER_NS

    def _rebound(self, now_ns: int) -> None:
        """Other limits are in force."""
        self._bound_ns = self._lowest_ns()
        if self._lines:
            self._agenda.arm(self._job, now_ns + 1)

    def start(self, now_ns: int) -> None:
        self._start_ns = now_ns
        if self._lines:
            self._agenda.arm(self._job, now_ns + self._bound_ns + 1)

    def revive(self, now_ns: int, quote: Quote) -> None:
        """A quote that was stale, or never heard of, was heard."""
        quote.is_fresh = True
        watch = self._watch_of.get(quote)
        if watch is not None:
            watch.observe(now_ns, 0.0)
            due_ns = now_ns + self._bound_ns + 1
            if due_ns < self._job.due_ns:
                self._agenda.arm(self._job, due_ns)
        for listener in self.listeners:
            listener(now_ns)

    def _look(self, now_ns: int) -> None:
        next_ns = NEVER_NS
        changed = False
        for quote, watch in self._lines:
            since_ns = quote.seen_ns if quote.seen_ns >= 0 else self._start_ns
            elapsed_ns = now_ns - since_ns
            if elapsed_ns > self._bound_ns:
                watch.observe(now_ns, elapsed_ns)
                if quote.is_fresh:
                    quote.is_fresh = False
                    quote.on_stale()
                    for check in quote.checks:
                        check(now_ns)
                    changed = True
                bound = watch.next_bound(elapsed_ns)
                if bound is None:
                    continue
                due_ns = since_ns + int(bound) + 1
            else:
                watch.value = elapsed_ns
                due_ns = since_ns + self._bound_ns + 1
            if due_ns < next_ns:
                next_ns = due_ns
        if next_ns != NEVER_NS:
            self._agenda.arm(self._job, next_ns)
        if changed:
            for listener in self.listeners:
                listener(now_ns)


class PositionStaleness:
    """Age of one venue's account data."""

    __slots__ = ("_elapsed",)

    def __init__(self, tower: Watchtower, venue: str, evidence: Evidence, agenda: Agenda) -> None:
        watch = tower.watch("feed_staleness", venue, evidence, "positions")
        self._elapsed = Elapsed(watch, agenda) if watch else None

    def reached(self, now_ns: int) -> None:
        """Account data of the venue arrived (or the monitor has just started)."""
        elapsed = self._elapsed
        if elapsed is None:
            return
        if elapsed.since_ns is None or elapsed.is_astir:
            elapsed.restart(now_ns, now_ns)
        else:
            elapsed.since_ns = now_ns
