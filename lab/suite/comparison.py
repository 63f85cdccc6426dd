"""Comparison: what differs from the baseline, and which of it is a regression.

A run is a function of scenario, seed and code, so under one seed two results differ only if something was changed.
Seeds that both sides have are therefore compared one by one; noise is what *other* seeds would have given, and that is
what the rank test weighs. The rule stands in ``docs/explanation/statistics.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from correlator.verdict import Verdict, worst
from lab.suite.baseline import Baseline, CaseBaseline, case_baseline
from lab.suite.latencies import compare_expectation, named
from lab.suite.result import Changed, Comparison, SuiteResult

_ORDER = {"fail": 0, "unknown": 1, "": 2}


def compare(result: SuiteResult, baseline: Baseline, *, name: str, selected: Collection[Path] = ()) -> Comparison:
    """Compare a result with a baseline called ``name``, what gates first.

    A case of the baseline is *gone* if its file is, or lies below, one of the ``selected`` paths and it was not played;
    where the result is ``narrowed``, or the suite was interrupted, it is just not run.
    """
    now = {f"{case.scenario}/{case.case}": case_baseline(case) for case in result.cases}
    changed: list[Changed] = []
    same = compared = not_run = 0
    for key in sorted({*now, *baseline.cases}):
        scenario, _, case = key.partition("/")
        before, after = baseline.cases.get(key), now.get(key)
        if after is None:
            assert before is not None
            if result.narrowed or result.interrupted or not _covers(selected, before.file):
                not_run += 1
                continue
            because = f"{before.file} is selected and has no such case"
            changed.append(Changed("case gone", "unknown", scenario, case, "", _seeds(before.seeds), "–", because))
        elif before is None:
            because = "the baseline does not know it; `lab baseline update` takes it up"
            changed.append(Changed("case new", "", scenario, case, "", "–", _seeds(after.seeds), because))
        else:
            for subject in sorted({*before.expectations, *after.expectations}):
                old, new = before.expectations.get(subject), after.expectations.get(subject)
                if old is not None and new is not None:
                    compared += 1
                    found = compare_expectation(old, new, baseline.rule)
                    same += found is None
                    if found is not None and found.what is not None:
                        changed.append(
                            Changed(found.what, found.gates, scenario, case, subject,
                                    found.before, found.after, found.because)
                        )  # fmt: skip
                    if old.deadline_s != new.deadline_s:
                        changed.append(_another_deadline(scenario, case, subject, old.deadline_s, new.deadline_s))
                elif new is None and not after.expectations and _is_in_doubt(after):
                    continue  # nothing was judged, and that is told as newly unknown
                elif sorted(before.seeds) == sorted(after.seeds) or "when due" not in subject:
                    # What judge_all asks for depends on the seed: other seeds, other dues.
                    changed.append(_appeared(scenario, case, subject, gone=new is None))
            changed += _alarms(scenario, case, before, after)
            changed += _verdicts(scenario, case, before, after)
    changed.sort(key=lambda one: _ORDER[one.gates])
    return Comparison(name, baseline.code, same, compared, not_run, changed)


def gate(comparison: Comparison) -> Verdict:
    """What the changes make of a suite: the worst of them."""
    return worst(one.gates for one in comparison.changed if one.gates)


def decisive(result: SuiteResult) -> Verdict:
    """The verdict of a suite with what its comparison makes of it: the worse. A baseline excuses no fail, and no pass
    makes up for a regression."""
    return result.verdict if result.comparison is None else worst((result.verdict, gate(result.comparison)))


def _is_in_doubt(case: CaseBaseline) -> bool:
    return all(one.verdict == "unknown" for one in case.seeds.values())


def _appeared(scenario: str, case: str, subject: str, *, gone: bool) -> Changed:
    if gone:
        return Changed(
            "expectation gone", "unknown", scenario, case, subject, "expected", "–", "nobody asks for it any more"
        )
    return Changed("expectation new", "", scenario, case, subject, "–", "expected", "the baseline does not know it")


def _another_deadline(scenario: str, case: str, subject: str, was_s: float, is_s: float) -> Changed:
    because = f"the scenario asks for {'less' if is_s > was_s else 'more'} than it did"
    return Changed("deadline changed", "", scenario, case, subject, f"{was_s:g} s", f"{is_s:g} s", because)


def _alarms(scenario: str, case: str, before: CaseBaseline, after: CaseBaseline) -> Iterator[Changed]:
    """False alarms by mandate: one more under a common seed is a regression; without one, a first one is."""
    common = [seed for seed in after.seeds if seed in before.seeds]
    old_seeds = common or list(before.seeds)
    new_seeds = common or list(after.seeds)
    for mandate in sorted(
        {name for side in (before, after) for one in side.seeds.values() for name in one.false_alarms}
    ):
        old = {seed: before.seeds[seed].false_alarms.get(mandate, 0) for seed in old_seeds}
        new = {seed: after.seeds[seed].false_alarms.get(mandate, 0) for seed in new_seeds}
        if common:
            grown = [seed for seed in common if new[seed] > old[seed]]
            shrunk = [seed for seed in common if new[seed] < old[seed]]
            because = named(grown or shrunk)
        else:
            grown = [seed for seed, count in new.items() if count] if not any(old.values()) else []
            shrunk = [seed for seed, count in old.items() if count] if not any(new.values()) else []
            because = "no seed in common; none before" if grown else "no seed in common; none now"
        told = (f"{sum(old.values())} in {len(old)} runs", f"{sum(new.values())} in {len(new)} runs", because)
        if grown:
            yield Changed("new false alarm", "fail", scenario, case, mandate, *told)
        elif shrunk:
            yield Changed("false alarm gone", "", scenario, case, mandate, *told)


def _verdicts(scenario: str, case: str, before: CaseBaseline, after: CaseBaseline) -> Iterator[Changed]:
    """Verdicts by seed, each change of a kind once."""
    met: dict[tuple[Verdict, Verdict], list[str]] = {}
    for seed, one in after.seeds.items():
        if seed in before.seeds and before.seeds[seed].verdict != one.verdict:
            met.setdefault((before.seeds[seed].verdict, one.verdict), []).append(seed)
    for (old, new), seeds in sorted(met.items()):
        told = (scenario, case, "", old, new, named(seeds))
        if new == "fail":
            yield Changed("newly failing", "fail", *told)
        elif new == "unknown":
            yield Changed("newly unknown", "unknown", *told)
        else:
            yield Changed("newly passing", "", *told)


def _covers(selected: Collection[Path], file: str) -> bool:
    real = Path(file).resolve()
    return any(path.resolve() == real or path.resolve() in real.parents for path in selected)


def _seeds(seeds: Mapping[str, object]) -> str:
    return f"{len(seeds)} seed{'' if len(seeds) == 1 else 's'}"
