"""What a suite writes for others: JUnit for CI servers, Markdown for pull requests."""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.suite.baseline import baseline_of
from lab.suite.comparison import compare
from lab.suite.gathering import gather
from lab.suite.junit import junit
from lab.suite.markdown import BYTES_LIMIT, markdown
from lab.suite.observation import Stray
from lab.suite.result import SuiteResult
from tests.lab.suite.suite_samples import expected, observed

# What the schemas of Jenkins' xUnit plugin and of Apache Ant's JUnit task have in common, as far as it is used here:
# element → (attributes that must be there, attributes that may, children in their order).
SCHEMA: dict[str, tuple[set[str], set[str], list[str]]] = {
    "testsuites": (set(), {"name", "tests", "failures", "errors", "time"}, ["testsuite"]),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"skipped", "time"},
        ["properties", "testcase", "system-out", "system-err"],
    ),
    "properties": (set(), set(), ["property"]),
    "property": ({"name", "value"}, set(), []),
    "testcase": ({"name", "classname", "time"}, set(), ["skipped", "error", "failure", "system-out", "system-err"]),
    "failure": ({"type"}, {"message"}, []),
    "error": ({"type"}, {"message"}, []),
    "system-out": (set(), set(), []),
}


def conforms(element: Xml.Element) -> None:
    must, may, children = SCHEMA[element.tag]
    assert must <= set(element.attrib) <= must | may, (element.tag, element.attrib)
    places = [children.index(child.tag) for child in element]
    assert places == sorted(places), (element.tag, [child.tag for child in element])
    if children:
        assert not (element.text or "").strip()
    for child in element:
        conforms(child)
    if element.tag == "testsuite":
        tests = element.findall("testcase")
        assert element.get("tests") == str(len(tests))
        assert element.get("failures") == str(sum(test.find("failure") is not None for test in tests))
        assert element.get("errors") == str(sum(test.find("error") is not None for test in tests))
        assert float(element.get("time", "")) >= 0
        names = [(test.get("classname"), test.get("name")) for test in tests]
        assert len(set(names)) == len(names)


def a_result(*, interrupted: bool = False) -> SuiteResult:
    return gather(
        [
            observed(1, expected()),
            observed(2, expected("missed", None), verdict="fail", false_alarms={"api_outage": 1}),
            observed(1, scenario="depeg", verdict="unknown", trouble="MemoryError\x00: <none> left"),
            observed(1, scenario="quiet", faults=(), strays=(Stray("api_outage", 0, 1, 0),)),
        ],
        seeds=2,
        interrupted=interrupted,
    )


def against_a_baseline() -> SuiteResult:
    before = baseline_of(gather([observed(1, expected(latency_s=0.1)), observed(2, expected())], seeds=2))
    result = a_result()
    comparison = compare(result, before, name="baseline.json", selected=[Path()])
    return msgspec.structs.replace(result, comparison=comparison)


def test_junit_has_a_suite_for_each_scenario_and_a_test_for_each_case_and_seed() -> None:
    root = Xml.fromstring(junit(a_result()))
    conforms(root)
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "time")} == {
        "tests": "4", "failures": "1", "errors": "1", "time": "6.000",
    }  # fmt: skip
    assert [suite.get("name") for suite in root] == ["crash", "depeg", "quiet"]
    crash = root[0]
    assert [test.get("name") for test in crash.findall("testcase")] == ["noticed seed 1", "noticed seed 2"]
    properties = {one.get("name"): one.get("value") for one in crash.iter("property")}
    assert properties == {"file": "scenarios/crash.yaml", "code": "c0de", "seeds": "2", "version.riskproof": "0.1.0"}


def test_a_fail_is_a_failure_and_unknown_an_error_with_what_a_human_needs() -> None:
    root = Xml.fromstring(junit(a_result()))
    (failure,) = root.iter("failure")
    assert failure.get("message") == "fail: expect drawdown USD high: <missed> & �[31mred"
    assert failure.text is not None
    assert "run directory: runs/crash/noticed/seed-2" in failure.text
    assert "again: lab run scenarios/crash.yaml --case noticed --seed 2" in failure.text
    (error,) = root.iter("error")
    assert error.text is not None
    assert "MemoryError�: <none> left" in error.text
    told = root[0].findall("testcase")[0].findtext("system-out")
    assert told == "drawdown USD high: detected, latency 1.000 s, margin 9.000 s of 10 s"


def test_junit_shows_half_a_suite_as_an_error() -> None:
    root = Xml.fromstring(junit(a_result(interrupted=True)))
    conforms(root)
    assert [error.get("type") for error in root.iter("error")] == ["unknown", "interrupted"]


def test_junit_shows_regressions_as_failures_of_their_own() -> None:
    root = Xml.fromstring(junit(against_a_baseline()))
    conforms(root)
    (suite,) = (suite for suite in root if suite.get("name") == "baseline")
    assert [(test.get("name"), test[0].tag) for test in suite.findall("testcase")] == [
        ("crash noticed drawdown USD high detection lost", "failure"),
        ("crash noticed api_outage new false alarm", "failure"),
        ("crash noticed newly failing", "failure"),
    ]


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_message_makes_junit_unreadable_or_breaks_a_table(message: str) -> None:
    result = gather([observed(1, verdict="unknown", trouble=message)], seeds=1)
    conforms(Xml.fromstring(junit(result)))
    rows = [line for line in markdown(result).splitlines() if line.startswith("| ❔")]
    assert len(rows) == 1


