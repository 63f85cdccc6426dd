"""The controls file is read strictly: every mistake has its place, what was expected, and the nearest name."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_monitor.controls.config import (
    Allows,
    ApprovalConfig,
    BreakerConfig,
    ControlsConfig,
    DefconConfig,
    DefconLevel,
    DefensiveConfig,
    EmergencyStopConfig,
    FailoverConfig,
    GateConfig,
    LimitsLogConfig,
    Rate,
    Trigger,
)
from risk_monitor.controls.reader import parse_controls
from risk_monitor.effects import Severity
from risk_monitor.limits import LimitsError, parse_limits

SECOND_NS = 1_000_000_000

WHOLE = """
schema: riskproof-controls/1
gate:
  price_collar: 2 %
  order_value: {scale_above: 100k USD, block_above: 1M USD}
  headroom: high
  messages: {most: 60 times, within: 1 min}
  repeats: {most: 5 times, within: 30 s}
  whitelist: true
breakers:
  strategy: {on: {order_rate: high}, blocks: {most: 20 times, within: 1 min}, pause: 15 min}
  firm: {on: {drawdown: warning}, pause: manual, cancels: false}
emergency_stop: {on: {drawdown: high}}
defensive: {on: {heartbeat: high}, scale: 50 %, calm: 5 min}
defcon:
  rises: {high: 4, critical: 2}
  levels: {4: {scale: 75 %}, 3: {scale: 50 %}, 2: {allows: reducing, scale: 50 %}, 1: {allows: nothing, scale: 50 %}}
  calm: 30 min
