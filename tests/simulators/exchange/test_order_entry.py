from __future__ import annotations

import pytest

from simulators.exchange.config import ExchangeConfig, StreetConfig
from simulators.exchange.core import Exchange
from simulators.exchange.order import Order, Trade
from simulators.exchange.types import Listing, OrderType, Rejected, Side, TimeInForce
from simulators.ledger import UNITS, Overdraft

BUY, SELL = Side.BUY, Side.SELL
GTC, IOC, FOK, GTX = TimeInForce


def rejection(call) -> tuple[int, str]:
    with pytest.raises(Rejected) as caught:
        call()
    return caught.value.code, caught.value.message


def test_a_limit_order_rests_and_holds_what_it_may_cost(bare_floor) -> None:
    order = bare_floor.limit("ada", BUY, 1_900_000, 50_000)
    assert (order.status.name, order.filled_lots) == ("NEW", 0)
    assert bare_floor.exchange.balance("ada", "USDT") == (1_990_500 * UNITS, 9_500 * UNITS)
    assert bare_floor.exchange.top(0) == (1_900_000, 50_000, 0, 0)
    assert bare_floor.exchange.open_orders("ada") == [order]


def test_a_cancel_gives_back_what_was_held(bare_floor) -> None:
    order = bare_floor.limit("ada", SELL, 2_100_000, 50_000, name="mine")
    assert bare_floor.exchange.balance("ada", "BTC") == (9_950_000_000, 50_000_000)
    assert bare_floor.exchange.cancel("ada", 0, client_order_id="mine") is order
    assert order.status.name == "CANCELED"
    assert bare_floor.exchange.balance("ada", "BTC") == (100 * UNITS, 0)
    assert bare_floor.exchange.top(0) == (0, 0, 0, 0)
    assert list(bare_floor.exchange.closed_orders("ada")) == [order]


def test_a_better_price_is_the_takers_and_nothing_stays_held(floor) -> None:
    order = floor.limit("ada", BUY, 2_000_500, 100_000)
    assert order.filled_quote == 20_002 * UNITS
    assert floor.exchange.balance("ada", "USDT") == ((2_000_000 - 20_002) * UNITS, 0)


def test_what_is_not_filled_rests_at_the_limit(floor) -> None:
    order = floor.limit("ada", BUY, 2_000_300, 150_000)
    assert (order.status.name, order.filled_lots) == ("PARTIALLY_FILLED", 100_000)
    assert floor.exchange.top(0) == (2_000_300, 50_000, 2_000_400, 200_000)
    assert floor.exchange.balance("ada", "USDT")[1] == 50_000 * 2_000_300 * 10


def test_fees_are_taken_from_what_is_received_and_go_to_the_venue(bare_floor) -> None:
    bare_floor.limit("bob", SELL, 2_000_000, 100_000)
    bare_floor.limit("ada", BUY, 2_000_000, 33_333)
    received, value = 33_333_000, 33_333 * 2_000_000 * 10
    assert bare_floor.exchange.balance("ada", "BTC")[0] == 100 * UNITS + received - 33_333
    assert bare_floor.exchange.balance("bob", "USDT")[0] == 2_000_000 * UNITS + value - value * 75 // 100_000
    assert bare_floor.exchange.balance("fees", "BTC")[0] == 33_333
    assert bare_floor.exchange.balance("fees", "USDT")[0] == value * 75 // 100_000


def test_immediate_or_cancel_trades_what_it_can_and_expires(floor) -> None:
    order = floor.limit("ada", BUY, 2_000_300, 150_000, IOC)
    assert (order.status.name, order.filled_lots) == ("EXPIRED", 100_000)
    assert floor.exchange.open_orders("ada") == []
    assert floor.records.of("order")[-1][-2:] == ("expired", "immediate_or_cancel")
    away = floor.limit("bob", BUY, 1_000_000, 1_000, IOC)
    assert (away.status.name, floor.exchange.balance("bob", "USDT")) == ("EXPIRED", (2_000_000 * UNITS, 0))


def test_fill_or_kill_trades_all_or_nothing(floor) -> None:
    killed = floor.limit("ada", BUY, 2_000_400, 300_001, FOK)
    assert (killed.status.name, killed.filled_lots, floor.fills()) == ("EXPIRED", 0, [])
    filled = floor.limit("ada", BUY, 2_000_400, 300_000, FOK)
    assert (filled.status.name, filled.filled_lots) == ("FILLED", 300_000)


def test_fill_or_kill_does_not_count_on_its_own_account(bare_floor) -> None:
    bare_floor.limit("bob", SELL, 2_000_000, 1_000)
    bare_floor.limit("ada", SELL, 2_000_000, 1_000)
    bare_floor.limit("bob", SELL, 2_000_000, 1_000)
    assert bare_floor.limit("ada", BUY, 2_000_000, 2_000, FOK).filled_lots == 0
    assert bare_floor.limit("ada", BUY, 2_000_000, 1_000, FOK).filled_lots == 1_000


