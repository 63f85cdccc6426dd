"""The page of one suite: a single HTML file with everything in it, made to be opened offline and printed."""

from __future__ import annotations

from html import escape

import msgspec

from dashboards.document import document, part
from dashboards.run_page.scale import clock
from dashboards.run_page.table import judged, table
from dashboards.suite_page.axis import LatencyAxis, axis_for
from dashboards.suite_page.cases import cases
from dashboards.suite_page.crossfire import crossfire
from dashboards.suite_page.model import Comparison, Expectation, Rate, SuiteResult
from dashboards.suite_page.strips import WIDTH, by_mandate, deadlines, ecdf, ruler


def render(document_json: bytes) -> str:
    """The page for a ``suite.json``. Raises msgspec.ValidationError if the document is not one."""
    suite = msgspec.json.decode(document_json, type=SuiteResult)
    asked = [one for case in suite.cases for one in case.expectations]
    axis = _axis(asked)
    body = "\n".join(
        (
            _answer(suite, asked),
            _changes(suite.comparison),
            _distributions(suite, asked, axis),
            _false_alarms(suite),
            crossfire(suite.cross_fire),
            cases(suite.cases, axis),
            _provenance(suite),
        )
    )
    package = "dashboards.suite_page"
    styles = (part("dashboards", "document.css"), part(package, "style.css"))
    return document(f"suite: {escape(_decisive(suite))}", body, styles=styles, scripts=(part(package, "filter.js"),))


def _axis(asked: list[Expectation]) -> LatencyAxis:
    latencies = [latency for one in asked for latency in one.latencies_s if latency is not None]
    return axis_for([*latencies, *(deadline for one in asked for deadline in [one.deadline_s, *deadlines(one)])], WIDTH)


def _decisive(suite: SuiteResult) -> str:
    """The verdict with what the comparison makes of it, the worse: what the exit code says."""
    found = [suite.verdict, *(one.gates for one in suite.comparison.changed)] if suite.comparison else [suite.verdict]
    return next((verdict for verdict in ("fail", "unknown") if verdict in found), suite.verdict)


def _answer(suite: SuiteResult, asked: list[Expectation]) -> str:
    verdict = escape(_decisive(suite))
    runs = sum(suite.counts.values())
    counts = ", ".join(f"{count} {escape(verdict)}" for verdict, count in suite.counts.items())
    interrupted = " Interrupted: not every run was played." if suite.interrupted else ""
    cards = (
        _card("Do all cases pass?", f"{suite.counts.get('pass', 0)} of {runs} runs", f"{counts}.", suite.verdict),
        _noticed(asked),
        _alarms(suite.false_alarms.all, suite.confidence),
        _regressed(suite.comparison),
    )
    return (
        f'<header><p class="verdict {verdict}">{verdict}</p>'
        f"<h1>Suite <small>{len(suite.cases)} cases · {suite.seeds} seeds each</small></h1>"
        f'<p class="facts">{clock(suite.simulated_s)} simulated.{interrupted}</p>'
        f'<div class="cards">{"".join(cards)}</div></header>'
    )


def _card(question: str, reply: str, detail: str, mood: str) -> str:
    return f'<div class="card {escape(mood)}"><h2>{question}</h2><p class="reply">{reply}</p><p>{detail}</p></div>'


def _noticed(asked: list[Expectation]) -> str:
    detected, proven = sum(one.detected for one in asked), sum(one.n for one in asked)
    timed = [(one.margin_s, one) for one in asked if one.margin_s is not None]
    detail = "No deadline ran."
    if timed:
        margin_s, one = min(timed, key=lambda pair: pair[0])
        detail = f"Least margin {margin_s:.3f} s of {one.deadline_s:g} s: {escape(one.label)}."
    mood = "plain" if not proven else "pass" if detected == proven else "fail"
    return _card("Noticed in time?", f"{detected} of {proven}" if proven else "nothing to notice", detail, mood)


def _alarms(rate: Rate, confidence: float) -> str:
    detail = f"{_per_day(rate)} a simulated day, in {rate.simulated_days:.2f} days ({confidence:.0%} interval)."
    reply, mood = (str(rate.count), "fail") if rate.count else ("none", "pass")
    return _card("False alarms?", reply, detail, mood)


