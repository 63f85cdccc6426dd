"""User data of the futures dialect: ``ACCOUNT_UPDATE``, ``ORDER_TRADE_UPDATE`` and ``MARGIN_CALL``."""

from __future__ import annotations

import msgspec

from simulators.exchange.api.pairs import Pair, Pairs
from simulators.exchange.api.user_data import Subscription, UserData
from simulators.exchange.api.venue_clock import VenueClock
from simulators.exchange.order import Order, Trade
from simulators.exchange.perpetual.api.payloads import NS_PER_MS, ONE_WAY, ZERO, amount, price, signed_quantity
from simulators.exchange.perpetual.api.payloads import entry_price as entry_text
from simulators.exchange.perpetual.clearing import ClearingHouse
from simulators.exchange.perpetual.liquidation import LIQUIDATION_ID
from simulators.exchange.types import OrderStatus, OrderType
from simulators.ledger import UNITS, to_text


class _Balance(msgspec.Struct, frozen=True, rename={"asset": "a", "wallet": "wb", "cross": "cw", "change": "bc"}):
    asset: str
    wallet: str
    cross: str
    change: str


class _Position(
    msgspec.Struct,
    frozen=True,
    rename={
        "symbol": "s",
        "amount": "pa",
        "entry_price": "ep",
        "break_even": "bep",
        "realised": "cr",
        "unrealised": "up",
        "margin_type": "mt",
        "isolated_wallet": "iw",
        "side": "ps",
    },
):
    symbol: str
    amount: str
    entry_price: str
    break_even: str
    realised: str
    unrealised: str
    margin_type: str = "cross"
    isolated_wallet: str = ZERO
    side: str = ONE_WAY


class _Update(msgspec.Struct, frozen=True, rename={"reason": "m", "balances": "B", "positions": "P"}):
    reason: str
    balances: list[_Balance]
    positions: list[_Position]


class _AccountUpdate(
    msgspec.Struct,
    frozen=True,
    tag_field="e",
    tag="ACCOUNT_UPDATE",
    rename={"event_ms": "E", "transaction_ms": "T", "update": "a"},
):
    event_ms: int
    transaction_ms: int
    update: _Update


_ORDER_LETTERS = {
    "symbol": "s",
    "client_order_id": "c",
    "side": "S",
    "type": "o",
    "time_in_force": "f",
    "quantity": "q",
    "price": "p",
    "average_price": "ap",
    "stop_price": "sp",
    "execution": "x",
    "status": "X",
    "order_id": "i",
    "last_quantity": "l",
    "filled_quantity": "z",
    "last_price": "L",
    "commission_asset": "N",
    "commission": "n",
    "trade_ms": "T",
    "trade_id": "t",
    "is_maker": "m",
    "reduce_only": "R",
    "working_type": "wt",
    "original_type": "ot",
    "position_side": "ps",
    "close_position": "cp",
    "realised_profit": "rp",
}


class _Order(msgspec.Struct, frozen=True, rename=_ORDER_LETTERS):
    symbol: str
    client_order_id: str
    side: str
    type: str
    time_in_force: str
    quantity: str
    price: str
    average_price: str
    stop_price: str
    execution: str
    status: str
    order_id: int
    last_quantity: str
    filled_quantity: str
    last_price: str
    commission_asset: str
    commission: str
    trade_ms: int
    trade_id: int
    is_maker: bool
    reduce_only: bool
    working_type: str
    original_type: str
    position_side: str
    close_position: bool
    realised_profit: str


class _OrderTradeUpdate(
    msgspec.Struct,
    frozen=True,
    tag_field="e",
    tag="ORDER_TRADE_UPDATE",
    rename={"event_ms": "E", "transaction_ms": "T", "order": "o"},
):
    event_ms: int
    transaction_ms: int
    order: _Order


class _CalledPosition(
    msgspec.Struct,
    frozen=True,
    rename={
        "symbol": "s",
        "side": "ps",
        "amount": "pa",
        "margin_type": "mt",
        "isolated_wallet": "iw",
        "mark_price": "mp",
        "unrealised": "up",
        "maintenance": "mm",
    },
):
    symbol: str
    side: str
    amount: str
    margin_type: str
    isolated_wallet: str
    mark_price: str
    unrealised: str
    maintenance: str


class _MarginCall(
    msgspec.Struct,
    frozen=True,
    tag_field="e",
    tag="MARGIN_CALL",
    rename={"event_ms": "E", "cross_wallet": "cw", "positions": "p"},
):
    event_ms: int
    cross_wallet: str
    positions: list[_CalledPosition]


