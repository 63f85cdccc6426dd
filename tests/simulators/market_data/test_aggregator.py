"""Reference rates: a median that one venue cannot move, flags that say what is wrong, noise that time alone decides."""

from typing import Any

import numpy as np
import pytest

from simulators.market_data.aggregator import Divergence, PriceAggregator, SourceConfig, VenueView


def test_rates_are_medians_over_every_pair_that_leads_to_dollars(sources: Any) -> None:
    sources.aggregator.start()
    rates = sources.aggregator.rates
    assert rates == {
        "USD": 1.0,
        "USDT": pytest.approx(0.9990),
        # BTC/USD at both venues, and BTC/USDT in dollars.
        "BTC": pytest.approx(sorted([24_500.0, 24_510.0, 24_524.5 * 0.9990])[1]),
        "ETH": pytest.approx((1_650.5 * 0.9990 + 0.0673 * 24_500.0) / 2, rel=1e-3),
    }


def test_one_venue_far_off_does_not_move_the_rate_and_is_flagged(sources: Any) -> None:
    sources.tops["boreal", "BTC/USD"] = (30_000.0, 30_002.0)
    sources.tops["apex", "BTC/USDT"] = (24_599.0, 24_601.0)
    sources.aggregator.start()
    flags = {(s.venue, s.pair): s.is_anomaly for s in sources.aggregator.observations}
    assert sources.aggregator.rates["BTC"] == pytest.approx((24_500.0 + 24_600.0 * 0.9990) / 2)
    assert [key for key, is_anomaly in flags.items() if is_anomaly] == [("boreal", "BTC/USD")]


def test_an_unchanged_price_becomes_stale_and_leaves_the_median(make_sources: Any) -> None:
    sources = make_sources(stale_after_s=60.0)
    sources.aggregator.start()
    for _ in range(13):
        for key, top in sources.tops.items():
            if key != ("boreal", "BTC/USD"):
                sources.tops[key] = (top[0] * 1.0001, top[1] * 1.0001)
        sources.run(10.0)
    flags = {(s.venue, s.pair): s.is_stale for s in sources.aggregator.observations}
    assert [key for key, is_stale in flags.items() if is_stale] == [("boreal", "BTC/USD")]
    live = [
        s.mid * (1 if s.quote == "USD" else sources.aggregator.rates["USDT"])
        for s in sources.aggregator.observations
        if s.base == "BTC" and s.venue == "apex"
    ]
    assert sources.aggregator.rates["BTC"] == pytest.approx(sum(live) / 2)


def test_a_venue_that_does_not_answer_keeps_its_last_price_until_it_is_stale(sources: Any) -> None:
    sources.aggregator.start()
    sources.tops["boreal", "BTC/USD"] = None
    sources.run(100.0)
    boreal = next(s for s in sources.aggregator.observations if s.venue == "boreal")
    assert (boreal.mid, boreal.is_stale, boreal.seen_ns) == (24_510.0, False, sources.kernel.now_ns - 100 * 10**9)


def test_a_stablecoin_nobody_trades_counts_as_a_dollar(make_sources: Any) -> None:
    sources = make_sources()
    assert sources.aggregator.assets == ("USDT", "BTC", "ETH")
    view = VenueView(("BTC/USDT",), lambda pair: (9.0, 11.0), lambda pair, levels: ([], []), lambda pair, count: [])
    only = PriceAggregator({"apex": view}, sources.kernel, SourceConfig(noise_bp=0.0), np.random.default_rng(1))
    only.start()
    assert only.rates == {"USD": 1.0, "USDT": 1.0, "BTC": 10.0}


def test_divergences_are_told_between_venues_and_around_triangles(sources: Any) -> None:
    sources.tops["boreal", "BTC/USD"] = (24_744.0, 24_746.0)
    sources.aggregator.start()
    found = sources.aggregator.divergences()
    across = (24_745.0 - 24_500.0) / ((24_745.0 + 24_500.0) / 2) * 1e4
    around_usdt = abs(24_524.5 * 0.9990 / 24_500.0 - 1) * 1e4
    around_eth = abs(0.0673 * 24_524.5 / 1_650.5 - 1) * 1e4
    assert found == [
        Divergence("BTC/USD", "apex", "boreal", pytest.approx(across)),
        Divergence("BTC/USDT by USD", "apex", "apex", pytest.approx(around_usdt)),
        Divergence("ETH/BTC by USDT", "apex", "apex", pytest.approx(around_eth)),
    ]


def test_noise_belongs_to_the_moment_not_to_what_was_asked_before(make_sources: Any) -> None:
    often, seldom = make_sources(noise_bp=5.0, cadence_s=1.0), make_sources(noise_bp=5.0, cadence_s=30.0)
    for sources in (often, seldom):
        sources.aggregator.start()
        sources.run(60.0)
    assert often.aggregator.rates == seldom.aggregator.rates
    assert often.aggregator.rates["BTC"] != 24_510.0
    assert often.looks > 20 * seldom.looks


def test_a_second_look_within_the_second_asks_no_venue(sources: Any) -> None:
    sources.aggregator.start()
    looks = sources.looks
    sources.aggregator.sample()
    assert sources.looks == looks
