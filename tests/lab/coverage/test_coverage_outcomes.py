"""Coverage by outcome, over facts made by hand and over one real run."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.catalogue.rows import ROWS
from lab.cli import main
from lab.cli.coverage import required
from lab.coverage.facts import Demand, RunFacts
from lab.coverage.outcomes import Coverage, Tally, outcomes
from lab.coverage.reading import FactsError, read_facts
from lab.coverage.telling import absent, headline, notes, sections, summary
from tests.lab.scores.facts_samples import demand, false, run

STORY = [
    run(
        demand("detected"), demand("late", 11.0, severity="warning"), demand("missed", alert="visibility"),
        demand("detected", alert="drawdown", verdict="fail", severity="critical"),
        demand("unknown", alert=None, action="breaker", severity=None),
        verdict="fail", mandates=("drawdown", "visibility"), fired=(false("visibility", severity="warning"),),
        blind=("clock_drift",),
    ),
    run(case="quiet", faults=(), tags=("E", "rts6-art-17-3"), fired=(false(),)),
    run(demand("unknown"), case="crashed", judged=False, verdict="unknown", faults=("price_shock", "wire_loss")),
]  # fmt: skip


def test_no_false_alarm_is_of_any_severity_so_none_is_counted_as_none() -> None:
    facts = [run(demand(severity=None), fired=(false(),))]
    assert figures(row(outcomes(facts), "severities", "any")) == ("run", 1, 1, 1, 1, 0, 0, 0, 0, None, None, 0)


def test_runs_judged_under_other_terms_are_told_in_the_first_line() -> None:
    facts = [
        run(demand()),
        replace(run(demand(), seed=2), rescored=True),
        replace(run(demand(), seed=3), rescored=True),
    ]
    found = outcomes(facts)
    assert found.rescored == 2
    assert headline(found).endswith("; 2 runs judged under other terms than their own scenario's")
    assert ";" not in headline(outcomes(facts[:1]))


def test_a_false_alarm_of_what_no_limit_keeps_is_one_all_the_same() -> None:
    facts = [run(demand()), run(seed=2, mandates=("drawdown",), fired=(false("api_outage"),))]
    assert figures(row(outcomes(facts), "mandates", "api_outage"))[-3:] == (1, 2, 0)


def row(coverage: Coverage, section: str, name: str) -> Tally:
    return next(one for one in coverage.rows if (one.section, one.name) == (section, name))


def figures(one: Tally) -> tuple[object, ...]:
    days = None if one.watched_days is None else round(one.watched_days * 48)  # half-hours, as the runs last
    return (
        one.state, one.runs, one.cases, one.demands, one.detected, one.late, one.missed, one.unknown,
        one.not_followed, one.false, days, one.blind,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("section", "name", "expected"),
    [
        ("mandates", "drawdown", ("run", 2, 2, 4, 2, 1, 0, 1, 1, 1, 2, 0)),
        ("mandates", "visibility", ("run", 1, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0)),
        ("mandates", "clock_drift", ("run", 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1)),
        ("mandates", "api_outage", ("not in these runs", 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0)),
        ("faults", "price_shock", ("run", 2, 2, 6, 2, 1, 1, 2, 1, 1, 1, 0)),
        ("faults", "wire_loss", ("run", 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
        ("controls", "breaker", ("run", 1, 1, 1, 0, 0, 0, 1, 0, None, None, 0)),
        ("severities", "warning", ("run", 1, 1, 1, 0, 1, 0, 0, 0, 1, 2, 0)),
        ("severities", "info", ("not in these runs", 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0)),
        ("documents", "E", ("run", 3, 3, 6, 2, 1, 1, 2, 1, 2, 2, 0)),
        ("articles", "rts6-art-17", ("run", 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0)),
    ],
)
def test_each_figure_is_counted_where_it_belongs(section: str, name: str, expected: tuple[object, ...]) -> None:
    assert figures(row(outcomes(STORY), section, name)) == expected


def test_every_name_of_the_catalogue_has_a_row_though_nothing_was_run() -> None:
    coverage = outcomes([])
    asked = {(one.section, name) for one in ROWS for name in one.names if one.section not in ("strategies", "sources")}
    told = {(one.section, one.name) for one in coverage.rows}
    assert told == asked | {("severities", name) for name in ("info", "warning", "high", "critical")}
    assert {one.state for one in coverage.rows} == {"not in these runs"}
    assert {one.state for one in outcomes([], {}).rows} == {"no scenario"}


def test_no_scenario_is_said_only_where_the_scenarios_are_known() -> None:
    unknown, known = (dict(sections(outcomes(STORY, exercised)))["severities"] for exercised in (None, {}))
    assert absent(unknown) == [("not in these runs", ["info"])]
    assert absent(known) == [("no scenario", ["info"])]


def test_what_was_not_run_is_told_from_what_has_no_scenario() -> None:
    coverage = outcomes(STORY, {("mandates", "api_outage"): ["exchange_outage"]})
    told = [(row(coverage, "mandates", name)) for name in ("drawdown", "api_outage", "basis")]
    assert [(one.state, one.scenarios) for one in told] == [
        ("run", ["crash"]),
        ("not run", ["exchange_outage"]),
        ("no scenario", []),
    ]


demands = st.builds(
    demand,
    st.sampled_from(("detected", "late", "missed", "unknown")),
    alert=st.sampled_from(("drawdown", "api_outage")),
)


@given(st.lists(st.builds(lambda one: run(*one), st.lists(demands, max_size=5)), max_size=4))
def test_the_parts_of_every_row_add_up_to_its_denominator(runs: list[RunFacts]) -> None:
    facts = [reseeded(one, seed) for seed, one in enumerate(runs)]
    every: list[Demand] = [one for each in facts for one in each.demands]
    coverage = outcomes(facts)
    for one in coverage.rows:
        assert one.demands == one.detected + one.late + one.missed + one.unknown
    for section in ("mandates", "severities"):
        assert sum(one.demands for one in coverage.rows if one.section == section) == len(every)


def reseeded(one: RunFacts, seed: int) -> RunFacts:
    return run(*one.demands, seed=seed)


def test_a_section_is_summed_only_where_no_demand_counts_twice() -> None:
    told = {section: summary(rows) for section, rows in sections(outcomes(STORY))}
    assert told["mandates"] == "3 of 51 run, 2 of 51 asked for; of 5 demands 2 detected, 1 late, 1 missed, 1 unknown"
    assert told["documents"] == "1 of 5 run, 1 of 5 asked for"
    assert (
        headline(outcomes(STORY)) == "3 runs of 3 cases in 1 scenario, 0.0417 simulated days: 1 pass, 1 fail, 1 unknown"
    )


def test_what_the_figures_leave_out_is_said_in_words() -> None:
    coverage = outcomes(STORY)
    assert notes(row(coverage, "mandates", "drawdown")) == [
        "drawdown: after 1 of 2 detected, what had to follow did not"
    ]
    assert notes(row(coverage, "mandates", "clock_drift")) == [
        "clock_drift: 1 time in breach as no production API shows"
    ]
    assert notes(row(coverage, "articles", "rts6-art-17")) == [
        "rts6-art-17: 1 case, and no alert or action demanded because of it"
    ]


def test_what_is_required_fails_on_a_proven_miss_before_anything_unknown() -> None:
    everything = [msgspec.structs.replace(one, state="run") for one in outcomes([run(demand())]).rows]
    covered = msgspec.structs.replace(outcomes([run(demand())]), rows=everything)
    assert required(covered) == 0
    assert required(outcomes([run(demand())])) == 3
    assert required(outcomes(STORY)) == 1


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """The tiny run, to be changed."""
    shutil.copytree(tiny / "runs", tmp_path / "runs")
    return tmp_path / "runs"


def test_a_real_run_is_covered_with_its_fault_its_mandate_and_its_articles(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "coverage.md"
    assert main(["coverage", str(tiny / "runs"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    run_rows = [(one["section"], one["name"], one["demands"], one["detected"]) for one in document["rows"]
                if one["state"] == "run"]  # fmt: skip
    assert run_rows == [
        ("mandates", "api_outage", 1, 1),
        ("faults", "exchange_outage", 1, 1),
        ("severities", "critical", 1, 1),
        ("articles", "rts6-art-16-5", 1, 1),
        ("articles", "rts6-art-17", 1, 1),
    ]
    assert main(["coverage", str(tiny / "runs"), "--markdown", str(page)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out.splitlines()[-3:] == [
        "1 run of 1 case in 1 scenario, 0.00278 simulated days: 1 pass, 0 fail, 0 unknown",
        "next: --scenarios scenarios tells which of what is not in these runs has a scenario",
        f"wrote {page}",
    ]
    assert "| api_outage | 1 | 1 | 0 | 0 | 0 | 0 | 0.00278 | 1 |\n" in page.read_text()


def test_a_run_without_a_verdict_counts_as_unknown(copy: Path) -> None:
    (verdict,) = copy.rglob("verdict.json")
    verdict.unlink()
    coverage = outcomes(read_facts([copy]))
    assert coverage.runs == {"pass": 0, "fail": 0, "unknown": 1}
    assert figures(row(coverage, "mandates", "api_outage")) == ("run", 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0)


def test_the_same_run_twice_is_refused(copy: Path, tiny: Path) -> None:
    with pytest.raises(FactsError, match=r"is the run that .* holds too \(tiny_outage/.*/seed-7\); expected once"):
        read_facts([tiny / "runs", copy])
    assert len(read_facts([copy, copy])) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "format is ''; expected a suite.json"),
        ("[]", "Expected `object`, got `array`; expected a suite.json"),
        (None, "there is no such file or directory; expected a run directory"),
    ],
)
def test_what_is_none_of_ours_is_refused(content: str | None, message: str, tmp_path: Path) -> None:
    file = tmp_path / "suite.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(FactsError, match=message):
        read_facts([file])


def test_an_empty_directory_and_a_damaged_verdict_are_wrong_input(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["coverage", str(tmp_path / "empty")]) == 2
    assert "holds no run; expected a run directory" in capsys.readouterr().err
    (verdict,) = copy.rglob("verdict.json")
    verdict.write_text('{"verdict": "fine"}')
    assert main(["score", str(copy)]) == 2
    assert "verdict.json: is no verdict of a run" in capsys.readouterr().err


def test_a_real_run_is_scored(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(tiny / "runs"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["runs"] == 1
    assert 99.0 < document["protection"]["score"] <= 100.0
    assert document["nab"]["windows_detected"] == document["nab"]["windows"] == 1
    assert main(["score", str(tiny / "runs")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 run"
