"""Mappings with known keys, read into structs: the declaration of a struct is the declaration of its YAML.

A field annotated with ``Key`` says how it is written. A field without one is read by what its type and the unit at
the end of its name say: ``window_ns: int`` is written ``window: 90 min``, ``step_bp: float`` is ``step: 4 bp``. So a
simulator's own parameters need no second declaration here.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from functools import cache, partial
from itertools import pairwise
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from lab.scenario import scalars
from lab.scenario.errors import one_of, problem
from lab.scenario.kinds import (
    Findings,
    Kind,
    ListOf,
    MapOf,
    ScalarKind,
    Schema,
    join,
    missing,
    or_reference,
    unknown_keys,
)
from lab.scenario.yaml_nodes import Map, Node, Scalar, as_map


class Key(NamedTuple):
    """How one field of a struct is written in YAML. ``name``: its key, where the field's own name differs."""

    kind: Kind[Any]
    doc: str
    name: str = ""


class Field(NamedTuple):
    """One key of a record, complete. ``doc`` may be empty for a derived field."""

    attribute: str
    name: str
    kind: Kind[Any]
    doc: str
    required: bool


def fields_of(struct: type[msgspec.Struct], but: Iterable[str] = (), *, as_declared: bool = False) -> tuple[Field, ...]:
    """The keys of ``struct`` in the order of their declaration, less the attributes ``but``.

    ``as_declared``: the file keeps units in its keys (``noise_bp: 0.3``), as one does that the simulator reads itself.
    """
    return _fields_of(struct, (*but, "line"), as_declared)


@cache
def _fields_of(struct: type[msgspec.Struct], left_out: tuple[str, ...], as_declared: bool) -> tuple[Field, ...]:
    hints = get_type_hints(struct, include_extras=True)
    found = []
    for info in msgspec.structs.fields(struct):
        if info.name in left_out:
            continue
        declared = next((key for key in getattr(hints[info.name], "__metadata__", ()) if isinstance(key, Key)), None)
        if declared is not None:
            found.append(Field(info.name, declared.name or info.name, declared.kind, declared.doc, info.required))
        else:
            name, kind = _derive(info.name, hints[info.name], as_declared)
            found.append(Field(info.name, name, kind, "", info.required))
    return tuple(found)


_TIME_UNITS = {"_ns": 1, "_us": 1_000, "_ms": 1_000_000, "_s": 1_000_000_000}


def _derive(attribute: str, hint: Any, as_declared: bool = False) -> tuple[str, Kind[Any]]:
    """The key and the kind of a field, from its type and the unit in its name."""
    least: float | None = None
    most: float | None = None
    for meta in getattr(hint, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta):
            least = meta.ge if meta.ge is not None else meta.gt
            most = meta.le if meta.le is not None else meta.lt
    plain = hint.__origin__ if hasattr(hint, "__metadata__") else hint
    if get_origin(plain) in (Union, types.UnionType):
        (plain,) = (part for part in get_args(plain) if part is not type(None))
        return _derive(attribute, plain, as_declared)
    if as_declared:
        return attribute, _of_type(plain, least, most, as_declared)
    for suffix, unit_ns in _TIME_UNITS.items():
        if attribute.endswith(suffix) and attribute != suffix:
            name = attribute.removesuffix(suffix)
            if plain is int and unit_ns == 1:
                return name, scalars.Duration()
            if plain == tuple[int, int] and unit_ns == 1:
                return name, scalars.DurationRange()
            if plain in (int, float):
                return name, scalars.DurationIn(unit_ns, whole=plain is int, most=most)
    if attribute.endswith("_bp") and plain is float:
        return attribute.removesuffix("_bp"), scalars.BasisPoints(10_000.0 if most is None else most)
    if plain is float and (least, most) == (0.0, 1.0):
        return attribute, scalars.Share()
    return attribute, _of_type(plain, least, most)


def _of_type(plain: Any, least: float | None, most: float | None, as_declared: bool = False) -> Kind[Any]:
    if plain is bool:
        return scalars.Flag()
    if plain is int:
        return scalars.Whole(0 if least is None else int(least), 1_000_000 if most is None else int(most))
    if plain is float:
        return scalars.Real(
            -scalars.UNBOUNDED if as_declared else 0.0 if least is None else least,
            scalars.UNBOUNDED if most is None else most,
        )
    if plain is str:
        return scalars.Text()
    if get_origin(plain) is Literal:
        return scalars.Choice(get_args(plain))
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        return record(plain, as_declared=as_declared)
    if get_origin(plain) is tuple and get_args(plain)[1:] == (Ellipsis,):
        return ListOf(_of_type(get_args(plain)[0], None, None, as_declared))
    if get_origin(plain) in (dict, Mapping) and get_args(plain)[0] is str:
        return MapOf(scalars.Text(), _of_type(get_args(plain)[1], None, None, as_declared))
    raise TypeError(f"no way to write a value of {plain} in YAML is known")


