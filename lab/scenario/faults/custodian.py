"""Faults of the custodian."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec
from lab.scenario.scalars import Duration

CUSTODIAN_FAULTS = (
    FaultSpec(
        name="settlement_halt",
        acts_in="custodian",
        doc="settlement instructions are accepted but not processed; after the end the backlog is worked off",
        params_at="simulators.custodian.harm:SettlementHaltParams",
        maker_at="lab.harm.custodian:settlement_halt",
        scope=("counterparty",),
        intensity=None,
        intensity_doc="",
        example="{fault: settlement_halt, at: 2h, for: 20h}",
    ),
    FaultSpec(
        name="settlement_delay",
        acts_in="custodian",
        doc="each step of processing happens later than planned",
        params_at="simulators.custodian.harm:SettlementDelayParams",
        maker_at="lab.harm.custodian:settlement_delay",
        scope=("counterparty",),
        intensity=Duration(positive=True),
        intensity_doc="how much later",
        example="{fault: settlement_delay, at: 2h, for: 20h, scope: {counterparty: apex}, intensity: 3h}",
        intensity_attribute="delay_ns",
    ),
    FaultSpec(
        name="custodian_outage",
        acts_in="custodian",
        doc="the custodian's API cannot be reached; settlement goes on behind the closed door",
        params_at="simulators.custodian.harm:CustodianOutageParams",
        maker_at="lab.harm.custodian:custodian_outage",
        scope=(),
        intensity=None,
        intensity_doc="",
        example="{fault: custodian_outage, at: 2h, for: 30 min, with: {mode: silent}}",
    ),
)
