"""Limits file: the rules the firm has set itself, read strictly. The format is in ``docs/reference/mandates.md``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from risk_monitor import quantities
from risk_monitor.effects import Severity
from risk_monitor.rules import MANDATES, Dimension, MandateSpec, Subjects
from risk_monitor.yaml_nodes import LimitsError, Mapping, Node, Scalar, Sequence, read

__all__ = ["Bound", "Limits", "LimitsError", "MandateLimits", "SubjectLimits", "parse_limits"]

SCHEMA = "riskproof-limits/1"
MAX_SUBJECTS = 1_000

_TOP_KEYS = ("schema", "firm", "base_currency", "stablecoins", "structural", "limits")
_OPTIONS = ("for", "window", "quantile")
_SEVERITIES = tuple(Severity)
_ASSET = re.compile(r"[A-Z][A-Z0-9]{0,14}")
_PAIR = re.compile(r"[A-Z][A-Z0-9]{0,14}/[A-Z][A-Z0-9]{0,14}")
_VENUE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")


class Bound(msgspec.Struct, frozen=True):
    """One rule's limit: ``value`` in the canonical unit of the mandate's dimension, ``text`` as it was written."""

    severity: Severity
    value: Decimal
    text: str


class SubjectLimits(msgspec.Struct, frozen=True):
    subject: str
    bounds: tuple[Bound, ...]


class MandateLimits(msgspec.Struct, frozen=True):
    """The rules of one mandate. A breach must last ``for_ns`` before its alert fires."""

    spec: MandateSpec
    subjects: tuple[SubjectLimits, ...]
    for_ns: int = 0
    window_ns: int = 0
    quantile: float = 0.0

    def bounds(self, subject: str) -> tuple[Bound, ...]:
        """The bounds of a subject: those under its name, else those under ``each`` (which ``total`` is not part of)."""
        each: tuple[Bound, ...] = ()
        for entry in self.subjects:
            if entry.subject == subject:
                return entry.bounds
            if entry.subject == "each":
                each = entry.bounds
        return () if subject in ("total", "firm", "prices", "positions") else each


class Limits(msgspec.Struct, frozen=True):
    """All rules of a firm. ``structural`` holdings are long-term: trading does not answer for them."""

    firm: str
    base_currency: str
    stablecoins: tuple[str, ...]
    structural: tuple[tuple[str, Decimal], ...]
    mandates: tuple[MandateLimits, ...]

    def mandate(self, name: str) -> MandateLimits | None:
        return next((mandate for mandate in self.mandates if mandate.spec.name == name), None)


def parse_limits(text: str | bytes, file_name: str) -> Limits:
    """Read a limits file. Raises ``LimitsError`` at the first mistake."""
    root = read(text, file_name)
    if not isinstance(root, Mapping):
        raise LimitsError(
            file_name, root.line, root.column, "", "not a limits file", f"a mapping with schema: {SCHEMA}"
        )
    return _LimitsReader(file_name, root).limits()


class _LimitsReader:
    def __init__(self, file: str, root: Mapping) -> None:
        self._file = file
        self._root = root
        self._stablecoins: tuple[str, ...] = ()

    def limits(self) -> Limits:
        root = self._root
        schema_node = root.get("schema")
        if schema_node is not None and self._text(schema_node, "schema") != SCHEMA:
            # A file of another kind is one mistake, not as many as it has keys.
            raise self._error(schema_node, "schema", f"{self._text(schema_node, 'schema')!r} is not read here", SCHEMA)
        self._known_keys(root, "", _TOP_KEYS)
        self._required(root, "", "schema")
        firm = self._text(self._required(root, "", "firm"), "firm")
        base_node = self._required(root, "", "base_currency")
        base_currency = self._text(base_node, "base_currency")
        if base_currency != "USD":
            raise self._error(base_node, "base_currency", f"{base_currency!r} is not kept books in", "USD")
        self._stablecoins = self._assets(root.get("stablecoins"), "stablecoins")
        structural = self._structural(root.get("structural"))
        limits = self._mapping(self._required(root, "", "limits"), "limits", "mandates")
        self._known_keys(limits, "limits", tuple(MANDATES))
        mandates = tuple(self._mandate(MANDATES[key.text], node, key) for key, node in limits.entries)
        return Limits(firm, base_currency, self._stablecoins, structural, mandates)

    def _mandate(self, spec: MandateSpec, node: Node, key: Scalar) -> MandateLimits:
        field = f"limits.{spec.name}"
        table = self._mapping(node, field, "subjects with their bounds")
        options = ("for", *(("window",) if spec.window else ()), *(("quantile",) if spec.quantile else ()))
        subjects: list[SubjectLimits] = []
        for name, bounds in table.entries:
            if name.text not in options:
                self._check_subject(spec, name, options)
                subjects.append(self._subject(spec, name.text, bounds, f"{field}.{name.text}"))
        if not subjects:
            raise self._error(key, field, "no subject", "at least one subject with its bounds")
        if len(subjects) > MAX_SUBJECTS:
            raise self._error(key, field, f"{len(subjects)} subjects", f"at most {MAX_SUBJECTS}")
        window_ns = self._duration(self._required(table, field, "window"), f"{field}.window") if spec.window else 0
        if spec.window and window_ns == 0:
            raise self._error(table.get("window") or table, f"{field}.window", "an empty window", "more than 0 s")
        quantile = self._quantile(self._required(table, field, "quantile"), field) if spec.quantile else 0.0
        patience = table.get("for")
        for_ns = self._duration(patience, f"{field}.for") if patience else 0
        return MandateLimits(spec, tuple(subjects), for_ns, window_ns, quantile)

    def _check_subject(self, spec: MandateSpec, name: Scalar, options: tuple[str, ...]) -> None:
        field = f"limits.{spec.name}.{name.text}"
        words = spec.words + options
        if name.text in words:
            return
        subject = name.text
        expected = f"{spec.subjects.value} or one of {', '.join(words)}"
        fits = {
            Subjects.ASSET: bool(_ASSET.fullmatch(subject)) and subject not in (*self._stablecoins, "USD"),
            Subjects.STABLECOIN: subject in self._stablecoins,
            Subjects.PAIR: bool(_PAIR.fullmatch(subject)),
            Subjects.VENUE: bool(_VENUE.fullmatch(subject)) and not difflib.get_close_matches(subject, words, 1, 0.75),
            Subjects.NONE: False,
        }[spec.subjects]
        if fits and subject not in _OPTIONS and subject not in _SEVERITIES:
            return
        if spec.subjects is Subjects.ASSET:
            expected = f"an asset that is neither USD nor a stablecoin, or one of {', '.join(words)}"
        elif spec.subjects is Subjects.STABLECOIN:
            expected = f"one of {', '.join(self._stablecoins + words)}"
        elif spec.subjects is Subjects.NONE:
            expected = f"one of {', '.join(words)}"
        known = self._stablecoins + words if spec.subjects is Subjects.STABLECOIN else words
        raise self._error(
            name, field, f"{subject!r} is not a subject or option of it", expected, _nearest(subject, known)
        )

    def _subject(self, spec: MandateSpec, subject: str, node: Node, field: str) -> SubjectLimits:
        table = self._mapping(node, field, "severities with their bounds, such as {warning: …, high: …}")
        self._known_keys(table, field, _SEVERITIES)
        if not table.entries:
            raise self._error(node, field, "no bound", "at least one severity with its bound")
        bounds: list[Bound] = []
        for severity in _SEVERITIES:
            bound_node = table.get(severity)
            if bound_node is None:
                continue
            inner = f"{field}.{severity}"
            text = self._text(bound_node, inner)
            value = self._amount(spec, subject, bound_node, inner)
            if bounds and value <= bounds[-1].value:
                lower = bounds[-1]
                raise self._error(
                    bound_node,
                    inner,
                    f"{text!r} is not above {lower.severity} ({lower.text})",
                    "bounds that grow with severity",
                )
            bounds.append(Bound(severity, value, text))
        return SubjectLimits(subject, tuple(bounds))

    def _amount(self, spec: MandateSpec, subject: str, node: Node, field: str) -> Decimal:
        quantity = self._quantity(node, field, spec.dimension.value)
        match spec.dimension:
            case Dimension.ASSET:
                units: dict[str, Decimal] = {subject: Decimal(1)}
            case Dimension.MONEY:
                units = {"USD": Decimal(1)}
            case Dimension.FRACTION:
                units = quantities.FRACTION
            case Dimension.DURATION:
                units = {unit: Decimal(ns) for unit, ns in quantities.DURATION_NS.items()}
        return quantity.amount * self._unit(quantity, node, field, units)

    def _duration(self, node: Node, field: str) -> int:
        quantity = self._quantity(node, field, Dimension.DURATION.value)
        units = {unit: Decimal(ns) for unit, ns in quantities.DURATION_NS.items()}
        return int(quantity.amount * self._unit(quantity, node, field, units))

    def _quantile(self, node: Node, field: str) -> float:
        inner = f"{field}.quantile"
        quantity = self._quantity(node, inner, "a share, such as 95 %")
        value = quantity.amount * self._unit(quantity, node, inner, {"%": Decimal("0.01")})
        if not 0 < value <= 1:
            raise self._error(
                node, inner, f"{self._text(node, inner)!r} is no quantile", "more than 0 % and at most 100 %"
            )
        return float(value)

    def _quantity(self, node: Node, field: str, expected: str) -> quantities.Quantity:
        try:
            return quantities.parse(self._text(node, field))
        except ValueError as error:
            raise self._error(node, field, str(error), expected) from None

    def _unit(self, quantity: quantities.Quantity, node: Node, field: str, units: dict[str, Decimal]) -> Decimal:
        if quantity.unit in units:
            return units[quantity.unit]
        expected = f"a unit of {', '.join(units)}" if len(units) > 1 else f"the unit {next(iter(units))}"
        message = f"unknown unit {quantity.unit!r}" if quantity.unit else "no unit"
        raise self._error(node, field, message, expected, _nearest(quantity.unit, units))

    def _structural(self, node: Node | None) -> tuple[tuple[str, Decimal], ...]:
        if node is None:
            return ()
        holdings: list[tuple[str, Decimal]] = []
        for key, amount in self._mapping(node, "structural", "assets with their amounts").entries:
            field = f"structural.{key.text}"
            if not _ASSET.fullmatch(key.text):
                raise self._error(key, field, f"{key.text!r} is not an asset", "an asset, such as BTC")
            quantity = self._quantity(amount, field, Dimension.ASSET.value)
            holdings.append((key.text, quantity.amount * self._unit(quantity, amount, field, {key.text: Decimal(1)})))
        return tuple(holdings)

    def _assets(self, node: Node | None, field: str) -> tuple[str, ...]:
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            raise self._error(node, field, "not a list", "a list of assets, such as [USDT, USDC]")
        assets: list[str] = []
        for item in node.items:
            name = self._text(item, field)
            if not _ASSET.fullmatch(name) or name == "USD":
                raise self._error(item, field, f"{name!r} is not a stablecoin", "an asset, such as USDT")
            if name in assets:
                raise self._error(item, field, f"{name!r} is given twice", "each asset once")
            assets.append(name)
        return tuple(assets)

    def _known_keys(self, table: Mapping, field: str, known: Iterable[str]) -> None:
        names = tuple(known)
        for key, _ in table.entries:
            if key.text not in names:
                inner = f"{field}.{key.text}" if field else key.text
                raise self._error(key, inner, "unknown key", f"one of {', '.join(names)}", _nearest(key.text, names))

    def _required(self, table: Mapping, field: str, key: str) -> Node:
        node = table.get(key)
        if node is None:
            raise self._error(table, f"{field}.{key}" if field else key, "missing", f"the key {key}")
        return node

    def _mapping(self, node: Node, field: str, expected: str) -> Mapping:
        if not isinstance(node, Mapping):
            raise self._error(node, field, "not a mapping", f"a mapping of {expected}")
        return node

    def _text(self, node: Node, field: str) -> str:
        if not isinstance(node, Scalar) or not node.text:
            raise self._error(node, field, "no value", "a value")
        return node.text

    def _error(self, node: Node, field: str, message: str, expected: str, nearest: str = "") -> LimitsError:
        return LimitsError(self._file, node.line, node.column, field, message, expected, nearest)


def _nearest(name: str, known: Iterable[str]) -> str:
    matches = difflib.get_close_matches(name, list(known), 1, 0.5)
    return matches[0] if matches else ""
