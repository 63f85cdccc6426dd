"""Rate limits: used weight, 429, the ban that follows, and the order count."""

from __future__ import annotations

from simulators.exchange.api.limits import RateLimits

START_MS = 1_676_851_200_000
MS = 1_000_000
SECOND = 1_000 * MS


def test_weight_is_counted_by_key_and_forgotten_with_the_minute(new_world):
    world = new_world()
    assert _weight(world.call("GET", "/api/v3/depth?symbol=BTCUSDT")) == "5"
    assert _weight(world.call("GET", "/api/v3/depth?symbol=BTCUSDT&limit=1000")) == "55"
    assert _weight(world.call("GET", "/api/v3/account", "K-read")) == "20"
    assert _weight(world.call("GET", "/api/v3/openOrders", "K-read")) == "100"
    world.clock.run(60 * SECOND)
    assert _weight(world.call("GET", "/api/v3/ping")) == "1"


def test_a_client_beyond_its_weight_gets_429_and_the_seconds_to_wait(new_world):
    world = new_world(limits=RateLimits(weight_per_minute=2))
    world.clock.run(15 * SECOND)
    for _ in range(2):
        world.get("/api/v3/ping")
    reply = world.call("GET", "/api/v3/ping")
    assert reply.status == 429
    assert reply.headers == (("X-MBX-USED-WEIGHT-1M", "3"), ("Retry-After", "45"))
    assert b'"code":-1003' in reply.body
    assert world.call("GET", "/api/v3/ping", "K-read").status == 200
    world.clock.run(45 * SECOND)
    assert world.call("GET", "/api/v3/ping").status == 200


def test_who_does_not_back_off_is_banned_and_longer_the_next_time(new_world):
    world = new_world(limits=RateLimits(weight_per_minute=1, patience=1))
    assert [world.call("GET", "/api/v3/ping").status for _ in range(4)] == [200, 429, 418, 418]
    banned = world.call("GET", "/api/v3/ping")
    assert dict(banned.headers)["Retry-After"] == "120"
    world.clock.run(120 * SECOND)
    assert [world.call("GET", "/api/v3/ping").status for _ in range(3)] == [200, 429, 418]
    assert dict(world.call("GET", "/api/v3/ping").headers)["Retry-After"] == "240"


def test_orders_are_counted_by_account(new_world):
    world = new_world(limits=RateLimits(orders_per_ten_seconds=2))
    order = "/api/v3/order?symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=24000"
    assert [world.call("POST", order, "K-trade").status for _ in range(3)] == [200, 200, 429]
    assert world.call("POST", order, "K-master").status == 200
    world.clock.run(10 * SECOND)
    assert world.call("POST", order, "K-trade").status == 200


def _weight(reply) -> str:
    return dict(reply.headers)["X-MBX-USED-WEIGHT-1M"]
