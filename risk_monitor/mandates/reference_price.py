"""Reference price: how far a price source is from what the others say, each held against the mark of its own time.

A source's *ratio* is its price over the mark at that price's timestamp: since that names a second only, and markets
jump within one, over the nearest mark from a second before to a second after it. With one source, its ratio must be
near 1. With more, the middle of the ratios and of the mark's own, 1, is what counts: whoever is alone with his opinion
is wrong, and that may be the exchanges. A price older than five minutes by its own timestamp says nothing any more.
"""

from __future__ import annotations

from risk_monitor.agenda import NEVER_NS, Agenda, Job
from risk_monitor.alerts import Evidence, Watch
from risk_monitor.books.mark_history import MarkHistory
from risk_monitor.books.marks import MarkBook
from risk_monitor.connectors.domain import IndexPrice
from risk_monitor.timestamps import NS_PER_SECOND, utc
from risk_monitor.watchtower import Watchtower

MAX_AGE_NS = 300 * NS_PER_SECOND


class _View:
    """What one source said last of one asset. ``ratio`` 0.0: there is no mark to hold it against."""

    __slots__ = ("at_ns", "price", "ratio", "source", "watch")

    def __init__(self, source: str) -> None:
        self.source = source
        self.price = 0.0
        self.at_ns = 0
        self.ratio = 0.0
        self.watch: Watch | None = None

    def counts(self, now_ns: int) -> bool:
        return self.ratio > 0.0 and now_ns - self.at_ns <= MAX_AGE_NS

    def evidence(self, asset: str) -> str:
        mark = self.price / self.ratio
        return f"{self.source} {asset}={self.price:.10g} at {utc(self.at_ns)}, nearest mark then {mark:.10g}"


class ReferencePrice:
    """All sources. ``history`` has to be shown the marks at each look at them."""

    def __init__(
        self, tower: Watchtower, sources: tuple[tuple[str, tuple[str, ...]], ...], marks: MarkBook, agenda: Agenda
    ) -> None:
        self._agenda = agenda
        self._job = Job(self._expire)
        self._views: dict[str, dict[str, _View]] = {}  # by asset and source
        for source, assets in sources:
            for asset in assets:
                if asset in marks.index:
                    views = self._views.setdefault(asset, {})
                    view = views[source] = _View(source)
                    view.watch = tower.watch("reference_price", f"{source}:{asset}", self._evidence_of(asset))
        self.is_kept = any(view.watch is not None for views in self._views.values() for view in views.values())
        self.history = MarkHistory(marks, tuple(self._views))

    def told(self, now_ns: int, source: str, prices: tuple[IndexPrice, ...]) -> None:
        """A source has told prices."""
        if not self.is_kept:
            return
        for told in prices:
            view = self._views.get(told.asset, {}).get(source)
            if view is None:
                continue
            price, at_ns = told.price_usd, told.at_ns
            mark = self.history.nearest(told.asset, price, at_ns - NS_PER_SECOND, at_ns + 2 * NS_PER_SECOND)
            view.price, view.at_ns = price, at_ns
            view.ratio = price / mark if mark > 0.0 else 0.0
            self._compare(now_ns, told.asset)
            expires_ns = at_ns + MAX_AGE_NS + 1
            if now_ns < expires_ns < self._job.due_ns:
                self._agenda.arm(self._job, expires_ns)

    def _compare(self, now_ns: int, asset: str) -> None:
        views = self._views[asset].values()
        middle = _middle([view.ratio for view in views if view.counts(now_ns)])
        for view in views:
            if view.watch is None:
                continue
            if view.counts(now_ns):
                view.watch.observe(now_ns, abs(view.ratio / middle - 1.0))
            else:
                view.watch.lose_sight()

    def _expire(self, now_ns: int) -> None:
        """A price has grown too old."""
        next_ns = NEVER_NS
        for asset, views in self._views.items():
            self._compare(now_ns, asset)
            for view in views.values():
                expires_ns = view.at_ns + MAX_AGE_NS + 1
                if now_ns < expires_ns < next_ns:
                    next_ns = expires_ns
        if next_ns != NEVER_NS:
            self._agenda.arm(self._job, next_ns)

    def _evidence_of(self, asset: str) -> Evidence:
        """What each source said, and of three or more opinions, the one that is alone."""

        def evidence() -> tuple[str, ...]:
            now_ns = self._agenda.now_ns
            views = [view for view in self._views[asset].values() if view.counts(now_ns)]
            lines = tuple(view.evidence(asset) for view in views)
            if len(views) < 2:
                return lines
            middle = _middle([view.ratio for view in views])
            opinions = [(abs(1.0 / middle - 1.0), "the exchanges' mark")]
            opinions += [(abs(view.ratio / middle - 1.0), view.source) for view in views]
            return (*lines, f"odd one out of {len(opinions)}: {max(opinions)[1]}")

        return evidence


def _middle(ratios: list[float]) -> float:
    """What the sources' ratios are held against: with fewer than two of them, the mark itself."""
    if len(ratios) < 2:
        return 1.0
    ordered = sorted((1.0, *ratios))
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2.0
