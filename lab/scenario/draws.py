"""Distributions: a value of the timeline that is drawn from the scenario's seed.

Every value has a stream of its own, named after its field, so that one more distribution disturbs no other, and every
seed gets its own draw. A draw is one uniform number put through the inverse of the distribution function (Devroye,
*Non-Uniform Random Variate Generation*, 1986, II.2), which also keeps truncated distributions exact.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from statistics import NormalDist
from typing import Any, NamedTuple

from lab.scenario.errors import nearest_name, one_of, problem
from lab.scenario.faults import FAULTS
from lab.scenario.kinds import Kind, Schema, join
from lab.scenario.scalars import Duration, Whole
from lab.scenario.units import NUMBER, format_duration, parse_duration, parse_share
from lab.scenario.yaml_nodes import List, Map, Node, Scalar, as_map, describe

DISTRIBUTIONS = ("uniform", "normal", "log_normal", "choice")
_DURATIONS = ("at", "for", "ramp", "ramp_down")
_PARTS = ("scope", "with")
_MS = 1_000_000

Drawn = dict[int, dict[str, str]]
"""Index in the timeline → field → the distribution in words."""


class _Quantity(NamedTuple):
    number: float
    dimension: str  # time (ns), share, or empty: a plain number


def is_distribution(node: Node) -> bool:
    """Whether ``node`` is a mapping whose one key names a distribution."""
    return isinstance(node, Map) and len(node.entries) == 1 and next(iter(node.entries)) in DISTRIBUTIONS


def draw_timeline(root: Map, seed: int) -> tuple[Map, Drawn]:
    """``root`` with every distribution of its timeline replaced by what is drawn of it. Raises ScenarioError."""
    timeline = root.entries.get("timeline")
    if not isinstance(timeline, List):
        return root, {}
    drawn: Drawn = {}
    items: list[Node] = []
    for index, item in enumerate(timeline.items):
        if isinstance(item, Map):
            drawer = _Drawer(item, index, seed)
            item = drawer.item()
            if drawer.drawn:
                drawn[index] = drawer.drawn
        items.append(item)
    if not drawn:
        return root, {}
    return Map(root.mark, {**root.entries, "timeline": List(timeline.mark, tuple(items))}, root.keys), drawn


class _Drawer:
    """Draws the values of one injection."""

    def __init__(self, item: Map, index: int, seed: int) -> None:
        self._item = item
        self._seed = seed
        named, fault = item.entries.get("inject"), item.entries.get("fault")
        name = named.text if isinstance(named, Scalar) else str(index)
        self._field = f"timeline.{name}"
        spec = FAULTS.get(fault.text) if isinstance(fault, Scalar) else None
        self._kinds: dict[str, Kind[Any]] = dict.fromkeys(_DURATIONS, Duration())
        if spec is not None:
            self._kinds |= {f"with.{known.name}": known.kind for known in spec.parameter_fields()}
            self._kinds |= {f"scope.{known.name}": known.kind for known in spec.scope_fields()}
            if spec.intensity is not None:
                self._kinds["intensity"] = spec.intensity
        self.drawn: dict[str, str] = {}

    def item(self) -> Map:
        entries = self._replaced(self._item, (*_DURATIONS, "intensity"), "")
        for part in _PARTS:
            inner = entries.get(part)
            if isinstance(inner, Map):
                entries[part] = Map(inner.mark, self._replaced(inner, inner.entries, part), inner.keys)
        return Map(self._item.mark, entries, self._item.keys)

    def _replaced(self, parent: Map, names: Iterable[str], before: str) -> dict[str, Node]:
        entries = dict(parent.entries)
        for name in names:
            node = entries.get(name)
            if isinstance(node, Map):
                if is_distribution(node):
                    entries[name] = self._drawn_value(node, join(before, name))
                else:
                    _refuse_misspelt(node, join(self._field, join(before, name)))
        return entries

    def _check(self, operands: Iterable[Scalar], path: str, field: str) -> None:
        """Each could stand there by itself."""
        kind = self._kinds.get(path)
        if kind is not None:
            for operand in operands:
                kind.read(operand, field)

    def _drawn_value(self, node: Map, path: str) -> Scalar:
        kind, operands = next(iter(node.entries.items()))
        field = join(self._field, path)
        uniform = _uniform(self._seed, field)
        if kind == "choice":
            options = _scalars(operands, join(field, kind), 1, 100)
            self._check(options, path, join(field, kind))
            self.drawn[path] = f"choice of {one_of(option.text for option in options)}"
            return Scalar(node.mark, options[int(uniform * len(options))].text)
        whole = isinstance(self._kinds.get(path), Whole)
        if kind == "uniform":
            low, high = _scalars(operands, join(field, kind), 2, 2)
            self._check((low, high), path, join(field, kind))
            least, most = _alike((low, high), join(field, kind))
            if least.number > most.number:
                raise problem(low.mark, join(field, kind), "has its least above its most", "the least, then the most")
            self.drawn[path] = f"uniform {low.text} to {high.text}"
            if whole:
                span = int(most.number) - int(least.number) + 1
                return Scalar(node.mark, str(int(least.number) + int(uniform * span)))
            number = least.number + uniform * (most.number - least.number)
            return Scalar(node.mark, _text(_Quantity(number, least.dimension), whole))
        named = _operands(operands, kind, join(field, kind))
        self._check([value for name, value in named.items() if name in ("mean", "median")], path, join(field, kind))
        self.drawn[path] = f"{kind} " + " ".join(f"{name} {value.text}" for name, value in named.items())
        draw = _normal if kind == "normal" else _log_normal
        return Scalar(node.mark, _text(draw(named, uniform, join(field, kind)), whole))


def _refuse_misspelt(node: Map, field: str) -> None:
    """Refuse a mapping in place of a value whose only key looks like a distribution's name."""
    key = next(iter(node.entries), "")
    near = nearest_name(key, DISTRIBUTIONS)
    if len(node.entries) == 1 and near:
        raise problem(node.keys[key], field, f"`{key}` is no distribution", one_of(DISTRIBUTIONS), near)


