"""Limits file: the rules the firm has set itself, read strictly. The format is in ``docs/reference/mandates.md``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from risk_monitor import quantities
from risk_monitor.effects import Severity
from risk_monitor.rules import MANDATES, NEVER_EACH, PROFILES, Dimension, MandateSpec
from risk_monitor.subjects import (
    ACCOUNT,
    ASSET,
    NAME,
    Known,
    expected,
    fits,
    is_listed,
    is_traded,
    nearest,
    nearest_subject,
    words_of,
)
from risk_monitor.yaml_nodes import LimitsError, Mapping, Node, Scalar, Sequence, read

__all__ = ["Bound", "Limits", "LimitsError", "MandateLimits", "SubjectLimits", "parse_limits"]

SCHEMA = "riskproof-limits/1"
MAX_SUBJECTS = 1_000

_TOP_KEYS = (
    "schema",
    "firm",
    "base_currency",
    "stablecoins",
    "structural",
    "clusters",
    "whitelist",
    "profiles",
    "limits",
)
_OPTIONS = ("for", "window", "quantile")
_SEVERITIES = tuple(Severity)
_PLAIN_UNITS = {Dimension.FACTOR: "x", Dimension.COUNT: "times", Dimension.EXPONENT: "alpha"}


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

    def bounds(self, subject: str, profile: str = "") -> tuple[Bound, ...]:
        """The bounds of a subject: those under its name, else under its capital profile, else under ``each`` (which
        ``total`` is not part of)."""
        table = {entry.subject: entry.bounds for entry in self.subjects}
        if subject in table or subject in NEVER_EACH:
            return table.get(subject, ())
        return table.get(profile) or table.get("each", ())


class Cluster(msgspec.Struct, frozen=True):
    """Assets that fall together."""

    name: str
    assets: tuple[str, ...]


class Limits(msgspec.Struct, frozen=True):
    """All rules of a firm. ``structural`` holdings are long-term: trading does not answer for them. ``whitelist``: what
    may be traded at all. ``profiles``: the capital profile of accounts, written ``venue:account``."""

    firm: str
    base_currency: str
    stablecoins: tuple[str, ...]
    structural: tuple[tuple[str, Decimal], ...]
    mandates: tuple[MandateLimits, ...]
    clusters: tuple[Cluster, ...] = ()
    whitelist: tuple[str, ...] = ()
    profiles: tuple[tuple[str, str], ...] = ()

    def mandate(self, name: str) -> MandateLimits | None:
        return next((mandate for mandate in self.mandates if mandate.spec.name == name), None)

    def profile(self, account: str) -> str:
        """The capital profile of an account; "" if it has none."""
        return next((profile for name, profile in self.profiles if name == account), "")


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
        self._known = Known()

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
        stablecoins = self._stablecoins(root.get("stablecoins"))
        self._known = Known(stablecoins)
        clusters = self._clusters(root.get("clusters"))
        self._known = Known(stablecoins, tuple(cluster.name for cluster in clusters))
        whitelist = self._whitelist(root.get("whitelist"))
        profiles = self._profiles(root.get("profiles"))
        structural = self._structural(root.get("structural"))
        limits = self._mapping(self._required(root, "", "limits"), "limits", "mandates")
        self._known_keys(limits, "limits", tuple(MANDATES))
        mandates = tuple(self._mandate(MANDATES[key.text], node, key) for key, node in limits.entries)
        if root.get("whitelist") is None and (kept := limits.get("instrument_whitelist")) is not None:
            raise self._error(
                kept, "limits.instrument_whitelist", "there is no whitelist", "the key whitelist beside limits"
            )
        return Limits(firm, base_currency, stablecoins, structural, mandates, clusters, whitelist, profiles)

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
        quantile = self._quantile(spec, self._required(table, field, "quantile"), field) if spec.quantile else 0.0
        patience = table.get("for")
        for_ns = self._duration(patience, f"{field}.for") if patience else 0
        return MandateLimits(spec, tuple(subjects), for_ns, window_ns, quantile)

    def _check_subject(self, spec: MandateSpec, name: Scalar, options: tuple[str, ...]) -> None:
        subject = name.text
        if subject in words_of(spec):
            return
        if fits(spec, subject, self._known, options) and subject not in _OPTIONS and subject not in _SEVERITIES:
            return
        raise self._error(
            name,
            f"limits.{spec.name}.{subject}",
            f"{subject!r} is not a subject or option of it",
            expected(spec, self._known, options),
            nearest_subject(spec, subject, self._known, options),
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
            if bounds:
                self._check_order(spec, bounds[-1], value, bound_node, inner)
            bounds.append(Bound(severity, value, text))
        return SubjectLimits(subject, tuple(bounds))

    def _check_order(self, spec: MandateSpec, milder: Bound, value: Decimal, node: Node, field: str) -> None:
        if value == milder.value or (value < milder.value) is not spec.below:
            side, way = ("below", "fall") if spec.below else ("above", "grow")
            message = f"{self._text(node, field)!r} is not {side} {milder.severity} ({milder.text})"
            raise self._error(node, field, message, f"bounds that {way} with severity")

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
            case Dimension.FACTOR | Dimension.COUNT | Dimension.EXPONENT:
                units = {_PLAIN_UNITS[spec.dimension]: Decimal(1)}
        return quantity.amount * self._unit(quantity, node, field, units)

    def _duration(self, node: Node, field: str) -> int:
        quantity = self._quantity(node, field, Dimension.DURATION.value)
        units = {unit: Decimal(ns) for unit, ns in quantities.DURATION_NS.items()}
        return int(quantity.amount * self._unit(quantity, node, field, units))

    def _quantile(self, spec: MandateSpec, node: Node, field: str) -> float:
        inner = f"{field}.quantile"
        quantity = self._quantity(node, inner, "a share, such as 95 %")
        value = quantity.amount * self._unit(quantity, node, inner, {"%": Decimal("0.01")})
        if not 0 < value <= 1:
            raise self._error(
                node, inner, f"{self._text(node, inner)!r} is no quantile", "more than 0 % and at most 100 %"
            )
        if value == 1 and spec.dimension is Dimension.MONEY:
            # A mean of the losses beyond it needs some beyond it.
            raise self._error(node, inner, "nothing lies beyond it", "less than 100 %")
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
        raise self._error(node, field, message, expected, nearest(quantity.unit, units))

    def _structural(self, node: Node | None) -> tuple[tuple[str, Decimal], ...]:
        if node is None:
            return ()
        holdings: list[tuple[str, Decimal]] = []
        for key, amount in self._mapping(node, "structural", "assets with their amounts").entries:
            field = f"structural.{key.text}"
            if not ASSET.fullmatch(key.text):
                raise self._error(key, field, f"{key.text!r} is not an asset", "an asset, such as BTC")
            quantity = self._quantity(amount, field, Dimension.ASSET.value)
            holdings.append((key.text, quantity.amount * self._unit(quantity, amount, field, {key.text: Decimal(1)})))
        return tuple(holdings)

    def _stablecoins(self, node: Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        return self._names(
            node,
            "stablecoins",
            "a list of assets, such as [USDT, USDC]",
            lambda name: bool(ASSET.fullmatch(name)) and name != "USD",
            "a stablecoin",
            "an asset, such as USDT",
        )

    def _clusters(self, node: Node | None) -> tuple[Cluster, ...]:
        if node is None:
            return ()
        clusters: list[Cluster] = []
        for key, members in self._mapping(node, "clusters", "names with their assets").entries:
            field = f"clusters.{key.text}"
            if not NAME.fullmatch(key.text) or key.text in ("each", *_OPTIONS):
                raise self._error(key, field, f"{key.text!r} is no name of a cluster", "a name, such as majors")
            wanted = "an asset that is neither USD nor a stablecoin"
            assets = self._names(
                members, field, "a list of assets, such as [BTC, ETH]", self._is_traded, "of a cluster", wanted
            )
            clusters.append(Cluster(key.text, assets))
        return tuple(clusters)

    def _whitelist(self, node: Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        wanted = "a pair or perpetual, such as BTC/USDT or BTC/USDT:USDT"
        return self._names(node, "whitelist", "a list of pairs, such as [BTC/USD]", is_listed, "a pair", wanted)

    def _profiles(self, node: Node | None) -> tuple[tuple[str, str], ...]:
        if node is None:
            return ()
        profiles: list[tuple[str, str]] = []
        for key, value in self._mapping(node, "profiles", "accounts with their capital profile").entries:
            field = f"profiles.{key.text}"
            if not ACCOUNT.fullmatch(key.text):
                raise self._error(key, field, f"{key.text!r} is not an account", "an account, such as apex:maker")
            profile = self._text(value, field)
            if profile not in PROFILES:
                message = f"{profile!r} is no capital profile"
                raise self._error(value, field, message, f"one of {', '.join(PROFILES)}", nearest(profile, PROFILES))
            profiles.append((key.text, profile))
        return tuple(profiles)

    def _is_traded(self, asset: str) -> bool:
        return is_traded(asset, self._known)

    def _names(
        self, node: Node, field: str, what: str, fits_in: Callable[[str], bool], role: str, wanted: str
    ) -> tuple[str, ...]:
        """A list of different names, each of which ``fits_in``."""
        if not isinstance(node, Sequence):
            raise self._error(node, field, "not a list", what)
        names: list[str] = []
        for item in node.items:
            name = self._text(item, field)
            if not fits_in(name):
                raise self._error(item, field, f"{name!r} is not {role}", wanted)
            if name in names:
                raise self._error(item, field, f"{name!r} is given twice", "each name once")
            names.append(name)
        if len(names) > MAX_SUBJECTS:
            raise self._error(node, field, f"{len(names)} names", f"at most {MAX_SUBJECTS}")
        return tuple(names)

    def _known_keys(self, table: Mapping, field: str, known: Iterable[str]) -> None:
        names = tuple(known)
        for key, _ in table.entries:
            if key.text not in names:
                inner = f"{field}.{key.text}" if field else key.text
                raise self._error(key, inner, "unknown key", f"one of {', '.join(names)}", nearest(key.text, names))

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
