"""The firm's trading host: the machine on which its strategies run, and its gateway if it has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.journal.writer import JournalWriter
from lab.laboratory.kernel import Kernel, Streams
from lab.laboratory.keys import account_key, gateway_keys, secret_of, trading_key
from lab.laboratory.link import Link
from lab.scenario import firm as firms
from simulators.gateway.api import GatewayApi
from simulators.gateway.core import Door, Gateway
from simulators.gateway.intents import Signer
from simulators.gateway.policy import PolicyStore
from simulators.gateway.strategy_wire import StrategyWire
from simulators.ledger import to_units
from simulators.ports import Wire
from simulators.strategies.base import Positions, Strategy
from simulators.strategies.guard import GuardedClock, GuardedWire, OnError
from simulators.strategies.pairs import Pair
from simulators.strategies.params import ParamValue, StrategyParams
from simulators.strategies.registry import make_strategy
from simulators.strategies.rest import Key
from simulators.strategies.runner import Make, Runner

Params = StrategyParams | Mapping[str, ParamValue]


class TradingHost:
    """Strategies under their names, their wires, and the gateway between them and the venues.

    ``link(client, venue)`` makes a client's link to a venue; ``limits`` is the text that the policy store begins with.
    """

    def __init__(
        self,
        firm: firms.Firm,
        limits: str,
        kernel: Kernel,
        journal: JournalWriter,
        streams: Streams,
        link: Callable[[str, str], Link],
    ) -> None:
        self._firm = firm
        self._kernel = kernel
        self._journal = journal
        self._streams = streams
        self._link = link
        self.gateway: Gateway | None = None
        self.gateway_api: GatewayApi | None = None
        if firm.gateway is not None:
            self.gateway = self._make_gateway(firm.gateway, limits)
            service = streams(f"gateway/{firm.gateway.name}/service")
            self.gateway_api = GatewayApi(self.gateway, gateway_keys(firm.gateway.name), kernel, service)
        self.signers: dict[str, Signer] = {}
        self.strategy_wires: dict[tuple[str, str], StrategyWire] = {}
        """Wires that lead through the gateway, by strategy and venue."""
        self._wires: dict[str, dict[str, Wire]] = {}
        self.runners: dict[str, Runner] = {one.name: self._make_runner(one) for one in firm.strategies}

    def start(self) -> None:
        if self.gateway is not None:
            self.gateway.start()
        for runner in self.runners.values():
            runner.start()

    def maker_of(self, name: str, kind: str, params: Params, pairs: tuple[str, ...] = ()) -> Make:
        """How to make an instance of ``kind`` under the name of one of the firm's strategies, on its wires and
        accounts; ``pairs``: what it trades, if not what the strategy trades."""
        strategy = next(one for one in self._firm.strategies if one.name == name)

        def make(on_error: OnError, prefix: str, positions: Positions) -> Strategy[Any]:
            return make_strategy(
                kind,
                name,
                params,
                pairs=pairs or strategy.pairs,
                wires={venue: GuardedWire(wire, on_error) for venue, wire in self._wires[name].items()},
                keys={venue: self._key(venue, trading_key(venue, name)) for venue in strategy.venues},
                clock=GuardedClock(self._kernel, on_error),
                audit=self._journal,
                rng=self._streams(f"strategy/{prefix}"),
                directory=strategy.directory,
                order_prefix=prefix,
                positions=positions,
            )

        return make

    def door(self, client: str, venue: str, account: str) -> Door:
        """A way of its own for ``client`` to an account of the firm, with the key with which the firm trades it."""
        return Door(self._link(client, venue), self._key(venue, account_key(self._firm, venue, account)), account)

    def pair_of(self, venue: str, account: str, name: str) -> Pair:
        """The pair of that name at a venue; without a name the first that the account can pay for. ValueError if there
        is none."""
        exchange = next(one for one in self._firm.exchanges if one.name == venue)
        pairs = _pairs(exchange).values()
        holder = next(one for one in self._firm.trading_accounts if (one.venue, one.name) == (venue, account))
        for pair in pairs:
            if pair.name == name or (not name and pair.quote in holder.opening):
                return pair
        raise ValueError(f"{venue} lists no {name or f'pair that {account} can pay for'}")

    @property
    def the_gateway(self) -> Gateway:
        """The gateway. Raises ValueError if the firm has none."""
        if self.gateway is None:
            raise ValueError("the firm has no gateway")
        return self.gateway

    def wires_through_gateway(self, strategy: str) -> list[StrategyWire]:
        """A strategy's wires, of which the gateway is part."""
        return [wire for (name, _), wire in self.strategy_wires.items() if name == strategy]

    def signer_of(self, strategy: str) -> tuple[Signer, str]:
        """What signs a strategy's intents, and the first venue that it trades at."""
        venue = next(venue for name, venue in self.strategy_wires if name == strategy)
        return self.signers[strategy], venue

    def _make_runner(self, strategy: firms.Strategy) -> Runner:
        wires: dict[str, Wire] = {}
        for venue in strategy.venues:
            wire: Wire = self._link(strategy.name, venue)
            if self.gateway is not None:
                door = Door(wire, self._key(venue, trading_key(venue, strategy.name)), strategy.account)
                signer = self.signers.setdefault(strategy.name, self._signer(strategy.name))
                wire = self.strategy_wires[strategy.name, venue] = StrategyWire(self.gateway, signer, venue, door)
            wires[venue] = wire
        self._wires[strategy.name] = wires
        make = self.maker_of(strategy.name, strategy.kind, strategy.params)
        runner = Runner(strategy.name, strategy.kind, strategy.account, strategy.pairs, make, self._journal)
        if self.gateway is not None:
            self.gateway.employ(runner)
        return runner

    def _signer(self, strategy: str) -> Signer:
        return Signer(strategy, secret_of(strategy), self._kernel)

    def _make_gateway(self, gateway: firms.Gateway, limits: str) -> Gateway:
        return Gateway(
            gateway,
            PolicyStore(gateway.name, limits, self._kernel, self._journal),
            self._kernel,
            self._journal,
            {strategy.name: secret_of(strategy.name) for strategy in self._firm.strategies},
            {exchange.name: _pairs(exchange) for exchange in self._firm.exchanges},
            self._open_door,
        )

    def _key(self, venue: str, api_key: str) -> Key:
        is_derivatives = any(one.name == venue and one.is_derivatives for one in self._firm.exchanges)
        return Key(api_key, secret_of(api_key), "futures" if is_derivatives else "spot")

    def _open_door(self, strategy: str, venue: str) -> Door | None:
        """A strategy's way to a venue where it does not trade by itself, if it has an account there."""
        account = next(one.account for one in self._firm.strategies if one.name == strategy)
        for known in self._firm.trading_accounts:
            if known.venue == venue and known.name == account:
                return self.door(strategy, venue, account)
        return None


def _pairs(exchange: firms.Exchange) -> dict[str, Pair]:
    """What an exchange lists, by the symbols it writes."""
    pairs = {}
    for listing in exchange.config.listings:
        symbol = listing.base + listing.quote
        pairs[symbol] = Pair(
            listing.symbol,
            symbol,
            listing.base,
            listing.quote,
            to_units(listing.tick_size),
            to_units(listing.lot_size),
            1,
            to_units(listing.min_notional),
        )
    return pairs
