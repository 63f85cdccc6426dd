"""Endpoints of the futures dialect: market data, mark prices and funding, orders, account and positions."""

from __future__ import annotations

import msgspec

from simulators.exchange.api.cancels import CancelDesk
from simulators.exchange.api.errors import ApiError, illegal, missing, not_required
from simulators.exchange.api.limits import RateLimits
from simulators.exchange.api.market_endpoints import MarketEndpoints
from simulators.exchange.api.market_payloads import levels
from simulators.exchange.api.pairs import Pair, Pairs
from simulators.exchange.api.parameters import Parameters
from simulators.exchange.api.routes import Access, Call, Route, costs, costs_by_symbol
from simulators.exchange.api.trading_endpoints import check_timing
from simulators.exchange.api.venue_clock import VenueClock
from simulators.exchange.perpetual.api import payloads
from simulators.exchange.perpetual.api.exchange_info import FuturesInfo, futures_info
from simulators.exchange.perpetual.api.user_data import FuturesUserData
from simulators.exchange.perpetual.clearing import ClearingHouse
from simulators.exchange.perpetual.contract import Contract
from simulators.exchange.perpetual.liquidation import LIQUIDATION_ID
from simulators.exchange.types import OrderType, Side, TimeInForce

_SHARED = ("ping", "time", "trades", "aggTrades", "klines", "ticker/24hr", "ticker/price")
"""Endpoints whose replies the futures dialect shares with the spot dialect."""
_TIMES_IN_FORCE = {each.name: each for each in TimeInForce}
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}


