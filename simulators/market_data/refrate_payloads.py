"""The rows of a Coin Metrics-like provider, built from what its aggregator knows. Numbers are decimal strings."""

from __future__ import annotations

from itertools import islice

from simulators.market_data.aggregator import PriceAggregator, VenueView
from simulators.market_data.refrate_pages import Page, Row, bad_parameter, needed
from simulators.market_data.series import HOUR_NS, MINUTE_NS, SECOND_NS, merge
from simulators.market_data.web import Query, decimal_text, names_in, time_text

RATE_METRIC = "ReferenceRateUSD"
VOLATILITY_METRIC = "volatility_realized_usd_rolling_24h"

_METRICS = (RATE_METRIC, VOLATILITY_METRIC)
_CANDLE_NS = {"1m": MINUTE_NS, "5m": 5 * MINUTE_NS, "10m": 10 * MINUTE_NS, "15m": 15 * MINUTE_NS, "1h": HOUR_NS}
_MOST_LEVELS = 100
_MOST_TRADES = 1_000


def asset_metrics(aggregator: PriceAggregator, query: Query) -> list[Row]:
    """``frequency=1s`` or ``1m``. Volatility is known as of now: it stands in the newest row, null in those before."""
    metrics = names_in(needed(query, "metrics"))
    for metric in metrics:
        if metric not in _METRICS:
            raise bad_parameter("metrics", metric)
    frequency = query.get("frequency", "1m")
    if frequency not in ("1s", "1m"):
        raise bad_parameter("frequency", frequency)
    newest = Page.of(query).newest_per_entity or None  # who asks for the latest rate must not pay for a day of them
    rows = []
    for asset in _assets(aggregator, needed(query, "assets")):
        series = aggregator.series.get(asset.upper())
        if series is None:
            continue
        if frequency == "1s":
            samples = islice(reversed(series.samples), newest)
            points = [(at_ns - at_ns % SECOND_NS, price) for at_ns, price in samples]
        else:
            points = [(candle.start_ns, candle.open) for candle in islice(reversed(series.minutes), newest)]
        points.reverse()
        for number, (at_ns, price) in enumerate(points):
            body: dict[str, object] = {"asset": asset, "time": time_text(at_ns)}
            for metric in metrics:
                if metric == RATE_METRIC:
                    body[metric] = decimal_text(price)
                else:
                    volatility = series.volatility.value if number == len(points) - 1 else None
                    body[metric] = None if volatility is None else decimal_text(volatility)
            rows.append(Row(asset, at_ns, number, body))
    return rows


def market_orderbooks(aggregator: PriceAggregator, query: Query) -> list[Row]:
    """The book of each market as it stands now; ``depth_limit`` levels a side, 100 at most."""
    limit = query.get("depth_limit", str(_MOST_LEVELS))
    if limit != "full_book" and not (limit.isascii() and limit.isdigit() and len(limit) < 6 and int(limit) > 0):
        raise bad_parameter("depth_limit", limit)
    levels = _MOST_LEVELS if limit == "full_book" else min(_MOST_LEVELS, int(limit))
    now_ns = aggregator.sampled_ns
    rows = []
    for market, view, pair in _markets(aggregator, query):
        bids, asks = view.depth(pair, levels)
        body: dict[str, object] = {
            "market": market,
            "time": time_text(now_ns),
            "coin_metrics_id": f"{now_ns // 1_000}-0",
            "asks": [{"price": decimal_text(price), "size": decimal_text(size)} for price, size in asks],
            "bids": [{"price": decimal_text(price), "size": decimal_text(size)} for price, size in bids],
            "database_time": time_text(now_ns),
        }
        rows.append(Row(market, now_ns, 0, body))
    return rows


def market_trades(aggregator: PriceAggregator, query: Query) -> list[Row]:
    """The last trades of each market, as many as its venue still shows."""
    rows = []
    for market, view, pair in _markets(aggregator, query):
        for trade in view.trades(pair, _MOST_TRADES):
            body: dict[str, object] = {
                "market": market,
                "time": time_text(trade.at_ns),
                "coin_metrics_id": str(trade.trade_id),
                "amount": decimal_text(trade.quantity),
                "price": decimal_text(trade.price),
                "database_time": time_text(trade.at_ns),
                "side": "buy" if trade.is_buyer_taker else "sell",
            }
            rows.append(Row(market, trade.at_ns, trade.trade_id, body))
    return rows


def pair_divergences(aggregator: PriceAggregator, query: Query) -> list[Row]:
    """How far each pair lies apart between venues, and each triangle of a venue from closing, as last looked at.

    A service of this house that Coin Metrics does not have; ``min_bp`` leaves out what is closer.
    """
    text = query.get("min_bp", "0")
    if not text.replace(".", "", 1).isdecimal():
        raise bad_parameter("min_bp", text)
    rows = []
    for number, found in enumerate(aggregator.divergences()):
        if found.bp >= float(text):
            body: dict[str, object] = {
                "pair": found.pair,
                "time": time_text(aggregator.sampled_ns),
                "low_market": found.low_venue,
                "high_market": found.high_venue,
                "divergence_bp": f"{found.bp:.4f}",
            }
            rows.append(Row(found.pair, aggregator.sampled_ns, number, body))
    return rows


def pair_candles(aggregator: PriceAggregator, query: Query) -> list[Row]:
    """Candles of the reference rate of ``<asset>-usd``. They hold rates, not trades, so volumes are null."""
    frequency = query.get("frequency", "1h")
    length_ns = _CANDLE_NS.get(frequency)
    if length_ns is None:
        raise bad_parameter("frequency", frequency)
    rows = []
    for pair in names_in(needed(query, "pairs")):
        asset, _, quote = pair.partition("-")
        if quote != "usd" or asset.upper() not in aggregator.assets:
            raise bad_parameter("pairs", pair)
        series = aggregator.series.get(asset.upper())
        if series is None:
            continue
        candles = merge(list(series.hours if frequency == "1h" else series.minutes), length_ns)
        # The newest candle is still being drawn.
        for candle in candles[:-1]:
            body: dict[str, object] = {
                "pair": pair,
                "time": time_text(candle.start_ns),
                "price_open": decimal_text(candle.open),
                "price_close": decimal_text(candle.close),
                "price_high": decimal_text(candle.high),
                "price_low": decimal_text(candle.low),
                "vwap": None,
                "volume": None,
                "candle_usd_volume": None,
                "candle_trades_count": None,
            }
            rows.append(Row(pair, candle.start_ns, 0, body))
    return rows


def _assets(aggregator: PriceAggregator, text: str) -> list[str]:
    known = [asset.lower() for asset in aggregator.assets]
    wanted = names_in(text)
    if wanted == ["*"]:
        return known
    for asset in wanted:
        if asset not in known:
            raise bad_parameter("assets", asset)
    return wanted


def _markets(aggregator: PriceAggregator, query: Query) -> list[tuple[str, VenueView, str]]:
    """The markets named ``<venue>-<base>-<quote>-spot``."""
    markets = []
    for market in names_in(needed(query, "markets")):
        venue, _, rest = market.partition("-")
        view = aggregator.venues.get(venue)
        pair = rest.removesuffix("-spot").upper().replace("-", "/")
        if view is None or pair not in view.pairs or not rest.endswith("-spot"):
            raise bad_parameter("markets", market)
        markets.append((market, view, pair))
    return markets
