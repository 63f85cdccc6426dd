"""Visibility: how long the monitor has been blind. Of an asset that is held: time since the last moment at which its
mark could be computed from fresh quotes. Of the ``firm``: since the marks of all that it holds could be, and every
account had been seen within the staleness bound of positions. What cannot be seen is not therefore in order."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.agenda import NEVER_NS, Agenda
from risk_monitor.books.freshness import FreshMark
from risk_monitor.books.holdings import Holdings
from risk_monitor.books.marks import MarkBook, evidence_of
from risk_monitor.mandates.elapsed import Elapsed
from risk_monitor.timestamps import utc
from risk_monitor.watchtower import Watchtower


class _AssetSight:
    """Since when an asset that is held cannot be priced; None while it can be, or is not held."""

    __slots__ = ("asset", "elapsed", "lost_ns", "mark")

    def __init__(self, asset: str, mark: FreshMark, elapsed: Elapsed | None) -> None:
        self.asset = asset
        self.mark = mark
        self.elapsed = elapsed
        self.lost_ns: int | None = None

    def set(self, now_ns: int, is_seen: bool) -> None:
        self.lost_ns = None if is_seen else now_ns
        if self.elapsed is not None:
            self.elapsed.restart(now_ns, self.lost_ns)


class Visibility:
    """Looked at whenever the portfolio is, and when a quote goes stale or comes back. ``heard_ns`` gives when something
    was last heard of the account that has been silent longest, -1 for never; ``heard`` the same of each, by name."""

    def __init__(
        self,
        tower: Watchtower,
        marks: MarkBook,
        holdings: Holdings,
        heard_ns: Callable[[], int],
        heard: Callable[[], tuple[tuple[str, int], ...]],
        agenda: Agenda,
    ) -> None:
        self._holdings = holdings
        self._holdings_version = -1
        self._held: tuple[_AssetSight, ...] = ()
        self._heard_ns = heard_ns
        self._heard = heard
        staleness = tower.limits.mandate("feed_staleness")
        bounds = staleness.bounds("positions") if staleness else ()
        self._bound_ns = int(bounds[0].value) if bounds else NEVER_NS
        self._start_ns = 0
        self._lines: list[_AssetSight] = []
        for asset in marks.assets:
            if asset == "USD":
                continue
            mark = FreshMark(marks, asset)
            is_traded = asset not in tower.limits.stablecoins
            watch = tower.watch("visibility", asset, evidence_of(mark.quotes)) if is_traded else None
            self._lines.append(_AssetSight(asset, mark, Elapsed(watch, agenda) if watch else None))
        self._lost_ns: int | None = None
        firm = tower.watch("visibility", "firm", self._evidence)
        self._firm = Elapsed(firm, agenda) if firm else None
        self.is_kept = firm is not None or any(line.elapsed for line in self._lines)

    def start(self, now_ns: int, blind_since_ns: int) -> None:
        """Nothing has been seen yet since ``blind_since_ns``: now, or when a monitor that was restarted had last told
        that it was alive."""
        self._start_ns = blind_since_ns
        self._lost_ns = blind_since_ns
        if self._firm is not None:
            self._firm.restart(now_ns, blind_since_ns)
        for line in self._lines:
            line.lost_ns = blind_since_ns
            if line.elapsed is not None:
                line.elapsed.restart(now_ns, blind_since_ns)

    def look(self, now_ns: int) -> None:
        if self._holdings.version != self._holdings_version:
            self._find_held(now_ns)
        lost_ns = NEVER_NS
        for line in self._held:
            is_seen = line.mark.is_fresh
            if is_seen is not (line.lost_ns is None):
                line.set(now_ns, is_seen)
            if line.lost_ns is not None and line.lost_ns < lost_ns:
                lost_ns = line.lost_ns
        if self._firm is None:
            return
        heard_ns = self._heard_ns()
        if heard_ns < 0:
            lost_ns = self._start_ns
        elif now_ns - heard_ns > self._bound_ns:
            lost_ns = min(lost_ns, heard_ns + self._bound_ns)
        if lost_ns == NEVER_NS:
            if self._lost_ns is not None:
                self._lost_ns = None
                self._firm.restart(now_ns, None)
        elif self._lost_ns is None:
            self._lost_ns = lost_ns
            self._firm.restart(now_ns, lost_ns)

    def _find_held(self, now_ns: int) -> None:
        """What is not known to be held may be; what is known not to be held need not be seen."""
        holdings = self._holdings
        self._holdings_version = holdings.version
        self._held = tuple(line for line in self._lines if not holdings.are_known or holdings.total(line.asset))
        for line in self._lines:
            if line not in self._held and line.lost_ns is not None:
                line.set(now_ns, True)

    def _evidence(self) -> tuple[str, ...]:
        """What is not seen."""
        assets = tuple(f"no fresh quote prices {line.asset}" for line in self._lines if line.lost_ns is not None)
        unheard = sorted((heard_ns, name) for name, heard_ns in self._heard())
        return assets + tuple(f"{name} {_last_heard(heard_ns)}" for heard_ns, name in unheard[:3])


def _last_heard(heard_ns: int) -> str:
    return f"last heard of at {utc(heard_ns)}" if heard_ns >= 0 else "not heard of since the start"
