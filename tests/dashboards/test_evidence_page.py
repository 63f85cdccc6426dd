"""The page of a pack: every article with its denominators, nothing invented, nothing that could run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from dashboards.evidence_page.model import Article, Demand, FalseAlarm, Kept, Run
from dashboards.evidence_page.page import render


def demand(**changes: object) -> Demand:
    known: dict[str, object] = {
        "alert": "api_outage", "asset": "apex", "severity": "critical", "verdict": "pass", "outcome": "detected",
        "reason": "in time", "deadline_s": 5.0, "due_at_s": 600.0, "detected_at_s": 601.5, "latency_s": 1.5,
        "deadline_at_s": 605.0,
    }  # fmt: skip
    return Demand(**(known | changes))  # type: ignore[arg-type]


def run(scenario: str, verdict: str = "pass", *demands: Demand, tags: tuple[str, ...] = (), **changes: object) -> Run:
    known: dict[str, object] = {"reasons": [], "forbids": [], "false_alarms": []}
    return Run(
        scenario=scenario, case="noticed", seed=1, verdict=verdict, tags=list(tags), expectations=list(demands),
        **(known | changes),  # type: ignore[arg-type]
    )  # fmt: skip


class _Cells(HTMLParser):
    """The text of every row of every table, cell by cell."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._is_in = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._is_in = True

    def handle_endtag(self, tag: str) -> None:
        self._is_in = self._is_in and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._is_in:
            self.rows[-1][-1] += data.replace("\xa0", " ")


def rows(page: str) -> list[list[str]]:
    cells = _Cells()
    cells.feed(page)
    return cells.rows


def test_each_article_is_told_with_its_denominators() -> None:
    late = demand(verdict="fail", outcome="late", detected_at_s=612.0, latency_s=12.0)
    outage = run("outage", "pass", demand(), forbids=[Kept("pass"), Kept("fail")])
    storm = run("storm", "fail", late, demand(severity="high"), false_alarms=[FalseAlarm("drawdown")])
    articles = [
        Article("rts6-art-16-5", "Art 16(5): alerts in time", ["outage", "storm", "flood"], [outage, storm]),
        Article("rts6-art-10", "Art 10: stress", ["flood"], []),
        Article("rts6-art-11", "Art 11: nothing yet", [], []),
    ]
    page = render(articles, [outage, storm], [("flood/noticed/seed-1", "its journals were not kept")])
    assert rows(page) == [
        ["article", "scenarios in this pack", "runs", "demands met in time", "smallest margin"],
        ["Art 16(5)", "2 of 3", "1 of 2 pass, 1 fail", "2 of 3", "-7 s"],
        ["Art 10", "0 of 1", "none", "–", "–"],
        ["Art 11", "0 of 0", "none", "–", "–"],
        ["run", "verdict", "demanded", "due", "came", "latency", "deadline", "margin", "outcome"],
        ["outage · noticed · seed 1", "pass", "api_outage apex critical", "00:10:00", "00:10:02", "1.5 s", "5 s",
         "3.5 s", "detected"],
        ["storm · noticed · seed 1", "fail", "api_outage apex critical", "00:10:00", "00:10:12", "12 s", "5 s",
         "-7 s", "late"],
        ["api_outage apex high", "00:10:00", "00:10:02", "1.5 s", "5 s", "3.5 s", "detected"],
    ]  # fmt: skip
    text = re.sub(r"<[^>]+>", "", page)
    assert "2 runs of 2 scenarios: 1 of 2 pass, 1 fail. 1 of 3 articles have a run in this pack." in text
    assert "1 of the 3 runs found are left out" in text
    assert "flood/noticed/seed-1: its journals were not kept" in text
    assert "other conditions that hold: 1 of 2; false alarms: 1 in 2 runs" in text
    assert text.count("No scenario in this pack.") == 2
    assert "Not in this pack: 1 of 1 scenarioflood" in text
    assert "The laboratory has no scenario for it either." in text


def test_what_never_came_is_a_dash_and_not_a_zero() -> None:
    missed = demand(verdict="fail", outcome="missed", detected_at_s=None, latency_s=None)
    never = demand(verdict="unknown", outcome="never_due", due_at_s=None, detected_at_s=None, latency_s=None,
                   deadline_at_s=None)  # fmt: skip
    harmed = run("outage", "fail", missed, never)
    page = render([Article("rts6-art-17", "Art 17: x", ["outage"], [harmed])], [harmed], [])
    assert [row[-7:] for row in rows(page)[3:]] == [
        ["api_outage apex critical", "00:10:00", "–", "–", "5 s", "–", "missed"],
        ["api_outage apex critical", "–", "–", "–", "5 s", "–", "never due"],
    ]
    assert rows(page)[1][-2:] == ["0 of 2", "–"]


def test_a_run_of_no_article_is_not_forgotten() -> None:
    quiet = run("quiet_day")
    page = render([Article("rts6-art-17", "Art 17: x", [], [])], [quiet], [])
    assert "1 run tagged with no article" in page
    assert "quiet_day · noticed · seed 1" in page


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a & b"])
def test_what_a_verdict_says_is_text_and_nothing_else(text: str) -> None:
    harmed = run(text, "fail", demand(asset=text, reason=text, outcome=text), reasons=[text])
    page = render([Article("rts6-art-17", text, [text], [harmed])], [harmed], [(text, text)])
    assert "<script" not in page
    assert "<img" not in page
    assert re.sub(r"&(amp|lt|gt|quot|#x27|nbsp);", "", page).count("&") == 0


def test_the_page_stands_alone() -> None:
    page = render([], [], [])
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page)
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_an_alert_that_proves_nothing_makes_no_margin_smaller() -> None:
    doubtful = demand(verdict="unknown", outcome="other_cause", detected_at_s=604.9)
    article = Article("rts6-art-17", "Art 17: post-trade", ["crash"], [run("crash", "unknown", demand(), doubtful)])
    assert rows(render([article], article.runs, []))[1][-1] == "3.5 s"
