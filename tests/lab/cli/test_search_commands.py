"""`lab frontier`, `lab hunt` and `lab shrink`: what they refuse, and one short search of each that is played."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.cli import main
from lab.scenario.resolve import SHIPPED, load_scenario

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


@pytest.fixture(scope="module")
def deaf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ``brief_outage.yaml``, and ``deaf.yaml``: limits that give an outage 60 s, not 30."""
    place = tmp_path_factory.mktemp("deaf")
    (place / "brief_outage.yaml").write_text(BRIEF)
    meant = (SHIPPED / "limits" / "meridian.yaml").read_text()
    heard = meant.replace("{critical: 30 s}", "{critical: 60 s}")
    assert heard != meant
    (place / "deaf.yaml").write_text(heard)
    return place


def test_outage_that_a_deaf_monitor_misses_is_mapped_and_shrunk(deaf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, limits, runs, out = (deaf / name for name in ("brief_outage.yaml", "deaf.yaml", "runs", "smaller.yaml"))
    command = ["frontier", str(file), "--vary", "timeline.down.for=10s..100s", "--budget", "5", "--jobs", "1", "--json"]
    svg = deaf / "strip.svg"
    assert main([*command, "--monitor-limits", str(limits), "--out", str(runs), "--svg", str(svg)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [point["texts"] for point in found["points"]] == [["10s"], ["17.78s"], ["31.62s"], ["56.23s"], ["1min40s"]]
    states = [point["states"][0] for point in found["points"]]
    assert states == ["not_owed", "not_owed", "missed", "missed", "late"]
    (one,) = found["expectations"]
    assert one["owed"] == {"course": "crossed", "crossings": [["17.78s", "31.62s"]]}
    assert (one["noticed"]["course"], one["between"], one["narrow"]) == ("nowhere", {"missed": 2, "late": 1}, False)
    assert svg.read_text().startswith("<svg")

    run = runs / "brief_outage" / "default-for_56.23s" / "seed-7"
    command = ["shrink", str(run), "--out", str(out), "--budget", "5", "--seeds", "1", "--jobs", "1", "--json"]
    assert main(command) == 0
    shrunk = json.loads(capsys.readouterr().out)
    assert shrunk["finding"] == "api_outage apex critical missed"
    assert (shrunk["reproduced"], shrunk["injections"], shrunk["seeds_tried"]) == (True, [2, 1], 2)
    assert shrunk["seeds_showing"] == 2
    (written,) = load_scenario(out).experiments
    assert [one.name for one in written.timeline] == ["down"]
    assert [path.name for path in deaf.iterdir() if path.name.startswith(".")] == []


def test_run_that_no_longer_shows_its_finding_is_not_shrunk(deaf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = deaf / "runs" / "brief_outage" / "default-for_56.23s" / "seed-7"
    out = deaf / "nothing.yaml"
    as_meant = str(SHIPPED / "limits" / "meridian.yaml")
    assert main(["shrink", str(run), "--out", str(out), "--jobs", "1", "--monitor-limits", as_meant]) == 3
    assert "played again as it was, the run does not show it" in capsys.readouterr().out
    assert not out.exists()


def test_hunt_writes_the_worst_it_found(deaf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = deaf / "brief_outage.yaml", deaf / "hunted.yaml"
    command = ["hunt", str(file), "--objective", "latency", "--vary", "timeline.down.for=31s..100s", "--budget", "5"]
    limits = ["--monitor-limits", str(deaf / "deaf.yaml")]
    assert main([*command, *limits, "--jobs", "1", "--out", str(out), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["runs"], found["file"]) == (5, str(out))
    values = [one["score"]["value"] for one in found["tried"]]
    assert values == sorted(values, reverse=True)
    assert values[0] > 29  # due after 30 s, told after 60 s or never
    assert found["tried"][0]["score"]["what"] == "api_outage apex critical"
    (written,) = load_scenario(out).experiments
    assert written.scenario == "hunted"
    assert written.description.startswith(
        "The worst that lab hunt found with 5 runs, from brief_outage/default: latency"
    )
