"""Approval of a strategy's first orders, and the order path's way round a venue that is not well."""

from __future__ import annotations

from typing import Any

APPROVAL = "approval: {first: 2 times, timeout: 1 min, valid: 5 min}"
FAILOVER = "failover: {chain: [apex, boreal], on: {api_outage: critical}, back_after: 10 min}"


def test_the_first_orders_wait_for_a_person_and_the_rest_do_not(floor: Any) -> None:
    at = floor(APPROVAL)
    assert at.wants("maker", "BUY", "1.0").reason == "awaits approval (approval/1)"
    assert at.actions[-1].detail == "order 1 of 2: BUY 1.0 BTC/USD at the market on apex"
    at.says("approve", "approval/1")
    assert at.wants("maker", "BUY", "1.0").verdict == "allow"
    assert at.wants("maker", "BUY", "1.0").reason == "awaits approval (approval/2)"
    at.says("approve", "approval/2")
    assert [at.wants("maker", "BUY", "1.0").verdict for _ in range(3)] == ["allow", "allow", "allow"]
    assert at.wants("momentum", "BUY", "1.0").verdict == "block"


def test_an_approval_admits_no_more_and_nothing_else_than_was_asked_for(floor: Any) -> None:
    at = floor(APPROVAL)
    at.wants("maker", "BUY", "1.0")
    at.says("approve", "approval/1")
    assert at.wants("maker", "SELL", "1.0").reason == "another order is approved (approval/1)"
    decision = at.wants("maker", "BUY", "2.5")
    assert (decision.verdict, decision.quantity) == ("scale_down", 1)


def test_what_nobody_approves_in_time_stays_blocked_and_is_asked_anew(floor: Any) -> None:
    at = floor(APPROVAL)
    at.wants("maker", "BUY", "1.0")
    at.run(61)
    assert (at.actions[-1].state.value, at.actions[-1].detail) == ("ended", "nobody answered in time")
    at.says("approve", "approval/1")
    assert at.wants("maker", "BUY", "1.0").reason == "awaits approval (approval/2)"


def test_a_rejected_order_stays_blocked(floor: Any) -> None:
    at = floor(APPROVAL)
    at.wants("maker", "BUY", "1.0")
    at.says("reject", "approval/1")
    assert at.actions[-1].detail == "rejected by ines: looked into it"
    assert at.wants("maker", "BUY", "1.0").verdict == "block"


def test_an_approval_that_is_not_used_expires(floor: Any) -> None:
    at = floor(APPROVAL)
    at.wants("maker", "BUY", "1.0")
    at.says("approve", "approval/1")
    at.run(301)
    assert at.wants("maker", "BUY", "1.0").verdict == "block"


def test_waiting_for_approval_is_no_misconduct(floor: Any) -> None:
    at = floor(APPROVAL + "\nbreakers: {strategy: {blocks: {most: 2 times, within: 1 min}, pause: manual}}")
    for _ in range(10):
        at.wants("maker", "BUY", "1.0")
    assert at.gateway.told() == []


def reroutes(at: Any) -> list[tuple[str, str]]:
    return [(one.venue, one.to) for one in at.gateway.commands if one.command == "reroute"]


def test_orders_go_to_the_next_venue_that_is_well_and_back_when_the_first_was_well_for_a_while(floor: Any) -> None:
    at = floor(FAILOVER)
    alert_id = at.alert("api_outage", "apex", "critical")
    assert reroutes(at) == [("apex", "boreal")]
    assert at.failovers == [at.now_ns]
    at.alert("api_outage", "apex", "critical", state="resolved")
    at.run(599)
    assert reroutes(at) == [("apex", "boreal")]
    at.run(2)
    assert reroutes(at) == [("apex", "boreal"), ("apex", "apex")]
    assert [(action.state.value, action.subject, action.trigger) for action in at.actions] == [
        ("taken", "apex", alert_id),
        ("done", "apex", alert_id),
        ("ended", "apex", alert_id),
    ]
    assert len(at.failovers) == 1


def test_a_venue_that_falls_ill_again_starts_its_convalescence_anew(floor: Any) -> None:
    at = floor(FAILOVER)
    for _ in range(3):
        at.alert("api_outage", "apex", "critical")
        at.run(300)
        at.alert("api_outage", "apex", "critical", state="resolved")
        at.run(300)
    assert reroutes(at) == [("apex", "boreal")]
    at.run(301)
    assert reroutes(at)[-1] == ("apex", "apex")


def test_other_alerts_of_the_venue_do_not_prolong_its_convalescence(floor: Any) -> None:
    at = floor(FAILOVER)
    at.alert("api_outage", "apex", "critical")
    at.alert("api_outage", "apex", "critical", state="resolved")
    at.run(300)
    at.alert("api_errors", "apex", "warning", state="resolved")
    at.run(301)
    assert reroutes(at) == [("apex", "boreal"), ("apex", "apex")]


def test_with_no_venue_well_orders_stay_where_they_are(floor: Any) -> None:
    at = floor(FAILOVER)
    at.alert("api_outage", "boreal", "critical")
    at.alert("api_outage", "apex", "critical")
    assert reroutes(at) == []
    at.alert("api_outage", "boreal", "critical", state="resolved")
    assert reroutes(at) == [("apex", "boreal")]


def test_only_those_are_moved_who_can_trade_there(floor: Any) -> None:
    at = floor(FAILOVER)
    at.alert("api_outage", "apex", "critical")
    assert at.gateway.told() == ["reroute momentum"]
    lonely = floor(FAILOVER)
    lonely.gateway.strategies = at.gateway.strategies[:1]
    lonely.alert("api_outage", "apex", "critical")
    assert lonely.gateway.told() == []
    assert lonely.actions[-1].detail == "no strategy that trades at apex has an account of that name at boreal"


def test_a_venue_outside_the_chain_is_of_no_concern(floor: Any) -> None:
    at = floor(FAILOVER)
    at.alert("api_outage", "keystone", "critical")
    assert reroutes(at) == []
