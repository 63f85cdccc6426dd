"""Timeline: what was true above what was seen, row by row on one axis of time, as data that the page's script draws."""

from __future__ import annotations

import msgspec

from dashboards.run_page.model import Alert, Judgement, Rule
from dashboards.run_page.scale import clock, quantity

MOST_ROWS = 60


class Item(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of time in a row, or a moment (``ends_s`` null). ``kind`` is its CSS class, ``says`` what it is."""

    kind: str
    begins_s: float
    ends_s: float | None
    says: str


class Row(msgspec.Struct, frozen=True):
    """A line of the timeline: what was ``true`` of the thing that ``label`` names, and what was ``seen`` of it."""

    label: str
    true: list[Item]
    seen: list[Item]


class Group(msgspec.Struct, frozen=True):
    """Rows of one sort; ``more`` counts those that there is no room for."""

    title: str
    rows: list[Row]
    more: int = 0


def timeline(judgement: Judgement) -> list[Group]:
    """The groups from top to bottom: injections, rules, control actions."""
    end_s = judgement.ended.at_s
    groups = (
        ("injected", _injections(judgement, end_s)),
        ("truth and alerts, rule by rule", _rules(judgement, end_s)),
        ("harm and control actions", _actions(judgement, end_s)),
    )
    return [
        Group(title, rows[:MOST_ROWS], max(0, len(rows) - MOST_ROWS))
        for title, rows in groups
        if rows or title == "injected"
    ]


def _injections(judgement: Judgement, end_s: float) -> list[Row]:
    rows = []
    for one in judgement.injections:
        items = []
        if one.began_at_s is not None:
            says = f"injected {one.name} since {clock(one.began_at_s)}"
            items.append(Item("injected", one.began_at_s, _until(one.ended_at_s, end_s), says))
        if one.took_effect_at_s is not None:
            items.append(Item("effect", one.took_effect_at_s, None, f"{one.name} took effect"))
        rows.append(Row(f"{one.name} ({one.fault})", items, []))
    return rows


def _rules(judgement: Judgement, end_s: float) -> list[Row]:
    """Rules that were broken or alerted of; those with an alert first, in the order of their first moment."""
    breached = {(rule.alert, rule.asset, rule.severity): rule for rule in judgement.rules if rule.intervals}
    alerted: dict[tuple[str, str, str], list[Alert]] = {}
    for alert in judgement.alerts:
        alerted.setdefault((alert.alert, alert.asset, alert.severity), []).append(alert)
    silent = sorted(breached.keys() - alerted.keys(), key=lambda key: (breached[key].intervals[0].began_at_s, key))
    rows = []
    for key in [*alerted, *silent]:
        rule = breached.get(key)
        true = _breaches(rule, end_s) if rule is not None else []
        rows.append(Row(" ".join(key), true, [item for alert in alerted.get(key, ()) for item in _alert(alert, end_s)]))
    return rows


def _breaches(rule: Rule, end_s: float) -> list[Item]:
    name = f"{rule.alert} {rule.asset} {rule.severity}"
    items = []
    for breach in rule.intervals:
        peak = (
            f"{name} beyond {rule.bound} since {clock(breach.began_at_s)}, at worst {quantity(breach.peak, rule.unit)}"
        )
        items.append(Item(f"breach {rule.severity}", breach.began_at_s, _until(breach.ended_at_s, end_s), peak))
        if breach.due_at_s is not None:
            items.append(Item("due", breach.due_at_s, None, f"{name} due"))
    return items


def _alert(alert: Alert, end_s: float) -> list[Item]:
    name = f"{alert.alert} {alert.asset} {alert.severity}"
    items = []
    if alert.fired_at_s > alert.pending_since_at_s:
        items.append(Item("pending", alert.pending_since_at_s, alert.fired_at_s, f"{name} pending"))
    is_false = alert.truth == "false"
    value = f"{quantity(alert.observed, alert.unit)} against {quantity(alert.limit, alert.unit)}"
    says = f"{'FALSE ALARM ' if is_false else ''}{name} firing since {clock(alert.fired_at_s)}: {value}"
    kind = "false_alarm" if is_false else f"firing {alert.severity}"
    items.append(Item(kind, alert.fired_at_s, _until(alert.resolved_at_s, end_s), says))
    if alert.acknowledged_at_s is not None:
        items.append(Item("told", alert.acknowledged_at_s, None, f"{name} acknowledged"))
    if alert.escalated_at_s is not None:
        items.append(Item("escalated", alert.escalated_at_s, None, f"{name} escalated to {alert.escalated_to}"))
    return items


def _actions(judgement: Judgement, end_s: float) -> list[Row]:
    """How long harm was uncontained, what each control did about it, and what a person said."""
    true: dict[str, list[Item]] = {}
    seen: dict[str, list[Item]] = {}
    for one in judgement.expectations:
        found = one.contained
        if found is not None and found.due_at_s is not None:
            label = " ".join(part for part in (one.name, one.asset) if part)
            says = f"{label} uncontained since {clock(found.due_at_s)}: {found.reason}"
            item = Item("uncontained", found.due_at_s, _until(found.contained_at_s, end_s), says)
            true.setdefault(label, []).append(item)
    for action in judgement.actions:
        label = f"{action.control} {action.subject}"
        says = f"{label} since {clock(action.taken_at_s)}: {action.trigger}; {action.detail}"
        items = seen.setdefault(label, [])
        items.append(Item("action", action.taken_at_s, _until(action.ended_at_s, end_s), says))
        if action.done_at_s is not None:
            items.append(Item("done", action.done_at_s, None, f"{label} done"))
        if action.failed_at_s is not None:
            items.append(Item("failed", action.failed_at_s, None, f"{label} failed: {action.detail}"))
    for one_said in judgement.operator:
        says = f"{one_said.by}: {one_said.command} {one_said.subject[:80]}: {one_said.reason}"
        seen.setdefault("operator", []).append(Item("told", one_said.at_s, None, says))
    labels = [*true, *(label for label in seen if label not in true)]
    return [Row(label, true.get(label, []), seen.get(label, [])) for label in labels]


def _until(ended_at_s: float | None, end_s: float) -> float:
    return end_s if ended_at_s is None else ended_at_s
