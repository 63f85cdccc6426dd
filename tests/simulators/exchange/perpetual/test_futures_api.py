"""What a client of a futures exchange sees: the shapes of USDⓈ-M futures, over the real clearing house."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from simulators.exchange.api.routes import ApiKey
from simulators.exchange.config import StreetConfig
from simulators.exchange.perpetual.api.venue import FuturesApi
from simulators.exchange.types import Side
from simulators.log_normal import LogNormal
from simulators.ports import Reply, Request

DEEP = StreetConfig(half_spread_bp=0.0, top_notional=1e9, levels=1)
KEYS = {"ada.trade": ApiKey("ada", can_trade=True), "ada.read": ApiKey("ada"), "bob.trade": ApiKey("bob", True)}


class Desk:
    """A pit with its API, asked as a client would, without travel time."""

    def __init__(self, pit: Any) -> None:
        self.pit = pit
        rng = np.random.Generator(np.random.PCG64(1))
        self.api = FuturesApi(pit.house, pit.clock, KEYS, {"*": LogNormal(1.0, 0.0)}, rng, pit.records)
        self.frames: list[Any] = []

    def ask(self, method: str, target: str, key: str = "") -> tuple[int, Any]:
        replies: list[Reply] = []
        headers = (("X-MBX-APIKEY", key),) if key else ()
        self.api.handle(Request(method, target, headers), lambda reply, _: replies.append(reply), 0)
        self.pit.wait(0.5)
        (reply,) = replies
        return reply.status, msgspec.json.decode(reply.body)

    def listen(self, target: str, greeting: object = None) -> None:
        stream = self.api.open_stream(
            target, lambda payload, _: self.frames.append(msgspec.json.decode(payload)), print
        )
        assert stream is not None
        if greeting is not None:
            stream.receive(msgspec.json.encode(greeting), 0)
            self.pit.wait(0.1)

    def take(self) -> list[Any]:
        frames, self.frames = self.frames, []
        return frames


@pytest.fixture
def desk(new_pit: Callable[..., Any]) -> Desk:
    return Desk(new_pit(street=DEEP))


def test_an_order_is_placed_filled_and_shown_as_a_position(desk: Desk) -> None:
    status, order = desk.ask("POST", "/fapi/v1/order?symbol=BTCUSDT&side=SELL&type=MARKET&quantity=1", "ada.trade")
    assert status == 200
    assert order["clientOrderId"] == "web_apexf_1"
    assert {name: order[name] for name in ("status", "executedQty", "cumQuote", "avgPrice", "reduceOnly")} == {
        "status": "FILLED",
        "executedQty": "1.00000000",
        "cumQuote": "20000.00000000",
        "avgPrice": "20000.00000000",
        "reduceOnly": False,
    }
    _, account = desk.ask("GET", "/fapi/v2/account", "ada.read")
    (asset,) = account["assets"]
    assert (asset["asset"], asset["walletBalance"]) == ("USDT", "9992.00000000")  # 4 bp of 20,000
    (position,) = account["positions"]
    assert (position["positionAmt"], position["entryPrice"], position["leverage"]) == (
        "-1.00000000",
        "20000.00000000",
        "20",
    )
    _, risks = desk.ask("GET", "/fapi/v2/positionRisk?symbol=BTCUSDT", "ada.read")
    # 9,992 + 20,000 − P = 0.004 P
    assert float(risks[0]["liquidationPrice"]) == pytest.approx(29_992 / 1.004)


def test_refusals_are_the_dialects_own(desk: Desk) -> None:
    order = "/fapi/v1/order?symbol=BTCUSDT&side=SELL&type=MARKET&quantity="
    assert desk.ask("POST", f"{order}11", "ada.trade") == (400, {"code": -2019, "msg": "Margin is insufficient."})
    reduce = desk.ask("POST", f"{order}1&reduceOnly=true", "ada.trade")
    assert reduce == (400, {"code": -2022, "msg": "ReduceOnly Order is rejected."})
    assert desk.ask("POST", f"{order}1", "ada.read")[1]["code"] == -2015
    assert desk.ask("GET", "/fapi/v1/premiumIndex?symbol=XRPUSDT")[1]["code"] == -1121
    assert desk.ask("GET", "/api/v3/account", "ada.read")[0] == 404
    assert desk.ask("POST", f"{order}1&newClientOrderId=autoclose-1", "ada.trade")[1]["code"] == -1100
    leverage = desk.ask("POST", "/fapi/v1/leverage?symbol=BTCUSDT&leverage=200", "ada.trade")
    assert leverage == (400, {"code": -4028, "msg": "Leverage 200 is not valid"})


def test_orders_rest_are_listed_and_cancelled(desk: Desk) -> None:
    _, placed = desk.ask(
        "POST",
        "/fapi/v1/order?symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTX&price=19000&quantity=0.5&newClientOrderId=a",
        "ada.trade",
    )
    _, listed = desk.ask("GET", "/fapi/v1/openOrders", "ada.read")
    assert [(row["clientOrderId"], row["timeInForce"], row["time"]) for row in listed] == [
        ("a", "GTX", placed["updateTime"])
    ]
    assert (
        desk.ask("DELETE", "/fapi/v1/order?symbol=BTCUSDT&origClientOrderId=a", "ada.trade")[1]["status"] == "CANCELED"
    )
    assert desk.ask("DELETE", "/fapi/v1/allOpenOrders?symbol=BTCUSDT", "ada.trade")[1]["code"] == 200
    assert desk.ask("GET", "/fapi/v1/order?symbol=BTCUSDT&origClientOrderId=a", "ada.read")[1]["status"] == "CANCELED"


def test_the_market_is_told_with_marks_and_funding(desk: Desk) -> None:
    _, premium = desk.ask("GET", "/fapi/v1/premiumIndex?symbol=BTCUSDT")
    assert premium["lastFundingRate"] == "0.00010000"
    assert premium["nextFundingTime"] == 1_676_880_000_000  # 08:00
    assert float(premium["markPrice"]) == pytest.approx(20_000, abs=0.1)
    _, depth = desk.ask("GET", "/fapi/v1/depth?symbol=BTCUSDT&limit=5")
    assert set(depth) == {"lastUpdateId", "E", "T", "bids", "asks"}
    desk.listen("/stream?streams=btcusdt@bookTicker/btcusdt@markPrice@1s")
    desk.pit.wait(1)
    desk.pit.move(20_050.0)
    by_stream = {frame["stream"]: frame["data"] for frame in desk.take()}
    mark, ticker = by_stream["btcusdt@markPrice@1s"], by_stream["btcusdt@bookTicker"]
    assert (mark["e"], mark["s"], mark["r"], mark["i"]) == (
        "markPriceUpdate",
        "BTCUSDT",
        "0.00010000",
        "20000.00000000",
    )
    assert (ticker["e"], ticker["b"], ticker["a"]) == ("bookTicker", "20050.00000000", "20050.10000000")


def test_account_events_follow_orders_funding_and_danger(desk: Desk) -> None:
    pit = desk.pit
    subscribe = {"id": 1, "method": "userDataStream.subscribe.signature", "params": {"apiKey": "ada.read"}}
    desk.listen("/ws-fapi/v1", subscribe)
    assert desk.take()[0]["status"] == 200
    pit.house.set_leverage("ada", 0, 50)
    pit.market("ada", Side.SELL, 10_000)
    events = [frame["event"] for frame in desk.take()]
    assert [event["e"] for event in events] == ["ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"]
    trade, update = events[1]["o"], events[2]["a"]
    assert (trade["x"], trade["X"], trade["l"], trade["L"], trade["n"], trade["N"], trade["rp"]) == (
        "TRADE",
        "FILLED",
        "10.00000000",
        "20000.00000000",
        "80.00000000",
        "USDT",
        "0.00000000",
    )
    assert update["m"] == "ORDER"
    assert update["B"] == [{"a": "USDT", "wb": "9920.00000000", "cw": "9920.00000000", "bc": "0.00000000"}]
    assert (update["P"][0]["s"], update["P"][0]["pa"], update["P"][0]["ep"]) == (
        "BTCUSDT",
        "-10.00000000",
        "20000.00000000",
    )
    pit.house.contracts[0].next_funding_ns = pit.clock.now_ns
    pit.wait(1)
    (funding,) = [frame["event"] for frame in desk.take()]
    assert (funding["a"]["m"], float(funding["a"]["B"][0]["bc"])) == ("FUNDING_FEE", pytest.approx(20.0, rel=1e-4))
    pit.move(20_890.0)  # margin balance 1,039, maintenance 836: four fifths
    pit.wait(1)
    (call,) = [frame["event"] for frame in desk.take()]
    assert (call["e"], call["p"][0]["ps"], call["p"][0]["pa"]) == ("MARGIN_CALL", "SHORT", "-10.00000000")
    pit.move(21_000.0)
    pit.wait(1)
    events = [frame["event"] for frame in desk.take()]
    assert [event["e"] for event in events][-1] == "ACCOUNT_UPDATE"
    assert events[-1]["a"]["m"] == "INSURANCE_CLEAR"
    assert events[-1]["a"]["P"][0]["pa"] == "0.00000000"
    assert (events[0]["o"]["c"].startswith("autoclose-"), events[0]["o"]["o"]) == (True, "LIQUIDATION")
