"""`lab mutants` from one end to the other, on a depeg of a few minutes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.cli import main

SCENARIO = """
schema: riskproof-scenario/1
scenario: small_depeg
description: USDT leaves the dollar for two minutes and comes back.
seed: 7
duration: 6 min
market: {source: synthetic_calm}
firm: meridian
limits: meridian
timeline:
  - inject: slide
    fault: stablecoin_depeg
    at: 1 min
    for: 2 min
    scope: {asset: USDT}
    intensity: 80 bp
cases:
  noticed:
    expect:
      - {alert: stablecoin_peg, asset: USDT, severity: warning, within: 10 s, resolves_within: 2 min}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    file = tmp_path / "small_depeg.yaml"
    file.write_text(SCENARIO)
    return file


def mutants(scenario: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    out = ["--out", str(scenario.parent / "out"), "--jobs", "1", "--json"]
    code = main(["mutants", str(scenario), *arguments, *out])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_mutants_are_killed_by_the_case_that_notices_and_nothing_is_played_twice(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only = ("--only", "limits/stablecoin_peg/loosened", "--only", "source/named/resolution_never_sent")
    code, result = mutants(scenario, capsys, *only)
    assert code == 0
    assert [(one["id"], one["fate"]) for one in result["mutants"]] == [
        ("limits/stablecoin_peg/loosened", "killed"),
        ("source/named/resolution_never_sent", "killed"),
    ]
    kills = [kill for one in result["mutants"] for kill in one["killed_by"]]
    assert {(kill["scenario"], kill["case"], kill["before"], kill["after"], kill["crashed"]) for kill in kills} == {
        ("small_depeg", "noticed", "pass", "fail", False)
    }
    assert "resolve" in kills[1]["reason"]
    assert result["plays"] == 3  # each mutant, and once without any

    again, same = mutants(scenario, capsys, *only)
    assert (again, same["plays"]) == (0, 0)
    assert same["mutants"] == result["mutants"]


@pytest.mark.slow
def test_a_survivor_names_the_scenario_that_is_missing(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, result = mutants(scenario, capsys, "--only", "limits/api_latency/switched_off")
    assert code == 1
    (survivor,) = result["mutants"]
    assert survivor["fate"] == "survived"
    assert survivor["survived"] == ["small_depeg/noticed"]
    assert survivor["missing"] == "api_latency: a breach that must be noticed"


@pytest.mark.slow
def test_a_stated_equivalent_that_is_killed_is_an_error(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stated = scenario.parent / "equivalents.yaml"
    stated.write_text(
        "schema: riskproof-equivalents/1\nequivalents:\n"
        "  - {id: limits/stablecoin_peg/loosened, reason: nobody would ever look at this one anyway}\n"
    )
    arguments = ("--only", "limits/stablecoin_peg/loosened", "--equivalents", str(stated))
    code, result = mutants(scenario, capsys, *arguments)
    assert code == 1
    assert [one["fate"] for one in result["mutants"]] == ["not_equivalent"]


def test_what_would_be_run_is_listed_without_being_run(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mutants", str(scenario), "--list", "--mandate", "stablecoin_peg", "--limits-only"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "limits/stablecoin_peg/loosened  stablecoin_peg: every bound 2 times as loose"
    assert lines[-1] == f"{len(lines) - 2} of {len(lines) - 2} possible mutants"
    assert not (scenario.parent / "out").exists()


def test_a_wrong_mandate_is_told_with_the_nearest(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mutants", str(scenario), "--mandate", "stablecoin_pegs"]) == 2
    assert "did you mean stablecoin_peg?" in capsys.readouterr().err
