"""What the scenario demands and what came of it: alerts, actions, containment, misses, assertions, prohibitions."""

from __future__ import annotations

from html import escape

from dashboards.run_page.model import Assertion, Containment, Demand, Expectation, Judgement
from dashboards.run_page.scale import clock
from dashboards.run_page.table import at, item, judged, says, table

_OPS = {"above": "above", "below": "below", "at_least": "at least", "at_most": "at most"}
_BAR = 96  # pixels from due to the deadline
_LONGEST = 1.25  # of the bar, for what came late


def demands(judgement: Judgement) -> str:
    """The section of the page."""
    parts = (
        _expectations(judgement),
        _containment(judgement),
        _what_follows(judgement),
        _misses(judgement),
        _assertions(judgement),
        _forbidden(judgement),
    )
    return f"<section><h2>What the scenario demands</h2>{''.join(parts)}</section>"


def _expectations(judgement: Judgement) -> str:
    if not judgement.expectations:
        return "<p>No alert was expected.</p>"
    heads = ("demanded", "due", "came", "latency", "allowed", "margin to the deadline", "verdict")
    rows = [_expectation(one) for one in judgement.expectations]
    return table(heads, rows, name="what was demanded, and what came of it", stacked=True)


def _expectation(one: Expectation) -> tuple[str, ...]:
    latency = "–" if one.latency_s is None else f"{one.latency_s:.3f} s"
    verdict = one.verdict if one.verdict == "pass" else f"{one.verdict}: {one.outcome.replace('_', ' ')}"
    spans = (("injection", one.since_injection_s), ("effect", one.since_effect_s))
    since = ", ".join(f"{seconds:.3f} s since the {what}" for what, seconds in spans if seconds is not None)
    return (
        escape(one.label),
        at(one.due_at_s),
        at(one.detected_at_s),
        latency,
        f"{one.deadline_s:g} s of {escape(one.of)}",
        _margin(one),
        f"<details><summary>{judged(one.verdict, verdict)}</summary>{says(one.reason, since)}</details>",
    )


def _margin(one: Expectation) -> str:
    """How much of the time allowed was used: a bar from due to the deadline, and the seconds left in words."""
    margin_s = one.margin_s
    if margin_s is None:
        return "–"
    used = 1.0 - margin_s / one.deadline_s if one.deadline_s else (0.0 if margin_s >= 0 else 2.0)
    x = round(_BAR * min(max(used, 0.0), _LONGEST), 1)
    kind = "used" if margin_s >= 0 else "used late"
    words = f"{margin_s:.3f} s left" if margin_s >= 0 else f"{-margin_s:.3f} s late"
    return (
        f'<svg class="margin" width="{_BAR * _LONGEST + 4:g}" height="14" aria-hidden="true">'
        f'<rect class="allowed" y="4" width="{_BAR}" height="6"/><rect class="{kind}" y="4" width="{x}" height="6"/>'
        f'<path class="moment" d="M{x + 1} 1v12"/><path class="deadline" d="M{_BAR} 0v14"/></svg> {words}'
    )


def _containment(judgement: Judgement) -> str:
    rows = [_contained(one, one.contained) for one in judgement.expectations if one.contained is not None]
    if not rows:
        return ""
    heads = ("harm", "due", "contained", "time to contain", "loss while uncontained", "orders meanwhile", "verdict")
    return f"<h3>Containment</h3>{table(heads, rows, name='containment', stacked=True)}"


def _contained(one: Expectation, found: Containment) -> tuple[str, ...]:
    to_contain = "never" if found.due_at_s is not None else "–"
    if found.to_contain_s is not None:
        to_contain = f"{found.to_contain_s:.3f} s"
    if found.within_s is not None:
        to_contain += f" of {found.within_s:g} s"
    loss = "–" if found.loss_usd is None else f"{found.loss_usd:,.2f} USD"
    if found.loss_below_usd is not None:
        loss += f" of {found.loss_below_usd:,.10g} USD"
    orders = str(found.orders)
    if found.no_orders_after_s is not None:
        orders += f", none after {found.no_orders_after_s:g} s"
    who = " ".join(part for part in (one.name, one.asset) if part)
    return (
        f'<span title="{escape(", ".join(found.accounts))}">{escape(who)}</span>',
        at(found.due_at_s),
        at(found.contained_at_s),
        to_contain,
        loss,
        orders,
        f"<details><summary>{judged(found.verdict)}</summary>{says(found.reason)}</details>",
    )


def _what_follows(judgement: Judgement) -> str:
    items = []
    for one in judgement.expectations:
        who = " ".join(part for part in (one.name, one.asset, one.severity) if part)
        for what, found in (("escalates", one.escalated), ("resolves", one.resolved)):
            if found is not None:
                items.append(item(found.verdict, f"{who} {what} within {found.within_s:g} s: {_took(found)}"))
    return f"<h3>What had to follow</h3><ul>{''.join(items)}</ul>" if items else ""


def _took(found: Demand) -> str:
    return found.reason if found.took_s is None else f"{found.reason}, after {found.took_s:.3f} s"


def _misses(judgement: Judgement) -> str:
    items = []
    for miss in judgement.misses:
        who = " ".join(part for part in (miss.alert, miss.asset, miss.severity) if part)
        due = "" if miss.due_at_s is None else f" (due {clock(miss.due_at_s)})"
        items.append(item(miss.verdict, f"{who}{due}: {miss.reason}"))
    return f"<h3>What no production API shows</h3><ul>{''.join(items)}</ul>" if items else ""


def _assertions(judgement: Judgement) -> str:
    items = [item(one.verdict, f"{_bound(one)}: {one.reason}") for one in judgement.assertions]
    return f"<h3>Asserted of the world</h3><ul>{''.join(items)}</ul>" if items else ""


def _bound(one: Assertion) -> str:
    when = clock(one.from_at_s)
    if one.to_at_s != one.from_at_s:
        when += f" to {clock(one.to_at_s)}"
    parts = (one.quantity, one.of, _OPS[one.op], f"{one.value:,.10g}", one.unit, f"at {when}")
    return " ".join(part for part in parts if part)


def _forbidden(judgement: Judgement) -> str:
    items = [
        item(one.verdict, f"{' '.join(part for part in (one.name, one.asset, one.severity) if part)}: {one.reason}")
        for one in judgement.forbids
    ]
    return f"<h3>Forbidden</h3><ul>{''.join(items)}</ul>" if items else ""
