"""Trading endpoints: place, test, query and cancel orders."""

from __future__ import annotations

from base64 import b32encode
from hashlib import blake2b

from simulators.exchange.api import order_payloads as payloads
from simulators.exchange.api.cancels import CancelDesk
from simulators.exchange.api.errors import ApiError, missing, not_required, one_of_missing
from simulators.exchange.api.market_endpoints import Empty
from simulators.exchange.api.pairs import Pair, Pairs
from simulators.exchange.api.parameters import Parameters
from simulators.exchange.api.routes import Access, Call, Route, costs, costs_by_symbol
from simulators.exchange.api.user_data import UserData
from simulators.exchange.api.venue_clock import VenueClock
from simulators.exchange.core import Exchange
from simulators.exchange.order import Order, Trade
from simulators.exchange.types import OrderType, Side, TimeInForce

_NS_PER_MS = 1_000_000
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
_TIMES_IN_FORCE = {"GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK}
_TYPES = ("LIMIT", "LIMIT_MAKER", "MARKET")
_REPLIES = ("ACK", "RESULT", "FULL")
_UNSUPPORTED = ("stopPrice", "trailingDelta", "icebergQty", "pegPriceType")
_DEFAULT_WINDOW_MS = 5_000
_LONGEST_WINDOW_MS = 60_000


class TradingEndpoints:
    """Serves orders of the account that the key opens."""

    def __init__(
        self, exchange: Exchange, pairs: Pairs, clock: VenueClock, user_data: UserData, cancels: CancelDesk
    ) -> None:
        self._exchange = exchange
        self._pairs = pairs
        self._clock = clock
        self._user_data = user_data
        self._cancels = cancels
        self._names = 0

    def routes(self) -> list[Route]:
        order = "/api/v3/order"
        open_orders = "/api/v3/openOrders"
        return [
            Route("POST", order, "order_place", Access.TRADE, costs(1), self._place, is_order=True),
            Route("POST", f"{order}/test", "order_place", Access.TRADE, costs(1), self._test),
            Route("DELETE", order, "order_cancel", Access.TRADE, costs(1), self._cancel, is_cancel=True),
            Route("DELETE", open_orders, "order_cancel", Access.TRADE, costs(1), self._cancel_all),
            Route("GET", order, "account", Access.READ, costs(4), self._order),
            Route("GET", open_orders, "account", Access.READ, costs_by_symbol(6, 80), self._open_orders),
            Route("GET", "/api/v3/allOrders", "account", Access.READ, costs(20), self._all_orders),
        ]

    def _place(self, call: Call) -> object:
        parameters = call.parameters
        order_request = self._read_order(parameters)
        reply_kind = parameters.text("newOrderRespType")
        if reply_kind and reply_kind not in _REPLIES:
            raise ApiError(400, -1100, "Illegal characters found in parameter 'newOrderRespType'.")
        pair, side, kind, time_in_force, price_ticks, quantity_lots, quote_quantity = order_request
        order = self._exchange.place(
            call.account,
            pair.index,
            side,
            kind,
            time_in_force,
            price_ticks,
            quantity_lots,
            quote_quantity,
            parameters.client_order_id("newClientOrderId") or self._new_name(call.account),
            call.cause,
        )
        if not reply_kind:
            reply_kind = "ACK" if time_in_force is TimeInForce.GTX else "FULL"
        if reply_kind == "ACK":
            return payloads.order_ack(pair, order)
        return payloads.order_result(pair, order, self._fills(order) if reply_kind == "FULL" else None)

    def _test(self, call: Call) -> Empty:
        self._read_order(call.parameters)
        return Empty()

    def _read_order(self, parameters: Parameters) -> tuple[Pair, Side, OrderType, TimeInForce, int, int, int]:
        """Pair, side, type, time in force, price in ticks, quantity in lots, and value in quote units."""
        check_timing(parameters, self._clock.now_ns)
        pair = self._pairs.required(parameters)
        side = _SIDES[parameters.choice("side", -1117, "Invalid side.", tuple(_SIDES))]
        kind = parameters.choice("type", -1116, "Invalid orderType.", _TYPES)
        for name in _UNSUPPORTED:
            if parameters.text(name):
                raise not_required(name)
        quantity = parameters.decimal("quantity")
        quote_quantity = parameters.decimal("quoteOrderQty")
        price = parameters.decimal("price")
        notation = pair.notation
        if kind == "MARKET":
            for name in ("price", "timeInForce"):
                if parameters.text(name):
                    raise not_required(name)
            if bool(quantity) == bool(quote_quantity):
                if quantity:
                    raise ApiError(400, -1128, "Combination of optional parameters invalid.")
                raise one_of_missing("quantity", "quoteOrderQty")
            lots = notation.parse_quantity(quantity) if quantity else 0
            value = notation.parse_quote_quantity(quote_quantity) if quote_quantity else 0
            return pair, side, OrderType.MARKET, TimeInForce.IOC, 0, lots, value
        if quote_quantity:
            raise not_required("quoteOrderQty")
        if kind == "LIMIT_MAKER":
            if parameters.text("timeInForce"):
                raise not_required("timeInForce")
            time_in_force = TimeInForce.GTX
        else:
            time_in_force = _TIMES_IN_FORCE[
                parameters.choice("timeInForce", -1115, "Invalid timeInForce.", tuple(_TIMES_IN_FORCE))
            ]
        for name, value_text in (("quantity", quantity), ("price", price)):
            if not value_text:
                raise missing(name)
        ticks = notation.parse_price(price)
        return pair, side, OrderType.LIMIT, time_in_force, ticks, notation.parse_quantity(quantity), 0

    def _cancel(self, call: Call) -> payloads.CancelResult:
        parameters = call.parameters
        check_timing(parameters, self._clock.now_ns)
        pair = self._pairs.required(parameters)
        order_id, client_order_id = self._which(parameters)
        name = parameters.client_order_id("newClientOrderId") or self._new_name(call.account)
        with self._user_data.cancelling(name):
            order = self._cancels.cancel(call.account, pair.index, order_id, client_order_id, call.cause)
        return payloads.cancel_result(pair, order, name)

    def _cancel_all(self, call: Call) -> list[payloads.CancelResult]:
        check_timing(call.parameters, self._clock.now_ns)
        pair = self._pairs.required(call.parameters)
        name = self._new_name(call.account)
        with self._user_data.cancelling(name):
            orders = self._cancels.cancel_all(call.account, pair.index, call.cause)
        if not orders:
            raise ApiError(400, -2011, "Unknown order sent.")
        return [payloads.cancel_result(pair, order, name) for order in orders]

    def _order(self, call: Call) -> payloads.OrderRow:
        check_timing(call.parameters, self._clock.now_ns)
        pair = self._pairs.required(call.parameters)
        order_id, client_order_id = self._which(call.parameters)
        order = self._exchange.order(call.account, pair.index, order_id, client_order_id)
        if order is None:
            raise ApiError(400, -2013, "Order does not exist.")
        return payloads.order_row(pair, order)

    def _open_orders(self, call: Call) -> list[payloads.OrderRow]:
        check_timing(call.parameters, self._clock.now_ns)
        symbol = call.parameters.text("symbol")
        index = self._pairs.named(symbol).index if symbol else None
        pairs = self._pairs.all
        return [
            payloads.order_row(pairs[order.index], order) for order in self._exchange.open_orders(call.account, index)
        ]

    def _all_orders(self, call: Call) -> list[payloads.OrderRow]:
        parameters = call.parameters
        check_timing(parameters, self._clock.now_ns)
        pair = self._pairs.required(parameters)
        from_id = parameters.integer("orderId")
        start_ms = parameters.integer("startTime")
        end_ms = parameters.integer("endTime")
        limit = parameters.limit(500, 1_000)
        known = [*self._exchange.closed_orders(call.account), *self._exchange.open_orders(call.account, pair.index)]
        rows = sorted(
            (
                order
                for order in known
                if order.index == pair.index
                and (from_id is None or order.order_id >= from_id)
                and (start_ms is None or pair.notation.time_ms(order.placed_ns) >= start_ms)
                and (end_ms is None or pair.notation.time_ms(order.placed_ns) <= end_ms)
            ),
            key=lambda order: order.order_id,
        )
        oldest_first = from_id is not None or start_ms is not None
        return [payloads.order_row(pair, order) for order in (rows[:limit] if oldest_first else rows[-limit:])]

    def _which(self, parameters: Parameters) -> tuple[int | None, str | None]:
        """The order a request names, by the venue's id or the client's own; the venue's goes first."""
        order_id = parameters.integer("orderId")
        client_order_id = parameters.client_order_id("origClientOrderId")
        if order_id is None and not client_order_id:
            raise one_of_missing("orderId", "origClientOrderId")
        return order_id, client_order_id or None

    def _fills(self, order: Order) -> list[Trade]:
        """The trades that an order made as it came, oldest first."""
        if not order.filled_lots:
            return []
        fills: list[Trade] = []
        for trade in reversed(self._exchange.account_trades(order.account)):
            if trade.taker_order != order.order_id:
                break
            fills.append(trade)
        fills.reverse()
        return fills

    def _new_name(self, account: str) -> str:
        """A client order id for a client that gave none: 22 letters and digits that say nothing."""
        self._names += 1
        digest = blake2b(f"{self._exchange.name} {account} {self._names}".encode(), digest_size=14).digest()
        return b32encode(digest).decode()[:22]


def check_timing(parameters: Parameters, now_ns: int) -> None:
    """Refuse a request whose ``timestamp`` is not within ``recvWindow`` of the venue's clock.

    A request without a timestamp passes: it belongs to the signature, which keys without a secret do without.
    """
    timestamp_ms = parameters.integer("timestamp")
    if timestamp_ms is not None:
        window_text = parameters.decimal("recvWindow")
        check_window(timestamp_ms, int(window_text.partition(".")[0]) if window_text else None, now_ns)


def check_window(timestamp_ms: int, window_ms: int | None, now_ns: int) -> None:
    """Refuse a request of ``timestamp_ms`` that is from the future (-1021) or older than its window (-1021)."""
    if window_ms is None:
        window_ms = _DEFAULT_WINDOW_MS
    if window_ms > _LONGEST_WINDOW_MS:
        raise ApiError(400, -1131, "recvWindow must be less than 60000.")
    now_ms = now_ns // _NS_PER_MS
    if timestamp_ms >= now_ms + 1_000:
        raise ApiError(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_ms - timestamp_ms > window_ms:
        raise ApiError(400, -1021, "Timestamp for this request is outside of the recvWindow.")
