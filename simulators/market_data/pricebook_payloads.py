"""The replies of a CoinGecko-like source, built from what its aggregator knows.

Traded volumes are not among it, so they are null, as the real source gives what it has not got; market values
follow from the published supply.
"""

from __future__ import annotations

from collections.abc import Callable

from simulators.market_data.aggregator import Observation, PriceAggregator
from simulators.market_data.assets import BY_ASSET, BY_BOOK_ID, KNOWN, AssetFacts
from simulators.market_data.series import DAY_NS, HOUR_NS, MINUTE_NS, Candle, merge
from simulators.market_data.web import Query, names_in, time_text

ServeCoin = Callable[[PriceAggregator, AssetFacts, Query], object]

_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
_LONGEST_DAYS = 90
_OHLC_DAYS = ("1", "7", "14", "30", "90")
_PAGE_SIZE = 250


class Refused(Exception):
    """A request this source does not serve."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def simple_price(aggregator: PriceAggregator, query: Query) -> dict[str, dict[str, float | int | None]]:
    currencies = names_in(_needed(query, "vs_currencies"))
    digits = query.get("precision", "")
    body: dict[str, dict[str, float | int | None]] = {}
    for coin in names_in(_needed(query, "ids")):
        facts = BY_BOOK_ID.get(coin)
        if facts is None or facts.asset not in aggregator.rates:
            continue
        entry: dict[str, float | int | None] = {}
        for currency in currencies:
            unit = aggregator.rates.get(currency.upper())
            if unit is None:
                continue
            entry[currency] = _rounded(aggregator.rates[facts.asset] / unit, digits)
            if query.get("include_market_cap") == "true":
                entry[f"{currency}_market_cap"] = aggregator.rates[facts.asset] / unit * facts.supply
            if query.get("include_24hr_change") == "true":
                entry[f"{currency}_24h_change"] = _change_percent(aggregator, facts.asset, currency.upper())
        if query.get("include_last_updated_at") == "true":
            entry["last_updated_at"] = aggregator.told_ns(facts.asset) // _NS_PER_S
        body[coin] = entry
    return body


def coins_list(aggregator: PriceAggregator, query: Query) -> list[dict[str, str]]:
    return [{"id": coin.book_id, "symbol": coin.symbol, "name": coin.name} for coin in _priced(aggregator)]


def coins_markets(aggregator: PriceAggregator, query: Query) -> list[dict[str, object]]:
    currency = _currency(aggregator, _needed(query, "vs_currency"))
    wanted = names_in(query.get("ids", ""))
    unit = aggregator.rates[currency]
    coins = [coin for coin in _priced(aggregator) if not wanted or coin.book_id in wanted]
    coins.sort(key=lambda coin: -aggregator.rates[coin.asset] * coin.supply)
    return [_market(aggregator, coin, unit, currency, rank) for rank, coin in enumerate(coins[:_PAGE_SIZE], start=1)]


def market_chart(aggregator: PriceAggregator, coin: AssetFacts, query: Query) -> dict[str, list[list[float]]]:
    """Prices of the last ``days``: five minutes apart within a day, hourly beyond that."""
    days = _days(query)
    _dollars_only(query)
    series = aggregator.series.get(coin.asset)
    if series is None:
        raise Refused(404, "coin not found")
    since_ns = aggregator.sampled_ns - days * DAY_NS
    if days == 1:
        candles = merge([each for each in series.minutes if each.start_ns >= since_ns], 5 * MINUTE_NS)
    else:
        candles = [each for each in series.hours if each.start_ns >= since_ns]
    prices = [[each.start_ns // _NS_PER_MS, each.open] for each in candles]
    if series.last is not None:
        prices.append([aggregator.told_ns(coin.asset) // _NS_PER_MS, series.last])
    return {
        "prices": prices,
        "market_caps": [[at_ms, price * coin.supply] for at_ms, price in prices],
        "total_volumes": [],
    }


def ohlc(aggregator: PriceAggregator, coin: AssetFacts, query: Query) -> list[list[float]]:
    """Candles, each under the time of its end: half-hourly for a day, four-hourly up to a month, four-daily beyond."""
    days = _needed(query, "days")
    if days not in _OHLC_DAYS:
        raise Refused(400, "Invalid days parameter")
    _dollars_only(query)
    series = aggregator.series.get(coin.asset)
    if series is None:
        raise Refused(404, "coin not found")
    since_ns = aggregator.sampled_ns - int(days) * DAY_NS
    if days == "1":
        length_ns, source = 30 * MINUTE_NS, series.minutes
    else:
        length_ns, source = 4 * HOUR_NS if int(days) <= 30 else 4 * DAY_NS, series.hours
    candles: list[Candle] = merge([each for each in source if each.start_ns >= since_ns], length_ns)
    return [[(each.start_ns + length_ns) // _NS_PER_MS, each.open, each.high, each.low, each.close] for each in candles]


def tickers(aggregator: PriceAggregator, coin: AssetFacts, query: Query) -> dict[str, object]:
    wanted = names_in(query.get("exchange_ids", ""))
    seen = [
        each
        for each in aggregator.observations
        if coin.asset in (each.base, each.quote) and each.mid and (not wanted or each.venue in wanted)
    ]
    if int(_number(query.get("page", "1"), "page")) > 1:
        seen = []
    return {"name": coin.name, "tickers": [_ticker(aggregator, each) for each in seen]}


def exchanges(aggregator: PriceAggregator, query: Query) -> list[dict[str, object]]:
    return [
        {
            "id": venue,
            "name": venue.capitalize(),
            "year_established": None,
            "country": None,
            "description": "",
            "url": "",
            "image": None,
            "has_trading_incentive": False,
            "trust_score": None,
            "trust_score_rank": rank,
            "trade_volume_24h_btc": None,
        }
        for rank, venue in enumerate(aggregator.venues, start=1)
    ]


def _market(aggregator: PriceAggregator, coin: AssetFacts, unit: float, currency: str, rank: int) -> dict[str, object]:
    price = aggregator.rates[coin.asset] / unit
    day = _last_day(aggregator, coin.asset) if currency == "USD" else []
    change = _change_percent(aggregator, coin.asset, currency)
    return {
        "id": coin.book_id,
        "symbol": coin.symbol,
        "name": coin.name,
        "image": None,
        "current_price": _rounded(price, ""),
        "market_cap": round(price * coin.supply),
        "market_cap_rank": rank,
        "fully_diluted_valuation": None,
        "total_volume": None,
        "high_24h": max((each.high for each in day), default=None),
        "low_24h": min((each.low for each in day), default=None),
        "price_change_24h": None if change is None else price - price / (1.0 + change / 100.0),
        "price_change_percentage_24h": change,
        "circulating_supply": coin.supply,
        "last_updated": time_text(aggregator.told_ns(coin.asset), 3),
    }


def _ticker(aggregator: PriceAggregator, seen: Observation) -> dict[str, object]:
    usd = seen.mid * aggregator.rates.get(seen.quote, 0.0)
    converted = {
        currency: usd / aggregator.rates[currency.upper()]
        for currency in ("btc", "eth", "usd")
        if currency.upper() in aggregator.rates
    }
    base, quote = BY_ASSET.get(seen.base), BY_ASSET.get(seen.quote)
    fetched = time_text(seen.seen_ns, 0).replace("Z", "+00:00")
    return {
        "base": seen.base,
        "target": seen.quote,
        "market": {"name": seen.venue.capitalize(), "identifier": seen.venue, "has_trading_incentive": False},
        "last": seen.mid,
        "volume": None,
        "converted_last": converted,
        "converted_volume": None,
        "trust_score": "yellow" if seen.is_stale or seen.is_anomaly else "green",
        "bid_ask_spread_percentage": round((seen.ask - seen.bid) / seen.ask * 100.0, 6),
        "timestamp": time_text(seen.changed_ns, 0).replace("Z", "+00:00"),
        "last_traded_at": time_text(seen.changed_ns, 0).replace("Z", "+00:00"),
        "last_fetch_at": fetched,
        "is_anomaly": seen.is_anomaly,
        "is_stale": seen.is_stale,
        "trade_url": None,
        "token_info_url": None,
        "coin_id": None if base is None else base.book_id,
        "target_coin_id": None if quote is None else quote.book_id,
    }


def _priced(aggregator: PriceAggregator) -> list[AssetFacts]:
    return [coin for coin in KNOWN if coin.asset in aggregator.series]


def _last_day(aggregator: PriceAggregator, asset: str) -> list[Candle]:
    since_ns = aggregator.sampled_ns - DAY_NS
    return [each for each in aggregator.series[asset].minutes if each.start_ns >= since_ns]


def _change_percent(aggregator: PriceAggregator, asset: str, currency: str) -> float | None:
    """Change over 24 hours in percent; None until there is a price that old."""
    series = aggregator.series.get(asset)
    unit = aggregator.series.get(currency)
    before = None if series is None else series.price_a_day_ago()
    unit_before = 1.0 if currency == "USD" else None if unit is None else unit.price_a_day_ago()
    if before is None or unit_before is None:
        return None
    now = aggregator.rates[asset] / aggregator.rates[currency]
    return (now / (before / unit_before) - 1.0) * 100.0


def _rounded(price: float, precision: str) -> float:
    """Six significant digits unless the request asks for ``full`` or for a number of decimals."""
    if precision == "full":
        return price
    if precision.isascii() and precision.isdigit() and len(precision) < 3:
        return round(price, int(precision))
    return float(f"{price:.6g}")


def _needed(query: Query, name: str) -> str:
    value = query.get(name, "")
    if not value:
        raise Refused(422, f"Missing parameter {name}")
    return value


def _currency(aggregator: PriceAggregator, name: str) -> str:
    if name.upper() not in aggregator.rates:
        raise Refused(400, "invalid vs_currency")
    return name.upper()


def _dollars_only(query: Query) -> None:
    """History is kept in dollars."""
    if _needed(query, "vs_currency").lower() != "usd":
        raise Refused(400, "invalid vs_currency")


def _days(query: Query) -> int:
    days = _needed(query, "days")
    count = _LONGEST_DAYS if days == "max" else _number(days, "days")
    return max(1, min(_LONGEST_DAYS, round(count)))


def _number(text: str, name: str) -> float:
    if not (text.isascii() and len(text) < 12 and text.replace(".", "", 1).isdigit()):
        raise Refused(400, f"Invalid {name} parameter")
    return float(text)
