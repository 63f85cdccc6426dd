"""`lab frontier`, `lab hunt` and `lab shrink`: what they refuse, and one short search of each that is played."""

from __future__ import annotations

import json
import shutil
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lab.cli import main
from lab.scenario.resolve import SHIPPED, load_scenario
from lab.tuning.hunt_report import HuntDocument, lines_of
from lab.tuning.objective import OBJECTIVES

PEG = "scenarios/market/stablecoin_peg.yaml"
DEPTH = "timeline.slide.intensity"

BRIEF = """
schema: riskproof-scenario/1
scenario: brief_outage
description: An exchange falls silent while the other's spreads widen.
seed: 7
duration: 3 min
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
steady_state: {from: 10 s}
timeline:
  - {inject: down, fault: exchange_outage, at: 60 s, for: 90 s, scope: {venue: apex}}
  - {inject: wide, fault: spread_widening, at: 30 s, for: 1 min, scope: {venue: boreal}, intensity: 2}
expect:
  - {alert: api_outage, asset: apex, severity: critical, within: 5 s, injection: down}
"""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["frontier", PEG, "--vary", f"{DEPTH}=1bp..50bp"],
            f"{PEG}: cases: has 5 cases; expected one of them by --case: noticed, cascade, above, too_small or absent",
        ),
        (
            ["frontier", PEG, "--case", "noticed", "--vary", "timeline.slyde.intensity=1bp..50bp"],
            "--vary timeline.slyde.intensity=1bp..50bp: timeline: has no entry `slyde`; expected slide; "
            "did you mean slide?",
        ),
        (
            ["frontier", PEG, "--case", "noticed", "--vary", "timeline.slide.intensty=1bp..50bp"],
            "--vary timeline.slide.intensty=1bp..50bp: timeline.slide.intensty: unknown key; expected ",
        ),
        (
            ["frontier", PEG, "--case", "noticed", "--vary", f"{DEPTH}=1min..50min"],
            f"--vary {DEPTH}=1min..50min: {DEPTH}: `1min` is not a share; expected basis points or percent",
        ),
        (
            ["frontier", PEG, "--case", "noticed", "--vary", f"{DEPTH}=1bp..5bp", "--and", "duration=1h..30min"],
            "--and duration=1h..30min: duration: `1h` is not below `30min`: the range is empty",
        ),
        (
            ["frontier", PEG, "--case", "noticed", "--vary", f"{DEPTH}=1bp..50bp", "--only", "USDC"],
            "--only USDC: fits no expectation of the case; expected words of: stablecoin_peg USDT warning within 5s, ",
        ),
        (
            ["frontier", PEG, "--case", "too_small", "--vary", f"{DEPTH}=1bp..50bp"],
            f"{PEG}: expect: the case too_small expects nothing that could be noticed",
        ),
        (
            ["hunt", PEG, "--case", "absent"],
            f"{PEG}: timeline: injects nothing; expected a scenario that injects harm",
        ),
        (
            ["hunt", PEG, "--objective", "lateness"],
            "--objective lateness: there is no such objective; expected loss_before_detection, latency or "
            "undetected_peak",
        ),
        (["hunt", PEG, "--out", "Found.yml"], "--out Found.yml: `Found.yml` names no scenario; expected small letters"),
        (["shrink", "scenarios"], "scenarios: holds no scenario.json; expected a run directory"),
    ],
)
def test_mistake_is_told_with_what_was_expected(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(message)
    assert len(told.err.splitlines()) == 1


def test_value_on_which_nothing_depends_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "brief_outage.yaml"
    file.write_text(BRIEF + "variables: {depth: 20 bp}\n")
    assert main(["frontier", str(file), "--vary", "variables.depth=1bp..50bp"]) == 2
    assert "nothing of this case depends on it: both ends make the same experiment" in capsys.readouterr().err


def test_passed_run_has_nothing_to_shrink(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tiny / "runs" / "tiny_outage" / "default" / "seed-7"
    assert main(["shrink", str(run), "--out", str(tiny.parent / "nothing.yaml")]) == 2
    assert "nothing was missed, late or false: the verdict is pass" in capsys.readouterr().err


def test_verdict_by_other_demands_than_the_scenarios_is_not_shrunk(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(tiny / "runs" / "tiny_outage" / "default" / "seed-7", run := tmp_path / "seed-7")
    assert main(["judge", str(run), "--deadlines", "x0.5", "--write"]) == 0
    capsys.readouterr()
    assert main(["shrink", str(run), "--out", str(tmp_path / "nothing.yaml")]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        f"{run}: its verdict is by other demands than its scenario's (every deadline × 0.5); expected its own: "
        f"lab judge {run}; or a run of a scenario that makes those demands"
    ]
    assert main(["judge", str(run)]) == 0
    capsys.readouterr()
    assert main(["shrink", str(run), "--out", str(tmp_path / "nothing.yaml")]) == 2
    assert "nothing was missed, late or false: the verdict is pass" in capsys.readouterr().err


class Deaf(NamedTuple):
    """A directory with ``brief_outage.yaml``; ``limits`` of a monitor that gives an outage 60 s and not 30; what
    ``lab frontier`` found of it, and the run that it kept of an outage of 56 s."""

    place: Path
    limits: Path
    code: int
    found: Any
    run: Path


@pytest.fixture(scope="module")
def deaf(tmp_path_factory: pytest.TempPathFactory) -> Deaf:
    place = tmp_path_factory.mktemp("deaf")
    file, limits = place / "brief_outage.yaml", place / "deaf.yaml"
    file.write_text(BRIEF)
    meant = (SHIPPED / "limits" / "meridian.yaml").read_text()
    limits.write_text(meant.replace("{critical: 30 s}", "{critical: 60 s}"))
    assert limits.read_text() != meant
    command = ["frontier", str(file), "--vary", "timeline.down.for=10s..100s", "--budget", "5", "--jobs", "1", "--json"]
    with redirect_stdout(StringIO()) as told:
        code = main(
            [*command, "--monitor-limits", str(limits), "--out", str(place / "runs"), "--svg", str(place / "strip.svg")]
        )
    run = place / "runs" / "brief_outage" / "default-for_56.23s" / "seed-7"
    return Deaf(place, limits, code, json.loads(told.getvalue()), run)


def test_frontier_of_a_deaf_monitor_is_mapped(deaf: Deaf) -> None:
    assert deaf.code == 1
    points = deaf.found["points"]
    assert [point["texts"] for point in points] == [["10s"], ["17.78s"], ["31.62s"], ["56.23s"], ["1min40s"]]
    assert [point["states"][0] for point in points] == ["not_owed", "not_owed", "missed", "missed", "late"]
    (one,) = deaf.found["expectations"]
    assert one["owed"] == {"course": "crossed", "crossings": [["17.78s", "31.62s"]]}
    assert (one["noticed"]["course"], one["between"], one["narrow"]) == ("nowhere", {"missed": 2, "late": 1}, False)
    assert (deaf.place / "strip.svg").read_text().startswith("<svg")


def test_frontier_names_a_point_to_play_in_lines_that_a_terminal_holds(
    deaf: Deaf, capsys: pytest.CaptureFixture[str]
) -> None:
    file, limits = deaf.place / "brief_outage.yaml", deaf.limits
    command = ["frontier", str(file), "--vary", "timeline.down.for=50s..60s", "--budget", "5", "--jobs", "2"]
    assert main([*command, "--monitor-limits", str(limits)]) == 1
    *_, heading, play, settings = capsys.readouterr().out.splitlines()
    assert heading == "next, to play one point:"
    assert play == f"lab run {file} --case default \\"
    assert settings == "    --set 'timeline.down.for=50s'"


def test_first_words_of_a_hunt_fit_a_terminal() -> None:
    for objective in OBJECTIVES.values():
        document = HuntDocument(
            objective=objective.name, unit=objective.unit, meaning=objective.doc, runs=1, interrupted=False, left_out=0,
            cases=[], tried=[], file=None,
        )  # fmt: skip
        lines = lines_of(document)
        assert lines[:3] == [f"{objective.name}:", f"  {objective.doc}", "1 run of 0 cases"]
        assert max(map(len, lines)) <= 80


def test_missed_outage_is_shrunk_to_what_still_shows_it(deaf: Deaf, capsys: pytest.CaptureFixture[str]) -> None:
    out = deaf.place / "smaller.yaml"
    command = ["shrink", str(deaf.run), "--out", str(out), "--budget", "5", "--seeds", "1", "--jobs", "1", "--json"]
    assert main(command) == 0
    shrunk = json.loads(capsys.readouterr().out)
    assert shrunk["finding"] == "api_outage apex critical missed"
    assert (shrunk["reproduced"], shrunk["injections"], shrunk["seeds_tried"]) == (True, [2, 1], 2)
    assert shrunk["seeds_showing"] == 2
    (written,) = load_scenario(out).experiments
    assert [one.name for one in written.timeline] == ["down"]
    assert [path.name for path in deaf.place.iterdir() if path.name.startswith(".")] == []


def test_run_that_no_longer_shows_its_finding_is_not_shrunk(deaf: Deaf, capsys: pytest.CaptureFixture[str]) -> None:
    out = deaf.place / "nothing.yaml"
    as_meant = str(SHIPPED / "limits" / "meridian.yaml")
    assert main(["shrink", str(deaf.run), "--out", str(out), "--jobs", "1", "--monitor-limits", as_meant]) == 3
    assert "played again as it was, the run does not show it" in capsys.readouterr().out
    assert not out.exists()


def test_hunt_writes_the_worst_it_found(deaf: Deaf, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = deaf.place / "brief_outage.yaml", deaf.place / "hunted.yaml"
    command = ["hunt", str(file), "--objective", "latency", "--vary", "timeline.down.for=31s..100s", "--budget", "5"]
    limits = ["--monitor-limits", str(deaf.limits)]
    assert main([*command, *limits, "--jobs", "1", "--out", str(out), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["runs"], found["file"]) == (5, str(out))
    values = [one["score"]["value"] for one in found["tried"]]
    assert values == sorted(values, reverse=True)
    assert values[0] > 29  # due after 30 s, told after 60 s or never
    assert found["tried"][0]["score"]["what"] == "api_outage apex critical"
    # Of several injections only what was played again with an arm without each of them proves anything.
    assert [one["score"]["verdict"] for one in found["tried"]] == ["fail", *["unknown"] * 4]
    (written,) = load_scenario(out).experiments
    assert written.scenario == "hunted"
    assert written.description.startswith(
        "The worst that lab hunt found with 5 runs, from brief_outage/default: latency"
    )


def test_hunt_claims_no_fail_that_a_run_would_not(deaf: Deaf, capsys: pytest.CaptureFixture[str]) -> None:
    """The alert is expected of an outage within another outage, which claims an effect and has none: the run without it
    is the same. What is late then is no failure of the monitor that was to notice it."""
    file = deaf.place / "idle_outage.yaml"
    wide = "{inject: wide, fault: spread_widening, at: 30 s, for: 1 min, scope: {venue: boreal}, intensity: 2}"
    idle = "{inject: idle, fault: exchange_outage, at: 70 s, for: 1 min, scope: {venue: apex}}"
    text = BRIEF.replace("brief_outage", "idle_outage").replace(wide, idle)
    file.write_text(text.replace("injection: down", "injection: idle"))
    command = ["hunt", str(file), "--objective", "latency", "--budget", "1", "--jobs", "1", "--json"]
    assert main([*command, "--monitor-limits", str(deaf.limits), "--out", str(deaf.place / "idle.yaml")]) == 3
    (tried,) = json.loads(capsys.readouterr().out)["tried"]
    assert tried["score"]["verdict"] == "unknown"
    assert tried["score"]["value"] > 29
