"""Live quantities are those of ledgers and books, and a stop condition ends a run with every fault ended."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from correlator.journal import Journal
from correlator.records import Injection as InjectionRecord
from correlator.records import Stop as StopRecord
from lab.laboratory.assembly import Laboratory
from lab.laboratory.market import settle_times
from lab.playing.progress import Finished, Progress
from lab.playing.simulate import simulate
from lab.scenario.demands import Condition
from lab.scenario.model import Experiment
from lab.scenario.quantities import QUANTITIES, holds
from lab.scenario.resolve import load_scenario
from simulators.market_data.world.overlays import StablecoinDepegFault

SECOND_NS = 1_000_000_000
TEXT = """\
schema: riskproof-scenario/1
scenario: short
seed: 3
duration: 4 min
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
timeline:
  - {inject: slide, fault: stablecoin_depeg, at: 1 min, for: 2 min, scope: {asset: USDT}, intensity: 150 bp}
  - {inject: lag, fault: exchange_latency, at: 70s, for: 2 min, scope: {venue: apex}, intensity: 100 ms}
"""


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    path = tmp_path_factory.mktemp("short") / "short.yaml"
    path.write_text(TEXT)
    return settle_times(load_scenario(path).experiments[0])


@pytest.fixture(scope="module")
def minute(short: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    """A laboratory after 59 seconds, before anything is injected."""
    conditions = (Condition(quantity="orders_per_minute", of="apex:maker", op="above", value=1e9),)
    experiment = msgspec.structs.replace(short, stop_when=conditions)
    journal = tmp_path_factory.mktemp("minute") / "run.journal"
    laboratory = Laboratory(experiment, "run", journal, lambda *_: None, lambda _: None)
    laboratory.start()
    laboratory.kernel.run_until((experiment.start_ns or 0) + 59 * SECOND_NS)
    return laboratory


def test_position_and_equity_are_what_the_ledgers_hold_at_the_books_mids(minute: Laboratory) -> None:
    read = minute.quantities.read
    bitcoin = read("position", "BTC")
    assert bitcoin is not None
    assert bitcoin == pytest.approx(100, abs=1)
    mids = [read("mid", f"{venue}:BTC/USD") for venue in ("apex", "boreal")]
    assert None not in mids
    mark = sum(mid or 0.0 for mid in mids) / 2
    assert read("notional", "BTC") == pytest.approx(bitcoin * mark, rel=1e-12)
    total = 0.0
    for asset in ("USD", "USDT", "BTC", "ETH"):
        held = read("position", asset)
        assert held is not None
        quotes = [1.0]
        if asset != "USD":
            quotes = [read("mid", f"{venue}:{asset}/USD") or 0.0 for venue in ("apex", "boreal")]
        total += held * sum(quotes) / len(quotes)
    assert read("equity", None) == pytest.approx(total, rel=1e-12)


def test_a_books_spread_is_read_off_its_best_prices(minute: Laboratory) -> None:
    core = minute.exchanges["apex"][0]
    index = next(i for i, listing in enumerate(core.listings) if listing.symbol == "BTC/USDT")
    bid, _, ask, _ = core.top(index)
    assert minute.quantities.read("spread_bp", "apex:BTC/USDT") == pytest.approx((ask - bid) / ((ask + bid) / 2) * 1e4)


def test_orders_are_counted_by_account(minute: Laboratory) -> None:
    core = minute.exchanges["apex"][0]
    resting = minute.quantities.read("open_orders", "apex:maker")
    accepted = minute.quantities.read("orders_per_minute", "apex:maker")
    assert resting == len(core.open_orders("maker"))
    assert accepted is not None
    assert accepted >= (resting or 0) > 0
    assert (minute.quantities.read("open_orders", None) or 0) >= (resting or 0)


def test_every_declared_quantity_can_be_read(minute: Laboratory) -> None:
    of = {"firm": None, "book": "apex:ETH/USDT", "account": "apex:maker", "asset": "USDT"}
    for name, spec in QUANTITIES.items():
        assert minute.quantities.read(name, of[spec.of]) is not None, name


@pytest.mark.parametrize(("op", "found"), [("above", 1), ("below", 1), ("at_least", 2), ("at_most", 2)])
def test_each_comparison_is_what_its_word_says(op: str, found: int) -> None:
    assert sum(holds(op, observed, 5.0) for observed in (4.0, 5.0, 6.0)) == found


@pytest.fixture
def restored() -> Iterator[None]:
    """The process as it was: an arm is simulated in a process of its own, which it makes itself at home in."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    thresholds = gc.get_threshold()
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