def test_no_reason_forges_markup_or_calls_a_person() -> None:
    result = gather([observed(1, verdict="unknown", trouble="a | b <img> @everyone")], seeds=1)
    text = markdown(gather_with_reason(result, "a | b <img>\n@everyone"))
    assert "| a \\| b &lt;img> @\u200beveryone |" in text


def gather_with_reason(result: SuiteResult, reason: str) -> SuiteResult:
    (case,) = result.cases
    seed = msgspec.structs.replace(case.seeds[0], reasons=[reason])
    return msgspec.structs.replace(result, cases=[msgspec.structs.replace(case, seeds=[seed])])


def test_the_same_result_gives_the_same_documents() -> None:
    assert junit(a_result()) == junit(a_result())
    assert markdown(a_result()) == markdown(a_result())


def test_markdown_begins_with_the_verdict_and_tells_what_is_no_pass() -> None:
    text = markdown(a_result())
    assert text.splitlines()[0] == "## ❌ risk monitor: fail: 4 runs of 3 cases: 2 pass, 1 fail, 1 unknown"
    assert "| ❌ fail | crash · noticed | 2 | fail: expect drawdown USD high: &lt;missed> &amp; " in text
    assert text.index("❌ fail |") < text.index("❔ unknown |")
    assert "| crash · noticed | drawdown USD high | 1/2, 1 to 99 % | 1.000 s |" in text
    assert "| api_outage | 0 in 1 simulated days: 0 a day, 0 to 3.69 |" in text


def test_markdown_says_what_changed_against_the_baseline() -> None:
    text = markdown(against_a_baseline())
    assert "Against `baseline.json`: 1 expectation compared, 0 the same" in text
    assert (
        "| ❌ detection lost | crash · noticed | drawdown USD high | detected within 10 s | missed | same seed, 2 |"
        in text
    )


def test_markdown_fits_into_a_comment_however_much_went_wrong() -> None:
    runs = [
        observed(seed, expected("missed", None), scenario=f"scenario_{number}", verdict="fail", trouble="x" * 5_000,
                 false_alarms={f"mandate_{number}": 1}, strays=(Stray("y" * 300, 0, 1, 0),))
        for number in range(300)
        for seed in (1, 2)
    ]  # fmt: skip
    text = markdown(gather(runs, seeds=2))
    assert 5_000 < len(text.encode()) < BYTES_LIMIT
    assert "… and 560 more in suite.json." in text


def test_a_table_shows_any_text_as_it_is_and_not_as_markup() -> None:
    result = gather([observed(1, verdict="unknown", trouble="x")], seeds=1)
    text = markdown(gather_with_reason(result, r"![x](http://evil) `code` **loud** ~~gone~~ a\|b __init__ api_latency"))
    (row,) = [line for line in text.splitlines() if line.startswith("| ❔")]
    assert row.endswith(r"| !\[x\](http://evil) \`code\` \*\*loud\*\* \~\~gone\~\~ a\\\|b \_\_init\_\_ api_latency |")


def test_markdown_does_not_begin_with_a_pass_where_the_comparison_makes_it_a_fail() -> None:
    before = baseline_of(gather([observed(1, expected(latency_s=0.1))], seeds=1))
    result = gather([observed(1, expected(latency_s=5.0))], seeds=1)
    comparison = compare(result, before, name="baseline.json", selected=[Path()])
    assert markdown(msgspec.structs.replace(result, comparison=comparison)).splitlines()[0] == (
        "## ❌ risk monitor: fail: 1 regression against baseline.json; by itself pass: 1 run of 1 case: "
        "1 pass, 0 fail, 0 unknown"
    )


def test_markdown_does_not_begin_with_a_pass_where_a_proof_is_gone() -> None:
    before = baseline_of(gather([observed(1, expected()), observed(1, expected(), case="too_small")], seeds=1))
    result = gather([observed(1, expected())], seeds=1)
    comparison = compare(result, before, name="baseline.json", selected=[Path()])
    assert markdown(msgspec.structs.replace(result, comparison=comparison)).splitlines()[0] == (
        "## ❔ risk monitor: unknown: 1 proof of baseline.json is gone; by itself pass: 1 run of 1 case: "
        "1 pass, 0 fail, 0 unknown"
    )


@pytest.mark.parametrize(
    ("sets", "monitor", "command"),
    [
        ([], "", "lab run scenarios/crash.yaml --case noticed --seed 2"),
        (
            ["limits=ours", "a.b=2 h"], "",
            "lab run scenarios/crash.yaml --case noticed --seed 2 --set limits=ours --set 'a.b=2 h'",
        ),
        (
            ["limits=ours"], "their monitor",
            "lab suite scenarios/crash.yaml --case noticed --set limits=ours --set seed=2 --monitor 'their monitor'",
        ),
    ],
)  # fmt: skip
def test_the_command_that_plays_a_run_again_plays_the_same_run(sets: list[str], monitor: str, command: str) -> None:
    result = gather([observed(2, expected("missed", None), verdict="fail")], seeds=1)
    result = msgspec.structs.replace(result, sets=sets, monitor=monitor)
    (failure,) = Xml.fromstring(junit(result)).iter("failure")
    assert failure.text is not None
    assert failure.text.splitlines()[-1] == f"again: {command}"


def test_markdown_says_what_was_set_and_whose_monitor_it_was() -> None:
    result = msgspec.structs.replace(a_result(), sets=["limits=ours|mine"], monitor="their/monitor")
    last = markdown(result).strip().splitlines()[-1]
    assert last == "<sub>code c0de, 2 seeds a case, set: limits=ours\\|mine, monitor: their/monitor.</sub>"
    assert markdown(a_result()).strip().splitlines()[-1] == "<sub>code c0de, 2 seeds a case.</sub>"