approval: {first: 3 times, timeout: 2 min, valid: 5 min}
failover: {chain: [apex, boreal], on: {api_outage: critical}, back_after: 10 min}
limits_log: {approvers: [cro], restores: true}
"""

ON_DRAWDOWN = Trigger("drawdown", Severity.HIGH)


def test_a_whole_file_is_read_as_it_says(floor: Any) -> None:
    limits = parse_limits(floor.LIMITS_TEXT, "limits.yaml")
    assert parse_controls(WHOLE, "controls.yaml", limits, ("apex", "boreal")) == ControlsConfig(
        gate=GateConfig(
            0.02, 100_000.0, 1_000_000.0, Severity.HIGH, Rate(60, 60 * SECOND_NS), Rate(5, 30 * SECOND_NS), True
        ),
        strategy_breaker=BreakerConfig(
            (Trigger("order_rate", Severity.HIGH),), Rate(20, 60 * SECOND_NS), 900 * SECOND_NS, True
        ),
        firm_breaker=BreakerConfig((Trigger("drawdown", Severity.WARNING),), None, 0, False),
        emergency_stop=EmergencyStopConfig((ON_DRAWDOWN,), True),
        defensive=DefensiveConfig((Trigger("heartbeat", Severity.HIGH),), 0.5, 300 * SECOND_NS),
        defcon=DefconConfig(
            ((Severity.HIGH, 4), (Severity.CRITICAL, 2)),
            (
                DefconLevel(4, 0.75, Allows.EVERYTHING),
                DefconLevel(3, 0.5, Allows.EVERYTHING),
                DefconLevel(2, 0.5, Allows.REDUCING),
                DefconLevel(1, 0.5, Allows.NOTHING),
            ),
            1_800 * SECOND_NS,
        ),
        approval=ApprovalConfig(3, 120 * SECOND_NS, 300 * SECOND_NS),
        failover=FailoverConfig(("apex", "boreal"), (Trigger("api_outage", Severity.CRITICAL),), 600 * SECOND_NS),
        limits_log=LimitsLogConfig(("cro",), True),
    )


MISTAKES = [
    (
        "gaet: {}",
        "c.yaml:2:1: gaet: unknown key; expected one of schema, gate, breakers, emergency_stop, defensive, defcon, "
        "approval, failover, limits_log",
    ),
    (
        "gate: {price_colar: 1 %}",
        "c.yaml:2:8: gate.price_colar: unknown key; expected one of price_collar, order_value, headroom, "
        "messages, repeats, whitelist; did you mean price_collar?",
    ),
    (
        "gate: {price_collar: 5}",
        "c.yaml:2:22: gate.price_collar: no unit; expected a share, such as 50 % or 200 bp",
    ),
    (
        "gate: {price_collar: -5 %}",
        "c.yaml:2:22: gate.price_collar: '-5 %' is negative or not a finite number; expected a share, such as"
        " 50 % or 200 bp",
    ),
    (
        "gate: {messages: {most: 0 times, within: 1 s}}",
        "c.yaml:2:25: gate.messages.most: is nothing; expected a whole count, such as 5 times, above zero",
    ),
    (
        "gate: {messages: {most: 1.5 times, within: 1 s}}",
        "c.yaml:2:25: gate.messages.most: '1.5 times' is not whole; expected a whole count, such as 5 times",
    ),
    (
        "gate: {order_value: {scale_above: 2k USD, block_above: 1k USD}}",
        "c.yaml:2:56: gate.order_value.block_above: is not above scale_above; expected what is too much to be scaled",
    ),
    (
        "breakers: {strategy: {on: {drawdown: high}, pause: 1 s}}",
        "c.yaml:2:28: breakers.strategy.on.drawdown: its subjects are none that this control acts on; "
        "expected one of leverage, single_trade_risk, slippage, frozen_account, heartbeat, order_rejects, "
        "order_rate, repeated_execution, unauthorised_orders",
    ),
    (
        "breakers: {firm: {on: {drawdown: high}, pause: manul}}",
        "c.yaml:2:48: breakers.firm.pause: 'manul' is not a quantity; expected a duration, such as 30 s or "
        "10 min, or manual",
    ),
    (
        "breakers: {firm: {pause: manual}}",
        "c.yaml:2:18: breakers.firm: nothing sets it off; expected on, blocks, or both",
    ),
    (
        "emergency_stop: {on: {drawdwon: high}}",
        "did you mean drawdown?",
    ),
    (
        "emergency_stop: {on: {drawdown: grave}}",
        "c.yaml:2:33: emergency_stop.on.drawdown: 'grave' is none of them; expected one of info, warning, "
        "high, critical",
    ),
    (
        "emergency_stop: {on: {daily_loss: high}}",
        "c.yaml:2:23: emergency_stop.on.daily_loss: the limits keep no such mandate; expected one of "
        "position_limit, notional_limit, delta_exposure, stablecoin_exposure, drawdown, order_rate, "
        "heartbeat, api_outage, policy_drift",
    ),
    (
        "emergency_stop: {on: {drawdown: critical}}",
        "c.yaml:2:33: emergency_stop.on.drawdown: the limits give it no bound of critical or above; expected "
        "one of warning, high",
    ),
    (
        "defensive: {on: {heartbeat: high}, scale: 150 %, calm: 1 s}",
        "c.yaml:2:43: defensive.scale: is more than all of an order; expected at most 100 %",
    ),
    (
        "defcon: {rises: {high: 2, critical: 3}, levels: {4: {}, 3: {}, 2: {}, 1: {}}}",
        "defcon.rises.critical: is a milder level than high's; expected graver is not milder",
    ),
    (
        "defcon: {rises: {high: 2}, levels: {4: {scale: 50 %}, 3: {}, 2: {}, 1: {}}}",
        "defcon.levels.3: allows more than level 4; expected levels that grow narrower downwards",
    ),
    (
        "failover: {chain: [apex], on: {api_outage: critical}, back_after: 1 s}",
        "c.yaml:2:19: failover.chain: has one venue; expected at least two venues",
    ),
    (
        "failover: {chain: [apex, borael], on: {api_outage: critical}, back_after: 1 s}",
        "c.yaml:2:26: failover.chain: 'borael' is none of them; expected one of apex, boreal; did you mean boreal?",
    ),
    (
        "limits_log: {approvers: []}",
        "c.yaml:2:25: limits_log.approvers: no list; expected the names of those who may approve a change",
    ),
    (
        "approval: {first: 3 times, timeout: 2 min}",
        "c.yaml:2:11: approval.valid: missing; expected the key valid",
    ),
    (
        "",
        "no control; expected at least one of gate",
    ),
]


@pytest.mark.parametrize(("body", "message"), MISTAKES)
def test_each_mistake_is_shown_with_its_place_and_what_was_expected(floor: Any, body: str, message: str) -> None:
    limits = parse_limits(floor.LIMITS_TEXT, "limits.yaml")
    with pytest.raises(LimitsError) as caught:
        parse_controls(f"schema: riskproof-controls/1\n{body}", "c.yaml", limits, ("apex", "boreal"))
    assert message in str(caught.value)


def test_a_file_of_another_kind_is_one_mistake() -> None:
    with pytest.raises(LimitsError) as caught:
        parse_controls("schema: riskproof-limits/1\nlimits: {}", "c.yaml")
    assert str(caught.value) == (
        "c.yaml:1:9: schema: 'riskproof-limits/1' is not read here; expected riskproof-controls/1"
    )


@given(st.data())
def test_no_damage_raises_anything_but_a_limits_error(data: Any) -> None:
    position = data.draw(st.integers(0, len(WHOLE) - 1))
    length = data.draw(st.integers(0, 20))
    instead = data.draw(st.text("abz019%{}[]:,-.& \n*!'\"", max_size=6))
    with contextlib.suppress(LimitsError):
        parse_controls(WHOLE[:position] + instead + WHOLE[position + length :], "c.yaml")
