"""From a scenario file to experiments: all it names is found, filled in and checked, or its author is told why not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

import scenarios
from lab.scenario.checks import check_arguments, check_experiment
from lab.scenario.controls import load_controls
from lab.scenario.demands import Assertion
from lab.scenario.document import SCENARIO, SCENARIO_SCHEMA, InjectionText, MarketText, ScenarioText
from lab.scenario.draws import Drawn, draw_timeline
from lab.scenario.errors import ScenarioError, nearest_name, one_of, problem
from lab.scenario.faults import FAULTS
from lab.scenario.firm import Firm
from lab.scenario.firm_file import FIRM_SCHEMA, FirmFile
from lab.scenario.kinds import Findings
from lab.scenario.limits import load_limits
from lab.scenario.market_file import MARKET_SCHEMA, MarketFile, check_files
from lab.scenario.model import Experiment, Injection, Market
from lab.scenario.moments import phases_of, place_moments
from lab.scenario.records import record
from lab.scenario.scalars import Whole
from lab.scenario.sources import Assignment, apply_sets, fill_in, load_document
from lab.scenario.templates import Argument, expand
from lab.scenario.variants import Variant, chosen, variants_of
from lab.scenario.world import World
from lab.scenario.yaml_nodes import Map, Node, as_map
from simulators.market_data.world.config import window_ns

SHIPPED = Path(scenarios.__file__).parent
"""The scenarios, firms, limits and markets that come with the laboratory."""


class Filled(NamedTuple):
    """One experiment as it is written, with nothing left to be filled in; and what was filled in along the way."""

    root: Map
    arguments: tuple[Argument, ...]  # of templates, that the firm must know
    drawn: Drawn


class Loaded(NamedTuple):
    """One scenario file: its experiments, in the order of its cases."""

    scenario: str
    experiments: tuple[Experiment, ...]


def load_scenario(
    path: str | Path, *, case: str | None = None, sets: Sequence[str] = (), seed: int | str | None = None
) -> Loaded:
    """Read the scenario at ``path``. ``sets`` are ``path=value`` texts; ``case`` picks cases by a name or a pattern.

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
        if not {"base", "controls", "firms", "limits", "markets", "templates"}.intersection(apart):
            found.append(Path(_shown(path)))
    return found