def test_post_only_never_takes(floor) -> None:
    assert rejection(lambda: floor.limit("ada", BUY, 2_000_200, 1_000, GTX)) == (
        -2010,
        "Order would immediately match and take.",
    )
    assert floor.limit("ada", BUY, 2_000_199, 1_000, GTX).status.name == "NEW"
    assert floor.fills() == []


def test_post_only_rests_where_nothing_is_offered(bare_floor) -> None:
    assert bare_floor.limit("ada", BUY, 2_000_200, 1_000, GTX).status.name == "NEW"


def test_a_market_order_that_outruns_the_book_expires(floor) -> None:
    order = floor.market("ada", SELL, 900_000)
    assert (order.status.name, order.filled_lots) == ("EXPIRED", 700_000)
    assert floor.records.of("order")[-1][-2:] == ("expired", "no_liquidity")
    assert floor.exchange.top(0) == (0, 0, 2_000_200, 100_000)


def test_a_market_order_by_value_spends_whole_lots_and_no_more(floor) -> None:
    order = floor.market("ada", BUY, quote=30_000)
    spent = order.filled_quote
    assert (order.status.name, order.filled_lots) == ("FILLED", 149_980)  # a lot more would cost 0.20 too much
    assert 30_000 * UNITS - 2_000_400 * 10 < spent <= 30_000 * UNITS
    assert floor.exchange.balance("ada", "USDT")[0] == 2_000_000 * UNITS - spent


def test_a_market_order_by_value_beyond_the_book_expires(floor) -> None:
    order = floor.market("ada", BUY, quote=1_000_000)
    assert (order.status.name, order.filled_lots) == ("EXPIRED", 700_000)


def test_an_account_never_trades_with_itself_and_the_taker_yields(bare_floor) -> None:
    bare_floor.limit("bob", SELL, 2_000_000, 1_000)
    own = bare_floor.limit("ada", SELL, 2_000_010, 1_000)
    bare_floor.limit("bob", SELL, 2_000_020, 1_000)
    taker = bare_floor.limit("ada", BUY, 2_000_020, 3_000)
    assert (taker.status.name, taker.filled_lots, own.status.name) == ("EXPIRED", 1_000, "NEW")
    assert bare_floor.records.of("order")[-1][-2:] == ("expired", "self_trade")
    assert bare_floor.exchange.balance("ada", "USDT")[1] == 0


@pytest.mark.parametrize(
    ("price_ticks", "lots", "refusal"),
    [
        (0, 1_000, (-1013, "Filter failure: PRICE_FILTER")),
        (-5, 1_000, (-1013, "Filter failure: PRICE_FILTER")),
        (2_000_000, 0, (-1013, "Filter failure: LOT_SIZE")),
        (2_000_000, -3, (-1013, "Filter failure: LOT_SIZE")),
        (2_000_000, 24, (-1013, "Filter failure: NOTIONAL")),
        (2_000_000, 10_000_001, (-2010, "Account has insufficient balance for requested action.")),
    ],
)
def test_an_order_outside_the_filters_or_the_balance_is_refused_and_recorded(
    floor, price_ticks: int, lots: int, refusal: tuple[int, str]
) -> None:
    assert rejection(lambda: floor.limit("ada", BUY, price_ticks, lots)) == refusal
    assert floor.records.of("order") == [
        ("ada", 0, "", 0, "buy", "limit", "GTC", price_ticks, lots, "rejected", refusal[1])
    ]
    assert floor.exchange.balance("ada", "USDT") == (2_000_000 * UNITS, 0)


def test_a_market_order_is_checked_against_what_it_would_cost(new_floor) -> None:
    floor = new_floor(StreetConfig(half_spread_bp=1.0, top_notional=3_000_000.0, levels=2, step_bp=100.0))
    short = (-2010, "Account has insufficient balance for requested action.")
    assert rejection(lambda: floor.market("ada", BUY, 9_999_001)) == short
    assert rejection(lambda: floor.market("ada", BUY, quote=2_000_001)) == short
    assert rejection(lambda: floor.market("ada", SELL, 10_000_001)) == short
    assert floor.market("ada", BUY, 9_999_000).status.name == "FILLED"


def test_open_orders_are_few(bare_floor) -> None:
    for _ in range(20):
        bare_floor.limit("ada", BUY, 1_000_000, 1_000)
    assert rejection(lambda: bare_floor.limit("ada", BUY, 1_000_000, 1_000)) == (
        -1013,
        "Filter failure: MAX_NUM_ORDERS",
    )
    assert len(bare_floor.exchange.cancel_all("ada", 0)) == 20
    assert bare_floor.exchange.balance("ada", "USDT") == (2_000_000 * UNITS, 0)


