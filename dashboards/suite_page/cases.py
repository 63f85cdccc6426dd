"""Cases: verdict, seeds and, of each expectation, how often and how fast it was met."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import PurePath
from urllib.parse import quote

from dashboards.suite_page.axis import LatencyAxis
from dashboards.suite_page.model import CaseResult, Expectation, Quantile, SeedResult
from dashboards.suite_page.strips import ruler, strip

_SIGNS = {"pass": "✓", "fail": "✕", "unknown": "?"}


def cases(found: Sequence[CaseResult], axis: LatencyAxis) -> str:
    """The section of the page: what is no pass first."""
    order = {"fail": 0, "unknown": 1, "pass": 2}
    rows = "".join(_case(case, axis) for case in sorted(found, key=lambda one: order.get(one.verdict, 1)))
    choices = "".join(
        f'<label><input type="radio" name="verdict" value="{value}"{" checked" if not value else ""}> {name}</label>'
        for value, name in (("", "all"), ("fail", "fail"), ("unknown", "unknown"), ("pass", "pass"))
    )
    return (
        '<section id="cases"><h2>Cases</h2><form class="tools" hidden><label>Filter <input type="search" id="filter" '
        'placeholder="scenario, alert, fault…" autocomplete="off"></label><fieldset><legend>Verdict</legend>'
        f'{choices}</fieldset><output id="shown"></output></form>'
        '<p class="facts">Open a case for its seeds and expectations. A dot is the latency of one seed, on a '
        "logarithmic scale; the upright line is the deadline, shaded bands are the intervals of p50 and p95. A seed "
        "leads to its report, or to the files of a run that passed.</p>"
        f'<div class="ruler"><span></span>{ruler(axis)}</div>{rows}'
        "</section>"
    )


def _case(case: CaseResult, axis: LatencyAxis) -> str:
    words = " ".join((case.scenario, case.case, case.file, *case.faults, *(one.label for one in case.expectations)))
    seeds = " ".join(_seed(case, one) for one in case.seeds)
    why = "".join(
        f"<li>seed {one.seed}: {escape('; '.join([*one.reasons, *([one.trouble] if one.trouble else [])]))}</li>"
        for one in case.seeds
        if one.reasons or one.trouble
    )
    listed = f'<ul class="facts">{why}</ul>' if why else ""
    asked = "".join(_expectation(one, axis) for one in case.expectations)
    verdict = escape(case.verdict)
    return (
        f'<details class="case" data-verdict="{verdict}" data-words="{escape(words.lower())}"'
        f'{"" if case.verdict == "pass" else " open"}><summary><b class="{verdict}">{verdict}</b> '
        f'<b>{escape(case.scenario)} · {escape(case.case)}</b> <span class="gist">{_gist(case)}</span></summary>'
        f'<p class="seeds">Seeds: {seeds}</p>{listed}{asked}</details>'
    )


def _gist(case: CaseResult) -> str:
    seeds = "1 seed" if len(case.seeds) == 1 else f"{len(case.seeds)} seeds"
    if not case.expectations:
        return f"{seeds}, nothing to notice"
    detected, proven = sum(one.detected for one in case.expectations), sum(one.n for one in case.expectations)
    margin_s = min((one.margin_s for one in case.expectations if one.margin_s is not None), default=None)
    least = "" if margin_s is None else f", least margin {margin_s:.3f} s"
    return f"{seeds}, {detected} of {proven} in time{least}"


def _seed(case: CaseResult, one: SeedResult) -> str:
    # Where a suite writes a run is fixed, below the directory that this page lies in too. What passes is not sure to
    # keep its report, and always keeps its limits and verdict: the directory shows which.
    file = "" if one.verdict == "pass" else "report.html"
    place = "/".join(quote(part) for part in (case.scenario, case.case, PurePath(one.directory).name, file))
    sign = _SIGNS.get(one.verdict, "?")
    remembered = ", reran because it failed before" if one.remembered else ""
    says = f"seed {one.seed}: {one.verdict}{remembered}"
    return f'<a class="seed {escape(one.verdict)}" href="{place}" title="{escape(says)}">{sign} {one.seed}</a>'


def _expectation(one: Expectation, axis: LatencyAxis) -> str:
    rate = "nothing proven" if one.rate is None else f"{one.detected} of {one.n} in time"
    if one.rate_low is not None and one.rate_high is not None:
        rate += f" ({math.floor(100 * one.rate_low)}% to {math.ceil(100 * one.rate_high)}%)"
    if one.unknown:
        rate += f", {one.unknown} unknown"
    margin = "" if one.margin_s is None else f"least margin {one.margin_s:.3f} s of {one.deadline_s:g} s"
    figures = "; ".join(part for part in (_quantile("p50", one.p50), _quantile("p95", one.p95), margin) if part)
    return (
        f'<div class="expectation"><p><b>{escape(one.label)}</b><br>{rate}<br>'
        f'<span class="facts">{figures}</span></p>{strip(one, axis)}</div>'
    )


def _quantile(name: str, one: Quantile) -> str:
    if one.value_s is None:
        return ""
    if one.low_s is None or one.high_s is None:
        return f"{name} {one.value_s:.3f} s"
    return f"{name} {one.value_s:.3f} s ({one.low_s:.3f} to {one.high_s:.3f})"
