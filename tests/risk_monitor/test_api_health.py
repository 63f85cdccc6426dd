"""Outage and latency measures by themselves, against the definitions done the plain way."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Timing
from risk_monitor.effects import Effect
from risk_monitor.limits import parse_limits
from risk_monitor.mandates.api_latency import ApiLatency
from risk_monitor.mandates.api_outage import ApiOutage
from risk_monitor.watchtower import Watchtower

HEAD = "schema: riskproof-limits/1\nfirm: x\nbase_currency: USD\nlimits:\n  "
SECOND_NS = 1_000_000_000


def _tower(limits: str, agenda: Agenda) -> tuple[Watchtower, list[Effect]]:
    out: list[Effect] = []
    return Watchtower(parse_limits(HEAD + limits, "f"), agenda, Timing(60 * SECOND_NS), out.append), out


def _compliance(tower: Watchtower) -> list[tuple[str, float | None]]:
    return [(rule.compliance, rule.observed) for rule in tower.status()]


def test_a_late_failure_of_an_older_request_is_no_outage_after_a_newer_success() -> None:
    agenda = Agenda()
    tower, _ = _tower("api_outage: {each: {critical: 30 s}}", agenda)
    outage = ApiOutage(tower, "apex", agenda)
    outage.answered(6 * SECOND_NS, 5 * SECOND_NS)
    outage.failed(100 * SECOND_NS, 1 * SECOND_NS)
    assert _compliance(tower) == [("ok", 0.0)]


def test_a_late_success_of_an_older_request_does_not_end_an_outage() -> None:
    agenda = Agenda()
    tower, _ = _tower("api_outage: {each: {critical: 30 s}}", agenda)
    outage = ApiOutage(tower, "apex", agenda)
    outage.failed(10 * SECOND_NS, 5 * SECOND_NS)
    outage.failed(40 * SECOND_NS, 20 * SECOND_NS)
    outage.answered(41 * SECOND_NS, 4 * SECOND_NS)
    assert _compliance(tower) == [("breached", 35.0)]
    outage.answered(42 * SECOND_NS, 10 * SECOND_NS)  # ends the first failure; the second left later
    assert _compliance(tower) == [("ok", 22.0)]


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 2_000)), min_size=15, max_size=80),
    st.integers(1, 100),
)
def test_latency_is_the_nearest_rank_of_the_replies_within_the_window(
    replies: list[tuple[int, int]], percent: int
) -> None:
    agenda = Agenda()
    text = f"api_latency: {{each: {{high: 1 s}}, window: 5 min, quantile: {percent} %}}"
    tower, _ = _tower(text, agenda)
    latency = ApiLatency(tower, "apex", agenda)
    now_ns = 10_000 * SECOND_NS
    arrived: list[tuple[int, int]] = []
    for wait_s, took_ms in replies:
        now_ns += wait_s * SECOND_NS
        latency.replied(now_ns, took_ms * 1_000_000)
        arrived.append((now_ns, took_ms))
        within = sorted(took for at_ns, took in arrived if at_ns > now_ns - 300 * SECOND_NS)
        expected: Any = [("unknown", None)]
        if len(within) >= 20:
            rank = math.ceil(percent * len(within) / 100)
            took_ms = within[rank - 1]
            expected = [("breached" if took_ms > 1000 else "ok", took_ms)]
        assert _compliance(tower) == expected
