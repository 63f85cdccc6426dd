"""Quotes that cannot be believed: crossed, out of line, or frozen."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Timing
from risk_monitor.books.marks import Quote
from risk_monitor.limits import parse_limits
from risk_monitor.plausibility import keep
from risk_monitor.watchtower import Watchtower

BAD_TICK = "bad_tick: {each: {high: 100 bp}}"


def test_a_bid_above_the_ask_is_a_crossed_book_and_a_locked_one_is_not(world: Any) -> None:
    firm = world("crossed_book: {each: {high: 0 bp}}").start()
    firm.set_quote("apex", "BTC/USD", "24000", "24000")
    firm.run(2)
    assert firm.signals == []
    firm.set_quote("apex", "BTC/USD", "24012", "23988")
    firm.run(3)
    firm.set_quote("apex", "BTC/USD", "23988", "24012")
    firm.run(70)
    assert firm.history_of("crossed_book") == [
        (7.0, "firing", "apex:BTC/USD", "high"),
        (70.0, "resolved", "apex:BTC/USD", "high"),
    ]
    fired = firm.signals[0][1]
    assert round(fired.observed, 6) == 10.0
    assert fired.evidence[0].endswith(" bid=24012 ask=23988")
    assert firm.compliance("crossed_book", "apex:BTC/USD") == [("ok", -10.0)]


def test_a_book_with_an_empty_side_neither_crosses_nor_is_known_not_to(world: Any) -> None:
    firm = world("crossed_book: {each: {high: 0 bp}}").start()
    firm.set_quote("apex", "BTC/USD", "0", "0", quantity="0")
    firm.run(1)
    assert firm.compliance("crossed_book", "apex:BTC/USD") == [("unknown", None)]
    firm.set_quote("apex", "BTC/USD", "24000")
    assert firm.compliance("crossed_book", "apex:BTC/USD") == [("ok", 0.0)]


def test_one_price_out_of_line_with_the_eleven_before_it_is_a_bad_tick(world: Any) -> None:
    firm = world(BAD_TICK).start(15)
    firm.set_quote("apex", "BTC/USD", "24250")
    firm.set_quote("apex", "BTC/USD", "24000")
    firm.run(70)
    assert firm.history_of("bad_tick") == [
        (15.0, "firing", "apex:BTC/USD", "high"),
        (75.0, "resolved", "apex:BTC/USD", "high"),
    ]
    assert round(firm.signals[0][1].observed, 2) == 104.17


def test_a_price_that_moves_in_small_steps_is_never_a_bad_tick(world: Any) -> None:
    firm = world(BAD_TICK).start(15)
    for step in range(60):
        firm.set_quote("apex", "BTC/USD", str(24000 + 30 * step))
        firm.run(1)
    assert firm.signals == []


def test_ten_prices_say_nothing_of_the_next_and_neither_do_stale_ones(world: Any) -> None:
    firm = world(BAD_TICK + "\nfeed_staleness: {prices: {high: 5 s}}").start(15)
    firm.mute_quotes.add("apex:BTC/USD")
    firm.run(10)
    firm.mute_quotes.clear()
    firm.set_quote("apex", "BTC/USD", "30000")
    firm.run(11)
    assert firm.compliance("bad_tick", "apex:BTC/USD") == [("unknown", None)]
    firm.run(2)
    assert firm.compliance("bad_tick", "apex:BTC/USD") == [("ok", 0.0)]
    assert firm.history_of("bad_tick") == []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([0.0, 99.0, 99.6, 100.0, 100.3, 100.6, 101.0, 101.5]), max_size=60))
def test_the_band_never_hides_a_bad_tick(mids: list[float]) -> None:
    text = "schema: riskproof-limits/1\nfirm: f\nbase_currency: USD\nlimits: {bad_tick: {each: {high: 100 bp}}}\n"
    signals: list[Any] = []
    tower = Watchtower(parse_limits(text, "limits.yaml"), Agenda(), Timing(1), signals.append)
    quote = Quote("apex", "BTC/USD")
    keep(tower, (quote,))
    [watch] = tower.watches
    shown: deque[float] = deque(maxlen=11)
    for now_ns, mid in enumerate(mids):
        if mid < quote.calm_low or mid > quote.calm_high:
            quote.inspect(now_ns, mid, mid, mid)
            is_bad = watch.value is not None and watch.value > watch.lowest
        else:
            quote.remember(mid)
            is_bad = False
        if mid:
            assert is_bad == (len(shown) == 11 and abs(mid / median(shown) - 1.0) > 0.01 * (1 + 1e-9))
            shown.append(mid)
        assert list(quote.mids) == list(shown)


def test_a_stream_that_repeats_itself_is_frozen_and_one_that_is_silent_is_not(world: Any) -> None:
    firm = world("frozen_feed: {'apex:BTC/USD': {high: 60 s}, 'apex:ETH/USD': {high: 60 s}}").start()
    firm.mute_quotes.add("apex:ETH/USD")
    firm.run(70)
    firm.set_quote("apex", "BTC/USD", "24001")
    firm.run(61)
    assert firm.history_of("frozen_feed") == [
        (61.0, "firing", "apex:BTC/USD", "high"),
        (135.0, "resolved", "apex:BTC/USD", "high"),
        (135.0, "firing", "apex:BTC/USD", "high"),
    ]


def test_the_tenth_repetition_makes_an_old_quote_a_frozen_one(world: Any) -> None:
    firm = world("frozen_feed: {'apex:BTC/USD': {high: 20 s}}").start()
    firm.set_quote("apex", "BTC/USD", "24001")
    firm.mute_quotes.add("apex:BTC/USD")
    firm.run(100)
    firm.mute_quotes.clear()
    firm.run(9.5)
    assert firm.signals == []
    firm.run(1)
    assert firm.history_of("frozen_feed") == [(115.0, "firing", "apex:BTC/USD", "high")]
    assert round(firm.signals[0][1].observed) == 110


def test_a_tick_that_one_exchange_alone_tells_makes_no_high_water_mark(world: Any) -> None:
    limits = "drawdown: {firm: {warning: 10 %, high: 20 %}}\nbad_tick: {each: {warning: 500 bp}}"
    firm = world(limits).start(60)
    firm.set_quote("apex", "BTC/USD", "240000")  # ten times what it was, and at one of two exchanges
    firm.run(2)
    firm.set_quote("apex", "BTC/USD", "24000")
    firm.run(120)
    assert [signal.mandate for _, signal in firm.signals if signal.mandate == "drawdown"] == []
    assert "bad_tick" in {signal.mandate for _, signal in firm.signals}


def test_a_fall_that_every_exchange_tells_is_believed_at_once(world: Any) -> None:
    limits = "drawdown: {firm: {warning: 10 %}}\nbad_tick: {each: {warning: 500 bp}}"
    firm = world(limits).start(60)
    for venue in ("apex", "boreal"):
        firm.set_quote(venue, "BTC/USD", "12000")
    firm.run(2)
    assert "drawdown" in {signal.mandate for _, signal in firm.signals}
