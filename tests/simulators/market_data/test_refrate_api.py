"""The Coin Metrics-like provider: series, pages, books, trades, and a stream that is free while nobody listens."""

from typing import Any

import numpy as np
import pytest

from simulators.market_data.refrate_api import RefrateApi
from simulators.ports import Request

SERIES = "/v4/timeseries/asset-metrics?assets=btc,usdt&metrics=ReferenceRateUSD"


@pytest.fixture
def api(sources: Any) -> RefrateApi:
    sources.aggregator.start()
    return RefrateApi("refrate", sources.aggregator, sources.kernel, np.random.default_rng(3))


def test_asset_metrics_have_the_documented_shape(sources: Any, api: RefrateApi) -> None:
    metrics = "ReferenceRateUSD,volatility_realized_usd_rolling_24h"
    reply = sources.reply(api, f"/v4/timeseries/asset-metrics?assets=btc&metrics={metrics}&frequency=1s")
    assert reply.status == 200
    assert reply.body == (
        b'{"data":[{"asset":"btc","time":"2023-02-20T00:00:00.000000000Z","ReferenceRateUSD":"24500",'
        b'"volatility_realized_usd_rolling_24h":null}]}'
    )


def test_volatility_is_told_with_the_newest_rate(sources: Any, api: RefrateApi) -> None:
    for step in range(6):
        for venue in ("apex", "boreal"):
            middle = 24_500.0 + 100.0 * (step % 2)
            sources.tops[venue, "BTC/USD"] = (middle - 1.0, middle + 1.0)
        sources.run(600.0)
    target = "/v4/timeseries/asset-metrics?assets=btc&metrics=volatility_realized_usd_rolling_24h&limit_per_asset=1"
    _, body = sources.get(api, target)
    (row,) = body["data"]
    assert row["asset"] == "btc"
    assert float(row["volatility_realized_usd_rolling_24h"]) > 0.1