class Depth(msgspec.Struct, frozen=True, rename={"last_update_id": "lastUpdateId", "event_ms": "E", "book_ms": "T"}):
    last_update_id: int
    event_ms: int
    book_ms: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class BookTicker(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str
    time: int
    last_update_id: int


class PremiumIndex(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    mark_price: str
    index_price: str
    estimated_settle_price: str
    last_funding_rate: str
    interest_rate: str
    next_funding_time: int
    time: int


class FundingRow(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    funding_rate: str
    funding_time: int
    mark_price: str


class Done(msgspec.Struct, frozen=True):
    """The reply to a request that only says that it was carried out."""

    code: int
    msg: str


class FuturesEndpoints:
    """Serves market data to anybody, and orders and positions to the account that the key opens."""

    def __init__(
        self,
        house: ClearingHouse,
        pairs: Pairs,
        clock: VenueClock,
        limits: RateLimits,
        user_data: FuturesUserData,
        cancels: CancelDesk,
    ) -> None:
        self._house = house
        self._exchange = house.exchange
        self._pairs = pairs
        self._clock = clock
        self._limits = limits
        self._user_data = user_data
        self._cancels = cancels
        self._spot = MarketEndpoints(house.exchange, pairs, clock, limits)
        self._opened_ms = clock.now_ns // payloads.NS_PER_MS
        self._names = 0

    def routes(self) -> list[Route]:
        shared = [
            msgspec.structs.replace(each, path=each.path.replace("/api/v3/", "/fapi/v1/"))
            for each in self._spot.routes()
            if each.path.removeprefix("/api/v3/") in _SHARED
        ]
        public = (
            ("exchangeInfo", "general", costs(1), self._exchange_info),
            ("depth", "market_data", _depth_weight, self._depth),
            ("ticker/bookTicker", "market_data", costs_by_symbol(2, 5), self._book_ticker),
            ("premiumIndex", "market_data", costs_by_symbol(1, 10), self._premium_index),
            ("fundingRate", "market_data", costs(1), self._funding_rates),
        )
        order, open_orders = "/fapi/v1/order", "/fapi/v1/openOrders"
        return [
            *shared,
            *(
                Route("GET", f"/fapi/v1/{path}", operation, Access.PUBLIC, weight, serve)
                for path, operation, weight, serve in public
            ),
            Route("POST", order, "order_place", Access.TRADE, costs(1), self._place, is_order=True),
            Route("DELETE", order, "order_cancel", Access.TRADE, costs(1), self._cancel, is_cancel=True),
            Route("DELETE", "/fapi/v1/allOpenOrders", "order_cancel", Access.TRADE, costs(1), self._cancel_all),
            Route("GET", order, "account", Access.READ, costs(1), self._order),
            Route("GET", open_orders, "account", Access.READ, costs_by_symbol(1, 40), self._open_orders),
            Route("GET", "/fapi/v1/allOrders", "account", Access.READ, costs(5), self._all_orders),
            Route("POST", "/fapi/v1/leverage", "account", Access.TRADE, costs(1), self._set_leverage),
            Route("GET", "/fapi/v2/account", "account", Access.READ, costs(5), self._account),
            Route("GET", "/fapi/v2/positionRisk", "account", Access.READ, costs(5), self._position_risk),
        ]

    # Market

    def _exchange_info(self, call: Call) -> FuturesInfo:
        return futures_info(self._house.contracts, self._pairs, self._limits, self._now_ms)

    def _depth(self, call: Call) -> Depth:
        pair = self._pairs.required(call.parameters)
        limit = call.parameters.limit(500, 1_000)
        bids, asks = pair.book.depth(limit)
        now_ms = self._now_ms
        return Depth(pair.update_id, now_ms, now_ms, levels(pair.notation, bids), levels(pair.notation, asks))

    def _book_ticker(self, call: Call) -> object:
        chosen, single = self._pairs.chosen(call.parameters)
        rows = []
        for pair in chosen:
            bid, bid_lots, ask, ask_lots = pair.book.top(pair.update_id)
            price, quantity = pair.notation.price, pair.notation.quantity
            rows.append(
                BookTicker(
                    pair.notation.symbol,
                    price(bid),
                    quantity(bid_lots),
                    price(ask),
                    quantity(ask_lots),
                    self._now_ms,
                    pair.update_id,
                )
            )
        return rows[0] if single else rows

    def _premium_index(self, call: Call) -> object:
        chosen, single = self._pairs.chosen(call.parameters)
        rows = [self._premium(self._house.contracts[pair.index], pair) for pair in chosen]
        return rows[0] if single else rows

    def _premium(self, contract: Contract, pair: Pair) -> PremiumIndex:
        return PremiumIndex(
            pair.notation.symbol,
            payloads.price(contract.mark_ticks, pair),
            payloads.price(contract.index_ticks, pair),
            payloads.price(contract.index_ticks, pair),
            f"{contract.rate:.8f}",
            f"{contract.terms.interest:.8f}",
            contract.next_funding_ns // payloads.NS_PER_MS,
            self._now_ms,
        )

    def _funding_rates(self, call: Call) -> list[FundingRow]:
        parameters = call.parameters
        chosen = (self._pairs.named(parameters.text("symbol")),) if parameters.text("symbol") else self._pairs.all
        start_ms, end_ms = parameters.integer("startTime"), parameters.integer("endTime")
        rows = [
            FundingRow(
                pair.notation.symbol, f"{one.rate:.8f}", one.at_ns // payloads.NS_PER_MS, f"{one.mark_price:.8f}"
            )
            for pair in chosen
            for one in self._house.contracts[pair.index].settled
        ]
        within = [
            row
            for row in rows
            if (start_ms is None or row.funding_time >= start_ms) and (end_ms is None or row.funding_time <= end_ms)
        ]
        limit = parameters.limit(100, 1_000)
        return within[:limit] if start_ms is not None else within[-limit:]

    # Orders

    def _place(self, call: Call) -> payloads.OrderRow:
        parameters = call.parameters
        check_timing(parameters, self._clock.now_ns)
        pair = self._pairs.required(parameters)
        side = _SIDES[parameters.choice("side", -1117, "Invalid side.", tuple(_SIDES))]
        kind = parameters.choice("type", -1116, "Invalid orderType.", ("LIMIT", "MARKET"))
        if parameters.text("positionSide") not in ("", payloads.ONE_WAY):
            raise ApiError(400, -4061, "Order's position side does not match user's setting.")
        quantity, price = parameters.decimal("quantity"), parameters.decimal("price")
        if not quantity:
            raise missing("quantity")
        if kind == "MARKET":
            for name in ("price", "timeInForce"):
                if parameters.text(name):
                    raise not_required(name)
            time_in_force, ticks = TimeInForce.IOC, 0
        else:
            if not price:
                raise missing("price")
            known = tuple(_TIMES_IN_FORCE)
            time_in_force = _TIMES_IN_FORCE[parameters.choice("timeInForce", -1115, "Invalid timeInForce.", known)]
            ticks = pair.notation.parse_price(price)
        reduce_only = parameters.flag("reduceOnly")
        name = parameters.client_order_id("newClientOrderId")
        if name.startswith(LIQUIDATION_ID):
            raise illegal("newClientOrderId", f"names that do not begin with {LIQUIDATION_ID}")
        order = self._house.place(
            call.account,
            pair.index,
            side,
            OrderType[kind],
            time_in_force,
            ticks,
            pair.notation.parse_quantity(quantity),
            name or self._new_name(),
            reduce_only,
            call.cause,
        )
        return payloads.order_row(pair, order, reduce_only=reduce_only)

    def _cancel(self, call: Call) -> payloads.OrderRow:
        check_timing(call.parameters, self._clock.now_ns)
        pair = self._pairs.required(call.parameters)
        order_id, name = _which(call.parameters)
        return payloads.order_row(pair, self._cancels.cancel(call.account, pair.index, order_id, name, call.cause))

    def _cancel_all(self, call: Call) -> Done:
        check_timing(call.parameters, self._clock.now_ns)
        pair = self._pairs.required(call.parameters)
        self._cancels.cancel_all(call.account, pair.index, call.cause)
        return Done(200, "The operation of cancel all open order is done.")

    def _order(self, call: Call) -> payloads.OrderRow:
        check_timing(call.parameters, self._clock.now_ns)
        pair = self._pairs.required(call.parameters)
        order = self._exchange.order(call.account, pair.index, *_which(call.parameters))
        if order is None:
            raise ApiError(400, -2013, "Order does not exist.")
        return payloads.order_row(pair, order, is_asked_for=True)

    def _open_orders(self, call: Call) -> list[payloads.OrderRow]:
        check_timing(call.parameters, self._clock.now_ns)
        symbol = call.parameters.text("symbol")
        index = self._pairs.named(symbol).index if symbol else None
        return [
            payloads.order_row(self._pairs.all[order.index], order, is_asked_for=True)
            for order in self._exchange.open_orders(call.account, index)
        ]

    def _all_orders(self, call: Call) -> list[payloads.OrderRow]:
        check_timing(call.parameters, self._clock.now_ns)
        pair = self._pairs.required(call.parameters)
        from_id = call.parameters.integer("orderId")
        known = [*self._exchange.closed_orders(call.account), *self._exchange.open_orders(call.account, pair.index)]
        mine = [order for order in known if order.index == pair.index and order.order_id >= (from_id or 0)]
        mine.sort(key=lambda order: order.order_id)
        limit = call.parameters.limit(500, 1_000)
        chosen = mine[:limit] if from_id is not None else mine[-limit:]
        return [payloads.order_row(pair, order, is_asked_for=True) for order in chosen]

    # Account

    def _set_leverage(self, call: Call) -> payloads.LeverageSet:
        check_timing(call.parameters, self._clock.now_ns)
        pair = self._pairs.required(call.parameters)
        leverage = call.parameters.integer("leverage")
        if leverage is None:
            raise missing("leverage")
        self._house.set_leverage(call.account, pair.index, leverage)
        return payloads.LeverageSet(leverage, payloads.MOST_NOTIONAL, pair.notation.symbol)

    def _account(self, call: Call) -> payloads.AccountInformation:
        check_timing(call.parameters, self._clock.now_ns)
        return payloads.account_information(self._house, call.account, self._pairs.all, self._updated_ms(call.account))

    def _position_risk(self, call: Call) -> list[payloads.PositionRisk]:
        check_timing(call.parameters, self._clock.now_ns)
        symbol = call.parameters.text("symbol")
        chosen = (self._pairs.named(symbol),) if symbol else self._pairs.all
        updated_ms = self._updated_ms(call.account)
        contracts = self._house.contracts
        return [
            payloads.position_risk(self._house, call.account, contracts[pair.index], pair, updated_ms)
            for pair in chosen
        ]

    @property
    def _now_ms(self) -> int:
        return self._clock.now_ns // payloads.NS_PER_MS

    def _updated_ms(self, account: str) -> int:
        return self._user_data.updated_ms(account) or self._opened_ms

    def _new_name(self) -> str:
        """A client order id for a client that gave none."""
        self._names += 1
        return f"web_{self._exchange.name}_{self._names}"


def _which(parameters: Parameters) -> tuple[int | None, str | None]:
    """The order a request names, by the venue's id or the client's own."""
    order_id, name = parameters.integer("orderId"), parameters.client_order_id("origClientOrderId")
    if order_id is None and not name:
        raise missing("orderId")
    return order_id, name or None


def _depth_weight(parameters: Parameters) -> int:
    limit = parameters.limit(500, 1_000)
    return 2 if limit <= 50 else 5 if limit <= 100 else 10 if limit <= 500 else 20
