"""Faults of what an exchange shows of itself: prices that stand still, single quotes that are off, a book that is
crossed, a clock that is wrong. The matching engine trades on as it should.
"""

from __future__ import annotations

from collections.abc import Callable

from simulators.exchange.api.pairs import Pair
from simulators.exchange.api.shown_book import Levels, Retouch, Top
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.feed_faults import pairs_in_scope
from simulators.exchange.harm_feeds import BadTickParams, CrossedBookParams, FrozenFeedParams, VenueClockDriftParams
from simulators.picks import Picks
from simulators.ports import Clock

TookEffect = Callable[[str], None]

_WHOLE_BOOK = 5_000
_HOUR_NS = 3_600_000_000_000
_PPB = 1_000_000_000
_PPB_PER_PPM = 1_000


class _BookFault:
    """What the faults of books share: pairs, a retouch for each while it is in force, and the first that shows."""

    what = ""

    def __init__(self, api: ExchangeApi, pairs: tuple[str, ...], took_effect: TookEffect) -> None:
        self._api = api
        self._pairs = pairs_in_scope(api, pairs)
        self._scope = ", ".join(pairs) or "all pairs"
        self._took_effect = took_effect
        self._has_taken_effect = False
        self._retouches: list[tuple[Pair, Retouch]] = []

    def begin(self, cause: int) -> None:
        """Show something else; ``cause`` is the number of the injection's record."""
        self._api.note(self.what, self._scope, cause)
        self._retouches = [(pair, self.make_retouch(pair)) for pair in self._pairs]
        for pair, retouch in self._retouches:
            pair.book.add(retouch)

    def end(self, cause: int) -> None:
        """Show what is so."""
        if self._retouches:
            for pair, retouch in self._retouches:
                pair.book.remove(retouch)
            self._retouches = []
            self._api.note("feed_sound", self._scope, cause)

    def make_retouch(self, pair: Pair) -> Retouch:
        raise NotImplementedError

    def report(self, detail: str) -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(detail)


class FrozenFeed(_BookFault):
    """``frozen_feed``: ticks go on under new update ids, and say what was so when it began."""

    what = "feed_frozen"

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: FrozenFeedParams, took_effect: TookEffect, picks: Picks
    ) -> None:
        super().__init__(api, params.pairs, took_effect)

    def make_retouch(self, pair: Pair) -> Retouch:
        return _Frozen(self, pair)


class _Frozen:
    def __init__(self, fault: _BookFault, pair: Pair) -> None:
        self._fault = fault
        self._symbol = pair.listing.symbol
        self._top = pair.book.top(pair.update_id)
        self._bids, self._asks = pair.book.depth(_WHOLE_BOOK)

    def quote(self, update_id: int, top: Top) -> Top:
        if top != self._top:
            self._fault.report(f"an old quote of {self._symbol} was shown again")
        return self._top

    def top(self, update_id: int, top: Top) -> Top:
        return self.quote(update_id, top)

    def depth(self, bids: Levels, asks: Levels) -> tuple[Levels, Levels]:
        if bids[: len(self._bids)] != self._bids[: len(bids)] or asks[: len(self._asks)] != self._asks[: len(asks)]:
            self._fault.report(f"an old book of {self._symbol} was shown again")
        return self._bids, self._asks


class BadTick(_BookFault):
    """``bad_tick``: now and then a single quote is off; whoever asks for the quote before the next one sees it too."""

    what = "bad_ticks"

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: BadTickParams, took_effect: TookEffect, picks: Picks
    ) -> None:
        super().__init__(api, params.pairs, took_effect)
        self._clock = clock
        self._params = params
        self._picks = picks
        self._starts_ns = 0
        self._period_ns = round(_HOUR_NS / params.per_hour)

    def begin(self, cause: int) -> None:
        self._starts_ns = self._clock.now_ns
        super().begin(cause)

    def make_retouch(self, pair: Pair) -> Retouch:
        return _Off(self, pair)

    @property
    def now_ns(self) -> int:
        return self._clock.now_ns

    def due_ns(self, symbol: str, number: int) -> int:
        """From when on the next quote is bad, for that number of bad ticks of a pair: one in each period."""
        return self._starts_ns + round((number + self._picks.share(symbol, number)) * self._period_ns)

    def number_at(self, now_ns: int) -> int:
        return (now_ns - self._starts_ns) // self._period_ns

    def factor(self, symbol: str, number: int) -> float:
        """What the prices of a bad tick are multiplied with."""
        params = self._params
        is_up = params.direction == "up"
        if params.direction == "either":
            is_up = self._picks.share(symbol, number, 1) < 0.5
        off = params.intensity * params.level(self.now_ns)
        return 1.0 + off if is_up else 1.0 - off


