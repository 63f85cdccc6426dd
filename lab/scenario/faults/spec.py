"""How a scenario may speak of a fault: where it acts, on what, how strongly, with what else, and who carries it out.

The parameters are declared once, by the simulator that acts on them.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import msgspec

from lab.scenario.kinds import Kind, ListOf
from lab.scenario.model import Injection
from lab.scenario.records import Field, fields_of
from lab.scenario.scalars import ASSET, NAME, NAME_PATTERN, PAIR, Choice, Duration, Text

COORDINATED = ("injection", "starts_ns", "ends_ns", "ramp_ns", "ramp_down_ns", "intensity")
"""Attributes of a fault's parameters that the timeline's own keys give."""

SCOPE_KINDS: dict[str, Kind[Any]] = {
    "asset": ASSET,
    "assets": ListOf(ASSET, least=1, most=50),
    "venue": NAME,
    "venues": ListOf(NAME, least=1, most=50),
    "client": Text("the monitor, a strategy, or *", rf"\*|{NAME_PATTERN}", 80),
    "clients": ListOf(NAME, least=1, most=50),
    "direction": Choice(("to_venue", "to_client", "both")),
    "carries": Choice(("requests", "streams", "both")),
    "pair": PAIR,
    "pairs": ListOf(PAIR, least=1, most=50),
    "account": NAME,
    "accounts": ListOf(NAME, least=1, most=50),
    "operation": Text("an operation of the venue", r"[A-Za-z_]+", 40),
    "operations": ListOf(Text("an operation of the venue", r"[A-Za-z_]+", 40), least=1, most=50),
    "counterparty": NAME,
    "strategy": NAME,
    "source": NAME,
}


class FaultSpec(NamedTuple):
    """One kind of harm, as a scenario may speak of it."""

    name: str
    acts_in: str  # market, exchange, custodian, price_source, strategies, gateway, wire or monitor_host
    doc: str
    params_at: str  # module:struct; imported when the fault is used, because some simulators are heavy
    maker_at: str  # module:function of lab.harm that makes the fault of an injection; imported when one is injected
    scope: tuple[
        str, ...
    ]  # what stands under `scope`; what the struct does not have picks the simulator, and is required
    intensity: Kind[Any] | None  # None: the fault has no degrees
    intensity_doc: str
    example: str
    intensity_attribute: str = "intensity"

    @property
    def params(self) -> type[msgspec.Struct]:
        """The struct that the simulator declares."""
        return _imported(self.params_at)  # type: ignore[no-any-return]

    @property
    def make(self) -> Any:
        """``make(rooms, injection, params, took_effect) -> Fault``; see ``lab.harm``."""
        return _imported(self.maker_at)

    @property
    def ramps(self) -> bool:
        """Whether the harm can grow and fade."""
        return "ramp_ns" in self.params.__struct_fields__

    def scope_fields(self) -> tuple[Field, ...]:
        """The keys of `scope`."""
        required = {field.attribute: field.required for field in fields_of(self.params)}
        return tuple(Field(name, name, SCOPE_KINDS[name], "", required.get(name, True)) for name in self.scope)

    def parameter_fields(self) -> tuple[Field, ...]:
        """The keys of `with`."""
        return fields_of(self.params, but=(*COORDINATED, self.intensity_attribute, *self.scope))

    def build(self, injection: Injection, run_starts_ns: int) -> msgspec.Struct:
        """The parameters of one injection, as the simulator wants them. Raises ValueError as the struct does."""
        starts_ns = run_starts_ns + (injection.at_ns or 0)  # one that hangs on another is tried as if it began at once
        offered = {
            "injection": injection.name,
            "starts_ns": starts_ns,
            "ends_ns": starts_ns + injection.for_ns,
            "ramp_ns": injection.ramp_ns,
            "ramp_down_ns": injection.ramp_down_ns,
            **injection.scope,
            **injection.parameters,
        }
        if injection.intensity is not None:
            is_duration = isinstance(self.intensity, Duration)  # times are whole nanoseconds
            offered[self.intensity_attribute] = int(injection.intensity) if is_duration else injection.intensity
        known = self.params.__struct_fields__
        return self.params(**{name: value for name, value in offered.items() if name in known})


def _imported(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
