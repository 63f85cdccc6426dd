"""The firm's own gateway: signs of life, what is sent in the firm's name, the policy store, the controls' way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from risk_monitor.config import Account, ConfigError, MonitorConfig, VenueConfig, validate
from risk_monitor.connectors import gateway
from risk_monitor.connectors.domain import ConnectorError
from risk_monitor.controls.order_path import Acknowledgement, Command, Decision, Intent

CONFIG = MonitorConfig(
    (
        VenueConfig("apex", "binance", (Account("maker", "b-key"),), ("BTC/USD", "BTC/USDT", "USDT/USD")),
        VenueConfig("keystone", "fireblocks", (Account("0", "d-key"),)),
        VenueConfig("bridge", "gateway", (Account("monitor", "g key"),), strategies=("maker", "arb")),
    )
)


@pytest.fixture
def firm(world: Any) -> Callable[..., Any]:
    def make(limits: str) -> Any:
        made = world(limits, CONFIG)
        approve(made, "{}", "opening")
        return made.start()

    return make


def approve(firm: Any, text: str, reason: str) -> None:
    """Put limits in the policy store, with an entry in its log."""
    log = firm.gateway["log"]
    sha = hashlib.sha256(text.encode()).hexdigest()
    entry = {"number": len(log) + 1, "at": 1, "sha256": sha, "reason": reason, "approver": "Zoë"}
    canonical = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    previous = log[-1]["chain"] if log else ""
    log.append({**entry, "chain": hashlib.sha256((previous + canonical).encode()).hexdigest()})
    firm.gateway["limits"] = text


def tell(firm: Any, kind: str, **fields: Any) -> None:
    frame = {"type": kind, "at": firm.now_ns // 1_000_000, **fields}
    firm.message(firm.streams["bridge", "monitor"], json.dumps(frame).encode())


def accepted(firm: Any, name: str, order_id: int, execution: str = "NEW") -> None:
    report = {"e": "executionReport", "E": 1, "s": "BTCUSD", "c": name, "S": "BUY", "x": execution, "X": "NEW"}
    report |= {"i": order_id, "l": "0", "L": "0", "Y": "0", "n": "0", "T": 1, "t": -1, "q": "1", "C": ""}
    firm.user_event("apex", "maker", report)


def order(firm: Any, number: int, name: str) -> dict[str, Any]:
    row = {"number": number, "strategy": "maker", "venue": "apex", "account": "maker", "symbol": "BTCUSD"}
    row |= {"clientOrderId": name, "side": "BUY", "orderType": "LIMIT", "price": "1", "quantity": "1", "at": 1}
    firm.gateway["orders"].append(row)
    return row


def test_a_strategy_without_a_heartbeat_is_noticed_even_if_it_never_lived(firm: Any) -> None:
    desk = firm("heartbeat: {each: {high: 30 s}}")
    for _ in range(6):
        tell(desk, "heartbeats", alive=["maker"])
        desk.run(10)
    assert desk.history_of("heartbeat") == [(30.0, "firing", "arb", "high")]
    assert desk.signals[0][1].evidence == ("bridge stream heartbeats, arb last alive never",)
    tell(desk, "heartbeats", alive=["maker", "arb"])
    for _ in range(7):
        desk.run(10)
        tell(desk, "heartbeats", alive=["maker", "arb"])
    assert [entry[1:] for entry in desk.history_of("heartbeat")] == [
        ("firing", "arb", "high"),
        ("resolved", "arb", "high"),
    ]


def test_a_strategy_that_only_the_gateway_knows_is_watched_as_well(firm: Any) -> None:
    desk = firm("heartbeat: {each: {high: 90 s}}")
    desk.gateway["strategies"] = [{"name": "new", "kind": "x", "state": "running", "accounts": []}]
    desk.run(300)
    assert ("firing", "new", "high") in [entry[1:] for entry in desk.history_of("heartbeat")]
    assert [strategy.name for strategy in desk.monitor.gateway.strategies] == ["new"]


def test_refused_orders_and_cancels_are_a_share_of_those_that_were_answered(firm: Any) -> None:
    desk = firm("order_rejects: {each: {high: 20 %}, window: 5 min}")
    for status in ["ACCEPTED"] * 5 + ["CANCELED"] * 2 + ["UNKNOWN", "CANCEL_REJECTED", "REJECTED"]:
        tell(desk, "answer", clientOrderId="x", strategy="maker", venue="apex", status=status, code=-2010)
    assert desk.compliance("order_rejects", "maker") == [("unknown", None)]
    tell(desk, "answer", clientOrderId="x-12", strategy="maker", venue="apex", status="REJECTED", code=-2010)
    assert desk.history_of("order_rejects") == [(5.0, "firing", "maker", "high")]
    assert desk.signals[0][1].evidence[1] == "the latest: bridge answer x-12 of apex: REJECTED -2010"
    assert desk.compliance("order_rejects", "maker") == [("breached", 30.0)]


def test_an_order_that_the_gateway_never_sent_counts_after_five_seconds(firm: Any) -> None:
    desk = firm("unauthorised_orders: {each: {critical: 0 times}, window: 1 h}")
    tell(desk, "order", **order(desk, 1, "own-1"))
    accepted(desk, "own-1", 1)
    accepted(desk, "stolen", 2)
    accepted(desk, "own-2", 3)
    desk.run(1)
    tell(desk, "order", **order(desk, 2, "own-2"))
    accepted(desk, "stolen", 2, "TRADE_PREVENTION")
    desk.run(10)
    assert desk.history_of("unauthorised_orders") == [(10.02, "firing", "apex:maker", "critical")]
    assert desk.signals[0][1].observed == 1.0
    assert desk.signals[0][1].evidence == ("apex account maker executionReport s=BTCUSD i=2 c=stolen",)


def test_an_order_whose_frame_was_lost_is_found_in_the_log(firm: Any) -> None:
    desk = firm("unauthorised_orders: {each: {critical: 0 times}, window: 1 h}")
    order(desk, 1, "own-1")
    accepted(desk, "own-1", 1)
    desk.run(10)
    assert desk.signals == []


def test_while_the_gateway_cannot_be_read_an_order_is_neither_own_nor_strange(firm: Any) -> None:
    desk = firm("unauthorised_orders: {each: {critical: 0 times}, window: 1 h}")
    assert desk.compliance("unauthorised_orders", "apex:maker") == [("ok", 0.0)]
    desk.status["bridge"] = 503
    accepted(desk, "stolen", 2)
    desk.run(20)
    assert desk.compliance("unauthorised_orders", "apex:maker") == [("unknown", None)]
    assert desk.signals == []
    desk.status.clear()
    desk.run(40)
    assert [entry[1:] for entry in desk.history_of("unauthorised_orders")] == [("firing", "apex:maker", "critical")]


@pytest.mark.parametrize(("sender", "alerts"), [("stolen", 1), ("own-1", 0)])
def test_orders_that_traded_while_no_stream_told_of_them_are_asked_after(firm: Any, sender: str, alerts: int) -> None:
    desk = firm("unauthorised_orders: {each: {critical: 0 times}, window: 1 h}")
    tell(desk, "order", **order(desk, 1, "own-1"))
    desk.run(2)
    desk.close_streams("apex")
    desk.senders[1] = sender
    desk.trade("apex", "maker", "BTC/USD", "BUY", "1", "20000", 1, told=False)
    desk.run(60)
    assert [entry[1:] for entry in desk.history_of("unauthorised_orders")] == [
        ("firing", "apex:maker", "critical")
    ] * alerts


def _withdraw(desk: Any, name: str, client_id: str, amount: str) -> None:
    row = {"id": name, "amount": amount, "coin": "USD", "status": 4, "withdrawOrderId": client_id}
    desk.history.setdefault("/sapi/v1/capital/withdraw/history", []).append(row)
    desk.move_balance("apex", "maker", "USD", f"-{amount}")


def test_a_withdrawal_that_the_firm_did_not_order_is_noticed_when_the_balance_leaves(firm: Any) -> None:
    desk = firm("unauthorised_withdrawals: {each: {critical: 0 USD}, window: 1 d}")
    desk.balances["apex", "maker"]["USD"] = "100000"
    desk.run(60)
    desk.gateway["withdrawals"].append({"number": 1, "venue": "apex", "account": "maker", "clientId": "w-1"})
    _withdraw(desk, "a", "w-1", "1000")
    desk.run(30)
    assert desk.history_of("unauthorised_withdrawals") == []
    _withdraw(desk, "b", "", "2500")
    desk.run(30)
    assert desk.history_of("unauthorised_withdrawals") == [(95.04, "firing", "apex", "critical")]
    assert desk.signals[-1][1].observed == 2500.0
    assert "withdraw/history id=b 2500 USD withdrawOrderId=none" in desk.signals[-1][1].evidence[0]


def test_what_leaves_custody_for_the_outside_has_to_be_ordered_as_well(firm: Any) -> None:
    desk = firm("unauthorised_withdrawals: {each: {critical: 0 USD}, window: 1 d}")
    assert desk.compliance("unauthorised_withdrawals", "keystone") == [("ok", 0.0)]
    for name, client_id, status in (
        ("t-1", "w-1", "COMPLETED"),
        ("t-2", "w-2", "CONFIRMING"),
        ("t-3", "", "COMPLETED"),
    ):
        desk.transactions.append(
            {"id": name, "assetId": "USD", "source": {"type": "VAULT_ACCOUNT", "id": "0"},
             "destination": {"type": "ONE_TIME_ADDRESS", "id": None}, "status": status, "operation": "TRANSFER",
             "amountInfo": {"amount": "700", "netAmount": "700" if status == "COMPLETED" else "0"},
             "createdAt": desk.now_ns // 1_000_000, "lastUpdated": desk.now_ns // 1_000_000, "externalTxId": client_id}
        )  # fmt: skip
    tell(desk, "withdrawal", number=1, venue="keystone", account="0", clientId="w-1")
    desk.custody["USD"] = str(Decimal(desk.custody["USD"]) - 1400)
    desk.run(60)
    [(_, *fired)] = desk.history_of("unauthorised_withdrawals")
    assert fired == ["firing", "keystone", "critical"]
    assert desk.compliance("unauthorised_withdrawals", "keystone") == [("breached", 700.0)]


def test_intents_that_are_not_what_they_claim_are_counted_by_reason(firm: Any) -> None:
    desk = firm("authentication: {bad_signature: {high: 0 times}, each: {high: 1 times}, window: 10 min}")
    tell(desk, "security", reason="bad_signature", strategy="maker")
    tell(desk, "security", reason="replayed_nonce", strategy="maker")
    tell(desk, "security", reason="bad_mood", strategy="maker")
    assert desk.history_of("authentication") == [(5.0, "firing", "bad_signature", "high")]
    assert desk.compliance("authentication", "replayed_nonce") == [("ok", 1.0)]
    desk.close_streams("bridge")
    assert desk.compliance("authentication", "replayed_nonce") == [("unknown", None)]


def test_limits_that_were_changed_without_approval_drift_until_they_are_restored(firm: Any) -> None:
    desk = firm("policy_drift: {limits: {critical: 0 times}}")
    assert desk.compliance("policy_drift", "limits") == [("ok", 0.0)]
    approve(desk, '{"more":1}', "agreed")
    tell(desk, "policy", sha256="")
    desk.run(10)
    assert desk.signals == []
    desk.gateway["limits"] = '{"more":1000}'
    desk.run(61)
    desk.gateway["limits"] = '{"more":1}'
    tell(desk, "policy", sha256="")
    desk.run(61)
    assert [entry[1:] for entry in desk.history_of("policy_drift")] == [
        ("firing", "limits", "critical"),
        ("resolved", "limits", "critical"),
    ]


@pytest.mark.parametrize("tamper", ["reason", "cut", "rewrite"])
def test_a_log_that_is_no_longer_what_it_was_is_drift(firm: Any, tamper: str) -> None:
    desk = firm("policy_drift: {limits: {critical: 0 times}}")
    approve(desk, '{"a":1}', "agreed")
    approve(desk, '{"a":1}', "agreed again")
    tell(desk, "policy", sha256="")
    desk.run(5)
    if tamper == "reason":
        desk.gateway["log"][1]["reason"] = "on a whim"
    elif tamper == "cut":
        desk.gateway["log"].pop()
    else:
        desk.gateway["log"].clear()
        for reason in ("x", "y", "z", "w"):
            approve(desk, '{"a":9}', reason)
    tell(desk, "policy", sha256="")
    desk.run(1)
    assert [entry[1:] for entry in desk.history_of("policy_drift")] == [("firing", "limits", "critical")]


def test_a_policy_store_that_cannot_be_read_is_not_taken_for_sound(firm: Any) -> None:
    desk = firm("policy_drift: {limits: {critical: 0 times}}")
    desk.refused_paths.add("/v1/policy/log")
    desk.run(61)
    assert desk.compliance("policy_drift", "limits") == [("unknown", None)]


def test_many_failovers_are_a_storm(firm: Any) -> None:
    desk = firm("failover_storm: {orders: {high: 2 times}, window: 1 d}")
    for _ in range(3):
        desk.monitor.failovers.happened(desk.now_ns, "apex to boreal")
    assert desk.compliance("failover_storm", "orders") == [("breached", 3.0)]


class _Listener:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def on_connected(self, now_ns: int) -> None:
        self.heard.append("connected")

    def on_intent(self, now_ns: int, intent: Intent) -> None:
        self.heard.append(intent)

    def on_acknowledged(self, now_ns: int, acknowledgement: Acknowledgement) -> None:
        self.heard.append(acknowledgement)


def test_the_controls_reach_the_gateway_and_hear_from_it(firm: Any) -> None:
    desk = firm("heartbeat: {each: {high: 1 h}}")
    path = desk.monitor.gateway
    path.listener = listener = _Listener()
    fields = {"strategy": "maker", "venue": "apex", "account": "maker", "symbol": "BTCUSD", "side": "BUY"}
    tell(desk, "intent", id="i-1", orderType="MARKET", price="", quantity="0.5", **fields)
    tell(desk, "ack", id="c-1", status="failed", detail="no such strategy")
    path.set_gate(desk.now_ns, True)
    path.send_decision(desk.now_ns, Decision("i-1", "scale_down", Decimal("0.25"), "headroom"))
    path.send_command(desk.now_ns, Command("c-2", "reroute", "*", "apex", "outage", "boreal"))
    desk.run(1)
    desk.close_streams("bridge")
    path.set_gate(desk.now_ns, False)
    desk.run(5)
    at_ms = 1_676_883_605_000
    assert listener.heard == [
        Intent("i-1", "maker", "apex", "maker", "BTCUSD", "BUY", "MARKET", None, Decimal("0.5"), at_ms),
        Acknowledgement("c-1", False, "no such strategy"),
        "connected",
    ]
    assert desk.told_gateway == [
        {"type": "gate", "mode": "required"},
        {"type": "decision", "id": "i-1", "decision": "scale_down", "quantity": "0.25", "reason": "headroom"},
        {"type": "command", "id": "c-2", "command": "reroute", "strategy": "*", "venue": "apex", "reason": "outage",
         "to": "boreal"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b'{"type":7}', b'{"type":"order"}', b'{"type":"heartbeats","alive":"all"}',
     b'{"type":"intent","id":"1","strategy":"s","venue":"v","account":"a","symbol":"s","side":"BUY","orderType":"LIMIT",'
     b'"price":"dear","quantity":"1","at":1}'],
)  # fmt: skip
def test_a_frame_that_makes_no_sense_is_the_gateways_error(payload: bytes) -> None:
    with pytest.raises(ConnectorError):
        gateway.read_frame(payload)


def test_a_frame_of_an_unknown_type_is_skipped_and_unknown_fields_too() -> None:
    assert gateway.read_frame(b'{"type":"weather","sun":true}') is None
    assert gateway.read_frame(b'{"type":"policy","sha256":"ab","colour":"blue"}') == gateway.PolicyChanged("ab")


def test_a_firm_has_at_most_one_gateway() -> None:
    twice = tuple(VenueConfig(name, "gateway", (Account("monitor", "k"),)) for name in ("one", "two"))
    with pytest.raises(ConfigError, match="at most one gateway"):
        validate(MonitorConfig(twice))
