"""The firm as the gate sees it: exposures, marks, and what a pair is quoted at."""

from __future__ import annotations

from risk_monitor.books.marks import Quote
from risk_monitor.books.portfolio import Portfolio


class FirmView:
    """Reads the monitor's own books; holds nothing but the way to them."""

    def __init__(self, portfolio: Portfolio, quotes: tuple[Quote, ...]) -> None:
        self._portfolio = portfolio
        self._quotes = {(quote.venue, quote.symbol): quote for quote in quotes}
        self._by_pair: dict[str, tuple[Quote, ...]] = {}
        for quote in quotes:
            self._by_pair[quote.pair] = (*self._by_pair.get(quote.pair, ()), quote)

    @property
    def is_known(self) -> bool:
        """Whether every place where the firm holds something has been seen."""
        return self._portfolio.holdings.are_known

    def pair(self, venue: str, symbol: str) -> str | None:
        """The pair that a venue's symbol stands for; None if the monitor does not watch it."""
        quote = self._quotes.get((venue, symbol))
        return None if quote is None else quote.pair

    def mid(self, venue: str, symbol: str) -> float:
        """The middle of the book there; if that is not fresh, the mean of the other venues' fresh ones; 0.0 if none."""
        quote = self._quotes[venue, symbol]
        if quote.is_fresh and quote.mid > 0.0:
            return quote.mid
        mids = [other.mid for other in self._by_pair[quote.pair] if other.is_fresh and other.mid > 0.0]
        return sum(mids) / len(mids) if mids else 0.0

    def assets(self) -> tuple[str, ...]:
        return self._portfolio.marks.assets

    def exposure(self, asset: str) -> float:
        """Holdings and perpetual positions in an asset, signed."""
        index = self._portfolio.marks.index.get(asset)
        return 0.0 if index is None else self._portfolio.exposures[index]

    def mark(self, asset: str) -> float:
        """USD per unit, 0.0 if unknown."""
        return self._portfolio.marks.mark(asset)
