"""Closing words: what a suite found, on a terminal or in a pipe, from what decides to what is nice to know."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lab.cli.console import wrapped
from lab.scores.scoring import score_lines
from lab.suite.comparison import gate
from lab.suite.result import Comparison, SuiteResult
from lab.suite.wording import alarm_rate, gated, headline, plural, quantile, rate, seconds, tightest

_STYLES = {"pass": "bold green", "unknown": "bold yellow", "fail": "bold red"}
_MOST = 20
_TIGHTEST = 10
_WIDE = 120  # columns that the table of latencies takes with its intervals


def show_result(console: Console, result: SuiteResult) -> None:
    """Everything that a person wants to know before they open a file."""
    for case in result.cases:
        for seed in case.seeds:
            if seed.verdict != "pass":
                title = Text(f"\n{case.scenario} · {case.case} · seed {seed.seed}: ")
                console.print(title.append(seed.verdict, style=_STYLES[seed.verdict]))
                for reason in seed.reasons[:3]:
                    _say(console, "  ", reason)
                if len(seed.reasons) > 3:
                    console.print(f"  … and {len(seed.reasons) - 3} more in {seed.directory}")
    _show_latencies(console, result)
    alarms = result.false_alarms
    _say(console, "false alarms, nothing injected: ", alarm_rate(alarms.quiet))
    _say(console, "false alarms, all runs: ", alarm_rate(alarms.all))
    for one in alarms.by_mandate:
        if one.all.count:
            _say(console, f"  {one.mandate}: ", alarm_rate(one.all))
    if result.cross_fire:
        wrong = [one for one in result.cross_fire if one.false]
        cells = plural(len(result.cross_fire), "mandate")
        _say(console, "cross-fire: ", f"{cells} set off besides, {len(wrong)} of them falsely")
        for cell in wrong[:_MOST]:
            _say(console, "  ", f"{cell.scenario} ({cell.fault}) sets off {cell.mandate} falsely, {cell.false} times")
    if result.scores is not None:
        for label, text in score_lines(result.scores):
            _say(console, label, text)
    if result.comparison is not None:
        show_comparison(console, result.comparison)
    console.print(Text("\n").append(headline(result), style=_STYLES[result.verdict]))
    if result.comparison is not None and (told := gated(result.comparison)):
        console.print(Text(told, style=_STYLES[gate(result.comparison)]))


def show_comparison(console: Console, comparison: Comparison) -> None:
    """What differs from the baseline, what gates first."""
    console.print(
        f"\nagainst {comparison.baseline}: {plural(comparison.compared, 'expectation')} compared, "
        f"{comparison.same} the same, {plural(comparison.not_run, 'case')} not run"
    )
    for one in comparison.changed[:_MOST]:
        style = _STYLES[one.gates] if one.gates else "dim"
        where = " · ".join(part for part in (one.scenario, one.case, one.subject) if part)
        console.print(Text("  ").append(one.what, style=style).append(f"  {where}"))
        _say(console, "    ", f"was {one.before}, is {one.after}; {one.because}")
    if len(comparison.changed) > _MOST:
        console.print(f"  … and {len(comparison.changed) - _MOST} more in suite.json")
    if not comparison.changed:
        console.print("  nothing changed that matters")


def _show_latencies(console: Console, result: SuiteResult) -> None:
    nearest = tightest(result, _TIGHTEST)
    if not nearest:
        return
    known = sum(bool(one.n) for case in result.cases for one in case.expectations)
    of_how_many = f"the tightest {len(nearest)} of {known}" if known > len(nearest) else f"all {known}"
    console.print(f"\nlatencies against deadlines, {of_how_many}:")
    wide = console.width >= _WIDE
    table = Table(box=None, padding=(0, 2 if wide else 1, 0, 0), header_style="dim")
    table.add_column("expected", overflow="fold")
    heads = (
        ("in time, 95 %", "p50", "p95", "longest", "margin", "deadline") if wide else ("in time", "longest", "margin")
    )
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for case, one in nearest:
        name = f"{case.scenario}/{case.case} {one.key}"
        style = _STYLES["fail"] if one.detected < one.n else ""
        cells = (
            (rate(one), quantile(one.p50), quantile(one.p95), seconds(one.longest_s), seconds(one.margin_s),
             f"{one.deadline_s:g} s")
            if wide
            else (f"{one.detected}/{one.n}", seconds(one.longest_s), seconds(one.margin_s))
        )  # fmt: skip
        table.add_row(Text(name, style=style), *cells)
    console.print(table)


def _say(console: Console, label: str, text: str) -> None:
    for line in wrapped(label, " ".join(text.split()), console.width):
        console.print(line)
