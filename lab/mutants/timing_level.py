"""Timing-level mutants: a monitor that asks too seldom, waits too long, or believes what is too old."""

from __future__ import annotations

from lab.mutants.mutant import Mutant, SetupEdit
from lab.scenario.model import MonitorSetup
from risk_monitor.config import Cadences, Network, Patience

_FAULTS: dict[str, tuple[str, ...]] = {
    "exchange_account_ms": ("lost_fill", "event_gap"),
    "state_ms": ("monitor_restart",),
    "alive_ms": ("monitor_restart",),
    "request_timeout_ms": ("wire_blackhole", "wire_loss", "exchange_outage"),
    "connect_timeout_ms": ("wire_partition", "wire_blackhole", "disconnect"),
    "backoff_ms": ("exchange_outage", "wire_reset"),
    "backoff_limit_ms": ("custodian_outage", "source_outage", "exchange_outage"),
    "stream_silence_ms": ("wire_half_open", "wire_blackhole"),
    "stream_settled_ms": ("disconnect", "wire_reset"),
}
"""Faults under which a value of the monitor's pace matters most."""

_CASES: dict[tuple[str, str], tuple[str, ...]] = {
    ("exchange_book_ms", "slower"): ("exchange_outage/snapshots_soon",),
    ("withdrawals_ms", "slower"): ("unauthorised_withdrawal/untold",),
    ("policy_ms", "slower"): ("limits_tampered/silent",),
    ("suspicion_ms", "slower"): ("contradicting_balances/noticed",),
    ("state_ms", "slower"): ("monitor_restart/height_kept",),
    ("alive_ms", "slower"): ("monitor_restart/half_a_minute",),
    ("connect_timeout_ms", "slower"): ("wire_loss/for_a_moment",),
    ("backoff_ms", "slower"): ("wire_reset/too_small",),
    ("backoff_limit_ms", "slower"): ("disconnect/noticed",),
    ("stream_silence_ms", "slower"): ("wire_half_open/seen_again",),
    ("stream_settled_ms", "slower"): ("wire_reset/now_and_then",),
    ("resolve_ms", "hastier"): ("broken_again/still_broken",),
    ("fills_ms", "hastier"): ("wire_delay/streams_only",),
    ("transfer_ms", "hastier"): ("wire_delay/payment",),
    ("transfer_ms", "slower"): ("price_shock/paid_out",),
}
"""Cases that ask for just this pace, where others with the same alert or fault do not hang on it."""

