"""Reductions: each draft that is proposed is smaller, and is still an experiment."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from lab.scenario.errors import ScenarioError
from lab.scenario.resolve import SHIPPED, load_scenario
from lab.tuning import reductions
from lab.tuning.draft import Draft
from lab.tuning.finding import Finding
from lab.tuning.quarries import draft_of
from lab.tuning.yaml_text import yaml_text

S = 10**9
MISSED = Finding(
    what="missed", name="rapid_drawdown", asset=None, severity="high", place=3, seen_until_s=800.0
)  # fmt: skip


def combined(target: Path) -> Draft:
    file = SHIPPED / "combined" / "crash_stale_feeds_custodian_offline.yaml"
    experiment = load_scenario(file, case="noticed").experiments[0]
    return draft_of(experiment, target)


def test_only_what_the_finding_is_of_is_asked(tmp_path: Path) -> None:
    asked = reductions.asking_only(combined(tmp_path), MISSED)
    assert [(one.alert, one.severity, one.injection) for one in asked.expect] == [("rapid_drawdown", "high", "crash")]
    assert (asked.forbid, asked.expect_miss, asked.judge_all_ns) == ((), (), None)
    alarm = Finding(what="false_alarm", name="api_outage", asset="apex", severity="critical", seen_until_s=1.0)
    forbidding = reductions.asking_only(combined(tmp_path), alarm)
    assert forbidding.expect == ()
    assert [(one.alert, one.asset, one.severity) for one in forbidding.forbid] == [("api_outage", "apex", "critical")]


def test_run_is_cut_soon_after_the_finding_is_proven(tmp_path: Path) -> None:
    draft = combined(tmp_path)
    ends = [one.duration_ns // S for one in reductions.shorter_run(draft, MISSED)]
    assert ends == [810, 840, 900]
    cut = reductions.shorter_run(draft, MISSED)[0]
    crash = next(one for one in cut.timeline if one.name == "crash")
    assert crash.for_ns == (810 - 720) * S


def test_time_before_the_first_injection_is_cut_and_the_market_begins_later(tmp_path: Path) -> None:
    draft = combined(tmp_path)
    cut = reductions.later_start(draft)[0]
    shift_ns = 11 * 60 * S - 30 * S
    assert cut.start_ns == (draft.start_ns or 0) + shift_ns
    assert cut.duration_ns == draft.duration_ns - shift_ns
    assert [one.at_ns for one in cut.timeline] == [90 * S, 30 * S, None]
    assert cut.steady_state is not None
    assert cut.steady_state.from_ns == 0


def test_every_proposal_is_smaller_and_most_can_be_played(tmp_path: Path) -> None:
    draft = reductions.fewer_injections(reductions.asking_only(combined(tmp_path), MISSED), ("crash",))
    proposals = [
        *reductions.shorter_run(draft, MISSED),
        *reductions.later_start(draft),
        *reductions.weaker(draft, 0),
        *reductions.briefer(draft, 0),
        *(without(draft) for _, without in reductions.fewer_extras(draft)),
    ]
    played = 0
    for proposal in proposals:
        assert proposal != draft
        path = tmp_path / "proposal.yaml"
        path.write_text(yaml_text(proposal.written("proposal")))
        try:
            (experiment,) = load_scenario(path).experiments
        except ScenarioError:
            continue  # a ramp may be longer than what is left of its injection
        played += 1
        assert experiment.duration_ns <= draft.duration_ns
        assert (experiment.timeline[0].intensity or 0) <= (draft.timeline[0].intensity or 0)
    assert played > len(proposals) / 2


def test_weaker_intensities_come_weakest_first(tmp_path: Path) -> None:
    draft = combined(tmp_path)
    assert [one.timeline[0].intensity for one in reductions.weaker(draft, 0)] == [0.01, 0.025, 0.05, 0.075, 0.09]
    assert reductions.weaker(draft, 1) == []  # an outage has no degrees


def test_a_bandwidth_is_the_weaker_the_more_it_carries(tmp_path: Path) -> None:
    draft = combined(tmp_path)
    narrow = msgspec.structs.replace(draft.timeline[0], fault="wire_bandwidth", intensity=300.0)
    draft = msgspec.structs.replace(draft, timeline=(narrow, *draft.timeline[1:]))
    weaker = [one.timeline[0].intensity for one in reductions.weaker(draft, 0)]
    assert weaker == [3000.0, 1200.0, 600.0, 400.0, 333.0]


def test_extras_are_named_and_go_one_by_one(tmp_path: Path) -> None:
    draft = msgspec.structs.replace(combined(tmp_path), overrides={"drawdown": {"firm": {"high": "14 %"}}})
    extras = dict(reductions.fewer_extras(draft))
    assert list(extras) == ["the steady state", "the limit drawdown.firm.high", "crash.ramp", "crash.ramp_down"]
    assert extras["the limit drawdown.firm.high"](draft).overrides == {}
    assert extras["crash.ramp"](draft).timeline[0].ramp_ns == 0


@given(names=st.lists(st.text("abcdef", min_size=1), unique=True, min_size=2, max_size=9), parts=st.integers(2, 9))
def test_subsets_are_proper_and_the_parts_make_up_the_whole(names: list[str], parts: int) -> None:
    parts = min(parts, len(names))
    found = list(reductions.subsets(tuple(names), parts))
    assert all(0 < len(one) < len(names) for one in found)
    size = -(-len(names) // parts)
    chunks = found[: -(-len(names) // size)]
    assert [name for chunk in chunks for name in chunk] == names
