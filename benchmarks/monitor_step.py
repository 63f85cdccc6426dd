"""How long one step of the monitor takes: µs from a stream message to its effects, all mandates kept.

The messages are those of a recorded run of the quiet day, with what the monitor was told between them. They are told
again, in the same order, to a monitor that has seen nothing yet: first as fast as they came, with every reply and
timer; then what follows without the replies, at 10,000 a second, as a market in turmoil would send them. Single steps
are timed by the wall, which counts what else the machine did meanwhile; all of them together by CPU time.

    python -m benchmarks.monitor_step [MINUTES]
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, table
from lab.laboratory.assembly import Laboratory
from lab.laboratory.market import settle_times
from lab.laboratory.monitor_config import make_monitor
from lab.scenario.model import Experiment
from lab.scenario.resolve import SHIPPED, load_scenario
from risk_monitor.effects import Effect
from risk_monitor.events import Event, StreamMessage, TimerFired
from risk_monitor.limits import parse_limits
from risk_monitor.machine import RiskMonitor
from risk_monitor.rules import MANDATES

_MINUTE_NS = 60 * 10**9
_UPDATES_PER_S = 10_000
_ROUNDS = 3
_WARM_UP = 0.3
"""Share of the recorded time that comes before what is told at the higher rate."""

_BESIDES = {
    "crossed_book": "{each: {high: 0 bp}}",
    "bad_tick": "{each: {high: 500 bp}}",
    "frozen_feed": "{each: {high: 2h}}",
    "frozen_account": "{each: {high: 2 min}}",
    "visibility": "{each: {high: 1 min}, firm: {high: 1 min}}",
    "reconciliation": "{each: {high: 1k USD}, for: 60 s}",
    "reconciliation_confidence": "{each: {high: 50 %}}",
    "heartbeat": "{each: {high: 30 s}}",
    "api_errors": "{each: {high: 25 %}, window: 5 min}",
    "sequence_gap": "{each: {high: 0 times}, window: 1 min}",
    "snapshot_loss": "{each: {high: 1 %}, window: 10 min}",
}
"""What a firm may leave out; all else its limits file keeps."""

Told = list[tuple[int, Event]]


class _Witness:
    """Stands in the monitor's place, passes everything on and writes it down."""

    def __init__(self, monitor: RiskMonitor) -> None:
        self._monitor = monitor
        self.next_deadline_ns = monitor.next_deadline_ns
        self.told: Told = []

    def step(self, now_ns: int, event: Event) -> Sequence[Effect]:
        self.told.append((now_ns, event))
        return self._monitor.step(now_ns, event)

    def on_stream_message(self, now_ns: int, stream_id: int, payload: bytes) -> Sequence[Effect]:
        self.told.append((now_ns, StreamMessage(stream_id, payload)))
        return self._monitor.on_stream_message(now_ns, stream_id, payload)

    def on_timer(self, now_ns: int) -> Sequence[Effect]:
        self.told.append((now_ns, TimerFired()))
        return self._monitor.on_timer(now_ns)


def _experiment() -> Experiment:
    """The quiet day under every mandate there is."""
    experiment = settle_times(load_scenario(SHIPPED / "quiet_day.yaml").experiments[0])
    kept = {mandate.spec.name for mandate in parse_limits(experiment.limits_text, "limits").mandates}
    rest = "".join(f"  {name}: {rules}\n" for name, rules in _BESIDES.items() if name not in kept)
    experiment = msgspec.structs.replace(experiment, limits_text=f"{experiment.limits_text.rstrip()}\n{rest}")
    now_kept = {mandate.spec.name for mandate in parse_limits(experiment.limits_text, "limits").mandates}
    assert now_kept == set(MANDATES), sorted(set(MANDATES) - now_kept)
    return experiment


def record(minutes: int) -> tuple[Callable[[], RiskMonitor], Told]:
    """Play the quiet day; gives what makes another such monitor, and what the one was told."""
    experiment = _experiment()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "run.journal"
        laboratory = Laboratory(experiment, "run", path, lambda *_: None, lambda _: None)

        def make() -> RiskMonitor:
            return make_monitor(laboratory._monitor_config, experiment)

        witness = _Witness(make())
        laboratory.shell._monitor = witness  # type: ignore[assignment]
        laboratory.start()
        laboratory.kernel.run_until((experiment.start_ns or 0) + minutes * _MINUTE_NS)
        laboratory.journal.close("completed")
    return make, witness.told


def _replay(monitor: RiskMonitor, told: Told) -> list[int]:
    """Tell it everything as it came; ns that each stream message took."""
    took: list[int] = []
    clock = time.perf_counter_ns
    hear = monitor.on_stream_message
    for now_ns, event in told:
        if isinstance(event, StreamMessage):
            stream_id, payload = event.stream_id, event.payload
            began = clock()
            hear(now_ns, stream_id, payload)
            took.append(clock() - began)
        else:
            monitor.step(now_ns, event)
    return took


def _storm(monitor: RiskMonitor, told: Told) -> list[int]:
    """Tell it the stream messages alone, at ``_UPDATES_PER_S``."""
    now_ns = told[0][0]
    apart_ns = 10**9 // _UPDATES_PER_S
    dense: Told = []
    for _, event in told:
        if isinstance(event, StreamMessage):
            dense.append((now_ns, event))
            now_ns += apart_ns
    return _replay(monitor, dense)


def _percentiles(took: list[int]) -> tuple[float, float, float]:
    """p50, p99 and p99.9 in µs."""
    took.sort()
    return tuple(took[min(int(len(took) * share), len(took) - 1)] / 1e3 for share in (0.5, 0.99, 0.999))  # type: ignore[return-value]


def measure(minutes: int = 60) -> list[Figure]:
    """The best of several rounds, each with a new monitor."""
    make, told = record(minutes)
    first = int(len(told) * _WARM_UP)
    usual, dense = [], []
    for _ in range(_ROUNDS):
        gc.collect()
        gc.freeze()  # as lab.playing.simulate does
        usual.append(_percentiles(_replay(make(), told)))
        monitor = make()
        _replay(monitor, told[:first])
        began_s = time.process_time()
        took = _storm(monitor, told[first:])
        dense.append(((time.process_time() - began_s) / len(took), *_percentiles(took)))
        gc.unfreeze()
    messages = sum(isinstance(event, StreamMessage) for _, event in told)
    per_s = messages / (minutes * 60)
    _, *of_storm = min(dense, key=lambda one: one[2])
    return [
        Figure(
            f"monitor step at {per_s:.0f} messages/s, p50 / p99 / p99.9", _shown(min(usual, key=lambda one: one[1]))
        ),
        Figure(f"monitor step at {_UPDATES_PER_S:,} messages/s, p50 / p99 / p99.9", _shown(of_storm)),
        Figure("monitor alone, messages it can take", f"{1.0 / min(one[0] for one in dense):,.0f} /s"),
    ]


def _shown(values: Sequence[float]) -> str:
    return " / ".join(f"{value:.1f}" for value in values) + " µs"


def main() -> None:
    """Print the figures."""
    print(table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 60)))


if __name__ == "__main__":
    main()
