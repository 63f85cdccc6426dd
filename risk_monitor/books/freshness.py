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
        for leg in self._legs:
            for quote in leg:
                if quote.is_fresh and quote.mid > 0.0:
                    break
            else:
                return False
        return True

    @property
    def quotes(self) -> tuple[Quote, ...]:
        return tuple(quote for leg in self._legs for quote in leg)
