"""Faults of what accounts are told of their fills: too many, too few, or nothing for a while."""

from __future__ import annotations

from simulators.exchange.api.pairs import Pair
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.harm_trading import DuplicateFillParams, EventGapParams, LostFillParams, PhantomFillParams
from simulators.exchange.order import Order, Trade
from simulators.exchange.trading_faults.life import TookEffect, TradingFault, accounts_of, indices_of
from simulators.exchange.types import OrderType, Side, TimeInForce
from simulators.picks import Picks
from simulators.ports import Clock

_HOUR_NS = 3_600 * 10**9
_FAR = 1_000_000  # ids of what never happened lie beyond those that a run comes to


class PhantomFill(TradingFault):
    """``phantom_fill``: the account stream tells of fills that never happened, of market orders that nobody sent.

    Balances and the list of own trades know nothing of them. They are spread evenly over the hour, give or take; on a
    ramp there are fewer. Only accounts that somebody listens to are told.
    """

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: PhantomFillParams, picks: Picks, took_effect: TookEffect
    ) -> None:
        super().__init__(api, clock, took_effect)
        self._picks = picks
        self._params = params
        self._indices = indices_of(api.exchange, params.pairs)
        self._accounts = accounts_of(api.exchange, params.accounts)
        self._count = 0
        self._began_ns = 0

    def _enter(self) -> None:
        self._began_ns = self._clock.now_ns
        self._wait()

    def _leave(self) -> None:
        pass  # what still rings finds the fault ended

    def _wait(self) -> None:
        slot = self._count + self._picks.share("when", self._count)
        at_ns = self._began_ns + int(slot / self._params.per_hour * _HOUR_NS)
        self._clock.call_at(max(at_ns, self._clock.now_ns), self._tell)

    def _tell(self, _: object) -> None:
        if not self._is_in_force:
            return
        params, number, now_ns = self._params, self._count, self._clock.now_ns
        self._count += 1
        told = [account for account in self._accounts if self._api.user_data.is_told(account)]
        if told and self._picks.share("whether", number) < params.level(now_ns):
            account = told[int(self._picks.share("who", number) * len(told))]
            index = self._indices[int(self._picks.share("what", number) * len(self._indices))]
            is_buy = params.side == "buy" or (params.side == "either" and self._picks.share("side", number) < 0.5)
            self._make_up(account, self._api.pairs.all[index], Side.BUY if is_buy else Side.SELL, number, now_ns)
        self._wait()

    def _make_up(self, account: str, pair: Pair, side: Side, number: int, now_ns: int) -> None:
        exchange, notation = self._api.exchange, pair.notation
        bid_ticks, bid_lots, ask_ticks, ask_lots = exchange.top(pair.index)
        ticks = ask_ticks if side is Side.BUY else bid_ticks
        if not (bid_lots and ask_lots):
            return
        lot_value = ticks * notation.notional_units
        lots = max(1, round(self._params.notional * 10**8 / lot_value))
        order_id = _FAR + int(self._picks.share("order", number) * _FAR) + number * _FAR
        name = f"x-{order_id:x}"
        order = Order(order_id, name, account, pair.index, side, OrderType.MARKET, TimeInForce.IOC, 0, lots, 0, now_ns)
        order.open_lots = 0
        order.filled_quote = lots * lot_value
        got = lots * notation.lot_units if side is Side.BUY else order.filled_quote
        fee = got * round(pair.listing.taker_fee_bp * 100) // 1_000_000
        last = exchange.trades(pair.index)
        trade_id = (last[-1].trade_id if last else 0) + _FAR + number
        trade = Trade(
            trade_id,
            pair.index,
            now_ns,
            ticks,
            lots,
            order.filled_quote,
            side,
            account,
            order_id,
            "street",
            0,
            fee,
            0,
        )
        self._api.user_data.tell(order, trade, self._cause)
        word = "bought" if side is Side.BUY else "sold"
        self._report(f"{account} is told that it {word} {notation.quantity(lots)} of {pair.listing.symbol}")


