"""Mark history: what assets were worth at each look of the last few minutes. A price from elsewhere is some time old
when it comes, and has to be held against the mark of its own time.
"""

from __future__ import annotations

from collections import deque

from risk_monitor.books.freshness import FreshMark
from risk_monitor.books.marks import MarkBook

_LOOKS = 512  # one a second
_OLDEST_NS = 10 * 10**9


class MarkHistory:
    """Marks of ``assets`` at the last looks. Those that are not fresh are left out."""

    def __init__(self, marks: MarkBook, assets: tuple[str, ...]) -> None:
        self._marks = marks
        self._fresh = tuple(FreshMark(marks, asset) for asset in assets)
        self._looks: deque[tuple[int, list[float]]] = deque(maxlen=_LOOKS)
        self._stale = tuple(marks.index[asset] for asset in assets)

    def refresh(self, now_ns: int) -> None:
        """A quote has gone stale or come back."""
        self._stale = tuple(self._marks.index[mark.asset] for mark in self._fresh if not mark.is_fresh)

    def look(self, now_ns: int) -> None:
        """Remember the marks, which have just been computed."""
        marks = self._marks.marks[:]
        for index in self._stale:
            marks[index] = 0.0
        self._looks.append((now_ns, marks))

    def nearest(self, asset: str, price: float, from_ns: int, to_ns: int) -> float:
        """Of the marks between two moments, the one nearest to a price; if nobody looked then, the one before; 0.0 if
        there was none, or none lately."""
        index = self._marks.index[asset]
        nearest = 0.0
        for looked_ns, marks in reversed(self._looks):
            if looked_ns <= to_ns:
                if looked_ns < from_ns and (nearest or looked_ns < from_ns - _OLDEST_NS):
                    break
                mark = marks[index]
                if mark and (not nearest or abs(mark - price) < abs(nearest - price)):
                    nearest = mark
                if looked_ns < from_ns:
                    break
        return nearest
