"""How a firm is written in YAML: each part of the file, as a kind that reads it and describes it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec

from lab.scenario.agreement import Agreement
from lab.scenario.errors import Problem, problem
from lab.scenario.exchanges import ExchangeRecord
from lab.scenario.firm import (
    CUSTODIAN_OPERATIONS,
    LINK_KEY,
    Account,
    Custodian,
    Exchange,
    Firm,
    Gateway,
    Latency,
    LinkLatency,
    PriceSource,
    Strategy,
    service_key,
)
from lab.scenario.kinds import Findings, Kind, Schema, join
from lab.scenario.own_strategy import read_own
from lab.scenario.records import Key, Named, Record, RecordKind, entry, record
from lab.scenario.scalars import NAME, Choice, Text
from lab.scenario.yaml_nodes import Map, Node, Scalar, as_map, without
from simulators.custodian.calendar import parse_date, parse_time_of_day
from simulators.custodian.config import CustodianConfig
from simulators.ledger import to_units
from simulators.market_data.world.config import legs_of
from simulators.strategies.params import KINDS, is_own

FIRM_SCHEMA = "riskproof-firm/1"
MOST_HELD = "1000000000"  # whole assets in one account: their sums stay far within the 64 bits of a record


class _CustodianTerms(msgspec.Struct, frozen=True, kw_only=True):
    service: Annotated[Mapping[str, Latency], service_key(CUSTODIAN_OPERATIONS)] = {}
    link: Annotated[LinkLatency, LINK_KEY] = LinkLatency()


class CustodianRecord(RecordKind[Custodian]):
    """A custodian: its own terms as ``simulators.custodian.config`` declares them, its service times and its link."""

    def __init__(self) -> None:
        self._terms = record(_CustodianTerms)
        here = tuple(known.name for known in self._terms.fields)
        self._config = Record(CustodianConfig, but=("name",), elsewhere=here)
        self.expected = self._config.expected

    def read_with(self, node: Node, field: str, **supplied: Any) -> Custodian:
        entries = as_map(node, field, self.expected)
        found = Findings()
        config = found.take(partial(self._config.read_with, name=supplied["name"]), entries, field)
        rest = [key for key in entries.entries if key not in _CustodianTerms.__struct_fields__]
        terms = found.take(self._terms.read, without(entries, *rest), field)
        found.raise_if_any()
        assert config is not None
        assert terms is not None
        return Custodian(config=config, service=terms.service, link=terms.link)

    def schema(self) -> Schema:
        schema = self._config.schema()
        schema["properties"].update(self._terms.schema()["properties"])
        return schema


class StrategyRecord(RecordKind[Strategy]):
    """A strategy, whose ``params`` are those of its ``kind``. A user's own is loaded to know them."""

    def __init__(self) -> None:
        self._head = Record(Strategy, but=("name", "params", "directory", "digest"), elsewhere=("params",))
        self.expected = self._head.expected

    def read_with(self, node: Node, field: str, **supplied: Any) -> Strategy:
        entries = as_map(node, field, self.expected)
        found = Findings()
        kind = entry(entries, "kind")
        params = KINDS.get(kind.text) if isinstance(kind, Scalar) else None
        written = entries.entries.get("params", Map(entries.mark, {}, {}))
        values: Any = None
        if params is not None:
            values = found.take(record(params).read, written, join(field, "params"))
        elif isinstance(kind, Scalar) and is_own(kind.text):
            own = found.take(read_own, kind, join(field, "kind"))
            if own is not None:
                given = found.take(own.params.read, written, join(field, "params"))
                values = None if given is None else msgspec.structs.asdict(given)
                supplied |= {"directory": own.directory, "digest": own.digest}
        strategy = found.take(partial(self._head.read_with, params=values, **supplied), entries, field)
        found.raise_if_any()
        assert strategy is not None
        return strategy

    def schema(self) -> Schema:
        schema = self._head.schema()
        schema["properties"]["params"] = {"description": "parameters of its kind", "type": "object"}
        schema["allOf"] = [
            {
                "if": {"properties": {"kind": {"const": kind}}},
                "then": {"properties": {"params": record(params).schema()}},
            }
            for kind, params in KINDS.items()
        ]
        return schema


