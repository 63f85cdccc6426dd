"""The order path: what a strategy hands in is signed, logged, told and sent; what may not pass is refused."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from simulators.gateway.intents import TOLERANCE_MS, Intent, Signer, Verifier
from simulators.gateway.orders import MOST_ORDERS, Order, OrderLog
from simulators.gateway.policy import PolicyStore

NOW_NS = 1_676_851_200_000_000_000


class _Clock:
    now_ns = NOW_NS


def test_an_order_is_logged_told_and_sent_under_the_firms_key(host: Any, monitor: Any) -> None:
    listener = monitor(host, "read")
    answers = host.submit()
    host.run(1)
    assert [status for status, _ in answers] == [200]
    row = {
        "number": 1,
        "strategy": "maker",
        "venue": "apex",
        "account": "sub",
        "symbol": "BTCUSD",
        "clientOrderId": "mine",
        "side": "BUY",
        "orderType": "LIMIT",
        "price": "20000.00",
        "quantity": "0.01",
        "at": NOW_NS // 1_000_000,
    }
    assert listener.heard("order") == [{"type": "order", **row}]
    assert listener.get("/v1/orders?after=0") == (200, [row])
    assert listener.get("/v1/orders?after=1") == (200, [])
    assert [(f["clientOrderId"], f["status"], f["code"]) for f in listener.heard("answer")] == [("mine", "ACCEPTED", 0)]
    assert host.journal.intents() == [("BUY", "sent", "")]
    assert "signature=ff" not in host.wires["apex"].orders()[0]


def test_a_venues_refusal_is_told_with_its_code(host: Any, monitor: Any) -> None:
    listener = monitor(host, "read")
    host.submit(quantity="1000000")
    host.run(1)
    assert [(f["status"], f["code"]) for f in listener.heard("answer")] == [("REJECTED", -2010)]


def test_an_order_that_its_own_copy_has_overtaken_is_not_called_refused(host: Any, monitor: Any) -> None:
    listener = monitor(host, "read")
    host.submit(name="twice")
    host.submit(name="twice")
    host.run(1)
    assert [(f["status"], f["code"]) for f in listener.heard("answer")] == [("ACCEPTED", 0), ("UNKNOWN", -2010)]


def test_a_strategy_trades_through_the_gateway_as_it_did_without(make_host: Any, monitor: Any) -> None:
    host = make_host()
    host.run(60)
    assert host.open_orders() == 2
    assert len(host.journal.of("intent")) == len(host.wires["apex"].orders()) == 2


def test_heartbeats_name_the_strategies_that_are_alive(host: Any, monitor: Any) -> None:
    listener = monitor(host, "read")
    host.run(21)
    assert [frame["alive"] for frame in listener.heard("heartbeats")] == [["maker"], ["maker"]]
    host.runner.fail(ValueError("no"))
    host.run(10)
    assert [frame["alive"] for frame in listener.heard("heartbeats")][-1] == []


def test_a_stream_needs_a_known_key_and_a_reply_too(host: Any, monitor: Any) -> None:
    assert host.gateway_api.open_stream("/v1/stream?key=guess", print, print) is None
    assert host.gateway_api.open_stream("/v1/stream", print, print) is None
    stranger = monitor(host, "read")
    stranger.key = "guess"
    assert stranger.get("/v1/strategies") == (401, {"error": "unknown or missing key"})


def test_strategies_are_listed_with_their_accounts(host: Any, monitor: Any) -> None:
    expected = {
        "name": "maker",
        "kind": "momentum",
        "state": "running",
        "accounts": [{"venue": "apex", "account": "sub"}],
        "pairs": ["BTC/USD"],
    }
    assert monitor(host, "read").get("/v1/strategies") == (200, [expected])


def test_forged_intents_are_refused_and_told(host: Any, monitor: Any) -> None:
    listener = monitor(host, "read")
    genuine = host.signer.sign("apex", "POST", "/api/v3/order", "symbol=BTCUSD&side=BUY&type=MARKET&quantity=1")
    old = host.signer.sign("apex", "POST", "/api/v3/order", "symbol=BTCUSD", age_ms=TOLERANCE_MS + 1)
    stranger = Signer("somebody", "secret", host.kernel).sign("apex", "POST", "/api/v3/order", "")
    answers: list[Any] = []
    larger = msgspec.structs.replace(genuine, query=genuine.query.replace("=1", "=9"))
    for intent in (larger, stranger, old, genuine, genuine):
        host.gateway.submit(intent, lambda reply, _: answers.append(reply.status), 10**9, 0)
    host.run(1)
    reasons = ["bad_signature", "bad_signature", "expired_timestamp", "replayed_nonce"]
    assert [frame["reason"] for frame in listener.heard("security")] == reasons
    assert [body[0] for body in host.journal.of("security")] == reasons
    assert sorted(answers) == [200, 403, 403, 403, 403]
    assert len(host.wires["apex"].orders()) == 1


def test_the_gateway_tells_of_withdrawals_that_the_firm_orders(host: Any, monitor: Any) -> None:
    listener = monitor(host, "read")
    host.gateway.withdraw(host.door("apex"), "apex", "BTC", "1.5", "0xabc", 0)
    host.run(1)
    (frame,) = listener.heard("withdrawal")
    assert (frame["account"], frame["asset"], frame["amount"]) == ("sub", "BTC", "1.5")
    assert listener.get("/v1/withdrawals")[1] == [{k: v for k, v in frame.items() if k != "type"}]
    assert host.held_btc() == 8.5
    assert host.exchanges["apex"].observer.wallet.transfers("sub", "withdrawal")[0].client_id == frame["clientId"]


@given(st.lists(st.tuples(st.integers(0, 600_000), st.integers(0, 20)), max_size=60))
def test_no_nonce_is_accepted_twice(handed_in: list[tuple[int, int]]) -> None:
    """Whatever is handed in again, and whenever: an intent passes once, within its tolerance, or never."""
    verifier = Verifier({"maker": "s"})
    signer = Signer("maker", "s", _Clock())  # type: ignore[arg-type]
    intents = [signer.sign("apex", "POST", "/api/v3/order", str(number)) for number in range(21)]
    accepted = []
    for after_ms, which in sorted(handed_in):
        if not verifier.objection(intents[which], NOW_NS + after_ms * 1_000_000):
            assert after_ms <= TOLERANCE_MS
            accepted.append(which)
    assert len(accepted) == len(set(accepted))


@given(st.sampled_from(["strategy", "venue", "method", "path", "query", "nonce", "timestamp_ms", "signature"]))
def test_a_signature_holds_everything_the_intent_says(field: str) -> None:
    verifier = Verifier({"maker": "s", "maker0": "s"})
    intent: Intent = Signer("maker", "s", _Clock()).sign("apex", "POST", "/p", "q")  # type: ignore[arg-type]
    value = getattr(intent, field)
    changed = msgspec.structs.replace(intent, **{field: value + 1 if isinstance(value, int) else value + "0"})
    assert verifier.objection(changed, NOW_NS) == "bad_signature"


def test_the_log_forgets_its_oldest_orders_and_keeps_their_numbers() -> None:
    log = OrderLog()
    order = Order.of("s", "v", "a", "/api/v3/order", "symbol=X&side=BUY&type=MARKET&quantity=1")
    for _ in range(MOST_ORDERS + 5):
        log.order_sent(order, 0)
    assert [row.number for row in log.orders_after(0, 2)] == [6, 7]
    assert [row.number for row in log.orders_after(MOST_ORDERS + 3, 10)] == [MOST_ORDERS + 4, MOST_ORDERS + 5]


def test_the_policy_log_is_a_chain_that_anybody_can_verify(host: Any, monitor: Any) -> None:
    listener = monitor(host, "read")
    host.policy.change("limits: {}\n", "yearly review", "board")
    _, rows = listener.get("/v1/policy/log")
    previous = ""
    for row in rows:
        chain = row.pop("chain")
        previous = hashlib.sha256(previous.encode() + msgspec.json.encode(row, order="sorted")).hexdigest()
        assert chain == previous
    assert [row["reason"] for row in rows] == ["limits in force at the opening", "yearly review"]
    digest = hashlib.sha256(b"limits: {}\n").hexdigest()
    assert listener.get("/v1/policy/limits") == (200, {"text": "limits: {}\n", "sha256": digest})
    assert [frame["sha256"] for frame in listener.heard("policy")] == [rows[-1]["sha256"]] == [digest]


@given(st.lists(st.sampled_from(["tamper", "undo", "restore", "change"]), max_size=12))
def test_the_store_holds_what_was_approved_whenever_no_alteration_is_left(steps: list[str]) -> None:
    store = PolicyStore("bridge", "a", _Clock(), _Nowhere())  # type: ignore[arg-type]
    approved, left = "a", []
    for number, step in enumerate(steps):
        if step == "tamper":
            alteration = f"{number}".__add__
            left.append(alteration)
            store.tamper(alteration, "", 0, is_silent=False)
        elif step == "undo" and left:
            store.undo(left.pop(0), 0, is_silent=True)
        elif step == "restore":
            left.clear()
            store.restore("", 0)
        elif step == "change":
            approved = f"approved {number}"
            left.clear()
            store.change(approved, "r", "b")
        assert (store.text == approved) == (not left)
        assert store.chain_is_whole()


class _Nowhere:
    def record(self, *record: Any) -> int:
        return 1
