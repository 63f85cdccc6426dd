"""Stablecoin peg: how far a stablecoin has parted from its dollar, ``|mark − 1|``."""

from __future__ import annotations

from risk_monitor.alerts import Watch
from risk_monitor.books.marks import Quote, evidence_of
from risk_monitor.watchtower import Watchtower


class StablecoinPeg:
    """Checked on every quote of the coin against USD."""

    __slots__ = ("_quotes", "_watch")

    def __init__(self, watch: Watch, quotes: tuple[Quote, ...]) -> None:
        self._watch = watch
        self._quotes = quotes

    def check(self, now_ns: int) -> None:
        total = 0.0
        count = 0
        for quote in self._quotes:
            if quote.mid > 0.0:
                total += quote.mid
                count += 1
        watch = self._watch
        if not count:
            watch.lose_sight()
            return
        value = total / count - 1.0
        if value < 0.0:
            value = -value
        if value > watch.lowest or not watch.quiet:
            watch.observe(now_ns, value)
        else:
            watch.value = value


def keep(tower: Watchtower, quotes: tuple[Quote, ...]) -> None:
    """Attach the mandate to every quote that it is measured by."""
    for coin in tower.limits.stablecoins:
        listed = tuple(quote for quote in quotes if quote.pair == f"{coin}/USD")
        if not listed:
            continue
        watch = tower.watch("stablecoin_peg", coin, evidence_of(listed))
        if watch is not None:
            mandate = StablecoinPeg(watch, listed)
            for quote in listed:
                quote.checks += (mandate.check,)
