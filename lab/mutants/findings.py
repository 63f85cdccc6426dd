"""Findings: from how each mutant stands to what that says of the suite, with denominators."""

from __future__ import annotations

from collections.abc import Sequence

from lab.cli.console import wrapped
from lab.mutants.campaign import Campaign, Hunt, Standing
from lab.mutants.choosing import Choice
from lab.mutants.equivalent import Equivalent
from lab.mutants.mutant import LEVELS, Mutant, SourceEdit
from lab.mutants.result import SURVIVING, Fate, LevelCount, MutantResult, MutantsResult, ScenarioCount
from lab.mutants.selection import Catalogue, name_of
from lab.mutants.tables import line_of
from risk_monitor.rules import MANDATES

_CONFIDENCE = 0.95
_FAULTS_NAMED = 3
_KILLED = ("killed", "not_equivalent")


def find(
    campaign: Campaign,
    hunt: Hunt,
    standings: Sequence[Standing],
    choice: Choice,
    equivalents: Sequence[Equivalent],
    *,
    seed: int,
    finished: bool,
) -> MutantsResult:
    """The result of a campaign."""
    possible = choice.possible
    places = {mutant.id: place for place, mutant in enumerate(choice.chosen)}
    standings = sorted(standings, key=lambda standing: places[standing.mutant.id])
    levels = [level for level in LEVELS if any(name.startswith(f"{level}/") for name in choice.ids)]
    results = [_result(standing, equivalents, hunt.catalogue) for standing in standings]
    drawn = [
        result
        for standing, result in zip(standings, results, strict=True)
        if result.level == "source" and not standing.mutant.is_named
    ]
    return MutantsResult(
        code=campaign.code,
        seed=seed,
        cases_each=hunt.cases_each,
        all_kills=hunt.all_kills,
        finished=finished,
        possible={level: sum(mutant.level == level for mutant in possible) for level in LEVELS},
        counts=_counts(results, possible),
        mutants=results,
        scenarios=(scenarios := _scenarios(standings)),
        adds_nothing=[one.scenario for one in scenarios if not one.alone] if hunt.all_kills and finished else [],
        baseline_not_passing=sorted(
            f"{scenario}/{case}"
            for (scenario, case, _), played in campaign.baseline.items()
            if played.verdict != "pass"
        ),
        lacking=list(choice.lacking),
        troubles=list(campaign.troubles),
        unused_equivalents=[
            one.id
            for one in equivalents
            if one.id.partition("/")[0] in levels and not any(one.covers(name) for name in choice.ids)
        ],
        plays=campaign.plays,
        simulated_s=campaign.simulated_ns / 1e9,
        source_kill_rate=_interval(drawn) if choice.is_drawn and finished else None,  # what came first is no sample
    )


def fate_of(standing: Standing, equivalents: Sequence[Equivalent], number: int, total: int, width: int) -> list[str]:
    """What became of one mutant, in a line or two, as the campaign goes on."""
    result = _result(standing, equivalents, None)
    return wrapped(f"[{number:>{len(str(total))}}/{total}] ", f"{result.id}: {line_of(result)}", width)


def _result(standing: Standing, equivalents: Sequence[Equivalent], catalogue: Catalogue | None) -> MutantResult:
    mutant = standing.mutant
    stated = _stated(mutant.id, equivalents)
    fate: Fate
    if stated is not None:
        fate = "not_equivalent" if standing.kills else "equivalent"
    elif standing.kills:
        fate = "killed"
    else:
        fate = _unkilled(standing)
    edit = mutant.edit
    return MutantResult(
        id=mutant.id,
        level=mutant.level,
        operator=mutant.operator,
        what=mutant.what,
        place=f"risk_monitor/{edit.file}:{edit.line}" if isinstance(edit, SourceEdit) else "",
        mandates=list(mutant.mandates),
        fate=fate,
        killed_by=standing.kills,
        survived=[f"{one.scenario}/{one.case}" for one in standing.survived],
        untried=standing.untried,
        unmet=standing.unmet,
        unseen=standing.unseen,
        why=stated.reason if stated else "",
        missing=_missing(mutant, fate, catalogue) if catalogue is not None and fate in SURVIVING else "",
    )


