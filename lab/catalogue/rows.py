"""The catalogue's rows as they were asked for, each with the names that it has in the laboratory.

A test holds every name to what the laboratory declares, and everything declared to a row: nothing of the catalogue can
be forgotten, and nothing grows beside it, without somebody noticing.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Section = Literal[
    "mandates", "controls", "faults", "strategies", "sources", "articles", "failure scenarios", "documents"
]
Names = tuple[str, ...]


class Row(NamedTuple):
    """One row: ``asked`` in the catalogue's words, and the names under which the laboratory has it."""

    section: Section
    asked: str
    names: Names


MANDATES: tuple[tuple[str, Names], ...] = (
    ("position limit per asset, notional per symbol and in total, concentration",
     ("position_limit", "notional_limit", "concentration")),
    ("delta exposure per asset", ("delta_exposure",)),
    ("account leverage by capital profile", ("leverage",)),
    ("correlation cluster cap", ("correlation_cluster",)),
    ("instrument whitelist", ("instrument_whitelist",)),
    ("drawdown from the high-water mark; rapid drawdown", ("drawdown", "rapid_drawdown")),
    ("daily and weekly loss", ("daily_loss", "weekly_loss")),
    ("single-trade risk against real equity", ("single_trade_risk",)),
    ("tail risk (expected shortfall, power-law tail)", ("expected_shortfall", "tail_exponent")),
    ("realised against modelled slippage", ("slippage",)),
    ("stablecoin peg and stablecoin exposure", ("stablecoin_peg", "stablecoin_exposure")),
    ("price divergence: across venues, spot against perpetual, triangular",
     ("price_divergence", "basis", "triangular_divergence")),
    ("volatility regime, correlation breakdown", ("volatility_regime", "correlation_breakdown")),
    ("feed staleness; heartbeat missing", ("feed_staleness", "heartbeat")),
    ("clock drift between source and receiver", ("clock_drift",)),
    ("sequence gaps, missing book snapshots", ("sequence_gap", "snapshot_loss")),
    ("implausible data: crossed book, bad tick, account data that never changes while fills arrive",
     ("crossed_book", "bad_tick", "frozen_feed", "frozen_account", "reference_price")),
    ("what cannot be known is said, never read as health", ("visibility",)),
    ("API latency, errors, rejects, timeouts", ("api_latency", "api_errors", "order_rejects")),
    ("order and message rate; repeated execution", ("order_rate", "message_rate", "repeated_execution")),
    ("unsettled exposure, overdue settlement, partial settlement, rejected transfer",
     ("unsettled_exposure", "overdue_settlement", "partial_settlement", "rejected_transfer")),
    ("reconciliation: exchange against custodian against own fills", ("reconciliation", "reconciliation_confidence")),
    ("orders or withdrawals the firm never sent (stolen key)", ("unauthorised_orders", "unauthorised_withdrawals")),
    ("bad signature, replayed nonce, expired timestamp", ("authentication",)),
    ("policy drift: limits in force differ from the signed limits; unapproved change", ("policy_drift",)),
    ("venue outage and failover storms", ("api_outage", "failover_storm")),
)  # fmt: skip

CONTROLS: tuple[tuple[str, Names], ...] = (
    ("pre-trade gate with allow, scale down, block and a reason", ("gate",)),
    ("circuit breaker per strategy and for the firm, with automatic pause and timed or manual reset", ("breaker",)),
    ("emergency stop: halt, cancel all, flatten, manual reset only", ("emergency_stop",)),
    ("defensive mode on stale heartbeat or 2× slippage", ("defensive",)),
    ("Defcon levels that narrow what is allowed", ("defcon",)),
    ("human gate: the first N automated trades need approval", ("approval",)),
    ("limits change only with a reason and an approver, on a hash-chained log", ("limits_log",)),
    ("exchange failover by health along a chain", ("failover",)),
)

