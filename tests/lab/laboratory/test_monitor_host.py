"""The monitor's host: a clock that is off and never goes back, a processor that is slow, a process that dies."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.monitor_clock import MonitorClock
from correlator.records import Clock
from lab.laboratory.assembly import Laboratory
from lab.laboratory.kernel import Kernel
from lab.laboratory.market import settle_times
from lab.laboratory.monitor_host import MonitorHost
from lab.laboratory.monitor_shell import MonitorStuckError
from lab.scenario.model import Experiment
from lab.scenario.resolve import load_scenario
from risk_monitor.effects import AlertState, Signal
from risk_monitor.machine import RiskMonitor

S = 1_000_000_000
MIN = 60 * S

SCENARIO = """
schema: riskproof-scenario/1
scenario: host
seed: 5
duration: 12 min
market: {source: synthetic_calm}
firm: meridian
limits: meridian
timeline: [%s]
expect: []
forbid: [{alert: drawdown}]
"""


class Run:
    """The lab with one timeline, played for twelve minutes; signals with the true times at which they came."""

    def __init__(self, directory: Path, timeline: str) -> None:
        path = directory / "host.yaml"
        path.write_text(SCENARIO % timeline)
        experiment: Experiment = settle_times(load_scenario(path).experiments[0])
        self.start_ns = experiment.start_ns or 0
        self.signals: list[tuple[int, Signal]] = []
        self.phases: list[tuple[str, str]] = []
        self.lab = Laboratory(
            experiment,
            "run",
            directory / "run.journal",
            lambda name, phase, detail: self.phases.append((name, phase)),
            lambda signal: self.signals.append((self.lab.kernel.now_ns - self.start_ns, signal)),
        )
        self.lab.start()

    def until(self, minutes: float) -> Run:
        self.lab.kernel.run_until(self.start_ns + int(minutes * MIN))
        return self

    @property
    def monitor(self) -> Any:
        return self.lab.shell._monitor

    def firing(self) -> list[str]:
        return [signal.mandate for _, signal in self.signals if signal.state is AlertState.FIRING]


def test_a_monitor_that_dies_hears_nothing_and_comes_back_with_what_it_had_saved(tmp_path: Path) -> None:
    run = Run(tmp_path, "{inject: dies, fault: monitor_restart, at: 5 min, for: 5 min, with: {down_for: 2 min}}")
    run.until(4.99)
    first, history = run.monitor, run.monitor._portfolio.history
    mark = history.high_water_net
    history.high_water_net = mark + 5_000.0  # a mark that today's prices cannot give again
    run.until(4.995)
    run.lab.shell._saved = b""  # nothing is kept but what is saved below
    first._state.save_soon()  # as after a change that must not be lost
    run.lab.shell._arm()
    run.until(4.996)
    requests = first.telemetry.requests
    run.until(6.9)
    assert (run.lab.shell.is_up, first.telemetry.requests) == (False, requests)
    run.until(12)
    assert run.monitor is not first
    assert run.monitor.status().high_water_mark_usd == pytest.approx(mark + 5_000.0)
    assert run.monitor.telemetry.notes == []


def test_lost_state_is_lost(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        "{inject: dies, fault: monitor_restart, at: 5 min, for: 5 min, with: {down_for: 1 min, state: lost}}",
    ).until(4.99)
    run.monitor._portfolio.history.high_water_net += 50_000.0
    run.until(12)
    status = run.monitor.status()
    assert status.high_water_mark_usd < status.equity_usd + 25_000.0


def test_a_slow_processor_delays_what_the_monitor_says(tmp_path: Path) -> None:
    outage = "{inject: out, fault: exchange_outage, at: 3 min, for: 2 min, scope: {venue: apex}}"
    quick = Run(tmp_path, outage).until(9)
    (tmp_path / "slow").mkdir()
    slowness = "{inject: slow, fault: monitor_slow_cpu, at: 2 min, for: 4 min, intensity: 40 ms}"
    slow = Run(tmp_path / "slow", f"{outage}, {slowness}").until(9)

    def first(run: Run) -> int:
        return next(
            at_ns for at_ns, one in run.signals if one.mandate == "api_outage" and one.state is AlertState.FIRING
        )

    assert first(slow) - first(quick) >= 40_000_000


def test_what_a_slow_processor_leaves_waiting_is_worked_off_when_it_is_quick_again(tmp_path: Path) -> None:
    run = Run(tmp_path, "{inject: slow, fault: monitor_slow_cpu, at: 2 min, for: 4 min, intensity: 200 ms}").until(5.9)
    assert len(run.lab.shell._waiting) > 500
    run.until(6.1)
    shell = run.lab.shell
    assert (len(shell._waiting), shell._is_busy, shell.host.is_sound) == (0, False, True)
    assert {stream._on_message for stream in shell._streams.values()} == set(shell._plain.values())
    assert run.monitor.status().equity_usd is not None


def test_a_clock_that_is_off_shows_in_what_the_monitor_says_and_nowhere_else(tmp_path: Path) -> None:
    run = Run(tmp_path, "{inject: off, fault: monitor_clock_step, at: 3 min, for: 5 min, intensity: 2 s}").until(12)
    assert run.lab.shell.host.is_sound
    assert run.firing().count("api_outage") == 0
    assert run.monitor.status().equity_usd is not None


class Off:
    """A clock error whose course is given: (from, offset, ppb)."""

    def __init__(self, offset_ns: int) -> None:
        self.offset = offset_ns

    def offset_ns(self, now_ns: int) -> int:
        return self.offset

    def drift_ppb(self, now_ns: int) -> int:
        return 0


def test_a_clock_set_back_stands_still_until_time_has_caught_up() -> None:
    kernel = Kernel(100 * S)
    told: list[tuple[int, int, int]] = []
    host = MonitorHost(kernel, lambda offset, ppb: told.append((kernel.now_ns, offset, ppb)), lambda: None)
    kernel.call_at(110 * S, lambda _: host.put_off(Off(-3 * S)))
    shown = []
    for second in range(108, 117):
        kernel.call_at(second * S + 1, lambda _: shown.append(host.now_ns() // S))
    kernel.run_until(120 * S)
    assert shown == [108, 109, 110, 110, 110, 110, 111, 112, 113]
    assert told == [(110 * S, 0, -(10**9)), (113 * S, -3 * S, 0)]


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(-20 * S, 20 * S), st.booleans()), max_size=8))
def test_the_clock_never_goes_back_and_its_records_tell_what_it_showed(course: list[tuple[int, int, bool]]) -> None:
    kernel = Kernel(1_000 * S)
    clock = MonitorClock()
    records: list[Clock] = []

    def told(offset_ns: int, ppb: int) -> None:
        records.append(Clock(1, kernel.now_ns, "monitor", 0, offset_ns, ppb))
        clock.take(records[-1])

    host = MonitorHost(kernel, told, lambda: None)
    at_ns = kernel.now_ns
    for wait_s, offset_ns, ends in course:
        at_ns += wait_s * S
        error = Off(offset_ns)
        kernel.call_at(at_ns, lambda _, error=error: host.put_off(error))
        if ends:
            kernel.call_at(at_ns + 10 * S, lambda _, error=error: host.put_right(error))
    shown: list[tuple[int, int]] = []
    for second in range(1_000, 1_600):
        kernel.call_at(second * S, lambda _: shown.append((kernel.now_ns, host.now_ns())))
    kernel.run_until(1_600 * S)
    values = [value for _, value in shown]
    assert values == sorted(values)
    for true_ns, value in shown:
        piece = next((one for one in reversed(records) if one.at_ns <= true_ns), None)
        told_value = (
            true_ns if piece is None else true_ns + piece.offset_ns + (true_ns - piece.at_ns) * piece.drift_ppb // S
        )
        assert abs(value - told_value) <= 1
        if values.count(value) == 1 and (piece is None or piece.at_ns < true_ns):
            assert abs(clock.true_ns(value) - true_ns) <= 1


def test_a_monitor_that_wants_to_be_woken_without_end_ends_the_run(tmp_path: Path) -> None:
    run = Run(tmp_path, "").until(1)
    kernel, shell = run.lab.kernel, run.lab.shell
    shell._monitor = cast(
        RiskMonitor, SimpleNamespace(on_timer=lambda now_ns: (), next_deadline_ns=lambda: kernel.now_ns)
    )
    shell._arm()
    with pytest.raises(MonitorStuckError, match="rang 10000 times at one moment"):
        run.until(2)
