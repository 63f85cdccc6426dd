"""Funding: what longs pay shorts (or are paid) every interval, so that a contract without expiry follows its index.

As Binance documents it (Introduction to Binance Futures Funding Rates):

- premium = (max(0, impact bid − index) − max(0, index − impact ask)) ÷ index, looked at every 5 s; an impact price is
  the average price at which a standard value trades at once against the book;
- P̄ = average of the interval's premiums, the n-th weighted with n;
- rate = P̄ + clamp(interest − P̄, ±band), within ±cap. With the usual interest of 0.01 % and band of 0.05 % the rate is
  0.01 % while P̄ lies between −0.04 % and 0.06 %.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulators.exchange.perpetual.terms import PerpetualTerms

SAMPLE_NS = 5_000_000_000


class Premium:
    """The weighted average of an interval's premiums so far."""

    __slots__ = ("_samples", "_weighted", "_weights")

    def __init__(self) -> None:
        self._samples = self._weights = 0
        self._weighted = 0.0

    def take(self, premium: float) -> None:
        self._samples += 1
        self._weights += self._samples
        self._weighted += self._samples * premium

    def average(self) -> float:
        return self._weighted / self._weights if self._weights else 0.0

    def restart(self) -> None:
        """A new interval begins."""
        self._samples = self._weights = 0
        self._weighted = 0.0


def premium_index(impact_bid: float, impact_ask: float, index: float) -> float:
    """The premium as a fraction of the index. An impact price of 0 says that its side is too thin to tell."""
    above = max(0.0, impact_bid - index) if impact_bid else 0.0
    below = max(0.0, index - impact_ask) if impact_ask else 0.0
    return (above - below) / index


def impact_ticks(levels: Sequence[tuple[int, int]], value: float) -> float:
    """Average price in ticks at which ``value`` (ticks × lots) trades against ``levels``; 0.0 if they hold less."""
    lots = 0.0
    left = value
    for ticks, offered in levels:
        worth = ticks * offered
        if worth >= left:
            return value / (lots + left / ticks)
        lots += offered
        left -= worth
    return 0.0


def funding_rate(terms: PerpetualTerms, average_premium: float) -> float:
    """The rate of one interval."""
    correction = min(max(terms.interest - average_premium, -terms.funding_band), terms.funding_band)
    return min(max(average_premium + correction, -terms.funding_cap), terms.funding_cap)
