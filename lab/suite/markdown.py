"""Markdown of a suite: the summary under a pull request, from what decides to what is nice to know.

GitHub refuses comments beyond 65,536 signs and job summaries beyond 1 MiB, so every table is cut and says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lab.scores.scoring import score_lines
from lab.suite.comparison import decisive
from lab.suite.result import Changed, CrossFire, SuiteResult
from lab.suite.wording import alarm_rate, gated, headline, otherwise, plural, quantile, rate, seconds, tightest

BYTES_LIMIT = 60_000
_ROWS = 40
_CELL = 160  # signs
_MARKUP = re.compile(r"[\\`*\[\]~|]|(?<![^\W_])_|_(?![^\W_])")
"""Signs that mean something in GitHub's Markdown. An underscore within a word does not, and names are full of them."""
_SIGNS = {"pass": "✅", "unknown": "❔", "fail": "❌"}


def markdown(result: SuiteResult) -> str:
    """The summary, at most 60,000 bytes."""
    verdict, title = decisive(result), headline(result)
    if result.comparison is not None and verdict != result.verdict:
        title = f"{gated(result.comparison)}; by itself {title}"
    blocks = [f"## {_SIGNS[verdict]} risk monitor: {title}\n"]
    if result.comparison is not None:
        compared = result.comparison
        blocks.append(
            f"Against `{compared.baseline}`: {plural(compared.compared, 'expectation')} compared, "
            f"{compared.same} the same under every common seed, {plural(compared.not_run, 'case')} not run.\n"
        )
        blocks.append(_changes(compared.changed))
    blocks.append(_not_passed(result))
    blocks.append(_latencies(result))
    alarms = result.false_alarms
    blocks.append(
        "### False alarms\n\n"
        + _table(
            ("mandate", "quiet runs, 95 %", "all runs, 95 %", "forbidden"),
            [
                ("all", alarm_rate(alarms.quiet), alarm_rate(alarms.all), ""),
                *(
                    (one.mandate, alarm_rate(one.quiet), alarm_rate(one.all), str(one.forbidden))
                    for one in alarms.by_mandate
                    if one.all.count
                ),
            ],
        )
    )
    if result.cross_fire:
        blocks.append(_cross_fire(result.cross_fire))
    if result.scores is not None:
        told = "".join(f"- {label}{text}\n" for label, text in score_lines(result.scores))
        blocks.append(f"### Scores\n\n{told}")
    made = f"code {result.code[:12] or 'unknown'}, {plural(result.seeds, 'seed')} a case"
    how = otherwise(result)
    blocks.append(f"<sub>{made}{', ' if how else ''}{_cell(how)}.</sub>\n")
    text = ""
    for block in blocks:
        if len(f"{text}{block}\n".encode()) > BYTES_LIMIT - 100:
            text += "… the rest is in suite.json.\n"
            break
        text += f"{block}\n"
    return text


def _changes(changed: Sequence[Changed]) -> str:
    rows = [
        (
            f"{_SIGNS['fail'] if one.gates == 'fail' else _SIGNS['unknown'] if one.gates else ''} {one.what}",
            f"{one.scenario} · {one.case}", one.subject, one.before, one.after, one.because,
        )
        for one in changed
    ]  # fmt: skip
    return "### What changed\n\n" + _table(("", "case", "of", "before", "now", "because"), rows)


def _not_passed(result: SuiteResult) -> str:
    rows = [
        (
            f"{_SIGNS[seed.verdict]} {seed.verdict}",
            f"{case.scenario} · {case.case}",
            str(seed.seed),
            "; ".join(seed.reasons),
        )
        for verdict in ("fail", "unknown")
        for case in result.cases
        for seed in case.seeds
        if seed.verdict == verdict
    ]
    return "### Not passed\n\n" + _table(("verdict", "case", "seed", "why"), rows)


def _latencies(result: SuiteResult) -> str:
    rows = [
        (
            f"{case.scenario} · {case.case}", one.key, rate(one), quantile(one.p50), quantile(one.p95),
            quantile(one.p99), seconds(one.longest_s), seconds(one.margin_s), f"{one.deadline_s:g} s",
        )
        for case, one in tightest(result, _ROWS)
    ]  # fmt: skip
    heads = ("case", "expected", "in time, 95 %", "p50", "p95", "p99", "longest", "smallest margin", "deadline")
    known = sum(bool(one.n) for case in result.cases for one in case.expectations)
    title = "### Latencies against deadlines" + (f", the tightest {_ROWS} of {known}" if known > _ROWS else "")
    return f"{title}\n\n" + _table(heads, rows)


def _cross_fire(cells: Sequence[CrossFire]) -> str:
    rows = [
        (f"{one.scenario} ({one.fault})", one.mandate, str(one.true), str(one.false), str(one.doubtful),
         f"{one.cases} of {one.runs}")
        for one in sorted(cells, key=lambda one: (-one.false, -one.true, one.scenario, one.fault, one.mandate))
    ]  # fmt: skip
    heads = ("harm", "also sets off", "true", "false", "in doubt", "runs")
    return "<details><summary>Cross-fire</summary>\n\n" + _table(heads, rows) + "\n</details>\n"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "Nothing.\n"
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows[:_ROWS]]
    more = f"\n… and {len(rows) - _ROWS} more in suite.json.\n" if len(rows) > _ROWS else ""
    return "\n".join(lines) + "\n" + more


def _cell(text: str) -> str:
    """One line that breaks no table and forges no markup."""
    flat = " ".join(text.split())
    flat = flat if len(flat) <= _CELL else flat[: _CELL - 1] + "…"
    flat = _MARKUP.sub(r"\\\g<0>", flat)
    for sign, plain in (("&", "&amp;"), ("<", "&lt;"), ("@", "@\u200b")):
        flat = flat.replace(sign, plain)
    return flat
