"""Limits: the bounds the firm has set itself, read from the text in the journal's header.

The monitor has a reader of its own; sharing one would hide a mistake that both make. Bounds are turned into the units
in which truth is computed: assets and USD as they are, ratios as fractions (``50 bp`` is 0.005), times as seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from correlator.expectations import SEVERITIES

EACH = "each"

_QUANTITY = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([kM]?)\s*(%|[A-Za-z]+)\s*$")
_MULTIPLIER = {"": 1.0, "k": 1e3, "M": 1e6}
_SECONDS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}
_FRACTIONS = {"%": 1e-2, "bp": 1e-4}
_OPTIONS = ("for", "window", "quantile")

# The dimension of every mandate's bounds; a mandate that is not here cannot be judged.
_DIMENSIONS: Mapping[str, str] = {
    "position_limit": "asset",
    "notional_limit": "USD",
    "delta_exposure": "USD",
    "drawdown": "ratio",
    "rapid_drawdown": "USD",
    "daily_loss": "USD",
    "stablecoin_peg": "ratio",
    "stablecoin_exposure": "USD",
    "price_divergence": "ratio",
    "triangular_divergence": "ratio",
    "feed_staleness": "time",
    "api_outage": "time",
    "api_latency": "time",
    "overdue_settlement": "time",
    "unsettled_exposure": "USD",
}


class LimitsError(Exception):
    """The limits text in the journal cannot be read: which field, what was expected."""


class Bound(msgspec.Struct, frozen=True):
    """One bound: ``value`` in the unit of truth (asset, USD, fraction or seconds), ``text`` as the file has it."""

    severity: str
    value: float
    text: str


class Mandate(msgspec.Struct, frozen=True):
    """A rule the firm must keep: its bounds per subject, and its options."""

    name: str
    dimension: str
    subjects: dict[str, tuple[Bound, ...]]
    for_ns: int = 0
    window_ns: int = 0
    quantile: float = 0.0

    def bounds(self, subject: str, default: str = EACH) -> tuple[Bound, ...]:
        """The bounds of a subject, by name or else those of ``default``; empty if it has none."""
        return self.subjects.get(subject, self.subjects.get(default, ()))


class Limits(msgspec.Struct, frozen=True):
    """Everything the firm has bound itself to."""

    mandates: dict[str, Mandate]
    stablecoins: tuple[str, ...]
    structural: dict[str, float]

    def mandate(self, name: str) -> Mandate | None:
        """The mandate, or None if the firm does not keep it."""
        return self.mandates.get(name)


def read_limits(text: str) -> Limits:
    """Read the text of a limits file.

    Raises:
        LimitsError: it is not one, or holds a quantity that cannot be one.
    """
    try:
        document = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise LimitsError(f"the limits are not YAML: {error}") from None
    top = _mapping(document, "limits file")
    if top.get("schema") != "riskproof-limits/1":
        raise LimitsError(f"schema: expected riskproof-limits/1, found {top.get('schema')!r}")
    mandates = {
        str(name): _mandate(str(name), _mapping(body, f"limits.{name}"))
        for name, body in _mapping(top.get("limits", {}), "limits").items()
    }
    structural = {
        str(asset): _quantity(text, f"structural.{asset}", "asset", str(asset))
        for asset, text in _mapping(top.get("structural") or {}, "structural").items()
    }
    stablecoins = top.get("stablecoins") or []
    if not isinstance(stablecoins, list):
        raise LimitsError("stablecoins: expected a list of assets")
    return Limits(mandates, tuple(str(asset) for asset in stablecoins), structural)


def _mandate(name: str, body: Mapping[Any, Any]) -> Mandate:
    dimension = _DIMENSIONS.get(name)
    if dimension is None:
        raise LimitsError(f"limits.{name}: no mandate that this correlator can compute")
    subjects: dict[str, tuple[Bound, ...]] = {}
    for subject, severities in body.items():
        if subject in _OPTIONS:
            continue
        field = f"limits.{name}.{subject}"
        bounds = []
        for severity, quantity in _mapping(severities, field).items():
            if severity not in SEVERITIES:
                raise LimitsError(f"{field}.{severity}: expected one of {', '.join(SEVERITIES)}")
            asset = str(subject) if dimension == "asset" else "USD"
            value = _quantity(quantity, f"{field}.{severity}", dimension, asset)
            bounds.append(Bound(severity, value, str(quantity)))
        subjects[str(subject)] = tuple(sorted(bounds, key=lambda bound: SEVERITIES.index(bound.severity)))
    return Mandate(
        name,
        dimension,
        subjects,
        for_ns=_duration_ns(body, name, "for"),
        window_ns=_duration_ns(body, name, "window"),
        quantile=_quantity(body["quantile"], f"limits.{name}.quantile", "ratio", "") if "quantile" in body else 0.0,
    )


def _duration_ns(body: Mapping[Any, Any], mandate: str, option: str) -> int:
    if option not in body:
        return 0
    return round(_quantity(body[option], f"limits.{mandate}.{option}", "time", "") * 1e9)


def _quantity(text: Any, field: str, dimension: str, asset: str) -> float:
    match = _QUANTITY.match(text) if isinstance(text, str) else None
    if match is None:
        raise LimitsError(f"{field}: expected a number and a unit, found {text!r}")
    value = float(match[1]) * _MULTIPLIER[match[2]]
    unit = match[3]
    if dimension == "time":
        factor = _SECONDS.get(unit)
    elif dimension == "ratio":
        factor = _FRACTIONS.get(unit)
    else:
        # A position of any asset may be bounded under `each`; its own unit is then the only one that fits.
        factor = 1.0 if unit == asset or (dimension == "asset" and asset == EACH) else None
    if factor is None:
        raise LimitsError(f"{field}: {unit!r} is no unit of this bound ({dimension})")
    if not math.isfinite(value):
        raise LimitsError(f"{field}: expected a finite number, found {text!r}")
    return value * factor


def _mapping(value: Any, field: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise LimitsError(f"{field}: expected a map, found {type(value).__name__}")
    return value
