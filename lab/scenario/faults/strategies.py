"""Faults of strategies that misbehave, and of whoever trades in their name."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec
from lab.scenario.scalars import Real

STRATEGY_FAULTS: tuple[FaultSpec, ...] = (
    FaultSpec(
        name="strategy_malfunction",
        acts_in="strategies",
        doc="a strategy turns into one that does harm, on its own account, and is itself again at the end",
        params_at="simulators.strategies.harm:StrategyMalfunctionParams",
        maker_at="lab.harm.strategies:strategy_malfunction",
        scope=("strategy",),
        intensity=Real(0.0, 1_000.0),
        intensity_doc="factor of the kind's normal size; of a runaway, of its rate",
        example="{fault: strategy_malfunction, at: 1h, for: 30 min, scope: {strategy: maker}, intensity: 1, "
        "with: {kind: runaway}}",
    ),
    FaultSpec(
        name="strategy_raises",
        acts_in="strategies",
        doc="a strategy raises an exception: it is stopped, its open orders are cancelled, and the run goes on; at the "
        "end it is started anew",
        params_at="simulators.strategies.harm:StrategyRaisesParams",
        maker_at="lab.harm.strategies:strategy_raises",
        scope=("strategy",),
        intensity=None,
        intensity_doc="",
        example="{fault: strategy_raises, at: 1h, for: 30 min, scope: {strategy: maker}}",
    ),
    FaultSpec(
        name="stolen_key",
        acts_in="strategies",
        doc="somebody trades an account to its harm, and withdraws from it, with the firm's trading key",
        params_at="simulators.strategies.harm:StolenKeyParams",
        maker_at="lab.harm.strategies:stolen_key",
        scope=("account", "venue"),
        intensity=None,
        intensity_doc="",
        example="{fault: stolen_key, at: 1h, for: 30 min, scope: {account: arb, venue: apex}, "
        "with: {trades_per_minute: 6, order_notional: 5k}}",
    ),
    FaultSpec(
        name="key_elsewhere",
        acts_in="strategies",
        doc="the firm's trading key is used for reading from another address; refused if it is bound to addresses, "
        "otherwise nothing of the firm's own shows it",
        params_at="simulators.strategies.harm:KeyElsewhereParams",
        maker_at="lab.harm.strategies:key_elsewhere",
        scope=("account", "venue"),
        intensity=None,
        intensity_doc="",
        example="{fault: key_elsewhere, at: 1h, for: 30 min, scope: {account: arb, venue: apex}}",
    ),
)