def test_a_name_is_used_once_while_its_order_is_open(bare_floor) -> None:
    first = bare_floor.limit("ada", BUY, 1_000_000, 1_000, name="x")
    assert rejection(lambda: bare_floor.limit("ada", BUY, 1_000_000, 1_000, name="x")) == (
        -2010,
        "Duplicate order sent.",
    )
    bare_floor.exchange.cancel("ada", 0, order_id=first.order_id, client_order_id="x")
    second = bare_floor.limit("ada", BUY, 1_000_000, 1_000, name="x")
    assert bare_floor.exchange.order("ada", 0, client_order_id="x") is second
    assert bare_floor.exchange.order("ada", None, order_id=first.order_id) is first
    assert bare_floor.exchange.order("bob", 0, client_order_id="x") is None
    assert bare_floor.exchange.order("ada", 1, client_order_id="x") is None


def test_an_order_can_be_cancelled_by_its_owner_only_and_only_once(bare_floor) -> None:
    order = bare_floor.limit("ada", BUY, 1_000_000, 1_000, name="x")
    unknown = (-2011, "Unknown order sent.")
    exchange = bare_floor.exchange
    assert rejection(lambda: exchange.cancel("bob", 0, order.order_id)) == unknown
    assert rejection(lambda: exchange.cancel("ada", 1, order.order_id)) == unknown
    assert rejection(lambda: exchange.cancel("ada", 1, client_order_id="x")) == unknown
    assert rejection(lambda: exchange.cancel("ada", 0, order.order_id, client_order_id="y")) == unknown
    assert rejection(lambda: exchange.cancel("ada", 0)) == unknown
    exchange.cancel("ada", 0, order.order_id)
    assert rejection(lambda: exchange.cancel("ada", 0, order.order_id)) == unknown


def test_every_record_carries_its_cause_and_every_report_its_record(bare_floor) -> None:
    exchange = bare_floor.exchange
    maker = exchange.place("bob", 0, SELL, OrderType.LIMIT, GTC, 2_000_000, 1_000, cause=900)
    bare_floor.records.all.clear()
    bare_floor.reports.all.clear()
    taker = exchange.place("ada", 0, BUY, OrderType.LIMIT, GTC, 2_000_000, 400, client_order_id="hello", cause=901)
    accepted = ("ada", taker.order_id, "hello", 0, "buy", "limit", "GTC", 2_000_000, 400, "accepted", "")
    fill = (0, 1, 2_000_000, 400, "buy", "ada", taker.order_id, "bob", maker.order_id, 400, 6_000_000)
    assert bare_floor.records.all == [
        ("order", "apex", 901, *accepted),
        ("fill", "apex", 1, *fill),
        ("quote", "apex", 1, 0, 0, 0, 2_000_000, 600),
    ]
    assert bare_floor.reports.all == [
        ("order", "ada", taker.order_id, "NEW", (), 1),
        ("fill", 1, taker.order_id, maker.order_id, 2),
        ("balance", "ada", ("BTC", "USDT"), 1),
        ("top", 0, 0, 0, 2_000_000, 600, 3),
    ]
    trade = exchange.trades(0)[-1]
    assert (exchange.account_trades("ada")[-1], exchange.account_trades("bob")[-1]) == (trade, trade)
    assert (trade.quote_amount, trade.taker_fee, trade.maker_fee) == (80 * UNITS, 400, 6_000_000)


