"""Bars against a brute-force reading of every price and trade."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.exchange.api.bars import DAY_NS, HOUR_NS, INTERVALS_NS, MINUTE_NS, Bars, period_start_ns

START_NS = 1_676_851_200_000_000_000
_DAY_MINUTES = 1_440

prices = st.integers(min_value=1, max_value=1_000)
minutes = st.lists(st.lists(st.tuples(prices, st.booleans()), max_size=5), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(minutes)
def test_every_interval_is_the_extremes_of_the_prices_that_stood_in_it(history):
    bars = Bars(START_NS)
    standing: int | None = None
    by_minute: list[list[int]] = []
    lots = [0] * len(history)
    trade_id = 0
    for number, changes in enumerate(history):
        if number:
            bars.roll(START_NS + number * MINUTE_NS)
        seen = [standing] if standing is not None else []
        for price, is_trade in changes:
            if is_trade:
                trade_id += 1
                bars.trade(trade_id, price, 3, 3 * price, buyer_is_maker=False)
                lots[number] += 3
            else:
                bars.observe(price)
            standing = price
            seen.append(price)
        by_minute.append(seen)
    for interval_ns in (MINUTE_NS, 3 * MINUTE_NS, 5 * MINUTE_NS, HOUR_NS):
        width = interval_ns // MINUTE_NS
        expected = []
        for first in range(0, len(history), width):
            seen = [price for minute in by_minute[first : first + width] for price in minute]
            if seen:
                row = (START_NS + first * MINUTE_NS, seen[0], max(seen), min(seen), seen[-1])
                expected.append((*row, sum(lots[first : first + width])))
        rows = bars.rows(interval_ns)
        assert [(b.open_ns, b.open, b.high, b.low, b.close, b.volume_lots) for b in rows] == expected


@pytest.mark.parametrize("trend", [-1, 0, 1])
def test_the_rolling_day_forgets_what_is_older_than_a_day(trend):
    rng = random.Random(3)
    bars = Bars(START_NS)
    closes: list[list[int]] = []
    for minute in range(_DAY_MINUTES + 400):
        trade_id = minute + 1
        if minute:
            bars.roll(START_NS + minute * MINUTE_NS)
        price = 5_000 + trend * minute + rng.randrange(500)
        bars.trade(trade_id, price, 1, price, buyer_is_maker=False)
        closes.append([closes[-1][-1], price] if closes else [price])
        day = bars.day()
        assert day is not None
        window = closes[-(_DAY_MINUTES + 1) :]
        everything = [price for seen in window for price in seen]
        assert (day.high, day.low, day.open, day.close) == (
            max(everything),
            min(everything),
            everything[0],
            price,
        )
        assert (day.trades, day.volume_lots) == (len(window), len(window))
        assert (day.first_trade_id, day.last_trade_id) == (trade_id - len(window) + 1, trade_id)


def test_history_is_bounded():
    bars = Bars(START_NS)
    bars.observe(100)
    for minute in range(1, 3_000):
        bars.roll(START_NS + minute * MINUTE_NS)
    assert len(bars.rows(MINUTE_NS)) == 1_501
    assert len(bars.rows(HOUR_NS)) == 50


def test_there_is_no_bar_before_the_first_price():
    bars = Bars(START_NS)
    assert bars.roll(START_NS + MINUTE_NS) is None
    assert (bars.current(), bars.day(), bars.rows(HOUR_NS)) == (None, None, [])
    bars.observe(7)
    current = bars.current()
    assert current is not None
    assert (current.open_ns, current.open, current.low) == (START_NS + MINUTE_NS, 7, 7)


@pytest.mark.parametrize("interval", list(INTERVALS_NS))
def test_intervals_start_at_whole_periods_of_utc_and_weeks_on_monday(interval):
    interval_ns = INTERVALS_NS[interval]
    start_ns = period_start_ns(START_NS + 3 * DAY_NS + 5 * HOUR_NS + 7 * MINUTE_NS, interval_ns)
    assert start_ns % MINUTE_NS == 0
    if interval == "1w":
        assert start_ns == START_NS  # 2023-02-20 was a Monday
