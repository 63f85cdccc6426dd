"""What the scenario demands and what came of it: alerts, actions, containment, misses, assertions, prohibitions."""

from __future__ import annotations

from html import escape

from dashboards.run_page.model import Assertion, Containment, Demand, Expectation, Judgement
from dashboards.run_page.scale import clock
from dashboards.run_page.table import at, table

_OPS = {"above": "above", "below": "below", "at_least": "at least", "at_most": "at most"}


def demands(judgement: Judgement) -> str:
    """The section of the page."""
    count = len(judgement.false_alarms)
    parts = (
        _expectations(judgement),
        _containment(judgement),
        _what_follows(judgement),
        _misses(judgement),
        _assertions(judgement),
        _forbidden(judgement),
        f"<p>False alarms: <b>{count}</b></p>",
    )
    return f"<section><h2>What the scenario demands</h2>{''.join(parts)}</section>"


def _expectations(judgement: Judgement) -> str:
    rows = "".join(_expectation(one) for one in judgement.expectations)
    if not rows:
        return "<p>No alert was expected.</p>"
    return table(("alert", "asset", "severity", "due", "detected", "latency", "deadline", "verdict"), rows)


def _expectation(one: Expectation) -> str:
    deadline = f"{one.deadline_s:g} s of {one.of}"
    latency = "–" if one.latency_s is None else f"{one.latency_s:.3f} s"
    severity = "action" if one.action is not None else one.severity or "any"
    cells = (one.name, one.asset or "any", severity, at(one.due_at_s), at(one.detected_at_s))
    plain = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    verdict = one.verdict if one.verdict == "pass" else f"{one.verdict}: {one.outcome.replace('_', ' ')}"
    spans = (("injection", one.since_injection_s), ("effect", one.since_effect_s))
    since = ", ".join(f"{seconds:.3f} s since the {what}" for what, seconds in spans if seconds is not None)
    return (
        f'<tr>{plain}<td title="{since}">{latency}</td><td>{deadline}</td>'
        f'<td title="{escape(one.reason)}"><b class="{one.verdict}">{escape(verdict)}</b></td></tr>'
    )


def _containment(judgement: Judgement) -> str:
    rows = "".join(_contained(one, one.contained) for one in judgement.expectations if one.contained is not None)
    if not rows:
        return ""
    heads = ("harm", "due", "contained", "time to contain", "loss while uncontained", "orders meanwhile", "verdict")
    return f"<h3>Containment</h3>{table(heads, rows)}"


def _contained(one: Expectation, found: Containment) -> str:
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
    cells = (at(found.due_at_s), at(found.contained_at_s), to_contain, loss, orders)
    plain = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    accounts = escape(", ".join(found.accounts))
    return (
        f'<tr><td title="{accounts}">{escape(who)}</td>{plain}'
        f'<td title="{escape(found.reason)}"><b class="{found.verdict}">{found.verdict}</b></td></tr>'
    )


def _what_follows(judgement: Judgement) -> str:
    items = []
    for one in judgement.expectations:
        who = " ".join(part for part in (one.name, one.asset, one.severity) if part)
        for what, found in (("escalates", one.escalated), ("resolves", one.resolved)):
            if found is not None:
                items.append(_item(found.verdict, f"{who} {what} within {found.within_s:g} s: {_took(found)}"))
    return f"<h3>What had to follow</h3><ul>{''.join(items)}</ul>" if items else ""


def _took(found: Demand) -> str:
    return found.reason if found.took_s is None else f"{found.reason}, after {found.took_s:.3f} s"


def _misses(judgement: Judgement) -> str:
    items = []
    for miss in judgement.misses:
        who = " ".join(part for part in (miss.alert, miss.asset, miss.severity) if part)
        due = "" if miss.due_at_s is None else f" (due {clock(miss.due_at_s)})"
        items.append(_item(miss.verdict, f"{who}{due}: {miss.reason}"))
    return f"<h3>What no production API shows</h3><ul>{''.join(items)}</ul>" if items else ""


def _assertions(judgement: Judgement) -> str:
    items = [_item(one.verdict, f"{_bound(one)}: {one.reason}") for one in judgement.assertions]
    return f"<h3>Asserted of the world</h3><ul>{''.join(items)}</ul>" if items else ""


def _bound(one: Assertion) -> str:
    when = clock(one.from_at_s)
    if one.to_at_s != one.from_at_s:
        when += f" to {clock(one.to_at_s)}"
    parts = (one.quantity, one.of, _OPS[one.op], f"{one.value:,.10g}", one.unit, f"at {when}")
    return " ".join(part for part in parts if part)


def _forbidden(judgement: Judgement) -> str:
    items = [
        _item(one.verdict, f"{' '.join(part for part in (one.alert, one.asset, one.severity) if part)}: {one.reason}")
        for one in judgement.forbids
    ]
    return f"<h3>Forbidden</h3><ul>{''.join(items)}</ul>" if items else ""


def _item(verdict: str, text: str) -> str:
    return f'<li><b class="{verdict}">{verdict}</b> {escape(text)}</li>'
