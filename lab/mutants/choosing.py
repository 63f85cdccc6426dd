"""Choosing: which mutants there could be, and which of them a campaign runs."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from lab.mutants.limits_level import limits_mutants
from lab.mutants.mutant import Level, Mutant
from lab.mutants.named import named_mutants
from lab.mutants.source_level import source_mutants
from lab.mutants.timing_level import timing_mutants
from lab.scenario.errors import Mark, nearest_name, problem
from lab.scenario.model import Experiment


@dataclass(frozen=True, slots=True)
class Choice:
    """``possible``: every mutant of the levels asked for that fits ``--mandate``. ``chosen``: those to run, in order.
    ``lacking``: named mutants that this monitor has no place for, in words. ``ids``: of the whole levels. ``is_drawn``:
    nobody picked them, so that the share of those killed says something of all.
    """

    possible: tuple[Mutant, ...]
    chosen: tuple[Mutant, ...]
    lacking: tuple[str, ...]
    ids: tuple[str, ...]
    is_drawn: bool = True


def choose(
    experiments: Sequence[Experiment],
    package: Mapping[str, bytes],
    *,
    levels: Sequence[Level],
    mandate: str | None,
    only: Sequence[str],
    sample: int,
    seed: int,
) -> Choice:
    """All named mutants, and of the others ``sample`` of each level (0: all), drawn by ``seed``.

    Of the limits' mutants every operator has its turn, of the code's each place has the same chance. ``mandate``: only
    what should show in it; ``only``: ids or patterns of them, all of which are run.

    Raises:
        ScenarioError: nothing fits.
        PackageError: the monitor's source cannot be read as Python.
    """
    possible: list[Mutant] = []
    lacking: list[str] = []
    if "limits" in levels:
        texts = list(dict.fromkeys(one.limits_text for one in experiments))
        possible += limits_mutants(texts, _venues(experiments), _assets(experiments))
    if "timing" in levels:
        possible += timing_mutants()
    if "source" in levels:
        named, lacking = named_mutants(package)
        possible += named + source_mutants(package)
    ids = tuple(mutant.id for mutant in possible)
    if mandate is not None:
        possible = [mutant for mutant in possible if mandate in mutant.mandates]
    if only:
        chosen = [mutant for mutant in possible if any(fnmatch.fnmatchcase(mutant.id, one) for one in only)]
        for one in only:
            if not any(fnmatch.fnmatchcase(mutant.id, one) for mutant in possible):
                unbuilt = [why for why in lacking if fnmatch.fnmatchcase(f"source/named/{why.partition(':')[0]}", one)]
                raise problem(
                    Mark(f"--only {one}", 0, 0),
                    "",
                    f"has no place in this monitor: {unbuilt[0]}" if unbuilt else "fits no mutant",
                    "an id that --list shows",
                    "" if unbuilt else nearest_name(one, [mutant.id for mutant in possible]),
                )
        return Choice(tuple(possible), tuple(chosen), tuple(lacking), ids, is_drawn=False)
    if not possible:
        raise problem(Mark(f"--mandate {mandate}", 0, 0), "", "no mutant should show in it", "another --level")
    chosen = [mutant for mutant in possible if mutant.is_named]
    for level in levels:
        unnamed = [mutant for mutant in possible if mutant.level == level and not mutant.is_named]
        drawn = _drawn_in_turn(unnamed, seed) if level == "limits" else _drawn(unnamed, seed)
        chosen += drawn[:sample] if sample else drawn
    places = {mutant.id: place for place, mutant in enumerate(possible)}
    chosen.sort(key=lambda mutant: places[mutant.id])
    return Choice(tuple(possible), tuple(chosen), tuple(lacking), ids)


def _drawn(mutants: Sequence[Mutant], seed: int) -> list[Mutant]:
    """In an order that hangs on seed and id alone, so that a larger sample holds the smaller."""

    def place(mutant: Mutant) -> bytes:
        return hashlib.blake2b(f"{seed}/{mutant.id}".encode(), digest_size=16).digest()

    return sorted(mutants, key=place)


def _drawn_in_turn(mutants: Sequence[Mutant], seed: int) -> list[Mutant]:
    """As above, one of each operator in turn."""
    by_operator: dict[str, list[Mutant]] = {}
    for mutant in _drawn(mutants, seed):
        by_operator.setdefault(mutant.operator, []).append(mutant)
    rows = zip_longest(*(by_operator[name] for name in sorted(by_operator)))
    return [mutant for row in rows for mutant in row if mutant is not None]


def _venues(experiments: Sequence[Experiment]) -> list[str]:
    names: dict[str, None] = {}
    for one in experiments:
        names.update(dict.fromkeys(exchange.name for exchange in one.firm.exchanges))
        names.update(dict.fromkeys(source.name for source in one.firm.price_sources))
        if one.firm.custodian is not None:
            names[one.firm.custodian.name] = None
    return list(names)


def _assets(experiments: Sequence[Experiment]) -> list[str]:
    return list(dict.fromkeys(asset for one in experiments for asset in one.firm.assets if asset != "USD"))
