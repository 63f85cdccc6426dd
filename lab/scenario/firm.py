"""The firm: who holds what where, and what trades it, as ``scenarios/firms/*.yaml`` says (``riskproof-firm/1``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

import msgspec

from lab.scenario.kinds import ListOf, MapOf, Schema
from lab.scenario.records import Key, record
from lab.scenario.scalars import ASSET, NAME, PAIR, Amount, Choice
from simulators.custodian import operations as custody
from simulators.custodian.config import CustodianConfig
from simulators.exchange import operations as trading
from simulators.exchange.config import ExchangeConfig
from simulators.exchange.perpetual.terms import PROFILE_LEVERAGE, PerpetualTerms, Profile
from simulators.gateway.config import GatewayConfig
from simulators.market_data.world.config import legs_of
from simulators.strategies.params import KINDS, OWN_PATTERN, ParamValue, StrategyParams, is_own

Names = tuple[str, ...]
MONITOR = "monitor"
"""The monitor's name as a client on links and as a source in the journal."""

EXCHANGE_OPERATIONS: Names = (*trading.OPERATIONS, "*")
CUSTODIAN_OPERATIONS: Names = (*custody.OPERATIONS, "*")
PRICE_SOURCE_OPERATIONS: Names = ("*",)


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """How long a venue takes over a request: log-normal, stated by its median."""

    median_ms: float
    """Half of the requests take longer."""
    sigma: Annotated[float, msgspec.Meta(ge=0.0, le=3.0)] = 0.0
    """Standard deviation of the logarithm; 0: always the median."""


class LinkLatency(msgspec.Struct, frozen=True, kw_only=True):
    """One-way travel time between a client and a venue."""

    floor_ms: float = 2.0
    """What physics takes."""
    median_ms: float = 3.0
    """What queues on the way add in the median."""
    sigma: Annotated[float, msgspec.Meta(ge=0.0, le=3.0)] = 0.5
    """Standard deviation of the logarithm of what they add."""


def service_key(operations: Names) -> Key:
    """How the service times of a venue are written."""
    times = MapOf(Choice(operations), record(Latency))
    return Key(times, "how long the venue takes over a request, by operation; `*`: all others")


LINK_KEY = Key(record(LinkLatency), "travel time between a client and the venue, one way")


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A venue that matches orders: in spot pairs, or in perpetuals, which then have ``contracts``, all of them."""

    config: ExchangeConfig
    service: Mapping[str, Latency]  # by operation; `*`: all others
    link: LinkLatency
    contracts: Mapping[str, PerpetualTerms] = {}

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def is_derivatives(self) -> bool:
        return bool(self.contracts)

    @property
    def pairs(self) -> Names:
        return tuple(listing.symbol for listing in self.config.listings)


class Custodian(msgspec.Struct, frozen=True, kw_only=True):
    """Who keeps the master account and settles the exchanges' profit and loss."""

    config: CustodianConfig
    service: Mapping[str, Latency]
    link: LinkLatency

    @property
    def name(self) -> str:
        return self.config.name


class PriceSource(msgspec.Struct, frozen=True, kw_only=True):
    """Who publishes reference prices."""

    name: str
    dialect: Annotated[str, Key(Choice(("coingecko", "coinmetrics")), "whose API it speaks")]
    service: Annotated[Mapping[str, Latency], service_key(PRICE_SOURCE_OPERATIONS)] = {}
    link: Annotated[LinkLatency, LINK_KEY] = LinkLatency()


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One account of the firm, with what it holds when the run starts."""

    name: str
    venue: str
    role: Annotated[str, Key(Choice(("master", "sub_account", "reserve", "vault")), "`vault`: at the custodian")]
    opening: Annotated[Mapping[str, str], Key(MapOf(ASSET, Amount()), "opening balance by asset")] = {}
    profile: Annotated[
        Profile | None, Key(Choice(tuple(PROFILE_LEVERAGE)), "capital profile of a margin account: how far it may gear")
    ] = None
    withdraw: bool = False
    """Whether the keys with which the firm trades it may also withdraw."""
    bound_keys: bool = False
    """Whether those keys are accepted from the strategies' own machine only."""


