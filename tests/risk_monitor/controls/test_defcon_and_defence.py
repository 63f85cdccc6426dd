"""Defcon levels and the defensive mode: they narrow what strategies may do, and how they come to an end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

LEVELS = """
  rises: {warning: 4, high: 3, critical: 1}
  levels:
    4: {scale: 50 %}
    3: {scale: 50 %, allows: reducing}
    2: {scale: 25 %, allows: reducing}
    1: {allows: nothing, scale: 25 %}
"""
BY_HAND = f"defcon:{LEVELS}"
BY_CALM = f"defcon:{LEVELS}  calm: 10 min\n"
DEFENSIVE = "defensive: {on: {heartbeat: high, api_outage: critical}, scale: 25 %, calm: 2 min}"


def test_each_level_narrows_what_is_allowed(floor: Any) -> None:
    at = floor(BY_HAND)
    at.holds("BTC", "12")  # 2 above what is held for the long term
    orders = (("BUY", "1.0"), ("SELL", "1.0"))
    outcomes = []
    for severity in (None, "warning", "high", "critical"):
        if severity:
            at.alert("drawdown", "firm", severity)
        outcomes.append([at.wants("maker", *order).quantity for order in orders])
    half = Decimal("0.5")
    assert outcomes == [[1, 1], [half, half], [0, half], [0, 0]]
    assert at.wants("maker", "SELL", "1.0").reason == "defcon 1"
    assert at.deeds() == [
        ("defcon", "taken", "level 4"),
        ("defcon", "ended", "level 4"),
        ("defcon", "taken", "level 3"),
        ("defcon", "ended", "level 3"),
        ("defcon", "taken", "level 1"),
    ]


def test_an_order_that_would_overshoot_the_long_term_holding_does_not_reduce(floor: Any) -> None:
    at = floor(BY_HAND)
    at.holds("BTC", "12")
    at.alert("drawdown", "firm", "high")
    assert at.wants("maker", "SELL", "5.0").reason == "defcon 3: only orders that reduce exposure"


def test_calm_lowers_it_level_by_level(floor: Any) -> None:
    at = floor(BY_CALM)
    at.alert("drawdown", "firm", "high")
    at.run(10_000)
    at.alert("drawdown", "firm", "high", state="resolved")
    subjects = []
    for _ in range(3):
        subjects.append(at.deeds()[-1])
        at.run(600)
    assert subjects == [
        ("defcon", "taken", "level 3"),
        ("defcon", "taken", "level 4"),
        ("defcon", "ended", "level 4"),
    ]
    assert at.wants("maker", "BUY", "1.0").verdict == "allow"


def test_a_person_declares_peace_at_once(floor: Any) -> None:
    at = floor(BY_HAND)
    at.alert("drawdown", "firm", "critical")
    at.says("reset", "defcon/1")
    assert (at.actions[-1].state.value, at.actions[-1].detail) == ("ended", "reset by ines: looked into it")
    assert at.wants("maker", "BUY", "1.0").verdict == "allow"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["info", "warning", "high", "critical"]),
            st.sampled_from(["firing", "resolved"]),
            st.integers(0, 100_000),
        ),
        max_size=30,
    )
)
@settings(max_examples=100, deadline=None)
def test_without_a_person_defcon_only_ever_grows_graver(floor: Any, signals: list[Any]) -> None:
    at = floor(BY_HAND)
    asked = ("BUY", "1.0")
    before = at.wants("maker", *asked).quantity
    levels = [5]
    for severity, state, seconds in signals:
        at.alert("drawdown", "firm", severity, state=state)
        at.run(seconds)
        quantity = at.wants("maker", *asked).quantity
        assert quantity <= before
        before = quantity
        taken = [int(action.subject[-1]) for action in at.actions if action.state.value == "taken"]
        levels.append(taken[-1] if taken else 5)
    assert levels == sorted(levels, reverse=True)


def test_a_silent_strategy_trades_at_a_fraction_until_it_was_well_for_a_while(floor: Any) -> None:
    at = floor(DEFENSIVE)
    alert_id = at.alert("heartbeat", "maker")
    decision = at.wants("maker", "BUY", "1.00")
    assert (decision.verdict, decision.quantity) == ("scale_down", Decimal("0.25"))
    assert decision.reason == f"defensive mode since {alert_id}"
    assert at.wants("momentum", "BUY", "1.00").verdict == "allow"
    at.run(1_000)
    at.alert("heartbeat", "maker", state="resolved")
    at.run(119)
    assert at.wants("maker", "BUY", "1.00").verdict == "scale_down"
    at.run(2)
    assert at.wants("maker", "BUY", "1.00").verdict == "allow"
    assert at.deeds() == [("defensive", "taken", "maker"), ("defensive", "ended", "maker")]


def test_an_alarm_that_returns_before_the_calm_is_over_prolongs_the_defence(floor: Any) -> None:
    at = floor(DEFENSIVE)
    at.alert("heartbeat", "maker")
    at.alert("heartbeat", "maker", state="resolved")
    at.run(60)
    at.alert("heartbeat", "maker")
    at.run(1_000)
    assert at.wants("maker", "BUY", "1.00").verdict == "scale_down"
    assert at.deeds() == [("defensive", "taken", "maker")]


def test_an_alert_that_speaks_of_no_strategy_puts_all_on_the_defensive(floor: Any) -> None:
    at = floor(DEFENSIVE)
    at.alert("api_outage", "apex", "critical")
    assert [at.wants(name, "BUY", "1.00").verdict for name in ("maker", "momentum")] == ["scale_down", "scale_down"]
