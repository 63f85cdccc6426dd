"""Harm of market data: every such fault, all at once in a real laboratory, takes effect, ends and leaves nothing."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from correlator.journal import Journal
from lab.laboratory.assembly import Laboratory
from lab.laboratory.market import settle_times
from lab.scenario.errors import ScenarioError
from lab.scenario.resolve import load_scenario

HEAD = """schema: riskproof-scenario/1
scenario: harm
seed: 42
duration: 6 min
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
forbid: [{alert: any}]
timeline:
"""
EVERY = {
    "frozen_feed": "scope: {venue: apex, pairs: [ETH/USD]}",
    "feed_gap": "scope: {venue: apex}, intensity: 20 %, with: {streams: quotes}",
    "out_of_order_feed": "scope: {venue: boreal}, intensity: 20 %",
    "bad_tick": "scope: {venue: apex, pairs: [BTC/USD]}, intensity: 3 %, with: {per_hour: 120}",
    "crossed_book": "scope: {venue: boreal, pairs: [BTC/USD]}, intensity: 10 bp, ramp: 1 min",
    "venue_clock_drift": "scope: {venue: boreal}, intensity: 400 ms, ramp: 1 min",
    "source_wrong": "scope: {source: pricebook, asset: BTC}, intensity: 3 %",
    "source_stale": "scope: {source: pricebook, asset: ETH}, with: {timestamps: lying}",
    "source_outage": "scope: {source: refrate}",
}


def _write(path: Path, injections: dict[str, str]) -> Path:
    lines = [
        f"  - {{inject: {fault}, fault: {fault}, at: 1 min, for: 3 min, {rest}}}\n"
        for fault, rest in injections.items()
    ]
    path.write_text(HEAD + "".join(lines))
    return path


def test_every_fault_of_market_data_takes_effect_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (experiment,) = load_scenario(_write(tmp_path / "harm.yaml", EVERY)).experiments
    experiment = settle_times(experiment)
    starts_ns = experiment.start_ns or 0
    phases: dict[str, list[str]] = defaultdict(list)
    rooms = Laboratory(
        experiment,
        "run",
        tmp_path / "run.journal",
        lambda name, phase, detail: phases[name].append(phase),
        lambda signal: None,
    )
    rooms.start()
    rooms.kernel.run_until(starts_ns + experiment.duration_ns)
    rooms.journal.close("completed")
    assert phases == {fault: ["planned", "began", "took_effect", "ended"] for fault in EVERY}
    for api in rooms.exchange_apis.values():
        assert all(not pair.book.retouches for pair in api.pairs.all)
        assert all(not topic._faults for topic in api.streams.topics())
        assert api.time.now_ns == rooms.kernel.now_ns
    for source in rooms.source_apis.values():
        assert (source.aggregator.distortions, source.counter.outages) == ((), ())
    clocks = [record for record in Journal(tmp_path / "run.journal").audit() if type(record).__name__ == "Clock"]
    assert [(one.source, one.offset_ns, one.drift_ppb) for one in clocks] == [
        ("boreal", 0, 6_666_666),
        ("boreal", 400_000_000, 0),
        ("boreal", 0, 0),
    ]


@pytest.mark.parametrize(
    ("fault", "rest", "told"),
    [
        ("source_wrong", "scope: {source: pricebok}, intensity: 3 %", "did you mean pricebook?"),
        ("frozen_feed", "scope: {venue: apex, pairs: [BTC/UST]}", "did you mean BTC/USDT?"),
        ("bad_tick", "scope: {venue: apex}, intensity: 3 %, with: {per_hour: 0}", "per_hour must be above 0"),
        ("feed_gap", "scope: {venue: apex}", "intensity: is missing"),
    ],
)
def test_a_mistake_is_told_before_anything_runs(fault: str, rest: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(_write(tmp_path / "harm.yaml", {fault: rest}))
    assert told in str(caught.value)
