"""Strategies that harm: each does in a real book what its name says, and the market shows it."""

from __future__ import annotations

import itertools
import statistics
from typing import Any

import pytest

from simulators.strategies.params import (
    CorrelationBreakerParams,
    MarketMakerParams,
    RiskIgnorantParams,
    RunawayParams,
    SlowLeakParams,
    VolatilityAmplifierParams,
)

BTC = "BTC/USD"


def _top(floor: Any, pair: str = BTC) -> tuple[float, float]:
    """Best bid and ask now, quote per base."""
    bid_ticks, _, ask_ticks, _ = floor.exchanges["apex"].top(floor.index("apex", pair))
    tick = float(floor.exchanges["apex"].listings[floor.index("apex", pair)].tick_size)
    return bid_ticks * tick, ask_ticks * tick


def _spread_bp(floor: Any, pair: str = BTC) -> float:
    bid, ask = _top(floor, pair)
    return (ask / bid - 1.0) * 1e4


def _start(floor: Any, kind: str, params: Any, pairs: tuple[str, ...] = (BTC,)) -> Any:
    strategy = floor.strategy(kind, params, pairs)
    strategy.start()
    floor.run(5.0)
    assert strategy.clients["apex"].is_ready
    return strategy


def _worth(floor: Any, price: float) -> float:
    return float(floor.held("apex", "BTC") * price + floor.held("apex", "USD"))


def test_a_runaway_eats_the_book_and_pays_for_it(make_floor: Any) -> None:
    floor = make_floor({"apex": (BTC,)}, fee_bp=4.0)
    before = _worth(floor, 24_500.0)
    calm_bp = _spread_bp(floor)
    _start(floor, "runaway", RunawayParams(loss_limit=0.0001))
    spreads = []
    floor.run(120.0, lambda second: spreads.append(_spread_bp(floor)))
    assert len(floor.journal.orders) > 2 * 200
    assert statistics.fmean(spreads) > 3.0 * calm_bp
    assert before - _worth(floor, 24_500.0) > 5_000.0  # far beyond its loss limit


def test_a_runaways_strength_is_its_rate(make_floor: Any) -> None:
    counts = []
    for scale in (0.5, 1.0):
        floor = make_floor({"apex": (BTC,)})
        _start(floor, "runaway", RunawayParams(scale=scale, order_fraction=0.001, orders_per_minute=120))
        floor.run(60.0)
        counts.append(floor.wires["apex"].count("POST /api/v3/order"))
    assert counts[1] == pytest.approx(2 * counts[0], abs=4)


def test_risk_ignorance_averages_down_until_the_money_is_gone(make_floor: Any) -> None:
    floor = make_floor({"apex": (BTC,)})
    strategy = _start(floor, "risk_ignorant", RiskIgnorantParams(allocation=0.1, interval_s=10.0))

    def fall(second: int) -> None:
        floor.prices["apex", BTC] *= 0.9999

    held = []
    for _ in range(8):
        floor.run(10.0, fall)
        held.append(floor.held("apex", "BTC"))
    client = strategy.clients["apex"]
    cap = strategy.position_cap_units(client, client.pairs[BTC]) / 1e8
    additions = [after - before for before, after in itertools.pairwise(held) if after > before]
    assert additions[:3] == sorted(additions[:3])
    assert held[-1] - 10.0 > 4.0 * cap
    assert floor.held("apex", "USD") < 5_000.0


def test_risk_ignorance_waits_while_it_is_winning(make_floor: Any) -> None:
    floor = make_floor({"apex": (BTC,)})
    _start(floor, "risk_ignorant", RiskIgnorantParams(interval_s=10.0))
    assert floor.held("apex", "BTC") > 10.0
    floor.prices["apex", BTC] *= 1.01
    floor.run(60.0)
    assert floor.wires["apex"].count("POST /api/v3/order") == 1


