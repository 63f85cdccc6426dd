"""Market definitions, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.market_data.world.config import assets_of, market_config, series_of, window_ns
from simulators.market_data.world.errors import MarketError

GOOD: dict[str, Any] = {
    "schema": "riskproof-market/1",
    "market": "mine",
    "series": [{"pair": "BTC/USDT", "file": "a.csv"}],
}
FORMULAS: dict[str, Any] = {
    "schema": "riskproof-market/1",
    "market": "mine",
    "starts": "2023-02-20T00:00:00Z",
    "synthetic": {"assets": [{"asset": "BTC", "price_usd": 100, "volatility_per_year": 0.5}], "days": 2},
}


def test_definition_names_its_assets_series_and_window() -> None:
    config = market_config({**GOOD, "at_par": ["USDT"], "starts": "2023-02-19T00:00:00Z"})
    assert assets_of(config) == ("BTC", "USDT", "USD")
    assert [one.pair for one in series_of(config)] == ["BTC/USDT"]
    assert window_ns(config) == (1_676_764_800_000_000_000, None)
    formulas = market_config(FORMULAS)
    assert [one.pair for one in series_of(formulas)] == ["BTC/USDT", "USDT/USD"]
    assert window_ns(formulas) == (1_676_851_200_000_000_000, 1_677_024_000_000_000_000)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            {**GOOD, "sereis": []},
            "mine.yaml: market: expected a market definition, found Object contains unknown field `sereis`",
        ),
        (
            {**GOOD, "series": [{"pair": 3, "file": "a"}]},
            "mine.yaml: series[0].pair: expected a market definition, found Expected `str`, got `int`",
        ),
        ({**GOOD, "series": []}, "mine.yaml: series: expected either `series` or `synthetic`, found both or none"),
        ({**GOOD, **FORMULAS}, "mine.yaml: series: expected either `series` or `synthetic`, found both or none"),
        (
            {**GOOD, "series": [{"pair": "BTCUSDT", "file": "a.csv"}]},
            "mine.yaml: series[0].pair: expected BASE/QUOTE, found 'BTCUSDT'",
        ),
        (
            {**GOOD, "series": [{"pair": "BTC/USDT"}]},
            "mine.yaml: series[0].file: expected a file of minute bars, found none",
        ),
        (
            {**GOOD, "series": [{"pair": "ETH/BTC", "file": "a.csv", "divided_by": "BTC/USDT"}]},
            "mine.yaml: series[0].divided_by: expected a .parquet that holds both symbols, found 'a.csv'",
        ),
        (
            {**GOOD, "series": GOOD["series"] * 2},
            "mine.yaml: series[1]: expected one series for each pair and venue, found BTC/USDT again (series[0])",
        ),
        (
            {**GOOD, "starts": "20 February"},
            "mine.yaml: starts: expected a whole UTC minute such as 2023-02-19T00:00:00Z, found '20 February'",
        ),
        (
            {**GOOD, "starts": "2023-02-20T00:00:00Z", "ends": "2023-02-19T00:00:00Z"},
            "mine.yaml: ends: expected a moment after `starts`, found 2023-02-19T00:00:00Z",
        ),
        ({**GOOD, "ticks_per_minute": 2}, "mine.yaml: ticks_per_minute: expected 4 to 600, found 2"),
        ({**GOOD, "noise_bp": float("nan")}, "mine.yaml: noise_bp: expected 0 to 100, found nan"),
        (
            {**FORMULAS, "synthetic": {**FORMULAS["synthetic"], "persistence": 0.95}},
            "mine.yaml: synthetic.persistence: expected 0 to 0.919, found 0.95",
        ),
        (
            {key: value for key, value in FORMULAS.items() if key != "starts"},
            "mine.yaml: starts: expected the first minute of the synthetic market, found none",
        ),
    ],
)
def test_bad_definition_gets_one_message(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(MarketError) as refused:
        market_config(raw, "mine.yaml")
    assert str(refused.value) == message
