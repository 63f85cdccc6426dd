"""A venue's prices as they are played."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulators.market_data.world.errors import MarketError
from simulators.market_data.world.harm import PriceDivergenceParams, PriceShockParams, StablecoinDepegParams
from simulators.market_data.world.overlays import PriceDivergenceFault, PriceShockFault, StablecoinDepegFault
from simulators.market_data.world.tape import Tape

MINUTE_NS = 60_000_000_000
LISTINGS = [("BTC/USD", "0.01"), ("BTC/USDT", "0.01"), ("USDT/USD", "0.0001"), ("ETH/BTC", "0.00001")]

Tick = tuple[int, int, float, int]  # time, index, price, cause


class Playback:
    """A world, a clock and tapes that write down what they play."""

    def __init__(self, lab: Any, venues: tuple[str, ...] = ("apex",), hours: int = 3) -> None:
        self.lab = lab
        self.world = lab.triangle(hours=hours)
        self.clock = lab.clock()
        self.played: dict[str, list[Tick]] = {venue: [] for venue in venues}
        self.tapes = [Tape(self.world, venue, LISTINGS, self.clock, self._writer(venue)) for venue in venues]
        self.effects: list[tuple[int, str]] = []

    def _writer(self, venue: str) -> Any:
        log = self.played[venue]
        return lambda index, price, cause: log.append((self.clock.now_ns, index, price, cause))

    def effect(self, detail: str) -> None:
        self.effects.append((self.clock.now_ns, detail))

    def inject(self, fault: Any, params: Any, cause: int = 77, end: bool = True) -> None:
        one = fault(self.world, self.clock, params, self.effect)
        self.clock.call_at(params.starts_ns, lambda _: one.begin(cause))
        if end:
            self.clock.call_at(params.ends_ns, lambda _: one.end(cause + 1))

    def play(self, hours: float = 1) -> list[Tick]:
        end_ns = self.lab.start_ns + int(hours * self.lab.hour_ns)
        for tape in self.tapes:
            tape.start(self.lab.start_ns, end_ns)
        self.clock.run_until(end_ns)
        return self.played["apex"]


def window(lab: Any, **keys: Any) -> dict[str, Any]:
    times = {"starts_ns": lab.start_ns + 10 * MINUTE_NS, "ends_ns": lab.start_ns + 40 * MINUTE_NS}
    return {"injection": "harm", "volatility": 0.0, **times, **keys}


def test_every_tick_of_every_listing_is_played_once_in_order_of_time(lab: Any) -> None:
    playback = Playback(lab)
    expected = []
    for index, (symbol, _) in enumerate(LISTINGS):
        times, prices = lab.prices(playback.world, "apex", symbol, range(lab.start_hour, lab.start_hour + 2))
        expected += [(int(time), index, float(price), 0) for time, price in zip(times, prices, strict=True)]
    assert playback.play(hours=2) == sorted(expected)


def test_tape_starts_and_ends_inside_an_hour(lab: Any) -> None:
    playback = Playback(lab)
    start_ns, end_ns = lab.start_ns + 50 * MINUTE_NS, lab.start_ns + 70 * MINUTE_NS
    playback.tapes[0].start(start_ns, end_ns)
    playback.clock.run_until(lab.start_ns + 3 * lab.hour_ns)
    full = Playback(lab).play(hours=2)
    assert playback.played["apex"] == [tick for tick in full if start_ns <= tick[0] < end_ns]


def test_tape_ends_with_the_market_and_when_stopped(lab: Any) -> None:
    playback = Playback(lab, hours=1)
    playback.play(hours=5)
    assert lab.start_ns + 59 * MINUTE_NS < playback.played["apex"][-1][0] < lab.start_ns + lab.hour_ns
    stopped = Playback(lab)
    stopped.clock.call_at(lab.start_ns + MINUTE_NS, lambda _: stopped.tapes[0].stop())
    assert stopped.play()[-1][0] <= lab.start_ns + MINUTE_NS


def test_adding_a_venue_or_a_listing_leaves_the_other_ticks_alone(lab: Any) -> None:
    assert Playback(lab, ("apex",)).play() == Playback(lab, ("boreal", "apex")).play()


def test_harm_changes_prices_while_it_lasts_and_nothing_before_or_after(lab: Any) -> None:
    params = StablecoinDepegParams(**window(lab, intensity=0.05, asset="USDT", volatility=0.1))
    control = Playback(lab).play()
    playback = Playback(lab)
    playback.inject(StablecoinDepegFault, params)
    harmed = playback.play()
    assert [tick[:2] for tick in harmed] == [tick[:2] for tick in control]

    inside = [params.starts_ns <= tick[0] < params.ends_ns for tick in control]
    untouched = [tick for tick, within in zip(harmed, inside, strict=True) if not within or tick[1] in (0, 3)]
    assert untouched == [tick for tick, within in zip(control, inside, strict=True) if not within or tick[1] in (0, 3)]
    moved = {1: [], 2: []}
    for before, after, within in zip(control, harmed, inside, strict=True):
        if within and after[1] in moved:
            assert after[3] == 77
            moved[after[1]].append(after[2] / before[2])
    assert 1.03 < min(moved[1]) < max(moved[1]) < 1.08  # BTC/USDT up
    assert 0.93 < min(moved[2]) < max(moved[2]) < 0.97  # USDT/USD down


def test_effect_is_announced_once_just_before_the_first_tick_that_moves_by_a_whole_tick(lab: Any) -> None:
    params = StablecoinDepegParams(**window(lab, intensity=0.05, asset="USDT", ramp_ns=30 * MINUTE_NS))
    control = Playback(lab, ("apex", "boreal"))
    control.play()
    playback = Playback(lab, ("apex", "boreal"))
    playback.inject(StablecoinDepegFault, params)
    playback.play()

    sizes = [float(size) for _, size in LISTINGS]
    first = min(
        after[0]
        for venue in ("apex", "boreal")
        for before, after in zip(control.played[venue], playback.played[venue], strict=True)
        if abs(after[2] - before[2]) >= 1.01 * sizes[after[1]]
    )
    assert [time for time, _ in playback.effects] == [first]
    assert playback.effects[0][1].startswith(("BTC/USDT at apex: ", "BTC/USDT at boreal: "))


def test_effect_is_announced_before_its_tick_is_published(lab: Any) -> None:
    playback = Playback(lab)
    order: list[str] = []
    playback.tapes[0]._on_tick = lambda index, price, cause: order.append(f"tick {cause}")
    playback.effect = lambda detail: order.append("effect")  # type: ignore[method-assign]
    playback.inject(PriceShockFault, PriceShockParams(**window(lab, intensity=0.1, assets=("BTC",))))
    playback.play()
    assert order.index("effect") == order.index("tick 77") - 1
    assert order.count("effect") == 1


def test_two_harms_on_one_pair_each_announce_their_own_effect(lab: Any) -> None:
    playback = Playback(lab)
    playback.inject(PriceShockFault, PriceShockParams(**window(lab, intensity=0.1, assets=("BTC",))), cause=10)
    later = PriceDivergenceParams(
        **window(lab, injection="later", starts_ns=lab.start_ns + 20 * MINUTE_NS, intensity=0.02, pair="BTC/USD")
    )
    playback.inject(PriceDivergenceFault, later, cause=20)
    ticks = playback.play()
    assert len(playback.effects) == 2
    assert playback.effects[0][0] - lab.start_ns - 10 * MINUTE_NS < 2_000_000_000
    assert playback.effects[1][0] - lab.start_ns - 20 * MINUTE_NS < 2_000_000_000
    causes = {(index, cause) for time, index, _, cause in ticks if time > lab.start_ns + 21 * MINUTE_NS if cause}
    assert causes == {(0, 20), (1, 10), (3, 10)}


def test_slow_harm_beside_a_sudden_one_announces_its_own_moment(lab: Any) -> None:
    playback = Playback(lab)
    slow = StablecoinDepegParams(**window(lab, injection="slow", intensity=1e-4, asset="USDT", ramp_ns=30 * MINUTE_NS))
    alone = Playback(lab)
    alone.inject(StablecoinDepegFault, slow)
    alone.play()
    playback.inject(PriceShockFault, PriceShockParams(**window(lab, intensity=0.1, assets=("BTC",))))
    playback.inject(StablecoinDepegFault, slow)
    playback.play()
    after_s = [(time - slow.starts_ns) / 1e9 for time, _ in playback.effects]
    slow_alone_s = (alone.effects[0][0] - slow.starts_ns) / 1e9
    assert len(after_s) == 2
    assert after_s[0] < 1
    assert 2 < slow_alone_s <= after_s[1] < slow_alone_s + 3  # on a price that is a tenth lower


def test_harm_that_ends_early_leaves_the_controls_prices(lab: Any) -> None:
    params = PriceShockParams(**window(lab, intensity=0.15, assets=("BTC",)))
    control, playback = Playback(lab), Playback(lab)
    fault = PriceShockFault(playback.world, playback.clock, params, playback.effect)
    playback.clock.call_at(params.starts_ns, lambda _: fault.begin(7))
    early = params.starts_ns + 5 * MINUTE_NS + 1
    playback.clock.call_at(early, lambda _: fault.end(8))
    pairs = list(zip(control.play(), playback.play(), strict=True))
    assert all(before == after for before, after in pairs if after[0] > early)
    assert any(before != after for before, after in pairs)


def test_harm_too_small_to_move_a_tick_never_claims_an_effect(lab: Any) -> None:
    playback = Playback(lab)
    playback.inject(PriceDivergenceFault, PriceDivergenceParams(**window(lab, intensity=2e-5, pair="USDT/USD")))
    playback.play()
    assert playback.effects == []


def test_harm_laid_across_hours_keeps_working(lab: Any) -> None:
    ends = lab.start_ns + 150 * MINUTE_NS
    params = PriceShockParams(**window(lab, intensity=0.15, assets=("BTC",), ends_ns=ends, ramp_down_ns=MINUTE_NS))
    control, playback = Playback(lab), Playback(lab)
    playback.inject(PriceShockFault, params)
    pairs = list(zip(control.play(hours=3), playback.play(hours=3), strict=True))
    full = [
        after[2] / before[2]
        for before, after in pairs
        if after[1] == 0 and after[0] in range(params.starts_ns, ends - MINUTE_NS)
    ]
    np.testing.assert_allclose(full, 0.85)
    assert all(before == after for before, after in pairs if after[0] >= ends)


def test_idle_tape_lists_stay_within_an_hour(lab: Any) -> None:
    playback = Playback(lab)
    playback.play(hours=3)
    assert len(playback.tapes[0]._times) < 4 * 60 * 80


def test_listing_that_cannot_be_priced_is_refused_at_once(lab: Any) -> None:
    with pytest.raises(MarketError):
        Tape(lab.triangle(), "apex", [("SOL/USD", "0.01")], lab.clock(), lambda index, price, cause: None)
