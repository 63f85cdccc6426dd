"""The run page: one file with everything in it, that says what the verdict says."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.reporting import to_json
from correlator.verdict import (
    ActionOutcome,
    AlertOutcome,
    AssertionOutcome,
    BreachOutcome,
    Check,
    ContainmentOutcome,
    DemandOutcome,
    Ending,
    ExpectationOutcome,
    ForbidOutcome,
    InjectionOutcome,
    Judgement,
    MissOutcome,
    OperatorOutcome,
    RuleName,
    RuleOutcome,
    Series,
)
from dashboards.run_page.measures import runs
from dashboards.run_page.model import Series as RunSeries
from dashboards.run_page.page import render
from dashboards.run_page.scale import clock, quantity

ALERT = AlertOutcome(
    "stablecoin_peg", "USDT", "high", "a1", 7_201.0, 7_204.0, 9_000.0, 101.5, 100.0, "bp", "true", False, True,
    "in breach since 02:00:00", ["apex stream usdtusd@bookTicker u=7"], [44],
)  # fmt: skip
FALSE = msgspec.structs.replace(ALERT, asset="USDC", truth="false", reason="<never> beyond", resolved_at_s=None)
JUDGEMENT = Judgement(
    verdict="fail",
    reasons=["fail: false_alarms: 1 false alarm"],
    scenario="depeg",
    case="noticed",
    seed=42,
    description="A slide & a fall",
    tags=["E"],
    start_ns=1_676_851_200_000_000_000,
    ended=Ending("completed", 10_800.0, 10_800.0, ""),
    versions={"python": "3.11"},
    code="abc",
    checks=[Check("control", "pass", "the control is the same world")],
    injections=[
        InjectionOutcome(
            "slide", "stablecoin_depeg", 0.0, 10_800.0, 3_600.0, 3_605.0, 3_605.0, None, False, "", [], [1]
        )
    ],
    expectations=[
        ExpectationOutcome(
            alert="stablecoin_peg", asset="USDT", severity="high", of="breach", injection="slide", verdict="pass",
            outcome="detected", reason="in time", due_at_s=7_203.0, detected_at_s=7_204.0, latency_s=1.0,
            since_injection_s=3_604.0, since_effect_s=3_599.0, deadline_s=15.0, deadline_at_s=7_218.0,
        )
    ],
    forbids=[ForbidOutcome("drawdown", None, None, 9, "pass", "none fired", [])],
    alerts=[ALERT, FALSE],
    false_alarms=[FALSE],
    unexpected=[],
    unalerted=[RuleName("daily_loss", "firm", "high", 8_000.0)],
    rules=[
        RuleOutcome(
            "stablecoin_peg", "USDT", "high", "100 bp", "bp", 3.0, 1, 1, 7_200.0, 7_203.0, 0.0, True,
            [BreachOutcome(7_200.0, 8_990.0, 7_203.0, 140.0, 1, [40])],
        )
    ],
    series=[
        Series("stablecoin_peg", "USDT", "bp", 600.0, [("high", 100.0)], [(0.0, 0.0, 2.0), (7_200.0, 90.0, 140.0)]),
        Series("drawdown", "firm", "%", 600.0, [("high", 15.0)], [(0.0, 0.0, 0.1)]),
    ],
    counts={"quote": 1_234},
)  # fmt: skip


class Outline(HTMLParser):
    """Text, balance of tags, and everything that would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        targets = [value or "" for name, value in attrs if name in ("src", "href") and value != "data:,"]
        self.fetched += [target for target in targets if not target.startswith("#")]
        if tag not in ("meta", "link", "br", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)


def told(html: str) -> str:
    """The text of a piece of HTML, in one line."""
    shown = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", shown)).split())


