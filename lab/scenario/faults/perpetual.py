"""Faults of perpetual futures: the contract parts from what it is a promise of, or costs more to hold."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec
from lab.scenario.scalars import Share

PERPETUAL_FAULTS = (
    FaultSpec(
        name="basis_shift",
        acts_in="market",
        doc="a perpetual is priced apart from its spot; index and spot stay, the mark price follows the book",
        params_at="simulators.exchange.perpetual.harm:BasisShiftParams",
        maker_at="lab.harm.perpetual:basis_shift",
        scope=("pair", "venue"),
        intensity=Share(0.0, 0.99),
        intensity_doc="distance from spot at full strength, beside the calm basis",
        example='{fault: basis_shift, at: 1h, for: 1h, ramp: 5 min, scope: {pair: "BTC/USDT:USDT"}, intensity: 150 bp}',
    ),
    FaultSpec(
        name="funding_spike",
        acts_in="market",
        doc="the funding rate of a perpetual rises, beyond the venue's cap if told so; down: shorts pay longs",
        params_at="simulators.exchange.perpetual.harm:FundingSpikeParams",
        maker_at="lab.harm.perpetual:funding_spike",
        scope=("pair", "venue"),
        intensity=Share(0.0, 0.5),
        intensity_doc="added to the rate of one interval",
        example='{fault: funding_spike, at: 1h, for: 8h, scope: {pair: "BTC/USDT:USDT"}, intensity: 100 bp}',
    ),
)
