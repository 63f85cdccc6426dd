"""The pytest plugin, as the pytest of a user's project meets it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCENARIO = """
schema: riskproof-scenario/1
scenario: short
description: A minute in which little happens.
tags: [rts6-art-17]
seed: 42
duration: 1 min
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
cases:
  quiet:
    forbid: [{alert: drawdown}]
  broke:
    assert: [{quantity: equity, at_least: 900M USD, at: 30 s}]
  owed_nothing:
    timeline: [{inject: down, fault: exchange_outage, at: 20 s, for: 10 s, scope: {venue: apex}}]
    expect: [{alert: drawdown, asset: firm, severity: high, within: 5 s, of: breach}]
"""


def run_pytest(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A pytest of its own, with nothing of this one."""
    told = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "lab.pytest_plugin", *arguments]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env={**told, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    )


def test_a_mistyped_case_is_answered_with_the_one_that_was_meant(project: Path) -> None:
    ran = run_pytest("risk/short.yaml::broqe", cwd=project)
    assert ran.returncode != 0
    assert "short.yaml: no case 'broqe'; expected quiet, broke or owed_nothing; did you mean broke?" in ran.stdout


def collected(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """The tests that ``--collect-only -q`` names."""
    return [line for line in ran.stdout.splitlines() if "::" in line]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a test of its own, and a directory of scenarios beside it."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_own.py").write_text("def test_own() -> None:\n    pass\n")
    (tmp_path / "risk" / "limits").mkdir(parents=True)
    (tmp_path / "risk" / "base").mkdir()
    (tmp_path / "risk" / "short.yaml").write_text(SCENARIO)
    (tmp_path / "risk" / "other.yaml").write_text("schema: somebody-elses/1\nscenario: none\n")
    (tmp_path / "risk" / "base" / "calm.yaml").write_text(SCENARIO.replace("short", "calm"))
    (tmp_path / "risk" / "limits" / "mine.yaml").write_text("schema: riskproof-limits/1\n")
    return tmp_path


SHORT = ["risk/short.yaml::quiet", "risk/short.yaml::broke", "risk/short.yaml::owed_nothing"]


@pytest.mark.parametrize("named", ["risk", "risk/short.yaml", "./risk/../risk"])
def test_cases_of_scenarios_that_are_named_are_tests_and_other_yaml_is_none(named: str, project: Path) -> None:
    assert collected(run_pytest("--collect-only", "-q", named, cwd=project)) == SHORT


@pytest.mark.parametrize("named", [[], ["."], ["test_own.py"]])
def test_an_ordinary_test_run_knows_no_scenario(named: list[str], project: Path) -> None:
    assert collected(run_pytest("--collect-only", "-q", *named, cwd=project)) == ["test_own.py::test_own"]


def test_directories_that_the_configuration_lists_are_an_ordinary_test_run(project: Path) -> None:
    (project / "pytest.ini").write_text("[pytest]\ntestpaths = . risk\n")
    assert collected(run_pytest("--collect-only", "-q", cwd=project)) == ["test_own.py::test_own"]


def test_one_case_is_chosen_by_its_node_or_by_name_and_all_by_a_tag(project: Path) -> None:
    assert collected(run_pytest("--collect-only", "-q", SHORT[1], cwd=project)) == SHORT[1:2]
    assert collected(run_pytest("--collect-only", "-q", "risk", "-k", "owed", cwd=project)) == SHORT[2:]
    assert collected(run_pytest("--collect-only", "-q", "risk", "-k", "rts6-art-17", cwd=project)) == SHORT


def test_a_mistake_in_a_scenario_is_an_error_that_names_it(project: Path) -> None:
    (project / "risk" / "short.yaml").write_text(
        SCENARIO.replace("forbid: [{alert: drawdown", "forbid: [{alert: drawdwon")
    )
    ran = run_pytest("risk", cwd=project)
    assert ran.returncode == 2
    assert re.search(r"short\.yaml:13:\d+: .*drawdwon", ran.stdout), ran.stdout
    assert "Traceback" not in ran.stdout


