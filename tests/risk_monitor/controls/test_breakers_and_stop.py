"""Halts: circuit breakers and the emergency stop, what they tell the gateway, and who ends them."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

BREAKERS = """
gate: {price_collar: 200 bp}
breakers:
  strategy:
    on: {order_rate: high, heartbeat: high}
    blocks: {most: 3 times, within: 10 s}
    pause: 5 min
  firm:
    on: {drawdown: warning}
    pause: manual
"""
STOP = "emergency_stop: {on: {drawdown: high}}\ngate: {price_collar: 200 bp}"


def test_an_alert_on_an_account_pauses_who_trades_it_and_cancels_its_orders(floor: Any) -> None:
    at = floor(BREAKERS)
    alert_id = at.alert("order_rate", "apex:momentum")
    assert at.gateway.told() == ["pause momentum", "cancel_all momentum"]
    assert [(action.state.value, action.subject, action.trigger) for action in at.actions] == [
        ("taken", "momentum", alert_id),
        ("done", "momentum", alert_id),
    ]
    assert at.wants("momentum", "BUY", "0.1").reason == f"circuit breaker is open: {alert_id}"
    assert at.wants("maker", "BUY", "0.1").verdict == "allow"


def test_an_alert_milder_than_asked_for_or_of_nobody_pauses_nobody(floor: Any) -> None:
    at = floor(BREAKERS)
    at.alert("order_rate", "apex:momentum", "warning")
    at.alert("order_rate", "apex:reserve")
    at.alert("api_outage", "apex", "critical")
    assert at.gateway.told() == []


def test_a_pause_ends_by_itself_once_its_alert_is_over(floor: Any) -> None:
    at = floor(BREAKERS)
    at.alert("heartbeat", "maker")
    at.run(301)  # the alert still fires: the pause begins anew
    assert at.gateway.told() == ["pause maker", "cancel_all maker"]
    at.alert("heartbeat", "maker", state="resolved")
    at.run(300)
    assert at.gateway.told()[-1] == "resume maker"
    assert at.deeds()[-1] == ("breaker", "ended", "maker")
    assert at.wants("maker", "BUY", "0.1").verdict == "allow"


def test_too_many_blocked_orders_open_the_breaker(floor: Any) -> None:
    at = floor(BREAKERS)
    for _ in range(3):
        at.wants("maker", "BUY", "0.1", price="30000")
    assert at.gateway.told() == ["pause maker", "cancel_all maker"]
    assert at.wants("maker", "BUY", "0.1").reason.startswith("circuit breaker is open: 3 orders blocked")


def test_a_manual_breaker_stays_open_until_somebody_with_a_name_and_a_reason_resets_it(floor: Any) -> None:
    at = floor(BREAKERS)
    at.alert("drawdown", "firm", "warning")
    at.alert("drawdown", "firm", "warning", state="resolved")
    at.run(100_000)
    at.says("reset", "breaker/1", by="")
    at.says("reset", "breaker/1", reason=" ")
    at.says("reset", "breaker/7")
    assert at.wants("maker", "BUY", "0.1").verdict == "block"
    at.says("reset", "breaker/1")
    assert at.actions[-1].detail == "reset by ines: looked into it"
    assert at.gateway.told() == ["pause *", "cancel_all *", "resume *"]
    assert at.wants("maker", "BUY", "0.1").verdict == "allow"


def test_resuming_the_firm_leaves_a_paused_strategy_paused(floor: Any) -> None:
    at = floor(BREAKERS)
    at.alert("order_rate", "apex:momentum")
    at.alert("drawdown", "firm", "warning")
    at.says("reset", "breaker/2")
    assert at.gateway.told()[-2:] == ["resume *", "pause momentum"]


def test_the_end_of_one_halt_is_not_the_end_of_another(floor: Any) -> None:
    at = floor(BREAKERS + "emergency_stop: {on: {drawdown: high}}")
    at.alert("drawdown", "firm", "high")  # grave enough for the firm's breaker too
    at.alert("heartbeat", "maker")
    at.says("reset", "breaker/1")
    assert "resume *" not in at.gateway.told()
    at.says("reset", "emergency_stop/1")
    assert at.gateway.told()[-2:] == ["resume *", "pause maker"]


def test_an_emergency_stop_flattens_once_the_open_orders_are_cancelled(floor: Any) -> None:
    at = floor(STOP)
    at.gateway.obeys = False
    at.alert("drawdown", "firm")
    assert at.gateway.told() == ["pause *", "cancel_all *"]
    at.gateway.obeys = True
    at.room.on_connected(at.now_ns)  # the connection was lost: what was not acknowledged is said again
    assert at.gateway.told()[-3:] == ["pause *", "cancel_all *", "flatten *"]
    assert at.deeds() == [("emergency_stop", "taken", "*"), ("emergency_stop", "done", "*")]


def test_what_could_not_be_carried_out_is_told_and_tried_again(floor: Any) -> None:
    at = floor(STOP)
    at.gateway.fails = {"flatten"}
    at.alert("drawdown", "firm")
    assert (at.actions[-1].state.value, at.actions[-1].detail) == ("failed", "flatten failed")
    at.gateway.fails = set()
    at.run(11)
    assert at.gateway.told() == ["pause *", "cancel_all *", "flatten *", "flatten *"]
    assert at.deeds()[-1] == ("emergency_stop", "done", "*")


def test_a_gateway_that_never_answers_is_a_failure_and_not_silence(floor: Any) -> None:
    at = floor(STOP)
    at.gateway.obeys = False
    at.alert("drawdown", "firm")
    at.run(41)
    assert at.actions[-1].state.value == "failed"
    assert at.actions[-1].detail.endswith("not acknowledged within 20 s")
    assert at.wants("maker", "BUY", "0.1").verdict == "block"
    at.run(3_600)
    assert len(at.gateway.commands) < 100  # it does not ask for ever


EVENTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("alert"), st.sampled_from(["drawdown", "order_rate"]), st.sampled_from(["firing", "resolved"])
        ),
        st.tuples(st.just("wait"), st.integers(1, 100_000), st.just("")),
        st.tuples(st.just("say"), st.sampled_from(["approve", "reject", "acknowledge", "nonsense"]), st.just("x")),
        st.tuples(st.just("say"), st.just("reset"), st.sampled_from(["breaker/1", "*", "emergency_stop/9", ""])),
        st.tuples(st.just("nameless"), st.just("reset"), st.just("emergency_stop/1")),
        st.tuples(st.just("reconnect"), st.just(""), st.just("")),
    ),
    max_size=20,
)


@given(EVENTS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_an_emergency_stop_never_resets_by_itself(floor: Any, events: list[Any], obeys: bool) -> None:
    at = floor(STOP)
    at.gateway.obeys = obeys
    at.alert("drawdown", "firm")
    for what, one, other in events:
        match what:
            case "alert":
                at.alert(one, "firm" if one == "drawdown" else "apex:maker", state=other)
            case "wait":
                at.run(one)
            case "say":
                at.says(one, other)
            case "nameless":
                at.says(one, other, by="")
            case "reconnect":
                at.room.on_connected(at.now_ns)
        assert at.wants("maker", "BUY", "0.1").reason.startswith("emergency stop")
    assert "resume *" not in at.gateway.told()
    at.says("reset", "emergency_stop/1")
    assert at.wants("maker", "BUY", "0.1").verdict == "allow"
