"""Harm within the firm: every fault of strategies and gateway, injected into a real laboratory, shows and ends."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from correlator.journal import Journal
from lab.laboratory.assembly import Laboratory
from lab.laboratory.market import settle_times
from lab.scenario.errors import ScenarioError
from lab.scenario.resolve import load_scenario

HEAD = """schema: riskproof-scenario/1
scenario: harm
seed: 42
duration: 7 min
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: desk
limits: meridian
forbid: [{alert: any}]
timeline:
  - {inject: harm, at: 2 min, for: 3 min, %s}
"""
FIRM = """schema: riskproof-firm/1
extends: %s
firm: desk
accounts:
  apex: {master: {withdraw: true}}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    shipped = Path(load_scenario.__code__.co_filename).parents[2] / "scenarios" / "firms"
    Path("firms").mkdir()
    Path("firms/desk.yaml").write_text(FIRM % (shipped / "meridian.yaml"))

    def write(fault: str) -> Path:
        Path("harm.yaml").write_text(HEAD % fault)
        return Path("harm.yaml")

    return write


def _play(scenario: Path) -> tuple[dict[str, int], Laboratory, list[Any]]:
    """Run the arm with the injection; (when each phase came, in ms since the start), the rooms, the audit plane."""
    (experiment,) = load_scenario(scenario).experiments
    experiment = settle_times(experiment)
    phases: dict[str, int] = {}
    laboratory: Laboratory

    def happened(name: str, phase: str, detail: str) -> None:
        phases[phase] = (laboratory.kernel.now_ns - starts_ns) // 1_000_000 if phase != "planned" else 0

    starts_ns = experiment.start_ns or 0
    laboratory = Laboratory(experiment, "run", Path("run.journal"), happened, lambda signal: None)
    laboratory.start()
    laboratory.kernel.run_until(starts_ns + experiment.duration_ns)
    laboratory.journal.close("completed")
    return phases, laboratory, list(Journal(Path("run.journal")).audit())


BEGINS_MS, ENDS_MS = 120_000, 300_000
EVERY = {
    "strategy_malfunction": "scope: {strategy: maker}, intensity: 1, with: {kind: runaway}",
    "strategy_raises": "scope: {strategy: maker}",
    "stolen_key": "scope: {account: arb, venue: apex}",
    "key_elsewhere": "scope: {account: arb, venue: apex}",
    "heartbeat_lost": "scope: {strategy: maker}",
    "gate_bypassed": "scope: {strategy: maker}",
    "bad_signature": "scope: {strategy: maker}",
    "replayed_nonce": "scope: {strategy: maker}",
    "expired_timestamp": "scope: {strategy: maker}",
    "limits_tampered": "with: {limit: limits.position_limit.BTC.high, to: 900 BTC}",
    "vault_theft": "scope: {asset: BTC}, with: {amount: 0.1}",
    "ordered_withdrawal": "scope: {account: master, venue: apex}, with: {asset: BTC, amount: 0.1}",
}


@pytest.mark.parametrize("fault", EVERY)
def test_every_fault_takes_effect_and_ends(fault: str, write: Any) -> None:
    phases, rooms, records = _play(write(f"fault: {fault}, {EVERY[fault]}"))
    assert list(phases) == ["planned", "began", "took_effect", "ended"]
    assert BEGINS_MS <= phases["took_effect"] < ENDS_MS
    assert rooms.host.runners["maker"].state == "running"
    assert rooms.host.the_gateway.policy.sha256 == rooms.host.the_gateway.policy.entries[-1].sha256
    counts = Counter(msgspec.structs.asdict(record).get("event", "") for record in records)
    assert counts["tampered"] == (fault == "limits_tampered")
    securities = [record for record in records if type(record).__name__ == "Security"]
    forged = fault in ("bad_signature", "replayed_nonce", "expired_timestamp")
    assert {record.reason for record in securities} == ({fault} if forged else set())
    assert len(securities) == (18 if forged else 0)


def test_a_bypassed_gateway_knows_nothing_of_the_orders(write: Any) -> None:
    _, _, records = _play(write("fault: gate_bypassed, scope: {strategy: maker}"))
    sent = {r.client_order_id for r in records if type(r).__name__ == "Intent" and r.strategy == "maker"}
    accepted = [r for r in records if type(r).__name__ == "Order" and r.event == "accepted" and r.account == "maker"]
    starts_ns = min(record.at_ns for record in records)
    for order in accepted:
        is_bypassed = BEGINS_MS * 1_000_000 <= order.at_ns - starts_ns < ENDS_MS * 1_000_000
        assert (order.client_order_id in sent) != is_bypassed
    assert any(order.client_order_id not in sent for order in accepted)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            "fault: strategy_raises, scope: {strategy: makr}",
            "timeline.harm.scope.strategy: `makr` is no strategy of desk; expected cross_arb, maker, peg_maker, "
            "momentum or reversion; did you mean maker?",
        ),
        (
            "fault: stolen_key, scope: {account: abr, venue: apex}",
            "timeline.harm.scope.account: `abr` is no account there; expected master, reserve, arb, maker, peg, "
            "momentum or reversion; did you mean arb?",
        ),
        (
            "fault: strategy_malfunction, scope: {strategy: maker}, intensity: 1, with: {kind: runnaway}",
            "timeline.harm.with.kind: `runnaway` is unknown; expected correlation_breaker, risk_ignorant, runaway, "
            "slow_leak or volatility_amplifier; did you mean runaway?",
        ),
        (
            "fault: strategy_malfunction, scope: {strategy: maker}, intensity: 1, "
            "with: {kind: runaway, pairs: [BTC/UST]}",
            "timeline.harm.with.pairs[0]: `BTC/UST` is no pair listed there; expected BTC/USD, ETH/USD, BTC/USDT, "
            "ETH/USDT, ETH/BTC or USDT/USD; did you mean BTC/USDT?",
        ),
        (
            "fault: limits_tampered, with: {limit: limits.positon_limit.BTC.high, to: 900 BTC}",
            "timeline.harm.with.limit: the limits have no `positon_limit` in limits; did you mean position_limit?",
        ),
    ],
)
def test_what_is_not_there_is_named_with_its_nearest(fault: str, told: str, write: Any) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write(fault))
    (line,) = caught.value.lines()
    assert line.partition(" ")[2] == told


def test_a_firm_without_a_gateway_has_none_to_harm(write: Any) -> None:
    write("fault: heartbeat_lost, scope: {strategy: momentum}")
    text = Path("harm.yaml").read_text().replace("firm: desk", "firm: bitcoin_desk")
    Path("harm.yaml").write_text(text.replace("limits: meridian", "limits: bitcoin_desk"))
    with pytest.raises(ScenarioError, match="bitcoin_desk has no gateway"):
        load_scenario("harm.yaml")