def drawn(page: str) -> Any:
    """What the script is given."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found is not None
    return msgspec.json.decode(found.group(1))


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    assert parser.open == []
    return parser


def test_the_page_holds_everything_and_fetches_nothing() -> None:
    page = render(to_json(JUDGEMENT))
    seen = outline(page)
    assert seen.fetched == []
    text = " ".join(" ".join(seen.text).split())
    for words in (
        "fail",
        "depeg noticed · seed 42",
        "A slide & a fall",
        "fail: false_alarms: 1 false alarm",
        "Did it notice? 1 of 1 Every alert and action that was demanded came.",
        "In time? 14.000 s to spare stablecoin_peg USDT high, 1.000 s after it was due; 15 s of breach allowed.",
        "False alarms? 1 stablecoin_peg USDC.",
        "How do we know? 1 of 1 checks hold Run and control exchange the same bytes until 01:00:05, when harm first",
        "stablecoin_peg USDT high 02:00:03 02:00:04 1.000 s 15 s of breach 14.000 s left pass",
        "<never> beyond",
        "1 measures that stayed within their limits",
        "daily_loss firm high: due 02:13:20",
        "Judged from 1,234 quote",
    ):
        assert words in text, words


CONTAINED = msgspec.structs.replace(
    JUDGEMENT,
    ended=Ending("stopped", 10_800.0, 14_400.0, "drawdown above 10 %"),
    expectations=[
        ExpectationOutcome(
            alert=None, action="breaker", asset="maker", severity=None, of="breach", injection="slide", verdict="fail",
            outcome="not_contained", reason="too late", due_at_s=7_203.0, detected_at_s=7_204.0, latency_s=1.0,
            deadline_s=15.0,
            escalated=DemandOutcome(
                verdict="pass", outcome="detected", reason="escalated", at_s=7_300.0, took_s=96.0, within_s=100.0
            ),
            contained=ContainmentOutcome(
                verdict="fail", outcome="not_contained", reason="too late", accounts=["apex:maker"], due_at_s=7_203.0,
                contained_at_s=7_803.0, to_contain_s=600.0, orders=82, loss_usd=2_617.55, within_s=10.0,
                loss_below_usd=5_000.0,
            ),
        )
    ],
    misses=[
        MissOutcome(
            alert="bad_tick", asset="apex:BTC/USD", severity="high", because="x", line=3, verdict="pass",
            reason="due, and nothing fired, because x", due_at_s=60.0,
        )
    ],
    assertions=[
        AssertionOutcome(
            quantity="equity", of=None, op="at_least", value=9e6, unit="USD", line=4, from_at_s=60.0, to_at_s=120.0,
            verdict="unknown", reason="it had no value", observed=None, observed_at_s=None,
        )
    ],
    actions=[
        ActionOutcome(
            "c1", "breaker", "maker", "order_rate/apex:maker/1", "paused", 7_204.0, 7_205.0, None, 8_104.0, False, True,
            [45],
        )
    ],
    operator=[OperatorOutcome(7_400.0, "acknowledge", "a1", "operator", "seen", 46)],
)  # fmt: skip


def test_containment_stands_beside_detection_and_actions_on_the_timeline() -> None:
    page = render(to_json(CONTAINED))
    text = told(page)
    for words in (
        "stopped: drawdown above 10 %",
        "breaker maker action 02:00:03 02:00:04 1.000 s 15 s of breach – fail: not contained",
        "breaker maker 02:00:03 02:10:03 600.000 s of 10 s 2,617.55 USD of 5,000 USD 82 fail",
        "pass breaker maker escalates within 100 s: escalated, after 96.000 s",
        "pass bad_tick apex:BTC/USD high (due 00:01:00): due, and nothing fired, because x",
        "unknown equity at least 9,000,000 USD at 00:01:00 to 00:02:00: it had no value",
        "breaker maker 02:00:04 02:00:05 – 02:15:04 order_rate/apex:maker/1",
        "02:03:20 operator: acknowledge a1: seen",
    ):
        assert words in text, words
    harm = drawn(page)["groups"][2]
    assert harm["title"] == "harm and control actions"
    assert [(row["label"], row["true"], row["seen"]) for row in harm["rows"]] == [
        (
            "breaker maker",
            [["uncontained", 7_203.0, 7_803.0, "breaker maker uncontained since 02:00:03: too late"]],
            [
                ["action", 7_204.0, 8_104.0, "breaker maker since 02:00:04: order_rate/apex:maker/1; paused"],
                ["done", 7_205.0, None, "breaker maker done"],
            ],
        ),
        ("operator", [], [["told", 7_400.0, None, "operator: acknowledge a1: seen"]]),
    ]


def test_beside_the_latency_stand_the_times_since_injection_and_effect() -> None:
    page = render(to_json(JUDGEMENT))
    assert "pass in time 3604.000 s since the injection, 3599.000 s since the effect" in told(page)


def test_what_came_late_says_by_how_much() -> None:
    late = msgspec.structs.replace(
        JUDGEMENT.expectations[0], verdict="fail", outcome="late", detected_at_s=7_221.5, latency_s=18.5
    )
    text = told(render(to_json(msgspec.structs.replace(JUDGEMENT, expectations=[late]))))
    assert "02:00:03 02:00:22 18.500 s 15 s of breach 3.500 s late fail: late" in text
    assert "In time? 3.500 s late stablecoin_peg USDT high, 18.500 s after it was due" in text
    assert "1 of 1 came late." in text


def test_what_never_came_is_named_on_the_first_screen() -> None:
    missed = msgspec.structs.replace(
        JUDGEMENT.expectations[0], verdict="fail", outcome="missed", detected_at_s=None, latency_s=None
    )
    text = told(render(to_json(msgspec.structs.replace(JUDGEMENT, expectations=[missed]))))
    assert "Did it notice? 0 of 1 Not: stablecoin_peg USDT high." in text
    assert "In time? – No deadline ran against something that came." in text


def test_the_timeline_holds_what_was_true_above_what_was_seen() -> None:
    groups = drawn(render(to_json(JUDGEMENT)))["groups"]
    assert [group["title"] for group in groups] == ["injected", "truth and alerts, rule by rule"]
    assert groups[0]["rows"] == [
        {
            "label": "slide (stablecoin_depeg)",
            "true": [
                ["injected", 3_600.0, 10_800.0, "injected slide since 01:00:00"],
                ["effect", 3_605.0, None, "slide took effect"],
            ],
            "seen": [],
        }
    ]
    says = "stablecoin_peg USDC high firing since 02:00:04: 9,000 bp against 101.5 bp"
    assert [(row["label"], [item[:3] for item in row["true"]], row["seen"][-1]) for row in groups[1]["rows"]] == [
        (
            "stablecoin_peg USDT high",
            [["breach high", 7_200.0, 8_990.0], ["due", 7_203.0, None]],
            ["firing high", 7_204.0, 9_000.0, says.replace("USDC", "USDT").replace("9,000 bp against 101.5", VALUES)],
        ),
        (
            "stablecoin_peg USDC high",
            [],
            ["false_alarm", 7_204.0, 10_800.0, "FALSE ALARM " + says.replace("9,000 bp against 101.5", VALUES)],
        ),
    ]


VALUES = "101.5 bp against 100"


def test_both_views_stand_side_by_side_second_by_second() -> None:
    page = render(to_json(JUDGEMENT))
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td class="saw">(.*?)</td><td class="true">(.*?)</td></tr>', page)
    assert [tuple(told(cell) for cell in row) for row in rows] == [
        ("01:00:00", "", "injection began slide (stablecoin_depeg)"),
        ("01:00:05", "", "injection took effect slide (stablecoin_depeg)"),
        ("02:00:00", "", "breach stablecoin_peg USDT high: beyond 100 bp, at worst 140 bp"),
        ("02:00:01", "pending stablecoin_peg USDT high pending stablecoin_peg USDC high", ""),
        ("02:00:03", "", "due stablecoin_peg USDT high"),
        (
            "02:00:04",
            "alert stablecoin_peg USDT high: 101.5 bp, limit 100 bp "
            "alert stablecoin_peg USDC high: 101.5 bp, limit 100 bp: a false alarm",
            "",
        ),
        ("02:29:50", "", "breach over stablecoin_peg USDT high"),
        ("02:30:00", "resolved stablecoin_peg USDT high", ""),
    ]


def test_moments_lead_to_themselves_in_the_charts() -> None:
    assert '<a href="#t=7204">02:00:04</a>' in render(to_json(JUDGEMENT))


def test_units_are_words_and_a_lower_bound_says_below() -> None:
    bounds = [("warning", 3.0), ("high", 2.0)]
    series = [
        Series("tail_exponent", "BTC", "alpha", 600.0, bounds, [(0.0, 3.5, 40.0)], below=True),
        Series("leverage", "apex:carry", "x", 600.0, [("high", 4.0), ("critical", 100.0)], [(0.0, 1.0, 2.0)]),
        Series("authentication", "bad_signature", "times", 600.0, [("high", 0.0)], [(0.0, 0.0, 0.0)]),
    ]
    page = render(to_json(msgspec.structs.replace(JUDGEMENT, series=series)))
    assert [told(summary) for summary in re.findall("<details data[^>]*><summary>(.*?)</summary>", page)] == [
        "tail_exponent BTC at least 3.5 alpha warning below 3 alpha, 117% of it",
        "leverage apex:carry at most 2 x high above 4 x, 50% of it",
        "authentication bad_signature at most 0 times high above 0 times",
    ]
    assert [one["unit_said"] for one in drawn(page)["measures"]] == [
        "tail exponent (alpha)", "times as much (x)", "how many times",
    ]  # fmt: skip


def test_a_measure_holds_its_truth_its_limits_and_what_the_monitor_saw() -> None:
    peg = drawn(render(to_json(JUDGEMENT)))["measures"][0]
    assert peg == {
        "title": "stablecoin_peg",
        "asset": "USDT",
        "unit": "bp",
        "unit_said": "bp",
        "step_s": 600.0,
        "bounds": [["high", 100.0]],
        "runs": [0, 0.0, 2.0, 1, None, None, 12, 90.0, 140.0, 13, None, None],
        "worst": 140.0,
        "matters": True,
        "said": [[7_204.0, 101.5, "high", False]],
        "due": [[7_203.0, "high"]],
    }


@given(
    st.dictionaries(
        st.integers(0, 60), st.tuples(st.sampled_from([0.0, 1.0, 2.5]), st.sampled_from([0.0, 0.5])), max_size=40
    ),
    st.integers(1, 5),
)
def test_runs_say_of_every_bucket_what_the_envelope_says(found: dict[int, tuple[float, float]], together: int) -> None:
    points = [(bucket * 3.333333334, low, low + more) for bucket, (low, more) in sorted(found.items())]
    flat = runs(RunSeries("a", "b", "bp", 3.333333334, [], points), together)
    places = flat[::3]
    assert places == sorted(set(places), key=float)
    said = dict(zip(places, zip(flat[1::3], flat[2::3], strict=True), strict=True))
    for first in range(0, 66, together):
        here = [(low, high) for at_s, low, high in points if first <= round(at_s / 3.333333334) < first + together]
        expected = (min(low for low, _ in here), max(high for _, high in here)) if here else (None, None)
        known = [place for place in places if place <= first]
        assert (said[known[-1]] if known else (None, None)) == expected


def test_text_from_a_scenario_ends_no_script() -> None:
    named = msgspec.structs.replace(JUDGEMENT.injections[0], name="</script><b>")
    page = render(to_json(msgspec.structs.replace(JUDGEMENT, injections=[named])))
    outline(page)
    assert drawn(page)["groups"][0]["rows"][0]["label"] == "</script><b> (stablecoin_depeg)"


def test_a_document_that_is_no_verdict_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        render(b"{}")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00:00"), (3_661.4, "01:01:01"), (97_405, "1d 03:03:25"), (-5, "-00:00:05")]
)
def test_times_read_like_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(2_802_705.21, "USD", "2,802,705 USD"), (5_000.0, "USD", "5,000 USD"), (0.75, "x", "0.75 x"), (30.0, "", "30")],
)
def test_quantities_have_their_unit(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == text
