"""Plausibility of quotes: what is looked at when a quote is not plainly like the ones before it.

Quotes come ten thousand times a second and nearly all are unremarkable. So a quote keeps a band: a mid within it, under
a book that is not crossed, is remembered and no more. Whatever is not goes through ``inspect``, and so does everything
while one of the alerts is astir.
"""

from __future__ import annotations

from risk_monitor.books.marks import Quote, evidence_of
from risk_monitor.mandates.bad_tick import MIDS, NOTHING, BadTick
from risk_monitor.mandates.crossed_book import CrossedBook
from risk_monitor.watchtower import Watchtower

EVERYTHING = (1e-300, float("inf"))
"""The band where any mid will do; an empty side has none."""


class Plausibility:
    """The checks on one quote."""

    __slots__ = ("_bad", "_crossed", "_quote")

    def __init__(self, quote: Quote, crossed: CrossedBook | None, bad: BadTick | None) -> None:
        self._quote = quote
        self._crossed = crossed
        self._bad = bad
        quote.calm_low, quote.calm_high = NOTHING
        quote.inspect = self.inspect
        quote.on_stale = self.stale

    def inspect(self, now_ns: int, bid: float, ask: float, mid: float) -> None:
        """Look at a quote before it is taken; ``mid`` 0.0: a side of it is empty."""
        quote, crossed, bad = self._quote, self._crossed, self._bad
        band = EVERYTHING
        if crossed is not None:
            crossed.look(now_ns, bid, ask, mid)
        if mid > 0.0:
            if bad is not None:
                bad.look(now_ns, mid)
                quote.is_doubted = bad.is_beyond()
                band = bad.band
            quote.mids.append(mid)
        elif bad is not None:
            band = bad.band
        if crossed is not None and not (crossed.watch.quiet and mid > 0.0):
            band = NOTHING
        quote.calm_low, quote.calm_high = band

    def stale(self) -> None:
        """The quote has grown stale: the next one has none before it."""
        if self._bad is not None:
            self._bad.forget()
            self._quote.is_doubted = False
            self._quote.calm_low, self._quote.calm_high = NOTHING

    def refresh(self) -> None:
        """Bring the values shown up to date; they decide nothing."""
        quote, bad = self._quote, self._bad
        if quote.mid <= 0.0:
            return
        if self._crossed is not None:
            self._crossed.watch.value = (quote.bid - quote.ask) / quote.mid
        if bad is not None and bad.watch.quiet and bad.watch.value is not None and len(quote.mids) == MIDS:
            bad.watch.value = bad.measure(quote.mid)


def keep(tower: Watchtower, quotes: tuple[Quote, ...]) -> tuple[Plausibility, ...]:
    """The checks on every quote that a mandate wants checked."""
    kept: list[Plausibility] = []
    for quote in quotes:
        subject, evidence = f"{quote.venue}:{quote.pair}", evidence_of((quote,))
        crossed = tower.watch("crossed_book", subject, evidence)
        bad = tower.watch("bad_tick", subject, evidence)
        if crossed is not None or bad is not None:
            kept.append(
                Plausibility(
                    quote,
                    CrossedBook(crossed) if crossed is not None else None,
                    BadTick(bad, quote.mids) if bad is not None else None,
                )
            )
    return tuple(kept)
