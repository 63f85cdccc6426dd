"""Golden replies of the trading endpoints, and the refusals a client meets."""

from __future__ import annotations

import msgspec
import pytest

from simulators.exchange.types import Side

START_MS = 1_676_851_200_000
MS = 1_000_000

BUY = "/api/v3/order?symbol=BTCUSDT&side=BUY"


def test_a_market_order_walks_the_book_and_reports_each_fill_and_its_fee(world):
    world.rest(Side.SELL, 2_450_100, 30_000)
    world.rest(Side.SELL, 2_450_200, 30_000)
    reply = world.call("POST", f"{BUY}&type=MARKET&quantity=0.4&newClientOrderId=mine", "K-trade")
    assert reply.headers == (
        ("X-MBX-USED-WEIGHT-1M", "1"),
        ("X-MBX-ORDER-COUNT-10S", "1"),
        ("X-MBX-ORDER-COUNT-1D", "1"),
    )
    assert msgspec.json.decode(reply.body) == {
        "symbol": "BTCUSDT",
        "orderId": 3,
        "orderListId": -1,
        "clientOrderId": "mine",
        "transactTime": START_MS + 10,
        "price": "0.00000000",
        "origQty": "0.40000000",
        "executedQty": "0.40000000",
        "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": "9800.50000000",
        "status": "FILLED",
        "timeInForce": "GTC",
        "type": "MARKET",
        "side": "BUY",
        "workingTime": START_MS + 10,
        "selfTradePreventionMode": "EXPIRE_TAKER",
        "fills": [
            {
                "price": "24501.00000000",
                "qty": "0.30000000",
                "commission": "0.00015000",
                "commissionAsset": "BTC",
                "tradeId": 1,
            },
            {
                "price": "24502.00000000",
                "qty": "0.10000000",
                "commission": "0.00005000",
                "commissionAsset": "BTC",
                "tradeId": 2,
            },
        ],
    }
    mine = world.get("/api/v3/myTrades?symbol=BTCUSDT&orderId=3", "K-read")
    assert mine[0] == {
        "symbol": "BTCUSDT",
        "id": 1,
        "orderId": 3,
        "orderListId": -1,
        "price": "24501.00000000",
        "qty": "0.30000000",
        "quoteQty": "7350.30000000",
        "commission": "0.00015000",
        "commissionAsset": "BTC",
        "time": START_MS + 10,
        "isBuyer": True,
        "isMaker": False,
        "isBestMatch": True,
    }
    assert len(mine) == 2


def test_a_resting_order_is_acknowledged_queried_listed_and_cancelled(world):
    query = f"{BUY}&type=LIMIT&timeInForce=GTC&quantity=0.01&price=24000&newClientOrderId=a&newOrderRespType=ACK"
    assert world.post(query) == {
        "symbol": "BTCUSDT",
        "orderId": 1,
        "orderListId": -1,
        "clientOrderId": "a",
        "transactTime": START_MS + 10,
    }
    row = {
        "symbol": "BTCUSDT",
        "orderId": 1,
        "orderListId": -1,
        "clientOrderId": "a",
        "price": "24000.00000000",
        "origQty": "0.01000000",
        "executedQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "BUY",
        "stopPrice": "0.00000000",
        "icebergQty": "0.00000000",
        "time": START_MS + 10,
        "updateTime": START_MS + 10,
        "isWorking": True,
        "workingTime": START_MS + 10,
        "origQuoteOrderQty": "0.00000000",
        "selfTradePreventionMode": "EXPIRE_TAKER",
    }
    assert world.get("/api/v3/order?symbol=BTCUSDT&origClientOrderId=a", "K-read") == row
    assert world.get("/api/v3/openOrders?symbol=BTCUSDT", "K-read") == [row]
    assert world.get("/api/v3/openOrders", "K-read") == [row]
    reply = world.call("DELETE", "/api/v3/order?symbol=BTCUSDT&orderId=1&newClientOrderId=c", "K-trade")
    assert msgspec.json.decode(reply.body) == {
        "symbol": "BTCUSDT",
        "origClientOrderId": "a",
        "orderId": 1,
        "orderListId": -1,
        "clientOrderId": "c",
        "transactTime": START_MS + 50,
        "price": "24000.00000000",
        "origQty": "0.01000000",
        "executedQty": "0.00000000",
        "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000",
        "status": "CANCELED",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "BUY",
        "selfTradePreventionMode": "EXPIRE_TAKER",
    }
    assert world.get("/api/v3/openOrders", "K-read") == []
    cancelled = {**row, "status": "CANCELED", "updateTime": START_MS + 50}
    assert world.get("/api/v3/allOrders?symbol=BTCUSDT", "K-read") == [cancelled]


def test_cancel_all_cancels_every_order_of_the_symbol(world):
    for price in (24_000, 24_001):
        world.post(f"{BUY}&type=LIMIT&timeInForce=GTC&quantity=0.01&price={price}")
    reply = world.call("DELETE", "/api/v3/openOrders?symbol=BTCUSDT", "K-trade")
    assert [(row["orderId"], row["status"]) for row in msgspec.json.decode(reply.body)] == [
        (1, "CANCELED"),
        (2, "CANCELED"),
    ]
    again = world.refusal("DELETE", "/api/v3/openOrders?symbol=BTCUSDT", "K-trade")
    assert again == (400, -2011, "Unknown order sent.")


