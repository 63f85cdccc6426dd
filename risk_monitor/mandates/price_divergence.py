"""Price divergence: how far exchanges disagree about one pair, ``(largest mid − smallest mid) ÷ mean of the two``.
Exchanges whose quote is stale or has an empty side are left out; with fewer than two there is no measure."""

from __future__ import annotations

from risk_monitor.alerts import Watch
from risk_monitor.books.marks import Quote, evidence_of
from risk_monitor.watchtower import Watchtower


class PriceDivergence:
    """Checked on every quote of the pair, and when one goes stale."""

    __slots__ = ("_quotes", "_watch")

    def __init__(self, watch: Watch, quotes: tuple[Quote, ...]) -> None:
        self._watch = watch
        self._quotes = quotes

    def check(self, now_ns: int) -> None:
        low = high = 0.0
        count = 0
        for quote in self._quotes:
            if quote.is_fresh:
                mid = quote.mid
                if mid > 0.0:
                    if not count:
                        low = high = mid
                    elif mid > high:
                        high = mid
                    elif mid < low:
                        low = mid
                    count += 1
        watch = self._watch
        if count < 2:
            watch.lose_sight()
            return
        value = (high - low) * 2.0 / (high + low)
        if value > watch.lowest or not watch.quiet:
            watch.observe(now_ns, value)
        else:
            watch.value = value


def keep(tower: Watchtower, quotes: tuple[Quote, ...]) -> None:
    """Attach the mandate to every quote that it is measured by."""
    for pair in dict.fromkeys(quote.pair for quote in quotes):
        listed = tuple(quote for quote in quotes if quote.pair == pair)
        if len(listed) < 2:
            continue
        watch = tower.watch("price_divergence", pair, evidence_of(listed))
        if watch is not None:
            mandate = PriceDivergence(watch, listed)
            for quote in listed:
                quote.checks += (mandate.check,)
