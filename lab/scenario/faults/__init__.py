"""The fault registry: every harm that a timeline may inject, grouped by where it enters."""

from __future__ import annotations

from lab.scenario.faults.custodian import CUSTODIAN_FAULTS
from lab.scenario.faults.exchange import EXCHANGE_FAULTS
from lab.scenario.faults.feeds import FEED_FAULTS
from lab.scenario.faults.gateway import GATEWAY_FAULTS
from lab.scenario.faults.market import MARKET_FAULTS
from lab.scenario.faults.monitor_host import MONITOR_HOST_FAULTS
from lab.scenario.faults.perpetual import PERPETUAL_FAULTS
from lab.scenario.faults.spec import COORDINATED, FaultSpec
from lab.scenario.faults.strategies import STRATEGY_FAULTS
from lab.scenario.faults.trading import TRADING_FAULTS
from lab.scenario.faults.wire import WIRE_FAULTS

__all__ = ["COORDINATED", "FAULTS", "FaultSpec"]

FAULTS: dict[str, FaultSpec] = {
    spec.name: spec
    for spec in (
        *MARKET_FAULTS,
        *PERPETUAL_FAULTS,
        *EXCHANGE_FAULTS,
        *TRADING_FAULTS,
        *FEED_FAULTS,
        *CUSTODIAN_FAULTS,
        *STRATEGY_FAULTS,
        *GATEWAY_FAULTS,
        *WIRE_FAULTS,
        *MONITOR_HOST_FAULTS,
    )
}
