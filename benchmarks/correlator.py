"""Records per second that the correlator judges, reading included, as a multiple of bare simpy's timeouts.

Two journals. One is made up here, with the first fifteen mandates: two exchanges with ten books quoted about once a
second each, every quote pushed to the monitor (and half of them to strategies), polls of every account, and fills. The
other is simulated: the beginning of the 36-hour depeg, with every mandate that the firm keeps.

    python -m benchmarks.correlator [HOURS]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, table
from benchmarks.yardstick import simpy_timeouts_per_s
from correlator.judge import judge
from correlator.limits import read_limits
from lab.journal.writer import JournalWriter
from lab.laboratory.market import settle_times
from lab.playing.progress import Finished, Progress
from lab.playing.simulate import simulate
from lab.scenario.resolve import SHIPPED, load_scenario

_ROUNDS = 3
START_NS = 1_676_851_200_000_000_000
SECOND_NS = 1_000_000_000
LISTINGS = {
    "apex": ("BTC/USD", "ETH/USD", "BTC/USDT", "ETH/USDT", "ETH/BTC", "USDT/USD"),
    "boreal": ("BTC/USD", "ETH/USD", "BTC/USDT", "USDT/USD"),
}
SIZES = {
    "BTC/USD": ("0.01", "0.00001", 2_450_000),
    "ETH/USD": ("0.01", "0.0001", 165_000),
    "BTC/USDT": ("0.01", "0.00001", 2_450_000),
    "ETH/USDT": ("0.01", "0.0001", 165_000),
    "ETH/BTC": ("0.000001", "0.0001", 67_347),
    "USDT/USD": ("0.0001", "1", 10_000),
}
LIMITS = """
schema: riskproof-limits/1
firm: meridian
base_currency: USD
stablecoins: [USDT, USDC]
structural: {BTC: 100 BTC, ETH: 1500 ETH}
limits:
  position_limit: {BTC: {warning: 120 BTC, high: 150 BTC}, ETH: {warning: 2000 ETH, high: 2500 ETH}}
  notional_limit: {each: {warning: 3.2M USD, high: 4M USD}, total: {warning: 8M USD, high: 10M USD}}
  delta_exposure: {each: {warning: 400k USD, high: 500k USD}}
  drawdown: {firm: {warning: 10 %, high: 15 %}}
  rapid_drawdown: {firm: {high: 250k USD}, window: 10 min}
  daily_loss: {firm: {warning: 400k USD, high: 500k USD}}
  stablecoin_peg: {each: {warning: 50 bp, high: 100 bp, critical: 300 bp}}
  stablecoin_exposure: {each: {warning: 2.8M USD, high: 3.2M USD}}
  price_divergence: {each: {high: 50 bp}, for: 30 s}
  triangular_divergence: {each: {high: 50 bp}, for: 30 s}
  feed_staleness: {prices: {high: 10 s}, positions: {high: 5 min}}
  api_outage: {each: {critical: 30 s}}
  api_latency: {each: {warning: 500 ms}, quantile: 95 %, window: 5 min}
  overdue_settlement: {each: {high: 0 s}}
  unsettled_exposure: {total: {warning: 80k USD, high: 100k USD}}
