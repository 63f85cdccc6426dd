"""Faults of price sources: what clients are told, when it takes effect, that it composes and leaves nothing behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulators.market_data.harm_sources import SourceOutageParams, SourceStaleParams, SourceWrongParams
from simulators.market_data.pricebook_api import PricebookApi
from simulators.market_data.refrate_api import RefrateApi
from simulators.market_data.source_faults import SourceOutage, SourceStale, SourceWrong

START_S = 1_676_851_200
START_NS = START_S * 1_000_000_000
PRICES = "/api/v3/simple/price?ids=bitcoin,tether&vs_currencies=usd&include_last_updated_at=true"
RATES = (
    "/v4/timeseries/asset-metrics?assets=btc,usdt&metrics=ReferenceRateUSD"
    "&frequency=1s&paging_from=end&limit_per_asset=1"
)
STREAM = "/v4/timeseries-stream/asset-metrics?assets=btc,usdt&metrics=ReferenceRateUSD&backfill=none"


class Effects:
    def __init__(self, sources: Any) -> None:
        self._kernel = sources.kernel
        self.at_s: list[float] = []

    def __call__(self, detail: str) -> None:
        assert detail
        self.at_s.append((self._kernel.now_ns - START_NS) / 1e9)


@pytest.fixture
def book(sources: Any) -> PricebookApi:
    sources.aggregator.start()
    return PricebookApi("pricebook", sources.aggregator, sources.kernel, np.random.default_rng(2), sigma=0.0)


@pytest.fixture
def rates(sources: Any) -> RefrateApi:
    sources.aggregator.start()
    return RefrateApi("refrate", sources.aggregator, sources.kernel, np.random.default_rng(2), sigma=0.0)


def _told(sources: Any, book: PricebookApi) -> tuple[float, float]:
    status, body = sources.get(book, PRICES)
    assert status == 200
    return body["bitcoin"]["usd"], body["tether"]["usd"]


def _rows(sources: Any, rates: RefrateApi) -> dict[str, tuple[str, float]]:
    status, body = sources.get(rates, RATES)
    assert status == 200
    return {row["asset"]: (row["time"][11:19], float(row["ReferenceRateUSD"])) for row in body["data"]}


def test_a_wrong_source_tells_prices_that_are_off_of_that_asset_alone(sources: Any, book: PricebookApi) -> None:
    effects = Effects(sources)
    true = _told(sources, book)
    fault = SourceWrong(book, SourceWrongParams(intensity=0.03, asset="BTC", direction="down"), effects)
    fault.begin(1)
    sources.run(20.0)
    assert _told(sources, book) == true, "a reply is repeated for a minute"
    assert effects.at_s == []
    sources.run(60.0)
    assert _told(sources, book) == (pytest.approx(true[0] * 0.97), true[1])
    assert effects.at_s == [pytest.approx(90.12)]
    fault.end(2)
    sources.run(70.0)
    assert _told(sources, book) == true
    assert len(effects.at_s) == 1


def test_two_wrongs_add_up_and_each_ends_alone(sources: Any, rates: RefrateApi) -> None:
    true = _rows(sources, rates)["btc"][1]
    up = SourceWrong(rates, SourceWrongParams(intensity=0.10), lambda detail: None)
    down = SourceWrong(rates, SourceWrongParams(intensity=0.02, asset="BTC", direction="down"), lambda detail: None)
    told = []
    for step in (up.begin, down.begin, up.end, down.end):
        step(1)
        sources.run(1.5)  # it looks once a second at most
        told.append(_rows(sources, rates)["btc"][1] / true)
    assert told == [pytest.approx(1.10), pytest.approx(1.10 * 0.98), pytest.approx(0.98), pytest.approx(1.0)]


def test_a_wrong_source_errs_by_degrees_along_a_ramp(sources: Any, rates: RefrateApi) -> None:
    true = _rows(sources, rates)["btc"][1]
    now_ns = sources.kernel.now_ns
    params = SourceWrongParams(intensity=0.10, starts_ns=now_ns, ends_ns=now_ns + 10**12, ramp_ns=100 * 10**9)
    SourceWrong(rates, params, lambda detail: None).begin(1)
    sources.run(50.0)
    assert _rows(sources, rates)["btc"][1] / true == pytest.approx(1.05)


@pytest.mark.parametrize(("timestamps", "time_text"), [("old", "00:00:00"), ("lying", "00:10:00")])
def test_a_stale_source_repeats_what_it_told_last(
    sources: Any, rates: RefrateApi, timestamps: Any, time_text: str
) -> None:
    effects = Effects(sources)
    was = _rows(sources, rates)
    fault = SourceStale(rates, SourceStaleParams(asset="BTC", timestamps=timestamps), effects)
    fault.begin(1)
    sources.tops["apex", "BTC/USD"] = sources.tops["boreal", "BTC/USD"] = (26_000.0, 26_002.0)
    sources.tops["apex", "BTC/USDT"] = (26_000.0, 26_002.0)
    sources.run(595.0)
    now = _rows(sources, rates)
    assert now["btc"] == (time_text, was["btc"][1])
    assert now["usdt"] == ("00:10:00", was["usdt"][1])
    assert effects.at_s == [pytest.approx(600.06)]
    fault.end(2)
    again = _rows(sources, rates)
    assert again["btc"][0] == "00:10:05"
    assert again["btc"][1] == pytest.approx(26_001.0, rel=1e-3)


def test_a_stale_source_tells_how_old_its_prices_are(sources: Any, book: PricebookApi) -> None:
    SourceStale(book, SourceStaleParams(asset="BTC"), lambda detail: None).begin(1)
    sources.run(600.0)
    _, body = sources.get(book, PRICES)
    assert [body[coin]["last_updated_at"] - START_S for coin in ("bitcoin", "tether")] == [0, 600]


def test_a_stale_source_streams_nothing_new_under_old_times(sources: Any, rates: RefrateApi) -> None:
    frames: list[bytes] = []
    rates.open_stream(STREAM, lambda payload, cause: frames.append(payload), lambda reason: None)
    SourceStale(rates, SourceStaleParams(asset="BTC"), lambda detail: None).begin(1)
    sources.run(10.0)
    assert len([frame for frame in frames if b'"usdt"' in frame]) == 10
    assert not [frame for frame in frames if b'"btc"' in frame]


def test_a_source_that_is_down_answers_503_hangs_up_and_comes_back(sources: Any, rates: RefrateApi) -> None:
    effects, closed = Effects(sources), []
    rates.open_stream(STREAM, lambda payload, cause: None, closed.append)
    fault = SourceOutage(rates, SourceOutageParams(), effects)
    fault.begin(1)
    assert (closed, effects.at_s) == (["1001 Going away"], [0.0])
    assert sources.reply(rates, RATES).status == 503
    assert rates.open_stream(STREAM, lambda payload, cause: None, closed.append) is None
    fault.end(2)
    assert sources.reply(rates, RATES).status == 200
    assert rates.open_stream(STREAM, lambda payload, cause: None, closed.append) is not None


def test_a_silent_source_says_no_word_and_takes_effect_when_it_is_missed(sources: Any, rates: RefrateApi) -> None:
    effects, frames, replies = Effects(sources), [], []
    fault = SourceOutage(rates, SourceOutageParams(mode="silent"), effects)
    fault.begin(1)
    from simulators.ports import Request

    rates.handle(Request("GET", RATES), lambda reply, cause: replies.append(reply), 1)
    rates.open_stream(STREAM, lambda payload, cause: frames.append(payload), lambda reason: None)
    sources.run(5.0)
    assert (replies, frames) == ([], [])
    assert effects.at_s == [pytest.approx(0.06)]
    fault.end(2)
    sources.run(1.0)
    assert len(frames) == 2


def test_an_outage_that_outlasts_another_keeps_the_source_down(sources: Any, book: PricebookApi) -> None:
    first = SourceOutage(book, SourceOutageParams(), lambda detail: None)
    second = SourceOutage(book, SourceOutageParams(), lambda detail: None)
    first.begin(1)
    second.begin(2)
    first.end(3)
    assert sources.reply(book, PRICES).status == 503
    second.end(4)
    assert sources.reply(book, PRICES).status == 200


def test_an_asset_that_the_source_does_not_know_is_refused_with_those_that_it_does(book: PricebookApi) -> None:
    with pytest.raises(ValueError, match="pricebook knows USDT, BTC, ETH, not DOGE"):
        SourceWrong(book, SourceWrongParams(intensity=0.1, asset="DOGE"), lambda detail: None)
