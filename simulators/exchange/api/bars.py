"""Bars (klines): open, high, low and close of a price over an interval, with what was traded in it.

The price of a symbol is the middle of its book, and for a moment that of a trade: the street's quotes stand for the
trades of the rest of the market, which this venue does not play one by one. A bar covers every price that stood during
it, so it opens at the price standing when it begins; volumes are of trades between the venue's accounts. Prices are
ticks, quantities lots, values 10⁻⁸ of the quote asset.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

MINUTE_NS = 60 * 10**9
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
_MONDAY_NS = 4 * DAY_NS  # the epoch was a Thursday; weeks begin on Monday

INTERVALS_NS: dict[str, int] = {
    "1m": MINUTE_NS,
    "3m": 3 * MINUTE_NS,
    "5m": 5 * MINUTE_NS,
    "15m": 15 * MINUTE_NS,
    "30m": 30 * MINUTE_NS,
    "1h": HOUR_NS,
    "2h": 2 * HOUR_NS,
    "4h": 4 * HOUR_NS,
    "6h": 6 * HOUR_NS,
    "8h": 8 * HOUR_NS,
    "12h": 12 * HOUR_NS,
    "1d": DAY_NS,
    "3d": 3 * DAY_NS,
    "1w": 7 * DAY_NS,
}

_MINUTES_KEPT = 1_500  # a day, which the 24-hour statistics need, and the 1,000 rows a client may ask for
_HOURS_KEPT = 1_000
_DAY_MINUTES = 1_440
_NO_PRICE = 1 << 62


class Bar(msgspec.Struct, gc=False):
    """One bar. Trade ids are -1 where nothing traded; ``taker_buy_*`` is the part whose taker bought."""

    open_ns: int
    open: int
    high: int
    low: int
    close: int
    volume_lots: int = 0
    quote_volume: int = 0
    trades: int = 0
    taker_buy_lots: int = 0
    taker_buy_quote: int = 0
    first_trade_id: int = -1
    last_trade_id: int = -1

    def merge(self, later: Bar) -> None:
        """Take a later bar into this one."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.volume_lots += later.volume_lots
        self.quote_volume += later.quote_volume
        self.trades += later.trades
        self.taker_buy_lots += later.taker_buy_lots
        self.taker_buy_quote += later.taker_buy_quote
        if later.first_trade_id >= 0:
            if self.first_trade_id < 0:
                self.first_trade_id = later.first_trade_id
            self.last_trade_id = later.last_trade_id


class _Day:
    """Closed minutes of the last 24 hours, kept as running sums and as monotonic queues of highs and lows."""

    __slots__ = ("_highs", "_lows", "_minutes", "sums")

    def __init__(self) -> None:
        self._minutes: deque[Bar] = deque()
        self._highs: deque[tuple[int, int]] = deque()  # (open_ns, high), highs falling: the first is the highest
        self._lows: deque[tuple[int, int]] = deque()
        self.sums = Bar(0, 0, 0, 0, 0)

    def add(self, bar: Bar) -> None:
        sums = self.sums
        self._minutes.append(bar)
        _add(sums, bar, 1)
        if len(self._minutes) > _DAY_MINUTES:
            gone = self._minutes.popleft()
            _add(sums, gone, -1)
            if self._highs[0][0] == gone.open_ns:
                self._highs.popleft()
            if self._lows[0][0] == gone.open_ns:
                self._lows.popleft()
        while self._highs and self._highs[-1][1] <= bar.high:
            self._highs.pop()
        self._highs.append((bar.open_ns, bar.high))
        while self._lows and self._lows[-1][1] >= bar.low:
            self._lows.pop()
        self._lows.append((bar.open_ns, bar.low))

    def with_current(self, current: Bar) -> Bar:
        if not self._minutes:
            return current
        oldest = self._minutes[0]
        whole = msgspec.structs.replace(
            self.sums,
            open_ns=oldest.open_ns,
            open=oldest.open,
            high=self._highs[0][1],
            low=self._lows[0][1],
            first_trade_id=self._first_trade_id(),
        )
        if whole.first_trade_id < 0:
            whole.last_trade_id = -1
        whole.merge(current)
        return whole

    def _first_trade_id(self) -> int:
        if not self.sums.trades:
            return -1
        return next(bar.first_trade_id for bar in self._minutes if bar.trades)


