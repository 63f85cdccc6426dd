"""Faults of trading in the whole laboratory: each is injected, takes effect and ends; where they cannot act, a scenario
is told so."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.laboratory.assembly import Laboratory
from lab.laboratory.market import settle_times
from lab.scenario.errors import ScenarioError
from lab.scenario.faults.trading import TRADING_FAULTS
from lab.scenario.resolve import load_scenario

HEAD = """schema: riskproof-scenario/1
scenario: harm
seed: 42
duration: 10 min
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: %s
limits: meridian
timeline:
"""
EVERY = {
    "order_reject": "at: 1 min, for: 6 min, scope: {venue: apex}, intensity: 50 %, ramp: 10s",
    "cancel_reject": "at: 10s, for: 110s, scope: {venue: apex, accounts: [maker]}, intensity: 100 %",
    "partial_fills": "at: 1 min, for: 6 min, scope: {venue: apex}, intensity: 100 %, with: {filled: 40 %}",
    "spread_widening": "at: 1 min, for: 6 min, scope: {venue: boreal}, intensity: 20, ramp: 30s, ramp_down: 30s",
    "liquidity_withdrawal": "at: 1 min, for: 6 min, scope: {venue: boreal}, intensity: 90 %",
    "phantom_fill": "at: 1 min, for: 6 min, scope: {venue: apex, accounts: [momentum]}, intensity: 60",
    "lost_fill": "at: 1 min, for: 6 min, scope: {venue: apex}, intensity: 50 %",
    "duplicate_fill": "at: 1 min, for: 6 min, scope: {venue: apex}, intensity: 50 %",
    "event_gap": "at: 8 min, for: 1 min, scope: {venue: apex, accounts: [maker]}",
    "frozen_account": "at: 1 min, for: 6 min, scope: {venue: apex}",
    "contradicting_balances": "at: 1 min, for: 6 min, scope: {venue: boreal, assets: [USDT]}, intensity: 5 %",
    "throttling": "at: 9 min, for: 30s, scope: {venue: apex}, intensity: 99 %",
    "disconnect": "at: 1 min, for: 6 min, scope: {venue: boreal}, with: {every: 20s}",
}
BUSY = """
  - {inject: busy, fault: strategy_malfunction, at: 120s, scope: {strategy: maker}, intensity: 1, with: {kind: runaway}}
"""


def test_every_fault_takes_effect_and_ends_in_a_run(tmp_path: Path) -> None:
    lines = [f"  - {{inject: {name}, fault: {name}, {EVERY[name]}}}" for name in EVERY]
    path = tmp_path / "harm.yaml"
    path.write_text(HEAD % "meridian" + "\n".join(lines) + BUSY)
    experiment = settle_times(load_scenario(path).experiments[0])
    phases: dict[str, list[str]] = {}

    def happened(name: str, phase: str, detail: str) -> None:
        phases.setdefault(name, []).append(phase if phase != "refused" else detail)

    lab = Laboratory(experiment, "run", tmp_path / "run.journal", happened, lambda _: None)
    lab.start()
    lab.kernel.run_until((experiment.start_ns or 0) + experiment.duration_ns)
    lab.journal.close("completed")
    assert phases.pop("busy")[:3] == ["planned", "began", "took_effect"]
    assert phases == {name: ["planned", "began", "took_effect", "ended"] for name in EVERY}
    assert [spec.name for spec in TRADING_FAULTS] == list(EVERY)
    for api in lab.exchange_apis.values():
        assert api.exchange.gate is None
        assert api.limiter.limits.weight_per_minute == 6_000


@pytest.mark.parametrize(
    ("firm", "fault", "told"),
    [
        (
            "meridian",
            "order_reject, scope: {venue: apex, accounts: [mker]}, intensity: 1 %",
            "timeline.harm.scope.accounts[0]: `mker` is no account there",
        ),
        ("meridian", "event_gap, scope: {accounts: [maker]}", "timeline.harm.scope.venue: is missing"),
        (
            "meridian",
            "spread_widening, scope: {venue: apex}, intensity: 0.5",
            "timeline.harm.intensity: `0.5` is out of range",
        ),
        (
            "meridian_perp",
            "frozen_account, scope: {venue: apexf}",
            "timeline.harm.scope.venue: `apexf` is no spot exchange; expected apex or boreal; did you mean apex?",
        ),
    ],
)
def test_what_cannot_be_harmed_is_said_before_the_run(firm: str, fault: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "harm.yaml"
    path.write_text(HEAD % firm + f"  - {{inject: harm, at: 2 min, for: 5 min, fault: {fault}}}\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert told in "\n".join(caught.value.lines())