def test_an_order_reaches_the_book_when_its_service_time_is_over(world):
    world.quote(2_450_000, 2_450_100)
    replies, times = world.request("POST", f"{BUY}&type=LIMIT&timeInForce=IOC&quantity=0.1&price=24501", "K-trade")
    world.clock.run(9 * MS)
    assert world.exchange.top(0) == (2_450_000, 100_000, 2_450_100, 100_000)
    world.clock.run(MS)
    assert world.exchange.top(0) == (2_450_000, 100_000, 2_450_100, 90_000)
    assert replies[0].status == 200
    assert times == [START_MS * MS + 10 * MS]


def test_post_only_and_expired_orders_are_shown_as_binance_shows_them(world):
    world.quote(2_450_000, 2_450_100, 10_000)
    ack = world.post(f"{BUY}&type=LIMIT_MAKER&quantity=0.01&price=24400")
    assert list(ack) == ["symbol", "orderId", "orderListId", "clientOrderId", "transactTime"]
    row = world.get(f"/api/v3/order?symbol=BTCUSDT&orderId={ack['orderId']}", "K-read")
    assert (row["type"], row["timeInForce"]) == ("LIMIT_MAKER", "GTC")
    taken = world.post(f"{BUY}&type=LIMIT&timeInForce=IOC&quantity=0.3&price=24501")
    assert (taken["status"], taken["executedQty"], taken["expiryReason"]) == (
        "EXPIRED",
        "0.10000000",
        "UNFILLED_IOC_QUANTITY_EXPIRED",
    )
    killed = world.post(f"{BUY}&type=LIMIT&timeInForce=FOK&quantity=5&price=24600")
    assert (killed["status"], killed["expiryReason"], killed["fills"]) == ("EXPIRED", "UNFILLED_FOK_ORDER_EXPIRED", [])


def test_a_test_order_is_checked_but_never_placed(world):
    assert world.post("/api/v3/order/test?symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1") == {}
    assert world.refusal("POST", "/api/v3/order/test?symbol=BTCUSDT&side=BUY&type=MARKET", "K-trade")[1] == -1102
    assert world.get("/api/v3/allOrders?symbol=BTCUSDT", "K-read") == []


def test_parameters_may_stand_in_the_body_and_the_query_wins(world):
    body = b"side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=1"
    reply = world.call("POST", "/api/v3/order?symbol=BTCUSDT&price=24000", "K-trade", body)
    assert msgspec.json.decode(reply.body)["price"] == "24000.00000000"


def test_a_client_that_names_no_order_gets_a_name_that_is_its_own(world):
    names = [
        world.post(f"{BUY}&type=LIMIT&timeInForce=GTC&quantity=0.01&price=24000")["clientOrderId"] for _ in range(2)
    ]
    assert len(set(names)) == 2
    assert all(len(name) == 22 for name in names)


_LIMIT = f"{BUY}&type=LIMIT&timeInForce=GTC"
_MISSING = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        (f"{_LIMIT}&price=1", -1102, _MISSING.format("quantity")),
        (f"{_LIMIT}&quantity=1", -1102, _MISSING.format("price")),
        (f"{BUY}&type=LIMIT&quantity=1&price=1", -1102, _MISSING.format("timeInForce")),
        (f"{BUY}&type=LIMIT&timeInForce=GTX&quantity=1&price=1", -1115, "Invalid timeInForce."),
        (f"{BUY}&type=STOP_LOSS&quantity=1", -1116, "Invalid orderType."),
        ("/api/v3/order?symbol=BTCUSDT&side=HOLD&type=MARKET&quantity=1", -1117, "Invalid side."),
        (f"{BUY}&type=MARKET&quantity=1&price=5", -1106, "Parameter 'price' sent when not required."),
        (
            f"{BUY}&type=MARKET",
            -1102,
            "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
        ),
        (
            f"{_LIMIT}&quantity=-1&price=1",
            -1100,
            "Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.",
        ),
        (f"{_LIMIT}&quantity=0.000000001&price=1", -1111, "Parameter 'quantity' has too much precision."),
        (f"{_LIMIT}&quantity=0.000001&price=24000", -1013, "Filter failure: LOT_SIZE"),
        (f"{_LIMIT}&quantity=1&price=24000.001", -1013, "Filter failure: PRICE_FILTER"),
        (f"{_LIMIT}&quantity=0.0001&price=24000", -1013, "Filter failure: NOTIONAL"),
        (f"{_LIMIT}&quantity=90&price=24000", -2010, "Account has insufficient balance for requested action."),
        (
            f"{BUY}&type=LIMIT_MAKER&quantity=1&price=24600",
            -2010,
            "Order would immediately match and take.",
        ),
        (f"{_LIMIT}&quantity=1&price=1&timestamp=1", -1021, "Timestamp for this request is outside of the recvWindow."),
    ],
)
def test_an_order_is_refused_with_binances_code_and_text(world, query, code, message):
    world.quote(2_450_000, 2_450_100)
    assert world.refusal("POST", query, "K-trade") == (400, code, message)


def test_keys_open_only_what_they_are_for(world):
    no_key = (401, -2014, "API-key format invalid.")
    refused = (401, -2015, "Invalid API-key, IP, or permissions for action.")
    assert world.refusal("GET", "/api/v3/account") == no_key
    assert world.refusal("GET", "/api/v3/account", "K-unknown") == refused
    assert world.refusal("POST", f"{BUY}&type=MARKET&quantity=1", "K-read") == refused
    assert world.refusal("GET", "/sapi/v1/sub-account/list", "K-trade") == refused


def test_an_order_of_another_account_does_not_exist(world):
    number = world.rest(Side.BUY, 2_400_000, 10_000)
    query = f"/api/v3/order?symbol=BTCUSDT&orderId={number}"
    assert world.refusal("GET", query, "K-trade") == (400, -2013, "Order does not exist.")
    assert world.refusal("DELETE", query, "K-trade") == (400, -2011, "Unknown order sent.")
