"""Perpetuals as the monitor sees them: what the futures dialect says, and what follows from it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from risk_monitor.books.marks import MarkBook, Quote
from risk_monitor.books.perpetuals import MOST_LEVERAGE, Perpetual, PerpetualBook, legs_of
from risk_monitor.connectors import binance_futures as futures
from risk_monitor.connectors.binance import Subscribed, SubscriptionLost
from risk_monitor.connectors.domain import ConnectorError, Fill, OrderEvent, OrderUpdate

SYMBOL = "BTC/USDT:USDT"

ACCOUNT_UPDATE = b"""{"subscriptionId":0,"event":{"e":"ACCOUNT_UPDATE","E":1,"T":7,"a":{"m":"FUNDING_FEE","B":[
{"a":"USDT","wb":"9920.5","cw":"9920.5","bc":"2.5"}],"P":[{"s":"BTCUSDT","pa":"-1.5","ep":"20000.0","bep":"20000.0",
"cr":"0","up":"10","mt":"cross","iw":"0","ps":"BOTH"}]}}}"""
TRADE = b"""{"subscriptionId":0,"event":{"e":"ORDER_TRADE_UPDATE","E":1,"T":2,"o":{"s":"BTCUSDT","c":"carry-1",
"S":"SELL",
"o":"LIMIT","f":"IOC","q":"2.000","p":"20000","ap":"20000","sp":"0","x":"TRADE","X":"PARTIALLY_FILLED","i":12,
"l":"1.500",
"z":"1.500","L":"20000","N":"USDT","n":"12.0","T":2,"t":34,"m":false,"R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT",
"ps":"BOTH","cp":false,"rp":"0"}}}"""


def test_an_account_update_says_why_wallet_and_positions_changed() -> None:
    assert futures.read_user_frame(ACCOUNT_UPDATE) == futures.MarginView(
        7,
        "FUNDING_FEE",
        (futures.WalletView("USDT", Decimal("9920.5"), Decimal("2.5")),),
        (futures.PositionView("BTCUSDT", Decimal("-1.5"), 20_000.0),),
    )


def test_orders_are_told_as_at_the_spot_venue() -> None:
    assert futures.read_user_frame(TRADE) == Fill(
        "BTCUSDT",
        34,
        False,
        Decimal("1.500"),
        Decimal("30000.0000"),
        20_000.0,
        Decimal("12.0"),
        "USDT",
        2,
        12,
        False,
        Decimal("2.000"),
        "carry-1",
    )
    accepted = TRADE.replace(b'"TRADE"', b'"NEW"')
    assert futures.read_user_frame(accepted) == OrderUpdate(
        "BTCUSDT", 12, "PARTIALLY_FILLED", OrderEvent.ACCEPTED, False, Decimal("2.000"), "carry-1", 2
    )


def test_the_order_with_which_the_venue_liquidates_is_not_the_firms() -> None:
    liquidation = TRADE.replace(b'"o":"LIMIT"', b'"o":"LIQUIDATION"').replace(b'"o":"MARKET"', b'"o":"LIQUIDATION"')
    assert [
        futures.read_user_frame(frame).is_liquidation  # type: ignore[union-attr]
        for frame in (TRADE, liquidation, liquidation.replace(b'"TRADE"', b'"NEW"'))
    ] == [False, True, True]


def test_subscriptions_warnings_and_damage_are_told_apart() -> None:
    assert futures.read_user_frame(b'{"id":"x","status":200,"result":{"subscriptionId":0}}') == Subscribed()
    assert futures.read_user_frame(b'{"id":"x","status":401}') == SubscriptionLost("status 401")
    call = b'{"subscriptionId":0,"event":{"e":"MARGIN_CALL","E":1,"cw":"3","p":[{"s":"BTCUSDT","pa":"1"}]}}'
    assert futures.read_user_frame(call) == futures.MarginCalled(("BTCUSDT",))
    for damaged in (
        b"{",
        TRADE.replace(b'"SELL"', b'"HOLD"'),
        ACCOUNT_UPDATE.replace(b"9920.5", b"NaN"),
        ACCOUNT_UPDATE.replace(b'"ep":"20000.0"', b'"ep":"0"'),
    ):
        with pytest.raises(ConnectorError):
            futures.read_user_frame(damaged)
    with pytest.raises(ConnectorError):
        futures.read_mark(b'{"stream":"btcusdt@markPrice@1s","data":{"s":"BTCUSDT","p":"0","r":"0"}}')


def marks(tether: float = 1.0) -> MarkBook:
    quote = Quote("apex", "USDT/USD")
    quote.mid = tether
    book = MarkBook((quote,), ("BTC", "USD", "USDT"))
    book.refresh()
    return book


def book() -> PerpetualBook:
    """1.5 BTC short from 20,000 and 0.5 long from 19,000, on 10,000 USDT each."""
    perpetuals = PerpetualBook((Perpetual("apexf", SYMBOL, *legs_of(SYMBOL)),))
    for account, amount, entry in (("carry", "-1.5", 20_000.0), ("swing", "0.5", 19_000.0)):
        perpetuals.set_position("apexf", account, SYMBOL, Decimal(amount), entry)
        perpetuals.set_wallet("apexf", account, "USDT", Decimal(10_000))
    return perpetuals


def test_nothing_is_known_of_profit_before_a_mark_price_is() -> None:
    perpetuals = book()
    assert perpetuals.exposure("BTC") == -1.0
    assert perpetuals.unrealised_usd(marks()) is None
    assert perpetuals.leverage("apexf", "carry", marks()) is None


def test_exposure_profit_and_leverage_by_hand() -> None:
    perpetuals = book()
    perpetuals.set_mark_price("apexf", SYMBOL, 21_000.0)
    assert perpetuals.unrealised_usd(marks(0.9)) == pytest.approx(0.9 * (-1_500 + 1_000))
    assert perpetuals.margin_balance_usd("apexf", "carry", marks()) == pytest.approx(8_500)
    assert perpetuals.notional_usd("apexf", "carry", marks()) == pytest.approx(31_500)
    assert perpetuals.leverage("apexf", "carry", marks()) == pytest.approx(31_500 / 8_500)
    perpetuals.set_mark_price("apexf", SYMBOL, 27_000.0)
    assert perpetuals.leverage("apexf", "carry", marks()) == MOST_LEVERAGE


def test_a_position_that_is_closed_counts_no_more() -> None:
    perpetuals = book()
    version = perpetuals.version
    assert perpetuals.set_position("apexf", "carry", SYMBOL, Decimal(0), 0.0)
    assert not perpetuals.set_position("apexf", "carry", SYMBOL, Decimal(0), 0.0)
    assert perpetuals.version == version + 1
    assert perpetuals.leverage("apexf", "carry", marks()) == 0.0
    assert [position.account for position in perpetuals.positions()] == ["swing"]