def test_pages_follow_each_other_without_loss_or_repetition(sources: Any, api: RefrateApi) -> None:
    sources.run(1_200.0)
    _, whole = sources.get(api, f"{SERIES}&page_size=1000")
    for paging_from in ("start", "end"):
        target, pages = f"{SERIES}&page_size=7&paging_from={paging_from}", []
        while target:
            _, body = sources.get(api, target)
            pages.append(body["data"])
            target = body.get("next_page_url", "").removeprefix("https://refrate")
        ordered = pages if paging_from == "start" else pages[::-1]
        rows = [row for page in ordered for row in page]
        assert rows[: len(whole["data"]) // 2] == whole["data"][: len(whole["data"]) // 2]
        assert len({(row["asset"], row["time"]) for row in rows}) == len(rows) >= len(whole["data"])


def test_a_time_window_cuts_the_series(sources: Any, api: RefrateApi) -> None:
    sources.run(600.0)
    window = "start_time=2023-02-20T00:03:00Z&end_time=2023-02-20T00:04:30"
    _, body = sources.get(api, f"{SERIES}&{window}")
    assert [(row["asset"], row["time"][11:19]) for row in body["data"]] == [
        ("btc", "00:03:00"),
        ("btc", "00:04:00"),
        ("usdt", "00:03:00"),
        ("usdt", "00:04:00"),
    ]


def test_an_order_book_has_the_documented_shape(sources: Any, api: RefrateApi) -> None:
    _, body = sources.get(api, "/v4/timeseries/market-orderbooks?markets=apex-btc-usd-spot&depth_limit=1")
    assert body == {
        "data": [
            {
                "market": "apex-btc-usd-spot",
                "time": "2023-02-20T00:00:00.000000000Z",
                "coin_metrics_id": "1676851200000000-0",
                "asks": [{"price": "24501", "size": "0.25"}],
                "bids": [{"price": "24499", "size": "1.5"}],
                "database_time": "2023-02-20T00:00:00.000000000Z",
            }
        ]
    }


def test_a_trade_has_the_documented_shape(sources: Any, api: RefrateApi) -> None:
    _, body = sources.get(api, "/v4/timeseries/market-trades?markets=boreal-btc-usd-spot")
    assert body == {
        "data": [
            {
                "market": "boreal-btc-usd-spot",
                "time": "2023-02-19T23:59:59.000000000Z",
                "coin_metrics_id": "7",
                "amount": "0.125",
                "price": "24500.5",
                "database_time": "2023-02-19T23:59:59.000000000Z",
                "side": "buy",
            }
        ]
    }


def test_divergences_between_venues_are_reported_in_basis_points(sources: Any, api: RefrateApi) -> None:
    sources.tops["apex", "BTC/USD"] = (24_499.0, 24_501.0)
    sources.tops["boreal", "BTC/USD"] = (24_744.0, 24_746.0)
    sources.run(60.0)
    _, body = sources.get(api, "/v4/timeseries/pair-divergences?min_bp=50")
    (row,) = [row for row in body["data"] if row["pair"] == "BTC/USD"]
    assert (row["low_market"], row["high_market"]) == ("apex", "boreal")
    assert float(row["divergence_bp"]) == pytest.approx(99.5, abs=5)  # the source's own samples scatter a little
    _, none = sources.get(api, "/v4/timeseries/pair-divergences?min_bp=9999")
    assert none["data"] == []


def test_candles_are_given_when_they_are_finished(sources: Any, api: RefrateApi) -> None:
    sources.run(130.0)
    _, body = sources.get(api, "/v4/timeseries/pair-candles?pairs=btc-usd&frequency=1m")
    assert [(row["time"][11:19], row["price_open"], row["price_close"]) for row in body["data"]] == [
        ("00:00:00", "24500", "24500"),
        ("00:01:00", "24500", "24500"),
    ]


@pytest.mark.parametrize(
    ("target", "status", "kind", "message"),
    [
        ("/v4/timeseries/asset-metrics?assets=btc", 400, "missing_parameter", "Missing parameter 'metrics'."),
        (f"{SERIES}&frequency=1d", 400, "bad_parameter", "Bad parameter 'frequency'. Value '1d' is not supported."),
        (
            SERIES.replace("usdt", "doge"),
            400,
            "bad_parameter",
            "Bad parameter 'assets'. Value 'doge' is not supported.",
        ),
        (f"{SERIES}&page_size=0", 400, "bad_parameter", "Bad parameter 'page_size'. Value '0' is not supported."),
        (f"{SERIES}&start_time=x", 400, "bad_parameter", "Bad parameter 'start_time'. Value 'x' is not supported."),
        (
            f"{SERIES}&next_page_token=zz",
            400,
            "bad_parameter",
            "Bad parameter 'next_page_token'. Value 'zz' is not supported.",
        ),
        (
            "/v4/timeseries/market-orderbooks?markets=apex-btc-eur-spot",
            400,
            "bad_parameter",
            "Bad parameter 'markets'. Value 'apex-btc-eur-spot' is not supported.",
        ),
        ("/v4/nowhere", 404, "not_found", "Not found"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(
    sources: Any, api: RefrateApi, target: str, status: int, kind: str, message: str
) -> None:
    assert sources.get(api, target) == (status, {"error": {"type": kind, "message": message}})


def test_the_stream_sends_one_frame_a_second_and_asset(sources: Any, api: RefrateApi) -> None:
    frames: list[tuple[int, bytes]] = []
    sources.run(0.5)
    stream = api.open_stream(
        "/v4/timeseries-stream/asset-metrics?assets=btc,usdt&metrics=ReferenceRateUSD",
        lambda payload, cause: frames.append((sources.kernel.now_ns, payload)),
        lambda reason: None,
    )
    assert stream is not None
    sources.run(2.0)
    looks = sources.looks
    stream.close()
    sources.run(1.5)
    assert sources.looks == looks
    sources.run(10.0)
    times = [0.5, 0.5, 1.0, 1.0, 2.0, 2.0]
    assert [(at_ns - 1_676_851_200_000_000_000) / 1e9 for at_ns, _ in frames] == times
    assert frames[2:4] == [
        (
            1_676_851_201_000_000_000,
            b'{"time":"2023-02-20T00:00:01.000000000Z","asset":"btc","ReferenceRateUSD":"24500","cm_sequence_id":"2"}',
        ),
        (
            1_676_851_201_000_000_000,
            b'{"time":"2023-02-20T00:00:01.000000000Z","asset":"usdt","ReferenceRateUSD":"0.999","cm_sequence_id":"3"}',
        ),
    ]


def test_nobody_looks_each_second_while_nobody_listens(sources: Any, api: RefrateApi) -> None:
    before = sources.looks
    sources.run(60.0)
    assert sources.looks - before == 6 * 6


@pytest.mark.parametrize(
    "target",
    [
        "/v4/timeseries-stream/asset-metrics?assets=doge&metrics=ReferenceRateUSD",
        "/v4/timeseries-stream/asset-metrics?assets=btc&metrics=PriceUSD",
        "/v4/timeseries-stream/asset-metrics?metrics=ReferenceRateUSD",
        "/v4/timeseries-stream/market-trades?assets=btc&metrics=ReferenceRateUSD",
    ],
)
def test_a_stream_that_makes_no_sense_is_refused(api: RefrateApi, target: str) -> None:
    assert api.open_stream(target, lambda payload, cause: None, lambda reason: None) is None


def test_service_time_depends_on_the_moment_only(make_sources: Any) -> None:
    arrivals = []
    for asked_before in (0, 3):
        sources = make_sources()
        api = RefrateApi("refrate", sources.aggregator, sources.kernel, np.random.default_rng(3))
        for _ in range(asked_before):
            sources.get(api, f"{SERIES}&page_size=5")
        sources.kernel.run_until(1_676_851_200_000_000_000 + 100 * 10**9)
        api.handle(
            Request("GET", SERIES),
            lambda reply, cause, k=sources.kernel: arrivals.append(k.now_ns),
            0,
        )
        sources.run(5.0)
    assert arrivals[0] == arrivals[1]
