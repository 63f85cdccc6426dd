"""How a bound on a quantity is written: ``{quantity: equity, below: 9M USD}``, with a time where it is asserted."""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

import msgspec

from lab.scenario.demands import Assertion, Condition
from lab.scenario.errors import problem
from lab.scenario.kinds import Kind, ScalarKind, Schema, join
from lab.scenario.quantities import COMPARISONS, QUANTITIES
from lab.scenario.records import Key, Record, record
from lab.scenario.scalars import Choice, Moment, Text
from lab.scenario.units import MULTIPLIER, NUMBER
from lab.scenario.yaml_nodes import Node, Scalar, as_map, describe

_VALUE = re.compile(rf"(-?{NUMBER}) ?([kM]?)(?: ?(USD|%|bp|[A-Z][A-Z0-9]*))?")
_OF = Text("what it is asked of", r"[A-Za-z0-9_/:]+", 60)


class Value(NamedTuple):
    """A number with its unit, which is empty where none was written."""

    number: float
    unit: str


class ValueKind(ScalarKind[Value]):
    """``9.5M USD``, ``5 %``, ``12 bp``, ``120 BTC`` or ``3``."""

    expected = "a number with the quantity's unit, such as 9.5M USD, 5 %, 12 bp, 120 BTC or 3"

    def parse(self, text: str) -> Value:
        found = _VALUE.fullmatch(text.strip())
        if not found:
            raise ValueError("is not a number with a unit")
        return Value(float(found[1]) * MULTIPLIER[found[2]], found[3] or "")

    def schema(self) -> Schema:
        written = {"type": "string", "pattern": rf"^-?{NUMBER} ?[kM]?( ?(USD|%|bp|[A-Z][A-Z0-9]*))?$"}
        return {"anyOf": [{"type": "number"}, written]}


_BOUND = ValueKind()


class ConditionText(msgspec.Struct, frozen=True, kw_only=True):
    """A bound as it is written: exactly one of the four comparisons."""

    quantity: Annotated[str, Key(Choice(QUANTITIES), "what is measured")]
    of: Annotated[str | None, Key(_OF, "what it is measured of, where the quantity needs one")] = None
    above: Annotated[Value | None, Key(_BOUND, "it is more than this")] = None
    below: Annotated[Value | None, Key(_BOUND, "it is less than this")] = None
    at_least: Annotated[Value | None, Key(_BOUND, "it is this or more")] = None
    at_most: Annotated[Value | None, Key(_BOUND, "it is this or less")] = None
    line: int = 0


class AssertionText(ConditionText, frozen=True, kw_only=True):
    """A bound that must hold ``at`` a moment, or ``from`` one ``to`` another (default: the run's whole length)."""

    at_ns: Annotated[int | None, Key(Moment(), "the moment at which it must hold", "at")] = None
    from_ns: Annotated[int | None, Key(Moment(), "since when it must hold; instead of `at`", "from")] = None
    to_ns: Annotated[int | None, Key(Moment(), "until when; the run's end where absent", "to")] = None


class ConditionKind(Kind[Condition]):
    """A bound on a quantity."""

    def __init__(self) -> None:
        self._text = record(ConditionText)
        self.expected = self._text.expected

    def read(self, node: Node, field: str) -> Condition:
        text = self._text.read(node, field)
        op, value = _bound(text, node, field)
        return Condition(quantity=text.quantity, of=text.of, op=op, value=value, line=text.line)

    def schema(self) -> Schema:
        return _with_one_bound(self._text)


class AssertionKind(Kind[Assertion]):
    """A bound on a quantity, with its time."""

    def __init__(self) -> None:
        self._text = record(AssertionText)
        self.expected = self._text.expected

    def read(self, node: Node, field: str) -> Assertion:
        text = self._text.read(node, field)
        op, value = _bound(text, node, field)
        entries = as_map(node, field)
        if text.at_ns is None and text.from_ns is None:
            raise problem(entries.mark, field, "says no time", "`at`, or `from` and `to`")
        if text.at_ns is not None and (text.from_ns is not None or text.to_ns is not None):
            raise problem(entries.mark, field, "says its time twice", "`at`, or `from` and `to`")
        if text.from_ns is not None and text.to_ns is not None and text.from_ns >= text.to_ns:
            raise problem(entries.entries["to"].mark, join(field, "to"), "is not after `from`", "a later moment")
        return Assertion(
            quantity=text.quantity,
            of=text.of,
            at_ns=text.at_ns,
            from_ns=text.from_ns,
            to_ns=text.to_ns,
            op=op,
            value=value,
            line=text.line,
        )

    def schema(self) -> Schema:
        return _with_one_bound(self._text)


def _bound(text: ConditionText, node: Node, field: str) -> tuple[str, float]:
    """The comparison and its value in the quantity's unit."""
    entries = as_map(node, field)
    written = [(op, value) for op in COMPARISONS if (value := getattr(text, op)) is not None]
    if len(written) != 1:
        message = "compares with nothing" if not written else "compares twice"
        raise problem(entries.mark, field, message, "one of above, below, at_least or at_most")
    op, value = written[0]
    spec = QUANTITIES[text.quantity]
    unit = (text.of or "its asset") if spec.unit == "asset" else spec.unit
    if value.unit != unit:
        here = entries.entries[op]
        message = f"{describe(here)} is in {value.unit}" if value.unit else f"{describe(here)} has no unit"
        near = f"{here.text} {unit}" if isinstance(here, Scalar) and not value.unit and unit else ""
        raise problem(here.mark, join(field, op), message, f"a number of {unit}" if unit else "a plain number", near)
    if spec.of == "firm" and text.of is not None:
        raise problem(entries.entries["of"].mark, join(field, "of"), f"{text.quantity} is the firm's", "no such key")
    if spec.of != "firm" and text.of is None and not spec.of_is_optional:
        raise problem(entries.mark, join(field, "of"), "is missing", _OF_EXPECTED[spec.of])
    return op, value.number


_OF_EXPECTED = {
    "book": "a venue and a pair, such as apex:BTC/USDT",
    "account": "a venue and an account, such as apex:arb",
}
_OF_EXPECTED["asset"] = "an asset of the firm, such as BTC"


def _with_one_bound(text: Record[ConditionText]) -> Schema:
    schema = text.schema()
    schema["oneOf"] = [{"required": [op]} for op in COMPARISONS]
    return schema