def _per_day(rate: Rate) -> str:
    if rate.per_day is None:
        return "–"
    if rate.low is None or rate.high is None:
        return f"{rate.per_day:.3g}"
    return f"{rate.per_day:.3g} ({rate.low:.3g} to {rate.high:.3g})"


def _regressed(found: Comparison | None) -> str:
    if found is None:
        return _card("Worse than before?", "not compared", "Give <code>--baseline</code> to compare.", "plain")
    gating = [one for one in found.changed if one.gates]
    mood = "fail" if any(one.gates == "fail" for one in gating) else "unknown" if gating else "pass"
    detail = (
        f"{_count(len(found.changed), 'change')}, {found.same} of {found.compared} expectations exactly as they were."
    )
    return _card("Worse than before?", _count(len(gating), "regression") if gating else "no", detail, mood)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _changes(found: Comparison | None) -> str:
    if found is None:
        return ""
    rows = [
        (
            judged(one.gates or "plain", one.what),
            f"{escape(one.scenario)} · {escape(one.case)}",
            escape(one.subject),
            escape(one.before),
            escape(one.after),
            f'<span class="because">{escape(one.because)}</span>',
        )
        for one in found.changed
    ]
    heads = ("change", "case", "of", "before", "now", "because")
    listed = table(heads, rows, name="changes since the baseline", stacked=True) if rows else "<p>Nothing changed.</p>"
    not_run = f" {found.not_run} cases of it were not run." if found.not_run else ""
    facts = f'<p class="facts">{escape(found.baseline)}, of code {escape(found.baseline_code)}.{not_run}</p>'
    return f"<section><h2>Against the baseline</h2>{facts}{listed}</section>"


def _distributions(suite: SuiteResult, asked: list[Expectation], axis: LatencyAxis) -> str:
    if not asked:
        return ""
    latencies = [latency for one in asked for latency in one.latencies_s if latency is not None]
    missed = sum(outcome in ("missed", "failed") for one in asked for outcome in one.outcomes)
    figure = ""
    if latencies:
        caption = "<figcaption>Share noticed within a time, all mandates</figcaption>"
        figure = f"<figure>{caption}{ecdf(latencies, axis, missed)}</figure>"
    note = "Dots are latencies since an alert was due; the upright line is the tightest deadline of the mandate."
    return (
        f'<section><h2>How fast</h2>{figure}<p class="facts">{note}</p>'
        f'<div class="ruler"><span></span>{ruler(axis)}</div>{by_mandate(suite.cases, axis)}</section>'
    )


def _false_alarms(suite: SuiteResult) -> str:
    found = suite.false_alarms
    rows = [
        (escape(one.mandate), str(one.all.count), _per_day(one.all), f"{one.all.simulated_days:.2f}",
         str(one.quiet.count), _per_day(one.quiet), str(one.forbidden))
        for one in found.by_mandate
    ]  # fmt: skip
    heads = ("mandate", "false", "a day (interval)", "days", "while nothing was injected", "a day (interval)",
             "forbidden by a case")  # fmt: skip
    alarms = (("All runs", found.all), ("Nothing injected", found.quiet))
    told = " ".join(
        f"{what}: {one.count} in {one.simulated_days:.2f} simulated days, {_per_day(one)} a day."
        for what, one in alarms
    )
    odd = f"<p>True alerts that a case forbids: {found.forbidden_true}.</p>" if found.forbidden_true else ""
    alarming = any(one.all.count or one.forbidden for one in found.by_mandate)
    listed = table(heads, rows, name="false alarms by mandate") if rows else ""
    folded = listed if alarming else f"<details><summary>mandate by mandate</summary>{listed}</details>"
    return f"<section><h2>False alarms</h2><p>{told}</p>{odd}{folded if rows else ''}</section>"


def _provenance(suite: SuiteResult) -> str:
    versions = ", ".join(f"{escape(name)} {escape(number)}" for name, number in suite.versions.items())
    otherwise = f" Set: {escape(', '.join(suite.sets))}." if suite.sets else ""
    otherwise += f" Monitor: {escape(suite.monitor)}." if suite.monitor else ""
    return f'<footer class="facts">Code {escape(suite.code)}. {versions}.{otherwise}</footer>'
