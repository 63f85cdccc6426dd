"""Market streams: golden frames, subscriptions, and a local order book that stays equal to the venue's."""

from __future__ import annotations

import itertools
import random

import pytest

from simulators.exchange.types import Rejected, Side

START_MS = 1_676_851_200_000
MS = 1_000_000
SECOND = 1_000 * MS


def test_book_ticker_is_pushed_raw_and_combined_with_the_quotes_record_as_cause(world):
    raw = world.connect("/ws/btcusdt@bookTicker")
    combined = world.connect("/stream?streams=btcusdt@bookTicker/ethbtc@bookTicker")
    world.rest(Side.BUY, 2_450_007, 123_456)
    world.rest(Side.SELL, 2_450_100, 100)
    first = b'{"u":1,"s":"BTCUSDT","b":"24500.07000000","B":"1.23456000","a":"0.00000000","A":"0.00000000"}'
    second = b'{"u":2,"s":"BTCUSDT","b":"24500.07000000","B":"1.23456000","a":"24501.00000000","A":"0.00100000"}'
    assert raw.frames == [first, second]
    assert combined.frames == [b'{"stream":"btcusdt@bookTicker","data":' + frame + b"}" for frame in (first, second)]
    quotes = [number for number, record in enumerate(world.audit.all, 1) if record[0] == "quote"]
    assert raw.causes == combined.causes == quotes


def test_trade_and_agg_trade_frames(world):
    client = world.connect("/ws/btcusdt@trade/btcusdt@aggTrade")
    for _ in range(2):
        world.rest(Side.SELL, 2_450_100, 30_000)
    world.clock.run(3 * MS)
    world.rest(Side.BUY, 2_450_100, 40_000, account="momentum")
    world.clock.run(0)
    base = {"E": START_MS + 3, "s": "BTCUSDT", "p": "24501.00000000", "T": START_MS + 3, "m": False, "M": True}
    assert client.take() == [
        {"e": "trade", "t": 1, "q": "0.30000000", **base},
        {"e": "trade", "t": 2, "q": "0.10000000", **base},
        {"e": "aggTrade", "a": 1, "q": "0.40000000", "f": 1, "l": 2, **base},
    ]


def test_kline_frames_come_every_two_seconds_and_once_closed(world):
    world.quote(2_450_000, 2_450_200)
    client = world.connect("/ws/btcusdt@kline_1m")
    world.clock.run(3 * SECOND)
    kline = {
        "t": START_MS,
        "T": START_MS + 59_999,
        "s": "BTCUSDT",
        "i": "1m",
        "f": -1,
        "L": -1,
        "o": "24501.00000000",
        "c": "24501.00000000",
        "h": "24501.00000000",
        "l": "24501.00000000",
        "v": "0.00000000",
        "n": 0,
        "x": False,
        "q": "0.00000000",
        "V": "0.00000000",
        "Q": "0.00000000",
        "B": "0",
    }
    assert client.take() == [{"e": "kline", "E": START_MS + 2_000, "s": "BTCUSDT", "k": kline}]
    world.rest(Side.BUY, 2_450_100, 10_000)
    world.clock.run(57 * SECOND)
    frames = client.take()
    assert len(frames) == 29
    assert frames[-1] == {
        "e": "kline",
        "E": START_MS + 60_000,
        "s": "BTCUSDT",
        "k": {**kline, "x": True, "c": "24501.50000000", "h": "24501.50000000"},
    }


def test_mini_tickers_come_each_second_with_a_change(world):
    one = world.connect("/ws/btcusdt@miniTicker")
    every = world.connect("/ws/!miniTicker@arr")
    world.quote(2_450_000, 2_450_200)
    world.clock.run(3 * SECOND)
    ticker = {
        "e": "24hrMiniTicker",
        "E": START_MS + 1_000,
        "s": "BTCUSDT",
        "c": "24501.00000000",
        "o": "24501.00000000",
        "h": "24501.00000000",
        "l": "24501.00000000",
        "v": "0.00000000",
        "q": "0.00000000",
    }
    assert one.take() == [ticker]
    assert every.take() == [[ticker]]
    world.rest(Side.BUY, 2_450_100, 10_000)
    world.clock.run(2 * SECOND)
    assert [(frame["E"], frame["c"]) for frame in one.take()] == [(START_MS + 4_000, "24501.50000000")]


def test_a_subscription_at_the_very_end_of_a_minute_does_not_cost_the_bar(world):
    world.quote(2_450_000, 2_450_200)
    client = world.connect("/ws/btcusdt@kline_1m")
    world.clock.run(SECOND)
    world.clock.call_at((START_MS + 60_000) * MS, lambda _: world.connect("/ws/btcusdt@miniTicker"))
    world.clock.run_until((START_MS + 121_000) * MS)
    closed = [frame["k"] for frame in client.take() if frame["k"]["x"]]
    assert [kline["t"] for kline in closed] == [START_MS, START_MS + 60_000]
    assert [row[0] for row in world.get("/api/v3/klines?symbol=BTCUSDT&interval=1m")] == [
        START_MS,
        START_MS + 60_000,
        START_MS + 120_000,
    ]


