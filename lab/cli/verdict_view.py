"""A verdict as a person reads it in a terminal or a pipe."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from correlator.verdict import ExpectationOutcome, Judgement
from dashboards.run_page.scale import clock
from lab.run_directory import RunDirectory

_STYLES = {"pass": "bold green", "fail": "bold red", "unknown": "bold yellow"}
_MOST_LISTED = 20
_WIDE = 104  # columns that the table takes with everything in a column of its own


def show_verdict(console: Console, judgement: Judgement, directory: RunDirectory) -> None:
    """The verdict, what was expected and what came, false alarms, and where everything was written."""
    title = Text(f"\n{judgement.scenario} · {judgement.case} · seed {judgement.seed}: ")
    console.print(title.append(judgement.verdict, style=_STYLES[judgement.verdict]))
    for injection in judgement.injections:
        console.print(
            f"injection {injection.name} ({injection.fault}): began {_at(injection.began_at_s)}, "
            f"took effect {_at(injection.took_effect_at_s)}, ended {_at(injection.ended_at_s)}"
        )
    if judgement.expectations:
        console.print(_expectations(judgement.expectations, wide=console.width >= _WIDE))
    for forbid in judgement.forbids:
        subject = " ".join(part for part in (forbid.alert, forbid.asset, forbid.severity) if part)
        console.print(Text(f"forbidden {subject}: ").append(forbid.verdict, style=_STYLES[forbid.verdict]))
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
    console.print(f"wrote {directory.verdict} and {directory.report}")


def _expectations(expectations: list[ExpectationOutcome], *, wide: bool) -> Table:
    """In a narrow terminal the three words that name a rule share a column, so that no word is torn."""
    table = Table(box=None, padding=(0, 2 if wide else 1, 0, 0), header_style="dim")
    for heading in ("alert", "asset", "severity") if wide else ("expected",):
        table.add_column(heading, no_wrap=wide)
    for heading in ("due", "detected", "latency", "deadline"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict")
    for one in expectations:
        rule = (one.alert, one.asset or "any", one.severity or "any")
        outcome = one.verdict if one.verdict == "pass" else f"{one.verdict}: {one.outcome.replace('_', ' ')}"
        table.add_row(
            *(rule if wide else (" ".join(rule),)),
            _at(one.due_at_s),
            _at(one.detected_at_s),
            "–" if one.latency_s is None else f"{one.latency_s:.3f} s",
            f"{one.deadline_s:g} s",
            Text(outcome, style=_STYLES[one.verdict]),
        )
    return table


def _at(seconds: float | None) -> str:
    return "–" if seconds is None else clock(seconds)
