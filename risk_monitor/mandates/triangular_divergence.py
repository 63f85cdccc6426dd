"""Triangular divergence: how far one exchange disagrees with itself,
``|mid(ETH/BTC) × mid(BTC/USDT) ÷ mid(ETH/USDT) − 1|``. No measure while one of the three is stale or one-sided."""

from __future__ import annotations

from risk_monitor.alerts import Watch
from risk_monitor.books.marks import Quote, evidence_of
from risk_monitor.watchtower import Watchtower

_PAIRS = ("ETH/BTC", "BTC/USDT", "ETH/USDT")


class TriangularDivergence:
    """Checked on every quote of the three, and when one goes stale."""

    __slots__ = ("_direct", "_first", "_second", "_watch")

    def __init__(self, watch: Watch, first: Quote, second: Quote, direct: Quote) -> None:
        self._watch = watch
        self._first = first
        self._second = second
        self._direct = direct

    def check(self, now_ns: int) -> None:
        first, second, direct = self._first, self._second, self._direct
        watch = self._watch
        mid = direct.mid
        value = first.mid * second.mid
        if value <= 0.0 or mid <= 0.0 or not (first.is_fresh and second.is_fresh and direct.is_fresh):
            watch.lose_sight()
            return
        value = value / mid - 1.0
        if value < 0.0:
            value = -value
        if value > watch.lowest or not watch.quiet:
            watch.observe(now_ns, value)
        else:
            watch.value = value


def keep(tower: Watchtower, quotes: tuple[Quote, ...]) -> None:
    """Attach the mandate to every quote that it is measured by."""
    for venue in dict.fromkeys(quote.venue for quote in quotes):
        listed = {quote.pair: quote for quote in quotes if quote.venue == venue}
        if not all(pair in listed for pair in _PAIRS):
            continue
        legs = tuple(listed[pair] for pair in _PAIRS)
        watch = tower.watch("triangular_divergence", venue, evidence_of(legs))
        if watch is not None:
            mandate = TriangularDivergence(watch, *legs)
            for quote in legs:
                quote.checks += (mandate.check,)
