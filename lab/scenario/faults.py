"""The fault registry: every harm that a timeline may inject, where it acts, on what, how strongly, with what else.

The parameters are declared once, by the simulator that acts on them; this table says how a scenario speaks of them.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import msgspec

from lab.scenario.kinds import Kind, ListOf
from lab.scenario.model import Injection
from lab.scenario.records import Field, fields_of
from lab.scenario.scalars import ASSET, NAME, PAIR, Duration, Share, Text

COORDINATED = ("injection", "starts_ns", "ends_ns", "ramp_ns", "ramp_down_ns", "intensity")
"""Attributes of a fault's parameters that the timeline's own keys give."""

SCOPE_KINDS: dict[str, Kind[Any]] = {
    "asset": ASSET,
    "assets": ListOf(ASSET, least=1, most=50),
    "venue": NAME,
    "pair": PAIR,
    "pairs": ListOf(PAIR, least=1, most=50),
    "account": NAME,
    "accounts": ListOf(NAME, least=1, most=50),
    "operation": Text("an operation of the venue", r"[A-Za-z_]+", 40),
    "operations": ListOf(Text("an operation of the venue", r"[A-Za-z_]+", 40), least=1, most=50),
    "counterparty": NAME,
}


class FaultSpec(NamedTuple):
    """One kind of harm, as a scenario may speak of it."""

    name: str
    acts_in: str  # market, exchange or custodian
    doc: str
    params_at: str  # module:struct; imported when the fault is used, because some simulators are heavy
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
        module, _, name = self.params_at.partition(":")
        return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]

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
        starts_ns = run_starts_ns + injection.at_ns
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


_PRICE = Share(0.0, 0.99)

FAULTS: dict[str, FaultSpec] = {
    spec.name: spec
    for spec in (
        FaultSpec(
            name="price_shock",
            acts_in="market",
            doc="the dollar price of assets moves, at once or along a ramp, together; `ramp_down` is the recovery",
            params_at="simulators.market_data.world.harm:PriceShockParams",
            scope=("assets", "venue"),
            intensity=_PRICE,
            intensity_doc="change of the price at full strength",
            example="{fault: price_shock, at: 1h, for: 3h, ramp: 20 min, scope: {assets: [BTC, ETH]}, intensity: 15 %}",
        ),
        FaultSpec(
            name="stablecoin_depeg",
            acts_in="market",
            doc="a stablecoin parts from the dollar, and with it every pair that is quoted in it",
            params_at="simulators.market_data.world.harm:StablecoinDepegParams",
            scope=("asset", "venue"),
            intensity=_PRICE,
            intensity_doc="distance from one dollar at full strength",
            example="{fault: stablecoin_depeg, at: 1h, ramp: 35h, scope: {asset: USDT}, intensity: 500 bp}",
        ),
        FaultSpec(
            name="price_divergence",
            acts_in="market",
            doc="one venue, one pair, or one pair at one venue is priced apart from the rest",
            params_at="simulators.market_data.world.harm:PriceDivergenceParams",
            scope=("venue", "pair"),
            intensity=_PRICE,
            intensity_doc="distance from the common price at full strength",
            example="{fault: price_divergence, at: 1h, for: 1h, scope: {venue: boreal}, intensity: 80 bp}",
        ),
        FaultSpec(
            name="exchange_outage",
            acts_in="exchange",
            doc="an exchange's API is down: requests fail, streams are closed or fall silent; its books go on",
            params_at="simulators.exchange.harm:ExchangeOutageParams",
            scope=("venue", "operations"),
            intensity=None,
            intensity_doc="",
            example="{fault: exchange_outage, at: 1h, for: 10 min, scope: {venue: apex}, with: {mode: silent}}",
        ),
        FaultSpec(
            name="exchange_latency",
            acts_in="exchange",
            doc="an exchange serves requests later: by an addition, by a `factor`, or by both",
            params_at="simulators.exchange.harm:ExchangeLatencyParams",
            scope=("venue", "operations", "accounts"),
            intensity=Duration(),
            intensity_doc="what is added to the service time at full strength",
            example="{fault: exchange_latency, at: 1h, for: 30 min, scope: {venue: apex}, intensity: 800 ms}",
            intensity_attribute="added_ns",
        ),
        FaultSpec(
            name="feed_stall",
            acts_in="exchange",
            doc="the price streams of an exchange, or of one pair, stay connected and say nothing",
            params_at="simulators.exchange.harm:FeedStallParams",
            scope=("venue", "pair"),
            intensity=None,
            intensity_doc="",
            example="{fault: feed_stall, at: 1h, for: 2 min, scope: {venue: apex, pair: BTC/USD}}",
        ),
        FaultSpec(
            name="settlement_halt",
            acts_in="custodian",
            doc="settlement instructions are accepted but not processed; after the end the backlog is worked off",
            params_at="simulators.custodian.harm:SettlementHaltParams",
            scope=("counterparty",),
            intensity=None,
            intensity_doc="",
            example="{fault: settlement_halt, at: 2h, for: 20h}",
        ),
        FaultSpec(
            name="settlement_delay",
            acts_in="custodian",
            doc="each step of processing happens later than planned",
            params_at="simulators.custodian.harm:SettlementDelayParams",
            scope=("counterparty",),
            intensity=Duration(positive=True),
            intensity_doc="how much later",
            example="{fault: settlement_delay, at: 2h, for: 20h, scope: {counterparty: apex}, intensity: 3h}",
            intensity_attribute="delay_ns",
        ),
        FaultSpec(
            name="custodian_outage",
            acts_in="custodian",
            doc="the custodian's API cannot be reached; settlement goes on behind the closed door",
            params_at="simulators.custodian.harm:CustodianOutageParams",
            scope=(),
            intensity=None,
            intensity_doc="",
            example="{fault: custodian_outage, at: 2h, for: 30 min, with: {mode: silent}}",
        ),
    )
}