def _wave(floor: Any, size: float) -> Any:
    """A market that rises and falls by a part of its price, every 20 s."""

    def move(second: int) -> None:
        floor.prices["apex", BTC] *= 1.0 + (size if second // 10 % 2 else -size)

    return move


def test_an_amplifier_trades_harder_the_wilder_the_market_is(make_floor: Any) -> None:
    traded, moves = [], []
    for size in (1e-5, 1e-4):
        floor = make_floor({"apex": (BTC,)})
        strategy = _start(floor, "volatility_amplifier", VolatilityAmplifierParams())
        spent: list[float] = []
        place = strategy.place

        def watched(*order: Any, place: Any = place, spent: list[float] = spent) -> Any:
            spent.append(order[4])
            return place(*order)

        strategy.place = watched
        mids: list[float] = []

        wave = _wave(floor, size)

        def move(second: int, floor: Any = floor, mids: list[float] = mids, wave: Any = wave) -> None:
            mids.append(sum(_top(floor)) / 2.0 / floor.prices["apex", BTC])
            wave(second)

        floor.run(300.0, move)
        traded.append(statistics.fmean(spent))
        moves.append(statistics.pstdev(mids))
    assert traded[1] > 4.0 * traded[0]
    assert moves[1] > 2.0 * moves[0]  # the book moves more than its reference price does


def test_an_amplifier_goes_with_the_move(make_floor: Any) -> None:
    floor = make_floor({"apex": (BTC,)})
    _start(floor, "volatility_amplifier", VolatilityAmplifierParams())

    def rise(second: int) -> None:
        floor.prices["apex", BTC] *= 1.0001

    floor.run(60.0, rise)
    assert floor.held("apex", "BTC") > 10.5


def test_a_correlation_breaker_moves_both_real_books_apart(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USDT", "ETH/USDT")})
    _start(floor, "correlation_breaker", CorrelationBreakerParams(scale=3.0), ("BTC/USDT", "ETH/USDT"))
    mids: list[tuple[float, float]] = []
    floor.run(20.0, lambda _: mids.append((sum(_top(floor, "BTC/USDT")) / 2, sum(_top(floor, "ETH/USDT")) / 2)))
    assert floor.held("apex", "BTC") > 10.0
    assert floor.held("apex", "ETH") < 100.0
    assert max(btc for btc, _ in mids) > 24_501.0
    assert min(eth for _, eth in mids) < 1_649.9


def test_a_slow_leak_loses_a_little_on_every_trade_and_holds_nothing(make_floor: Any) -> None:
    floor = make_floor({"apex": (BTC,)}, fee_bp=4.0)
    strategy = _start(floor, "slow_leak", SlowLeakParams())
    worth = [_worth(floor, 24_500.0)]
    for _ in range(5):
        floor.run(60.0)
        worth.append(_worth(floor, 24_500.0))
    losses = [before - after for before, after in itertools.pairwise(worth)]
    assert all(10.0 < loss < 60.0 for loss in losses)
    client = strategy.clients["apex"]
    assert abs(strategy.position_units(client, client.pairs[BTC])) < 0.01 * 1e8


def test_what_is_stopped_does_no_more_harm(make_floor: Any) -> None:
    floor = make_floor({"apex": (BTC,)})
    strategy = _start(floor, "runaway", RunawayParams())
    strategy.stop()
    floor.run(1.0)
    before = floor.wires["apex"].count("POST")
    floor.run(60.0)
    assert floor.wires["apex"].count("POST") == before


def test_a_sound_strategy_can_still_be_paused_by_two_and_trades_when_both_have_let_go(make_floor: Any) -> None:
    floor = make_floor({"apex": (BTC,)})
    strategy = _start(floor, "market_making", MarketMakerParams())
    strategy.pause("limit", by="control")
    strategy.pause("loss limit")
    floor.run(30.0)
    assert floor.open_orders() == []
    strategy.resume(by="control")
    floor.run(30.0)
    assert floor.open_orders() == []
    strategy.resume()
    floor.run(30.0)
    assert len(floor.open_orders()) == 2
