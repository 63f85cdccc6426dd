"""Faults of trading at a venue of contracts: the same harm, told in the futures dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from simulators.exchange.api.routes import ApiKey
from simulators.exchange.config import StreetConfig
from simulators.exchange.harm_trading import (
    CancelRejectParams,
    DuplicateFillParams,
    EventGapParams,
    FrozenAccountParams,
    LostFillParams,
    OrderRejectParams,
    PhantomFillParams,
)
from simulators.exchange.perpetual.api.venue import FuturesApi
from simulators.exchange.trading_faults.accounts import FrozenAccount
from simulators.exchange.trading_faults.fills import DuplicateFill, EventGap, LostFill, PhantomFill
from simulators.exchange.trading_faults.orders import CancelReject, OrderReject
from simulators.log_normal import LogNormal
from simulators.picks import Picks
from simulators.ports import Request

DEEP = StreetConfig(half_spread_bp=1.0, top_notional=1e9, levels=1)
SELL = "/fapi/v1/order?symbol=BTCUSDT&side=SELL&type=MARKET&quantity=1"


class Desk:
    """A client of a futures exchange: what it asks is answered, and what its account stream tells is kept."""

    def __init__(self, pit: Any) -> None:
        self.pit = pit
        rng = np.random.Generator(np.random.PCG64(1))
        self.api = FuturesApi(
            pit.house, pit.clock, {"K": ApiKey("ada", can_trade=True)}, {"*": LogNormal(1.0, 0.0)}, rng, pit.records
        )
        self.frames: list[Any] = []
        self.effects: list[str] = []
        stream = self.api.open_stream("/ws-fapi/v1", self._take, print)
        assert stream is not None
        params = {"apiKey": "K", "timestamp": pit.clock.now_ns // 1_000_000, "signature": "-"}
        greeting = {"id": "s", "method": "userDataStream.subscribe.signature", "params": params}
        stream.receive(msgspec.json.encode(greeting), 0)
        pit.wait(0.1)
        self.frames.clear()

    def _take(self, payload: bytes, _: int) -> None:
        self.frames.append(msgspec.json.decode(payload))

    def begin(self, fault_type: Any, params: Any, *, is_picked: bool = True) -> Any:
        picks = (Picks(np.random.Generator(np.random.PCG64(1))),) if is_picked else ()
        fault = fault_type(self.api, self.pit.clock, params, *picks, self.effects.append)
        fault.begin(900)
        return fault

    def ask(self, method: str, target: str) -> Any:
        replies: list[Any] = []
        self.api.handle(
            Request(method, target, (("X-MBX-APIKEY", "K"),)), lambda reply, _: replies.append(reply.body), 0
        )
        self.pit.wait(0.1)
        return msgspec.json.decode(replies[0])

    def told(self) -> list[tuple[str, int]]:
        """(execution, trade id) of each report, and forget them."""
        updates = [frame["event"] for frame in self.frames if frame["event"]["e"] == "ORDER_TRADE_UPDATE"]
        self.frames.clear()
        return [(update["o"]["x"], update["o"]["t"]) for update in updates]


@pytest.fixture
def desk(new_pit: Callable[..., Any]) -> Desk:
    return Desk(new_pit(street=DEEP))


def test_fills_are_lost_doubled_and_made_up(desk: Desk) -> None:
    lost = desk.begin(LostFill, LostFillParams(share=1.0))
    desk.ask("POST", SELL)
    assert desk.told() == [("NEW", 0)]
    lost.end(901)
    doubled = desk.begin(DuplicateFill, DuplicateFillParams(share=1.0, trade_id="new"))
    desk.ask("POST", SELL)
    assert desk.told() == [("NEW", 0), ("TRADE", 2), ("TRADE", 1_000_002)]
    doubled.end(901)
    made_up = desk.begin(PhantomFill, PhantomFillParams(per_hour=3_600, accounts=("ada",)))
    desk.pit.wait(1.0)
    made_up.end(901)
    assert desk.told() == [("TRADE", 1_000_002)]
    assert desk.pit.position("ada")[0] == -2_000
    assert len(desk.effects) == 3


def test_orders_and_cancels_are_refused(desk: Desk) -> None:
    desk.ask("POST", "/fapi/v1/order?symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTX&price=19000&quantity=0.5")
    desk.begin(OrderReject, OrderRejectParams(share=1.0, reason="account_disabled"))
    cancels = desk.begin(CancelReject, CancelRejectParams(share=1.0))
    assert desk.ask("POST", SELL)["code"] == -2010
    assert desk.ask("DELETE", "/fapi/v1/allOpenOrders?symbol=BTCUSDT")["code"] == -2011
    cancels.end(901)
    assert desk.ask("DELETE", "/fapi/v1/allOpenOrders?symbol=BTCUSDT")["code"] == 200


def test_account_events_are_withheld(desk: Desk) -> None:
    gap = desk.begin(EventGap, EventGapParams(accounts=("ada",)), is_picked=False)
    desk.ask("POST", SELL)
    assert desk.frames == []
    gap.end(901)
    desk.ask("POST", SELL)
    assert {frame["event"]["e"] for frame in desk.frames} == {"ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"}


def test_accounts_that_hold_positions_cannot_be_frozen(desk: Desk) -> None:
    with pytest.raises(ValueError, match="apexf trades contracts and shows no balances of assets"):
        desk.begin(FrozenAccount, FrozenAccountParams(), is_picked=False)