S = TypeVar("S", bound=msgspec.Struct)


class RecordKind(Kind[S]):
    """A mapping with known keys, some of whose values stand elsewhere (such as its name, in the key before it)."""

    @abstractmethod
    def read_with(self, node: Node, field: str, **supplied: Any) -> S:
        """Read, with the attributes that do not stand in the mapping itself ``supplied``."""

    def read(self, node: Node, field: str) -> S:
        return self.read_with(node, field)


class Record(RecordKind[S]):
    """A mapping with known keys, read into ``struct``. A field called ``line`` gets the line where it stands.

    The attributes ``but`` are supplied by the caller, and so is the meaning of the keys ``elsewhere``.
    """

    def __init__(
        self,
        struct: type[S],
        but: Iterable[str] = (),
        elsewhere: Iterable[str] = (),
        *,
        as_declared: bool = False,
    ) -> None:
        self.struct = struct
        self.fields = fields_of(struct, but, as_declared=as_declared)
        self.names = (*(field.name for field in self.fields), *elsewhere)
        self.expected = f"a mapping with {one_of(self.names)}"
        self._has_line = "line" in struct.__struct_fields__

    def read_with(self, node: Node, field: str, **supplied: Any) -> S:
        entries = as_map(node, field, self.expected)
        found = Findings()
        found.add(unknown_keys(entries, self.names, field))
        values: dict[str, Any] = dict(supplied)
        for known in self.fields:
            child = entries.entries.get(known.name)
            if child is not None:
                value = found.take(known.kind.read, child, join(field, known.name))
                if value is not None:
                    values[known.attribute] = value
            elif known.required and known.attribute not in supplied:
                found.add([missing(entries.mark, field, known.name, known.kind.expected)])
        found.raise_if_any()
        if self._has_line:
            values["line"] = entries.mark.line
        try:
            return self.struct(**values)
        except ValueError as error:  # the struct's own rule, between its fields
            raise problem(entries.mark, field, str(error)) from error

    def schema(self) -> Schema:
        docs = attribute_docs(self.struct)
        properties: Schema = {}
        for known in self.fields:
            doc = known.doc or docs.get(known.attribute, "")
            properties[known.name] = {**({"description": doc} if doc else {}), **or_reference(known.kind.schema())}
        required = [known.name for known in self.fields if known.required]
        return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}


class Named(Kind[tuple[S, ...]]):
    """A mapping from names to records; each record gets its name. Names are unique because keys are."""

    def __init__(self, key: ScalarKind[str], item: RecordKind[S], *, least: int = 0) -> None:
        self._key, self._item, self._least = key, item, least
        self.expected = f"a mapping from names to {item.expected}"

    def read(self, node: Node, field: str) -> tuple[S, ...]:
        return self.read_with(node, field)

    def read_with(self, node: Node, field: str, **supplied: Any) -> tuple[S, ...]:
        """Read, with what all records have in common ``supplied``."""
        entries = as_map(node, field, self.expected)
        if len(entries.entries) < self._least:
            raise problem(entries.mark, field, "is empty", f"at least {self._least} entry")
        found = Findings()
        values = []
        for name, child in entries.entries.items():
            found.take(self._key.read, Scalar(entries.keys[name], name), field)
            named = partial(self._item.read_with, name=name, **supplied)
            value = found.take(named, child, join(field, name))
            if value is not None:
                values.append(value)
        found.raise_if_any()
        return tuple(values)

    def schema(self) -> Schema:
        return {
            "type": "object",
            "propertyNames": self._key.schema(),
            "additionalProperties": self._item.schema(),
            "minProperties": self._least,
        }


@cache
def record(struct: type[S], *, as_declared: bool = False) -> Record[S]:
    """The record of ``struct``, made once."""
    return Record(struct, as_declared=as_declared)


def attribute_docs(struct: type) -> dict[str, str]:
    """The texts that stand under the fields of ``struct`` and its bases, in its source: Python itself forgets them."""
    docs: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(base)))
        except (OSError, TypeError):  # a builtin has no source
            continue
        body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
        for field, text in pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                value = text.value
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    docs[field.target.id] = " ".join(value.value.split())
    return docs


def relaxed(schema: Schema) -> Schema:
    """``schema`` with nothing required: for a part that something else completes."""
    return {
        key: relaxed(value) if isinstance(value, dict) else value for key, value in schema.items() if key != "required"
    }


def entry(node: Node, key: str) -> Node | None:
    """What stands under ``key``, if ``node`` is a mapping that has it."""
    return node.entries.get(key) if isinstance(node, Map) else None
