"""What other deadlines change of a verdict, as a person reads it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from correlator.verdict import ExpectationOutcome, Judgement
from lab.cli.verdict_view import STYLES


def show_changes(console: Console, before: Judgement, after: Judgement) -> None:
    """Under what was judged, and every expectation and check whose deadline or verdict is another now."""
    console.print(f"judged under: {after.judged_under}")
    console.print(_change("verdict", before.verdict, after.verdict))
    pairs = _paired(before.expectations, after.expectations)
    changed = [(one, other) for one, other in pairs if one is None or other is None or _differ(one, other)]
    if changed:
        table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
        table.add_column("expected")
        for heading in ("latency", "deadline", "margin"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("verdict")
        for one, other in changed:
            table.add_row(*_row(one, other))
        console.print(table)
    checks = {check.name: check.verdict for check in before.checks}
    for check in after.checks:
        if checks.get(check.name, check.verdict) != check.verdict:
            console.print(_change(f"check {check.name}", checks[check.name], check.verdict))
    if not changed and before.verdict == after.verdict:
        console.print("nothing changes")


def _paired(
    before: list[ExpectationOutcome], after: list[ExpectationOutcome]
) -> list[tuple[ExpectationOutcome | None, ExpectationOutcome | None]]:
    """The same expectations on both sides, in the order of ``after``; then those that are asked no more."""
    left = list(before)
    pairs: list[tuple[ExpectationOutcome | None, ExpectationOutcome | None]] = []
    for one in after:
        match = next((other for other in left if _rule(other) == _rule(one)), None)
        if match is not None:
            left.remove(match)
        pairs.append((match, one))
    return [*pairs, *((one, None) for one in left)]


def _rule(one: ExpectationOutcome) -> tuple[str | None, ...]:
    return (one.alert, one.action, one.asset, one.severity, one.injection, one.origin)


def _differ(one: ExpectationOutcome, other: ExpectationOutcome) -> bool:
    return (one.deadline_s, one.verdict, one.outcome) != (other.deadline_s, other.verdict, other.outcome)


def _row(before: ExpectationOutcome | None, after: ExpectationOutcome | None) -> tuple[str | Text, ...]:
    one = after or before
    assert one is not None
    name = " ".join(word for word in (one.name, one.asset, one.severity) if word)
    latency = "–" if one.latency_s is None else f"{one.latency_s:.3f} s"
    deadline = _both(
        None if before is None else f"{before.deadline_s:g} s", None if after is None else f"{after.deadline_s:g} s"
    )
    margin = _both(None if before is None else _margin(before), None if after is None else _margin(after))
    return name, latency, deadline, margin, _verdicts(before, after)


def _margin(one: ExpectationOutcome) -> str:
    """From the alert to its deadline."""
    if one.deadline_at_s is None or one.detected_at_s is None:
        return "–"
    return f"{one.deadline_at_s - one.detected_at_s:.3f} s"


def _both(before: str | None, after: str | None) -> str:
    if before == after:
        return after or "–"
    return f"{before or 'not asked'} → {after or 'not asked'}"


def _verdicts(before: ExpectationOutcome | None, after: ExpectationOutcome | None) -> Text:
    told = Text("not asked" if before is None else before.verdict)
    if after is None:
        return told.append(" → not asked")
    if before is not None and before.verdict == after.verdict:
        told = Text()
    else:
        told.append(" → ")
    outcome = after.verdict if after.verdict == "pass" else f"{after.verdict}: {after.outcome.replace('_', ' ')}"
    return told.append(outcome, style=STYLES[after.verdict])


def _change(what: str, before: str, after: str) -> Text:
    if before == after:
        return Text(f"{what}: {after}, as before")
    return Text(f"{what}: {before} → ").append(after, style=STYLES.get(after, ""))
