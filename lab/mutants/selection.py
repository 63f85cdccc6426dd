"""Selection: which cases a mutant is held against, the likeliest to notice it first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

import msgspec

from lab.mutants.limits_level import mutated
from lab.mutants.mutant import LimitsEdit, Mutant, SetupEdit
from lab.scenario.mandates import SEVERITIES
from lab.scenario.model import Experiment, MonitorSetup
from risk_monitor.controls.reader import parse_controls
from risk_monitor.limits import parse_limits
from risk_monitor.yaml_nodes import LimitsError

CaseName = tuple[str, str, int]
"""Scenario, case and seed."""

_LASTING_NS = 60_000_000_000
"""Harm that ends sooner tells nothing of a bound where the limits ask a breach to last."""


def name_of(experiment: Experiment) -> CaseName:
    return experiment.scenario, experiment.case, experiment.seed


class Catalogue:
    """The cases there are, cheapest simulated time first, and what each of them asks for."""

    def __init__(self, experiments: Sequence[Experiment]) -> None:
        self.experiments = sorted(experiments, key=lambda one: (one.duration_ns, name_of(one)))
        self.core = _core(self.experiments)
        """Cases that between them ask for every alert and action, and inject every fault, that any of all does."""

    def candidates(self, mutant: Mutant) -> Iterator[Experiment]:
        """Every case, in the order in which it is worth trying: those that the mutant names; those that inject what it
        is weak against, or expect an alert or action which it spoils, in turn with those that forbid it; then a core of
        cases that between them ask for everything; then the rest."""
        expecting = _interleaved(
            _telling(mutant, name, [one for one in self.experiments if any(wish.alert == name for wish in one.expect)])
            for name in mutant.mandates
        )
        acting = _interleaved(
            [one for one in self.experiments if any(wish.action == name for wish in one.expect)]
            for name in mutant.actions
        )
        silent = _interleaved(
            [one for one in self.experiments if any(wish.alert == name for wish in one.forbid)]
            for name in mutant.mandates
        )
        quiet = self._neighbours([*expecting, *acting])
        calm = _interleaved([quiet, silent])
        if mutant.asks == "shortest":
            calm.sort(key=_shortest_harm_ns)
        elif mutant.asks == "lasting":
            calm.sort(key=lambda one: _longest_harm_ns(one) <= _LASTING_NS)
        if mutant.about:
            calm.sort(key=lambda one: not (_harms(one, mutant.about) or _spares(one, mutant.about)))
        injecting = _interleaved(
            [one for one in self.experiments if any(harm.fault == name for harm in one.timeline) and one.expect]
            for name in mutant.faults
        )
        if mutant.about and not mutant.mandates:
            injecting += [one for one in self.experiments if one.expect and _harms(one, mutant.about)]
        loud = _interleaved([injecting, expecting, acting])
        # Two that expect for one that forbids, or the other way round where the mutant is likelier to shout.
        favoured, other = (calm, loud) if mutant.should_shout else (loud, calm)
        first = _one_of_each_scenario(_interleaved([favoured[0::2], favoured[1::2], other]))
        named = [one for one in self.experiments if f"{one.scenario}/{one.case}" in mutant.cases]
        seen: set[CaseName] = set()
        for one in (*named, *first, *self.core, *self.experiments):
            if name_of(one) not in seen:
                seen.add(name_of(one))
                yield one

    def _neighbours(self, experiments: Iterable[Experiment]) -> list[Experiment]:
        """Cases of the same scenarios that expect nothing: those with a harm too small to matter."""
        names = dict.fromkeys(one.scenario for one in experiments)
        return _interleaved(
            [one for one in self.experiments if one.scenario == name and not one.expect and one.timeline]
            for name in names
        )


def applied(mutant: Mutant, experiment: Experiment) -> Experiment | None:
    """The experiment with the mutant's limits or setup, as it is for a source mutant; None where the mutant is no other
    monitor there than the one under test, or none that starts."""
    match mutant.edit:
        case LimitsEdit():
            text = mutated(experiment.limits_text, mutant.edit)
            if text is None or not _starts(experiment, text):
                return None
            setup = MonitorSetup(limits_text=text)
        case SetupEdit(setup):
            watched = {*experiment.firm.assets, *(venue.name for venue in experiment.firm.exchanges)}
            watched.update(source.name for source in experiment.firm.price_sources)
            if experiment.firm.custodian is not None:
                watched.add(experiment.firm.custodian.name)
            if setup.leaves_out and not watched.intersection(setup.leaves_out):
                return None
        case _:
            return experiment
    return msgspec.structs.replace(experiment, monitor_setup=setup)


def _starts(experiment: Experiment, limits_text: str) -> bool:
    """Whether the monitor's controls can be wired to these limits. One that refuses to start is noticed at once."""
    if not experiment.controls_text:
        return True
    exchanges = [exchange.name for exchange in experiment.firm.exchanges]
    try:
        parse_controls(
            experiment.controls_text, experiment.controls_file, parse_limits(limits_text, "mutant"), exchanges
        )
    except LimitsError:
        return False
    return True


