"""Shown book: what the venue shows of one pair's order book, which is the true one unless a fault retouches it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from simulators.exchange.core import Exchange

Top = tuple[int, int, int, int]
"""Best bid and ask: bid ticks, bid lots, ask ticks, ask lots; 0 ticks and lots for an empty side."""

Levels = list[tuple[int, int]]
"""(ticks, lots) of one side, from the best outward."""


class Retouch(Protocol):
    """What makes a shown book differ from the true one; it is given what the retouches before it have made of that."""

    def quote(self, update_id: int, top: Top) -> Top:
        """A best bid and ask that a stream is about to tell."""

    def top(self, update_id: int, top: Top) -> Top:
        """A best bid and ask that somebody asks for."""

    def depth(self, bids: Levels, asks: Levels) -> tuple[Levels, Levels]:
        """The levels of both sides."""


class ShownBook:
    """One pair's book as clients see it; ``retouches`` apply in the order in which they began.

    ``on_change`` is called when there is a first retouch, and when there is none left.
    """

    __slots__ = ("_exchange", "_index", "on_change", "retouches")

    def __init__(self, exchange: Exchange, index: int) -> None:
        self._exchange = exchange
        self._index = index
        self.retouches: tuple[Retouch, ...] = ()
        self.on_change: Callable[[], None] | None = None

    def add(self, retouch: Retouch) -> None:
        self._set((*self.retouches, retouch))

    def remove(self, retouch: Retouch) -> None:
        self._set(tuple(other for other in self.retouches if other is not retouch))

    def quote(self, update_id: int, top: Top) -> Top:
        """The best bid and ask that go out on a stream; asked for each form of the stream that has receivers."""
        for retouch in self.retouches:
            top = retouch.quote(update_id, top)
        return top

    def top(self, update_id: int) -> Top:
        """The best bid and ask now."""
        top = self._exchange.top(self._index)
        for retouch in self.retouches:
            top = retouch.top(update_id, top)
        return top

    def depth(self, levels: int) -> tuple[Levels, Levels]:
        """The best ``levels`` of each side."""
        bids, asks = self._exchange.depth(self._index, levels)
        for retouch in self.retouches:
            bids, asks = retouch.depth(bids, asks)
        return (bids[:levels], asks[:levels]) if self.retouches else (bids, asks)

    def _set(self, retouches: tuple[Retouch, ...]) -> None:
        is_other = bool(retouches) != bool(self.retouches)
        self.retouches = retouches
        if is_other and self.on_change is not None:
            self.on_change()