class _Off:
    def __init__(self, fault: BadTick, pair: Pair) -> None:
        self._fault = fault
        self._symbol = pair.listing.symbol
        self._number = 0
        self._due_ns = fault.due_ns(self._symbol, 0)
        self._bad_id = -1
        self._factor = 1.0

    def quote(self, update_id: int, top: Top) -> Top:
        now_ns = self._fault.now_ns
        if now_ns >= self._due_ns and update_id != self._bad_id and top[1] and top[3]:
            self._bad_id = update_id
            self._factor = self._fault.factor(self._symbol, self._number)
            self._number = max(self._number + 1, self._fault.number_at(now_ns))
            self._due_ns = self._fault.due_ns(self._symbol, self._number)
        return self.top(update_id, top)

    def top(self, update_id: int, top: Top) -> Top:
        if update_id != self._bad_id:
            return top
        bid, bid_lots, ask, ask_lots = top
        if self._factor == 1.0 or not bid_lots or not ask_lots:
            return top
        shown_bid = max(1, round(bid * self._factor))
        shown_ask = max(shown_bid + 1, round(ask * self._factor))
        if (shown_bid, shown_ask) != (bid, ask):
            self._fault.report(f"a quote of {self._symbol} was off by {abs(self._factor - 1.0):.2%}")
        return shown_bid, bid_lots, shown_ask, ask_lots

    def depth(self, bids: Levels, asks: Levels) -> tuple[Levels, Levels]:
        return bids, asks


class CrossedBook(_BookFault):
    """``crossed_book``: the best bid is shown above the best ask, in quotes and books alike."""

    what = "book_crossed"

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: CrossedBookParams, took_effect: TookEffect, picks: Picks
    ) -> None:
        super().__init__(api, params.pairs, took_effect)
        self._clock = clock
        self._params = params

    def make_retouch(self, pair: Pair) -> Retouch:
        return _Crossed(self, pair)

    def crossed(self, bid: int, ask: int, symbol: str) -> tuple[int, int]:
        """What is shown of a best bid and ask: on the way from the true ones to ``intensity`` apart, as it ramps."""
        level = self._params.level(self._clock.now_ns)
        half = (bid + ask) * self._params.intensity / 4.0
        middle = (bid + ask) / 2.0
        shown = round(bid + (middle + half - bid) * level), max(1, round(ask + (middle - half - ask) * level))
        if shown != (bid, ask):
            self.report(f"the book of {symbol} was shown with its bid nearer to its ask, or above it")
        return shown


class _Crossed:
    def __init__(self, fault: CrossedBook, pair: Pair) -> None:
        self._fault = fault
        self._symbol = pair.listing.symbol

    def quote(self, update_id: int, top: Top) -> Top:
        bid, bid_lots, ask, ask_lots = top
        if not bid_lots or not ask_lots:
            return top
        bid, ask = self._fault.crossed(bid, ask, self._symbol)
        return bid, bid_lots, ask, ask_lots

    def top(self, update_id: int, top: Top) -> Top:
        return self.quote(update_id, top)

    def depth(self, bids: Levels, asks: Levels) -> tuple[Levels, Levels]:
        if not bids or not asks:
            return bids, asks
        bid, ask = self._fault.crossed(bids[0][0], asks[0][0], self._symbol)
        return [(bid, bids[0][1]), *bids[1:]], [(ask, asks[0][1]), *asks[1:]]


class VenueClockDrift:
    """``venue_clock_drift``: what the venue says of the time is not so, and timestamps are measured by it."""

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: VenueClockDriftParams, took_effect: TookEffect, picks: Picks
    ) -> None:
        self._api = api
        self._clock = clock
        self._took_effect = took_effect
        sign = 1 if params.direction == "ahead" else -1
        self._full_ns = sign * params.offset_ns
        self._drift_ppb = sign * round(params.drift_ppm * _PPB_PER_PPM)
        self._starts_ns, self._ends_ns = params.starts_ns, params.ends_ns
        self._ramp_ns, self._ramp_down_ns = params.ramp_ns, params.ramp_down_ns
        self._is_in_force = False
        self._has_taken_effect = False

    def begin(self, cause: int) -> None:
        """Set the clock, or let it drift; ``cause`` is the number of the injection's record."""
        self._is_in_force = True
        self._api.time.put_off(self, cause)
        for turns_ns in (self._starts_ns + self._ramp_ns, self._ends_ns - self._ramp_down_ns):
            if turns_ns > self._clock.now_ns:
                self._clock.call_at(turns_ns, self._turn, cause)

    def end(self, cause: int) -> None:
        """Set the clock right."""
        if self._is_in_force:
            self._is_in_force = False
            self._api.time.put_right(self, cause)

    def _turn(self, cause: int) -> None:
        if self._is_in_force:
            self._api.time.turn(cause)

    def offset_ns(self, now_ns: int) -> int:
        offset_ns = (now_ns - self._starts_ns) * self._drift_ppb // _PPB
        if self._ramp_ns and now_ns < self._starts_ns + self._ramp_ns:
            return offset_ns + self._full_ns * (now_ns - self._starts_ns) // self._ramp_ns
        if self._ramp_down_ns and now_ns > self._ends_ns - self._ramp_down_ns:
            return offset_ns + self._full_ns * (self._ends_ns - now_ns) // self._ramp_down_ns
        return offset_ns + self._full_ns

    def drift_ppb(self, now_ns: int) -> int:
        if self._ramp_ns and now_ns < self._starts_ns + self._ramp_ns:
            return self._drift_ppb + self._full_ns * _PPB // self._ramp_ns
        if self._ramp_down_ns and now_ns >= self._ends_ns - self._ramp_down_ns:
            return self._drift_ppb - self._full_ns * _PPB // self._ramp_down_ns
        return self._drift_ppb

    def shown(self) -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect("a timestamp was made by a clock that is off")