def test_scenarios_of_one_name_are_refused(project: Path) -> None:
    (project / "more").mkdir()
    (project / "more" / "short.yaml").write_text(SCENARIO)
    ran = run_pytest("--collect-only", "risk", "more", cwd=project)
    assert ran.returncode == 4
    assert "expected scenarios of different names" in ran.stderr


def test_a_number_of_seeds_that_is_none_is_refused(project: Path) -> None:
    ran = run_pytest("--lab-seeds", "0", "risk", cwd=project)
    assert ran.returncode == 4
    assert "--lab-seeds: is '0'; expected a whole number from 1 to 1000" in ran.stderr


def test_pytest_starts_without_the_laboratory() -> None:
    code = (
        "import sys, pytest; known = set(sys.modules); import lab.pytest_plugin;print(sorted(set(sys.modules) - known))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['lab', 'lab.pytest_plugin']"


@pytest.mark.slow
def test_a_fail_and_an_unknown_fail_with_what_a_person_needs(project: Path) -> None:
    ran = run_pytest("risk", "--junitxml", "junit.xml", "--lab-out", "out", cwd=project)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    lines = [line.rstrip() for line in ran.stdout.splitlines()]
    assert [line for line in lines if line.startswith("FAILED")] == [
        "FAILED risk/short.yaml::broke - fail: assert equity: it was 9,708,452.75 USD at 30.000 s, and had to be at "
        "least 900,000,000 USD",
        "FAILED risk/short.yaml::owed_nothing - unknown: expect drawdown firm high: the rule was never breached, so no "
        "alert was owed (firm high)",
    ]
    at = lines.index("short · owed_nothing · seed 42: unknown")
    told = lines[at : lines.index("again:  lab run risk/short.yaml --case owed_nothing --seed 42")]
    assert told == [
        "short · owed_nothing · seed 42: unknown",
        "  unknown: expect drawdown firm high: the rule was never breached, so no alert was owed (firm high)",
        "",
        "injection down (exchange_outage): began 00:00:20, took effect 00:00:20, ended 00:00:30",
        "expected           due detected latency deadline verdict",
        "drawdown firm high   –        –       –      5 s unknown: never due",
        "false alarms: 0",
        *(line for line in told if line.startswith("true alerts that no expectation asked for")),
        "",
        "report: out/short/owed_nothing/seed-42/report.html",
    ]
    (suite,) = Xml.parse(project / "junit.xml").getroot()
    assert [(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")] == ["3", "2", "0", "0"]
    assert [(test.get("name"), [one.get("value") for one in test.iter("property")]) for test in suite] == [
        ("quiet", ["pass"]),
        ("broke", ["fail"]),
        ("owed_nothing", ["unknown"]),
    ]


@pytest.mark.slow
def test_seeds_are_played_within_one_test_and_processes_of_pytest_share_the_cases(project: Path) -> None:
    ran = run_pytest("risk", "-n", "1", "-k", "broke", "--lab-seeds", "2", "--lab-keep", "verdicts", cwd=project)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    failures = ran.stdout.partition("short test summary")[0]  # which under CI repeats every word
    told = [line for line in failures.splitlines() if line.startswith(("short · broke", "again:", "report:"))]
    assert told == [
        "short · broke · seed 42: fail",
        "again:  lab run risk/short.yaml --case broke --seed 42",
        "short · broke · seed 43: fail",
        "again:  lab run risk/short.yaml --case broke --seed 43",
    ]
    assert sorted(path.name for path in (project / "runs" / "short" / "broke" / "seed-43").iterdir()) == [
        "limits.yaml", "scenario.json", "verdict.json",
    ]  # fmt: skip


def test_a_case_that_cannot_be_played_is_an_error(project: Path) -> None:
    (project / "taken").write_text("a file")
    ran = run_pytest("risk", "-k", "quiet", "--lab-out", "taken", cwd=project)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "1 error" in ran.stdout.splitlines()[-1]
    assert "taken/short/quiet/seed-42: cannot be used as a run directory" in ran.stdout
    assert "Traceback" not in ran.stdout