class _Accounts(Kind[tuple[Account, ...]]):
    """A mapping from venues to the accounts there, by name."""

    expected = "a mapping from venues to the accounts held there"

    def __init__(self) -> None:
        self._at_venue = Named(NAME, Record(Account, but=("name", "venue")), least=1)

    def read(self, node: Node, field: str) -> tuple[Account, ...]:
        venues = as_map(node, field, self.expected)
        found = Findings()
        accounts: list[Account] = []
        for venue, child in venues.entries.items():
            accounts.extend(found.take(partial(self._at_venue.read_with, venue=venue), child, join(field, venue)) or ())
        found.raise_if_any()
        return tuple(accounts)

    def schema(self) -> Schema:
        return {"type": "object", "propertyNames": NAME.schema(), "additionalProperties": self._at_venue.schema()}


class _FirmText(msgspec.Struct, frozen=True, kw_only=True):
    """A firm file, key by key."""

    schema: Annotated[str, Key(Choice((FIRM_SCHEMA,)), "the language of this file")]
    firm: Annotated[str, Key(NAME, "the file's stem")]
    description: Annotated[str, Key(Text(), "what kind of firm it is")] = ""
    exchanges: Annotated[tuple[Exchange, ...], Key(Named(NAME, ExchangeRecord(), least=1), "where it trades")]
    derivatives: Annotated[
        tuple[Exchange, ...],
        Key(Named(NAME, ExchangeRecord(is_derivatives=True)), "where it trades perpetuals, on margin"),
    ] = ()
    custodian: Annotated[tuple[Custodian, ...], Key(Named(NAME, CustodianRecord()), "who keeps its assets")] = ()
    price_sources: Annotated[
        tuple[PriceSource, ...], Key(Named(NAME, Record(PriceSource, but=("name",))), "whose prices it reads")
    ] = ()
    accounts: Annotated[tuple[Account, ...], Key(_Accounts(), "what it holds where")]
    strategies: Annotated[tuple[Strategy, ...], Key(Named(NAME, StrategyRecord()), "what trades")] = ()
    gateway: Annotated[
        tuple[Gateway, ...],
        Key(Named(NAME, Record(Gateway, but=("name",))), "its own order router, through which all strategies trade"),
    ] = ()


class FirmFile(Kind[Firm]):
    """A firm file."""

    expected = "a firm"

    def read(self, node: Node, field: str) -> Firm:
        text = record(_FirmText).read(node, field)
        if len(text.custodian) > 1:
            raise problem(node.mark, join(field, "custodian"), f"has {len(text.custodian)} entries", "one custodian")
        if len(text.gateway) > 1:
            raise problem(node.mark, join(field, "gateway"), f"has {len(text.gateway)} entries", "one gateway")
        firm = Firm(
            name=text.firm,
            description=text.description,
            exchanges=(*text.exchanges, *text.derivatives),
            custodian=text.custodian[0] if text.custodian else None,
            price_sources=text.price_sources,
            accounts=text.accounts,
            strategies=text.strategies,
            gateway=text.gateway[0] if text.gateway else None,
        )
        found = Findings()
        found.add(_disagreements(firm, node))
        found.raise_if_any()
        return firm

    def schema(self) -> Schema:
        return record(_FirmText).schema()


