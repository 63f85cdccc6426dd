"""Faults of an exchange's API, books and accounts."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec
from lab.scenario.scalars import Duration

EXCHANGE_FAULTS = (
    FaultSpec(
        name="exchange_outage",
        acts_in="exchange",
        doc="an exchange's API is down: requests fail, streams are closed or fall silent; its books go on",
        params_at="simulators.exchange.harm:ExchangeOutageParams",
        maker_at="lab.harm.exchange:exchange_outage",
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
        maker_at="lab.harm.exchange:exchange_latency",
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
        maker_at="lab.harm.exchange:feed_stall",
        scope=("venue", "pair"),
        intensity=None,
        intensity_doc="",
        example="{fault: feed_stall, at: 1h, for: 2 min, scope: {venue: apex, pair: BTC/USD}}",
    ),
)