def _add(sums: Bar, bar: Bar, sign: int) -> None:
    sums.volume_lots += sign * bar.volume_lots
    sums.quote_volume += sign * bar.quote_volume
    sums.trades += sign * bar.trades
    sums.taker_buy_lots += sign * bar.taker_buy_lots
    sums.taker_buy_quote += sign * bar.taker_buy_quote
    if sign > 0 and bar.trades:
        sums.last_trade_id = bar.last_trade_id


class Bars:
    """History of one symbol: 1,500 minutes and 1,000 hours, and the minute that is being formed.

    ``observe`` is called with every price; the owner calls ``roll`` at each whole minute.
    """

    __slots__ = ("_day", "_hours", "_minutes", "_now", "close", "high", "low")

    def __init__(self, start_ns: int) -> None:
        self.close = 0  # 0: no price yet
        self.high = 0
        self.low = _NO_PRICE
        self._now = Bar(start_ns - start_ns % MINUTE_NS, 0, 0, 0, 0)
        self._minutes: deque[Bar] = deque(maxlen=_MINUTES_KEPT)
        self._hours: deque[Bar] = deque(maxlen=_HOURS_KEPT)
        self._day = _Day()

    def observe(self, price_ticks: int) -> None:
        """The price is now ``price_ticks``."""
        self.close = price_ticks
        if price_ticks > self.high:
            if not self.high:
                self._now.open = price_ticks
            self.high = price_ticks
        if price_ticks < self.low:
            self.low = price_ticks

    def trade(
        self, trade_id: int, price_ticks: int, quantity_lots: int, quote_amount: int, buyer_is_maker: bool
    ) -> None:
        """A trade happened."""
        self.observe(price_ticks)
        bar = self._now
        bar.volume_lots += quantity_lots
        bar.quote_volume += quote_amount
        bar.trades += 1
        if not buyer_is_maker:
            bar.taker_buy_lots += quantity_lots
            bar.taker_buy_quote += quote_amount
        if bar.first_trade_id < 0:
            bar.first_trade_id = trade_id
        bar.last_trade_id = trade_id

    def roll(self, now_ns: int) -> Bar | None:
        """Close the minute that ends at ``now_ns`` and begin the next; returns the closed bar, None without a price."""
        closed = self.current()
        if closed is None:
            self._now.open_ns = now_ns
            return None
        self._minutes.append(closed)
        self._day.add(closed)
        hours = self._hours
        if hours and hours[-1].open_ns == closed.open_ns - closed.open_ns % HOUR_NS:
            hours[-1].merge(closed)
        else:
            hours.append(msgspec.structs.replace(closed, open_ns=closed.open_ns - closed.open_ns % HOUR_NS))
        price = self.close
        self._now = Bar(now_ns, price, price, price, price)
        self.high = self.low = price
        return closed

    def current(self) -> Bar | None:
        """The minute that is being formed, None before the first price."""
        if not self.close:
            return None
        return msgspec.structs.replace(self._now, high=self.high, low=self.low, close=self.close)

    def rows(self, interval_ns: int) -> list[Bar]:
        """All bars of an interval that can be had, oldest first, the last one still being formed.

        Intervals below an hour reach back 25 hours, longer ones 1,000 hours.
        """
        return list(_group(self._with_current(interval_ns >= HOUR_NS), interval_ns))

    def day(self) -> Bar | None:
        """The rolling 24 hours: the last 1,440 closed minutes and the one being formed. None before the first price."""
        current = self.current()
        if current is None:
            return None
        return self._day.with_current(current)

    def recent(self, minutes: int) -> list[Bar]:
        """The last closed minutes, at most ``minutes``, and the one being formed."""
        rows = [self._minutes[-i] for i in range(min(minutes, len(self._minutes)), 0, -1)]
        current = self.current()
        if current is not None:
            rows.append(current)
        return rows

    def _with_current(self, hourly: bool) -> Iterator[Bar]:
        if hourly:
            yield from self._hours
        else:
            yield from self._minutes
        current = self.current()
        if current is not None:
            yield current


def period_start_ns(at_ns: int, interval_ns: int) -> int:
    """Start of the interval that holds ``at_ns``, in UTC."""
    offset_ns = _MONDAY_NS if interval_ns == 7 * DAY_NS else 0
    return at_ns - (at_ns - offset_ns) % interval_ns


def _group(bars: Iterable[Bar], interval_ns: int) -> Iterator[Bar]:
    group: Bar | None = None
    for bar in bars:
        start_ns = period_start_ns(bar.open_ns, interval_ns)
        if group is not None and group.open_ns == start_ns:
            group.merge(bar)
            continue
        if group is not None:
            yield group
        group = msgspec.structs.replace(bar, open_ns=start_ns)
    if group is not None:
        yield group
