"""A restart of the monitor undoes nothing that a control has done."""

from __future__ import annotations

from typing import Any

CONTROLS = """
breakers:
  strategy: {on: {heartbeat: high}, pause: 5 min}
  firm: {on: {drawdown: warning}, pause: manual}
emergency_stop: {on: {drawdown: high}}
defensive: {on: {order_rate: high}, scale: 50 %, calm: 2 min}
defcon:
  rises: {critical: 3}
  levels: {4: {}, 3: {scale: 50 %}, 2: {scale: 50 %}, 1: {scale: 50 %}}
approval: {first: 1 times, timeout: 1 min, valid: 5 min}
failover: {chain: [apex, boreal], on: {api_outage: critical}, back_after: 10 min}
limits_log: {approvers: [cro]}
"""


def restarted(floor: Any, before: Any) -> Any:
    """The same monitor after a restart, with what it saved; its gateway has gone on meanwhile."""
    after = floor(CONTROLS)
    after.now_ns = before.now_ns
    after.room.restore_state(after.now_ns, before.room.save_state())
    after.room.on_connected(after.now_ns)
    return after


def test_an_emergency_stop_is_still_in_force_and_carried_out_anew(floor: Any) -> None:
    before = floor(CONTROLS)
    before.gateway.obeys = False
    before.alert("drawdown", "firm", "high")
    at = restarted(floor, before)
    assert at.gateway.told()[:3] == ["pause *", "cancel_all *", "flatten *"]
    assert at.wants("maker", "BUY", "0.1").reason.startswith("emergency stop: drawdown/firm/high")
    at.run(100_000)
    assert at.wants("maker", "BUY", "0.1").verdict == "block"
    at.says("reset", "emergency_stop/1")
    at.says("reset", "breaker/1")
    assert at.wants("maker", "BUY", "0.1").reason.startswith("awaits approval")


def test_each_breaker_takes_up_its_own_halts(floor: Any) -> None:
    before = floor(CONTROLS)
    before.alert("heartbeat", "maker")
    at = restarted(floor, before)
    assert at.gateway.told() == ["pause maker", "cancel_all maker"]
    assert at.wants("momentum", "BUY", "0.1").reason.startswith("awaits approval")
    at.run(301)
    assert at.gateway.told()[-1] == "resume maker"


def test_level_defence_way_and_approvals_are_as_they_were(floor: Any) -> None:
    before = floor(CONTROLS)
    before.wants("momentum", "BUY", "1.0")
    before.says("approve", "approval/1")
    before.wants("momentum", "BUY", "1.0")
    before.alert("order_rate", "apex:momentum")
    before.alert("api_outage", "apex", "critical")
    at = restarted(floor, before)
    assert at.wants("momentum", "BUY", "1.0").verdict == "scale_down"
    assert [(one.command, one.to) for one in at.gateway.commands] == [("reroute", "boreal")]
    at.run(121)
    assert ("defensive", "ended", "momentum") in at.deeds()
    assert at.wants("momentum", "BUY", "1.0").reason == "defcon 3"
    at.says("reset", "defcon/1")
    assert at.wants("momentum", "BUY", "1.0").verdict == "allow"
    at.run(600)
    assert (at.gateway.commands[-1].venue, at.gateway.commands[-1].to) == ("apex", "apex")
    assert [action.action_id for action in at.actions if action.state.value == "ended"] == [
        "defensive/1",
        "defcon/1",
        "failover/1",
    ]


def test_no_action_id_is_used_twice(floor: Any) -> None:
    before = floor(CONTROLS)
    before.alert("heartbeat", "maker")
    before.alert("heartbeat", "maker", state="resolved")
    before.run(301)
    at = restarted(floor, before)
    at.alert("heartbeat", "maker")
    assert at.actions[-1].action_id == "breaker/2"
