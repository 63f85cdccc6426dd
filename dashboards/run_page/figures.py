"""Figures: the places of the measures on the page, with what can be said of each in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from dashboards.run_page.measures import Measure
from dashboards.run_page.scale import quantity

_MOST_OPEN = 16


def figures(measures: Sequence[Measure]) -> str:
    """A figure for every measure that matters; the script draws into it."""
    drawn = [_figure(place, one) for place, one in enumerate(measures) if one.matters]
    if not drawn:
        return "<p>No measure was breached, alerted or asked about.</p>"
    first, rest = drawn[:_MOST_OPEN], drawn[_MOST_OPEN:]
    summary = f"<summary>{len(rest)} more measures that were breached or alerted</summary>"
    return "".join(first) + (f"<details>{summary}{''.join(rest)}</details>" if rest else "")


def _figure(place: int, measure: Measure) -> str:
    unit = f'<span class="unit">{escape(measure.unit_said)}</span>' if measure.unit else ""
    worst = f"at {'least' if measure.below else 'most'} {escape(quantity(measure.worst, measure.unit))}"
    return (
        f"<figure><figcaption><b>{escape(measure.title)}</b> <span>{escape(measure.asset)}</span> {unit} "
        f'<span>{worst}</span><output data-measure="{place}"></output></figcaption>'
        f'<div class="chart" data-measure="{place}"></div></figure>'
    )


def within_limits(measures: Sequence[Measure]) -> str:
    """The section of measures that nothing befell, the one nearest to its limit first; each opens into its chart."""
    quiet = [(place, one) for place, one in enumerate(measures) if not one.matters]
    if not quiet:
        return ""
    quiet.sort(key=lambda pair: (-_used(pair[1]), pair[0]))
    rows = "".join(_quiet(place, one) for place, one in quiet)
    return (
        f"<section><h2>{len(quiet)} measures that stayed within their limits</h2>"
        f'<p class="facts">The one that came nearest to its first limit stands first. Open one to see its truth over '
        f'time.</p><div class="quiet">{rows}</div></section>'
    )


def _quiet(place: int, measure: Measure) -> str:
    worst = f"at {'least' if measure.below else 'most'} {quantity(measure.worst, measure.unit)}"
    limit = "no limit"
    if measure.bounds:
        severity, bound = measure.bounds[0]
        limit = f"{severity} {'below' if measure.below else 'above'} {quantity(bound, measure.unit)}"
    share = f", {measure.worst / measure.bounds[0][1]:.0%} of it" if _used(measure) > 0 else ""
    return (
        f'<details data-measure="{place}"><summary><b>{escape(measure.title)} {escape(measure.asset)}</b> '
        f'<span>{escape(worst)}</span> <span>{escape(limit)}{share}</span><span class="drawn"></span>'
        "</summary></details>"
    )


def _used(measure: Measure) -> float:
    """How much of the way to its first limit was used: 1 at the limit. 0 where that says nothing."""
    if not measure.bounds:
        return 0.0
    bound = measure.bounds[0][1]
    over, under = (bound, measure.worst) if measure.below else (measure.worst, bound)
    if under <= 0 or not math.isfinite(over / under):
        return 0.0
    return max(0.0, over / under)
