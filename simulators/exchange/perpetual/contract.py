"""Contract: one perpetual as its venue keeps it between trades: index, mark price, premium, funding rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from simulators.exchange.instrument import PPM, Instrument, fee_ppm
from simulators.exchange.perpetual.funding import SAMPLE_NS, Premium, funding_rate, impact_ticks, premium_index
from simulators.exchange.perpetual.terms import PerpetualTerms
from simulators.exchange.types import Listing
from simulators.ledger import to_units

_SMOOTHING = 1 / 30  # weight of a second's basis: the mark price follows the book with half a minute's memory
_IMPACT_MARGIN = 200  # of the quote asset: Binance's impact margin notional is that, at the largest leverage
_SETTLED_KEPT = 1_000

RateShift = Callable[[int], float]
"""Given the time, what a fault adds to the funding rate."""


class Settled(msgspec.Struct, frozen=True):
    """One funding that was settled: when, at which rate and mark price (quote per base)."""

    at_ns: int
    rate: float
    mark_price: float


class Contract:
    """A listing's contract. Prices are in ticks, as floats, 0.0 while unknown; ``rate`` is the running interval's.

    Mark price = index × (1 + basis), where basis is the smoothed distance of the book's mid from the index.
    """

    __slots__ = (
        "_basis",
        "_impact_value",
        "_premium",
        "_sampled_ns",
        "asset",
        "base",
        "index",
        "index_ticks",
        "instrument",
        "listing",
        "maker_ppm",
        "mark_ticks",
        "next_funding_ns",
        "rate",
        "settled",
        "shifts",
        "taker_ppm",
        "terms",
        "tick",
    )

    def __init__(self, index: int, listing: Listing, terms: PerpetualTerms, now_ns: int) -> None:
        self.index = index
        self.listing = listing
        self.terms = terms
        self.instrument = Instrument(listing)
        if not self.instrument.is_contract:
            raise ValueError(
                f"{listing.symbol} is no perpetual; expected {listing.base}/{listing.quote}:{listing.quote}"
            )
        self.base = listing.base
        self.asset = listing.quote
        self.tick = float(listing.tick_size)
        self.maker_ppm = fee_ppm(listing.symbol, "maker_fee_bp", listing.maker_fee_bp)
        self.taker_ppm = fee_ppm(listing.symbol, "taker_fee_bp", listing.taker_fee_bp)
        self.index_ticks = self.mark_ticks = 0.0
        self.rate = funding_rate(terms, 0.0)
        self.next_funding_ns = (now_ns // terms.funding_interval_ns + 1) * terms.funding_interval_ns
        self.shifts: tuple[RateShift, ...] = ()
        self.settled: deque[Settled] = deque(maxlen=_SETTLED_KEPT)
        self._basis = 0.0
        self._premium = Premium()
        self._sampled_ns = now_ns
        impact_units = to_units(str(_IMPACT_MARGIN * terms.max_leverage))
        self._impact_value = impact_units / self.instrument.value_units

    @property
    def is_priced(self) -> bool:
        return self.mark_ticks > 0.0

    @property
    def mark_value(self) -> float:
        """What a lot is worth at the mark price, smallest units."""
        return self.mark_ticks * self.instrument.value_units

    def fee(self, value: int, *, is_maker: bool) -> int:
        """What a trade of ``value`` smallest units costs."""
        return value * (self.maker_ppm if is_maker else self.taker_ppm) // PPM

    def wants_depth(self, now_ns: int) -> bool:
        """Whether a premium is to be looked at, for which the best prices alone will not do."""
        return now_ns >= self._sampled_ns

    def look(
        self, now_ns: int, index_price: float, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]]
    ) -> None:
        """Take a second's index price (quote per base; 0.0: none, the last one stands) and the book as it stands."""
        if index_price > 0.0:
            self.index_ticks = index_price / self.tick
        index = self.index_ticks
        if index <= 0.0:
            return
        if bids and asks:
            basis = (bids[0][0] + asks[0][0]) * 0.5 / index - 1.0
            self._basis = basis if self.mark_ticks == 0.0 else self._basis + (basis - self._basis) * _SMOOTHING
        self.mark_ticks = index * (1.0 + self._basis)
        if self.wants_depth(now_ns):
            self._sampled_ns = now_ns + SAMPLE_NS
            bid, ask = impact_ticks(bids, self._impact_value), impact_ticks(asks, self._impact_value)
            self._premium.take(premium_index(bid, ask, index))
        self.rate = funding_rate(self.terms, self._premium.average())
        for shift in self.shifts:
            self.rate += shift(now_ns)

    def settle(self, now_ns: int) -> Settled:
        """The interval is over: what was settled, and the next one begins."""
        settled = Settled(now_ns, self.rate, self.mark_ticks * self.tick)
        self.settled.append(settled)
        self.next_funding_ns += self.terms.funding_interval_ns
        self._premium.restart()
        return settled
