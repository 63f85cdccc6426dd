"""The page of one run: a single HTML file with everything in it, made to be opened offline and printed."""

from __future__ import annotations

import datetime
from html import escape
from importlib import resources

import msgspec

from dashboards.run_page.demands import demands
from dashboards.run_page.measures import measures
from dashboards.run_page.model import Action, Alert, Judgement
from dashboards.run_page.scale import clock
from dashboards.run_page.table import at, table
from dashboards.run_page.timeline import timeline

_NS_PER_S = 1_000_000_000
_MOST_ALERTS = 200
_MOST_ACTIONS = 200


def render(document: bytes) -> str:
    """The page for a ``verdict.json``. Raises msgspec.ValidationError if the document is not one."""
    judgement = msgspec.json.decode(document, type=Judgement)
    style = resources.files("dashboards.run_page").joinpath("style.css").read_text(encoding="utf-8")
    title = f"{judgement.scenario} · {judgement.case} · seed {judgement.seed}"
    body = "\n".join(
        (
            _heading(judgement),
            _why(judgement),
            demands(judgement),
            f"<section><h2>What happened when</h2>{timeline(judgement)}{_LEGEND}</section>",
            _measures(judgement),
            _alerts(judgement),
            _actions(judgement),
            _trust(judgement),
        )
    )
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}: {escape(judgement.verdict)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{style}</style></head><body><main>\n{body}\n</main></body></html>\n'
    )


_LEGEND = (
    '<p class="legend"><span class="key injected"></span>injection <span class="key effect"></span>took&nbsp;effect '
    '<span class="key breach"></span>true breach <span class="key due"></span>first&nbsp;due '
    '<span class="key firing"></span>alert firing <span class="key pending"></span>pending '
    '<span class="key false_alarm"></span>false alarm <span class="key uncontained"></span>uncontained '
    '<span class="key action"></span>control action</p>'
)


def _heading(judgement: Judgement) -> str:
    starts = datetime.datetime.fromtimestamp(judgement.start_ns // _NS_PER_S, datetime.UTC)
    ended = ": ".join(part for part in (judgement.ended.reason, judgement.ended.detail) if part)
    tags = "".join(f'<span class="tag">{escape(tag)}</span>' for tag in judgement.tags)
    return (
        f'<header><p class="verdict {judgement.verdict}">{escape(judgement.verdict)}</p>'
        f"<h1>{escape(judgement.scenario)} <small>{escape(judgement.case)} · seed {judgement.seed}</small></h1>"
        f"<p>{escape(judgement.description)}</p>"
        f'<p class="facts">{clock(judgement.ended.at_s)} simulated from {starts:%Y-%m-%d %H:%M} UTC; '
        f"{escape(ended)} {tags}</p></header>"
    )


def _why(judgement: Judgement) -> str:
    if not judgement.reasons:
        return ""
    items = "".join(f"<li>{escape(reason)}</li>" for reason in judgement.reasons)
    return f"<section><h2>Why the verdict is {escape(judgement.verdict)}</h2><ul>{items}</ul></section>"


def _measures(judgement: Judgement) -> str:
    figures: dict[bool, list[str]] = {True: [], False: []}
    for title, svg, matters in measures(judgement):
        figures[matters].append(f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>")
    summary = f"<summary>{len(figures[False])} measures that stayed within their limits</summary>"
    folded = f"<details>{summary}{''.join(figures[False])}</details>" if figures[False] else ""
    return (
        "<section><h2>Truth against limits</h2><p>Recomputed from the audit plane. The band spans the smallest and the "
        f"largest value in each stretch; dashed lines are limits, upright lines alerts.</p>{''.join(figures[True])}"
        f"{folded}</section>"
    )


def _alerts(judgement: Judgement) -> str:
    rows = "".join(_alert(alert) for alert in judgement.alerts[:_MOST_ALERTS])
    more = len(judgement.alerts) - _MOST_ALERTS
    note = f"<p>… and {more} more in verdict.json.</p>" if more > 0 else ""
    listed = table(("alert", "asset", "severity", "fired", "resolved", "observed", "limit", "truth"), rows)
    return f"<section><h2>Every alert</h2>{listed if rows else '<p>None fired.</p>'}{note}</section>"


def _alert(alert: Alert) -> str:
    cells = (
        alert.alert, alert.asset, alert.severity, clock(alert.fired_at_s), at(alert.resolved_at_s),
        f"{alert.observed:.6g} {alert.unit}", f"{alert.limit:.6g} {alert.unit}",
    )  # fmt: skip
    plain = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    truth = "fires in the control too" if alert.in_control else alert.truth
    says = "\n".join((alert.reason, *_care(alert), *alert.production_evidence))
    kind = "fail" if alert.truth == "false" else "plain"
    return f'<tr>{plain}<td title="{escape(says)}"><b class="{kind}">{escape(truth)}</b></td></tr>'


def _care(alert: Alert) -> list[str]:
    cared = []
    if alert.acknowledged_at_s is not None:
        cared.append(f"acknowledged {clock(alert.acknowledged_at_s)}")
    if alert.escalated_at_s is not None:
        cared.append(f"escalated to {alert.escalated_to} {clock(alert.escalated_at_s)}")
    return cared


def _actions(judgement: Judgement) -> str:
    if not judgement.actions and not judgement.operator:
        return ""
    rows = "".join(_action(action) for action in judgement.actions[:_MOST_ACTIONS])
    more = len(judgement.actions) - _MOST_ACTIONS
    note = f"<p>… and {more} more in verdict.json.</p>" if more > 0 else ""
    heads = ("control", "subject", "taken", "done", "failed", "ended", "set off by", "")
    listed = table(heads, rows) if rows else "<p>None was taken.</p>"
    said = "".join(
        f"<li>{clock(one.at_s)} {escape(one.by)}: {escape(one.command)} {escape(one.subject[:80])}: "
        f"{escape(one.reason)}</li>"
        for one in judgement.operator[:_MOST_ACTIONS]
    )
    told = f"<h3>What a person told the monitor</h3><ul>{said}</ul>" if said else ""
    return f"<section><h2>Every control action</h2>{listed}{note}{told}</section>"


def _action(action: Action) -> str:
    moments = (clock(action.taken_at_s), at(action.done_at_s), at(action.failed_at_s), at(action.ended_at_s))
    cells = (action.control, action.subject, *moments, action.trigger)
    plain = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    aside = "taken in the control too" if action.in_control else ""
    return f'<tr title="{escape(action.detail)}">{plain}<td>{aside}</td></tr>'


def _trust(judgement: Judgement) -> str:
    checks = "".join(
        f'<li><b class="{check.verdict}">{check.verdict}</b> {escape(check.name.replace("_", " "))}: '
        f"{escape(check.reason)}</li>"
        for check in judgement.checks
    )
    unalerted = "".join(
        f"<li>{escape(rule.alert)} {escape(rule.asset)} {escape(rule.severity)}: due {clock(rule.due_at_s)}</li>"
        for rule in judgement.unalerted
    )
    silent = f"<h3>Rules truly due without an alert</h3><ul>{unalerted}</ul>" if unalerted else ""
    counts = ", ".join(f"{count:,} {escape(kind)}" for kind, count in judgement.counts.items())
    versions = ", ".join(f"{escape(name)} {escape(number)}" for name, number in judgement.versions.items())
    return (
        f"<section><h2>Why this can be trusted</h2><ul>{checks}</ul>{silent}"
        f'<p class="facts">Judged from {counts}. {versions}. Code {escape(judgement.code)}.</p></section>'
    )
