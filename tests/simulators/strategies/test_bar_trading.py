"""Momentum and mean reversion: signals on closes, and orders that walk toward them within cap and slippage."""

import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.strategies.indicators import Deviation, ExponentialAverage
from simulators.strategies.params import MeanReversionParams, MomentumParams

PAIR = "BTC/USDT"


@given(st.lists(st.floats(1.0, 1e5), min_size=3, max_size=80), st.integers(2, 20))
def test_a_deviation_is_the_distance_from_the_windows_mean_in_sample_deviations(closes: list[float], bars: int) -> None:
    window = Deviation(bars)
    for close in closes:
        window.update(close)
    last = closes[-bars:]
    if len(last) < bars or statistics.stdev(last) <= statistics.fmean(last) * 1e-8:
        return
    assert window.value == pytest.approx((last[-1] - statistics.fmean(last)) / statistics.stdev(last), abs=1e-6)


def test_a_flat_window_has_no_deviation() -> None:
    window = Deviation(3)
    for _ in range(5):
        window.update(0.1)
    assert window.value is None


def test_an_exponential_average_starts_as_the_mean_and_then_weighs_the_newest() -> None:
    average = ExponentialAverage(3)
    seen = []
    for close in (1.0, 2.0, 6.0, 11.0):
        average.update(close)
        seen.append(average.value)
    assert seen == [None, None, pytest.approx(3.0), pytest.approx(3.0 + (11.0 - 3.0) * 2 / 4)]


def _start(floor: Any, kind: str, params: Any) -> Any:
    strategy = floor.strategy(kind, params, (PAIR,))
    strategy.start()
    floor.run(5.0)
    return strategy


def _position(strategy: Any) -> tuple[float, float]:
    """Position and its cap, in BTC."""
    client = strategy.clients["apex"]
    pair = client.pairs[PAIR]
    return strategy.position_units(client, pair) / 1e8, strategy.position_cap_units(client, pair) / 1e8


def test_momentum_buys_a_rise_in_slices_up_to_its_cap_and_leaves_when_it_turns(make_floor: Any) -> None:
    floor = make_floor({"apex": (PAIR,)})
    params = MomentumParams(
        fast_bars=3, slow_bars=8, entry_bp=5.0, allocation=0.2, order_fraction=0.05, cooldown_bars=1
    )
    strategy = _start(floor, "momentum", params)

    def rise(second: int) -> None:
        floor.prices["apex", PAIR] = 24_500.0 * (1 + 1e-5 * second)

    floor.run(1_500.0, rise)
    position, cap = _position(strategy)
    assert 0.9 * cap < position <= 1.02 * cap
    sizes = [float(detail.split()[2]) for detail in floor.journal.details("order")]
    equity_usd = strategy.clients["apex"].account.equity_usd()
    assert len(sizes) >= 4
    assert max(sizes) * 24_500.0 <= 0.05 * equity_usd
    top = floor.prices["apex", PAIR]

    def fall(second: int) -> None:
        floor.prices["apex", PAIR] = top * (1 - 2e-5 * second)

    floor.run(3_000.0, fall)
    position, cap = _position(strategy)
    assert -1.1 * cap <= position < -0.9 * cap
    assert floor.journal.details("target") == [
        "apex BTC/USDT: +0.00 to +1.00 of cap",
        *floor.journal.details("target")[1:],
    ]
    assert floor.journal.details("target")[-1].endswith("to -1.00 of cap")


