"""Named source mutants: the faults that monitors are known to be born with, put in by hand where our monitor would have
them. A monitor of another build has none of the places; what it lacks is told, and the operators are left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lab.mutants.mutant import Mutant, SourceEdit


class _Fault(NamedTuple):
    name: str
    what: str
    mandates: tuple[str, ...]
    file: str
    old: str  # occurs once in the file
    new: str
    missing: str
    should_shout: bool = False
    faults: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()  # those that ask for just what it spoils, where others of the mandate do not


_FAULTS = (
    _Fault(
        "sign_flipped", "structural holdings are added instead of taken off", ("delta_exposure",),
        "mandates/delta_exposure.py", "amounts[index] - self._structural[index]",
        "amounts[index] + self._structural[index]", "delta_exposure: a quiet day with structural holdings", True,
    ),
    _Fault(
        "short_taken_for_long", "a perpetual's profit has the wrong sign", ("leverage", "basis", "drawdown"),
        "books/perpetuals.py", "total += float(amount) * (price - self._entries[venue, account, symbol]) * worth",
        "total -= float(amount) * (price - self._entries[venue, account, symbol]) * worth",
        "drawdown: a firm whose loss is in its perpetuals",
    ),
    _Fault(
        "stale_data_accepted", "a quote that nobody has heard for long still counts as fresh",
        ("visibility", "price_divergence", "triangular_divergence", "basis", "reference_price"),
        "mandates/feed_staleness.py", "quote.is_fresh = False", "quote.is_fresh = True",
        "price_divergence: one venue's feed stands still while the market moves, silent",
        faults=("feed_stall",),
    ),
    _Fault(
        "alert_deduplicated", "an alert that was raised once is never raised again", ("stablecoin_peg", "api_outage"),
        "alerts.py", "        if not self._is_told:\n            self._is_told = True\n",
        "        if self.episode and not self._is_told:\n            return\n"
        "        if not self._is_told:\n            self._is_told = True\n",
        "two breaches of one rule, both of which must be noticed", cases=("broken_again/noticed",),
    ),
    _Fault(
        "severities_deduplicated", "a graver alert is swallowed while a milder one of the same subject fires",
        ("stablecoin_peg", "drawdown"), "alerts.py",
        "        self._emit(RaiseSignal(self.signal_of(alert, state, severity)))",
        "        if any(one is not alert and one.state is AlertState.FIRING for one in self.alerts):\n"
        "            return\n"
        "        self._emit(RaiseSignal(self.signal_of(alert, state, severity)))",
        "a harm that grows from a milder severity to a graver one",
    ),
    _Fault(
        "resolution_never_sent", "an alert that is over is not told to be", ("stablecoin_peg", "api_outage"),
        "alerts.py", "self._watch.signal(self, AlertState.RESOLVED)", "pass",
        "an alert that must resolve once the harm is over",
    ),
    _Fault(
        "patience_ignored", "a breach counts at once, whatever `for` asks", ("price_divergence", "reconciliation"),
        "alerts.py", "lasted_ns = now_ns - self.since_ns", "lasted_ns = self.for_ns",
        "a breach shorter than `for` that must stay silent", True,
    ),
    _Fault(
        "clock_ignored", "a venue's clock is taken for our own", ("clock_drift", "authentication"),
        "mandates/clock_drift.py", "drift_ns = server_ms * _NS_PER_MS + _HALF_MS_NS - (departed_ns + error_ns)",
        "drift_ns = 0", "clock_drift: a venue whose clock drifts",
    ),
    _Fault(
        "settlement_clock_ignored", "the contracted time of a settlement is not looked at", ("overdue_settlement",),
        "mandates/overdue_settlement.py", "age_ns = max(book.seen_ns - contracted_ns, 0)", "age_ns = 0",
        "overdue_settlement: a settlement that does not come",
    ),
    _Fault(
        "retry_hides_outage", "each retry begins the outage anew", ("api_outage",), "mandates/api_outage.py",
        "if self._first_failed_ns < 0 or departed_ns < self._first_failed_ns:", "if True:",
        "api_outage: a venue that fails every request for longer than the bound",
    ),
    _Fault(
        "failures_swallowed", "a failed request is told to nobody as long as it is tried again",
        ("api_outage", "api_errors"), "transport.py",
        "        for listener in task.line.health:\n            listener.failed(now_ns, departed_ns)\n", "",
        "api_outage: a venue that fails every request for longer than the bound",
    ),
    _Fault(
        "never_asked_again", "a question whose request failed is never asked again",
        ("feed_staleness", "api_outage", "overdue_settlement"), "transport.py",
        "            wait_ns = min(wait_ns, task.interval_ns)\n        self.agenda.arm(task.job, now_ns + wait_ns)",
        "            wait_ns = min(wait_ns, task.interval_ns)",
        "a short failure, and after it a harm that only asking shows",
        faults=("custodian_outage", "source_outage", "exchange_outage"),
        cases=("exchange_outage/noticed",),
    ),
    _Fault(
        "units_confused", "latencies are counted in µs and held against ns", ("api_latency",),
        "mandates/api_latency.py", "self._replies.append((now_ns, took_ns))",
        "took_ns //= 1000\n        self._replies.append((now_ns, took_ns))",
        "api_latency: replies slower than the bound",
    ),
    _Fault(
        "stream_not_renewed", "a stream that broke is not opened again",
        ("feed_staleness", "failover_storm", "reconciliation"), "streams.py",
        "            self._telemetry.reconnects += 1\n            self.connect(now_ns)\n", "",
        "feed_staleness: a disconnect that must resolve once the stream is back",
    ),
    _Fault(
        "high_water_forgotten", "the high-water mark stays where it began", ("drawdown",), "books/equity.py",
        "        if net > self.high_water_net:\n            self.high_water_net = net",
        "        if net > self.high_water_net:\n            pass",
        "drawdown: a fall from a height that was reached during the run", cases=("fall_from_height/noticed",),
    ),
    _Fault(
        "heartbeat_imagined", "who has not beaten is taken to have when listed", ("heartbeat",),
        "mandates/heartbeat.py", "        self._listed = strategies\n",
        "        self._listed = strategies\n        for strategy in strategies:\n"
        "            self.beat(now_ns, strategy)\n",
        "heartbeat: a strategy that the gateway lists though it is dead",
    ),
)  # fmt: skip


def named_mutants(package: Mapping[str, bytes]) -> tuple[list[Mutant], list[str]]:
    """The named mutants of a package, and in words those that it has no place for."""
    mutants: list[Mutant] = []
    lacking: list[str] = []
    for fault in _FAULTS:
        source = package.get(fault.file, b"")
        old = fault.old.encode()
        if source.count(old) != 1:
            where = f"`{' '.join(fault.old.split())}` {source.count(old)} times" if source else "no such file"
            lacking.append(f"{fault.name}: {fault.file} has {where}; expected once")
            continue
        start = source.index(old)
        mutants.append(
            Mutant(
                id=f"source/named/{fault.name}",
                level="source",
                operator=fault.name,
                what=fault.what,
                edit=SourceEdit(
                    fault.file, source.count(b"\n", 0, start) + 1, start, start + len(old), fault.old, fault.new
                ),
                mandates=fault.mandates,
                faults=fault.faults,
                cases=fault.cases,
                should_shout=fault.should_shout,
                is_named=True,
                missing=fault.missing,
            )
        )
    return mutants, lacking
