"""The CoinGecko-like source: payloads as that API documents them, cached for a minute, limited by the minute."""

from typing import Any

import numpy as np
import pytest

from simulators.market_data.pricebook_api import PricebookApi
from simulators.ports import Request


@pytest.fixture
def api(sources: Any) -> PricebookApi:
    sources.aggregator.start()
    return PricebookApi("pricebook", sources.aggregator, sources.kernel, np.random.default_rng(2))


def test_simple_price_has_the_documented_shape(sources: Any, api: PricebookApi) -> None:
    target = (
        "/api/v3/simple/price?ids=bitcoin,tether,nonsense&vs_currencies=usd,btc"
        "&include_last_updated_at=true&include_24hr_change=true"
    )
    reply = sources.reply(api, target)
    assert reply.status == 200
    assert reply.body == (
        b'{"bitcoin":{"usd":24500.0,"usd_24h_change":null,"btc":1.0,"btc_24h_change":null,"last_updated_at":1676851200},'
        b'"tether":{"usd":0.999,"usd_24h_change":null,"btc":0.0000407755,"btc_24h_change":null,'
        b'"last_updated_at":1676851200}}'
    )


def test_a_reply_is_repeated_for_a_minute_and_then_renewed(sources: Any, api: PricebookApi) -> None:
    target = "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd"
    first = sources.get(api, target)
    for venue in ("apex", "boreal"):
        sources.tops[venue, "BTC/USD"] = (24_999.0, 25_001.0)
    sources.run(40.0)
    assert sources.get(api, target) == first == (200, {"bitcoin": {"usd": 24500.0}})
    sources.run(15.0)
    assert sources.get(api, target) == (200, {"bitcoin": {"usd": 25000.0}})


def test_the_thirty_first_request_of_a_minute_is_limited(sources: Any, api: PricebookApi) -> None:
    statuses = []
    for _ in range(31):
        api.handle(
            Request("GET", "/api/v3/ping"), lambda reply, cause: statuses.append((reply.status, reply.headers)), 0
        )
    sources.run(20.0)
    assert sorted(status for status, _ in statuses) == [200] * 30 + [429]
    (limited,) = [headers for status, headers in statuses if status == 429]
    assert dict(limited)["retry-after"] == "60"
    sources.run(60.0)
    assert sources.get(api, "/api/v3/ping") == (200, {"gecko_says": "(V3) To the Moon!"})


def test_a_ticker_names_its_venue_and_says_whether_it_can_be_trusted(sources: Any, api: PricebookApi) -> None:
    status, body = sources.get(api, "/api/v3/coins/tether/tickers?exchange_ids=apex")
    usd = next(ticker for ticker in body["tickers"] if ticker["target"] == "USD")
    assert (status, body["name"], len(body["tickers"])) == (200, "Tether", 3)
    assert usd == {
        "base": "USDT",
        "target": "USD",
        "market": {"name": "Apex", "identifier": "apex", "has_trading_incentive": False},
        "last": 0.999,
        "volume": None,
        "converted_last": {
            "btc": pytest.approx(0.999 / 24_500.0),
            "eth": pytest.approx(0.999 / 1_648.9, rel=1e-3),
            "usd": 0.999,
        },
        "converted_volume": None,
        "trust_score": "green",
        "bid_ask_spread_percentage": 0.020018,
        "timestamp": "2023-02-20T00:00:00+00:00",
        "last_traded_at": "2023-02-20T00:00:00+00:00",
        "last_fetch_at": "2023-02-20T00:00:00+00:00",
        "is_anomaly": False,
        "is_stale": False,
        "trade_url": None,
        "token_info_url": None,
        "coin_id": "tether",
        "target_coin_id": None,
    }


