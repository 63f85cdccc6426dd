"""What happened, in full: every alert, every control action, what a person told the monitor."""

from __future__ import annotations

from html import escape

from dashboards.run_page.model import Action, Alert, Judgement
from dashboards.run_page.scale import clock, quantity
from dashboards.run_page.table import at, says, table

_MOST_ALERTS = 200
_MOST_ACTIONS = 200


def alerts(judgement: Judgement) -> str:
    """The section of every alert."""
    heads = ("alert", "asset", "severity", "fired", "resolved", "monitor saw", "limit", "truly so")
    rows = [_alert(alert) for alert in judgement.alerts[:_MOST_ALERTS]]
    listed = table(heads, rows, name="every alert") if rows else "<p>None fired.</p>"
    return f"<section><h2>Every alert</h2>{listed}{_more(len(judgement.alerts), _MOST_ALERTS)}</section>"


def _alert(alert: Alert) -> tuple[str, ...]:
    truth = "fires in the control too" if alert.in_control else alert.truth
    told = (alert.reason, *_care(alert), *alert.production_evidence)
    kind = "fail" if alert.truth == "false" else "plain"
    return (
        escape(alert.alert),
        escape(alert.asset),
        escape(alert.severity),
        at(alert.fired_at_s),
        at(alert.resolved_at_s),
        escape(quantity(alert.observed, alert.unit)),
        escape(quantity(alert.limit, alert.unit)),
        f'<details><summary><b class="{kind}">{escape(truth)}</b></summary>{says(*told)}</details>',
    )


def _care(alert: Alert) -> list[str]:
    cared = []
    if alert.acknowledged_at_s is not None:
        cared.append(f"acknowledged {clock(alert.acknowledged_at_s)}")
    if alert.escalated_at_s is not None:
        cared.append(f"escalated to {alert.escalated_to} {clock(alert.escalated_at_s)}")
    return cared


def actions(judgement: Judgement) -> str:
    """The section of control actions and of what a person said; empty where there were neither."""
    if not judgement.actions and not judgement.operator:
        return ""
    heads = ("control", "subject", "taken", "done", "failed", "ended", "set off by", "credit")
    rows = [_action(action) for action in judgement.actions[:_MOST_ACTIONS]]
    listed = table(heads, rows, name="every control action") if rows else "<p>None was taken.</p>"
    said = "".join(
        f"<li>{at(one.at_s)} {escape(one.by)}: {escape(one.command)} {escape(one.subject[:80])}: "
        f"{escape(one.reason)}</li>"
        for one in judgement.operator[:_MOST_ACTIONS]
    )
    told = f"<h3>What a person told the monitor</h3><ul>{said}</ul>" if said else ""
    more = _more(len(judgement.actions), _MOST_ACTIONS)
    return f"<section><h2>Every control action</h2>{listed}{more}{told}</section>"


def _action(action: Action) -> tuple[str, ...]:
    return (
        escape(action.control),
        f'<span title="{escape(action.detail)}">{escape(action.subject)}</span>',
        at(action.taken_at_s),
        at(action.done_at_s),
        at(action.failed_at_s),
        at(action.ended_at_s),
        escape(action.trigger),
        "taken in the control too" if action.in_control else "",
    )


def _more(count: int, shown: int) -> str:
    return f"<p>… and {count - shown} more in verdict.json.</p>" if count > shown else ""
