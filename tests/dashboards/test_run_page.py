"""The run page: one file with everything in it, that says what the verdict says, in a real browser too."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

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
from dashboards.run_page.page import render
from dashboards.run_page.scale import Scale, clock, short, time_ticks, value_ticks

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
            since_injection_s=3_604.0, since_effect_s=3_599.0, deadline_s=15.0,
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
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href") and value != "data:,"]
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    assert parser.open == []
    return parser


def test_the_page_holds_everything_and_fetches_nothing() -> None:
    page = render(to_json(JUDGEMENT))
    seen = outline(page)
    assert seen.fetched == []
    assert "<script" not in page
    text = " ".join(" ".join(seen.text).split())
    for words in (
        "fail",
        "depeg noticed · seed 42",
        "A slide & a fall",
        "fail: false_alarms: 1 false alarm",
        "02:00:03 02:00:04 1.000 s 15 s of breach pass",
        "False alarms: 1",
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
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for told in (
        "stopped: drawdown above 10 %",
        "breaker maker action 02:00:03 02:00:04 1.000 s 15 s of breach fail: not contained",
        "breaker maker 02:00:03 02:10:03 600.000 s of 10 s 2,617.55 USD of 5,000 USD 82 fail",
        "pass breaker maker escalates within 100 s: escalated, after 96.000 s",
        "pass bad_tick apex:BTC/USD high (due 00:01:00): due, and nothing fired, because x",
        "unknown equity at least 9,000,000 USD at 00:01:00 to 00:02:00: it had no value",
        "breaker maker 02:00:04 02:00:05 – 02:15:04 order_rate/apex:maker/1",
        "02:03:20 operator: acknowledge a1: seen",
    ):
        assert told in text, told
    assert '<rect class="uncontained"' in page
    assert '<rect class="action"' in page
    assert "control actions" in text


def test_beside_the_latency_stand_the_times_since_injection_and_effect() -> None:
    page = render(to_json(JUDGEMENT))
    assert '<td title="3604.000 s since the injection, 3599.000 s since the effect">1.000 s</td>' in page


def test_the_timeline_puts_every_moment_where_it_belongs() -> None:
    page = render(to_json(JUDGEMENT))
    x = Scale(0.0, 10_800.0, 270, 990)
    breach = f'<rect class="breach high" x="{x(7_200.0)}"'
    firing = f'<rect class="firing high" x="{x(7_204.0)}"'
    alarm = f'<rect class="false_alarm" x="{x(7_204.0)}"'
    for shape in (breach, firing, alarm, f'<rect class="injected" x="{x(3_600.0)}"', '<polygon class="effect"'):
        assert shape in page, shape


def test_due_is_marked_where_the_rule_first_became_due_though_an_earlier_breach_passed_too_soon() -> None:
    rule = JUDGEMENT.rules[0]
    passing = BreachOutcome(6_000.0, 6_001.0, None, 101.0, 1, [30])
    judgement = msgspec.structs.replace(
        JUDGEMENT, rules=[msgspec.structs.replace(rule, intervals=[passing, *rule.intervals])]
    )
    x = Scale(0.0, 10_800.0, 270, 990)(7_203.0)
    assert re.findall(r'<polygon class="due" points="([\d.]+),', render(to_json(judgement))) == [str(x)]


def test_the_last_time_on_an_axis_is_not_cut_off_at_the_edge() -> None:
    long = msgspec.structs.replace(JUDGEMENT, ended=Ending("completed", 129_600.0, 129_600.0, ""))
    anchors = re.findall(r'x="990\.0" y="[\d.]+" text-anchor="(\w+)">1d 12:00<', render(to_json(long)))
    assert anchors == ["end"] * 3


def test_units_are_words_and_a_lower_bound_says_below() -> None:
    bounds = [("warning", 3.0), ("high", 2.0)]
    series = [
        Series("tail_exponent", "BTC", "alpha", 600.0, bounds, [(0.0, 3.5, 40.0)], below=True),
        Series("leverage", "apex:carry", "x", 600.0, [("high", 3.0), ("critical", 100.0)], [(0.0, 1.0, 2.0)]),
        Series("order_rate", "apex:maker", "x", 600.0, [("high", 3.0)], [(0.0, 1.0, 2.0)]),
        Series("authentication", "bad_signature", "times", 600.0, [("high", 0.0)], [(0.0, 0.0, 2.0)]),
    ]
    page = render(to_json(msgspec.structs.replace(JUDGEMENT, series=series)))
    assert re.findall("<figcaption>(.*?)</figcaption>", page) == [
        "tail_exponent BTC, tail exponent (alpha)",
        "leverage apex:carry, times as much (x)",
        "order_rate apex:maker, times as much (x)",
        "authentication bad_signature, how many times",
    ]
    drawn = re.findall("<title>(\\w+ (?:above|below) [^<]*)</title>", page)
    assert drawn == ["warning below 3", "high below 2", "high above 3", "high above 3", "high above 0"]


def test_a_document_that_is_no_verdict_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        render(b"{}")


def test_the_page_opens_in_a_real_browser_without_a_complaint(tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed, and CI must have it")
        pytest.skip("chromium is not installed")
    page = tmp_path / "report.html"
    page.write_text(render(to_json(JUDGEMENT)), encoding="utf-8")
    ran = subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "CONSOLE" not in ran.stderr
    assert len(re.findall("<figure", ran.stdout)) == 2
    assert "stablecoin_peg USDT" in ran.stdout


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00:00"), (3_661.4, "01:01:01"), (97_405, "1d 03:03:25"), (-5, "-00:00:05")]
)
def test_times_read_like_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_axes_have_round_numbers() -> None:
    assert time_ticks(129_600, most=9) == [float(hours * 21_600) for hours in range(7)]
    assert value_ticks(0, 523) == [0.0, 200.0, 400.0]
    assert value_ticks(-0.3, 0.2) == [-0.2, -0.1, 0.0, 0.1, 0.2]
    assert [short(value) for value in (1.25e6, 320e3, 48.31, 9_999)] == ["1.25M", "320k", "48.31", "9999"]