FAULTS: tuple[tuple[str, Names], ...] = (
    ("exchange: latency by operation and account", ("exchange_latency",)),
    ("exchange: reject orders at a rate and with a reason", ("order_reject",)),
    ("exchange: widen spreads", ("spread_widening",)),
    ("exchange: withdraw liquidity", ("liquidity_withdrawal",)),
    ("exchange: downtime", ("exchange_outage",)),
    ("exchange: partial fills", ("partial_fills",)),
    ("exchange: phantom fill, lost fill, duplicate fill", ("phantom_fill", "lost_fill", "duplicate_fill")),
    ("exchange: sequence gap", ("event_gap",)),
    ("exchange: frozen account view", ("frozen_account",)),
    ("exchange: self-contradicting balances", ("contradicting_balances",)),
    ("exchange: throttling", ("throttling",)),
    ("exchange: cancel rejected", ("cancel_reject",)),
    ("exchange: disconnect", ("disconnect",)),
    ("custodian: delay settlements by kind", ("settlement_delay", "settlement_halt")),
    ("custodian: reject transfers", ("transfer_reject",)),
    ("custodian: partial settlement", ("partial_settlement",)),
    ("custodian: offline", ("custodian_outage",)),
    ("custodian: bank holiday", ("bank_holiday",)),
    ("custodian: approval delays", ("approval_delay",)),
    ("custodian: balance misreported", ("balance_misreported",)),
    ("custodian: settlement reported done but not done", ("false_completion",)),
    ("custodian: value that leaves with a stolen key", ("vault_theft",)),
    ("market data: shock (sudden, gradual, with recovery)", ("price_shock",)),
    ("market data: depeg (linear, stepwise, cascade; volatility rises with it)", ("stablecoin_depeg",)),
    ("market data: divergence of one pair or venue", ("price_divergence",)),
    ("market data: spot–perpetual basis", ("basis_shift", "funding_spike")),
    ("market data: correlation break", ("correlation_break",)),
    ("market data: volatility × n", ("volatility_burst",)),
    ("market data: stale feed", ("feed_stall",)),
    ("market data: frozen-but-ticking feed", ("frozen_feed",)),
    ("market data: gaps", ("feed_gap",)),
    ("market data: out-of-order", ("out_of_order_feed",)),
    ("market data: clock drift", ("venue_clock_drift",)),
    ("market data: bad tick", ("bad_tick",)),
    ("market data: crossed book", ("crossed_book",)),
    ("market data: one source of several wrong", ("source_wrong", "source_stale", "source_outage")),
    ("strategies: a strategy of the firm turns runaway, risk-ignorant, …", ("strategy_malfunction",)),
    ("strategies: a strategy that raises", ("strategy_raises",)),
    ("strategies: stolen key; a key used from elsewhere; beside it a withdrawal that the firm did order",
     ("stolen_key", "key_elsewhere", "ordered_withdrawal")),
    ("strategies: heartbeat lost", ("heartbeat_lost",)),
    ("strategies: gate bypassed", ("gate_bypassed",)),
    ("security: bad signature, replayed nonce, expired timestamp",
     ("bad_signature", "replayed_nonce", "expired_timestamp")),
    ("security: limits file tampered with", ("limits_tampered",)),
    ("the monitor's own host: restart mid-run, lost state", ("monitor_restart",)),
    ("the monitor's own host: clock step", ("monitor_clock_step",)),
    ("the monitor's own host: slow CPU", ("monitor_slow_cpu",)),
    ("wire: delay ± jitter", ("wire_delay",)),
    ("wire: loss", ("wire_loss",)),
    ("wire: duplicate", ("wire_duplicate",)),
    ("wire: reorder", ("wire_reorder",)),
    ("wire: corrupt", ("wire_corrupt",)),
    ("wire: truncate", ("wire_truncate",)),
    ("wire: bandwidth", ("wire_bandwidth",)),
    ("wire: half-open", ("wire_half_open",)),
    ("wire: reset", ("wire_reset",)),
    ("wire: blackhole", ("wire_blackhole",)),
    ("wire: partition", ("wire_partition",)),
)  # fmt: skip

STRATEGIES: tuple[tuple[str, Names], ...] = (
    ("arbitrage (triangular and cross-venue)", ("arbitrage", "triangular_arbitrage")),
    ("momentum", ("momentum",)),
    ("mean reversion", ("mean_reversion",)),
    ("market making", ("market_making",)),
    ("cash and carry: spot against the perpetual", ("carry",)),
    ("RunawayStrategy", ("runaway",)),
    ("RiskIgnorantStrategy", ("risk_ignorant",)),
    ("VolatilityAmplifierStrategy", ("volatility_amplifier",)),
    ("CorrelationBreakerStrategy", ("correlation_breaker",)),
    ("SlowLeakStrategy", ("slow_leak",)),
)

SOURCES: tuple[tuple[str, Names], ...] = (("two price sources", ("coingecko", "coinmetrics")),)

ARTICLES: tuple[tuple[str, Names], ...] = (
    ("Art 5(4): behaves under stress and can be switched off", ("rts6-art-5-4",)),
    ("Art 6: conformance testing", ("rts6-art-6",)),
    ("Art 7: testing environments are separated", ("rts6-art-7",)),
    ("Art 10: stress at twice the six-month peak of messages and of volume", ("rts6-art-10",)),
    ("Art 12: kill any and all unexecuted orders, attributed", ("rts6-art-12",)),
    ("Art 13: surveillance, reviewed for false positives and false negatives", ("rts6-art-13",)),
    ("Art 14: continuity", ("rts6-art-14",)),
    ("Art 15: price collars, maximum order value, volume, messages, repeated-execution throttle", ("rts6-art-15",)),
    ("Art 16(5): alerts within five seconds of the event", ("rts6-art-16-5",)),
    ("Art 17: post-trade controls, reconciliation, exposure in real time", ("rts6-art-17",)),
)

FAILURE_SCENARIOS: tuple[tuple[str, Names], ...] = (
    ("strategy malfunction", ("failure-scenario-1",)),
    ("price divergence", ("failure-scenario-2",)),
    ("market crash", ("failure-scenario-3",)),
    ("stablecoin depeg", ("failure-scenario-4",)),
    ("settlement failure", ("failure-scenario-5",)),
)

DOCUMENTS: tuple[tuple[str, Names], ...] = (
    ("the ecosystem design", ("E",)),
    ("Titan", ("T",)),
    ("First Principle", ("F",)),
    ("Quantum Trader", ("Q",)),
    ("B25", ("B",)),
)

_SECTIONS: tuple[tuple[Section, tuple[tuple[str, Names], ...]], ...] = (
    ("mandates", MANDATES),
    ("controls", CONTROLS),
    ("faults", FAULTS),
    ("strategies", STRATEGIES),
    ("sources", SOURCES),
    ("articles", ARTICLES),
    ("failure scenarios", FAILURE_SCENARIOS),
    ("documents", DOCUMENTS),
)

ROWS: tuple[Row, ...] = tuple(Row(section, asked, names) for section, rows in _SECTIONS for asked, names in rows)
"""All rows, in the order of the catalogue."""
