"""An order's life as its client sees it: whatever is lost on the way, the client ends up with the exchange's truth."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.ports import Reply, Request
from simulators.strategies.client import ExchangeClient
from simulators.strategies.orders import BUY, SELL, OwnOrder, State
from simulators.strategies.rest import Key

BTC = "BTC/USD"


class Desk:
    """A bare client on the floor, with nobody deciding for it."""

    def __init__(self, floor: Any) -> None:
        self.floor = floor
        self.wire = floor.wires["apex"]
        self.fills: list[tuple[str, int, int]] = []
        self.closed: list[tuple[str, str, int]] = []
        self.quotes = 0
        self.client = ExchangeClient(
            "apex",
            "me",
            self.wire,
            Key("key-of-the-sub-account", "secret-of-the-sub-account"),
            floor.kernel,
            self,
            pairs=(BTC,),
            refresh_ns=60 * 10**9,
            wants_quotes=True,
            bars_wanted=0,
        )
        self.client.start()
        floor.run(3.0)
        assert self.client.is_ready
        self.pair = self.client.pairs[BTC]

    def place(self, side: int, price: float, lots: int = 1_000, time_in_force: str = "GTC") -> OwnOrder:
        order = self.client.desk.place(self.pair, side, round(price * 100), lots, time_in_force, 0)
        assert order is not None
        return order

    def on_ready(self, client: ExchangeClient) -> None: ...

    def on_refreshed(self, client: ExchangeClient) -> None: ...

    def on_quote(self, quote: Any) -> None:
        self.quotes += 1

    def on_bar(self, client: Any, pair: Any, close: float, is_past: bool, cause: int) -> None: ...

    def on_fill(self, order: OwnOrder, units: int, quote_units: int, cause: int) -> None:
        self.fills.append((order.client_order_id, units, quote_units))

    def on_closed(self, order: OwnOrder, cause: int) -> None:
        self.closed.append((order.client_order_id, order.outcome, order.error_code))


@pytest.fixture
def desk(make_floor: Any) -> Desk:
    return Desk(make_floor({"apex": (BTC,)}))


def _is(method: str, path: str = "/api/v3/order") -> Callable[[Request], bool]:
    return lambda request: request.method == method and request.target.partition("?")[0] == path


def test_a_crossing_order_fills_and_is_counted_once(desk: Desk) -> None:
    desk.place(BUY, 24_510.0)
    desk.floor.run(2.0)
    assert desk.fills == [("me-1", 1_000_000, 24_502_450_000)]
    assert desk.closed == [("me-1", "FILLED", 0)]
    assert desk.client.account.total_units("BTC") == 10 * 10**8 + 1_000_000


def test_a_resting_order_opens_locks_its_value_and_can_be_cancelled(desk: Desk) -> None:
    order = desk.place(BUY, 24_000.0)
    assert desk.client.free_units("USD") == 500_000 * 10**8 - 240 * 10**8
    desk.floor.run(1.0)
    assert (order.state, desk.client.free_units("USD")) == (State.OPEN, 500_000 * 10**8 - 240 * 10**8)
    desk.client.desk.cancel(order, 0)
    desk.client.desk.cancel(order, 0)
    desk.floor.run(1.0)
    assert desk.closed == [("me-1", "CANCELED", 0)]
    assert desk.wire.count("DELETE") == 1
    assert desk.client.free_units("USD") == 500_000 * 10**8


def test_a_cancel_before_the_acknowledgement_waits_for_it(desk: Desk) -> None:
    order = desk.place(BUY, 24_000.0)
    desk.client.desk.cancel(order, 0)
    assert desk.wire.count("DELETE") == 0
    desk.floor.run(1.0)
    assert desk.closed == [("me-1", "CANCELED", 0)]


def test_an_order_whose_acknowledgement_is_lost_is_found_again(desk: Desk) -> None:
    desk.wire.loses_reply = _is("POST")
    desk.wire.is_silent = True
    order = desk.place(BUY, 24_510.0)
    desk.floor.run(5.5)
    assert order.state is State.UNKNOWN
    assert desk.client.desk.reserved_units("USD") > 0
    desk.floor.run(2.0)
    assert desk.closed == [("me-1", "FILLED", 0)]
    assert [units for _, units, _ in desk.fills] == [1_000_000]


def test_an_order_that_never_arrived_is_given_up_only_when_it_no_longer_can(desk: Desk) -> None:
    desk.wire.loses_request = _is("POST")
    order = desk.place(BUY, 24_510.0)
    desk.floor.run(9.0)
    assert order.state is State.UNKNOWN
    desk.floor.run(30.0)
    assert (desk.closed, desk.fills) == ([("me-1", "NEVER_ARRIVED", 0)], [])


def test_a_server_error_leaves_the_outcome_open_until_it_is_asked_for(desk: Desk) -> None:
    desk.wire.replaces_reply = lambda request: (
        Reply(503, b'{"code":-1000,"msg":"Unknown error, please check your request or try again later."}')
        if request.method == "POST"
        else None
    )
    desk.wire.is_silent = True
    desk.place(SELL, 24_400.0)
    desk.floor.run(5.0)
    assert desk.closed == [("me-1", "FILLED", 0)]


def test_queries_go_on_with_growing_gaps_while_nothing_answers(desk: Desk) -> None:
    desk.wire.is_silent = True
    desk.wire.loses_request = lambda request: request.method == "POST" or _is("GET")(request)
    desk.place(BUY, 24_000.0)
    desk.floor.run(180.0)
    assert 6 <= desk.wire.count("GET /api/v3/order?") <= 10


def test_a_refusal_closes_the_order_with_the_exchanges_code(desk: Desk) -> None:
    desk.place(BUY, 24_000.0, lots=10_000_000)
    desk.place(BUY, 24_600.0, time_in_force="GTX")
    desk.floor.run(1.0)
    assert sorted(desk.closed) == [("me-1", "REJECTED", -2010), ("me-2", "REJECTED", -2010)]


def test_an_immediate_order_takes_what_there_is_and_leaves_no_rest(desk: Desk) -> None:
    desk.place(BUY, 24_503.0, lots=1_000_000, time_in_force="IOC")
    assert desk.client.desk.reserved_units("USD") == 245_030 * 10**8
    desk.floor.run(1.0)
    bought = sum(units for _, units, _ in desk.fills)
    assert desk.closed == [("me-1", "EXPIRED", 0)]
    assert 0 < bought < 10 * 10**8
    assert desk.client.desk.reserved_units("USD") == 0
    assert desk.client.account.total_units("BTC") == 10 * 10**8 + bought


def test_a_cancel_that_comes_too_late_learns_of_the_fill(desk: Desk) -> None:
    order = desk.place(BUY, 24_490.0)
    desk.floor.run(1.0)
    desk.wire.is_silent = True
    desk.floor.prices["apex", BTC] = 24_400.0
    desk.floor.run(1.0)
    desk.client.desk.cancel(order, 0)
    desk.floor.run(3.0)
    assert desk.closed == [("me-1", "FILLED", 0)]
    assert [units for _, units, _ in desk.fills] == [1_000_000]


def test_a_broken_user_stream_is_opened_again_and_what_it_missed_is_asked_for(desk: Desk) -> None:
    desk.place(BUY, 24_490.0)
    desk.floor.run(1.0)
    (user,) = [stream for stream in desk.wire.streams if stream.target == "/ws-api/v3"]
    user.drop("gone")
    desk.floor.prices["apex", BTC] = 24_400.0
    desk.floor.run(4.0)
    assert desk.closed == [("me-1", "FILLED", 0)]


def test_silence_of_the_quotes_makes_the_client_connect_anew(desk: Desk) -> None:
    desk.wire.is_silent = True
    desk.floor.run(130.0)
    quoting = [stream for stream in desk.wire.streams if stream.target.startswith("/stream")]
    assert len(quoting) >= 2
    assert [stream.is_open for stream in quoting] == [False] * (len(quoting) - 1) + [True]
    desk.wire.is_silent = False
    before = desk.quotes
    desk.floor.run(90.0)
    assert desk.quotes > before


def test_a_rate_limit_is_respected_for_as_long_as_it_says(desk: Desk) -> None:
    desk.wire.replaces_reply = lambda request: Reply(
        429, b'{"code":-1003,"msg":"Way too many requests."}', (("Retry-After", "30"),)
    )
    desk.place(BUY, 24_000.0)
    desk.floor.run(1.0)
    desk.wire.replaces_reply = lambda request: None
    assert desk.closed == [("me-1", "REJECTED", -1003)]
    assert desk.client.desk.place(desk.pair, BUY, 2_400_000, 1_000, "GTC", 0) is None
    requests = len(desk.wire.requests)
    desk.floor.run(28.0)
    assert len(desk.wire.requests) == requests
    desk.floor.run(3.0)
    assert desk.client.desk.place(desk.pair, BUY, 2_400_000, 1_000, "GTC", 0) is not None


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"[]", b"{}", b'{"stream":1}', b'{"data":{"s":"XXX"}}', b"null"])
def test_malformed_frames_are_counted_and_dropped(desk: Desk, payload: bytes) -> None:
    before = desk.client.malformed_payloads
    for stream in desk.wire.streams:
        stream.deliver(payload)
    assert desk.client.malformed_payloads > before
    desk.place(BUY, 24_510.0)
    desk.floor.run(1.0)
    assert desk.closed == [("me-1", "FILLED", 0)]


def test_no_more_orders_are_open_than_the_bound(desk: Desk) -> None:
    placed = [desk.client.desk.place(desk.pair, BUY, 2_000_000, 100, "GTC", 0) for _ in range(70)]
    assert sum(order is not None for order in placed) == 64


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    actions=st.lists(st.tuples(st.sampled_from("bsc"), st.integers(-8, 8)), min_size=1, max_size=25),
    losses=st.lists(st.booleans(), min_size=1, max_size=7),
)
def test_whatever_is_lost_the_client_ends_up_with_the_exchanges_truth(
    make_floor: Any, actions: list[tuple[str, int]], losses: list[bool]
) -> None:
    desk = Desk(make_floor({"apex": (BTC,)}))
    counter = iter(range(10**9))

    def loses(request: Request) -> bool:
        return "/order" in request.target and losses[next(counter) % len(losses)]

    desk.wire.loses_reply = loses
    for action, offset in actions:
        if action == "c":
            for order in desk.client.desk:
                desk.client.desk.cancel(order, 0)
        else:
            desk.place(BUY if action == "b" else SELL, 24_500.0 + offset)
        desk.floor.prices["apex", BTC] = 24_500.0 + offset
        desk.floor.run(1.0)
    desk.wire.loses_reply = lambda request: False
    for order in desk.client.desk:
        desk.client.desk.cancel(order, 0)
    desk.floor.run(150.0)
    bought = sum(units for name, units, _ in desk.fills if _side(desk, name) == BUY)
    sold = sum(units for name, units, _ in desk.fills if _side(desk, name) == SELL)
    assert (len(desk.client.desk), desk.floor.open_orders()) == (0, [])
    assert round(desk.floor.held("apex", "BTC") * 10**8) == 10 * 10**8 + bought - sold
    assert desk.client.account.total_units("BTC") == round(desk.floor.held("apex", "BTC") * 10**8)


def _side(desk: Desk, name: str) -> int:
    order = desk.client.desk._closed[name]
    return order.side


def test_a_refusal_for_want_of_balance_makes_the_client_look_again(desk: Desk) -> None:
    looks = desk.wire.count("GET /api/v3/account")
    desk.place(BUY, 24_000.0, lots=10_000_000)
    desk.floor.run(1.0)
    assert desk.wire.count("GET /api/v3/account") == looks + 1
