"""The kinds of value on one line: what each looks like in YAML, and what it becomes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lab.scenario import units
from lab.scenario.errors import nearest_name, one_of, problem
from lab.scenario.kinds import Kind, ListOf, ScalarKind, Schema, or_reference
from lab.scenario.yaml_nodes import Node

UNBOUNDED = 1e12  # beyond any price, volume or count here; what is larger is a slip of the keyboard


class Text(ScalarKind[str]):
    """Any text, or one that matches ``pattern``."""

    def __init__(self, expected: str = "a text", pattern: str = "", limit: int = 4_000) -> None:
        self.expected = expected
        self._pattern = pattern
        self._limit = limit

    def parse(self, text: str) -> str:
        if len(text) > self._limit:
            raise ValueError(f"is longer than {self._limit} characters")
        if self._pattern and not re.fullmatch(self._pattern, text):
            raise ValueError("does not fit")
        return text

    def schema(self) -> Schema:
        if self._pattern:
            return {"type": "string", "pattern": f"^{self._pattern}$"}
        return {"type": ["string", "number"], "maxLength": self._limit}


NAME_PATTERN = r"[a-z][a-z0-9_]*"
NAME = Text("a name of small letters, digits and _", NAME_PATTERN, 80)
ASSET = Text("an asset's name, such as BTC", r"[A-Z][A-Z0-9]{1,9}", 10)
_ASSET = r"[A-Z][A-Z0-9]{1,9}"
SPOT_PAIR = Text("a pair, such as BTC/USDT", f"{_ASSET}/{_ASSET}", 21)
PERPETUAL = Text("a perpetual, such as BTC/USDT:USDT", f"{_ASSET}/{_ASSET}:{_ASSET}", 32)
PAIR = Text("a pair, such as BTC/USDT, or a perpetual, such as BTC/USDT:USDT", f"{_ASSET}/{_ASSET}(:{_ASSET})?", 32)


class Choice(ScalarKind[str]):
    """One of a few words."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(words)
        self.expected = one_of(self.words)

    def parse(self, text: str) -> str:
        if text not in self.words:
            raise ValueError("is unknown")
        return text

    def suggest(self, text: str) -> str:
        return nearest_name(text, self.words)

    def schema(self) -> Schema:
        return {"enum": list(self.words)}


