"""Freshness: whether an asset can be priced by what was heard lately."""

from __future__ import annotations

from risk_monitor.books.marks import MarkBook, Quote


class FreshMark:
    """One asset's mark. It is fresh while, of the quotes it is made of, one has a mid and is not stale, and likewise of
    those of the coin that it is quoted in if that is not USD."""

    __slots__ = ("_legs", "asset", "is_priceable")

    def __init__(self, marks: MarkBook, asset: str) -> None:
        self.asset = asset
        own = marks.quotes_behind(asset)
        legs = [own]
        if own and not own[0].pair.endswith("/USD"):
            legs.append(marks.quotes_behind(own[0].pair.partition("/")[2]))
        self._legs = tuple(legs)
        self.is_priceable = all(legs)
        """Whether any market that is watched prices it at all."""

    @property
    def is_fresh(self) -> bool:
        return all(any(quote.is_fresh and quote.mid > 0.0 for quote in leg) for leg in self._legs)

    @property
    def seen_ns(self) -> int:
        """Until when it could be priced, as far as its quotes tell: the last arrival of the leg that has been silent
        longest; -1 if one has never been heard."""
        return min((max((quote.seen_ns for quote in leg), default=-1) for leg in self._legs), default=-1)

    @property
    def quotes(self) -> tuple[Quote, ...]:
        return tuple(quote for leg in self._legs for quote in leg)
