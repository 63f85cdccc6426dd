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

    def at(self, asset: str, at_ns: int) -> float:
        """The mark at a moment, as of the look before it; 0.0 if there was none or none lately."""
        for looked_ns, marks in reversed(self._looks):
            if looked_ns <= at_ns:
                return marks[self._marks.index[asset]] if looked_ns >= at_ns - _OLDEST_NS else 0.0
        return 0.0