class LostFill(TradingFault):
    """``lost_fill``: a share of the fills are not told on the account stream, and may be left out of the list of own
    trades. Orders and balances are shown as they are; after the end the list is whole again."""

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: LostFillParams, picks: Picks, took_effect: TookEffect
    ) -> None:
        super().__init__(api, clock, took_effect)
        self._picks = picks
        self._params = params
        self._indices = indices_of(api.exchange, params.pairs)
        self._accounts = accounts_of(api.exchange, params.accounts)
        self._began_ns = 0

    def _enter(self) -> None:
        self._began_ns = self._clock.now_ns
        self._api.user_data.add_editor(self)
        if self._params.rest == "hidden":
            self._api.user_data.views.add_hider(self)

    def _leave(self) -> None:
        self._api.user_data.remove_editor(self)
        self._api.user_data.views.remove_hider(self)

    def edit(self, account: str, told: tuple[Trade, ...]) -> tuple[Trade, ...]:
        left = tuple(trade for trade in told if not self._loses(account, trade))
        if len(left) < len(told):
            self._report(f"a fill of {account} is not told on the stream")
        return left

    def hides(self, account: str, trade: Trade) -> bool:
        is_hidden = trade.at_ns >= self._began_ns and self._loses(account, trade)
        if is_hidden:
            self._report(f"a fill of {account} is left out of the list of its trades")
        return is_hidden

    def _loses(self, account: str, trade: Trade) -> bool:
        params = self._params
        return (
            trade.index in self._indices
            and account in self._accounts
            and self._picks.share(account, trade.index, trade.trade_id) < params.share * params.level(trade.at_ns)
        )


class DuplicateFill(TradingFault):
    """``duplicate_fill``: a share of the fills are told twice on the account stream."""

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: DuplicateFillParams, picks: Picks, took_effect: TookEffect
    ) -> None:
        super().__init__(api, clock, took_effect)
        self._picks = picks
        self._params = params
        self._indices = indices_of(api.exchange, params.pairs)
        self._accounts = accounts_of(api.exchange, params.accounts)

    def _enter(self) -> None:
        self._api.user_data.add_editor(self)

    def _leave(self) -> None:
        self._api.user_data.remove_editor(self)

    def edit(self, account: str, told: tuple[Trade, ...]) -> tuple[Trade, ...]:
        edited: list[Trade] = []
        for trade in told:
            edited.append(trade)
            if self._doubles(account, trade):
                edited.append(trade if self._params.trade_id == "same" else _renumbered(trade))
                self._report(f"a fill of {account} is told twice")
        return tuple(edited)

    def _doubles(self, account: str, trade: Trade) -> bool:
        params = self._params
        return (
            trade.index in self._indices
            and account in self._accounts
            and self._picks.share(account, trade.index, trade.trade_id)
            < params.share * params.level(self._clock.now_ns)
        )


class EventGap(TradingFault):
    """``event_gap``: the account stream stays connected and tells nothing; what happens meanwhile is never told.

    Execution ids go on, so that a client finds a gap in them afterwards.
    """

    def __init__(self, api: ExchangeApi, clock: Clock, params: EventGapParams, took_effect: TookEffect) -> None:
        super().__init__(api, clock, took_effect)
        self._accounts = accounts_of(api.exchange, params.accounts)

    def _enter(self) -> None:
        self._api.faults.withhold_user_data(self._withheld, self._accounts)

    def _leave(self) -> None:
        self._api.faults.release_user_data(self._withheld)

    def _withheld(self) -> None:
        self._report("an account event was withheld")


def _renumbered(trade: Trade) -> Trade:
    """The same trade under an id that no trade has."""
    return Trade(
        trade.trade_id + _FAR,
        trade.index,
        trade.at_ns,
        trade.price_ticks,
        trade.quantity_lots,
        trade.quote_amount,
        trade.taker_side,
        trade.taker_account,
        trade.taker_order,
        trade.maker_account,
        trade.maker_order,
        trade.taker_fee,
        trade.maker_fee,
    )