def _uniform(seed: int, path: str) -> float:
    """A number of (0, 1) that depends on the seed and the path alone."""
    digest = hashlib.blake2b(f"{seed}/{path}".encode(), digest_size=8).digest()
    return ((int.from_bytes(digest, "big") >> 11) + 0.5) / (1 << 53)


def _normal(named: Mapping[str, Scalar], uniform: float, field: str) -> _Quantity:
    """Normal, cut off at ``min`` and ``max``; times and shares are never negative."""
    mean, sd = _alike((named["mean"], named["sd"]), field)
    if sd.number <= 0:
        raise problem(named["sd"].mark, join(field, "sd"), f"{describe(named['sd'])} is no spread", "more than zero")
    bounds = {"min": 0.0 if mean.dimension else -math.inf, "max": math.inf}
    for name in bounds:
        if name in named:
            bounds[name] = _alike((named["mean"], named[name]), field)[1].number
    normal = NormalDist(mean.number, sd.number)
    below, above = (
        0.0 if bounds["min"] == -math.inf else normal.cdf(bounds["min"]),
        1.0 if bounds["max"] == math.inf else normal.cdf(bounds["max"]),
    )
    if above - below < 1e-9:
        raise problem(named["mean"].mark, field, "leaves nothing between min and max", "bounds around the mean")
    number = normal.inv_cdf(min(max(below + uniform * (above - below), 1e-12), 1 - 1e-12))
    return _Quantity(min(max(number, bounds["min"]), bounds["max"]), mean.dimension)


