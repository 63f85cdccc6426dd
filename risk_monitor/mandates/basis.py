"""Basis: how far a perpetual has parted from what it is a promise of, ``|mid of the perpetual ÷ mean mid of its spot
pair over the exchanges − 1|``. Quotes that are stale or one-sided are left out; without one on each side there is no
measure."""

from __future__ import annotations

from risk_monitor.alerts import Watch
from risk_monitor.books.marks import Quote, evidence_of
from risk_monitor.books.perpetuals import is_perpetual
from risk_monitor.watchtower import Watchtower


class Basis:
    """Checked on every quote of either, and when one goes stale."""

    __slots__ = ("_perpetual", "_spot", "_watch")

    def __init__(self, watch: Watch, perpetual: tuple[Quote, ...], spot: tuple[Quote, ...]) -> None:
        self._watch = watch
        self._perpetual = perpetual
        self._spot = spot

    def check(self, now_ns: int) -> None:
        watch = self._watch
        mid, spot = _mean(self._perpetual), _mean(self._spot)
        if mid <= 0.0 or spot <= 0.0:
            watch.lose_sight()
            return
        value = mid / spot - 1.0
        if value < 0.0:
            value = -value
        if value > watch.lowest or not watch.quiet:
            watch.observe(now_ns, value)
        else:
            watch.value = value


def _mean(quotes: tuple[Quote, ...]) -> float:
    total = 0.0
    count = 0
    for quote in quotes:
        if quote.is_fresh and quote.mid > 0.0:
            total += quote.mid
            count += 1
    return total / count if count else 0.0


def keep(tower: Watchtower, quotes: tuple[Quote, ...]) -> None:
    """Attach the mandate to every quote that it is measured by."""
    for symbol in dict.fromkeys(quote.pair for quote in quotes if is_perpetual(quote.pair)):
        perpetual = tuple(quote for quote in quotes if quote.pair == symbol)
        spot = tuple(quote for quote in quotes if quote.pair == symbol.partition(":")[0])
        if not spot:
            continue
        watch = tower.watch("basis", symbol, evidence_of(perpetual + spot))
        if watch is not None:
            mandate = Basis(watch, perpetual, spot)
            for quote in perpetual + spot:
                quote.checks += (mandate.check,)