class Whole(ScalarKind[int]):
    """A whole number within bounds, both included."""

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most
        self.expected = f"a whole number from {least} to {most}"

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the most that is allowed."""
        return self._least, self._most

    def parse(self, text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,20}", text):
            raise ValueError("is not a whole number")
        if not self._least <= int(text) <= self._most:
            raise ValueError("is out of range")
        return int(text)

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self._least, "maximum": self._most}


class Real(ScalarKind[float]):
    """A finite number within bounds, both included; thousands and millions may be written ``k`` and ``M``."""

    def __init__(self, least: float, most: float) -> None:
        self._least, self._most = least, most
        self.expected = f"a number from {least:g} to {most:g}"
        if most >= UNBOUNDED:
            self.expected = "a number" if least < 0 else f"a number of at least {least:g}"

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the most that is allowed."""
        return self._least, self._most

    def parse(self, text: str) -> float:
        if text.lower().lstrip("+-.") in ("nan", "inf", "infinity"):
            raise ValueError("is not finite")
        found = re.fullmatch(r"([+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?) ?([kM]?)", text)
        if not found:
            raise ValueError("is not a number")
        number = float(found[1]) * units.MULTIPLIER[found[2]]
        if not self._least <= number <= self._most:
            raise ValueError("is out of range")
        return number

    def schema(self) -> Schema:
        number = {"type": "number", "minimum": self._least, "maximum": self._most}
        return {"anyOf": [number, {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?[kM]$"}]}


class Flag(ScalarKind[bool]):
    """``true`` or ``false``."""

    expected = "true or false"

    def parse(self, text: str) -> bool:
        if text not in ("true", "false"):
            raise ValueError("is neither")
        return text == "true"

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Duration(ScalarKind[int]):
    """A length of time in nanoseconds."""

    def __init__(self, *, positive: bool = False) -> None:
        self._positive = positive
        self.expected = "a duration with a unit, such as 90s, 5 min or 1h30min"
        if positive:
            self.expected = "a duration above zero with a unit, such as 90s, 5 min or 1h30min"

    def parse(self, text: str) -> int:
        duration_ns = units.parse_duration(text)
        if self._positive and not duration_ns:
            raise ValueError("is no time at all")
        return duration_ns

    def suggest(self, text: str) -> str:
        return f"{text}s" if re.fullmatch(units.NUMBER, text) else ""

    def schema(self) -> Schema:
        return {"type": "string", "pattern": units.DURATION_PATTERN}


class Moment(ScalarKind[int]):
    """A moment, in nanoseconds since the run's start.

    Phases and absolute times have become durations before a field is read (see ``moments``): only their looks are
    described here.
    """

    expected = "a duration such as 5 min since the run's start, a phase such as `harm + 2 min`, or 2023-02-20T00:20:00Z"

    def parse(self, text: str) -> int:
        return units.parse_duration(text)

    def suggest(self, text: str) -> str:
        return Duration().suggest(text)

    def schema(self) -> Schema:
        phase = rf"^{NAME_PATTERN}( ?[+-] ?{units.DURATION_PATTERN[1:-1]})?$"
        patterns = [units.DURATION_PATTERN, phase]
        return {
            "anyOf": [
                *({"type": "string", "pattern": pattern} for pattern in patterns),
                {"type": "string", "format": "date-time", "pattern": r"^[0-9]{4}-"},
            ]
        }


class DurationIn(ScalarKind[float]):
    """A length of time kept in a unit coarser than the nanosecond: as whole numbers of it, or as a float."""

    def __init__(self, unit_ns: int, *, whole: bool, most: float | None = None) -> None:
        self._unit_ns, self._whole = unit_ns, whole
        self._most_ns = units.LONGEST_NS if most is None else int(most * unit_ns)
        self.expected = "a duration with a unit, such as 250 ms, 90s or 5 min"
        if most is not None:
            self.expected += f", at most {units.format_duration(self._most_ns)}"

    def parse(self, text: str) -> float:
        duration_ns = units.parse_duration(text)
        if duration_ns > self._most_ns:
            raise ValueError("is out of range")
        if not self._whole:
            return duration_ns / self._unit_ns
        if duration_ns % self._unit_ns:
            raise ValueError(f"is finer than {units.format_duration(self._unit_ns)}")
        return duration_ns // self._unit_ns

    def suggest(self, text: str) -> str:
        return f"{text}s" if re.fullmatch(units.NUMBER, text) else ""

    def schema(self) -> Schema:
        return {"type": "string", "pattern": units.DURATION_PATTERN}


class DurationRange(Kind[tuple[int, int]]):
    """The least and the most that something takes, ns."""

    expected = "two durations, the least and the most, such as [10s, 90s]"

    def read(self, node: Node, field: str) -> tuple[int, int]:
        least, most = ListOf(Duration(), least=2, most=2).read(node, field)
        if least > most:
            raise problem(node.mark, field, "has its least above its most", self.expected)
        return least, most

    def schema(self) -> Schema:
        return {"type": "array", "items": or_reference(Duration().schema()), "minItems": 2, "maxItems": 2}


class Share(ScalarKind[float]):
    """A fraction, written in basis points or percent."""

    def __init__(self, least: float = 0.0, most: float = 1.0) -> None:
        self._least, self._most = least, most
        bounds = f"{units.format_share(least)} to {units.format_share(most)}"
        self.expected = f"basis points or percent, such as 50 bp or 5 %, from {bounds}"

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the most that is allowed."""
        return self._least, self._most

    def parse(self, text: str) -> float:
        share = units.parse_share(text)
        if not self._least <= share <= self._most:
            raise ValueError("is out of range")
        return share

    def suggest(self, text: str) -> str:
        return f"{text} bp" if re.fullmatch(units.NUMBER, text) else ""

    def schema(self) -> Schema:
        return {"type": "string", "pattern": units.SHARE_PATTERN}


class BasisPoints(ScalarKind[float]):
    """A share kept in basis points, as venues state fees and spreads."""

    def __init__(self, most: float = 10_000.0) -> None:
        self._share = Share(0.0, most / 10_000)
        self.expected = self._share.expected

    def parse(self, text: str) -> float:
        return round(self._share.parse(text) * 10_000, 9)

    def suggest(self, text: str) -> str:
        return self._share.suggest(text)

    def schema(self) -> Schema:
        return self._share.schema()


class Amount(ScalarKind[str]):
    """An amount of an asset named elsewhere, kept as an exact decimal string."""

    expected = "an amount, such as 12.5, 400k or 2.5M"

    def parse(self, text: str) -> str:
        return units.parse_amount(text)

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": units.AMOUNT_PATTERN}]}


class Dollars(ScalarKind[float]):
    """An amount of US dollars, not negative."""

    expected = "an amount in USD, such as 50k USD"

    def parse(self, text: str) -> float:
        amount, space, unit = text.strip().rpartition(" ")
        if not space or unit != "USD":
            raise ValueError("has no unit" if re.fullmatch(units.AMOUNT_PATTERN, text) else "is not in USD")
        return float(units.parse_amount(amount))

    def suggest(self, text: str) -> str:
        return f"{text} USD" if re.fullmatch(units.AMOUNT_PATTERN, text) else ""

    def schema(self) -> Schema:
        return {"type": "string", "pattern": rf"{units.AMOUNT_PATTERN[:-1]} USD$"}


class Step(ScalarKind[str]):
    """The smallest step of a price or quantity: a decimal above zero of at most eight places, kept as written."""

    expected = "a decimal above zero, such as 0.01"

    def parse(self, text: str) -> str:
        if not re.fullmatch(r"(?=.*[1-9])[0-9]{1,9}(\.[0-9]{1,8})?", text):
            raise ValueError("does not fit")
        return text

    def schema(self) -> Schema:
        return {
            "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": f"^{units.NUMBER}$"}]
        }


class Instant(ScalarKind[int]):
    """A moment in nanoseconds since the epoch."""

    expected = "a moment with its time zone, such as 2023-02-20T00:00:00Z"

    def parse(self, text: str) -> int:
        return units.parse_instant(text)

    def schema(self) -> Schema:
        return {"type": "string", "format": "date-time"}
