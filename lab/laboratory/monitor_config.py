"""The monitor as the firm's operators would set it up: venues, a read-only key for each account, and its controls."""

from __future__ import annotations

import msgspec

from lab.laboratory.keys import gateway_key, monitor_key, secret_of
from lab.scenario.firm import MONITOR as MONITOR
from lab.scenario.firm import Firm
from lab.scenario.model import Experiment, MonitorSetup
from risk_monitor.config import Account, MonitorConfig, VenueConfig
from risk_monitor.controls.reader import parse_controls
from risk_monitor.limits import parse_limits
from risk_monitor.machine import RiskMonitor

_NS_PER_MS = 1_000_000


def monitor_config(firm: Firm, *, with_control: bool = False, escalate_after_ns: int = 0) -> MonitorConfig:
    """The monitor's configuration for a firm: nothing in it that an operator would not know. ``with_control``: its key
    to the gateway may command as well. ``escalate_after_ns`` 0: nobody is expected to acknowledge."""
    venues = [
        VenueConfig(
            exchange.name,
            "binance_futures" if exchange.is_derivatives else "binance",
            accounts=_signing(firm, exchange.name),
            pairs=exchange.pairs,
        )
        for exchange in firm.exchanges
    ]
    if firm.custodian is not None:
        venues.append(VenueConfig(firm.custodian.name, "fireblocks", accounts=_signing(firm, firm.custodian.name)))
    for source in firm.price_sources:
        assets = tuple(asset for asset in firm.assets if asset != "USD")
        venues.append(VenueConfig(source.name, source.dialect, assets=assets))  # type: ignore[arg-type]
    if firm.gateway is not None:
        key = gateway_key(firm.gateway.name, with_control=with_control)
        strategies = tuple(strategy.name for strategy in firm.strategies)
        venues.append(VenueConfig(firm.gateway.name, "gateway", (Account(MONITOR, key),), strategies=strategies))
    return MonitorConfig(tuple(venues), escalate_after_ms=escalate_after_ns // _NS_PER_MS)


def config_of(experiment: Experiment) -> MonitorConfig:
    """The monitor's configuration in an experiment."""
    operator = experiment.operator
    return monitor_config(
        experiment.firm,
        with_control=bool(experiment.controls_text),
        escalate_after_ns=0 if operator is None else operator.escalates_after_ns,
    )


def make_monitor(config: MonitorConfig, experiment: Experiment) -> RiskMonitor:
    """The monitor under an experiment's limits, with its controls if it has any, set up as the experiment says."""
    setup = experiment.monitor_setup
    limits = parse_limits(setup.limits_text or experiment.limits_text, experiment.limits_file)
    config = _otherwise(config, setup)
    controls = None
    if experiment.controls_text:
        exchanges = [exchange.name for exchange in experiment.firm.exchanges]
        controls = parse_controls(experiment.controls_text, experiment.controls_file, limits, exchanges)
    return RiskMonitor(config, limits, controls)


def _otherwise(config: MonitorConfig, setup: MonitorSetup) -> MonitorConfig:
    """The configuration without what the setup leaves out, at the setup's pace."""

    def is_watched(pair: str) -> bool:
        return setup.leaves_out == () or not any(leg in setup.leaves_out for leg in pair.partition(":")[0].split("/"))

    venues = tuple(
        msgspec.structs.replace(
            venue,
            pairs=tuple(pair for pair in venue.pairs if is_watched(pair)),
            assets=tuple(asset for asset in venue.assets if asset not in setup.leaves_out),
        )
        for venue in config.venues
        if venue.name not in setup.leaves_out
    )
    sections = {
        name: msgspec.structs.replace(
            section, **{field: ms for field, ms in setup.timing_ms.items() if field in section.__struct_fields__}
        )
        for name, section in (
            ("cadences", config.cadences),
            ("network", config.network),
            ("patience", config.patience),
        )
    }
    return msgspec.structs.replace(config, venues=venues, **sections)


def _signing(firm: Firm, venue: str) -> tuple[Account, ...]:
    """The accounts at a venue where requests are signed."""
    return tuple(
        Account(account.name, account.api_key, secret_of(account.api_key)) for account in _accounts(firm, venue)
    )


def _accounts(firm: Firm, venue: str) -> tuple[Account, ...]:
    return tuple(
        Account(account.name, monitor_key(venue, account.name)) for account in firm.accounts if account.venue == venue
    )
