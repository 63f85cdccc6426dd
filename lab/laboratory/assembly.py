"""The laboratory: one experiment assembled from world, venues, firm, monitor and links, ready to be run once.

Everything is built in a fixed order from the experiment and its seed; nothing here depends on the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from lab.journal.header import header_of
from lab.journal.writer import JournalWriter
from lab.laboratory.derivatives import make_clearing_house
from lab.laboratory.injections import Fault, InjectionCoordinator
from lab.laboratory.kernel import Kernel, Streams
from lab.laboratory.keys import custody_desk_key, exchange_keys, monitor_key, secret_of
from lab.laboratory.link import Link
from lab.laboratory.market import load_world
from lab.laboratory.monitor_config import MONITOR, config_of, make_monitor
from lab.laboratory.monitor_shell import MonitorShell
from lab.laboratory.operator import OperatorDesk
from lab.laboratory.price_sources import make_price_source
from lab.laboratory.quantities import FiringAlerts, LiveQuantities, OrderTap
from lab.laboratory.stop import StopWatch
from lab.laboratory.trading_host import TradingHost
from lab.playing.arms import as_played
from lab.scenario import firm as firms
from lab.scenario.faults import FAULTS
from lab.scenario.model import Experiment, Injection
from risk_monitor.effects import Signal
from simulators.custodian.api import CustodianApi
from simulators.custodian.core import Custodian
from simulators.custodian.door import CustodyKey
from simulators.custodian.exchange_link import ExchangeLink
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.core import Exchange
from simulators.exchange.perpetual.api.venue import FuturesApi
from simulators.exchange.perpetual.clearing import ClearingHouse
from simulators.ledger import SCALE
from simulators.log_normal import LogNormal
from simulators.market_data.source_faults import SourceApi
from simulators.market_data.world.tape import Tape
from simulators.ports import Audit, Venue


class Laboratory:
    """One arm of one experiment.

    Args:
        experiment: what to run; its start is fixed (``lab.laboratory.market.settle_times``).
        arm: ``run``, or another of ``lab.playing.arms``: the same without its injections, or some of them.
        journal: where the history goes; the file must not exist.
        injection_happened: told (name, phase, detail) of every phase of an injection.
        signalled: told of every signal of the monitor.
    """

    def __init__(
        self,
        experiment: Experiment,
        arm: str,
        journal: Path,
        injection_happened: Callable[[str, str, str], None],
        signalled: Callable[[Signal], None],
    ) -> None:
        if experiment.start_ns is None:
            raise ValueError("the experiment's start is open; settle_times fixes it")
        firm = experiment.firm
        self._starts_ns = experiment.start_ns
        self._ends_ns = experiment.start_ns + experiment.duration_ns
        played = as_played(experiment, arm)
        self._timeline = played.timeline
        conditions = played.stop_when
        self._streams = Streams(experiment.seed)
        self.kernel = Kernel(self._starts_ns)
        self.world = load_world(experiment, self._streams)
        operator = experiment.operator
        self._monitor_config = config_of(experiment)
        self.journal = JournalWriter(journal, self.kernel, header_of(experiment, arm, self._monitor_config))
        counts_orders = any(condition.quantity == "orders_per_minute" for condition in conditions)
        orders = OrderTap(self.journal, self.kernel) if counts_orders else None
        self._orders: Audit = self.journal if orders is None else orders  # where the exchanges' records go
        for asset in firm.assets:
            self.journal.record("asset", "world", 0, asset, SCALE)

        self.exchanges: dict[str, tuple[Exchange, ExchangeApi, Tape]] = {}
        self.clearing_houses: dict[str, ClearingHouse] = {}
        for exchange in firm.exchanges:
            self.exchanges[exchange.name] = self._make_exchange(exchange, firm)
        self.exchange_apis = {name: api for name, (_, api, _) in self.exchanges.items()}
        self.custodian = None if firm.custodian is None else self._make_custodian(firm.custodian, firm)
        self.venues: dict[str, Venue] = dict(self.exchange_apis)
        self._latencies = {exchange.name: exchange.link for exchange in firm.exchanges}
        if firm.custodian is not None and self.custodian is not None:
            self.venues[firm.custodian.name] = self.custodian[1]
            self._latencies[firm.custodian.name] = firm.custodian.link
        self.sources = []
        self.source_apis: dict[str, SourceApi] = {}
        for source in firm.price_sources:
            aggregator, api = make_price_source(source, self.spot_exchanges, self.kernel, self._streams)
            self.sources.append(aggregator)
            self.venues[source.name] = self.source_apis[source.name] = api
            self._latencies[source.name] = source.link

        self.links: list[Link] = []
        self.host = TradingHost(firm, experiment.limits_text, self.kernel, self.journal, self._streams, self.link)
        if firm.gateway is not None and self.host.gateway_api is not None:
            self.venues[firm.gateway.name] = self.host.gateway_api
            self._latencies[firm.gateway.name] = firm.gateway.link
        alerts = FiringAlerts(signalled)
        self.shell = MonitorShell(
            lambda: make_monitor(self._monitor_config, experiment),
            {name: self.link(MONITOR, name) for name in self.venues},
            self.kernel,
            self.journal,
            alerts.hear,
        )
        if operator is not None:
            OperatorDesk(operator, self.shell, self.kernel, self.journal)
        self._injections = InjectionCoordinator(self.journal, self.kernel, self._make_fault, injection_happened)
        cores = {name: core for name, (core, _, _) in self.exchanges.items()}
        custodian = None if self.custodian is None else self.custodian[0]
        self.quantities = LiveQuantities(firm, cores, custodian, tuple(self.clearing_houses.values()), alerts, orders)
        self.is_stopped = False
        self._stop_watch = StopWatch(conditions, self.quantities.read, self.kernel, self.journal, self._stop)

    @property
    def streams(self) -> Streams:
        """Randomness by name."""
        return self._streams

    @property
    def messages(self) -> int:
        """Requests, replies and stream frames that have entered a link so far."""
        return sum(link.messages for link in self.links)

    def start(self) -> None:
        """Set everything going, now; ``kernel.run_until`` does the rest."""
        self._injections.plan(self._timeline, self._starts_ns, self._ends_ns)
        for _, _, tape in self.exchanges.values():
            tape.start(self._starts_ns, self._ends_ns)
        for house in self.clearing_houses.values():
            house.start()
        if self.custodian is not None:
            self.custodian[0].start(self._ends_ns)
        for source in self.sources:
            source.start()
        self.host.start()
        self.shell.start()
        self._stop_watch.start()

    def clear(self) -> list[str]:
        """End every fault that is in force; whoever ends a run calls it before the journal is closed.

        Returns what could not be ended, in words. Raises JournalError.
        """
        return self._injections.clear()

    def _stop(self) -> None:
        """A stop condition holds: end the faults, then the run."""
        self.is_stopped = True
        self.clear()
        self.kernel.stop()

    @property
    def spot_exchanges(self) -> dict[str, Exchange]:
        """The cores of the exchanges that trade assets themselves, by name."""
        return {name: core for name, (core, _, _) in self.exchanges.items() if name not in self.clearing_houses}

    def _make_exchange(self, exchange: firms.Exchange, firm: firms.Firm) -> tuple[Exchange, ExchangeApi, Tape]:
        keys = exchange_keys(firm, exchange.name)
        service = _service(exchange.service)
        rng = self._streams(f"exchange/{exchange.name}/service")
        if exchange.is_derivatives:
            house = make_clearing_house(exchange, firm, self.spot_exchanges, self.kernel, self._orders)
            self.clearing_houses[exchange.name] = house
            core = house.exchange
            api: ExchangeApi = FuturesApi(house, self.kernel, keys, service, rng, self.journal)
        else:
            core = Exchange(exchange.config, self.kernel, self._orders)
            for account in firm.accounts:
                if account.venue == exchange.name:
                    core.open_account(account.name, "firm", account.opening)
            api = ExchangeApi(core, self.kernel, keys, service, rng, self.journal)
        listings = [(listing.symbol, listing.tick_size) for listing in exchange.config.listings]
        return core, api, Tape(self.world, exchange.name, listings, self.kernel, core.requote)

    def _make_custodian(self, custodian: firms.Custodian, firm: firms.Firm) -> tuple[Custodian, CustodianApi]:
        core = Custodian(custodian.config, self.kernel, self.journal, self._streams(f"custodian/{custodian.name}"))
        for account in firm.accounts:
            if account.venue == custodian.name:
                core.open_account(account.name, account.opening)
        for name, exchange in self.spot_exchanges.items():
            accounts = [account.name for account in firm.accounts if account.venue == name]
            if accounts:
                core.connect_exchange(name, ExchangeLink(exchange, custodian.name, accounts))
        names = (monitor_key(custodian.name, account.name) for account in firm.accounts if account.venue == core.name)
        keys = {name: CustodyKey(secret=secret_of(name)) for name in names}
        treasury = custody_desk_key(custodian.name)
        keys[treasury] = CustodyKey(can_write=True, secret=secret_of(treasury))
        service = self._streams(f"custodian/{custodian.name}/service")
        return core, CustodianApi(core, keys, _service(custodian.service), service)

    def link(self, client: str, venue: str) -> Link:
        """A client's way to a venue."""
        link = Link(
            client,
            self.exchange_apis[venue].at_address(client) if venue in self.exchange_apis else self.venues[venue],
            self.kernel,
            self.journal,
            self._latencies[venue],
            self._streams(f"link/{client}/{venue}"),
        )
        self.links.append(link)
        return link

    def _make_fault(self, injection: Injection, took_effect: Callable[[str], None]) -> Fault:
        """The simulator's fault for an injection. Raises what the simulator raises if it will not have it."""
        spec = FAULTS[injection.fault]
        fault: Fault = spec.make(self, injection, spec.build(injection, self._starts_ns), took_effect)
        return fault

    @property
    def the_custodian(self) -> Custodian:
        """The custodian's core. Raises ValueError if the firm has none."""
        if self.custodian is None:
            raise ValueError("the firm has no custodian")
        return self.custodian[0]

    @property
    def the_custodian_api(self) -> CustodianApi:
        """The custodian's production API. Raises ValueError if the firm has none."""
        if self.custodian is None:
            raise ValueError("the firm has no custodian")
        return self.custodian[1]


def _service(by_operation: Mapping[str, firms.Latency]) -> dict[str, LogNormal]:
    return {operation: LogNormal(one.median_ms, one.sigma) for operation, one in by_operation.items()}
