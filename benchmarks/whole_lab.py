"""Messages per second of the whole lab, as a multiple of bare simpy's timeouts.

Messages are counted in two ways. *On links*: a request, a reply or a stream frame that enters a link
(``Laboratory.messages``). *With order operations*: these, and each time the street takes its quotes out of a book and
puts new ones in, which is an order operation at the exchange that no link carries. Fills and the orders of clients are
on links already, as reports and requests, and are not counted again.

The world is the quiet day with everything running: two exchanges, the custodian, the price sources, the strategies, the
monitor, the journal. Simulated hours and runs of the yardstick take turns, so that both see the same machine. Both are
measured in seconds of CPU time, because the machine may have other work; on an idle one they are those of the clock on
the wall. Work beside it slows CPU seconds too, and not evenly: then the best yardstick and the sum of all hours have
not seen the same machine, and the median of hours, each against the yardsticks right before and after it, says more.

    python -m benchmarks.whole_lab [HOURS]
"""

from __future__ import annotations

import gc
import itertools
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.exchange_orders import mode
from benchmarks.figures import Figure, table
from benchmarks.yardstick import simpy_timeouts_per_s
from correlator.journal import Journal
from correlator.records import Quote
from lab.laboratory.assembly import Laboratory
from lab.laboratory.market import settle_times
from lab.scenario.resolve import SHIPPED, load_scenario

_MINUTE_NS = 60 * 10**9
_HOUR_NS = 60 * _MINUTE_NS
_PLAYING = (200_000, 20, 100)
"""The collector's thresholds while a lab is playing, as lab.playing.simulate sets them."""


def measure(hours: int = 5) -> list[Figure]:
    """Play so many hours of the quiet day, after a minute in which everything connects."""
    experiment = settle_times(load_scenario(SHIPPED / "quiet_day.yaml").experiments[0])
    now_ns = begins_ns = (experiment.start_ns or 0) + _MINUTE_NS
    rates: list[float] = []
    yardsticks: list[float] = []
    messages = 0
    took_s = 0.0
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "run.journal"
        laboratory = Laboratory(experiment, "run", path, lambda *_: None, lambda _: None)
        gc.collect()
        gc.freeze()  # as lab.playing.simulate does
        usual = gc.get_threshold()
        gc.set_threshold(*_PLAYING)
        laboratory.start()
        laboratory.kernel.run_until(now_ns)
        for _ in range(hours):
            yardsticks.append(_yardstick(usual))
            now_ns += _HOUR_NS
            before = laboratory.messages
            began_s = time.process_time()
            laboratory.kernel.run_until(now_ns)
            hour_s = time.process_time() - began_s
            took_s += hour_s
            messages += laboratory.messages - before
            rates.append((laboratory.messages - before) / hour_s)
        yardsticks.append(_yardstick(usual))
        laboratory.journal.close("completed")
        records, size_mb = laboratory.journal.records, path.stat().st_size / 1e6
        requotes = sum(
            isinstance(record, Quote) and not record.cause and record.at_ns > begins_ns
            for record in Journal(path).audit()
        )
    gc.set_threshold(*usual)
    best, yardstick = max(rates), max(yardsticks)
    median = statistics.median(
        rate / statistics.mean(around) for rate, around in zip(rates, itertools.pairwise(yardsticks), strict=True)
    )
    everything = messages + requotes
    rate, full_rate = messages / took_s, everything / took_s
    return [
        Figure("simpy, 1,000 processes", f"{yardstick:,.0f} timeouts/s", 1.0),
        Figure("exchange core", mode()),
        Figure("whole lab, on links, best hour", f"{best:,.0f} messages/s", best / yardstick),
        Figure(f"whole lab, on links, {hours} h", f"{rate:,.0f} messages/s", rate / yardstick),
        Figure("whole lab, on links, median hour against its neighbours", "", median),
        Figure(f"whole lab, with order operations, {hours} h", f"{full_rate:,.0f} messages/s", full_rate / yardstick),
        Figure("journal", f"{size_mb / records * 1e6:.0f} bytes/record"),
    ]


def _yardstick(thresholds: tuple[int, int, int]) -> float:
    """Bare simpy under the collector's usual thresholds, which is what suits it best."""
    gc.set_threshold(*thresholds)
    try:
        return simpy_timeouts_per_s(time.process_time)
    finally:
        gc.set_threshold(*_PLAYING)


def main() -> None:
    """Print the figures."""
    print(table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5)))


if __name__ == "__main__":
    main()
