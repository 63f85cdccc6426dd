"""Strips: every latency of an expectation as a dot, with its quantiles' intervals, against the deadline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from dashboards.suite_page.axis import LatencyAxis
from dashboards.suite_page.model import CaseResult, Expectation, Quantile

WIDTH = 420
_HIGH = 30
_LINE = 22  # where the dots lie, below what is said of misses
_MOST_DOTS = 60  # more are drawn as columns, as high as there are many
_COLUMN = 4


def deadlines(one: Expectation) -> list[float]:
    """The time allowed after an alert was due, seed by seed; the same for all if it counts from the breach."""
    pairs = zip(one.latencies_s, one.margins_s, strict=True)
    return [latency + margin for latency, margin in pairs if latency is not None and margin is not None]


def strip(one: Expectation, axis: LatencyAxis) -> str:
    """The strip of one expectation."""
    latencies = [latency for latency in one.latencies_s if latency is not None]
    allowed = min(deadlines(one), default=one.deadline_s)
    missed = sum(outcome in ("missed", "failed") for outcome in one.outcomes)
    return _drawn(latencies, allowed, missed, axis, (one.p50, one.p95))


def _drawn(
    latencies: Sequence[float], allowed: float, missed: int, axis: LatencyAxis, quantiles: Iterable[Quantile] = ()
) -> str:
    parts = [f'<path class="axis" d="M0 {_LINE}H{axis.width:g}"/>']
    for quantile in quantiles:
        if quantile.low_s is not None and quantile.high_s is not None:
            left, right = axis(quantile.low_s), axis(quantile.high_s)
            width = max(right - left, 1)
            parts.append(f'<rect class="interval" x="{left:g}" y="{_LINE - 7}" width="{width:.1f}" height="14"/>')
    places = [axis(latency) for latency in latencies]
    parts.append(_columns(places) if len(places) > _MOST_DOTS else _dots(places))
    parts.append(f'<path class="deadline" d="M{axis(allowed):g} 6V{_HIGH}"/>')
    if missed:
        parts.append(f'<text class="missed" x="{axis.width:g}" y="10" text-anchor="end">✕ {missed} missed</text>')
    says = f"{len(latencies)} latencies against {allowed:g} s"
    return (
        f'<svg class="strip" role="img" aria-label="{escape(says)}" viewBox="0 0 {axis.width:g} {_HIGH}">'
        f"{''.join(parts)}</svg>"
    )


def _dots(places: Sequence[float]) -> str:
    return f'<path class="dots" d="{"".join(f"M{place:g} {_LINE}h0" for place in sorted(set(places)))}"/>'


def _columns(places: Sequence[float]) -> str:
    counts = Counter(int(place // _COLUMN) for place in places)
    tallest = max(counts.values())
    high = _LINE - 4
    drawn = "".join(
        f"M{column * _COLUMN + _COLUMN // 2} {_LINE}v-{max(1.0, count / tallest * high):.1f}"
        for column, count in sorted(counts.items())
    )
    return f'<path class="columns" d="{drawn}"/>'


def ruler(axis: LatencyAxis) -> str:
    """The axis itself, for the head of a column of strips."""
    ticks = "".join(
        f'<path class="axis" d="M{x:g} 14V20"/><text class="tick" x="{min(x, axis.width - 2):g}" y="11" '
        f'text-anchor="{"end" if x > axis.width - 16 else "middle"}">{name}</text>'
        for x, name in axis.ticks
    )
    at_once = '<text class="tick" x="0" y="11">at once</text>'
    return f'<svg class="strip" aria-hidden="true" viewBox="0 0 {axis.width:g} 20">{at_once}{ticks}</svg>'


def by_mandate(cases: Sequence[CaseResult], axis: LatencyAxis) -> str:
    """Of every mandate and control all its latencies against its tightest deadline."""
    found: dict[str, list[Expectation]] = {}
    for case in cases:
        for one in case.expectations:
            found.setdefault(one.name, []).append(one)
    return "".join(_mandate(name, found[name], axis) for name in sorted(found))


def _mandate(name: str, ones: Sequence[Expectation], axis: LatencyAxis) -> str:
    latencies = [latency for one in ones for latency in one.latencies_s if latency is not None]
    tightest_s = min(deadline for one in ones for deadline in [*deadlines(one), one.deadline_s])
    missed = sum(outcome in ("missed", "failed") for one in ones for outcome in one.outcomes)
    detected, proven = sum(one.detected for one in ones), sum(one.n for one in ones)
    asked = "1 expectation" if len(ones) == 1 else f"{len(ones)} expectations"
    longest = f"; longest {max(latencies):.3f} s" if latencies else ""
    return (
        f'<div class="expectation"><p><b>{escape(name)}</b> {detected} of {proven} in time<br>'
        f'<span class="facts">{asked}, tightest deadline {tightest_s:g} s{longest}</span></p>'
        f"{_drawn(latencies, tightest_s, missed, axis)}</div>"
    )


def ecdf(latencies_s: Sequence[float], axis: LatencyAxis, missed: int) -> str:
    """Share of everything due that was noticed within a time: the empirical distribution; misses keep it below 1."""
    high, total = 150.0, len(latencies_s) + missed
    left, bottom = 44.0, high - 24

    def y(share: float) -> float:
        return round(bottom - share * (bottom - 10), 1)

    path = [f"M{left + axis(0):g} {y(0)}"]
    last = -1.0
    for number, latency in enumerate(sorted(latencies_s), 1):
        x = left + axis(latency)
        path.append(f"H{x:g}V{y(number / total)}" if x != last else f"V{y(number / total)}")
        last = x
    path.append(f"H{left + axis.width:g}")
    shares = "".join(
        f'<path class="axis" d="M{left} {y(share)}H{left + axis.width:g}"/>'
        f'<text class="tick" x="{left - 6}" y="{y(share) + 4}" text-anchor="end">{share:.0%}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    ticks = "".join(
        f'<text class="tick" x="{left + x:g}" y="{high - 6:g}" text-anchor="middle">{name}</text>'
        for x, name in [(axis(0), "at once"), *axis.ticks]
    )
    says = f"share of {total} due detections noticed within a time, {missed} missed"
    return (
        f'<svg class="ecdf" role="img" aria-label="{escape(says)}" viewBox="0 0 {left + axis.width + 6:g} {high:g}">'
        f'{shares}{ticks}<path class="line" d="{"".join(path)}"/></svg>'
    )
