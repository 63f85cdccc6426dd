"""What a mutant does when it is given the tape of the real monitor, and which statements a case runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.mutants.footprints import Footprints
from lab.mutants.mutant import Mutant, SourceEdit
from lab.mutants.probes import Probes
from lab.mutants.replay import Showing, showing_in
from lab.mutants.selection import name_of
from lab.mutants.showings import Showings
from lab.mutants.source_level import read_package
from lab.mutants.tape import MOST_EVENTS, Moment, read_tape, write_tape
from lab.playing.trials import settled
from lab.scenario.model import Experiment
from lab.scenario.resolve import load_scenario

SCENARIO = """
schema: riskproof-scenario/1
scenario: small_depeg
description: USDT leaves the dollar for a minute.
seed: 7
duration: 4 min
market: {source: synthetic_calm}
firm: meridian
limits: meridian
timeline:
  - {inject: slide, fault: stablecoin_depeg, at: 1 min, for: 1 min, scope: {asset: USDT}, intensity: 80 bp}
expect:
  - {alert: stablecoin_peg, asset: USDT, severity: warning, within: 10 s}
"""
PACKAGE = read_package(Path(__file__).parents[3])


def mutant(file: str, old: str, new: str) -> Mutant:
    source = PACKAGE[file]
    assert source.count(old.encode()) == 1
    start = source.index(old.encode())
    line = source.count(b"\n", 0, start) + 1
    edit = SourceEdit(file, line, start, start + len(old.encode()), old, new)
    return Mutant(id=f"source/test/{file}/{line}", level="source", operator="test", what="", edit=edit)


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Experiment, Footprints, Showings]:
    out = tmp_path_factory.mktemp("campaign")
    (out / "small_depeg.yaml").write_text(SCENARIO)
    (experiment,) = settled(list(load_scenario(out / "small_depeg.yaml").experiments))
    footprints = Footprints(Probes(PACKAGE), out, lambda one: "-".join(map(str, name_of(one))), 1)
    footprints.record([experiment])
    assert footprints.recorded == 1
    return experiment, footprints, Showings(PACKAGE, footprints, out, lambda one, name: f"{name_of(one)} {name}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new", "shown"),
    [
        ("alerts.py", "self._watch.signal(self, AlertState.RESOLVED)", "pass", "alerts"),
        ("alerts.py", "self._watch.signal(self, AlertState.RESOLVED)", "raise ValueError", "alerts"),
        ("config.py", "exchange_time_ms: int = 3_500", "exchange_time_ms: int = 9_000", "conduct"),
        ("timestamps.py", "86_400 * NS_PER_SECOND", "86_401 * NS_PER_SECOND", "words"),
        ("alerts.py", "MAX_EVIDENCE = 8", "MAX_EVIDENCE = 9", "nowhere"),
    ],
)
def test_how_a_mutant_shows(
    looked: tuple[Experiment, Footprints, Showings], file: str, old: str, new: str, shown: Showing
) -> None:
    experiment, _, showings = looked
    assert list(showings.of(mutant(file, old, new), [experiment])) == [(experiment, shown)]


@pytest.mark.slow
def test_the_monitor_itself_shows_nowhere_and_a_case_without_a_tape_tells_nothing(
    looked: tuple[Experiment, Footprints, Showings], tmp_path: Path
) -> None:
    experiment, footprints, _ = looked
    assert showing_in(experiment, footprints.tape_of(experiment)) == "nowhere"
    assert showing_in(experiment, tmp_path / "none.tape") == "unknown"


@pytest.mark.slow
def test_a_case_meets_only_what_it_runs(looked: tuple[Experiment, Footprints, Showings]) -> None:
    experiment, footprints, _ = looked
    assert footprints.is_met(experiment, mutant("alerts.py", "self._watch.signal(self, AlertState.RESOLVED)", "pass"))
    assert footprints.is_met(experiment, mutant("alerts.py", "MAX_EVIDENCE = 8", "MAX_EVIDENCE = 9"))
    assert not footprints.is_met(experiment, mutant("controls/emergency_stop.py", "self._procedure.drop()", "pass"))


def test_a_tape_is_read_as_it_was_written_and_one_that_is_too_long_tells_nothing(tmp_path: Path) -> None:
    moments = [Moment(1, 3, b"frame", b"", 5), Moment(2, -1, b"event", b"effects", 9)]
    write_tape(tmp_path / "a.tape", moments)
    assert list(read_tape(tmp_path / "a.tape")) == moments
    write_tape(tmp_path / "b.tape", [Moment(1, 3, b"", b"", 5)] * (MOST_EVENTS + 1))
    assert list(read_tape(tmp_path / "b.tape")) == []
