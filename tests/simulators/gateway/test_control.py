"""Control: the gate decides on every order or nothing is sent, and commands act on real orders at the venue."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.gateway.orders import Order
from simulators.strategies.pairs import Pair, to_units
from simulators.strategies.params import MarketMakerParams, RunawayParams


@pytest.fixture
def gated(host: Any, monitor: Any) -> Any:
    """A host whose gate is required, and the monitor that decides."""
    host.boss = monitor(host, "control")
    host.boss.say(type="gate", mode="required")
    return host


def _asked(host: Any) -> Any:
    host.run(0.1)
    return host.boss.heard("intent")[-1]


def test_an_allowed_order_is_sent_as_it_was(gated: Any) -> None:
    answers = gated.submit()
    asked = _asked(gated)
    assert gated.wires["apex"].orders() == []
    assert {k: asked[k] for k in ("strategy", "venue", "account", "symbol", "side", "orderType", "quantity")} == {
        "strategy": "maker",
        "venue": "apex",
        "account": "sub",
        "symbol": "BTCUSD",
        "side": "BUY",
        "orderType": "LIMIT",
        "quantity": "0.01",
    }
    gated.boss.say(type="decision", id=asked["id"], decision="allow")
    gated.run(1)
    assert answers[0][0] == 200
    assert gated.journal.intents() == [("BUY", "sent", "")]


def test_a_scaled_down_order_is_sent_in_whole_lots_of_what_is_allowed(gated: Any) -> None:
    answers = gated.submit()
    gated.boss.say(
        type="decision", id=_asked(gated)["id"], decision="scale_down", quantity="0.004567891", reason="headroom"
    )
    gated.run(1)
    assert answers[0][1]["origQty"] == "0.00456000"
    assert gated.journal.intents() == [("BUY", "scaled_down", "headroom")]
    assert [frame["quantity"] for frame in gated.boss.heard("order")] == ["0.00456000"]


def test_a_blocked_order_never_reaches_the_venue(gated: Any) -> None:
    answers = gated.submit()
    gated.boss.say(type="decision", id=_asked(gated)["id"], decision="block", reason="price collar")
    gated.run(1)
    assert answers == [(403, {"code": -9011, "msg": "price collar"})]
    assert gated.wires["apex"].orders() == []
    assert gated.journal.intents() == [("BUY", "blocked", "price collar")]


def test_an_order_nobody_decides_on_is_blocked_after_half_a_second(gated: Any) -> None:
    answers = gated.submit()
    asked = _asked(gated)
    gated.run(0.39)
    assert answers == []
    gated.run(0.02)
    assert answers == [(403, {"code": -9011, "msg": "gate: no decision within 500 ms"})]
    gated.boss.say(type="decision", id=asked["id"], decision="allow")
    gated.run(1)
    assert gated.wires["apex"].orders() == []


def test_the_gate_stays_shut_when_whoever_decides_is_gone(gated: Any) -> None:
    gated.boss.stream.close()
    answers = gated.submit()
    gated.run(0.1)
    assert answers == [(403, {"code": -9011, "msg": "gate: nobody is there to decide"})]


def test_cancels_are_never_gated(gated: Any) -> None:
    gated.boss.say(type="gate", mode="off")
    gated.submit()
    gated.run(1)
    gated.boss.say(type="gate", mode="required")
    assert gated.open_orders() == 1
    request = "/api/v3/order?symbol=BTCUSD&origClientOrderId=mine&recvWindow=5000&timestamp=1"
    gated.wire.request(_delete(request), lambda reply, cause: None, 10**9)
    gated.run(1)
    assert gated.open_orders() == 0
    gated.wire.request(_delete(request), lambda reply, cause: None, 10**9)
    gated.run(1)
    assert [(frame["status"], frame["code"]) for frame in gated.boss.heard("answer")] == [
        ("ACCEPTED", 0), ("CANCELED", 0), ("CANCEL_REJECTED", -2011),
    ]  # fmt: skip


def _delete(target: str) -> Any:
    from simulators.ports import Request

    return Request("DELETE", target)


def test_a_reader_can_neither_gate_nor_command(host: Any, monitor: Any) -> None:
    reader = monitor(host, "read")
    reader.say(type="gate", mode="required")
    reader.say(type="command", id="1", command="pause")
    answers = host.submit()
    host.run(1)
    assert answers[0][0] == 200
    assert host.runner.state == "running"


@pytest.mark.parametrize(
    "frame", [b"", b"{", b"[]", b'{"type":"gate"}', b'{"type":"other"}', b'{"type":"decision","id":7}']
)
def test_what_makes_no_sense_is_skipped(host: Any, monitor: Any, frame: bytes) -> None:
    monitor(host, "control").stream.receive(frame, 0)
    assert not host.gateway.gate_is_required


def _maker(make_host: Any, monitor: Any) -> tuple[Any, Any]:
    host = make_host("market_making", MarketMakerParams())
    host.run(20)
    assert host.open_orders() == 2
    return host, monitor(host, "control")


def test_a_pause_cancels_refuses_and_lasts_until_resumed(make_host: Any, monitor: Any) -> None:
    host, boss = _maker(make_host, monitor)
    boss.say(type="command", id="c1", command="pause", strategy="maker", venue="*", reason="drawdown")
    answers = host.submit()
    host.run(60)
    assert host.open_orders() == 0
    assert answers == [(403, {"code": -9012, "msg": "paused: drawdown"})]
    assert boss.heard("ack") == [{"type": "ack", "id": "c1", "status": "done", "detail": ""}]
    assert boss.get("/v1/strategies")[1][0]["state"] == "paused"
    boss.say(type="command", id="c2", command="resume")
    host.run(30)
    assert host.open_orders() == 2


def test_a_command_repeated_under_its_id_is_acknowledged_and_not_done_again(make_host: Any, monitor: Any) -> None:
    host, boss = _maker(make_host, monitor)
    boss.say(type="command", id="c1", command="pause", reason="first")
    boss.say(type="command", id="c2", command="resume")
    boss.say(type="command", id="c1", command="pause", reason="again")
    assert [frame["id"] for frame in boss.heard("ack")] == ["c1", "c2", "c1"]
    assert host.runner.state == "running"


def test_cancel_all_empties_the_account_of_orders_that_nobody_knows_too(make_host: Any, monitor: Any) -> None:
    host, boss = _maker(make_host, monitor)
    boss.say(type="command", id="c1", command="pause")
    host.submit(name="stray")
    from simulators.exchange.types import OrderType, Side, TimeInForce

    host.exchanges["apex"].place("sub", 0, Side.BUY, OrderType.LIMIT, TimeInForce.GTC, 2_000_000, 1_000)
    boss.say(type="command", id="c2", command="cancel_all", strategy="*", venue="*")
    host.run(1)
    assert host.open_orders() == 0
    assert [(frame["id"], frame["status"]) for frame in boss.heard("ack")] == [("c1", "done"), ("c2", "done")]
    assert [frame["clientOrderId"] for frame in boss.heard("answer") if frame["status"] == "CANCELED"][-1] == ""


def test_flatten_trades_back_what_the_strategy_has_traded(make_host: Any, monitor: Any) -> None:
    host = make_host("runaway", RunawayParams(order_fraction=0.1, orders_per_minute=60))
    boss = monitor(host, "control")
    host.run(8)
    assert host.held_btc() > 11.0
    boss.say(type="command", id="c1", command="pause", reason="runaway")
    host.run(30)
    boss.say(type="command", id="c2", command="flatten", reason="runaway")
    host.run(3)
    assert boss.heard("ack")[-1] == {"type": "ack", "id": "c2", "status": "done", "detail": ""}
    # The fees of what was bought were taken in BTC, and what is less than a lot stays.
    assert host.held_btc() == pytest.approx(10.0, abs=0.01)
    assert [side for side, event, reason in host.journal.intents() if reason == "flatten"] == ["SELL"]
    assert not host.runner.open_positions()
    sent = {frame["clientOrderId"] for frame in boss.heard("order")}
    assert "maker-flat1" in sent


def test_rerouted_orders_go_to_the_other_venue_and_home_again(host: Any, monitor: Any) -> None:
    boss = monitor(host, "control")
    boss.say(type="command", id="c1", command="reroute", strategy="*", venue="apex", to="boreal")
    answers = host.submit(name="away")
    host.run(1)
    assert answers[0][0] == 200
    assert (host.open_orders("apex"), host.open_orders("boreal")) == (0, 1)
    assert boss.heard("order")[0]["venue"] == "boreal"
    told: list[Any] = []
    target = "/api/v3/order?symbol=BTCUSD&origClientOrderId=away&recvWindow=5000&timestamp=1"
    from simulators.ports import Request

    host.wire.request(Request("GET", target), lambda reply, cause: told.append(reply.status), 10**9)
    host.run(1)
    host.wire.request(_delete(target), lambda reply, cause: told.append(reply.status), 10**9)
    host.run(1)
    assert told == [200, 200]
    assert host.open_orders("boreal") == 0
    boss.say(type="command", id="c2", command="reroute", strategy="*", venue="apex", to="apex")
    host.submit(name="home")
    host.run(1)
    assert (host.open_orders("apex"), host.open_orders("boreal")) == (1, 0)


def test_a_route_to_nowhere_refuses_orders_and_says_so(host: Any, monitor: Any) -> None:
    boss = monitor(host, "control")
    boss.say(type="command", id="c1", command="reroute", strategy="maker", venue="apex", to="moon")
    answers = host.submit()
    host.run(1)
    assert [(frame["status"], frame["detail"]) for frame in boss.heard("ack")] == [
        ("failed", "maker has no account at moon: its orders for apex are refused")
    ]
    assert answers == [(403, {"code": -9013, "msg": "no route from apex"})]


def test_commands_that_cannot_be_done_fail(host: Any, monitor: Any) -> None:
    boss = monitor(host, "control")
    boss.say(type="command", id="c1", command="pause", strategy="nobody")
    boss.say(type="command", id="c2", command="dance")
    assert [frame["detail"] for frame in boss.heard("ack")] == [
        "no strategy is called nobody",
        "no command is called dance",
    ]


def test_restore_policy_puts_the_approved_limits_back(host: Any, monitor: Any) -> None:
    boss = monitor(host, "control")
    approved = host.policy.sha256
    host.policy.tamper(str.upper, "all in capitals", 0, is_silent=True)
    assert host.policy.sha256 != approved
    boss.say(type="command", id="c1", command="restore_policy", reason="drift")
    assert host.policy.sha256 == approved
    assert [body[0] for body in host.journal.of("policy")] == ["opened", "tampered", "restored"]


@given(st.integers(1, 10**12), st.integers(0, 10**12), st.integers(1, 10**6))
def test_a_scaled_order_is_never_larger_than_wanted_or_allowed(wanted: int, allowed: int, lot: int) -> None:
    pair = Pair("A/B", "AB", "A", "B", 1, lot, 1, 0)
    text = f"{wanted // 10**8}.{wanted % 10**8:08d}"
    order = Order.of("s", "v", "a", "/p", f"symbol=AB&quantity={text}&newClientOrderId=x")
    smaller = order.with_quantity(f"{allowed // 10**8}.{allowed % 10**8:08d}", pair)
    if smaller is None:
        assert min(wanted, allowed) < lot
        return
    units = to_units(smaller.quantity)
    assert 0 < units <= min(wanted, allowed)
    assert units % lot == 0
    assert f"quantity={smaller.quantity}" in smaller.query
    assert "newClientOrderId=x" in smaller.query