class _Reader:
    def __init__(self, path: Path, shown_as: str) -> None:
        self._path = path
        self._shown_as = shown_as
        self._firms: dict[str, Firm] = {}
        self._markets: dict[str, Market] = {}

    def case(self, case: str, sets: Sequence[Assignment]) -> Map:
        root, sets = self._document(sets)
        return self._filled(root, variants_of(root)[case], sets, several=False).root

    def read(self, case: str | None, sets: Sequence[Assignment]) -> Loaded:
        root, sets = self._document(sets)
        variants = variants_of(root)
        picked = chosen(variants, case, self._shown_as)
        found = Findings()
        experiments = []
        for variant in picked:
            read = partial(self._experiment, root, variant, sets, len(picked) > 1)
            experiment = found.take(read, variant.overlay, f"cases.{variant.case}")
            if experiment is not None:
                experiments.append(experiment)
        found.raise_if_any()
        return Loaded(experiments[0].scenario, tuple(experiments))

    def _document(self, sets: Sequence[Assignment]) -> tuple[Map, list[Assignment]]:
        """The file over what it extends, its matrix as set from outside; and the settings that are left."""
        root = load_document(self._path, self._shown_as, SCENARIO_SCHEMA)
        of_matrix = [one for one in sets if one.text.strip().startswith("matrix.")]
        return apply_sets(root, of_matrix), [one for one in sets if one not in of_matrix]

    def _filled(self, root: Map, variant: Variant, sets: Sequence[Assignment], *, several: bool) -> Filled:
        variant.refuse_sets(sets)
        where = f" in the case {variant.name}" if several else ""
        whole = fill_in(apply_sets(variant.lay_over(root), sets, where))
        whole, arguments = expand(whole, lambda name, own, node, field: self._find(name, "templates", node, field, own))
        whole = place_moments(whole, partial(self._starts_ns, whole))
        whole, drawn = draw_timeline(whole, _seed_of(whole))
        return Filled(whole, arguments, drawn)

    def _starts_ns(self, root: Map) -> int | None:
        """When the run begins, as far as the scenario and its market's definition tell."""
        node = root.entries.get("market")
        if node is None:
            return None
        text = record(MarketText).read(node, "market")
        return text.start_ns if text.start_ns is not None else window_ns(self._market(text, node, "market").config)[0]

    def _experiment(
        self, root: Map, variant: Variant, sets: Sequence[Assignment], several: bool, overlay: Node, _: str
    ) -> Experiment:
        filled = self._filled(root, variant, sets, several=several)
        whole = filled.root
        text = SCENARIO.read(whole, "")
        self._check_stem(whole, text.scenario)
        found = Findings()
        world = found.take(partial(self._world, text), whole, "")
        if world is None:
            found.raise_if_any()
        assert world is not None
        experiment = self._assemble(text, variant.name, world, filled)
        found.add(check_arguments(filled.arguments, world))
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
        controls = None
        if text.controls is not None:
            path, shown_as = self._find(text.controls, "controls", entries["controls"], "controls")
            controls = load_controls(path, shown_as, limits.rules, [exchange.name for exchange in firm.exchanges])
        return World(firm, market, limits, controls)

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

    def _find(self, name: str, folder: str, node: Node, field: str, own: Iterable[str] = ()) -> tuple[Path, str]:
        """The file that ``name`` means, and how to show it: a path beside the scenario, or a name in a ``folder``.

        Folders beside the scenario and up to two levels above it come before those shipped. ``own`` are names that
        mean no file, but might have been meant.
        """
        beside = self._path.parent
        if name.endswith((".yaml", ".yml")):
            path = beside / name
            if not os.path.isfile(path):
                raise problem(node.mark, field, f"`{name}` is no file", f"a path from {beside}, or a name in {folder}")
            return path, os.path.normpath(path)
        here = os.path.abspath(beside)
        homes = [Path(here), *Path(here).parents[:2], SHIPPED]
        names: dict[str, None] = dict.fromkeys(own)
        for home in homes:
            path = home / folder / f"{name}.yaml"
            if os.path.isfile(path):
                return path, _shown(path)
            names.update(dict.fromkeys(sorted(other.stem for other in (home / folder).glob("*.yaml"))))
        raise problem(
            node.mark, field, f"no `{name}` in {folder}", one_of(names) or "a file", nearest_name(name, names)
        )

    def _assemble(self, text: ScenarioText, case: str, world: World, filled: Filled) -> Experiment:
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
            controls=None if world.controls is None else world.controls.name,
            controls_file="" if world.controls is None else world.controls.file,
            controls_text="" if world.controls is None else world.controls.text,
            operator=text.operator,
            phases=phases_of(filled.root),
            timeline=tuple(
                _injection(injection, text.duration_ns, filled.drawn.get(index, {}))
                for index, injection in enumerate(text.timeline)
            ),
            expect=text.expect,
            expect_miss=text.expect_miss,
            forbid=text.forbid,
            assertions=tuple(_whole_time(assertion, text.duration_ns) for assertion in text.assertions),
            stop_when=text.stop_when,
            steady_state=text.steady_state,
            judge_all_ns=None if text.judge_all is None else text.judge_all.within_ns,
        )


def _injection(text: InjectionText, duration_ns: int, drawn: Mapping[str, str]) -> Injection:
    open_ended_ns = max(duration_ns - (text.at_ns or 0), 0)
    written: dict[str, Any] = {name: getattr(text, name) for name in text.__struct_fields__}
    written["for_ns"] = open_ended_ns if text.for_ns is None else text.for_ns
    return Injection(**written, drawn=drawn)


def _whole_time(assertion: Assertion, duration_ns: int) -> Assertion:
    """``assertion`` with the end of its stretch, where the file leaves it open."""
    if assertion.from_ns is None or assertion.to_ns is not None:
        return assertion
    return msgspec.structs.replace(assertion, to_ns=duration_ns)


def _seed_of(root: Map) -> int:
    """The seed, or 0 where what stands there is none: that is told where it is read."""
    node = root.entries.get("seed")
    try:
        return 0 if node is None else Whole(0, 2**63 - 1).read(node, "seed")
    except ScenarioError:
        return 0


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