def _core(experiments: Sequence[Experiment]) -> list[Experiment]:
    """Cases that between them ask for every alert and action and inject every fault, greedily by what each adds for its
    simulated time."""
    asked = {name_of(one): _asked(one) for one in experiments}
    left: set[str] = set().union(*asked.values()) if asked else set()
    chosen: list[Experiment] = []
    while left:
        best = max(experiments, key=lambda one: (len(asked[name_of(one)] & left) / one.duration_ns, -one.duration_ns))
        left -= asked[name_of(best)]
        chosen.append(best)
    return chosen


def _asked(experiment: Experiment) -> set[str]:
    wishes = {f"expect {wish.alert or wish.action} {wish.severity or ''}" for wish in experiment.expect}
    if any(wish.resolves_within_ns for wish in experiment.expect):
        wishes.add("resolves")
    return wishes | {f"fault {injection.fault}" for injection in experiment.timeline}


def _telling(mutant: Mutant, mandate: str, experiments: list[Experiment]) -> list[Experiment]:
    """Cases that expect an alert of the mandate, those first that expect it of what the mutant is about, and at the
    severity that it asks for."""

    def place(one: Experiment) -> tuple[bool, tuple[int, int]]:
        wishes = [wish for wish in one.expect if wish.alert == mandate]
        is_about = any(_is_of(wish.asset or "", mutant.about) for wish in wishes)
        severities = [SEVERITIES.index(wish.severity) for wish in wishes if wish.severity in SEVERITIES]
        mildest, gravest = min(severities, default=len(SEVERITIES)), max(severities, default=0)
        resolves = any(wish.resolves_within_ns is not None for wish in wishes)
        ranks = {
            "mildest": (mildest, gravest),
            "lasting": (gravest, 0),
            "gravest": (-gravest, 0),
            "resolving": (not resolves, 0),
        }
        return not is_about, ranks.get(mutant.asks, (0, 0))

    return sorted(experiments, key=place)


def _is_of(subject: str, names: Sequence[str]) -> bool:
    """Whether a subject is one of the names, or of its venue or about its asset: ``apex:BTC/USD`` is of ``apex``."""
    return any(name == subject or name in re.split("[:/~]", subject) for name in names)


def _harms(experiment: Experiment, names: Sequence[str]) -> bool:
    """Whether an injection of the case has one of these names in its scope, or an expected alert is of it."""
    scopes = [value for harm in experiment.timeline for value in harm.scope.values()]
    scoped = [name for value in scopes for name in ((value,) if isinstance(value, str) else value)]
    return any(_is_of(one, names) for one in (*scoped, *(wish.asset or "" for wish in experiment.expect)))


def _spares(experiment: Experiment, names: Sequence[str]) -> bool:
    """Whether the case forbids an alert of one of these names."""
    return any(_is_of(wish.asset or "", names) for wish in experiment.forbid)


def _shortest_harm_ns(experiment: Experiment) -> int:
    return min((harm.for_ns for harm in experiment.timeline), default=experiment.duration_ns)


def _longest_harm_ns(experiment: Experiment) -> int:
    return max((harm.for_ns for harm in experiment.timeline), default=experiment.duration_ns)


def _one_of_each_scenario(experiments: Sequence[Experiment]) -> list[Experiment]:
    """The first case of every scenario, then the second, and so on: another scenario tells more than another case."""
    met: dict[str, int] = {}
    rounds: list[tuple[int, Experiment]] = []
    for one in experiments:
        met[one.scenario] = met.get(one.scenario, 0) + 1
        rounds.append((met[one.scenario], one))
    return [one for _, one in sorted(rounds, key=lambda round_and_one: round_and_one[0])]


def _interleaved(lists: Iterable[Sequence[Experiment]]) -> list[Experiment]:
    """The first of each list, then the second of each, and so on, each case once."""
    found: dict[CaseName, Experiment] = {}
    for row in zip_longest(*lists):
        for one in row:
            if one is not None:
                found.setdefault(name_of(one), one)
    return list(found.values())
