"""Faults of market data: what clients see, when it takes effect, that it composes and leaves nothing behind."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from simulators.exchange.feed_faults import FeedGap, OutOfOrderFeed
from simulators.exchange.harm_feeds import (
    BadTickParams,
    CrossedBookParams,
    FeedGapParams,
    FrozenFeedParams,
    OutOfOrderFeedParams,
    VenueClockDriftParams,
)
from simulators.exchange.shown_faults import BadTick, CrossedBook, FrozenFeed, VenueClockDrift
from simulators.exchange.types import Side
from simulators.picks import Picks

START_NS = 1_676_851_200_000_000_000
START_MS = START_NS // 1_000_000
MS = 1_000_000
SECOND = 1_000 * MS
TICKER = "/ws/btcusdt@bookTicker"


class Effects:
    """When a fault said that it took effect."""

    def __init__(self, world) -> None:
        self._clock = world.clock
        self.at_ms: list[int] = []

    def __call__(self, detail: str) -> None:
        assert detail
        self.at_ms.append(self._clock.now_ns // MS - START_MS)


def _begin(world, fault_type, params):
    effects = Effects(world)
    fault = fault_type(world.api, world.clock, params, effects, Picks(np.random.default_rng(3)))
    fault.begin(900)
    return fault, effects


def _move(world, to_ticks: int) -> None:
    """Have the market quoted around a price, one tick away on either side."""
    world.exchange.cancel_all("maker", 0)
    world.quote(to_ticks - 1, to_ticks + 1)


def _moving(world, seconds: int, from_ticks: int = 2_450_000) -> None:
    for number in range(seconds * 10):
        _move(world, from_ticks + 10 * number)
        world.clock.run(100 * MS)


def _prices(frames) -> list[tuple[float, float]]:
    return [(float(frame["b"]), float(frame["a"])) for frame in frames]


def test_a_frozen_feed_ticks_on_with_old_prices_and_then_tells_the_true_ones(world):
    _move(world, 2_450_000)
    raw, combined = world.connect(TICKER), world.connect("/stream?streams=btcusdt@bookTicker")
    fault, effects = _begin(world, FrozenFeed, FrozenFeedParams())
    world.clock.run(SECOND)
    assert effects.at_ms == []
    world.exchange.cancel_all("maker", 0)
    world.rest(Side.BUY, 2_460_000, 100_000)
    world.rest(Side.SELL, 2_460_002, 100_000)
    frames = raw.take()
    assert set(_prices(frames)) == {(24_499.99, 24_500.01)}
    assert all(after["u"] == before["u"] + 1 for before, after in pairwise(frames))
    assert [frame["data"] for frame in combined.take()] == frames
    assert effects.at_ms == [1_000]
    assert world.get("/api/v3/ticker/bookTicker?symbol=BTCUSDT")["bidPrice"] == "24499.99000000"
    assert world.get("/api/v3/depth?symbol=BTCUSDT&limit=5")["asks"] == [["24500.01000000", "1.00000000"]]
    fault.end(901)
    assert world.get("/api/v3/depth?symbol=BTCUSDT&limit=5")["asks"] == [["24600.02000000", "1.00000000"]]
    world.rest(Side.BUY, 2_460_001, 100_000)
    assert _prices(raw.take()) == [(24_600.01, 24_600.02)]


def test_a_frozen_feed_of_one_pair_leaves_the_others(world):
    client = world.connect("/ws/ethbtc@bookTicker")
    _, effects = _begin(world, FrozenFeed, FrozenFeedParams(pairs=("BTC/USDT",)))
    world.rest(Side.BUY, 6_700, 1_000, index=1)
    assert (len(client.frames), effects.at_ms) == (1, [])


def test_a_pair_that_the_venue_does_not_list_is_refused_with_those_that_it_does(world):
    with pytest.raises(ValueError, match="apex lists BTC/USDT, ETH/BTC, not BTC/USD"):
        _begin(world, FrozenFeed, FrozenFeedParams(pairs=("BTC/USD",)))


def test_a_depth_stream_stands_still_while_the_feed_is_frozen_and_catches_up_without_a_gap(world):
    _move(world, 2_450_000)
    client = world.connect("/ws/btcusdt@depth@100ms")
    _moving(world, 1)
    fault, _ = _begin(world, FrozenFeed, FrozenFeedParams())
    client.take()
    _moving(world, 1, 2_460_000)
    assert client.take() == []
    fault.end(901)
    _move(world, 2_470_000)
    world.clock.run(SECOND)
    (event,) = client.take()
    assert ["24700.01000000", "1.00000000"] in event["a"]


def test_a_feed_gap_drops_depth_frames_so_that_update_ids_jump(world):
    _move(world, 2_450_000)
    client = world.connect("/ws/btcusdt@depth@100ms")
    twin = world.connect("/stream?streams=btcusdt@depth@100ms")
    fault, effects = _begin(world, FeedGap, FeedGapParams(share=0.3))
    _moving(world, 20)
    frames = client.take()
    gaps = sum(after["U"] != before["u"] + 1 for before, after in pairwise(frames))
    assert 110 < len(frames) < 170
    assert gaps > 20
    assert [frame["data"] for frame in twin.take()] == frames
    assert len(effects.at_ms) == 1
    fault.end(901)
    _moving(world, 2)
    sound = client.take()
    assert len(sound) >= 19
    assert all(after["U"] == before["u"] + 1 for before, after in pairwise(sound))


def test_what_a_small_share_drops_a_greater_one_drops_too(new_world):
    kept = []
    for share in (0.1, 0.4):
        world = new_world()
        _move(world, 2_450_000)
        client = world.connect("/ws/btcusdt@depth@100ms")
        _begin(world, FeedGap, FeedGapParams(share=share))
        _moving(world, 10)
        kept.append({frame["U"] for frame in client.take()})
    assert kept[1] < kept[0]


def test_quotes_pass_a_feed_gap_that_is_not_of_quotes(world):
    client = world.connect(TICKER)
    _, effects = _begin(world, FeedGap, FeedGapParams(share=1.0))
    world.rest(Side.BUY, 2_450_000, 1_000)
    assert (len(client.frames), effects.at_ms) == (1, [])


def test_an_out_of_order_feed_swaps_frames_and_loses_none(world):
    _move(world, 2_450_000)
    client = world.connect(TICKER)
    fault, effects = _begin(world, OutOfOrderFeed, OutOfOrderFeedParams(share=0.2, streams="quotes"))
    _moving(world, 10)
    fault.end(901)
    ids = [frame["u"] for frame in client.take()]
    assert sorted(ids) == list(range(min(ids), max(ids) + 1))
    assert sum(after < before for before, after in pairwise(ids)) > 30
    assert all(abs(place + min(ids) - number) <= 1 for place, number in enumerate(ids))
    assert len(effects.at_ms) == 1
    _moving(world, 1)
    ids = [frame["u"] for frame in client.take()]
    assert ids == sorted(ids)


def test_what_is_held_back_goes_out_at_the_end_but_not_past_a_stall(world):
    from simulators.exchange.faults import FeedStall, FeedStallParams

    client = world.connect(TICKER)
    first, _ = _begin(world, OutOfOrderFeed, OutOfOrderFeedParams(share=1.0))
    world.rest(Side.BUY, 2_450_000, 1_000)
    assert client.take() == []
    first.end(901)
    assert len(client.take()) == 1
    second, _ = _begin(world, OutOfOrderFeed, OutOfOrderFeedParams(share=1.0))
    world.rest(Side.BUY, 2_450_001, 1_000)
    stall = FeedStall(world.api, world.clock, FeedStallParams(), lambda detail: None)
    stall.begin(902)
    second.end(903)
    assert client.take() == []
    stall.end(904)
    world.rest(Side.BUY, 2_450_002, 1_000)
    assert len(client.take()) == 1


def test_bad_ticks_come_about_as_often_as_asked_and_alone(world):
    _move(world, 2_450_000)
    client = world.connect(TICKER)
    params = BadTickParams(intensity=0.03, per_hour=360.0, pairs=("BTC/USDT",))
    fault, effects = _begin(world, BadTick, params)
    for number in range(1_200):
        _move(world, 2_450_000 + number % 2)
        world.clock.run(100 * MS)
    prices = [bid for bid, _ in _prices(client.take()) if bid > 1.0]
    bad = [place for place, price in enumerate(prices) if abs(price / 24_500 - 1) > 0.02]
    assert 11 <= len(bad) <= 13
    assert {round(prices[place] / 24_500 - 1, 3) for place in bad} == {0.03, -0.03}
    assert all(after - before > 1 for before, after in pairwise(bad))
    assert len(effects.at_ms) == 1
    fault.end(901)
    for number in range(600):
        _move(world, 2_450_000 + number % 2)
        world.clock.run(100 * MS)
    assert {bid for bid, _ in _prices(client.take())} == {0.0, 24_499.99, 24_500.0}


def test_a_bad_tick_is_the_same_in_both_forms_of_the_stream_and_when_asked_for(world):
    _move(world, 2_450_000)
    raw, combined = world.connect(TICKER), world.connect("/stream?streams=btcusdt@bookTicker")
    _begin(world, BadTick, BadTickParams(intensity=0.05, per_hour=36_000.0, direction="up"))
    world.clock.run(SECOND)
    world.rest(Side.BUY, 2_450_000, 100)
    (frame,) = raw.take()
    assert [one["data"] for one in combined.take()] == [frame]
    assert (frame["b"], frame["a"]) == ("25725.00000000", "25725.01000000")
    assert world.get("/api/v3/ticker/bookTicker?symbol=BTCUSDT")["askPrice"] == "25725.01000000"


def test_a_crossed_book_shows_its_bid_above_its_ask_around_the_same_middle(world):
    _move(world, 2_450_000)
    client = world.connect(TICKER)
    fault, effects = _begin(world, CrossedBook, CrossedBookParams(intensity=0.002))
    world.clock.run(SECOND)
    world.rest(Side.BUY, 2_449_990, 100)
    world.rest(Side.BUY, 2_449_999, 100)
    assert _prices(client.take()) == [(24_524.5, 24_475.5)]
    assert effects.at_ms == [1_000]
    depth = world.get("/api/v3/depth?symbol=BTCUSDT&limit=5")
    assert depth["bids"] == [["24524.50000000", "1.00100000"], ["24499.90000000", "0.00100000"]]
    assert depth["asks"] == [["24475.50000000", "1.00000000"]]
    fault.end(901)
    world.rest(Side.BUY, 2_449_999, 100)
    assert _prices(client.take()) == [(24_499.99, 24_500.01)]


def test_a_book_crosses_by_degrees_along_a_ramp(world):
    _move(world, 2_450_000)
    client = world.connect(TICKER)
    now_ns = world.clock.now_ns
    params = CrossedBookParams(
        intensity=0.01, starts_ns=now_ns, ends_ns=now_ns + 100 * SECOND, ramp_ns=10 * SECOND, ramp_down_ns=10 * SECOND
    )
    _begin(world, CrossedBook, params)
    crossings = []
    for _ in range(11):
        world.rest(Side.BUY, 2_449_999, 100)
        crossings += [bid - ask for bid, ask in _prices(client.take())]
        world.clock.run(SECOND)
    assert crossings[0] == pytest.approx(-0.02)
    assert crossings == sorted(crossings)
    assert crossings[-1] == pytest.approx(245.0, abs=0.02)


def test_overlapping_faults_of_a_book_compose_and_each_ends_alone(world):
    _move(world, 2_450_000)
    client = world.connect(TICKER)
    frozen, _ = _begin(world, FrozenFeed, FrozenFeedParams())
    crossed, _ = _begin(world, CrossedBook, CrossedBookParams(intensity=0.002))
    world.exchange.cancel_all("maker", 0)
    world.quote(2_460_000, 2_460_002)
    assert set(_prices(client.take())) == {(24_524.5, 24_475.5)}
    frozen.end(901)
    world.rest(Side.BUY, 2_460_000, 100)
    assert _prices(client.take()) == [(24_624.61, 24_575.41)]
    crossed.end(902)
    world.rest(Side.BUY, 2_460_000, 100)
    assert _prices(client.take()) == [(24_600.0, 24_600.02)]
    assert all(not pair.book.retouches for pair in world.api.pairs.all)


def test_a_wrong_clock_shows_in_every_timestamp_and_refuses_those_who_are_right(world):
    _move(world, 2_450_000)
    depth, session = world.connect("/ws/btcusdt@depth@100ms"), world.user_data()
    fault, effects = _begin(world, VenueClockDrift, VenueClockDriftParams(offset_ns=8 * SECOND, direction="behind"))
    assert effects.at_ms == []
    assert world.get("/api/v3/time") == {"serverTime": START_MS + 20 - 8_000}
    now_ms = world.clock.now_ns // MS
    order = "/api/v3/order?symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=24000"
    refused = f"{order}&timestamp={now_ms}"
    assert world.refusal("POST", refused, "K-trade")[:2] == (400, -1021)
    placed = world.post(f"{order}&timestamp={now_ms - 8_000}")
    shown_ms = world.clock.now_ns // MS - 8_000
    assert placed["transactTime"] == shown_ms
    assert [event["event"]["E"] for event in session.take()] == [shown_ms] * 2
    world.clock.run(SECOND)
    assert [event["E"] % 100 for event in depth.take()] == [0]
    fault.end(901)
    assert world.get("/api/v3/time") == {"serverTime": world.clock.now_ns // MS}
    row = world.get(f"/api/v3/order?symbol=BTCUSDT&orderId={placed['orderId']}", "K-trade")
    assert row["time"] == shown_ms, "a moment keeps the timestamp that it was given"
    assert world.audit.of("clock") == [(-8 * SECOND, 0), (0, 0)]


def test_a_clock_drifts_along_its_ramp_and_the_journal_says_how(world):
    now_ns = world.clock.now_ns
    params = VenueClockDriftParams(
        offset_ns=500 * MS, starts_ns=now_ns, ends_ns=now_ns + 300 * SECOND, ramp_ns=100 * SECOND
    )
    _begin(world, VenueClockDrift, params)
    shown = []
    for _ in range(3):
        world.clock.run(50 * SECOND)
        shown.append(world.get("/api/v3/time")["serverTime"] - world.clock.now_ns // MS)
    assert shown == [250, 500, 500]
    assert world.audit.of("clock") == [(0, 5_000_000), (500 * MS, 0)]


def test_errors_of_a_clock_add_up_and_each_is_put_right_alone(world):
    one, _ = _begin(world, VenueClockDrift, VenueClockDriftParams(offset_ns=300 * MS))
    other, _ = _begin(world, VenueClockDrift, VenueClockDriftParams(offset_ns=200 * MS, direction="behind"))
    off = []
    for end in (None, one.end, other.end):
        if end is not None:
            end(901)
        off.append(world.get("/api/v3/time")["serverTime"] - world.clock.now_ns // MS)
    assert off == [100, -200, 0]
    assert world.audit.of("clock") == [(300 * MS, 0), (100 * MS, 0), (-200 * MS, 0), (0, 0)]


def test_a_clock_that_runs_too_fast_is_off_by_more_and_more(world):
    params = VenueClockDriftParams(drift_ppm=200.0, starts_ns=world.clock.now_ns, ends_ns=world.clock.now_ns + 10**15)
    _begin(world, VenueClockDrift, params)
    world.clock.run(1_000 * SECOND)
    assert world.get("/api/v3/time")["serverTime"] - world.clock.now_ns // MS == 200