_ROWS: tuple[tuple[str, int, int, tuple[str, ...], str, str], ...] = (
    # field, multiplied by, divided by, where it shows, what it means, what would notice it
    ("exchange_time_ms", 17, 1, ("api_outage", "clock_drift", "api_latency"), "exchanges are pinged once a minute",
     "an outage of little more than api_outage allows"),
    ("exchange_account_ms", 20, 1, ("reconciliation", "frozen_account", "feed_staleness", "position_limit"),
     "accounts are polled every 20 min", "an account that only polling shows to be wrong, with a deadline in minutes"),
    ("exchange_book_ms", 30, 1, ("snapshot_loss", "sequence_gap"), "books are polled every 5 min",
     "a short loss of snapshots"),
    ("withdrawals_ms", 30, 1, ("unauthorised_withdrawals",), "withdrawals are listed every 30 min",
     "a withdrawal that must be noticed within minutes"),
    ("policy_ms", 30, 1, ("policy_drift",), "the policy store is read every 30 min",
     "a change of limits that must be noticed within minutes"),
    ("suspicion_ms", 60, 1, ("reconciliation", "reconciliation_confidence"), "a suspected account is asked every 5 min",
     "a mismatch whose confirmation has a deadline"),
    ("clock_suspicion_ms", 240, 1, ("clock_drift",), "a clock that reads otherwise is asked again after a minute",
     "a clock that goes wrong, with a deadline of seconds"),
    ("custody_ms", 40, 1, ("overdue_settlement", "partial_settlement", "rejected_transfer", "api_outage",
                           "unsettled_exposure"), "custody is asked every 20 min", "a settlement with a deadline"),
    ("price_source_ms", 20, 1, ("reference_price", "api_outage"), "price sources are asked every 20 min",
     "a source that is wrong for less than 20 min"),
    ("evaluation_ms", 60, 1, ("rapid_drawdown", "delta_exposure", "drawdown", "notional_limit"),
     "the portfolio is evaluated once a minute", "a portfolio breach with a deadline of seconds"),
    ("state_ms", 60, 1, ("stablecoin_exposure", "stablecoin_peg"), "state is saved once an hour",
     "a restart in the middle of an alert"),
    ("alive_ms", 60, 1, ("heartbeat",), "the monitor says every 2 min that it is alive", "a gateway that misses it"),
    ("request_timeout_ms", 12, 1, ("api_outage", "api_errors", "feed_staleness"), "a request is waited for 2 min",
     "a venue that swallows requests"),
    ("connect_timeout_ms", 12, 1, ("feed_staleness", "api_outage"), "a connection is waited for 2 min",
     "a venue that swallows connections and comes back"),
    ("backoff_ms", 30, 1, ("api_errors", "api_outage", "feed_staleness"), "the first retry comes after 30 s",
     "a single failure after which something is due"),
    ("backoff_limit_ms", 20, 1, ("api_outage", "feed_staleness"), "retries are up to 10 min apart",
     "a long outage after which something is due at once"),
    ("stream_silence_ms", 20, 1, ("feed_staleness", "visibility"), "a silent stream is believed for 10 min",
     "a half-open connection which a new one would cure"),
    ("stream_settled_ms", 20, 1, ("failover_storm", "feed_staleness"), "a new stream counts as settled after 20 min",
     "connections that break again and again"),
    ("resolve_ms", 15, 1, ("stablecoin_peg", "rapid_drawdown", "api_outage"), "an alert resolves after 15 min of calm",
     "an alert that must resolve by a deadline"),
    ("resolve_ms", 1, 60, ("stablecoin_peg", "rapid_drawdown", "price_divergence"), "an alert resolves at once, and "
     "flaps", "a measure that comes and goes around its bound"),
    ("notice_ms", 100, 1, ("stablecoin_peg", "price_divergence"), "a pending breach is told of after 5 min",
     "a demand on pending alerts, which no scenario can make"),
    ("fills_ms", 1, 40, ("reconciliation", "unauthorised_orders"), "a balance is not given time for its fill",
     "a fill that arrives a second after the balance, silent"),
    ("fills_ms", 60, 1, ("reconciliation", "frozen_account"), "a fill may follow its balance by 2 min",
     "a lost fill with a deadline of seconds"),
    ("transfer_ms", 1, 100, ("rapid_drawdown", "daily_loss", "drawdown"), "value in transit counts as lost at once",
     "a transfer between venues large enough to look like a loss, silent"),
    ("transfer_ms", 60, 1, ("rapid_drawdown", "daily_loss", "unauthorised_withdrawals"), "value that left is waited "
     "for 10 min", "value that leaves for good, with a deadline of seconds"),
    ("quiet_ms", 50, 1, ("position_limit", "delta_exposure", "notional_limit"), "books are read once 10 s are quiet",
     "a breach that grows by a stream of fills"),
)  # fmt: skip


def timing_mutants() -> list[Mutant]:
    """Every timing-level mutant, of the values that the monitor has by default."""
    defaults = {
        field: int(getattr(section, field))
        for section in (Cadences(), Network(), Patience())
        for field in section.__struct_fields__
    }
    mutants = []
    for field, times, divided, mandates, what, missing in _ROWS:
        operator = "slower" if times > 1 else "hastier"
        ms = max(defaults[field] * times // divided, 1)
        mutants.append(
            Mutant(
                id=f"timing/{field.removesuffix('_ms')}/{operator}",
                level="timing",
                operator=operator,
                what=f"{what} ({field} {defaults[field]} → {ms})",
                edit=SetupEdit(MonitorSetup(timing_ms={field: ms})),
                mandates=mandates,
                faults=_FAULTS.get(field, ()),
                cases=_CASES.get((field, operator), ()),
                should_shout=operator == "hastier",
                is_named=True,
                missing=missing,
            )
        )
    return mutants
