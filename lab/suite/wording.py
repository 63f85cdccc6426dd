"""Wording: how the figures of a suite are said, the same on a terminal, in a pull request and to a CI server."""

from __future__ import annotations

import math
import shlex

from lab.suite.result import CaseResult, Comparison, ExpectationStats, Quantile, Rate, SuiteResult

NOTHING = "–"


def headline(result: SuiteResult) -> str:
    """``fail: 40 runs of 12 cases: 37 pass, 1 fail, 2 unknown``."""
    runs = sum(result.counts.values())
    counts = ", ".join(f"{count} {verdict}" for verdict, count in result.counts.items())
    cut = "; interrupted, not every case was played" if result.interrupted else ""
    return f"{result.verdict}: {plural(runs, 'run')} of {plural(len(result.cases), 'case')}: {counts}{cut}"


def gated(comparison: Comparison) -> str:
    """``fail: 2 regressions against baseline.json``; "" where no change gates."""
    gates = [one.gates for one in comparison.changed]
    if count := gates.count("fail"):
        return f"fail: {plural(count, 'regression')} against {comparison.baseline}"
    if count := gates.count("unknown"):
        return f"unknown: {plural(count, 'proof')} of {comparison.baseline} {'is' if count == 1 else 'are'} gone"
    return ""


def rate(one: ExpectationStats) -> str:
    """``8/8, 63 to 100 %``, rounded outwards: what is told holds all that the interval does."""
    if one.rate_low is None or one.rate_high is None:
        return f"0/0, {one.unknown} unknown"
    doubtful = f", {one.unknown} unknown" if one.unknown else ""
    low, high = math.floor(100 * one.rate_low), math.ceil(100 * one.rate_high)
    return f"{one.detected}/{one.n}, {low} to {high} %{doubtful}"


def quantile(one: Quantile) -> str:
    """``2.10 s (1.9 to 2.4)``; an end that n cannot give is left open."""
    if one.value_s is None:
        return NOTHING
    if one.low_s is None and one.high_s is None:
        return seconds(one.value_s)
    low = "…" if one.low_s is None else f"{one.low_s:.3g}"
    high = "…" if one.high_s is None else f"{one.high_s:.3g}"
    return f"{seconds(one.value_s)} ({low} to {high})"


def seconds(value_s: float | None) -> str:
    """``2.104 s``."""
    return NOTHING if value_s is None else f"{value_s:.3f} s"


def alarm_rate(one: Rate) -> str:
    """``0 in 1.25 simulated days: 0 a day, 0 to 2.95``."""
    told = f"{one.count} in {one.simulated_days:.3g} simulated days"
    if one.per_day is None or one.low is None or one.high is None:
        return told
    return f"{told}: {one.per_day:.3g} a day, {one.low:.3g} to {one.high:.3g}"


def expectation_lines(case: CaseResult, seed: int) -> list[str]:
    """What was expected under one seed and what came, a line each."""
    lines = []
    for one in case.expectations:
        if seed in one.seeds:
            place = one.seeds.index(seed)
            lines.append(
                f"{one.key}: {one.outcomes[place].replace('_', ' ')}, latency {seconds(one.latencies_s[place])}, "
                f"margin {seconds(one.margins_s[place])} of {one.deadline_s:g} s"
            )
    return lines


def tightest(result: SuiteResult, most: int) -> list[tuple[CaseResult, ExpectationStats]]:
    """The expectations nearest to their deadline, by the share of it that is left; those never met come first."""
    known = [(case, one) for case in result.cases for one in case.expectations if one.n]
    return sorted(known, key=lambda each: (_left(each[1]), each[0].scenario, each[0].case, each[1].key))[:most]


def _left(one: ExpectationStats) -> float:
    if one.margin_s is None or one.detected < one.n:
        return -1.0
    return one.margin_s / one.deadline_s if one.deadline_s else 0.0


def other_terms(runs: int) -> str:
    """``2 runs judged under other terms than their own scenario's``."""
    return f"{plural(runs, 'run')} judged under other terms than {'its' if runs == 1 else 'their'} own scenario's"


def again(result: SuiteResult, case: CaseResult, seed: int) -> str:
    """The command that plays one run of a suite again, with everything that was set."""
    sets = [word for text in result.sets for word in ("--set", text)]
    if not result.monitor:
        return shlex.join(["lab", "run", case.file, "--case", case.case, "--seed", str(seed), *sets])
    sets += ["--set", f"seed={seed}"]  # `lab run` plays our own monitor only
    return shlex.join(["lab", "suite", case.file, "--case", case.case, *sets, "--monitor", result.monitor])


def otherwise(result: SuiteResult) -> str:
    """``set: limits=ours, monitor: their/monitor``; "" where nothing was set and the monitor is ours."""
    told = [f"set: {', '.join(result.sets)}"] if result.sets else []
    return ", ".join([*told, f"monitor: {result.monitor}"] if result.monitor else told)


def plural(count: int, noun: str) -> str:
    """``1 case``, ``2 cases``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