def test_a_report_shows_the_order_and_the_balances_as_they_stand_at_that_moment(floor) -> None:
    seen = []

    class Looking(type(floor.reports)):
        def on_order(self, order: Order, execution: str, assets: tuple[str, ...], cause: int) -> None:
            held = floor.exchange.balance(order.account, "USDT")[1] // UNITS
            seen.append((execution, order.status.name, order.filled_lots, assets, held))

        def on_fill(self, trade: Trade, taker: Order | None, maker: Order | None, cause: int) -> None:
            assert maker is None
            assert trade == floor.exchange.account_trades(taker.account)[-1]
            seen.append(("fill", taker.status.name, taker.filled_lots))

        def on_balance(self, account: str, assets: tuple[str, ...], cause: int) -> None:
            seen.append((account, assets, floor.exchange.balance(account, "USDT")[1] // UNITS))

    both = ("BTC", "USDT")
    floor.exchange.observer = Looking()
    floor.limit("ada", BUY, 2_000_400, 300_000)
    floor.limit("ada", BUY, 2_000_500, 1_000, IOC)
    resting = floor.limit("ada", BUY, 2_000_000, 1_000)
    floor.exchange.cancel("ada", 0, resting.order_id)
    floor.limit("ada", BUY, 2_000_600, 500_000)
    assert seen == [
        ("NEW", "NEW", 0, (), 0),
        ("fill", "PARTIALLY_FILLED", 100_000),
        ("fill", "FILLED", 300_000),
        ("ada", both, 0),
        ("NEW", "NEW", 0, (), 0),
        ("EXPIRED", "EXPIRED", 0, both, 0),
        ("NEW", "NEW", 0, both, 200),
        ("CANCELED", "CANCELED", 0, both, 0),
        ("NEW", "NEW", 0, (), 0),
        ("fill", "PARTIALLY_FILLED", 400_000),
        ("ada", both, 20_006),
    ]


def test_a_gate_can_reject_an_order_or_let_a_part_of_it_trade(floor) -> None:
    class Gate:
        def admit(self, account: str, index: int, side: Side, quantity_lots: int) -> int:
            if account == "bob":
                raise Rejected(-1015, "Too many new orders.")
            return 40_000

    floor.exchange.gate = Gate()
    assert rejection(lambda: floor.limit("bob", BUY, 2_000_200, 1_000)) == (-1015, "Too many new orders.")
    assert floor.records.of("order")[-1][-2:] == ("rejected", "Too many new orders.")
    order = floor.limit("ada", BUY, 2_000_200, 100_000)
    assert (order.status.name, order.filled_lots) == ("EXPIRED", 40_000)
    assert floor.limit("ada", BUY, 1_990_000, 100_000).status.name == "NEW"
    assert floor.limit("ada", BUY, 2_000_200, 50_000, FOK).filled_lots == 0
    floor.exchange.gate = None
    assert floor.limit("ada", BUY, 2_000_200, 60_000).filled_lots == 60_000


def test_a_transfer_moves_free_value_only(floor) -> None:
    floor.limit("ada", SELL, 2_100_000, 9_900_000)
    with pytest.raises(Overdraft):
        floor.exchange.transfer("BTC", "ada", "bob", UNITS + 1, "transfer")
    floor.exchange.transfer("BTC", "ada", "bob", UNITS, "transfer", cause=5)
    assert floor.records.all[-1] == ("posting", "apex", 5, "BTC", "ada", "bob", UNITS, "transfer")
    assert floor.exchange.balance("bob", "BTC") == (101 * UNITS, 0)
    assert ("BTC", 0, 99 * UNITS) in floor.exchange.balances("ada")


def test_history_is_bounded(bare_floor) -> None:
    for _ in range(60):
        bare_floor.limit("bob", SELL, 2_000_000, 1_000)
        bare_floor.limit("ada", BUY, 2_000_000, 1_000)
    exchange = bare_floor.exchange
    assert [len(exchange.trades(0)), len(exchange.account_trades("ada")), len(exchange.closed_orders("bob"))] == [
        50
    ] * 3


def test_the_venue_describes_itself_when_it_opens(bare_floor) -> None:
    assert bare_floor.records.all[:6] == [
        ("account", "apex", 0, "external", "external"),
        ("listing", "apex", 0, "BTC/USDT", 0, "BTC", "USDT", "0.01", "0.00001"),
        ("listing", "apex", 0, "ETH/BTC", 1, "ETH", "BTC", "0.00001", "0.001"),
        ("account", "apex", 0, "street", "street"),
        ("account", "apex", 0, "fees", "venue"),
        ("account", "apex", 0, "settling", "transit"),
    ]


@pytest.mark.parametrize(
    ("listing", "complaint"),
    [
        (Listing("ETH/BTC", "ETH", "BTC", "0.00001", "0.0001", "0", 0, 0), "make one of them coarser"),
        (Listing("ETHBTC", "ETH", "BTC", "0.01", "0.01", "0", 0, 0), "a symbol is BASE/QUOTE"),
        (Listing("ETH/BTC", "ETH", "BTC", "0", "0.01", "0", 0, 0), "must be positive"),
        (Listing("ETH/BTC", "ETH", "BTC", "0.01", "0.01", "0", 0.005, 0), "multiple of 0.01 bp"),
        (Listing("ETH/BTC", "ETH", "BTC", "0.01", "0.01", "0", 0, -1), "multiple of 0.01 bp"),
    ],
)
def test_a_listing_that_could_leak_value_is_refused(bare_floor, listing: Listing, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Exchange(ExchangeConfig("apex", (listing,)), bare_floor.clock, bare_floor.records)


def test_a_street_without_a_listing_is_refused(bare_floor) -> None:
    config = ExchangeConfig("apex", (), {"BTC/USD": StreetConfig(1.0, 1.0)})
    with pytest.raises(ValueError, match="BTC/USD, which is not listed"):
        Exchange(config, bare_floor.clock, bare_floor.records)
