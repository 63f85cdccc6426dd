"""A verdict as a person reads it in a terminal or a pipe."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from correlator.verdict import AssertionOutcome, ExpectationOutcome, Judgement, Verdict
from dashboards.run_page.scale import clock
from lab.playing.run_directory import RunDirectory

STYLES = {"pass": "bold green", "fail": "bold red", "unknown": "bold yellow"}
_MOST_LISTED = 20
_MOST_ACTIONS = 12
_WIDE = 104  # columns that the table takes with everything in a column of its own


def show_verdict(console: Console, judgement: Judgement, directory: RunDirectory, *, written: bool = True) -> None:
    """The verdict, what was expected and what came, false alarms, and where everything was, if it was, written."""
    title = Text(f"\n{judgement.scenario} · {judgement.case} · seed {judgement.seed}: ")
    console.print(title.append(judgement.verdict, style=STYLES[judgement.verdict]))
    for injection in judgement.injections:
        console.print(
            f"injection {injection.name} ({injection.fault}): began {_at(injection.began_at_s)}, "
            f"took effect {_at(injection.took_effect_at_s)}, ended {_at(injection.ended_at_s)}"
        )
    if judgement.expectations:
        console.print(_expectations(judgement.expectations, wide=console.width >= _WIDE))
    for one in judgement.expectations:
        for verdict, text in (*_followed(one), *_contained(one)):
            console.print(Text(f"  {text}: ").append(verdict, style=STYLES[verdict]))
    for miss in judgement.misses:
        who = " ".join(part for part in (miss.alert, miss.asset, miss.severity) if part)
        console.print(
            Text(f"expected miss {who}, due {_at(miss.due_at_s)}: ").append(miss.verdict, style=STYLES[miss.verdict])
        )
    for assertion in judgement.assertions:
        told = f"asserted {_bound(assertion)}: "
        console.print(Text(told).append(assertion.verdict, style=STYLES[assertion.verdict]))
    _show_actions(console, judgement)
    for forbid in judgement.forbids:
        subject = " ".join(part for part in (forbid.name, forbid.asset, forbid.severity) if part)
        console.print(Text(f"forbidden {subject}: ").append(forbid.verdict, style=STYLES[forbid.verdict]))
    console.print(f"false alarms: {len(judgement.false_alarms)}")
    for alert in judgement.false_alarms[:_MOST_LISTED]:
        console.print(f"  {clock(alert.fired_at_s)} {alert.alert} {alert.asset} {alert.severity}: {alert.reason}")
    if judgement.unexpected:
        console.print(f"true alerts that no expectation asked for: {len(judgement.unexpected)}")
    if judgement.unalerted:
        named = ", ".join(f"{rule.alert} {rule.asset} {rule.severity}" for rule in judgement.unalerted[:5])
        more = f" and {len(judgement.unalerted) - 5} more" if len(judgement.unalerted) > 5 else ""
        console.print(f"rules truly due without an alert: {named}{more}")
    if judgement.reasons:
        console.print("why:")
        for reason in judgement.reasons[:_MOST_LISTED]:
            console.print(f"  {reason}")
        if len(judgement.reasons) > _MOST_LISTED:
            console.print(f"  … and {len(judgement.reasons) - _MOST_LISTED} more in verdict.json")
    if written:
        console.print(f"wrote {directory.verdict} and {directory.report}")


def _followed(one: ExpectationOutcome) -> list[tuple[Verdict, str]]:
    """What had to come of an alert."""
    told: list[tuple[Verdict, str]] = []
    for what, found in (("escalated", one.escalated), ("resolved", one.resolved)):
        if found is not None:
            when = f"not {what}" if found.took_s is None else f"{what} after {found.took_s:.3f} s"
            told.append((found.verdict, f"{one.name} {when}, deadline {found.within_s:g} s"))
    return told


def _contained(one: ExpectationOutcome) -> list[tuple[Verdict, str]]:
    """How the harm was contained."""
    found = one.contained
    if found is None:
        return []
    if found.due_at_s is None:
        return [(found.verdict, f"{one.name}: {found.reason}")]
    when = "was not contained" if found.to_contain_s is None else f"contained in {found.to_contain_s:.3f} s"
    if found.within_s is not None:
        when += f" of {found.within_s:g} s"
    loss = "" if found.loss_usd is None else f", lost {found.loss_usd:,.2f} USD meanwhile"
    if found.loss_below_usd is not None:
        loss += f" of {found.loss_below_usd:,.10g}"
    orders = f"{found.orders} order{'' if found.orders == 1 else 's'}"
    return [(found.verdict, f"{one.name} {when}{loss}, {orders}")]


def _bound(one: AssertionOutcome) -> str:
    moment, until = _at(one.from_at_s), _at(one.to_at_s)
    when = f"at {moment}" if moment == until else f"from {moment} to {until}"
    observed = "" if one.observed is None else f" (was {one.observed:,.10g})"
    parts = (one.quantity, one.of, one.op.replace("_", " "), f"{one.value:,.10g}", one.unit, when)
    return " ".join(part for part in parts if part) + observed


def _show_actions(console: Console, judgement: Judgement) -> None:
    """Control actions, the first of them; the rest is on the page."""
    if judgement.actions:
        console.print(f"control actions: {len(judgement.actions)}")
    for action in judgement.actions[:_MOST_ACTIONS]:
        end = "" if action.ended_at_s is None else f", ended {_at(action.ended_at_s)}"
        how = f", failed {_at(action.failed_at_s)}" if action.failed_at_s is not None else ""
        how = f", done {_at(action.done_at_s)}" if action.done_at_s is not None else how
        console.print(f"  {_at(action.taken_at_s)} {action.control} {action.subject}{how}{end}")
    if len(judgement.actions) > _MOST_ACTIONS:
        console.print(f"  … and {len(judgement.actions) - _MOST_ACTIONS} more in verdict.json")


def _expectations(expectations: list[ExpectationOutcome], *, wide: bool) -> Table:
    """In a narrow terminal the three words that name a rule share a column, so that no word is torn."""
    table = Table(box=None, padding=(0, 2 if wide else 1, 0, 0), header_style="dim")
    for heading in ("alert", "asset", "severity") if wide else ("expected",):
        table.add_column(heading, no_wrap=wide)
    for heading in ("due", "detected", "latency", "deadline"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict")
    for one in expectations:
        kind = "action" if one.action is not None else one.severity or "any"
        rule = (one.name, one.asset or "any", kind)
        outcome = one.verdict if one.verdict == "pass" else f"{one.verdict}: {one.outcome.replace('_', ' ')}"
        table.add_row(
            *(rule if wide else (" ".join(rule),)),
            _at(one.due_at_s),
            _at(one.detected_at_s),
            "–" if one.latency_s is None else f"{one.latency_s:.3f} s",
            f"{one.deadline_s:g} s",
            Text(outcome, style=STYLES[one.verdict]),
        )
    return table


def _at(seconds: float | None) -> str:
    return "–" if seconds is None else clock(seconds)
