"""User data: golden events, what explains a balance and what does not, and the session's own requests."""

from __future__ import annotations

import msgspec
import pytest

from simulators.exchange.types import Side

START_MS = 1_676_851_200_000
MS = 1_000_000
SECOND = 1_000 * MS


def test_a_resting_order_that_is_filled_and_then_cancelled_is_reported_step_by_step(world):
    client = world.user_data()
    query = "/api/v3/order?symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.3&price=24501"
    world.post(f"{query}&newClientOrderId=mine")
    world.clock.run(10 * MS)
    world.rest(Side.BUY, 2_450_100, 10_000, account="maker")
    world.clock.run(10 * MS)
    world.call("DELETE", "/api/v3/order?symbol=BTCUSDT&orderId=1&newClientOrderId=gone", "K-trade")
    report = {
        "e": "executionReport",
        "E": START_MS + 20,
        "s": "BTCUSDT",
        "c": "mine",
        "S": "SELL",
        "o": "LIMIT",
        "f": "GTC",
        "q": "0.30000000",
        "p": "24501.00000000",
        "P": "0.00000000",
        "F": "0.00000000",
        "g": -1,
        "C": "",
        "x": "NEW",
        "X": "NEW",
        "r": "NONE",
        "i": 1,
        "l": "0.00000000",
        "z": "0.00000000",
        "L": "0.00000000",
        "n": "0",
        "N": None,
        "T": START_MS + 20,
        "t": -1,
        "I": 1,
        "w": True,
        "m": False,
        "M": False,
        "O": START_MS + 20,
        "Z": "0.00000000",
        "Y": "0.00000000",
        "Q": "0.00000000",
        "W": START_MS + 20,
        "V": "EXPIRE_TAKER",
    }
    traded = {
        **report,
        "E": START_MS + 30,
        "x": "TRADE",
        "X": "PARTIALLY_FILLED",
        "l": "0.10000000",
        "z": "0.10000000",
        "L": "24501.00000000",
        "n": "0.49002000",
        "N": "USDT",
        "T": START_MS + 30,
        "t": 1,
        "I": 2,
        "m": True,
        "Z": "2450.10000000",
        "Y": "2450.10000000",
    }
    cancelled = {
        **report,
        "E": START_MS + 50,
        "c": "gone",
        "C": "mine",
        "x": "CANCELED",
        "X": "CANCELED",
        "z": "0.10000000",
        "T": START_MS + 50,
        "I": 3,
        "w": False,
        "Z": "2450.10000000",
    }
    frames = client.take()
    assert [frame["subscriptionId"] for frame in frames] == [0] * 6
    assert [frame["event"] for frame in frames] == [
        report,
        _position(START_MS + 20, BTC=("99.70000000", "0.30000000"), USDT=("1000000.00000000", "0.00000000")),
        traded,
        _position(START_MS + 30, BTC=("99.70000000", "0.20000000"), USDT=("1002449.60998000", "0.00000000")),
        cancelled,
        _position(START_MS + 50, BTC=("99.90000000", "0.00000000"), USDT=("1002449.60998000", "0.00000000")),
    ]


def test_a_taker_sees_new_each_trade_and_then_its_balances_and_no_balance_update(world):
    client = world.user_data()
    world.rest(Side.SELL, 2_450_100, 30_000)
    world.rest(Side.SELL, 2_450_200, 30_000)
    world.post("/api/v3/order?symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.4")
    events = [frame["event"] for frame in client.take()]
    assert [(event["e"], event.get("x"), event.get("X")) for event in events] == [
        ("executionReport", "NEW", "NEW"),
        ("executionReport", "TRADE", "PARTIALLY_FILLED"),
        ("executionReport", "TRADE", "FILLED"),
        ("outboundAccountPosition", None, None),
    ]
    assert [(event["n"], event["N"], event["m"]) for event in events[1:3]] == [
        ("0.00015000", "BTC", False),
        ("0.00005000", "BTC", False),
    ]


