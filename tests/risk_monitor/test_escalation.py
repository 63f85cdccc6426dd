"""Alerts that nobody acknowledges grow graver; limits that change hold at once."""

from __future__ import annotations

from typing import Any

import pytest

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Timing, Watch
from risk_monitor.config import Account, ConfigError, MonitorConfig, VenueConfig, validate
from risk_monitor.effects import Effect, RaiseSignal
from risk_monitor.events import OperatorSaid
from risk_monitor.limits import parse_limits
from risk_monitor.watchtower import Watchtower

SECOND_NS = 1_000_000_000

LIMITS = """
schema: riskproof-limits/1
firm: meridian
base_currency: USD
stablecoins: []
limits:
  drawdown: {firm: {warning: 10 %, critical: 15 %}}
  reconciliation_confidence: {each: {warning: 80 %, high: 50 %}}
"""


class Desk:
    def __init__(self, escalate_s: int) -> None:
        self.agenda = Agenda()
        self.effects: list[Effect] = []
        timing = Timing(60 * SECOND_NS, escalate_ns=escalate_s * SECOND_NS)
        self.tower = Watchtower(parse_limits(LIMITS, "limits.yaml"), self.agenda, timing, self.effects.append)
        self.drawdown = self.watch("drawdown", "firm")

    def watch(self, mandate: str, subject: str) -> Watch:
        watch = self.tower.watch(mandate, subject, tuple)
        assert watch is not None
        return watch

    def run(self, to_s: int) -> None:
        while self.agenda.deadline_ns <= to_s * SECOND_NS:
            self.agenda.run_due(self.agenda.deadline_ns)
        self.agenda.run_due(to_s * SECOND_NS)

    def told(self) -> list[tuple[str, str]]:
        signals = [effect.signal for effect in self.effects if isinstance(effect, RaiseSignal)]
        return [(signal.state.value, signal.severity.value) for signal in signals]


def test_an_alert_that_nobody_acknowledges_grows_graver_until_it_is_critical() -> None:
    desk = Desk(300)
    desk.drawdown.observe(0, 0.11)
    desk.run(10_000)
    assert desk.told() == [("firing", "warning"), ("escalated", "high"), ("escalated", "critical")]
    desk.drawdown.observe(10_000 * SECOND_NS, 0.0)
    desk.run(10_100)
    assert desk.told()[-1] == ("resolved", "warning")


def test_a_critical_alert_is_escalated_once() -> None:
    desk = Desk(300)
    desk.drawdown.alerts.pop(0)
    desk.drawdown.observe(0, 0.2)
    desk.run(10_000)
    assert desk.told() == [("firing", "critical"), ("escalated", "critical")]


def test_an_acknowledged_alert_is_escalated_no_further_and_told_once() -> None:
    desk = Desk(300)
    desk.drawdown.observe(0, 0.11)
    desk.run(301)
    assert desk.tower.acknowledge("drawdown/firm/warning/1")
    assert desk.tower.acknowledge("drawdown/firm/warning/1")
    assert not desk.tower.acknowledge("drawdown/firm/warning/2")
    desk.run(10_000)
    assert desk.told() == [("firing", "warning"), ("escalated", "high"), ("acknowledged", "high")]


def test_the_next_episode_wants_to_be_acknowledged_anew() -> None:
    desk = Desk(300)
    desk.drawdown.observe(0, 0.11)
    desk.tower.acknowledge("drawdown/firm/warning/1")
    desk.drawdown.observe(SECOND_NS, 0.0)
    desk.run(100)
    desk.drawdown.observe(100 * SECOND_NS, 0.11)
    desk.run(401)
    assert desk.told()[-2:] == [("firing", "warning"), ("escalated", "high")]


def test_without_a_time_to_escalate_after_nothing_is_escalated() -> None:
    desk = Desk(0)
    desk.drawdown.observe(0, 0.11)
    desk.run(100_000)
    assert desk.told() == [("firing", "warning")]


def test_a_negative_time_to_escalate_after_is_refused() -> None:
    venues = (VenueConfig("apex", "binance", (Account("master", "key"),)),)
    with pytest.raises(ConfigError, match="escalate_after_ms"):
        validate(MonitorConfig(venues, escalate_after_ms=-1))


def test_limits_that_change_hold_at_once_above_and_below() -> None:
    desk = Desk(0)
    trust = desk.watch("reconciliation_confidence", "apex")
    desk.drawdown.observe(0, 0.05)
    trust.observe(0, 0.9)
    text = LIMITS.replace("warning: 10 %", "warning: 4 %").replace("warning: 80 %", "warning: 95 %")
    desk.tower.change_limits(SECOND_NS, parse_limits(text, "limits.yaml"))
    assert desk.told() == [("firing", "warning"), ("firing", "warning")]
    assert [round(status.limit, 6) for status in desk.tower.status()] == [4.0, 15.0, 95.0, 50.0]
    desk.tower.change_limits(2 * SECOND_NS, parse_limits(LIMITS, "limits.yaml"))
    desk.run(100)
    assert desk.told()[2:] == [("resolved", "warning"), ("resolved", "warning")]


def test_an_operator_acknowledges_through_the_machine_and_a_slip_of_the_tongue_changes_nothing(world: Any) -> None:
    here = world("position_limit: {BTC: {high: 5 BTC}}").start()
    (signal,) = [one for _, one in here.signals if one.state.value == "firing"]
    for command, subject in (("acknowledge", "nothing/1"), ("reset", "breaker/1"), ("acknowledge", signal.alert_id)):
        here.step(OperatorSaid(command, subject, "ines", "seen"))
    assert [one.state.value for _, one in here.signals if one.alert_id == signal.alert_id] == ["firing", "acknowledged"]
    assert here.monitor.telemetry.notes[-2:] == [
        "operator: acknowledge nothing/1: no such alert fires",
        "operator: reset breaker/1: no controls are wired in",
    ]
