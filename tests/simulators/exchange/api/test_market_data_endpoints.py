"""Golden replies of the public endpoints: Binance's documented shapes, with this exchange's numbers."""

from __future__ import annotations

from simulators.exchange.types import Side

START_MS = 1_676_851_200_000
MS = 1_000_000
MINUTE = 60_000 * MS


def test_ping_answers_an_empty_object_and_time_the_venues_clock(world):
    assert world.get("/api/v3/ping") == {}
    assert world.get("/api/v3/time") == {"serverTime": START_MS + 20}


def test_exchange_info_states_filters_and_limits(world):
    info = world.get("/api/v3/exchangeInfo?symbol=BTCUSDT")
    assert info["timezone"] == "UTC"
    assert info["serverTime"] == START_MS + 10
    assert info["exchangeFilters"] == []
    assert info["rateLimits"] == [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
        {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200000},
    ]
    assert info["symbols"] == [
        {
            "symbol": "BTCUSDT",
            "status": "TRADING",
            "baseAsset": "BTC",
            "baseAssetPrecision": 8,
            "quoteAsset": "USDT",
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "baseCommissionPrecision": 8,
            "quoteCommissionPrecision": 8,
            "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
            "icebergAllowed": False,
            "ocoAllowed": False,
            "otoAllowed": False,
            "opoAllowed": False,
            "quoteOrderQtyMarketAllowed": True,
            "allowTrailingStop": False,
            "cancelReplaceAllowed": False,
            "amendAllowed": False,
            "pegInstructionsAllowed": False,
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False,
            "filters": [
                {
                    "filterType": "PRICE_FILTER",
                    "minPrice": "0.01000000",
                    "maxPrice": "9000000.00000000",
                    "tickSize": "0.01000000",
                },
                {
                    "filterType": "LOT_SIZE",
                    "minQty": "0.00001000",
                    "maxQty": "9000000.00000000",
                    "stepSize": "0.00001000",
                },
                {
                    "filterType": "NOTIONAL",
                    "minNotional": "5.00000000",
                    "applyMinToMarket": True,
                    "maxNotional": "9000000.00000000",
                    "applyMaxToMarket": False,
                    "avgPriceMins": 5,
                },
                {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
            ],
            "permissions": [],
            "permissionSets": [["SPOT"]],
            "defaultSelfTradePreventionMode": "EXPIRE_TAKER",
            "allowedSelfTradePreventionModes": ["EXPIRE_TAKER"],
        }
    ]
    assert [row["symbol"] for row in world.get("/api/v3/exchangeInfo")["symbols"]] == ["BTCUSDT", "ETHBTC"]


def test_depth_lists_levels_from_the_best_outwards(world):
    world.quote(2_450_000, 2_450_100)
    world.rest(Side.BUY, 2_449_900, 20_000)
    assert world.get("/api/v3/depth?symbol=BTCUSDT&limit=5") == {
        "lastUpdateId": 2,
        "bids": [["24500.00000000", "1.00000000"], ["24499.00000000", "0.20000000"]],
        "asks": [["24501.00000000", "1.00000000"]],
    }


def test_trades_and_aggregate_trades_tell_the_same_story(world):
    world.rest(Side.SELL, 2_450_100, 30_000)
    world.rest(Side.SELL, 2_450_100, 30_000)
    world.rest(Side.SELL, 2_450_200, 30_000)
    world.clock.run(5 * MS)
    world.rest(Side.BUY, 2_450_200, 70_000, account="momentum")
    at_ms = START_MS + 5
    assert world.get("/api/v3/trades?symbol=BTCUSDT") == [
        _trade(1, "24501.00000000", "0.30000000", "7350.30000000", at_ms),
        _trade(2, "24501.00000000", "0.30000000", "7350.30000000", at_ms),
        _trade(3, "24502.00000000", "0.10000000", "2450.20000000", at_ms),
    ]
    assert world.get("/api/v3/aggTrades?symbol=BTCUSDT") == [
        {"a": 1, "p": "24501.00000000", "q": "0.60000000", "f": 1, "l": 2, "T": at_ms, "m": False, "M": True},
        {"a": 2, "p": "24502.00000000", "q": "0.10000000", "f": 3, "l": 3, "T": at_ms, "m": False, "M": True},
    ]
    assert [row["a"] for row in world.get("/api/v3/aggTrades?symbol=BTCUSDT&fromId=2")] == [2]
    assert world.get("/api/v3/trades?symbol=BTCUSDT&limit=1")[0]["id"] == 3


def test_a_kline_opens_where_the_price_stood_and_counts_what_was_traded(world):
    world.quote(2_450_000, 2_450_200, 100_000)  # middle 24501.00
    world.clock.run(MINUTE)
    world.rest(Side.BUY, 2_450_080, 10_000)  # middle 24501.40
    world.rest(Side.SELL, 2_450_080, 4_000, account="momentum")
    world.rest(Side.BUY, 2_450_200, 1_000, account="momentum")
    rows = world.get("/api/v3/klines?symbol=BTCUSDT&interval=1m")
    first = ["24501.00000000"] * 4
    assert rows[0] == [START_MS, *first, "0.00000000", START_MS + 59_999, "0.00000000", 0, *_NOTHING_TAKEN]
    assert rows[1] == [
        START_MS + 60_000,
        "24501.00000000",
        "24502.00000000",
        "24500.80000000",
        "24501.40000000",
        "0.05000000",
        START_MS + 119_999,
        "1225.05200000",
        2,
        "0.01000000",
        "245.02000000",
        "0",
    ]
    assert len(rows) == 2


def test_klines_of_longer_intervals_gather_the_minutes(world):
    world.quote(2_450_000, 2_450_200)
    for minute in range(7):
        world.clock.run_until((START_MS + 60_000 * minute) * MS + 1)
        world.rest(Side.BUY, 2_450_000 + 2 * minute + 2, 1_000)
    rows = world.get("/api/v3/klines?symbol=BTCUSDT&interval=5m")
    assert [row[0] for row in rows] == [START_MS, START_MS + 300_000]
    assert [row[1:5] for row in rows] == [
        ["24501.00000000", "24501.05000000", "24501.00000000", "24501.05000000"],
        ["24501.05000000", "24501.07000000", "24501.05000000", "24501.07000000"],
    ]
    assert [row[0] for row in world.get("/api/v3/klines?symbol=BTCUSDT&interval=1h")] == [START_MS]
    later = f"/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime={START_MS + 120_000}&limit=2"
    assert [row[0] for row in world.get(later)] == [START_MS + 120_000, START_MS + 180_000]


def test_tickers_tell_price_book_and_day(world):
    world.quote(2_450_000, 2_450_200)
    world.rest(Side.BUY, 2_450_200, 50_000, account="momentum")
    world.clock.run(20 * MS)
    world.rest(Side.BUY, 2_450_100, 10_000)
    assert world.get("/api/v3/ticker/price?symbol=BTCUSDT") == {"symbol": "BTCUSDT", "price": "24501.50000000"}
    book = {
        "symbol": "BTCUSDT",
        "bidPrice": "24501.00000000",
        "bidQty": "0.10000000",
        "askPrice": "24502.00000000",
        "askQty": "0.50000000",
    }
    assert world.get("/api/v3/ticker/bookTicker?symbol=BTCUSDT") == book
    both = world.get("/api/v3/ticker/bookTicker?symbols=%5B%22BTCUSDT%22%2C%22ETHBTC%22%5D")
    zero = "0.00000000"
    empty = {"symbol": "ETHBTC", "bidPrice": zero, "bidQty": zero, "askPrice": zero, "askQty": zero}
    assert both == [book, empty]
    assert world.get("/api/v3/ticker/24hr?symbol=BTCUSDT") == {
        "symbol": "BTCUSDT",
        "priceChange": "0.50000000",
        "priceChangePercent": "0.002",
        "weightedAvgPrice": "24502.00000000",
        "prevClosePrice": "24501.00000000",
        "lastPrice": "24501.50000000",
        "lastQty": "0.50000000",
        "bidPrice": "24501.00000000",
        "bidQty": "0.10000000",
        "askPrice": "24502.00000000",
        "askQty": "0.50000000",
        "openPrice": "24501.00000000",
        "highPrice": "24502.00000000",
        "lowPrice": "24501.00000000",
        "volume": "0.50000000",
        "quoteVolume": "12251.00000000",
        "openTime": START_MS,
        "closeTime": START_MS + 60,
        "firstId": 1,
        "lastId": 1,
        "count": 1,
    }
    assert world.get("/api/v3/avgPrice?symbol=BTCUSDT") == {
        "mins": 5,
        "price": "24502.00000000",
        "closeTime": START_MS,
    }


def test_public_requests_are_refused_as_binance_refuses_them(world):
    missing = "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."
    assert world.refusal("GET", "/api/v3/depth") == (400, -1102, missing)
    assert world.refusal("GET", "/api/v3/depth?symbol=XRPUSDT") == (400, -1121, "Invalid symbol.")
    assert world.refusal("GET", "/api/v3/klines?symbol=BTCUSDT&interval=7m") == (400, -1120, "Invalid interval.")
    illegal = "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'."
    assert world.refusal("GET", "/api/v3/trades?symbol=BTCUSDT&limit=x") == (400, -1100, illegal)
    reply = world.call("GET", "/api/v3/nothing")
    assert reply.status == 404
    assert b'"path":"/api/v3/nothing"' in reply.body


_NOTHING_TAKEN = ["0.00000000", "0.00000000", "0"]


def _trade(number: int, price: str, quantity: str, value: str, at_ms: int) -> dict[str, object]:
    return {
        "id": number,
        "price": price,
        "qty": quantity,
        "quoteQty": value,
        "time": at_ms,
        "isBuyerMaker": False,
        "isBestMatch": True,
    }