def _log_normal(named: Mapping[str, Scalar], uniform: float, field: str) -> _Quantity:
    median = _quantity(named["median"], join(field, "median"))
    sigma = _quantity(named["sigma"], join(field, "sigma"))
    if median.number <= 0:
        raise problem(named["median"].mark, join(field, "median"), "is not above zero", "more than zero")
    if sigma.dimension or not 0 < sigma.number <= 3:
        message = f"{describe(named['sigma'])} is out of range"
        raise problem(named["sigma"].mark, join(field, "sigma"), message, "a plain number above 0, at most 3")
    return _Quantity(median.number * math.exp(sigma.number * NormalDist().inv_cdf(uniform)), median.dimension)


_NEEDED = {"normal": (("mean", "sd"), ("min", "max")), "log_normal": (("median", "sigma"), ())}


def _operands(node: Node, kind: str, field: str) -> dict[str, Scalar]:
    required, optional = _NEEDED[kind]
    entries = as_map(node, field, f"a mapping with {one_of((*required, *optional))}")
    known = (*required, *optional)
    for name in entries.entries:
        if name not in known:
            raise problem(
                entries.keys[name], join(field, name), "unknown key", one_of(known), nearest_name(name, known)
            )
    for name in required:
        if name not in entries.entries:
            raise problem(entries.mark, join(field, name), "is missing", "a number with its unit")
    return {name: _scalar(value, join(field, name)) for name, value in entries.entries.items()}


def _scalars(node: Node, field: str, least: int, most: int) -> list[Scalar]:
    expected = f"a list of {least} values" if least == most else f"a list of {least} to {most} values"
    if not isinstance(node, List):
        raise problem(node.mark, field, f"is {describe(node)}", expected)
    if not least <= len(node.items) <= most:
        raise problem(node.mark, field, f"has {len(node.items)} values", expected)
    return [_scalar(item, f"{field}[{index}]") for index, item in enumerate(node.items)]


def _scalar(node: Node, field: str) -> Scalar:
    if not isinstance(node, Scalar) or node.is_null:
        raise problem(node.mark, field, f"is {describe(node)}", "a single value")
    return node


def _alike(nodes: tuple[Scalar, Scalar], field: str) -> tuple[_Quantity, _Quantity]:
    """Two quantities of one dimension; a zero needs no unit."""
    first, second = (_quantity(node, field) for node in nodes)
    if first.dimension == second.dimension:
        return first, second
    if first.number == 0 and not first.dimension:
        return _Quantity(0.0, second.dimension), second
    if second.number == 0 and not second.dimension:
        return first, _Quantity(0.0, first.dimension)
    raise problem(nodes[1].mark, field, f"{describe(nodes[1])} does not go with {describe(nodes[0])}", "one unit")


def _quantity(node: Scalar, field: str) -> _Quantity:
    text = node.text.strip()
    if re.fullmatch(rf"-?{NUMBER}", text):
        return _Quantity(float(text), "")
    for parse, dimension in ((parse_share, "share"), (parse_duration, "time")):
        try:
            return _Quantity(float(parse(text)), dimension)
        except ValueError:
            continue
    raise problem(node.mark, field, f"{describe(node)} is no quantity", "a duration, a share or a number")


def _text(quantity: _Quantity, whole: bool) -> str:
    """A drawn quantity as it is written: to the millisecond, a hundredth of a basis point, or six digits."""
    number, dimension = quantity
    if dimension == "time":
        return format_duration(round(number / _MS) * _MS)
    if dimension == "share":
        return f"{number * 10_000:.2f} bp"
    return str(round(number)) if whole else f"{number:.6g}"


def distribution_schema() -> Schema:
    """JSON Schema of a distribution in place of a value."""
    value = {"type": ["string", "number"]}
    two = {"type": "array", "items": value, "minItems": 2, "maxItems": 2}

    def mapping(required: tuple[str, ...], optional: tuple[str, ...]) -> Schema:
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": dict.fromkeys((*required, *optional), value),
            "required": list(required),
        }

    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {
            "uniform": two,
            "normal": mapping(*_NEEDED["normal"]),
            "log_normal": mapping(*_NEEDED["log_normal"]),
            "choice": {"type": "array", "items": value, "minItems": 1, "maxItems": 100},
        },
    }