def test_value_that_no_trade_moved_comes_as_a_balance_update(world):
    client = world.user_data()
    world.rest(Side.SELL, 2_450_100, 30_000)
    world.rest(Side.BUY, 2_450_100, 10_000, account="momentum")
    client.take()
    world.exchange.transfer("USDT", "momentum", "maker", 12_345_000_000, "transfer", 5)
    now_ms = world.clock.now_ns // MS
    assert [frame["event"] for frame in client.take()] == [
        _position(now_ms, USDT=("997426.45000000", "0.00000000")),
        {"e": "balanceUpdate", "E": now_ms, "a": "USDT", "d": "-123.45000000", "T": now_ms},
    ]


def test_an_expired_order_says_why(world):
    client = world.user_data()
    world.rest(Side.SELL, 2_450_100, 10_000)
    world.post("/api/v3/order?symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=IOC&quantity=0.3&price=24501")
    reports = [frame["event"] for frame in client.take() if frame["event"]["e"] == "executionReport"]
    assert [(report["x"], report["X"], report.get("eR")) for report in reports] == [
        ("NEW", "NEW", None),
        ("TRADE", "PARTIALLY_FILLED", None),
        ("EXPIRED", "EXPIRED", "UNFILLED_IOC_QUANTITY_EXPIRED"),
    ]


def test_two_accounts_on_one_session_are_told_apart(world):
    client = world.user_data("K-master")
    client.send(_subscribe("K-trade"))
    world.clock.run(SECOND)
    assert client.take() == [{"id": 1, "status": 200, "result": {"subscriptionId": 1}}]
    world.rest(Side.BUY, 2_400_000, 10_000, account="momentum")
    assert {frame["subscriptionId"] for frame in client.take()} == {1}
    client.send({"id": 2, "method": "session.subscriptions"})
    world.clock.run(SECOND)
    listed = [{"subscriptionId": 0}, {"subscriptionId": 1}]
    assert client.take() == [{"id": 2, "status": 200, "result": listed}]
    client.send({"id": 3, "method": "userDataStream.unsubscribe", "params": {"subscriptionId": 1}})
    world.clock.run(SECOND)
    ended = client.take()
    assert ended[0]["event"]["e"] == "eventStreamTerminated"
    assert ended[1] == {"id": 3, "status": 200, "result": {}}
    world.rest(Side.BUY, 2_400_000, 10_000, account="momentum")
    assert client.take() == []


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"id": 9, "method": "userDataStream.subscribe.signature", "params": {}}, 400, -1102),
        ({"id": 9, "method": "userDataStream.subscribe.signature", "params": {"apiKey": "K-none"}}, 401, -2015),
        ({"id": 9, "method": "userDataStream.subscribe.signature", "params": {"apiKey": "K-read"}}, 400, -2035),
        ({"id": 9, "method": "userDataStream.unsubscribe", "params": {"subscriptionId": 7}}, 400, -2036),
        ({"id": 9, "method": "order.dance"}, 400, -1020),
    ],
)
def test_a_session_request_is_refused_with_binances_code(world, request_, status, code):
    client = world.user_data()
    client.send(request_)
    world.clock.run(SECOND)
    answer = client.take()[0]
    assert (answer["id"], answer["status"], answer["error"]["code"]) == (9, status, code)


def test_the_session_answers_ping_time_and_noise(world):
    client = world.connect("/ws-api/v3")
    client.send({"id": "p", "method": "ping"})
    client.send({"id": "t", "method": "time"})
    client.send(b"{")
    world.clock.run(SECOND)
    assert client.take() == [
        {"id": "p", "status": 200, "result": {}},
        {"id": "t", "status": 200, "result": {"serverTime": START_MS + 10}},
        {"id": None, "status": 400, "error": {"code": -1135, "msg": "Invalid JSON Request"}},
    ]


def test_a_session_that_has_gone_gets_nothing_more(world):
    client = world.user_data()
    client.stream.close()
    world.rest(Side.BUY, 2_400_000, 10_000, account="momentum")
    assert (client.frames, client.closed) == ([], [])


def _position(now_ms: int, **balances: tuple[str, str]) -> dict[str, object]:
    rows = [{"a": asset, "f": free, "l": locked} for asset, (free, locked) in balances.items()]
    return {"e": "outboundAccountPosition", "E": now_ms, "u": now_ms, "B": rows}


def _subscribe(key: str) -> bytes:
    params = {"apiKey": key, "timestamp": START_MS, "signature": "-"}
    return msgspec.json.encode({"id": 1, "method": "userDataStream.subscribe.signature", "params": params})
