"""Chronicle: what the risk manager saw and what was true, moment by moment, in two columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Literal

from dashboards.run_page.model import Judgement, Rule
from dashboards.run_page.scale import clock, quantity

MOST_MOMENTS = 300


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened: what the monitor said or did (``saw``), or what was so (``true``)."""

    at_s: float
    side: Literal["saw", "true"]
    what: str
    text: str
    kind: str = ""  # CSS class: the severity, or what is wrong


def chronicle(judgement: Judgement) -> str:
    """The section of the page: happenings of one second stand side by side."""
    moments: dict[str, list[Happening]] = {}
    for happening in sorted(happenings(judgement), key=lambda one: one.at_s):
        moments.setdefault(clock(happening.at_s), []).append(happening)
    rows = [_moment(text, found) for text, found in moments.items()]
    if not rows:
        return ""
    more = len(rows) - MOST_MOMENTS
    note = f"<p>… and {more} more moments in verdict.json.</p>" if more > 0 else ""
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("time", "what the risk manager saw", "what was true"))
    return (
        '<section><h2>Both views, side by side</h2><div class="chronicle" tabindex="0" role="region" '
        f'aria-label="both views"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(rows[:MOST_MOMENTS])}</tbody>'
        f"</table></div>{note}</section>"
    )


def _moment(text: str, found: list[Happening]) -> str:
    saw = "".join(_told(one) for one in found if one.side == "saw")
    true = "".join(_told(one) for one in found if one.side == "true")
    return (
        f'<tr><th scope="row"><a href="#t={found[0].at_s:g}">{text}</a></th>'
        f'<td class="saw">{saw}</td><td class="true">{true}</td></tr>'
    )


def _told(one: Happening) -> str:
    return f'<p class="{one.kind}"><b>{escape(one.what)}</b> {escape(one.text)}</p>'


def happenings(judgement: Judgement) -> Iterator[Happening]:
    """All of them, in no order."""
    yield from _seen(judgement)
    yield from _acted(judgement)
    for one in judgement.injections:
        ended = "ended" if not one.refused else "refused"
        moments = (("began", one.began_at_s), ("took effect", one.took_effect_at_s), (ended, one.ended_at_s))
        for what, at_s in moments:
            if at_s is not None:
                yield Happening(at_s, "true", f"injection {what}", f"{one.name} ({one.fault})", "injected")
    for rule in judgement.rules:
        yield from _breached(rule)


def _seen(judgement: Judgement) -> Iterator[Happening]:
    for alert in judgement.alerts:
        name = f"{alert.alert} {alert.asset} {alert.severity}"
        if alert.fired_at_s > alert.pending_since_at_s:
            yield Happening(alert.pending_since_at_s, "saw", "pending", name)
        value = f"{quantity(alert.observed, alert.unit)}, limit {quantity(alert.limit, alert.unit)}"
        kind = alert.severity
        if alert.truth == "false":
            value, kind = f"{value}: a false alarm", "fail"
        elif alert.in_control:
            value += "; fires in the control too"
        yield Happening(alert.fired_at_s, "saw", "alert", f"{name}: {value}", kind)
        if alert.acknowledged_at_s is not None:
            yield Happening(alert.acknowledged_at_s, "saw", "acknowledged", name)
        if alert.escalated_at_s is not None:
            yield Happening(alert.escalated_at_s, "saw", "escalated", f"{name} to {alert.escalated_to}")
        if alert.resolved_at_s is not None:
            yield Happening(alert.resolved_at_s, "saw", "resolved", name)


def _acted(judgement: Judgement) -> Iterator[Happening]:
    for one in judgement.actions:
        name = f"{one.control} {one.subject}"
        detail = f"{name}: {one.detail}" if one.detail else name
        yield Happening(one.taken_at_s, "saw", "action taken", f"{detail}, set off by {one.trigger}", "action")
        for what, at_s in (("done", one.done_at_s), ("failed", one.failed_at_s), ("ended", one.ended_at_s)):
            if at_s is not None:
                yield Happening(at_s, "saw", f"action {what}", name, "fail" if what == "failed" else "action")
    for said in judgement.operator:
        text = f"{said.command} {said.subject[:80]}: {said.reason}"
        yield Happening(said.at_s, "saw", said.by, text)
    for asked in judgement.expectations:
        if asked.contained is not None and asked.contained.contained_at_s is not None:
            yield Happening(asked.contained.contained_at_s, "true", "contained", f"{asked.name} {asked.asset or ''}")


def _breached(rule: Rule) -> Iterator[Happening]:
    name = f"{rule.alert} {rule.asset} {rule.severity}"
    for breach in rule.intervals:
        peak = f"{name}: beyond {rule.bound}, at worst {quantity(breach.peak, rule.unit)}"
        if breach.due_at_s == breach.began_at_s:
            yield Happening(breach.began_at_s, "true", "breach, due at once", peak, rule.severity)
        else:
            yield Happening(breach.began_at_s, "true", "breach", peak, rule.severity)
            if breach.due_at_s is not None:
                yield Happening(breach.due_at_s, "true", "due", name, rule.severity)
        if breach.ended_at_s is not None:
            yield Happening(breach.ended_at_s, "true", "breach over", name)