def test_charts_and_candles_follow_the_rate(sources: Any, api: PricebookApi) -> None:
    sources.run(3_600.0)
    for venue in ("apex", "boreal"):
        sources.tops[venue, "BTC/USD"] = (24_999.0, 25_001.0)
    sources.run(600.0)
    start_ms = 1_676_851_200_000
    _, chart = sources.get(api, "/api/v3/coins/bitcoin/market_chart?vs_currency=usd&days=1")
    assert chart["prices"][:2] == [[start_ms, 24_500.0], [start_ms + 300_000, 24_500.0]]
    assert chart["prices"][-1] == [start_ms + 4_200_000, 25_000.0]
    assert chart["market_caps"][0] == [start_ms, 24_500.0 * 19_300_000]
    _, candles = sources.get(api, "/api/v3/coins/bitcoin/ohlc?vs_currency=usd&days=1")
    assert candles == [
        [start_ms + 1_800_000, 24_500.0, 24_500.0, 24_500.0, 24_500.0],
        [start_ms + 3_600_000, 24_500.0, 24_500.0, 24_500.0, 24_500.0],
        [start_ms + 5_400_000, 24_500.0, 25_000.0, 24_500.0, 25_000.0],
    ]


def test_markets_are_ordered_by_market_value(sources: Any, api: PricebookApi) -> None:
    _, markets = sources.get(api, "/api/v3/coins/markets?vs_currency=usd")
    assert [(m["market_cap_rank"], m["id"], m["current_price"]) for m in markets] == [
        (1, "bitcoin", 24_500.0),
        (2, "ethereum", pytest.approx(1_648.9, rel=1e-3)),
        (3, "tether", 0.999),
    ]


def test_lists_name_only_what_has_a_price(sources: Any, api: PricebookApi) -> None:
    _, coins = sources.get(api, "/api/v3/coins/list")
    _, venues = sources.get(api, "/api/v3/exchanges")
    assert [coin["id"] for coin in coins] == ["bitcoin", "ethereum", "tether"]
    assert [venue["id"] for venue in venues] == ["apex", "boreal"]


@pytest.mark.parametrize(
    ("target", "status", "message"),
    [
        ("/api/v3/simple/price?ids=bitcoin", 422, "Missing parameter vs_currencies"),
        ("/api/v3/simple/price?vs_currencies=usd", 422, "Missing parameter ids"),
        ("/api/v3/coins/dogecoin/tickers", 404, "coin not found"),
        ("/api/v3/coins/usd-coin/ohlc?vs_currency=usd&days=1", 404, "coin not found"),
        ("/api/v3/coins/bitcoin/ohlc?vs_currency=usd&days=2", 400, "Invalid days parameter"),
        ("/api/v3/coins/bitcoin/market_chart?vs_currency=eur&days=1", 400, "invalid vs_currency"),
        ("/api/v3/coins/bitcoin/market_chart?vs_currency=usd&days=1e9", 400, "Invalid days parameter"),
        ("/api/v3/nowhere", 404, "Not found"),
        ("/api/v3/coins/bitcoin/tickers?page=²", 400, "Invalid page parameter"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(
    sources: Any, api: PricebookApi, target: str, status: int, message: str
) -> None:
    assert sources.get(api, target) == (status, {"error": message})


def test_the_day_s_change_is_a_percentage(sources: Any, api: PricebookApi) -> None:
    sources.run(86_400.0)
    for venue in ("apex", "boreal"):
        sources.tops[venue, "BTC/USD"] = (26_949.0, 26_951.0)
    sources.run(70.0)
    _, body = sources.get(api, "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd&include_24hr_change=true")
    assert body == {"bitcoin": {"usd": 26_950.0, "usd_24h_change": pytest.approx(10.0)}}


def test_the_source_has_no_streams(api: PricebookApi) -> None:
    assert api.open_stream("/stream", lambda payload, cause: None, lambda reason: None) is None


def test_no_more_replies_are_kept_than_the_bound(sources: Any) -> None:
    sources.aggregator.start()
    clock, rng = sources.kernel, np.random.default_rng(2)
    api = PricebookApi("pricebook", sources.aggregator, clock, rng, requests_per_minute=10_000)
    for number in range(300):
        api.handle(Request("GET", f"/api/v3/coins/list?n={number}"), lambda reply, cause: None, 0)
    assert len(api._cache) == 256
