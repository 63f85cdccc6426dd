"""Variants of a scenario: its cases, each multiplied by the matrix of values that variables take."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

from lab.scenario.errors import Mark, nearest_name, one_of, problem
from lab.scenario.scalars import NAME
from lab.scenario.sources import Assignment, undeclared_variables
from lab.scenario.yaml_nodes import List, Map, Node, Scalar, as_map, describe, merge, without

CASES_LIMIT = 50
VALUES_LIMIT = 20
VARIANTS_LIMIT = 200

_NOT_IN_A_CASE = ("schema", "scenario", "extends", "cases", "templates", "seed")


class Variant(NamedTuple):
    """One experiment of a file: a case, and the value that each variable of the matrix takes in it."""

    name: str  # noticed, or noticed-depth_50bp-venue_apex
    case: str
    overlay: Node  # what the case lays over the file
    values: Mapping[str, Scalar]

    def lay_over(self, root: Map) -> Map:
        """The file as it is for this variant, variables not yet filled in."""
        whole = without(root, "cases", "matrix")
        if isinstance(self.overlay, Map):
            whole = as_map(merge(whole, without(self.overlay, "matrix")), "")
        if self.values:
            marks = {name: value.mark for name, value in self.values.items()}
            given = Map(root.mark, dict(self.values), marks)
            whole = as_map(merge(whole, Map(root.mark, {"variables": given}, {"variables": root.mark})), "")
        return Map(root.mark, whole.entries, whole.keys)

    def refuse_sets(self, sets: Sequence[Assignment]) -> None:
        """Refuse a setting of a variable that the matrix varies: its values are in the names of the variants."""
        for one in sets:
            name = one.text.partition("=")[0].strip().removeprefix("variables.").split(".")[0]
            if one.text.strip().startswith("variables.") and name in self.values:
                message = f"`{name}` is varied by the matrix"
                raise problem(Mark(one.option, 0, 0), "variables", message, f"--set 'matrix.{name}=[value]'")


def variants_of(root: Map) -> dict[str, Variant]:
    """Every variant by its name, in the order of the cases and of the values. Raises ScenarioError."""
    found: dict[str, Variant] = {}
    for case, overlay in _cases(root).items():
        for values in _combinations(root, case, overlay):
            name = "-".join((case, *(f"{variable}_{_slug(value)}" for variable, value in values.items())))
            found[name] = Variant(name, case, overlay, values)
            if len(found) > VARIANTS_LIMIT:
                mark = root.keys.get("matrix", root.mark)
                raise problem(mark, "matrix", "makes too many experiments", f"at most {VARIANTS_LIMIT} of one file")
    return found


def chosen(variants: Mapping[str, Variant], pattern: str | None, file: str) -> list[Variant]:
    """Those that ``pattern`` names: a variant, a case with all its variants, or a pattern with ``*``."""
    if pattern is None:
        return list(variants.values())
    picked = [one for one in variants.values() if pattern in (one.name, one.case)]
    picked = picked or [one for one in variants.values() if fnmatch.fnmatchcase(one.name, pattern)]
    if picked:
        return picked
    message = f"no case fits `{pattern}`" if set("*?[") & set(pattern) else f"`{pattern}` is no case of it"
    raise problem(Mark(file, 0, 0), "cases", message, one_of(variants), nearest_name(pattern, variants))


def _cases(root: Map) -> dict[str, Node]:
    node = root.entries.get("cases")
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return {"default": Map(root.mark, {}, {})}
    cases = as_map(node, "cases", "a mapping from the names of cases to what differs in them")
    if not 1 <= len(cases.entries) <= CASES_LIMIT:
        raise problem(cases.mark, "cases", f"has {len(cases.entries)} cases", f"1 to {CASES_LIMIT} cases")
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


def _combinations(root: Map, case: str, overlay: Node) -> list[dict[str, Scalar]]:
    """The values that the variables of the matrix take together, the last one changing fastest."""
    here = overlay.entries.get("matrix") if isinstance(overlay, Map) else None
    above = root.entries.get("matrix")
    node = here if above is None else above if here is None else merge(above, here)
    field = "matrix" if here is None else f"cases.{case}.matrix"
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return [{}]
    matrix = as_map(node, field, "a mapping from variables to lists of values")
    variables = root.entries.get("variables")
    declared = tuple(variables.entries) if isinstance(variables, Map) else ()
    axes: list[list[tuple[str, Scalar]]] = []
    count = 1
    for name, listed in matrix.entries.items():
        if name not in declared:
            expected = one_of(declared) or "nothing: the file declares none"
            near = nearest_name(name, declared)
            raise problem(matrix.keys[name], f"{field}.{name}", f"`{name}` is no variable", expected, near)
        axes.append([(name, value) for value in _values(listed, f"{field}.{name}")])
        count *= len(axes[-1])
        if count > VARIANTS_LIMIT:  # before the product is made: it grows faster than the file
            raise problem(matrix.mark, field, "makes too many experiments", f"at most {VARIANTS_LIMIT} of one file")
    return [dict(picked) for picked in product(*axes)]


def _values(node: Node, field: str) -> list[Scalar]:
    expected = f"a list of 1 to {VALUES_LIMIT} values"
    if not isinstance(node, List):
        raise problem(node.mark, field, f"is {describe(node)}", expected)
    if not 1 <= len(node.items) <= VALUES_LIMIT:
        raise problem(node.mark, field, f"has {len(node.items)} values", expected)
    values: list[Scalar] = []
    slugs: dict[str, Scalar] = {}
    for index, item in enumerate(node.items):
        at = f"{field}[{index}]"
        if not isinstance(item, Scalar) or item.is_null or not _slug(item):
            raise problem(item.mark, at, f"is {describe(item)}", "a single value with letters or digits")
        twin = slugs.setdefault(_slug(item), item)
        if twin is not item:
            message = f"{describe(item)} gives its case the name that {describe(twin)} gives"
            raise problem(item.mark, at, message, "values of different names")
        values.append(item)
    return values


def _slug(value: Scalar) -> str:
    """A value as a part of a name: ``50 bp`` is ``50bp``, ``BTC/USDT`` is ``btc_usdt``."""
    return re.sub(r"[^a-z0-9.]+", "_", value.text.lower().replace(" ", "")).strip("_.")[:40]