class FuturesUserData(UserData):
    """All subscriptions of a futures venue. Sessions are those of the WebSocket API, as at the spot venues."""

    def __init__(self, house: ClearingHouse, pairs: Pairs, clock: VenueClock) -> None:
        super().__init__(house.exchange, pairs, clock)
        self._house = house
        self._wallets: dict[str, dict[str, int]] = {}

    def subscribe(self, subscription: Subscription) -> None:
        margin = self._house.account(subscription.account)
        known = {asset: margin.wallet(asset) for asset in self._house.assets}
        self._wallets.setdefault(subscription.account, known)
        super().subscribe(subscription)

    def on_margin(self, account: str, reason: str, cause: int) -> None:
        """Wallet or positions changed."""
        now_ms = self._clock.now_ns // NS_PER_MS
        self._updated_ms[account] = now_ms
        margin = self._house.account(account)
        known = self._wallets.setdefault(account, {})
        balances = []
        for asset in self._house.assets:
            wallet = margin.wallet(asset)
            change = wallet - known.get(asset, wallet) if reason != "ORDER" else 0  # trades' own changes are left out
            known[asset] = wallet
            balances.append(_Balance(asset, to_text(wallet), to_text(wallet), to_text(change)))
        subscriptions = self._subscriptions.get(account)
        if subscriptions is None:
            return
        positions = []
        for contract, position in zip(self._house.contracts, margin.positions, strict=True):
            pair = self._pairs.all[contract.index]
            entry = entry_text(contract, position.entry_value(), pair)
            profit = position.unrealised(contract.mark_value) if position.lots else 0.0
            positions.append(
                _Position(
                    pair.notation.symbol,
                    signed_quantity(position.lots, pair),
                    entry,
                    entry,
                    to_text(margin.realised[contract.index]),
                    amount(profit),
                )
            )
        event = _AccountUpdate(now_ms, now_ms, _Update(reason, balances, positions))
        self._send(subscriptions, msgspec.json.encode(event), cause)

    def on_margin_call(self, account: str) -> None:
        """The account comes near liquidation."""
        subscriptions = self._subscriptions.get(account)
        if subscriptions is None:
            return
        margin = self._house.account(account)
        positions = []
        for contract, position in zip(self._house.contracts, margin.positions, strict=True):
            if position.lots:
                pair = self._pairs.all[contract.index]
                positions.append(
                    _CalledPosition(
                        pair.notation.symbol,
                        "LONG" if position.lots > 0 else "SHORT",
                        signed_quantity(position.lots, pair),
                        "CROSSED",
                        ZERO,
                        price(contract.mark_ticks, pair),
                        amount(position.unrealised(contract.mark_value)),
                        amount(abs(position.lots) * contract.mark_value * contract.terms.maintenance_margin),
                    )
                )
        wallet = to_text(margin.wallet(self._house.assets[0]))
        event = _MarginCall(self._clock.now_ns // NS_PER_MS, wallet, positions)
        self._send(subscriptions, msgspec.json.encode(event), 0)

    def _expect(self, account: str, pair: Pair, trade: Trade, as_taker: bool) -> None:
        """A trade of contracts moves no balances that a transfer could be mistaken for."""

    def _written(self, order: Order, execution: str, trade: Trade | None) -> bytes:
        pair = self._pairs.all[order.index]
        notation = pair.notation
        contract = self._house.contracts[order.index]
        kind = "MARKET" if order.type is OrderType.MARKET else "LIMIT"
        is_liquidation = order.client_order_id.startswith(LIQUIDATION_ID)
        filled_units = order.filled_lots * notation.lot_units
        average = round(order.filled_quote * UNITS / filled_units) if filled_units else 0
        is_maker, commission, profit = False, 0, 0
        if trade is not None:
            is_maker = trade.taker_order != order.order_id
            commission = contract.fee(trade.quote_amount, is_maker=is_maker)
            profit = self._house.profits.get(order.account, 0)
        now_ms = self._clock.now_ns // NS_PER_MS
        told = _Order(
            symbol=notation.symbol,
            client_order_id=order.client_order_id,
            side=order.side.name,
            type="LIQUIDATION" if is_liquidation else kind,
            time_in_force="GTC" if kind == "MARKET" else order.time_in_force.name,
            quantity=notation.quantity(order.quantity_lots),
            price=notation.price(order.price_ticks),
            average_price=to_text(average),
            stop_price=ZERO,
            execution=execution,
            status=order.status.name if order.status is not OrderStatus.REJECTED else "EXPIRED",
            order_id=order.order_id,
            last_quantity=notation.quantity(trade.quantity_lots) if trade is not None else ZERO,
            filled_quantity=notation.quantity(order.filled_lots),
            last_price=notation.price(trade.price_ticks) if trade is not None else ZERO,
            commission_asset=contract.asset,
            commission=to_text(commission),
            trade_ms=notation.time_ms(order.updated_ns),
            trade_id=trade.trade_id if trade is not None else 0,
            is_maker=is_maker,
            reduce_only=False,
            working_type="CONTRACT_PRICE",
            original_type=kind,
            position_side=ONE_WAY,
            close_position=False,
            realised_profit=to_text(profit),
        )
        return msgspec.json.encode(_OrderTradeUpdate(now_ms, notation.time_ms(order.updated_ns), told))
