"""The suite page: every case, how often and how fast, what changed, and it filters in a real browser."""

from __future__ import annotations

import re

import msgspec
import pytest

from dashboards.suite_page.axis import LatencyAxis
from dashboards.suite_page.page import render
from dashboards.suite_page.strips import ecdf
from lab.suite.result import (
    CaseResult,
    Changed,
    Comparison,
    CrossFire,
    ExpectationStats,
    FalseAlarms,
    MandateAlarms,
    Quantile,
    Rate,
    SeedResult,
    SuiteResult,
)
from tests.dashboards.conftest import Opener
from tests.dashboards.test_run_page import outline, told

PEG = ExpectationStats(
    origin="scenario", alert="stablecoin_peg", action=None, asset="USDT", severity="high", of="breach",
    injection="slide", line=9, place=0, deadline_s=15.0, detected=2, n=3, unknown=1, rate=2 / 3, rate_low=0.0943,
    rate_high=0.9916, seeds=[1, 2, 3, 4], outcomes=["detected", "detected", "missed", "doubtful"],
    latencies_s=[0.25, 1.0, None, None], margins_s=[14.75, 14.0, None, None], p50=Quantile(1.0, 0.25, 2.0),
    p95=Quantile(None, None, None), p99=Quantile(None, None, None), shortest_s=0.25, longest_s=1.0, margin_s=14.0,
)  # fmt: skip
NONE = Rate(0, 2.0, 0.0, 0.0, 1.844)
ONE = Rate(1, 2.5, 0.4, 0.0101, 2.229)
SEED = SeedResult(seed=1, verdict="pass", reasons=[], wall_s=1.0, simulated_s=9.0, directory="runs/s/n/seed-1")
ONE_CHANGE = Changed(
    "slower", "fail", "stablecoin_depeg", "noticed", "stablecoin_peg USDT high", "0.1 s", "1 s", "U = 0"
)
SUITE = SuiteResult(
    verdict="fail",
    confidence=0.95,
    interrupted=False,
    seeds=4,
    counts={"pass": 3, "fail": 1, "unknown": 1},
    simulated_s=216_000.0,
    cases=[
        CaseResult(
            scenario="quiet_day", case="absent", file="scenarios/quiet_day.yaml", description="", tags=[], faults=[],
            verdict="pass", expectations=[],
            seeds=[SEED],
        ),
        CaseResult(
            scenario="stablecoin_depeg", case="noticed", file="scenarios/stablecoin_depeg.yaml", description="",
            tags=[], faults=["stablecoin_depeg"], verdict="fail", expectations=[PEG],
            seeds=[
                SEED,
                SeedResult(
                    seed=3, verdict="fail", reasons=["fail: missed <all>"], wall_s=1.0, simulated_s=9.0,
                    directory="runs/stablecoin_depeg/noticed/seed-3", remembered=True,
                ),
            ],
        ),
    ],
    false_alarms=FalseAlarms(ONE, NONE, [MandateAlarms("drawdown", ONE, NONE, 1)], 0),
    cross_fire=[CrossFire("stablecoin_depeg", "stablecoin_depeg", "drawdown", 3, 1, 0, 2, 4)],
    comparison=Comparison(
        "baseline.json", "old", 4, 5, 0,
        [ONE_CHANGE],
    ),
    code="abc",
    versions={"python": "3.11"},
)  # fmt: skip
PAGE = render(msgspec.json.encode(SUITE))


def test_the_page_holds_everything_and_fetches_nothing() -> None:
    seen = outline(PAGE)
    assert seen.fetched == [
        "stablecoin_depeg/noticed/seed-1/",
        "stablecoin_depeg/noticed/seed-3/report.html",
        "quiet_day/absent/seed-1/",
    ]
    text = told(PAGE)
    for words in (
        "fail Suite 2 cases · 4 seeds each 2d 12:00:00 simulated.",
        "Do all cases pass? 3 of 5 runs 3 pass, 1 fail, 1 unknown.",
        "Noticed in time? 2 of 3 Least margin 14.000 s of 15 s: stablecoin_peg USDT high by slide.",
        "False alarms? 1 0.4 (0.0101 to 2.23) a simulated day, in 2.50 days (95% interval).",
        "Worse than before? 1 regression 1 change, 4 of 5 expectations exactly as they were.",
        "slower stablecoin_depeg · noticed stablecoin_peg USDT high 0.1 s 1 s U = 0",
        "stablecoin_peg 2 of 3 in time 1 expectation, tightest deadline 15 s; longest 1.000 s",
        "drawdown 1 0.4 (0.0101 to 2.23) 2.50 0 0 (0 to 1.84) 1",
        "fail stablecoin_depeg · noticed 2 seeds, 2 of 3 in time, least margin 14.000 s Seeds: ✓ 1 ✕ 3",
        "seed 3: fail: missed <all>",
        "stablecoin_peg USDT high by slide 2 of 3 in time (9% to 100%), 1 unknown "
        "p50 1.000 s (0.250 to 2.000); least margin 14.000 s of 15 s",
        "✕ 1 missed",
        "pass quiet_day · absent 1 seed, nothing to notice",
    ):
        assert words in text, words


