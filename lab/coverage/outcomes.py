"""Outcomes: of each name of the catalogue, how often it was detected, late, missed, false or unknown, out of how many.

Which runs exercise a name is decided as in ``lab.catalogue.coverage``; what each word counts stands in
``docs/reference/coverage.md``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from correlator.verdict import Verdict
from lab.catalogue.coverage import cover, is_tagged
from lab.catalogue.rows import ROWS
from lab.coverage.facts import Demand, Fired, RunFacts
from lab.scenario.demands import Expectation
from lab.scenario.model import Experiment

FORMAT = "riskproof-coverage/1"

State = Literal["run", "not run", "no scenario", "not in these runs"]
"""Whether a name was run; and of one that was not, whether some scenario exercises it. Where the scenarios are not
known, no more is said than that it is not in these runs."""

Exercised = Mapping[tuple[str, str], Sequence[str]]
"""Scenarios that exercise a name, by section and name."""

SECTIONS = ("mandates", "faults", "controls", "severities", "documents", "articles", "failure scenarios")
SEVERITIES = ("info", "warning", "high", "critical")
_SECONDS_PER_DAY = 86_400


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """One name and what was found of it.

    ``demands`` = ``detected`` + ``late`` + ``missed`` + ``unknown``, counted in runs: a case under eight seeds demands
    eight times. ``not_followed`` are those of the detected after which something else was owed and failed. ``false``
    counts false alarms in ``watched_days`` of simulated time; null where an alarm cannot be false of it. ``blind``
    counts breaches that no production API shows, of which no alert is demanded.
    """

    section: str
    name: str
    asked: str
    state: State
    scenarios: list[str]
    cases: int
    runs: int
    demands: int
    detected: int
    late: int
    missed: int
    unknown: int
    not_followed: int
    false: int | None
    watched_days: float | None
    blind: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, with the runs by verdict; ``rescored`` of them are judged under other terms than their scenario's."""

    format: str = FORMAT
    runs: dict[Verdict, int]
    cases: int
    scenarios: int
    simulated_days: float
    rows: list[Tally]
    rescored: int = 0


def outcomes(facts: Sequence[RunFacts], exercised: Exercised | None = None) -> Coverage:
    """What the runs found of every name. ``exercised``: the scenarios there are; None: it is not known which."""
    verdicts = Counter(one.verdict for one in facts)
    return Coverage(
        runs={"pass": verdicts["pass"], "fail": verdicts["fail"], "unknown": verdicts["unknown"]},
        cases=len({(one.name.scenario, one.name.case) for one in facts}),
        scenarios=len({one.name.scenario for one in facts}),
        simulated_days=_days(facts),
        rows=[_tally(*row, facts, exercised) for row in _rows(facts)],
        rescored=sum(one.rescored for one in facts),
    )


def exercised_by(experiments: Sequence[Experiment]) -> dict[tuple[str, str], list[str]]:
    """The scenarios that exercise each name."""
    found = {(str(row.section), row.name): list(row.scenarios) for row in cover(experiments)}
    for severity in (*SEVERITIES, "any"):
        named = [one.scenario for one in experiments for wanted in one.expect if _severity(wanted) == severity]
        found["severities", severity] = list(dict.fromkeys(named))
    return found


def _rows(facts: Sequence[RunFacts]) -> list[tuple[str, str, str]]:
    """Section, name and what was asked for, in the order they are told."""
    rows: dict[str, list[tuple[str, str, str]]] = {section: [] for section in SECTIONS}
    for row in ROWS:
        if row.section in rows:
            rows[row.section] += [(row.section, name, row.asked) for name in row.names]
    unnamed = any(_severity(demand) == "any" for one in facts for demand in one.demands)
    severities = (*SEVERITIES, "any") if unnamed else SEVERITIES
    rows["severities"] = [("severities", name, "this severity or worse") for name in severities]
    return [row for section in SECTIONS for row in rows[section]]


def _tally(section: str, name: str, asked: str, facts: Sequence[RunFacts], exercised: Exercised | None) -> Tally:
    runs = [one for one in facts if _is_exercised(section, name, one)]
    demands = [demand for one in runs for demand in one.demands if _is_of(section, name, demand)]
    found = Counter(demand.found for demand in demands)
    heard = facts if section in ("mandates", "severities") else runs  # an alarm may be false where nobody asked for it
    watched = [one for one in heard if _watches(section, name, one)]
    alarms = [alarm for one in watched for alarm in one.false_alarms if _rings(section, name, alarm)]
    can_be_false = section != "controls" and (section, name) != ("severities", "any")  # no alert is of any severity
    scenarios = list(dict.fromkeys(one.name.scenario for one in runs))
    written = [] if exercised is None else list(exercised.get((section, name), ()))
    return Tally(
        section=section,
        name=name,
        asked=asked,
        state="run" if runs else "not in these runs" if exercised is None else "not run" if written else "no scenario",
        scenarios=scenarios or written,
        cases=len({(one.name.scenario, one.name.case) for one in runs}),
        runs=len(runs),
        demands=len(demands),
        detected=found["detected"],
        late=found["late"],
        missed=found["missed"],
        unknown=found["unknown"],
        not_followed=sum(demand.found == "detected" and demand.verdict == "fail" for demand in demands),
        false=len(alarms) if can_be_false else None,
        watched_days=_days(watched) if can_be_false else None,
        blind=sum(one.blind.count(name) for one in runs) if section == "mandates" else 0,
    )


def _is_exercised(section: str, name: str, run: RunFacts) -> bool:
    match section:
        case "faults":
            return name in run.faults
        case "mandates":
            return name in run.blind or any(_is_of(section, name, demand) for demand in run.demands)
        case "controls" | "severities":
            return any(_is_of(section, name, demand) for demand in run.demands)
    return is_tagged(name, run.tags)


def _is_of(section: str, name: str, demand: Demand) -> bool:
    match section:
        case "mandates":
            return demand.alert == name
        case "controls":
            return demand.action == name
        case "severities":
            return _severity(demand) == name
        case "faults":
            return name in demand.faults
    return True  # a tag is of the whole scenario


def _watches(section: str, name: str, run: RunFacts) -> bool:
    """Whether a false alarm of this name would have been seen in the run; one without a verdict lasted no time."""
    return section != "mandates" or run.watches(name)


def _rings(section: str, name: str, alarm: Fired) -> bool:
    if section == "mandates":
        return alarm.alert == name
    return section != "severities" or alarm.severity == name


def _severity(one: Demand | Expectation) -> str | None:
    """The severity that an alert is demanded at; ``any`` where none is named, None of an action."""
    return None if one.alert is None else one.severity or "any"


def _days(facts: Iterable[RunFacts]) -> float:
    return round(math.fsum(one.lasted_s for one in facts) / _SECONDS_PER_DAY, 6)
