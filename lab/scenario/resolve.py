"""From a scenario file to experiments: all it names is found, filled in and checked, or its author is told why not."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

import scenarios
from lab.scenario.checks import World, check_experiment
from lab.scenario.document import SCENARIO, SCENARIO_SCHEMA, InjectionText, MarketText, ScenarioText
from lab.scenario.errors import Mark, nearest_name, one_of, problem
from lab.scenario.faults import FAULTS
from lab.scenario.firm import Firm
from lab.scenario.firm_file import FIRM_SCHEMA, FirmFile
from lab.scenario.kinds import Findings
from lab.scenario.limits import load_limits
from lab.scenario.market_file import MARKET_SCHEMA, MarketFile, check_files
from lab.scenario.model import Experiment, Injection, Market
from lab.scenario.scalars import NAME
from lab.scenario.sources import Assignment, apply_sets, fill_in, load_document, undeclared_variables
from lab.scenario.yaml_nodes import Map, Node, Scalar, as_map, merge, without

SHIPPED = Path(scenarios.__file__).parent
"""The scenarios, firms, limits and markets that come with the laboratory."""

_NOT_IN_A_CASE = ("schema", "scenario", "extends", "cases", "seed")


class Loaded(NamedTuple):
    """One scenario file: its experiments, in the order of its cases."""

    scenario: str
    experiments: tuple[Experiment, ...]


def load_scenario(
    path: str | Path, *, case: str | None = None, sets: Sequence[str] = (), seed: int | str | None = None
) -> Loaded:
    """Read the scenario at ``path``. ``sets`` are ``path=value`` texts; ``case`` picks one case.

    Raises ScenarioError with every problem found; nothing is written.
    """
    return _Reader(Path(path), str(path)).read(case, _assignments(sets, seed))


def load_case(path: str | Path, case: str, sets: Sequence[str] = (), seed: int | str | None = None) -> Map:
    """One case as it is written, filled in: the tree in which ``load_scenario`` finds its places.

    Raises ScenarioError.
    """
    return _Reader(Path(path), str(path)).case(case, _assignments(sets, seed))


def _assignments(sets: Sequence[str], seed: int | str | None) -> list[Assignment]:
    given = [Assignment(f"--set {text}", text) for text in sets]
    return given if seed is None else [*given, Assignment(f"--seed {seed}", f"seed={seed}")]


def scenario_files(directory: Path) -> list[Path]:
    """The scenario files in ``directory`` and below, sorted; a folder `base` holds what is only extended."""
    found = []
    for path in sorted(directory.rglob("*.yaml")):
        apart = path.relative_to(directory).parts[:-1]
        if not {"base", "firms", "limits", "markets"}.intersection(apart):
            found.append(Path(_shown(path)))
    return found


class _Reader:
    def __init__(self, path: Path, shown_as: str) -> None:
        self._path = path
        self._shown_as = shown_as
        self._firms: dict[str, Firm] = {}
        self._markets: dict[str, Market] = {}

    def case(self, case: str, sets: Sequence[Assignment]) -> Map:
        root = load_document(self._path, self._shown_as, SCENARIO_SCHEMA)
        cases = self._cases(root)
        return self._whole(root, case, sets, cases[case], several=False)

    def read(self, case: str | None, sets: Sequence[Assignment]) -> Loaded:
        root = load_document(self._path, self._shown_as, SCENARIO_SCHEMA)
        cases = self._cases(root)
        if case is not None and case not in cases:
            expected, near = one_of(cases), nearest_name(case, cases)
            raise problem(Mark(self._shown_as, 0, 0), "cases", f"`{case}` is no case of it", expected, near)
        found = Findings()
        experiments = []
        for name, overlay in cases.items():
            if case in (None, name):
                at = f"cases.{name}"
                read = partial(self._experiment, root, name, sets, case is None and len(cases) > 1)
                experiment = found.take(read, overlay, at)
                if experiment is not None:
                    experiments.append(experiment)
        found.raise_if_any()
        return Loaded(experiments[0].scenario, tuple(experiments))

    def _cases(self, root: Map) -> dict[str, Node]:
        node = root.entries.get("cases")
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return {"default": Map(root.mark, {}, {})}
        cases = as_map(node, "cases", "a mapping from the names of cases to what differs in them")
        if not 1 <= len(cases.entries) <= 50:
            raise problem(cases.mark, "cases", f"has {len(cases.entries)} cases", "1 to 50 cases")
        for name, overlay in cases.entries.items():
            NAME.read(Scalar(cases.keys[name], name), "cases")
            if isinstance(overlay, Scalar) and overlay.is_null:
                continue
            given = as_map(overlay, f"cases.{name}", "a mapping of what differs in this case")
            undeclared_variables(root, given, f"cases.{name}")
            for key in given.entries:
                if key in _NOT_IN_A_CASE:
                    field = f"cases.{name}.{key}"
                    raise problem(given.keys[key], field, "cannot differ between cases", "a key of the experiment")
        return dict(cases.entries)

    def _whole(self, root: Map, case: str, sets: Sequence[Assignment], overlay: Node, *, several: bool) -> Map:
        whole = without(root, "cases")
        if isinstance(overlay, Map):
            whole = as_map(merge(whole, overlay), "")
        where = f" in the case {case}" if several else ""
        return fill_in(apply_sets(Map(root.mark, whole.entries, whole.keys), sets, where))

    def _experiment(
        self, root: Map, case: str, sets: Sequence[Assignment], several: bool, overlay: Node, _: str
    ) -> Experiment:
        whole = self._whole(root, case, sets, overlay, several=several)
        text = SCENARIO.read(whole, "")
        self._check_stem(whole, text.scenario)
        found = Findings()
        world = found.take(partial(self._world, text), whole, "")
        if world is None:
            found.raise_if_any()
        assert world is not None
        experiment = self._assemble(text, case, world)
        found.add(check_experiment(experiment, world, whole))
        found.raise_if_any()
        return msgspec.structs.replace(experiment, timeline=tuple(_complete(each) for each in experiment.timeline))

    def _check_stem(self, root: Map, scenario: str) -> None:
        stem = self._path.stem
        if re.fullmatch(r"[a-z][a-z0-9_]*", stem) and scenario != stem:
            mark = root.entries["scenario"].mark
            raise problem(mark, "scenario", f"`{scenario}` is not the name of its file", stem)

    def _world(self, text: ScenarioText, root: Node, _: str) -> World:
        """The firm, the market and the limits that the scenario names."""
        found = Findings()
        entries = as_map(root, "").entries
        firm = found.take(partial(self._firm, text.firm), entries["firm"], "firm")
        market = found.take(partial(self._market, text.market), entries["market"], "market")
        limits = found.take(
            lambda node, field: load_limits(*self._find(text.limits, "limits", node, field), text.limit_overrides),
            entries["limits"],
            "limits",
        )
        found.raise_if_any()
        assert firm is not None
        assert market is not None
        assert limits is not None
        return World(firm, market, limits)

    def _firm(self, name: str, node: Node, field: str) -> Firm:
        if name not in self._firms:
            path, shown_as = self._find(name, "firms", node, field)
            self._firms[name] = FirmFile().read(load_document(path, shown_as, FIRM_SCHEMA), "")
        return self._firms[name]

    def _market(self, text: MarketText, node: Node, field: str) -> Market:
        if isinstance(text.source, Map):
            directory = str(self._path.parent)
            config = MarketFile().read(text.source, f"{field}.source")
            check_files(text.source, config, self._path.parent)
            return Market(config=config, file=self._shown_as, directory=directory)
        if text.source not in self._markets:
            path, shown_as = self._find(
                text.source, "markets", as_map(node, field).entries["source"], f"{field}.source"
            )
            root = load_document(path, shown_as, MARKET_SCHEMA)
            config = MarketFile().read(root, "")
            check_files(root, config, path.parent)
            self._markets[text.source] = Market(config=config, file=shown_as, directory=str(path.parent))
        return self._markets[text.source]

    def _find(self, name: str, folder: str, node: Node, field: str) -> tuple[Path, str]:
        """The file that ``name`` means, and how to show it: a path beside the scenario, or a name in a ``folder``.

        Folders beside the scenario and up to two levels above it come before those shipped.
        """
        beside = self._path.parent
        if name.endswith((".yaml", ".yml")):
            path = beside / name
            if not os.path.isfile(path):
                raise problem(node.mark, field, f"`{name}` is no file", f"a path from {beside}, or a name in {folder}")
            return path, os.path.normpath(path)
        here = os.path.abspath(beside)
        homes = [Path(here), *Path(here).parents[:2], SHIPPED]
        names: dict[str, None] = {}
        for home in homes:
            path = home / folder / f"{name}.yaml"
            if os.path.isfile(path):
                return path, _shown(path)
            names.update(dict.fromkeys(sorted(other.stem for other in (home / folder).glob("*.yaml"))))
        raise problem(
            node.mark, field, f"no `{name}` in {folder}", one_of(names) or "a file", nearest_name(name, names)
        )

    def _assemble(self, text: ScenarioText, case: str, world: World) -> Experiment:
        starts_ns = text.market.start_ns if text.market.start_ns is not None else world.market_starts_ns
        return Experiment(
            file=self._shown_as,
            scenario=text.scenario,
            case=case,
            description=text.description,
            tags=text.tags,
            seed=text.seed,
            start_ns=starts_ns,
            duration_ns=text.duration_ns,
            market=world.market,
            firm=world.firm,
            limits_file=world.limits.file,
            limits_text=world.limits.text,
            timeline=tuple(_injection(injection, text.duration_ns) for injection in text.timeline),
            expect=text.expect,
            forbid=text.forbid,
            steady_state=text.steady_state,
            judge_all_ns=None if text.judge_all is None else text.judge_all.within_ns,
        )


def _injection(text: InjectionText, duration_ns: int) -> Injection:
    open_ended_ns = max(duration_ns - text.at_ns, 0)
    written: dict[str, Any] = {name: getattr(text, name) for name in text.__struct_fields__}
    written["for_ns"] = open_ended_ns if text.for_ns is None else text.for_ns
    return Injection(**written)


def _shown(path: Path) -> str:
    """``path`` as one would type it from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.path.join("..", "..")) else relative


def _complete(injection: Injection) -> Injection:
    """``injection`` with every parameter of its fault written out."""
    spec = FAULTS[injection.fault]
    params = spec.build(injection, 0)
    complete = {field.attribute: getattr(params, field.attribute) for field in spec.parameter_fields()}
    return msgspec.structs.replace(injection, parameters=complete)
