"""Faults of the API: what clients see of them, when they take effect, and that nothing is left afterwards."""

from __future__ import annotations

import pytest

from simulators.exchange.faults import (
    ExchangeLatency,
    ExchangeLatencyParams,
    ExchangeOutage,
    ExchangeOutageParams,
    FeedStall,
    FeedStallParams,
)
from simulators.exchange.types import Side

START_MS = 1_676_851_200_000
MS = 1_000_000
SECOND = 1_000 * MS


class Effects:
    """When a fault said that it took effect."""

    def __init__(self, world) -> None:
        self._clock = world.clock
        self.at_ms: list[int] = []

    def __call__(self, detail: str) -> None:
        assert detail
        self.at_ms.append(self._clock.now_ns // MS - START_MS)


def _start(world, fault_type, params):
    effects = Effects(world)
    fault = fault_type(world.api, world.clock, params, effects)
    fault.begin(900)
    return fault, effects


def test_an_outage_answers_503_and_takes_effect_with_the_first_refusal(world):
    fault, effects = _start(world, ExchangeOutage, ExchangeOutageParams())
    world.clock.run(SECOND)
    assert effects.at_ms == []
    assert [world.call("GET", "/api/v3/ping").status for _ in range(3)] == [503] * 3
    assert effects.at_ms == [1_010]
    fault.end(901)
    assert world.call("GET", "/api/v3/ping").status == 200
    venue = [record[2:] for record in world.audit.all if record[0] == "venue"]
    assert venue == [(900, "down", "requests unavailable, streams closed"), (901, "up", "")]


def test_an_outage_closes_streams_and_refuses_new_ones_until_it_ends(world):
    client = world.connect("/ws/btcusdt@bookTicker")
    session = world.user_data()
    fault, effects = _start(world, ExchangeOutage, ExchangeOutageParams())
    assert (client.closed, session.closed) == (["1001 Going away"], ["1001 Going away"])
    assert effects.at_ms == [10]
    assert world.connect("/ws/btcusdt@bookTicker").stream is None
    world.rest(Side.BUY, 2_450_000, 1_000)
    assert client.frames == []
    fault.end(901)
    again = world.connect("/ws/btcusdt@bookTicker")
    world.rest(Side.BUY, 2_450_001, 1_000)
    assert len(again.frames) == 1


def test_an_outage_takes_effect_when_it_refuses_a_stream(world):
    _, effects = _start(world, ExchangeOutage, ExchangeOutageParams())
    world.clock.run(SECOND)
    assert world.connect("/ws-api/v3").stream is None
    assert effects.at_ms == [1_000]


def test_a_silent_outage_leaves_requests_and_streams_without_a_word(world):
    world.rest(Side.BUY, 2_400_000, 1_000)
    client = world.connect("/ws/btcusdt@bookTicker")
    session = world.user_data()
    fault, effects = _start(world, ExchangeOutage, ExchangeOutageParams(mode="silent", streams="silent"))
    replies, _ = world.request("GET", "/api/v3/ping")
    client.send({"method": "LIST_SUBSCRIPTIONS", "id": 1})
    session.send({"id": 1, "method": "ping"})
    world.clock.run(SECOND)
    world.rest(Side.BUY, 2_450_000, 1_000, account="momentum")
    assert (replies, client.frames, session.frames) == ([], [], [])
    assert effects.at_ms == [20]
    fault.end(901)
    world.rest(Side.BUY, 2_450_001, 1_000, account="momentum")
    assert len(client.frames) == 1
    assert len(session.frames) == 2
    assert client.closed == session.closed == []


def test_an_outage_of_some_operations_leaves_the_others(world):
    params = ExchangeOutageParams(operations=("order_place",), streams="open")
    _start(world, ExchangeOutage, params)
    order = "/api/v3/order?symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=24000"
    assert world.call("GET", "/api/v3/account", "K-read").status == 200
    assert world.call("POST", order, "K-trade").status == 503
    assert world.exchange.open_orders("momentum") == []


def test_an_outage_that_nobody_meets_never_takes_effect(world):
    fault, effects = _start(world, ExchangeOutage, ExchangeOutageParams())
    world.rest(Side.BUY, 2_450_000, 1_000)
    world.clock.run(3_600 * SECOND)
    fault.end(901)
    assert effects.at_ms == []


def test_latency_delays_replies_of_its_scope_and_takes_effect_when_the_reply_is_missed(world):
    params = ExchangeLatencyParams(added_ns=700 * MS, factor=3.0, operations=("account",), accounts=("momentum",))
    fault, effects = _start(world, ExchangeLatency, params)
    _, slow = world.request("GET", "/api/v3/account", "K-read")
    _, other_account = world.request("GET", "/api/v3/account", "K-master")
    _, other_operation = world.request("GET", "/api/v3/ping", "K-read")
    world.clock.run(10 * SECOND)
    assert [at // MS - START_MS for at in (*slow, *other_account, *other_operation)] == [730, 10, 10]
    assert effects.at_ms == [10]
    fault.end(901)
    _, normal = world.request("GET", "/api/v3/account", "K-read")
    world.clock.run(SECOND)
    assert normal == [(START_MS + 10_010) * MS]


def test_latency_grows_and_fades_along_its_ramps(world):
    start_ns = START_MS * MS
    params = ExchangeLatencyParams(
        added_ns=1_000 * MS,
        starts_ns=start_ns,
        ends_ns=start_ns + 100 * SECOND,
        ramp_ns=50 * SECOND,
        ramp_down_ns=20 * SECOND,
    )
    _start(world, ExchangeLatency, params)
    late_ms = []
    for second in (0, 25, 60, 90):
        world.clock.run_until(start_ns + second * SECOND)
        _, times = world.request("GET", "/api/v3/ping")
        world.clock.run(5 * SECOND)
        late_ms.append((times[0] - start_ns) // MS - second * 1_000 - 10)
    assert late_ms == [0, 500, 1_000, 500]


def test_a_stalled_feed_withholds_its_pair_while_the_book_and_everything_else_go_on(world):
    client = world.connect("/stream?streams=btcusdt@bookTicker/ethbtc@bookTicker/btcusdt@depth@100ms")
    session = world.user_data()
    fault, effects = _start(world, FeedStall, FeedStallParams(pair="BTC/USDT"))
    world.clock.run(SECOND)
    assert effects.at_ms == []
    world.rest(Side.BUY, 2_450_000, 1_000, account="momentum")
    world.rest(Side.BUY, 6_700, 1_000, index=1)
    world.clock.run(SECOND)
    assert effects.at_ms == [1_010]
    assert [frame["stream"] for frame in client.take()] == ["ethbtc@bookTicker"]
    assert len(session.take()) == 2
    assert world.get("/api/v3/ticker/bookTicker?symbol=BTCUSDT")["bidPrice"] == "24500.00000000"
    fault.end(901)
    assert client.take() == []
    world.rest(Side.BUY, 2_450_100, 1_000)
    world.clock.run(SECOND)
    frames = client.take()
    assert [frame["stream"] for frame in frames] == ["btcusdt@bookTicker", "btcusdt@depth@100ms"]
    assert frames[1]["data"]["U"] == 2  # update 1 was withheld: the gap shows


def test_a_stall_of_the_venue_counts_a_subscription_made_meanwhile(world):
    fault, effects = _start(world, FeedStall, FeedStallParams())
    world.rest(Side.BUY, 2_450_000, 1_000)
    assert effects.at_ms == []
    client = world.connect("/ws/btcusdt@bookTicker")
    world.rest(Side.BUY, 2_450_001, 1_000)
    assert (client.frames, effects.at_ms) == ([], [0])
    fault.end(901)
    world.rest(Side.BUY, 2_450_002, 1_000)
    assert len(client.frames) == 1


def test_overlapping_stalls_end_one_by_one(world):
    client = world.connect("/ws/btcusdt@bookTicker")
    everything, _ = _start(world, FeedStall, FeedStallParams())
    pair, _ = _start(world, FeedStall, FeedStallParams(pair="BTC/USDT"))
    everything.end(901)
    world.rest(Side.BUY, 2_450_000, 1_000)
    assert client.frames == []
    pair.end(902)
    world.rest(Side.BUY, 2_450_001, 1_000)
    assert len(client.frames) == 1


def test_overlapping_delays_add_up_and_an_outage_outranks_them(world):
    first, _ = _start(world, ExchangeLatency, ExchangeLatencyParams(added_ns=100 * MS))
    _start(world, ExchangeLatency, ExchangeLatencyParams(added_ns=50 * MS))
    _, times = world.request("GET", "/api/v3/ping")
    world.clock.run(SECOND)
    assert times == [(START_MS + 160) * MS]
    outage, _ = _start(world, ExchangeOutage, ExchangeOutageParams(mode="silent"))
    replies, _ = world.request("GET", "/api/v3/ping")
    world.clock.run(SECOND)
    assert replies == []
    outage.end(901)
    first.end(902)
    replies, times = world.request("GET", "/api/v3/ping")
    world.clock.run(SECOND)
    assert times == [(START_MS + 2_060) * MS]


def test_after_any_fault_every_later_reply_leaves_when_it_would_have_left_without(new_world):
    def run(with_fault: bool) -> list[tuple[int, bytes]]:
        world = new_world(sigma=0.5)
        world.quote(2_450_000, 2_450_100)
        fault = ExchangeOutage(world.api, world.clock, ExchangeOutageParams(mode="silent"), lambda _detail: None)
        if with_fault:
            fault.begin(900)
        for _ in range(20):
            world.request("GET", "/api/v3/ticker/bookTicker?symbol=BTCUSDT")
            world.clock.run(SECOND)
        fault.end(901)
        seen = []
        for _ in range(50):
            replies, times = world.request("GET", "/api/v3/ticker/bookTicker?symbol=BTCUSDT")
            world.clock.run(SECOND)
            seen.append((times[0], replies[0].body))
        return seen

    assert run(with_fault=True) == run(with_fault=False)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ExchangeOutageParams(operations=("order",)), "unknown operation 'order'"),
        (lambda: ExchangeLatencyParams(factor=0.5), "factor must be"),
        (lambda: ExchangeLatencyParams(added_ns=-1), "must not be negative"),
    ],
)
def test_nonsense_parameters_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_a_stall_of_a_pair_that_is_not_listed_is_refused(world):
    with pytest.raises(ValueError, match="apex lists BTC/USDT, ETH/BTC, not XRP/USDT"):
        FeedStall(world.api, world.clock, FeedStallParams(pair="XRP/USDT"), lambda _detail: None)
