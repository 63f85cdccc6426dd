"""How an exchange is written in YAML: spot pairs on their terms, or perpetuals on theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from lab.scenario.errors import problem
from lab.scenario.firm import EXCHANGE_OPERATIONS, LINK_KEY, Exchange, Latency, LinkLatency, service_key
from lab.scenario.kinds import Findings, Kind, Schema, join
from lab.scenario.records import Key, Record, RecordKind, record, relaxed
from lab.scenario.scalars import PERPETUAL, SPOT_PAIR, Step, Text
from lab.scenario.yaml_nodes import Map, Node, Scalar, as_map, merge
from simulators.exchange.config import ExchangeConfig, StreetConfig
from simulators.exchange.instrument import Instrument
from simulators.exchange.perpetual.terms import PerpetualTerms
from simulators.exchange.types import Listing
from simulators.market_data.world.config import legs_of

STEP = Step()


class _ListingTerms(msgspec.Struct, frozen=True, kw_only=True):
    """One pair that an exchange trades, on its terms."""

    tick_size: Annotated[str, Key(STEP, "smallest step of the price, quote per base")]
    lot_size: Annotated[str, Key(STEP, "smallest step of the quantity, base")]
    min_notional: Annotated[str, Key(STEP, "smallest value of an order, quote")]
    maker_fee_bp: float
    """Fee of the order that rested."""
    taker_fee_bp: float
    """Fee of the order that came."""
    street: Annotated[StreetConfig | None, Key(record(StreetConfig), "the liquidity of everybody else")] = None


class _ContractTerms(PerpetualTerms, frozen=True, kw_only=True):
    """One perpetual that an exchange trades, on its terms."""

    tick_size: Annotated[str, Key(STEP, "smallest step of the price, quote per base")]
    lot_size: Annotated[str, Key(STEP, "smallest step of the quantity, base")]
    min_notional: Annotated[str, Key(STEP, "smallest value of an order, quote")]
    maker_fee_bp: float
    """Fee of the order that rested."""
    taker_fee_bp: float
    """Fee of the order that came."""
    street: Annotated[StreetConfig | None, Key(record(StreetConfig), "the liquidity of everybody else")] = None


T = TypeVar("T", bound=_ListingTerms | _ContractTerms)


class _Lists(Kind[Mapping[str, T]], Generic[T]):
    """A mapping from pairs to their terms."""

    def __init__(self, pair: Text, terms: type[T], example: str) -> None:
        self._pair = pair
        self._terms: Any = terms
        self.expected = f"a mapping from pairs, such as {example}, to their terms"

    def read(self, node: Node, field: str) -> dict[str, T]:
        pairs = as_map(node, field, self.expected)
        if not 1 <= len(pairs.entries) <= 50:
            raise problem(pairs.mark, field, f"has {len(pairs.entries)} pairs", "1 to 50 pairs")
        found = Findings()
        terms: dict[str, T] = {}
        for pair, child in pairs.entries.items():
            name = found.take(self._pair.read, Scalar(pairs.keys[pair], pair), field)
            listing = found.take(record(self._terms).read, child, join(field, pair))
            if listing is None or name is None:
                continue
            terms[pair] = listing
            try:
                Instrument(_listing(pair, listing))
            except ValueError as error:  # the book's integer arithmetic cannot hold these terms
                found.add(problem(child.mark, join(field, pair), str(error).removeprefix(f"{pair}: ")).problems)
        found.raise_if_any()
        return terms

    def schema(self) -> Schema:
        terms = relaxed(record(self._terms).schema())
        names = self._pair.schema()
        return {"type": "object", "minProperties": 1, "propertyNames": names, "additionalProperties": terms}


class _ExchangeTerms(msgspec.Struct, frozen=True, kw_only=True):
    lists: Annotated[
        Mapping[str, _ListingTerms], Key(_Lists(SPOT_PAIR, _ListingTerms, "BTC/USD"), "the pairs it trades")
    ]
    service: Annotated[Mapping[str, Latency], service_key(EXCHANGE_OPERATIONS)] = {}
    link: Annotated[LinkLatency, LINK_KEY] = LinkLatency()


class _DerivativesTerms(msgspec.Struct, frozen=True, kw_only=True):
    lists: Annotated[
        Mapping[str, _ContractTerms],
        Key(_Lists(PERPETUAL, _ContractTerms, '"BTC/USDT:USDT"'), "the perpetuals it trades"),
    ]
    service: Annotated[Mapping[str, Latency], service_key(EXCHANGE_OPERATIONS)] = {}
    link: Annotated[LinkLatency, LINK_KEY] = LinkLatency()


class ExchangeRecord(RecordKind[Exchange]):
    """An exchange. What stands under ``each`` holds for every pair it lists that does not say otherwise."""

    def __init__(self, *, is_derivatives: bool = False) -> None:
        terms: type[msgspec.Struct] = _DerivativesTerms if is_derivatives else _ExchangeTerms
        self._listing: type[msgspec.Struct] = _ContractTerms if is_derivatives else _ListingTerms
        self._terms: Record[Any] = Record(terms, elsewhere=("each",))
        self.expected = self._terms.expected

    def read_with(self, node: Node, field: str, **supplied: Any) -> Exchange:
        entries = as_map(node, field, self.expected)
        terms = self._terms.read(_with_defaults(entries), field)
        lists: Mapping[str, _ListingTerms | _ContractTerms] = terms.lists
        config = ExchangeConfig(
            name=supplied["name"],
            listings=tuple(_listing(pair, listing) for pair, listing in lists.items()),
            street={pair: listing.street for pair, listing in lists.items() if listing.street is not None},
        )
        contracts = {pair: _contract(listing) for pair, listing in lists.items() if isinstance(listing, PerpetualTerms)}
        return Exchange(config=config, service=terms.service, link=terms.link, contracts=contracts)

    def schema(self) -> Schema:
        schema = self._terms.schema()
        each = {"description": "terms of every pair that does not say otherwise"}
        schema["properties"]["each"] = {**each, **relaxed(record(self._listing).schema())}
        return schema


def _with_defaults(exchange: Map) -> Map:
    each, lists = exchange.entries.get("each"), exchange.entries.get("lists")
    if each is None or not isinstance(lists, Map):
        return exchange
    merged = {pair: merge(each, child) if isinstance(child, Map) else child for pair, child in lists.entries.items()}
    return Map(exchange.mark, {**exchange.entries, "lists": Map(lists.mark, merged, lists.keys)}, exchange.keys)


def _listing(pair: str, terms: _ListingTerms | _ContractTerms) -> Listing:
    base, quote = legs_of(pair)
    return Listing(
        symbol=pair,
        base=base,
        quote=quote,
        tick_size=terms.tick_size,
        lot_size=terms.lot_size,
        min_notional=terms.min_notional,
        maker_fee_bp=terms.maker_fee_bp,
        taker_fee_bp=terms.taker_fee_bp,
    )


def _contract(terms: PerpetualTerms) -> PerpetualTerms:
    return PerpetualTerms(**{name: getattr(terms, name) for name in PerpetualTerms.__struct_fields__})
