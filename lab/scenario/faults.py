"""The fault registry: every harm that a timeline may inject, where it acts, on what, how strongly, with what else.

The parameters are declared once, by the simulator that acts on them; this table says how a scenario speaks of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from lab.scenario.kinds import ASSET, NAME, PAIR, Kind, ListOf, Share, Text
from lab.scenario.records import Field, fields_of
from simulators.market_data.world.harm import PriceDivergenceParams, PriceShockParams, StablecoinDepegParams

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
    params: type[msgspec.Struct]
    scope: tuple[str, ...]  # the attributes of ``params`` that stand under `scope`
    intensity: Kind[Any] | None  # None: the fault has no degrees
    intensity_doc: str
    example: str

    @property
    def ramps(self) -> bool:
        """Whether it can grow and fade: only what has degrees can."""
        return "ramp_ns" in self.params.__struct_fields__

    def scope_fields(self) -> tuple[Field, ...]:
        """The keys of `scope`."""
        declared = {field.attribute: field for field in fields_of(self.params)}
        return tuple(
            Field(name, name, SCOPE_KINDS[name], declared[name].doc, declared[name].required) for name in self.scope
        )

    def parameter_fields(self) -> tuple[Field, ...]:
        """The keys of `with`."""
        return fields_of(self.params, but=(*COORDINATED, *self.scope))


_PRICE = Share(0.0, 0.99)

FAULTS: dict[str, FaultSpec] = {
    spec.name: spec
    for spec in (
        FaultSpec(
            name="price_shock",
            acts_in="market",
            doc="the dollar price of assets moves, at once or along a ramp, together; `ramp_down` is the recovery",
            params=PriceShockParams,
            scope=("assets", "venue"),
            intensity=_PRICE,
            intensity_doc="change of the price at full strength",
            example="{price_shock, at: 1h, for: 3h, ramp: 20 min, scope: {assets: [BTC, ETH]}, intensity: 15 %}",
        ),
        FaultSpec(
            name="stablecoin_depeg",
            acts_in="market",
            doc="a stablecoin parts from the dollar, and with it every pair that is quoted in it",
            params=StablecoinDepegParams,
            scope=("asset", "venue"),
            intensity=_PRICE,
            intensity_doc="distance from one dollar at full strength",
            example="{stablecoin_depeg, at: 1h, ramp: 35h, scope: {asset: USDT}, intensity: 500 bp}",
        ),
        FaultSpec(
            name="price_divergence",
            acts_in="market",
            doc="one venue, one pair, or one pair at one venue is priced apart from the rest",
            params=PriceDivergenceParams,
            scope=("venue", "pair"),
            intensity=_PRICE,
            intensity_doc="distance from the common price at full strength",
            example="{price_divergence, at: 1h, for: 1h, scope: {pair: BTC/USD, venue: boreal}, intensity: 80 bp}",
        ),
    )
}
