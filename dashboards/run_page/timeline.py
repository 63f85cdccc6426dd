"""The timeline: injections, breaches, alerts and control actions one above the other on one axis of time, as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from dashboards.run_page.model import Judgement
from dashboards.run_page.scale import Scale, clock, time_ticks

WIDTH = 1000
LEFT = 270
RIGHT = 990
_ROW = 22
_BAR = 12
_MOST_ROWS = 60
_HALF_CHARACTER = 3.5  # of a tick's text, in the drawing's units: what hangs over the edge would be cut


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time in a row; ``kind`` is its CSS class, ``says`` what appears when it is pointed at."""

    begins_s: float
    ends_s: float
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in a row."""

    at_s: float
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    items: tuple[Bar | Mark, ...]


def timeline(judgement: Judgement) -> str:
    """The whole timeline as one SVG element."""
    end_s = judgement.ended.at_s
    groups = (
        ("injected", _injections(judgement, end_s)),
        ("true breaches", _breaches(judgement, end_s)),
        ("alerts", _alerts(judgement, end_s)),
        *((title, rows) for title, rows in (("control actions", _actions(judgement, end_s)),) if rows),
    )
    scale = Scale(0.0, max(end_s, 1e-9), LEFT, RIGHT)
    parts: list[str] = []
    y = 8.0
    for title, rows in groups:
        parts.append(f'<text class="group" x="0" y="{y + 14}">{escape(title)}</text>')
        y += _ROW
        if not rows:
            parts.append(f'<text class="none" x="12" y="{y + 12}">none</text>')
            y += _ROW
        for row in rows[:_MOST_ROWS]:
            parts.append(_row(row, y, scale))
            y += _ROW
        if len(rows) > _MOST_ROWS:
            parts.append(f'<text class="none" x="12" y="{y + 12}">… {len(rows) - _MOST_ROWS} more rows</text>')
            y += _ROW
        y += 6
    drawn = time_axis(scale, y, grid_top=8.0) + "".join(parts)
    says = "timeline of injections, true breaches, alerts and control actions"
    return f'<svg role="img" aria-label="{says}" viewBox="0 0 {WIDTH} {y + 26:.0f}">{drawn}</svg>'


def time_axis(scale: Scale, y: float, grid_top: float) -> str:
    """Grid lines from ``grid_top`` to ``y`` and their times below."""
    parts = []
    for at_s in time_ticks(scale.high, most=9):
        x = scale(at_s)
        parts.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{grid_top}" y2="{y}"/>')
        text = _tick(at_s)
        anchor = "middle" if x + len(text) * _HALF_CHARACTER <= WIDTH else "end"
        parts.append(f'<text class="tick" x="{x}" y="{y + 16}" text-anchor="{anchor}">{text}</text>')
    return "".join(parts)


def _tick(at_s: float) -> str:
    text = clock(at_s)
    return text.removesuffix(":00") if text.endswith(":00") else text


def _row(row: Row, y: float, scale: Scale) -> str:
    label = row.label if len(row.label) <= 40 else row.label[:39] + "…"
    parts = [f'<text class="label" x="12" y="{y + 12}"><title>{escape(row.label)}</title>{escape(label)}</text>']
    for item in row.items:
        match item:
            case Bar(begins_s, ends_s, kind, says):
                left = scale(begins_s)
                width = max(scale(ends_s) - left, 1.5)
                shape = f'<rect class="{kind}" x="{left}" y="{y + 2}" width="{width:.2f}" height="{_BAR}" rx="2">'
                parts.append(f"{shape}<title>{escape(says)}</title></rect>")
            case Mark(at_s, kind, says):
                x = scale(at_s)
                points = f"{x},{y} {x + 5},{y + 8} {x},{y + 16} {x - 5},{y + 8}"
                parts.append(f'<polygon class="{kind}" points="{points}"><title>{escape(says)}</title></polygon>')
    return "".join(parts)


def _injections(judgement: Judgement, end_s: float) -> list[Row]:
    rows = []
    for one in judgement.injections:
        items: list[Bar | Mark] = []
        if one.began_at_s is not None:
            ended_s = end_s if one.ended_at_s is None else one.ended_at_s
            says = f"{one.name}: began {clock(one.began_at_s)}, ended {clock(ended_s)}"
            items.append(Bar(one.began_at_s, ended_s, "injected", says))
        if one.took_effect_at_s is not None:
            items.append(Mark(one.took_effect_at_s, "effect", f"took effect {clock(one.took_effect_at_s)}"))
        rows.append(Row(f"{one.name} ({one.fault})", tuple(items)))
    return rows


def _breaches(judgement: Judgement, end_s: float) -> list[Row]:
    rows = []
    for rule in judgement.rules:
        if not rule.intervals:
            continue
        items: list[Bar | Mark] = []
        for breach in rule.intervals:
            ended_s = end_s if breach.ended_at_s is None else breach.ended_at_s
            says = f"{clock(breach.began_at_s)} to {clock(ended_s)}, bound {rule.bound}"
            items.append(Bar(breach.began_at_s, ended_s, f"breach {rule.severity}", says))
        if rule.first_due_at_s is not None:
            items.append(Mark(rule.first_due_at_s, "due", f"first due {clock(rule.first_due_at_s)}"))
        rows.append(Row(f"{rule.alert} {rule.asset} {rule.severity}", tuple(items)))
    return rows


def _alerts(judgement: Judgement, end_s: float) -> list[Row]:
    rows: dict[str, list[Bar | Mark]] = {}
    for alert in judgement.alerts:
        items = rows.setdefault(f"{alert.alert} {alert.asset} {alert.severity}", [])
        resolved_s = end_s if alert.resolved_at_s is None else alert.resolved_at_s
        if alert.fired_at_s > alert.pending_since_at_s:
            says = f"pending since {clock(alert.pending_since_at_s)}"
            items.append(Bar(alert.pending_since_at_s, alert.fired_at_s, "pending", says))
        kind = "false_alarm" if alert.truth == "false" else f"firing {alert.severity}"
        says = (
            f"fired {clock(alert.fired_at_s)}, resolved {clock(resolved_s)}: "
            f"{alert.observed:.6g} against {alert.limit:.6g} {alert.unit}; {alert.reason}"
        )
        items.append(Bar(alert.fired_at_s, resolved_s, kind, says))
        if alert.acknowledged_at_s is not None:
            items.append(Mark(alert.acknowledged_at_s, "told", f"acknowledged {clock(alert.acknowledged_at_s)}"))
        if alert.escalated_at_s is not None:
            says = f"escalated to {alert.escalated_to} {clock(alert.escalated_at_s)}"
            items.append(Mark(alert.escalated_at_s, "escalated", says))
    return [Row(label, tuple(items)) for label, items in rows.items()]


def _actions(judgement: Judgement, end_s: float) -> list[Row]:
    """How long harm was uncontained, what each control did about it, and what a person said."""
    rows: dict[str, list[Bar | Mark]] = {}
    for one in judgement.expectations:
        found = one.contained
        if found is not None and found.due_at_s is not None:
            contained_s = end_s if found.contained_at_s is None else found.contained_at_s
            says = f"uncontained from {clock(found.due_at_s)} to {clock(contained_s)}: {found.reason}"
            label = " ".join(part for part in ("uncontained:", one.name, one.asset) if part)
            rows.setdefault(label, []).append(Bar(found.due_at_s, contained_s, "uncontained", says))
    for action in judgement.actions:
        items = rows.setdefault(f"{action.control} {action.subject}", [])
        ended_s = end_s if action.ended_at_s is None else action.ended_at_s
        says = f"taken {clock(action.taken_at_s)}, ended {clock(ended_s)}: {action.trigger}; {action.detail}"
        items.append(Bar(action.taken_at_s, ended_s, "action", says))
        if action.done_at_s is not None:
            items.append(Mark(action.done_at_s, "done", f"done {clock(action.done_at_s)}"))
        if action.failed_at_s is not None:
            items.append(Mark(action.failed_at_s, "failed", f"failed {clock(action.failed_at_s)}: {action.detail}"))
    said: list[Bar | Mark] = [
        Mark(one.at_s, "told", f"{clock(one.at_s)} {one.by}: {one.command} {one.subject[:80]}: {one.reason}")
        for one in judgement.operator
    ]
    if said:
        rows["operator"] = said
    return [Row(label, tuple(items)) for label, items in rows.items()]