"""


@dataclass(slots=True)
class _Book:
    """A book as the made-up journal quotes it. ``name`` as on streams, ``price`` in ticks."""

    venue: str
    index: int
    name: str
    price: int


class _Clock:
    """As much of the kernel as the writer needs."""

    def __init__(self) -> None:
        self._now = START_NS

    @property
    def now_ns(self) -> int:
        return self._now


def write_journal(path: Path, hours: float, seed: int = 1) -> int:
    """Write a journal of that length; returns its number of records."""
    randomness = random.Random(seed)
    clock = _Clock()
    end_ns = START_NS + int(hours * 3_600) * SECOND_NS
    header = {
        "format": "riskproof-journal/1",
        "arm": "run",
        "scenario": "benchmark",
        "case": "default",
        "seed": seed,
        "start_ns": START_NS,
        "end_ns": end_ns,
        "resolved": {"forbid": [{"alert": "any"}]},
        "limits": LIMITS,
        "stablecoins": ["USDT", "USDC"],
        "monitor": {"reads": {name: {"accounts": ["master"], "links": [f"monitor>{name}"]} for name in LISTINGS}},
    }
    journal = JournalWriter(path, clock, header)  # type: ignore[arg-type]
    for asset in ("BTC", "ETH", "USDT", "USDC", "USD"):
        journal.record("asset", "world", 0, asset, 8)
    books: list[_Book] = []
    for venue, symbols in LISTINGS.items():
        for account, owner in (("external", "external"), ("street", "street"), ("fees", "venue"), ("master", "firm")):
            journal.record("account", venue, 0, account, owner)
        for asset, amount in (("BTC", 50), ("ETH", 750), ("USDT", 1_200_000), ("USD", 1_200_000)):
            journal.record("posting", venue, 0, asset, "external", "master", amount * 10**8, "opening")
        for index, symbol in enumerate(symbols):
            tick, lot, price = SIZES[symbol]
            base, quote = symbol.split("/")
            journal.record("listing", venue, 0, symbol, index, base, quote, tick, lot)
            books.append(_Book(venue, index, symbol.replace("/", "").lower(), price))
    request = 0
    number = 0
    while (now_ns := clock._now + randomness.randrange(2 * SECOND_NS // len(books))) < end_ns:
        clock._now = now_ns
        book = books[number % len(books)]
        venue, name = book.venue, book.name
        book.price = price = book.price + randomness.choice((-1, 0, 0, 1))
        quote_seq = journal.record("quote", venue, 0, book.index, price, 1_000_000, price + 2, 1_200_000)
        payload = (
            b'{"stream":"%s@bookTicker","data":{"u":%d,"s":"%s","b":"%d.00","B":"31.21","a":"%d.02","A":"40.6"}}'
            % (
                name.encode(),
                number,
                name.upper().encode(),
                price,
                price,
            )
        )
        journal.record_wire("push", f"monitor>{venue}", quote_seq, 1, payload, now_ns + 3_000_000)
        if number % 2:
            journal.record_wire("push", f"maker>{venue}", quote_seq, 1, payload, now_ns + 3_000_000)
        if not number % 40:
            request += 1
            link = f"monitor>{venue}"
            sent = journal.record_wire("request", link, 0, request, "GET", "/api/v3/account", b"", now_ns + 3_000_000)
            journal.record_wire("reply", link, sent, request, 200, b"{}", now_ns + 9_000_000)
        if not number % 50:
            side = randomness.choice(("buy", "sell"))
            journal.record("fill", venue, 0, 0, number, 2_450_000, 1_000, side, "master", number, "street", 0, 0, 0)
        number += 1
    clock._now = end_ns
    journal.close("completed")
    return journal.records


def simulate_journal(path: Path, hours: int) -> int:
    """The run's arm of the depeg, cut to that many hours; returns how many mandates the firm keeps."""
    sets = [f"duration={hours}h", f"timeline.slide.ramp={hours - 1}h"]
    (experiment,) = load_scenario(SHIPPED / "stablecoin_depeg.yaml", case="noticed", sets=sets).experiments
    told: list[Progress] = []
    simulate(told.append, settle_times(experiment), "run", path)
    if not any(isinstance(progress, Finished) and progress.reason == "completed" for progress in told):
        raise RuntimeError(f"the run was not simulated: {told[-1:]}")
    return len(read_limits(experiment.limits_text).mandates)


def measure(hours: float = 12.0, simulated_hours: int = 4) -> list[Figure]:
    """The best of several rounds; the yardstick and the correlator take turns, both in CPU time."""
    with tempfile.TemporaryDirectory() as directory:
        made_up, simulated = Path(directory) / "made_up.journal", Path(directory) / "run.journal"
        write_journal(made_up, hours)
        mandates = simulate_journal(simulated, simulated_hours)
        return [
            _measure("correlator, a made-up journal of 15 mandates", made_up),
            _measure(f"correlator, a run's journal of all {mandates} mandates", simulated),
        ]


def _measure(name: str, path: Path) -> Figure:
    yardstick = rate = 0.0
    for _ in range(_ROUNDS):
        yardstick = max(yardstick, simpy_timeouts_per_s(time.process_time))
        began_s = time.process_time()
        judgement = judge(path, None)
        took_s = time.process_time() - began_s
        broken = next((check for check in judgement.checks if check.name == "truth" and check.verdict != "pass"), None)
        if broken is not None:
            raise RuntimeError(broken.reason)  # what computes no truth is fast
        rate = max(rate, (judgement.counts["audit"] + judgement.counts["wire"]) / took_s)
    return Figure(name, f"{rate:,.0f} records/s", rate / yardstick)


def main() -> None:
    """Print the figures."""
    print(table(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 12.0)))


if __name__ == "__main__":
    main()