def test_false_cross_fire_is_marked_by_more_than_its_shade() -> None:
    cell = '<td class="false" style="--share:0.50" title="in 2 of 4 runs: 3 true, 1 false, 0 in doubt">3 ✕1</td>'
    assert cell in PAGE


def test_latencies_lie_on_a_logarithmic_axis_with_the_deadline_in_sight() -> None:
    axis = LatencyAxis(1_000.0, 420.0)
    assert [axis(seconds) for seconds in (-5.0, 0.0, 0.001, 1.0, 1_000.0, 9_999.0)] == [7, 7, 7, 217, 420, 420]
    found = re.findall(r'class="dots" d="([^"]*)"/><path class="deadline" d="M([\d.]+)', PAGE)
    dots, deadline = found[-1]
    axis = LatencyAxis(15.0 * 1.5, 420.0)
    assert (dots, float(deadline)) == (f"M{axis(0.25)} 22h0M{axis(1.0)} 22h0", axis(15.0))
    assert axis(15.0) < 420


def test_misses_keep_the_share_noticed_below_one() -> None:
    drawn = ecdf([0.5, 0.5, 2.0], LatencyAxis(10.0, 420.0), missed=1)
    heights = [float(height) for height in re.findall(r"V([\d.]+)", re.findall('class="line" d="([^"]*)"', drawn)[0])]
    none, half, most = 126.0, 126 - 0.5 * 116, 126 - 0.75 * 116
    assert heights == [126 - 0.25 * 116, half, most]
    assert none > heights[0]


def test_many_latencies_are_columns() -> None:
    many = msgspec.structs.replace(
        PEG, latencies_s=[0.5] * 90 + [2.0] * 10, margins_s=[14.5] * 90 + [13.0] * 10, outcomes=["detected"] * 100
    )
    case = msgspec.structs.replace(SUITE.cases[1], expectations=[many])
    page = render(msgspec.json.encode(msgspec.structs.replace(SUITE, cases=[case])))
    heights = re.findall(r"v-([\d.]+)", re.findall('class="columns" d="([^"]*)"', page)[0])
    assert heights == ["18.0", "2.0"]


def test_without_a_baseline_it_says_so() -> None:
    text = told(render(msgspec.json.encode(msgspec.structs.replace(SUITE, comparison=None))))
    assert "Worse than before? not compared" in text
    assert "Against the baseline" not in text


def test_a_document_that_is_no_suite_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        render(b"{}")


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1200, False)])
def test_cases_are_filtered_by_words_and_by_verdict(opened: Opener, width: int, dark: bool) -> None:
    tab = opened(PAGE, width=width, dark=dark)
    shown = (
        "[...document.querySelectorAll('details.case')].filter((one) => !one.hidden).map((one) => one.dataset.verdict)"
    )
    said = "document.getElementById('shown').textContent"
    assert tab.run("document.documentElement.scrollWidth") == width
    assert tab.run(shown) == ["fail", "pass"]
    tab.run("document.getElementById('filter').focus()")
    for key in "USDT depeg":
        tab.press(key)
    assert (tab.run(shown), tab.run(said)) == (["fail"], "1 of 2 cases")
    tab.run("document.querySelector('input[value=pass]').click()")
    assert (tab.run(shown), tab.run(said)) == ([], "0 of 2 cases")


def test_the_page_does_not_begin_with_a_pass_where_the_comparison_makes_it_a_fail() -> None:
    page = render(msgspec.json.encode(msgspec.structs.replace(SUITE, verdict="pass")))
    assert '<header><p class="verdict fail">fail</p>' in page
    assert "<title>suite: fail</title>" in page
    gone = msgspec.structs.replace(SUITE.comparison, changed=[msgspec.structs.replace(ONE_CHANGE, gates="unknown")])
    page = render(msgspec.json.encode(msgspec.structs.replace(SUITE, verdict="pass", comparison=gone)))
    assert '<header><p class="verdict unknown">unknown</p>' in page
    page = render(msgspec.json.encode(msgspec.structs.replace(SUITE, comparison=gone)))
    assert '<header><p class="verdict fail">fail</p>' in page


def test_the_page_says_what_was_set_and_whose_monitor_it_was() -> None:
    suite = msgspec.structs.replace(SUITE, sets=["limits=<ours>"], monitor="their/monitor")
    page = render(msgspec.json.encode(suite))
    assert "Set: limits=&lt;ours&gt;. Monitor: their/monitor.</footer>" in page
    assert "Set:" not in PAGE
