"""Price sources against the exchanges and one another: who is alone with his price is wrong, and is named."""

from __future__ import annotations

from typing import Any

from risk_monitor.config import Account, MonitorConfig, VenueConfig
from risk_monitor.timestamps import utc

LIMITS = """
feed_staleness: {prices: {high: 5 s}}
reference_price: {each: {high: 100 bp}}
"""
SECOND_NS = 10**9
START_NS = 1_676_883_600 * SECOND_NS
TWO_SOURCES = MonitorConfig(
    (
        VenueConfig("apex", "binance", (Account("master", "a-key"),), ("BTC/USD", "USDT/USD")),
        VenueConfig("pricebook", "coingecko", assets=("BTC", "USDT")),
        VenueConfig("refrate", "coinmetrics", assets=("BTC", "USDT")),
    )
)


def _tell(firm: Any, usd: float, age_s: int = 0) -> None:
    firm.told_prices = {"bitcoin": (usd, firm.now_ns // SECOND_NS - age_s)}


def _rate(firm: Any, usd: float) -> None:
    time = utc(firm.now_ns // SECOND_NS * SECOND_NS)
    firm.told_rates = [{"asset": "btc", "time": time, "ReferenceRateUSD": str(usd)}]


def _wait_for_prices(firm: Any, tell: Any) -> None:
    """Let time pass until the source is asked again, once a minute, and tell it just before what to say."""
    firm.run(59 - (firm.now_ns - START_NS) / SECOND_NS % 60)
    tell()
    firm.run(3)


def test_a_source_that_is_off_fires_and_resolves_when_it_is_right_again(world: Any) -> None:
    firm = world(LIMITS).start()
    _wait_for_prices(firm, lambda: _tell(firm, 24_250.0))
    assert firm.history_of("reference_price") == [(60.02, "firing", "pricebook:BTC", "high")]
    assert firm.compliance("reference_price", "pricebook:BTC") == [("breached", 104.166667)]
    assert firm.signals[-1][1].evidence == ("pricebook BTC=24250 at 2023-02-20T09:00:59.000Z, nearest mark then 24000",)
    _wait_for_prices(firm, lambda: _tell(firm, 24_010.0))
    firm.run(61)
    assert firm.history_of("reference_price")[1:] == [(180.02, "resolved", "pricebook:BTC", "high")]


def test_a_price_is_held_against_the_mark_of_its_own_time(world: Any) -> None:
    firm = world(LIMITS).start()
    firm.run(90)
    for venue in ("apex", "boreal"):
        firm.set_quote(venue, "BTC/USD", "25000")
    _wait_for_prices(firm, lambda: _tell(firm, 24_000.0, age_s=80))
    assert firm.compliance("reference_price", "pricebook:BTC") == [("ok", 0.0)]
    _wait_for_prices(firm, lambda: _tell(firm, 25_000.0, age_s=140))
    assert firm.compliance("reference_price", "pricebook:BTC") == [("breached", 416.666667)]
    _wait_for_prices(firm, lambda: _tell(firm, 24_000.0))
    assert firm.compliance("reference_price", "pricebook:BTC") == [("breached", 400.0)]


def test_a_price_from_within_a_jump_is_not_wrong(world: Any) -> None:
    firm = world(LIMITS).start()
    firm.run(54)
    for venue in ("apex", "boreal"):
        firm.set_quote(venue, "BTC/USD", "24600")
    _tell(firm, 24_000.0)
    firm.run(10)
    assert firm.history_of("reference_price") == []
    assert firm.compliance("reference_price", "pricebook:BTC") == [("ok", 0.0)]


def test_a_price_that_is_too_old_is_left_out_and_so_is_one_that_nothing_fresh_prices(world: Any) -> None:
    firm = world(LIMITS).start()
    _wait_for_prices(firm, lambda: _tell(firm, 30_000.0, age_s=301))
    assert firm.compliance("reference_price", "pricebook:BTC") == [("unknown", None)]
    firm.mute_quotes.update(("apex", "boreal"))
    _wait_for_prices(firm, lambda: _tell(firm, 30_000.0))
    assert firm.compliance("reference_price", "pricebook:BTC") == [("unknown", None)]
    assert firm.history_of("reference_price") == []


def test_a_price_that_nobody_renews_says_nothing_after_five_minutes(world: Any) -> None:
    firm = world(LIMITS).start()
    _wait_for_prices(firm, lambda: _tell(firm, 24_100.0))
    firm.status["pricebook"] = 503
    firm.run(290)
    assert firm.compliance("reference_price", "pricebook:BTC")[0][0] == "ok"
    firm.run(15)
    assert firm.compliance("reference_price", "pricebook:BTC") == [("unknown", None)]


def test_of_three_opinions_the_odd_one_out_is_named(world: Any) -> None:
    firm = world(LIMITS, TWO_SOURCES).start()
    for usd in (24_000.0, 24_500.0):

        def tell(usd: float = usd) -> None:
            _tell(firm, usd)
            _rate(firm, 24_001.0)

        _wait_for_prices(firm, tell)
    assert [entry[1:3] for entry in firm.history_of("reference_price")] == [("firing", "pricebook:BTC")]
    assert firm.signals[-1][1].evidence[-1] == "odd one out of 3: pricebook"
    assert firm.compliance("reference_price", "refrate:BTC")[0] == ("ok", 0.0)


def test_when_the_exchanges_are_alone_no_source_is_wrong(world: Any) -> None:
    firm = world(LIMITS, TWO_SOURCES).start()

    def tell() -> None:
        _tell(firm, 24_500.0)
        _rate(firm, 24_505.0)

    _wait_for_prices(firm, tell)
    assert [firm.compliance("reference_price", f"{source}:BTC")[0] for source in ("pricebook", "refrate")] == [
        ("ok", 0.0),
        ("ok", 2.040816),
    ]