def test_control_frames_are_answered_and_change_what_comes(world):
    client = world.connect("/ws")
    client.send({"method": "SUBSCRIBE", "params": ["btcusdt@bookTicker", "nobody@knows"], "id": 1})
    assert client.frames == []
    world.clock.run(SECOND)
    world.rest(Side.BUY, 2_450_000, 1_000)
    client.send({"method": "LIST_SUBSCRIPTIONS", "id": 2})
    client.send({"method": "SET_PROPERTY", "params": ["combined", True], "id": 3})
    client.send({"method": "GET_PROPERTY", "params": ["combined"], "id": 4})
    world.clock.run(SECOND)
    world.rest(Side.BUY, 2_450_001, 1_000)
    client.send({"method": "UNSUBSCRIBE", "params": ["btcusdt@bookTicker"], "id": 5})
    world.clock.run(SECOND)
    world.rest(Side.BUY, 2_450_002, 1_000)
    frames = client.take()
    assert frames[0] == {"result": None, "id": 1}
    assert frames[1]["u"] == 1
    assert frames[2:5] == [
        {"result": ["btcusdt@bookTicker", "nobody@knows"], "id": 2},
        {"result": None, "id": 3},
        {"result": True, "id": 4},
    ]
    assert (frames[5]["stream"], frames[5]["data"]["u"]) == ("btcusdt@bookTicker", 2)
    assert frames[6:] == [{"result": None, "id": 5}]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"not json", 3),
        (b'{"id": 1}', 2),
        (b'{"method": "DANCE", "id": 1}', 2),
        (b'{"method": "SUBSCRIBE", "params": [], "id": 1}', 2),
        (b'{"method": "GET_PROPERTY", "params": ["colour"], "id": 1}', 0),
        (b'{"method": "SET_PROPERTY", "params": ["combined", "yes"], "id": 1}', 1),
        (b"\xff\xfe", 3),
    ],
)
def test_a_bad_control_frame_is_refused_and_the_stream_lives_on(world, frame, code):
    client = world.connect("/ws/btcusdt@bookTicker")
    client.send(frame)
    world.clock.run(SECOND)
    assert client.take()[0]["error"]["code"] == code
    world.rest(Side.BUY, 2_450_000, 1_000)
    assert len(client.frames) == 1


def test_a_sixth_frame_in_a_second_ends_the_connection(world):
    client = world.connect("/ws/btcusdt@bookTicker")
    for number in range(6):
        client.send({"method": "LIST_SUBSCRIPTIONS", "id": number})
    assert client.closed == ["1008 Too many requests"]
    world.clock.run(SECOND)
    world.rest(Side.BUY, 2_450_000, 1_000)
    assert client.frames == []


def test_a_client_that_has_gone_gets_nothing_more_and_an_unknown_target_is_refused(world):
    client = world.connect("/ws/btcusdt@bookTicker")
    client.stream.close()
    world.rest(Side.BUY, 2_450_000, 1_000)
    assert (client.frames, client.closed) == ([], [])
    assert world.connect("/nothing").stream is None


@pytest.mark.parametrize("seed", range(5))
def test_a_local_book_from_a_snapshot_and_every_depth_event_equals_the_venues(new_world, seed):
    world = new_world(street=True)
    rng = random.Random(seed)
    world.exchange.requote(0, 24_500.0)
    client = world.connect("/ws/btcusdt@depth@100ms")
    for _ in range(rng.randrange(40)):
        _disturb(world, rng)
    snapshot = world.get("/api/v3/depth?symbol=BTCUSDT&limit=5000")
    for _ in range(200):
        _disturb(world, rng)
    world.clock.run(SECOND)
    events = client.take()
    assert all(event["U"] <= event["u"] for event in events)
    for earlier, later in itertools.pairwise(events):
        assert later["U"] == earlier["u"] + 1
    after = [event for event in events if event["u"] > snapshot["lastUpdateId"]]
    assert after
    assert after[0]["U"] <= snapshot["lastUpdateId"] + 1
    book = {side: dict(snapshot[side]) for side in ("bids", "asks")}
    for event in after:
        for side, letter in (("bids", "b"), ("asks", "a")):
            for price, quantity in event[letter]:
                if quantity == "0.00000000":
                    book[side].pop(price, None)
                else:
                    book[side][price] = quantity
    truth = world.get("/api/v3/depth?symbol=BTCUSDT&limit=5000")
    assert book == {side: dict(truth[side]) for side in ("bids", "asks")}


def _disturb(world, rng: random.Random) -> None:
    world.clock.run(rng.randrange(1, 150 * MS))
    kind = rng.random()
    if kind < 0.5:
        world.exchange.requote(0, 24_500.0 + rng.uniform(-20, 20))
        return
    side = rng.choice([Side.BUY, Side.SELL])
    try:
        if kind < 0.8:
            world.rest(side, 2_450_000 - side * rng.randrange(-500, 4_000), rng.randrange(500, 50_000))
        else:
            world.exchange.cancel_all("maker", 0)
    except Rejected:
        pass