def test_mean_reversion_buys_a_drop_and_sells_when_the_price_is_back(make_floor: Any) -> None:
    floor = make_floor({"apex": (PAIR,)})
    strategy = _start(floor, "mean_reversion", MeanReversionParams(window_bars=15, cooldown_bars=1))

    def wiggle(second: int) -> None:
        floor.prices["apex", PAIR] = 24_500.0 * (1 + 1e-5 * (second // 60 % 3))

    floor.run(1_200.0, wiggle)
    assert _position(strategy)[0] == 0.0
    floor.prices["apex", PAIR] = 24_350.0
    floor.run(90.0)
    assert _position(strategy)[0] > 0.0
    floor.run(1_800.0, wiggle)
    assert _position(strategy)[0] == pytest.approx(0.0, abs=1e-4)


def test_mean_reversion_keeps_buying_a_crash_but_not_beyond_its_cap(make_floor: Any) -> None:
    floor = make_floor({"apex": (PAIR,)})
    params = MeanReversionParams(window_bars=15, cooldown_bars=1, allocation=0.2, order_fraction=0.05)
    strategy = _start(floor, "mean_reversion", params)
    floor.run(960.0)

    def crash(second: int) -> None:
        minute = second // 60
        floor.prices["apex", PAIR] = 24_500.0 * (1 - 1e-4 * minute * minute)

    floor.run(1_500.0, crash)
    position, cap = _position(strategy)
    assert 0.5 * cap < position <= 1.1 * cap


def test_bars_before_the_start_warm_up_and_are_not_traded_on(make_floor: Any) -> None:
    floor = make_floor({"apex": (PAIR,)})

    def rise(second: int) -> None:
        floor.prices["apex", PAIR] = 24_500.0 * (1 + 1e-5 * second)

    floor.run(1_800.0, rise)
    params = MomentumParams(fast_bars=3, slow_bars=8, entry_bp=5.0)
    strategy = _start(floor, "momentum", params)
    assert "target" not in floor.journal.events()
    floor.run(70.0)
    assert floor.journal.events()[:3] == ["started", "ready", "target"]
    assert _position(strategy)[0] > 0.0


def test_a_strategy_on_bars_asks_for_no_quotes(make_floor: Any) -> None:
    floor = make_floor({"apex": (PAIR,)})
    _start(floor, "momentum", MomentumParams())
    assert [stream.target for stream in floor.wires["apex"].streams] == [
        "/ws-api/v3",
        "/stream?streams=btcusdt@kline_1m",
    ]


def test_while_the_exchange_is_unreachable_nothing_is_decided_and_afterwards_all_goes_on(make_floor: Any) -> None:
    floor = make_floor({"apex": (PAIR,)})
    params = MomentumParams(fast_bars=3, slow_bars=8, entry_bp=5.0, cooldown_bars=1)
    strategy = _start(floor, "momentum", params)

    def rise(second: int) -> None:
        floor.prices["apex", PAIR] *= 1 + 1e-5

    wire = floor.wires["apex"]
    floor.run(300.0, rise)
    wire.is_silent, wire.loses_request = True, lambda request: True
    floor.run(900.0, rise)
    assert "order" not in floor.journal.events()
    wire.is_silent, wire.loses_request = False, lambda request: False
    floor.run(1_200.0, rise)
    assert _position(strategy)[0] > 0.0


def test_orders_are_spaced_by_the_cooldown(make_floor: Any) -> None:
    floor = make_floor({"apex": (PAIR,)})
    params = MomentumParams(fast_bars=3, slow_bars=8, entry_bp=5.0, order_fraction=0.01, cooldown_bars=4)
    _start(floor, "momentum", params)

    def rise(second: int) -> None:
        floor.prices["apex", PAIR] = 24_500.0 * (1 + 1e-5 * second)

    floor.run(60.0 * 8 + 60.0 * 26, rise)
    assert 4 <= floor.journal.events().count("order") <= 6


def test_a_second_order_waits_until_the_fate_of_the_first_is_known(make_floor: Any) -> None:
    floor = make_floor({"apex": (PAIR,)})
    params = MomentumParams(fast_bars=3, slow_bars=8, entry_bp=5.0, cooldown_bars=1)
    _start(floor, "momentum", params)
    wire = floor.wires["apex"]
    wire.loses_request = lambda request: "/order" in request.target

    def rise(second: int) -> None:
        floor.prices["apex", PAIR] = 24_500.0 * (1 + 1e-5 * second)

    floor.run(1_500.0, rise)
    assert wire.count("POST") == 1


def test_a_paused_strategy_goes_on_watching_but_places_nothing(make_floor: Any) -> None:
    floor = make_floor({"apex": (PAIR,)})
    params = MomentumParams(fast_bars=3, slow_bars=8, entry_bp=5.0)
    strategy = _start(floor, "momentum", params)
    strategy.pause("gate")

    def rise(second: int) -> None:
        floor.prices["apex", PAIR] = 24_500.0 * (1 + 1e-5 * second)

    floor.run(1_200.0, rise)
    assert "target" in floor.journal.events()
    assert floor.wires["apex"].count("POST") == 0


def test_a_bar_told_twice_counts_once(make_floor: Any) -> None:
    floor = make_floor({"apex": (PAIR,)})
    strategy = _start(floor, "momentum", MomentumParams())
    (stream,) = [stream for stream in floor.wires["apex"].streams if stream.target.startswith("/stream")]
    closes = []
    strategy.signal = lambda key, close, target: closes.append(close)
    bar = (
        b'{"stream":"btcusdt@kline_1m","data":{"e":"kline","s":"BTCUSDT","k":{"t":%d,"s":"BTCUSDT","c":"%d","x":true}}}'
    )
    open_ms = floor.kernel.now_ns // 1_000_000
    for minute, close in ((0, 1), (0, 2), (1, 3), (0, 4), (2, 5)):
        stream.deliver(bar % (open_ms + minute * 60_000, close))
    assert closes == [1.0, 3.0, 5.0]


def _signals(floor: Any, kind: str, params: Any, closes: list[float]) -> list[float | None]:
    """The targets that follow from these closes, each fed with the one before."""
    strategy = floor.strategy(kind, params, (PAIR,))
    strategy.set_up()
    target, told = 0.0, []
    for close in closes:
        told.append(strategy.signal(("apex", "BTCUSDT"), close, target))
        target = told[-1] or 0.0
    return told


def test_momentum_is_flat_when_the_trend_is_over_or_has_turned(make_floor: Any) -> None:
    floor = make_floor({"apex": (PAIR,)})
    params = MomentumParams(fast_bars=2, slow_bars=4, entry_bp=100.0, exit_bp=20.0)
    assert _signals(floor, "momentum", params, [100, 100, 100, 100, 104, 104.2, 104.2, 104.2, 104.2, 104.2, 104.2]) == [
        None,
        None,
        None,
        0.0,
        1.0,
        1.0,
        1.0,
        1.0,
        1.0,
        0.0,
        0.0,
    ]
    assert _signals(floor, "momentum", params, [100, 100, 100, 100, 104, 102.0, 100.4]) == [
        None,
        None,
        None,
        0.0,
        1.0,
        1.0,
        0.0,
    ]


def test_mean_reversion_is_flat_near_the_mean_and_beyond_it(make_floor: Any) -> None:
    floor = make_floor({"apex": (PAIR,)})
    params = MeanReversionParams(window_bars=5, entry_deviations=1.5, exit_deviations=0.2)
    assert _signals(floor, "mean_reversion", params, [100, 101, 100, 101, 90, 96, 104]) == [
        None,
        None,
        None,
        None,
        1.0,
        1.0,
        0.0,
    ]