def _check_custodian(check: Agreement, config: CustodianConfig) -> None:
    """Its times of day and its amounts, which are plain texts in its configuration."""
    at: tuple[str | int, ...] = ("custodian", config.name)
    hours: list[tuple[tuple[str | int, ...], str]] = [
        ((*at, "cut_offs", index), text) for index, text in enumerate(config.cut_offs)
    ]
    for path, text in [*hours, ((*at, "settlement_time"), config.settlement_time)]:
        try:
            parse_time_of_day(text)
        except ValueError:
            check.wrong(path, f"`{text}` is no time of day", "HH:MM from 00:00 to 23:59")
    for index, day in enumerate(config.holidays):
        try:
            parse_date(day)
        except ValueError:
            check.wrong((*at, "holidays", index), f"`{day}` is no day", "YYYY-MM-DD")
    if not config.cut_offs:
        check.wrong((*at, "cut_offs"), "is empty", "at least one time of day")
    _check_amount(check, (*at, "dust_minimum"), config.dust_minimum)
    for asset, amount in config.transfers.policy_limits.items():
        _check_amount(check, (*at, "transfers", "policy_limits", asset), amount)


def _check_amount(check: Agreement, path: tuple[str | int, ...], amount: str) -> None:
    try:
        fits = 0 <= to_units(amount) <= to_units(MOST_HELD)
    except ValueError:
        fits = False
    if not fits:
        check.wrong(path, f"`{amount}` is no amount that a ledger holds", "0 to 1000M, with at most 8 decimals")


def _disagreements(firm: Firm, root: Node) -> list[Problem]:
    """What the parts of a firm say against each other."""
    check = Agreement(root)
    venues = firm.venues
    for venue in dict.fromkeys(venues):
        if venues.count(venue) > 1:
            check.wrong(("exchanges",), f"`{venue}` names two venues", "each venue's name once")
    pairs_of = {exchange.name: exchange.pairs for exchange in firm.exchanges}
    if firm.gateway is not None and firm.gateway.name in venues:
        check.wrong(("gateway", firm.gateway.name), f"`{firm.gateway.name}` names a venue too", "a name of its own")
    keeps = {name: {asset for pair in pairs for asset in legs_of(pair)} for name, pairs in pairs_of.items()}
    if firm.custodian is not None:
        keeps[firm.custodian.name] = set(firm.custodian.config.assets)
    for exchange in firm.exchanges:
        if exchange.is_derivatives:  # a margin account holds nothing but what contracts are margined in
            keeps[exchange.name] = {legs_of(pair)[1] for pair in exchange.pairs}
    for account in firm.accounts:
        at: tuple[str | int, ...] = ("accounts", account.venue, account.name)
        if not check.known(("accounts", account.venue), account.venue, tuple(keeps), "venue that keeps accounts"):
            continue
        if (account.role == "vault") != (account.venue not in pairs_of):
            check.wrong(
                (*at, "role"), f"`{account.role}` does not fit `{account.venue}`", "vault at the custodian only"
            )
        for asset, amount in account.opening.items():
            check.known((*at, "opening", asset), asset, sorted(keeps[account.venue]), f"asset at {account.venue}")
            _check_amount(check, (*at, "opening", asset), amount)
        if account.profile and account not in firm.margin_accounts:
            check.wrong((*at, "profile"), f"`{account.venue}` trades nothing on margin", "no such key")
    if firm.custodian is not None:
        _check_custodian(check, firm.custodian.config)
        if all(account.venue != firm.custodian.name for account in firm.accounts):
            check.wrong(("accounts",), f"has none at {firm.custodian.name}", "a vault at the custodian")
    for name in pairs_of:
        masters = sum(account.venue == name and account.role == "master" for account in firm.accounts)
        if masters != 1:
            check.wrong(("accounts", name), f"has {masters} master accounts", "one master account at each exchange")
    for strategy in firm.strategies:
        for index, venue in enumerate(strategy.venues):
            if check.known(("strategies", strategy.name, "venues", index), venue, tuple(pairs_of), "exchange"):
                there = [account.name for account in firm.accounts if account.venue == venue]
                check.known(("strategies", strategy.name, "account"), strategy.account, there, f"account at {venue}")
        listed = dict.fromkeys(pair for venue in strategy.venues for pair in pairs_of.get(venue, ()))
        for index, pair in enumerate(strategy.pairs):
            check.known(("strategies", strategy.name, "pairs", index), pair, tuple(listed), "pair at its venues")
    return check.problems