class StrategyKind(Choice):
    """A kind of strategy that comes with the laboratory, or a class of the user's own."""

    def __init__(self) -> None:
        super().__init__(KINDS)
        self.expected += ", or one's own class, module:Class or path/file.py:Class"

    def parse(self, text: str) -> str:
        return text if is_own(text) and re.fullmatch(OWN_PATTERN, text) else super().parse(text)

    def schema(self) -> Schema:
        return {"anyOf": [super().schema(), {"type": "string", "pattern": f"^{OWN_PATTERN}$"}]}


class Strategy(msgspec.Struct, frozen=True, kw_only=True):
    """One trading strategy, on the account of one name at each of its venues.

    The parameters of a user's own strategy go by name, because its struct is known where its code is loaded only: from
    ``directory``, where the firm file lies. ``digest`` is that of the code.
    """

    name: str
    kind: Annotated[str, Key(StrategyKind(), "what it does")]
    account: Annotated[str, Key(NAME, "the account of that name, at each of its venues")]
    venues: Annotated[Names, Key(ListOf(NAME, least=1, most=10), "where it trades")]
    pairs: Annotated[Names, Key(ListOf(PAIR, least=1, most=20), "what it trades")]
    params: StrategyParams | Mapping[str, ParamValue]
    directory: str = ""
    digest: str = ""


class Gateway(GatewayConfig, frozen=True, kw_only=True):
    """The firm's own order router, on the machine of its strategies."""

    link: Annotated[
        LinkLatency, Key(record(LinkLatency), "travel time between the monitor and the gateway, one way")
    ] = LinkLatency()


class Firm(msgspec.Struct, frozen=True, kw_only=True):
    """A trading firm and the venues it deals with."""

    name: str
    description: str
    exchanges: tuple[Exchange, ...]
    custodian: Custodian | None
    price_sources: tuple[PriceSource, ...]
    accounts: tuple[Account, ...]
    strategies: tuple[Strategy, ...]
    gateway: Gateway | None = None

    @property
    def venues(self) -> Names:
        """Every venue's name: exchanges, custodian, price sources, in that order."""
        custodian = () if self.custodian is None else (self.custodian.name,)
        return (*(e.name for e in self.exchanges), *custodian, *(s.name for s in self.price_sources))

    @property
    def pairs(self) -> Names:
        """Every pair that some exchange lists, in the order of first mention."""
        return tuple(dict.fromkeys(pair for exchange in self.exchanges for pair in exchange.pairs))

    @property
    def perpetuals(self) -> Names:
        """Every perpetual that some exchange lists."""
        return tuple(pair for pair in self.pairs if ":" in pair)

    @property
    def trading_accounts(self) -> tuple[Account, ...]:
        """The accounts that can hold orders: those at exchanges."""
        exchanges = {exchange.name for exchange in self.exchanges}
        return tuple(account for account in self.accounts if account.venue in exchanges)

    @property
    def margin_accounts(self) -> tuple[Account, ...]:
        """The accounts that can hold perpetual positions."""
        venues = {exchange.name for exchange in self.exchanges if exchange.is_derivatives}
        return tuple(account for account in self.accounts if account.venue in venues)

    @property
    def has_gateway(self) -> bool:
        """Whether its strategies trade through a system of its own, which logs what it sends."""
        return self.gateway is not None

    @property
    def assets(self) -> Names:
        """Every asset that is listed or held, in the order of first mention."""
        listed = (asset for pair in self.pairs for asset in legs_of(pair))
        held = (asset for account in self.accounts for asset in account.opening)
        return tuple(dict.fromkeys((*listed, *held)))
