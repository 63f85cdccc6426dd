"""Whole runs in which every link lies: nobody may fall over, whatever arrives."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.laboratory.assembly import Laboratory
from lab.laboratory.market import settle_times
from lab.scenario.model import Experiment
from lab.scenario.resolve import load_scenario

SCENARIO = """
schema: riskproof-scenario/1
scenario: garbage
seed: 5
duration: 8 min
market: {source: synthetic_calm}
firm: meridian
limits: meridian
timeline:
  - {inject: bits, fault: wire_corrupt, at: 2 min, for: 4 min, intensity: 30 %, with: {flips: 2}}
  - {inject: ends, fault: wire_truncate, at: 3 min, for: 3 min, intensity: 10 %}
  - {inject: twice, fault: wire_duplicate, at: 3 min, for: 3 min, intensity: 30 %}
  - {inject: cut, fault: wire_reset, at: 3 min, for: 2 min, with: {every: 20 s}}
expect: []
forbid: [{alert: drawdown}]
"""


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    path = tmp_path_factory.mktemp("garbage") / "garbage.yaml"
    path.write_text(SCENARIO)
    return settle_times(load_scenario(path).experiments[0])


def test_garbage_on_every_link_fells_nobody_and_all_recover(experiment: Experiment, tmp_path: Path) -> None:
    phases: list[tuple[str, str]] = []
    laboratory = Laboratory(
        experiment,
        "run",
        tmp_path / "run.journal",
        lambda name, phase, detail: phases.append((name, phase)),
        lambda _: None,
    )
    noted: list[tuple[str, str, str]] = []
    record = laboratory.journal.record

    def listen(kind: str, source: str, cause: int, *body: object) -> int:
        if kind == "strategy":
            noted.append((source, str(body[0]), str(body[1])))
        return record(kind, source, cause, *body)

    laboratory.journal.record = listen  # type: ignore[method-assign]
    laboratory.start()
    laboratory.kernel.run_until((experiment.start_ns or 0) + experiment.duration_ns)
    assert {name for name, phase in phases if phase == "took_effect"} == {"bits", "ends", "twice", "cut"}
    assert [what for what in noted if what[1] == "crashed"] == []
    telemetry = laboratory.shell._monitor.telemetry
    assert sum(telemetry.connector_errors.values()) > 100
    status = laboratory.shell._monitor.status()
    assert status.equity_usd is not None
    assert not any(link.harms for link in laboratory.links)
    stale = [rule for rule in status.rules if rule.mandate == "feed_staleness" and rule.compliance == "breached"]
    assert stale == []
