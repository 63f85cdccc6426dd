"""Measures: what was true over time against its limits, with the alerts of that measure, as small charts."""

from __future__ import annotations

from html import escape

from dashboards.run_page.model import Alert, Judgement, Series
from dashboards.run_page.scale import Scale, clock, short, value_ticks
from dashboards.run_page.timeline import WIDTH, time_axis

_LEFT, _RIGHT = 70, 990
_TOP, _BOTTOM = 14, 170
_HEIGHT = 200
_UNITS = {"x": "times as much (x)", "times": "how many times", "alpha": "tail exponent (alpha)"}


def measures(judgement: Judgement) -> list[tuple[str, str, bool]]:
    """``(title, svg, matters)`` of every measure; one matters that was breached, alerted or asked about."""
    asked = {(one.alert, one.asset) for one in judgement.expectations}
    asked_any = {one.alert for one in judgement.expectations if one.asset is None}
    breached = {(rule.alert, rule.asset) for rule in judgement.rules if rule.breaches}
    charts = []
    for series in judgement.series:
        alerts = [alert for alert in judgement.alerts if (alert.alert, alert.asset) == (series.alert, series.asset)]
        key = (series.alert, series.asset)
        matters = bool(alerts) or key in asked or series.alert in asked_any or key in breached
        title = f"{series.alert} {series.asset}".strip()
        if series.points:
            title += f", {_UNITS.get(series.unit, series.unit)}" if series.unit else ""
            charts.append((title, _chart(series, alerts, judgement), matters))
    return charts


def _chart(series: Series, alerts: list[Alert], judgement: Judgement) -> str:
    end_s = max(judgement.ended.at_s, 1e-9)
    low = min(point[1] for point in series.points)
    high = max(point[2] for point in series.points)
    nearest = series.bounds[0][1] if series.bounds else 0.0
    shown = [bound for _, bound in series.bounds if bound == nearest or series.below or bound <= high * 3]
    beyond = "below" if series.below else "above"
    top, bottom = max([high, *shown]), min([low, *shown])
    margin = (top - bottom) * 0.06 or abs(top) * 0.01 or 1.0
    x = Scale(0.0, end_s, _LEFT, _RIGHT)
    y = Scale(bottom - margin, top + margin, _BOTTOM, _TOP)
    parts = [time_axis(x, _BOTTOM, grid_top=_TOP)]
    for value in value_ticks(bottom - margin, top + margin):
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y(value)}" y2="{y(value)}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 6}" y="{y(value) + 4}" text-anchor="end">{short(value)}</text>')
    for injection in judgement.injections:
        if injection.began_at_s is not None:
            ended_s = end_s if injection.ended_at_s is None else injection.ended_at_s
            left, right = x(injection.began_at_s), x(ended_s)
            parts.append(
                f'<rect class="shade" x="{left}" y="{_TOP}" width="{right - left:.2f}" height="{_BOTTOM - _TOP}">'
                f"<title>{escape(injection.name)}</title></rect>"
            )
    upper = [f"{x(at_s)},{y(largest)}" for at_s, _, largest in series.points]
    lower = [f"{x(at_s)},{y(least)}" for at_s, least, _ in reversed(series.points)]
    parts.append(f'<polygon class="truth" points="{" ".join(upper + lower)}"/>')
    for severity, bound in series.bounds:
        if bound in shown:
            parts.append(
                f'<line class="bound {severity}" x1="{_LEFT}" x2="{_RIGHT}" y1="{y(bound)}" y2="{y(bound)}">'
                f"<title>{severity} {beyond} {short(bound)}</title></line>"
            )
    for alert in alerts:
        at = x(alert.fired_at_s)
        parts.append(
            f'<line class="fired {alert.severity}" x1="{at}" x2="{at}" y1="{_TOP}" y2="{_BOTTOM}">'
            f"<title>{alert.severity} fired {clock(alert.fired_at_s)}</title></line>"
        )
    label = f"truth of {series.alert} {series.asset} against its limits"
    return f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {WIDTH} {_HEIGHT}">{"".join(parts)}</svg>'