def _unkilled(standing: Standing) -> Fate:
    if standing.survived:
        return "survived"
    if standing.unjudged:
        return "not_tried"
    return "unshown" if standing.unseen else "unreached" if standing.unmet else "not_tried"


def _stated(mutant: str, equivalents: Sequence[Equivalent]) -> Equivalent | None:
    return next((one for one in equivalents if one.covers(mutant)), None)


def _missing(mutant: Mutant, fate: Fate, catalogue: Catalogue) -> str:
    """Which scenario would notice the mutant: what it must hold, and the faults that bring such harm about."""
    wanted = [name for name in mutant.mandates if name in MANDATES]
    faults = dict.fromkeys(
        injection.fault
        for one in catalogue.experiments
        if any(wish.alert in wanted or wish.action in mutant.actions for wish in one.expect)
        for injection in one.timeline
    )
    by = f" (by {', '.join(list(faults)[:_FAULTS_NAMED])})" if faults else ""
    about = f" for {' or '.join([*wanted, *mutant.actions][:4])}" if mutant.level == "source" and wanted else ""
    return f"{_lacking(mutant, fate)}{mutant.missing}{about}{by}"


def _lacking(mutant: Mutant, fate: Fate) -> str:
    """What a scenario would have to do with the line that a drawn mutant of the code changed."""
    if mutant.is_named or not isinstance(mutant.edit, SourceEdit):
        return ""
    if fate == "unreached":
        return "two equal sides in " if mutant.operator == "boundary" else "a case that comes to "
    return "a case in which it matters what is done in "


def _counts(results: Sequence[MutantResult], possible: Sequence[Mutant]) -> list[LevelCount]:
    counts = []
    for level, operator in dict.fromkeys((mutant.level, mutant.operator) for mutant in possible):
        ours = [one for one in results if (one.level, one.operator) == (level, operator)]
        counts.append(
            LevelCount(
                level=level,
                operator=operator,
                possible=sum((mutant.level, mutant.operator) == (level, operator) for mutant in possible),
                run=len(ours),
                killed=sum(one.fate in _KILLED for one in ours),
                crashed=sum(one.only_crashed for one in ours),
                equivalent=sum(one.fate == "equivalent" for one in ours),
                survived=sum(one.fate == "survived" for one in ours),
                unreached=sum(one.fate == "unreached" for one in ours),
                unshown=sum(one.fate == "unshown" for one in ours),
                not_tried=sum(one.fate == "not_tried" for one in ours),
            )
        )
    return counts


def _scenarios(standings: Sequence[Standing]) -> list[ScenarioCount]:
    tried: dict[str, int] = {}
    killed: dict[str, int] = {}
    alone: dict[str, int] = {}
    for standing in standings:
        killers = dict.fromkeys(kill.scenario for kill in standing.kills)
        for scenario in dict.fromkeys([*(name_of(one)[0] for one in standing.survived), *killers]):
            tried[scenario] = tried.get(scenario, 0) + 1
        for scenario in killers:
            killed[scenario] = killed.get(scenario, 0) + 1
        if len(killers) == 1:
            (only,) = killers
            alone[only] = alone.get(only, 0) + 1
    rows = [
        ScenarioCount(scenario=name, tried=number, killed=killed.get(name, 0), alone=alone.get(name, 0))
        for name, number in tried.items()
    ]
    return sorted(rows, key=lambda row: (-row.killed, row.scenario))


def _interval(drawn: Sequence[MutantResult]) -> tuple[float, float] | None:
    """Clopper and Pearson's interval for the share of all source mutants, equivalents apart, that would be killed."""
    counted = [one for one in drawn if one.fate in _KILLED or one.fate in SURVIVING[:-1]]
    if not counted:
        return None
    from scipy.stats import binomtest

    found = binomtest(sum(one.fate in _KILLED for one in counted), len(counted)).proportion_ci(_CONFIDENCE)
    return float(found.low), float(found.high)