class Played(NamedTuple):
    """What a run left: how it finished, the journal's own reason, injections' phases after the plan, stop records."""

    finished: Finished
    reason: str
    phases: list[tuple[float, str, str, str]]
    stops: list[tuple[float, str, str]]


def play(experiment: Experiment, path: Path) -> Played:
    told: list[Progress] = []
    simulate(told.append, experiment, "run", path)
    finished = told[-1]
    assert isinstance(finished, Finished)
    phases, stops = [], []
    starts_ns = experiment.start_ns or 0
    journal = Journal(path)
    for record in journal.audit():
        at_s = (record.at_ns - starts_ns) / SECOND_NS
        if isinstance(record, InjectionRecord) and record.phase != "planned":
            phases.append((at_s, record.name, record.phase, record.detail))
        elif isinstance(record, StopRecord):
            stops.append((at_s, record.condition, record.detail))
    assert journal.end is not None
    return Played(finished, journal.end.reason, phases, stops)


def ended(played: Played) -> list[tuple[float, str, str]]:
    return [(at_s, name, detail) for at_s, name, phase, detail in played.phases if phase == "ended"]


def test_a_stop_condition_ends_every_fault_and_then_the_run(short: Experiment, tmp_path: Path, restored: None) -> None:
    stop = Condition(quantity="mid", of="apex:USDT/USD", op="below", value=0.995)
    played = play(msgspec.structs.replace(short, stop_when=(stop,)), tmp_path / "run.journal")
    assert (played.finished.reason, played.reason) == ("stopped", "stopped")
    ((at_s, condition, detail),) = played.stops
    assert 60 <= at_s < 70
    assert condition == "mid of apex:USDT/USD below 0.995"
    assert detail.startswith("mid was 0.98")
    assert ended(played) == [(at_s, "slide", "")]


def test_a_run_that_meets_no_stop_condition_is_completed(short: Experiment, tmp_path: Path, restored: None) -> None:
    stop = Condition(quantity="drawdown", of=None, op="above", value=50.0)
    played = play(msgspec.structs.replace(short, stop_when=(stop,)), tmp_path / "run.journal")
    assert (played.finished.reason, played.reason, played.stops) == ("completed", "completed", [])
    assert [(at_s, name) for at_s, name, _ in ended(played)] == [(180.0, "slide"), (190.0, "lag")]


def test_what_raises_in_the_middle_of_a_run_leaves_no_fault_in_force(
    short: Experiment, tmp_path: Path, restored: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(laboratory: Laboratory) -> None:
        start(laboratory)
        laboratory.kernel.call_at(laboratory.kernel.now_ns + 100 * SECOND_NS, lambda _: 1 // 0)

    start = Laboratory.start
    monkeypatch.setattr(Laboratory, "start", breaks)
    played = play(short, tmp_path / "run.journal")
    assert (played.finished.reason, played.reason) == ("failed", "failed")
    assert "ZeroDivisionError" in played.finished.detail
    assert ended(played) == [(100.0, "slide", ""), (100.0, "lag", "")]


def test_a_fault_whose_end_raises_fails_the_run_after_all_others_have_ended(
    short: Experiment, tmp_path: Path, restored: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(fault: StablecoinDepegFault, cause: int) -> None:
        raise RuntimeError("it would not go")

    monkeypatch.setattr(StablecoinDepegFault, "end", stuck)
    played = play(short, tmp_path / "run.journal")
    assert (played.finished.reason, played.reason) == ("failed", "failed")
    assert ended(played) == [
        (180.0, "slide", ""),
        (180.0, "slide", "its end failed: RuntimeError: it would not go"),
        (180.0, "lag", ""),
    ]


def test_a_run_that_is_interrupted_ends_its_faults(
    short: Experiment, tmp_path: Path, restored: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(laboratory: Laboratory) -> None:
        start(laboratory)
        at_ns = laboratory.kernel.now_ns + 100 * SECOND_NS
        laboratory.kernel.call_at(at_ns, lambda _: os.kill(os.getpid(), signal.SIGTERM))

    start = Laboratory.start
    monkeypatch.setattr(Laboratory, "start", interrupted)
    played = play(short, tmp_path / "run.journal")
    assert (played.finished.reason, played.reason) == ("interrupted", "interrupted")
    assert [name for _, name, _ in ended(played)] == ["slide", "lag"]
