"""Limits: the bounds the firm has set itself, read from the text in the journal's header.

The monitor has a reader of its own; sharing one would hide a mistake that both make. Bounds are turned into the units
in which truth is computed: assets, USD, multiples (``x``), counts (``times``) and tail exponents (``alpha``) as they
are, ratios as fractions (``50 bp`` is 0.005), times as seconds.
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

_QUANTITY = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)([kM]?)\s*(%|[A-Za-z][A-Za-z0-9]*)\s*$")
_MULTIPLIER = {"": 1.0, "k": 1e3, "M": 1e6}
_SECONDS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}
_FRACTIONS = {"%": 1e-2, "bp": 1e-4}
_PLAIN = {"factor": "x", "count": "times", "exponent": "alpha"}
_OPTIONS = ("for", "window", "quantile")
_PROFILES = ("micro", "low", "medium", "high", "aggressive")

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
    "concentration": "ratio",
    "leverage": "factor",
    "correlation_cluster": "USD",
    "instrument_whitelist": "USD",
    "weekly_loss": "USD",
    "single_trade_risk": "ratio",
    "basis": "ratio",
    "expected_shortfall": "USD",
    "tail_exponent": "exponent",
    "volatility_regime": "factor",
    "correlation_breakdown": "ratio",
    "slippage": "factor",
    "clock_drift": "time",
    "sequence_gap": "count",
    "snapshot_loss": "ratio",
    "crossed_book": "ratio",
    "bad_tick": "ratio",
    "reference_price": "ratio",
    "frozen_feed": "time",
    "frozen_account": "time",
    "visibility": "time",
    "reconciliation": "USD",
    "reconciliation_confidence": "ratio",
    "heartbeat": "time",
    "api_errors": "ratio",
    "order_rejects": "ratio",
    "order_rate": "factor",
    "message_rate": "factor",
    "repeated_execution": "count",
    "unauthorised_orders": "count",
    "unauthorised_withdrawals": "USD",
    "authentication": "count",
    "policy_drift": "count",
    "failover_storm": "count",
    "partial_settlement": "time",
    "rejected_transfer": "count",
}
_BELOW = frozenset(("tail_exponent", "reconciliation_confidence"))


class LimitsError(Exception):
    """The limits text in the journal cannot be read: which field, what was expected."""


class Bound(msgspec.Struct, frozen=True):
    """One bound: ``value`` in the unit of truth (asset, USD, fraction or seconds), ``text`` as the file has it."""

    severity: str
    value: float
    text: str


class Mandate(msgspec.Struct, frozen=True):
    """A rule the firm must keep: its bounds per subject, and its options.

    ``below``: a breach is a measure below its bound, not above it.
    """

    name: str
    dimension: str
    subjects: dict[str, tuple[Bound, ...]]
    for_ns: int = 0
    window_ns: int = 0
    quantile: float = 0.0
    below: bool = False

    def bounds(self, subject: str, default: str = EACH, profile: str = "") -> tuple[Bound, ...]:
        """The bounds of a subject: by name, else of its capital profile, else of ``default``; empty if it has none."""
        for key in (subject, profile, default):
            if key in self.subjects:
                return self.subjects[key]
        return ()


class Limits(msgspec.Struct, frozen=True):
    """Everything the firm has bound itself to."""

    mandates: dict[str, Mandate]
    stablecoins: tuple[str, ...]
    structural: dict[str, float]
    clusters: dict[str, tuple[str, ...]] = {}
    whitelist: tuple[str, ...] = ()
    profiles: dict[str, str] = {}  # account, `venue:account` → capital profile

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
    clusters = {
        str(name): _names(assets, f"clusters.{name}")
        for name, assets in _mapping(top.get("clusters") or {}, "clusters").items()
    }
    profiles = {str(account): str(name) for account, name in _mapping(top.get("profiles") or {}, "profiles").items()}
    for account, profile in profiles.items():
        if profile not in _PROFILES:
            raise LimitsError(f"profiles.{account}: expected one of {', '.join(_PROFILES)}, found {profile!r}")
    return Limits(
        mandates,
        _names(top.get("stablecoins") or [], "stablecoins"),
        structural,
        clusters,
        _names(top.get("whitelist") or [], "whitelist"),
        profiles,
    )


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
        below=name in _BELOW,
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
    elif dimension in _PLAIN:
        factor = 1.0 if unit == _PLAIN[dimension] else None
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


def _names(value: Any, field: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise LimitsError(f"{field}: expected a list of names, found {type(value).__name__}")
    return tuple(str(name) for name in value)
