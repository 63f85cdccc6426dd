"""Against a baseline: what is a regression, what is not, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from correlator.verdict import Outcome
from lab.suite.baseline import BaselineError, Rule, baseline_of, read_baseline, read_result, write_baseline
from lab.suite.comparison import compare, decisive, gate
from lab.suite.gathering import gather
from lab.suite.observation import Observation
from lab.suite.result import Changed, Comparison
from tests.lab.suite.suite_samples import expected, observed

EVERYWHERE = [Path()]


def compared(before: Sequence[Observation], after: Sequence[Observation], rule: Rule | None = None) -> Comparison:
    baseline = baseline_of(gather(before, seeds=1), rule)
    return compare(gather(after, seeds=1), baseline, name="baseline.json", selected=EVERYWHERE)


def latencies(*seconds: float, first_seed: int = 1, due_at: float = 100.0) -> list[Observation]:
    return [
        observed(seed, expected(latency_s=latency_s, since_injection_s=due_at))
        for seed, latency_s in enumerate(seconds, first_seed)
    ]


def missing(outcome: Outcome, seed: int = 1) -> Observation:
    verdict = "fail" if outcome in ("late", "missed") else "unknown"
    return observed(seed, expected(outcome, 12.0 if outcome == "late" else None), verdict=verdict)


def whats(comparison: Comparison) -> list[tuple[str, str]]:
    return [(one.what, one.gates) for one in comparison.changed]


def test_the_same_latencies_are_the_same() -> None:
    found = compared(latencies(1.0, 2.0), latencies(1.0, 2.0))
    assert found == Comparison("baseline.json", "c0de", 1, 1, 0, [])
    assert gate(found) == "pass"


def test_one_seed_slower_by_more_than_matters_is_a_regression() -> None:
    # 5 % of a deadline of 10 s are 0.5 s.
    assert whats(compared(latencies(1.0), latencies(1.49))) == []
    found = compared(latencies(1.0), latencies(1.6))
    assert found.changed == [
        Changed(
            "slower", "fail", "crash", "noticed", "drawdown USD high", "1.000 s", "1.600 s",
            "1 common seed, each by 0.600 s or more; 0.5 s matter",
        )
    ]  # fmt: skip
    assert gate(found) == "fail"
    assert whats(compared(latencies(1.6), latencies(1.0))) == [("faster", "")]


def test_one_seed_slower_and_one_faster_is_noise() -> None:
    assert whats(compared(latencies(1.0, 2.0), latencies(2.0, 1.0))) == []


def test_the_smallest_growth_that_matters_is_the_authors_to_set() -> None:
    strict = Rule(smallest_s=0.01, smallest_share=0.0)
    assert whats(compared(latencies(1.0), latencies(1.02), strict)) == [("slower", "fail")]


def test_other_seeds_are_weighed_by_the_rank_test() -> None:
    before = [1.0 + number / 10 for number in range(8)]
    same = [one + 0.05 for one in before]
    slower = [one + 1.5 for one in before]
    assert whats(compared(latencies(*before), latencies(*same, first_seed=50))) == []
    (found,) = compared(latencies(*before), latencies(*slower, first_seed=50)).changed
    assert (found.what, found.gates) == ("slower", "fail")
    assert found.because.startswith("Mann–Whitney p = ")
    assert "Cliff's delta 1.00, shift 1.500 s, n = 8 and 8" in found.because


@pytest.mark.parametrize(
    "slower",
    [
        [1.0, 3.0, 1.2, 3.2, 1.4, 3.4, 1.6, 3.6],  # half of them: p is too large, though effect and shift are not small
        [1.4 + number / 20 for number in range(8)],  # every rank is beaten, by less than matters
    ],
)
def test_growth_under_other_seeds_must_be_probable_and_large_and_matter(slower: list[float]) -> None:
    before = [1.0 + number / 20 for number in range(8)]
    assert whats(compared(latencies(*before), latencies(*slower, first_seed=50))) == []


def test_many_seeds_prove_a_shift_that_is_too_weak_an_effect() -> None:
    before = [float(number) for number in range(40)]
    after = [one + 7.0 for one in before]
    weak = compared(latencies(*before), latencies(*after, first_seed=50))
    assert whats(weak) == []
    assert whats(compared(latencies(*before), latencies(*after, first_seed=50), Rule(effect=0.2))) == [
        ("slower", "fail")
    ]


def test_three_other_seeds_can_prove_nothing() -> None:
    assert whats(compared(latencies(1.0, 1.1, 1.2), latencies(5.0, 5.1, 5.2, first_seed=50))) == []


def test_a_loosened_limit_is_later_though_no_slower_once_it_is_due() -> None:
    (found,) = compared(latencies(1.0), latencies(1.0, due_at=160.0)).changed
    assert (found.what, found.gates, found.before, found.after) == ("later", "fail", "101.000 s", "161.000 s")
    assert whats(compared(latencies(1.0), latencies(1.0, due_at=60.0))) == [("earlier", "")]


def test_what_is_faster_once_it_is_due_can_be_later_all_the_same() -> None:
    (found,) = compared(latencies(5.0), latencies(1.0, due_at=160.0)).changed
    assert (found.what, found.gates, found.before, found.after) == ("later", "fail", "105.000 s", "161.000 s")


def test_one_detection_gained_hides_no_other_that_grew() -> None:
    (found,) = compared([missing("missed"), *latencies(1.0, 2.0, first_seed=2)], latencies(1.0, 4.0, 5.0)).changed[:1]
    assert (found.what, found.gates) == ("slower", "fail")
    assert found.because == "2 common seeds, each by 3.000 s or more; 0.5 s matter"


@pytest.mark.parametrize("outcome", ["late", "missed", "never_due"])
def test_a_detection_that_is_lost_under_the_same_seed_is_a_regression(outcome: Outcome) -> None:
    found = compared(latencies(1.0), [missing(outcome)])
    assert ("detection lost", "fail") in whats(found)
    assert found.changed[0].because == "same seed, 1"


def test_a_doubt_is_newly_unknown_and_no_lost_detection() -> None:
    found = compared(latencies(1.0), [missing("doubtful")])
    assert whats(found) == [("newly unknown", "unknown")]
    assert gate(found) == "unknown"


def test_a_crash_is_newly_unknown_and_takes_no_expectation_away() -> None:
    crashed = observed(1, verdict="unknown", trouble="MemoryError")
    assert whats(compared(latencies(1.0), [crashed])) == [("newly unknown", "unknown")]


def test_a_proven_regression_outranks_a_doubt() -> None:
    before = [*latencies(1.0), observed(1, expected(), case="other")]
    after = [missing("doubtful"), observed(1, expected(latency_s=9.0), case="other")]
    assert whats(compared(before, after)) == [("slower", "fail"), ("newly unknown", "unknown")]
    assert gate(compared(before, after)) == "fail"


def test_without_a_common_seed_detections_are_lost_where_fishers_test_says_so() -> None:
    before = [*latencies(1.0, 1.0, 1.0, 1.0, 1.0)]
    assert whats(compared(before, [missing("missed", 50)])) == []
    found = compared(before, [missing("missed", seed) for seed in range(50, 55)])
    assert whats(found) == [("detection lost", "fail")]
    assert found.changed[0].because == "no seed in common; Fisher's exact p = 0.004"


def test_a_new_false_alarm_is_a_regression_and_an_old_one_is_not() -> None:
    clean, alarmed = observed(1, expected()), observed(1, expected(), verdict="fail", false_alarms={"api_outage": 1})
    assert whats(compared([clean], [alarmed])) == [("new false alarm", "fail"), ("newly failing", "fail")]
    assert whats(compared([alarmed], [alarmed])) == []
    assert whats(compared([alarmed], [clean])) == [("false alarm gone", ""), ("newly passing", "")]
    elsewhere = observed(2, expected(), verdict="fail", false_alarms={"api_outage": 1})
    assert whats(compared([clean], [elsewhere])) == [("new false alarm", "fail")]


def test_a_case_that_is_gone_leaves_a_proof_that_nobody_repeats() -> None:
    both = [observed(1, expected()), observed(1, expected(), case="too_small")]
    found = compared(both, both[:1])
    assert whats(found) == [("case gone", "unknown")]
    baseline = baseline_of(gather(both, seeds=1))
    other_file = compare(gather(both[:1], seeds=1), baseline, name="b", selected=[Path("scenarios/depeg.yaml")])
    part = msgspec.structs.replace(gather(both[:1], seeds=1), narrowed=True)
    narrowed = compare(part, baseline, name="b", selected=EVERYWHERE)
    cut = compare(gather(both[:1], seeds=1, interrupted=True), baseline, name="b", selected=EVERYWHERE)
    assert [(one.not_run, one.changed) for one in (other_file, narrowed, cut)] == [(1, [])] * 3


def test_a_new_case_and_a_new_expectation_are_told_and_gate_nothing() -> None:
    before = [observed(1, expected())]
    after = [observed(1, expected(), expected(alert="daily_loss")), observed(1, expected(), case="too_small")]
    assert whats(compared(before, after)) == [("expectation new", ""), ("case new", "")]
    assert whats(compared(after[:1], before)) == [("expectation gone", "unknown")]


def test_a_baseline_is_sorted_survives_its_file_and_says_what_made_it(tmp_path: Path) -> None:
    baseline = baseline_of(gather([*latencies(1.0, 2.0), missing("missed", 3)], seeds=3))
    file = tmp_path / "deep" / "baseline.json"
    write_baseline(file, baseline)
    assert read_baseline(file) == baseline
    assert (baseline.code, baseline.versions) == ("c0de", {"riskproof": "0.1.0"})
    lines = file.read_text().splitlines()
    assert '      "3": null' in lines
    keys = list(msgspec.json.decode(file.read_bytes()))
    assert keys == sorted(keys)


def test_a_fail_under_a_seed_that_the_baseline_lacks_is_a_fail_though_nothing_changed() -> None:
    """What the other seeds would have given then is not known, so it is no regression; proven it is all the same."""
    baseline = baseline_of(gather(latencies(1.0), seeds=1))
    result = gather([*latencies(1.0), missing("missed", 2)], seeds=2)
    comparison = compare(result, baseline, name="baseline.json", selected=EVERYWHERE)
    assert (whats(comparison), gate(comparison)) == ([], "pass")
    assert decisive(msgspec.structs.replace(result, comparison=comparison)) == "fail"


@pytest.mark.parametrize(("before", "after", "decided"), [(5.0, 1.0, "pass"), (1.0, 5.0, "fail")])
def test_what_decides_is_the_worse_of_verdict_and_comparison(before: float, after: float, decided: str) -> None:
    result = gather(latencies(after), seeds=1)
    found = compared(latencies(before), latencies(after))
    assert decisive(msgspec.structs.replace(result, comparison=found)) == decided
    assert decisive(result) == "pass"


@pytest.mark.parametrize(("was_s", "is_s", "what"), [(10.0, 3_600.0, "less"), (10.0, 5.0, "more")])
def test_another_deadline_is_told_though_every_latency_is_the_same(was_s: float, is_s: float, what: str) -> None:
    before, after = ([observed(1, expected(deadline_s=each))] for each in (was_s, is_s))
    found = compared(before, after)
    assert (found.same, found.compared) == (1, 1)
    assert found.changed == [
        Changed(
            "deadline changed", "", "crash", "noticed", "drawdown USD high", f"{was_s:g} s", f"{is_s:g} s",
            f"the scenario asks for {what} than it did",
        )
    ]  # fmt: skip


def test_another_deadline_is_not_told_twice() -> None:
    before, after = [observed(1, expected())], [observed(1, expected(deadline_s=0.5, outcome="late"), verdict="fail")]
    assert whats(compared(before, after)) == [
        ("detection lost", "fail"), ("newly failing", "fail"), ("deadline changed", "")
    ]  # fmt: skip


def test_a_remembered_seed_is_no_part_of_a_baseline() -> None:
    baseline = baseline_of(gather([*latencies(1.0), observed(9, expected(), remembered=True)], seeds=1))
    assert list(baseline.cases["crash/noticed"].seeds) == ["1"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "there is no such file"),
        ("", "truncated"),
        ('{"format": "riskproof-suite/1"}', "format is 'riskproof-suite/1'"),
        ('{"format": "riskproof-baseline/1", "code": 3}', "Expected `str`, got `int`"),
    ],
)
def test_a_file_that_is_no_baseline_is_named_with_what_was_expected(
    tmp_path: Path, content: str | None, found: str
) -> None:
    file = tmp_path / "baseline.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BaselineError) as error:
        read_baseline(file)
    assert str(error.value).startswith(f"{file}: ")
    assert found in str(error.value)
    assert "`lab baseline update`" in str(error.value)


def test_a_result_is_found_in_its_directory(tmp_path: Path) -> None:
    result = gather(latencies(1.0), seeds=1)
    (tmp_path / "suite.json").write_bytes(msgspec.json.encode(result))
    assert read_result(tmp_path) == read_result(tmp_path / "suite.json") == result
