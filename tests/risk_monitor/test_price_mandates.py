"""Peg, divergence and staleness of prices."""

from __future__ import annotations

from typing import Any

START_NS = 1_676_883_600 * 10**9


def test_a_slide_of_the_peg_climbs_through_the_severities(world: Any) -> None:
    firm = world("stablecoin_peg: {each: {warning: 50 bp, high: 100 bp, critical: 300 bp}}").start()
    for price in ("0.9950", "0.9949", "0.98", "0.96"):
        firm.set_quote("apex", "USDT/USD", price)
        firm.set_quote("boreal", "USDT/USD", price)
        firm.run(1)
    assert firm.history_of("stablecoin_peg") == [
        (6.0, "firing", "USDT", "warning"),
        (7.0, "firing", "USDT", "high"),
        (8.0, "firing", "USDT", "critical"),
    ]
    assert next(signal.observed for _, signal in firm.signals) > 50.0
    firm.set_quote("apex", "USDT/USD", "1.0051")
    firm.set_quote("boreal", "USDT/USD", "1.0051")
    assert firm.compliance("stablecoin_peg", "USDT")[0] == ("breached", 51.0)


def test_a_coin_listed_nowhere_has_no_peg_rule_and_one_without_quotes_is_unknown(world: Any) -> None:
    firm = world("stablecoin_peg: {each: {high: 100 bp}}")
    firm.mute_quotes.update(("apex", "boreal"))
    firm.start()
    assert firm.compliance("stablecoin_peg", "USDT") == [("unknown", None)]
    assert firm.compliance("stablecoin_peg", "USDC") == []


def test_divergence_must_last_before_it_fires(world: Any) -> None:
    firm = world("price_divergence: {each: {high: 50 bp}, for: 30 s}").start()
    firm.set_quote("boreal", "BTC/USD", "24200")
    firm.run(10)
    firm.set_quote("boreal", "BTC/USD", "24000")
    firm.run(10)
    firm.set_quote("boreal", "BTC/USD", "24200")
    firm.run(100)
    firm.set_quote("boreal", "BTC/USD", "24000")
    firm.run(61)
    assert firm.history_of("price_divergence") == [
        (8.0, "pending", "BTC/USD", "high"),
        (15.0, "resolved", "BTC/USD", "high"),
        (28.0, "pending", "BTC/USD", "high"),
        (55.0, "firing", "BTC/USD", "high"),
        (185.0, "resolved", "BTC/USD", "high"),
    ]
    assert {signal.since_ns for _, signal in firm.signals[2:]} == {START_NS + 25 * 10**9}
    assert [signal.alert_id[-2:] for _, signal in firm.signals] == ["/1", "/1", "/2", "/2", "/2"]


def test_a_breach_too_short_to_be_worth_telling_is_not_told(world: Any) -> None:
    firm = world("price_divergence: {each: {high: 50 bp}, for: 30 s}").start()
    for _ in range(20):
        firm.set_quote("boreal", "BTC/USD", "24200")
        firm.run(2)
        firm.set_quote("boreal", "BTC/USD", "24000")
        firm.run(1)
    assert firm.signals == []


def test_an_exchange_whose_quote_is_stale_is_left_out_of_divergence(world: Any) -> None:
    firm = world("price_divergence: {each: {high: 50 bp}}\nfeed_staleness: {prices: {high: 5 s}}").start()
    firm.mute_quotes.add("boreal:BTC/USD")
    firm.set_quote("apex", "BTC/USD", "24050")
    assert firm.compliance("price_divergence", "BTC/USD")[0][0] == "ok"
    firm.run(6)
    firm.set_quote("apex", "BTC/USD", "26000")
    firm.run(1)
    assert firm.compliance("price_divergence", "BTC/USD") == [("unknown", None)]
    assert firm.history_of("price_divergence") == []
    firm.mute_quotes.clear()
    firm.run(2)
    assert [entry[1:] for entry in firm.history_of("price_divergence")] == [("firing", "BTC/USD", "high")]


def test_an_exchange_that_disagrees_with_itself_is_noticed(world: Any) -> None:
    firm = world("triangular_divergence: {each: {high: 50 bp}}").start()
    assert firm.compliance("triangular_divergence", "boreal") == []
    firm.set_quote("apex", "ETH/BTC", "0.0670")
    assert firm.compliance("triangular_divergence", "apex") == [("ok", 50.0)]
    firm.set_quote("apex", "ETH/BTC", "0.0671")
    assert firm.compliance("triangular_divergence", "apex") == [("breached", 65.0)]
    firm.set_quote("apex", "ETH/BTC", "0.0671", quantity="0.0")
    assert firm.compliance("triangular_divergence", "apex") == [("unknown", None)]


def test_a_feed_is_stale_once_its_silence_exceeds_the_bound_and_revives(world: Any) -> None:
    firm = world("feed_staleness: {prices: {warning: 5 s, high: 20 s}}").start()
    firm.mute_quotes.add("apex:ETH/BTC")
    firm.run(40)
    firm.mute_quotes.clear()
    firm.run(70)
    assert firm.history_of("feed_staleness") == [
        (9.0, "firing", "apex:ETH/BTC", "warning"),
        (24.0, "firing", "apex:ETH/BTC", "high"),
        (106.0, "resolved", "apex:ETH/BTC", "warning"),
        (106.0, "resolved", "apex:ETH/BTC", "high"),
    ]
    _, first = firm.signals[0]
    assert (first.observed, first.limit, first.unit) == (5.000000001, 5.0, "s")
    assert first.evidence[0].startswith("apex stream ethbtc@bookTicker u=")


def test_a_feed_that_was_never_heard_is_stale_from_the_start(world: Any) -> None:
    firm = world("feed_staleness: {prices: {high: 5 s}}")
    firm.mute_quotes.add("boreal")
    firm.start(10)
    assert firm.history_of("feed_staleness") == [
        (5.0, "firing", "boreal:BTC/USD", "high"),
        (5.0, "firing", "boreal:BTC/USDT", "high"),
        (5.0, "firing", "boreal:USDT/USD", "high"),
    ]
    assert firm.signals[0][1].evidence == ("boreal stream btcusd@bookTicker silent since the start",)


def test_a_price_stream_that_falls_silent_is_connected_anew(world: Any) -> None:
    firm = world("feed_staleness: {prices: {high: 5 s}}").start()
    before = firm.streams["apex", None]
    firm.mute_quotes.add("apex")
    firm.run(40)
    firm.mute_quotes.clear()
    firm.run(5)
    assert firm.streams["apex", None] != before
    assert firm.compliance("feed_staleness", "apex:BTC/USD")[0][0] == "ok"


def test_numbers_that_are_no_prices_are_counted_and_change_nothing(world: Any, ticker: Any) -> None:
    firm = world("stablecoin_peg: {each: {high: 50 bp}}").start()
    stream_id = firm.streams["apex", None]
    for bid, ask in (("nan", "1"), ("inf", "1"), ("-1", "1"), ("1e300", "1e300"), ("nan", "nan")):
        firm.message(stream_id, ticker("USDT/USD", bid, ask))
    for payload in (b"", b"{", b"\xff", b"[" * 10_000, b'{"data":{"s":"XXX"}}', ticker("SOL/USD", "1", "1")):
        firm.message(stream_id, payload)
    assert firm.monitor.telemetry.connector_errors == {"apex prices": 11}
    assert firm.compliance("stablecoin_peg", "USDT") == [("ok", 0.0)]
