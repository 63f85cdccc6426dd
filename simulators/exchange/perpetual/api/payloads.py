"""Payloads of the futures dialect about accounts and orders, as REST tells them."""

from __future__ import annotations

import msgspec

from simulators.exchange.api.pairs import Pair
from simulators.exchange.order import Order
from simulators.exchange.perpetual.clearing import ClearingHouse
from simulators.exchange.perpetual.contract import Contract
from simulators.exchange.types import OrderType
from simulators.ledger import UNITS, to_text

NS_PER_MS = 1_000_000
ZERO = to_text(0)
ONE_WAY = "BOTH"  # a contract has one position, long or short


class OrderRow(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An order, as replies to placing, cancelling and asking tell it; ``time`` is stated to those who ask."""

    symbol: str
    order_id: int
    client_order_id: str
    price: str
    orig_qty: str
    executed_qty: str
    cum_qty: str
    cum_quote: str
    avg_price: str
    status: str
    time_in_force: str
    type: str
    orig_type: str
    side: str
    position_side: str
    update_time: int
    reduce_only: bool
    close_position: bool
    stop_price: str
    working_type: str
    price_protect: bool
    time: int | None = None


class LeverageSet(msgspec.Struct, frozen=True, rename="camel"):
    leverage: int
    max_notional_value: str
    symbol: str


class AssetRow(msgspec.Struct, frozen=True, rename="camel"):
    """One margin asset of an account."""

    asset: str
    wallet_balance: str
    unrealized_profit: str
    margin_balance: str
    maint_margin: str
    initial_margin: str
    position_initial_margin: str
    open_order_initial_margin: str
    cross_wallet_balance: str
    cross_un_pnl: str
    available_balance: str
    max_withdraw_amount: str
    margin_available: bool
    update_time: int


class PositionRow(msgspec.Struct, frozen=True, rename="camel"):
    """One contract of an account, whether or not there is a position in it."""

    symbol: str
    initial_margin: str
    maint_margin: str
    unrealized_profit: str
    position_initial_margin: str
    open_order_initial_margin: str
    leverage: str
    isolated: bool
    entry_price: str
    max_notional: str
    position_side: str
    position_amt: str
    notional: str
    update_time: int


class AccountInformation(msgspec.Struct, frozen=True, rename="camel"):
    fee_tier: int
    can_trade: bool
    can_deposit: bool
    can_withdraw: bool
    multi_assets_margin: bool
    update_time: int
    total_initial_margin: str
    total_maint_margin: str
    total_wallet_balance: str
    total_unrealized_profit: str
    total_margin_balance: str
    total_position_initial_margin: str
    total_open_order_initial_margin: str
    total_cross_wallet_balance: str
    total_cross_un_pnl: str
    available_balance: str
    max_withdraw_amount: str
    assets: list[AssetRow]
    positions: list[PositionRow]


class PositionRisk(msgspec.Struct, frozen=True):
    """``positionRisk``; the dialect's own spelling of unrealised profit differs here."""

    symbol: str
    position_amt: str = msgspec.field(name="positionAmt")
    entry_price: str = msgspec.field(name="entryPrice")
    break_even_price: str = msgspec.field(name="breakEvenPrice")
    mark_price: str = msgspec.field(name="markPrice")
    unrealized_profit: str = msgspec.field(name="unRealizedProfit")
    liquidation_price: str = msgspec.field(name="liquidationPrice")
    leverage: str
    max_notional_value: str = msgspec.field(name="maxNotionalValue")
    margin_type: str = msgspec.field(name="marginType")
    isolated_margin: str = msgspec.field(name="isolatedMargin")
    is_auto_add_margin: str = msgspec.field(name="isAutoAddMargin")
    position_side: str = msgspec.field(name="positionSide")
    notional: str
    isolated_wallet: str = msgspec.field(name="isolatedWallet")
    update_time: int = msgspec.field(name="updateTime")


def amount(units: float) -> str:
    """A computed amount of smallest units as text."""
    return to_text(round(units))


def price(ticks: float, pair: Pair) -> str:
    """A price between ticks, as average, mark and liquidation prices are."""
    return to_text(round(ticks * pair.notation.tick_units))


def order_row(pair: Pair, order: Order, *, is_asked_for: bool = False, reduce_only: bool = False) -> OrderRow:
    notation = pair.notation
    kind = "MARKET" if order.type is OrderType.MARKET else "LIMIT"
    executed = notation.quantity(order.filled_lots)
    filled_units = order.filled_lots * notation.lot_units
    average = round(order.filled_quote * UNITS / filled_units) if filled_units else 0
    return OrderRow(
        symbol=notation.symbol,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        price=notation.price(order.price_ticks),
        orig_qty=notation.quantity(order.quantity_lots),
        executed_qty=executed,
        cum_qty=executed,
        cum_quote=to_text(order.filled_quote),
        avg_price=to_text(average),
        status=order.status.name,
        time_in_force="GTC" if kind == "MARKET" else order.time_in_force.name,
        type=kind,
        orig_type=kind,
        side=order.side.name,
        position_side=ONE_WAY,
        update_time=notation.time_ms(order.updated_ns),
        reduce_only=reduce_only,
        close_position=False,
        stop_price=ZERO,
        working_type="CONTRACT_PRICE",
        price_protect=False,
        time=notation.time_ms(order.placed_ns) if is_asked_for else None,
    )


def position_row(house: ClearingHouse, name: str, contract: Contract, pair: Pair, updated_ms: int) -> PositionRow:
    margin = house.account(name)
    position = margin.positions[contract.index]
    held = abs(position.lots) * contract.mark_value
    bound = house.initial_margin(name, contract.index)
    of_position = margin.initial(contract, abs(position.lots), contract.mark_value)
    return PositionRow(
        symbol=pair.notation.symbol,
        initial_margin=amount(bound),
        maint_margin=amount(held * contract.terms.maintenance_margin),
        unrealized_profit=amount(position.unrealised(contract.mark_value) if position.lots else 0.0),
        position_initial_margin=amount(of_position),
        open_order_initial_margin=amount(max(0.0, bound - of_position)),
        leverage=str(margin.leverage[contract.index]),
        isolated=False,
        entry_price=entry_price(contract, position.entry_value(), pair),
        max_notional=MOST_NOTIONAL,
        position_side=ONE_WAY,
        position_amt=signed_quantity(position.lots, pair),
        notional=amount(position.lots * contract.mark_value),
        update_time=updated_ms,
    )


def account_information(
    house: ClearingHouse, name: str, pairs: tuple[Pair, ...], updated_ms: int
) -> AccountInformation:
    """``GET /fapi/v2/account``. Totals are of the first margin asset: contracts here share one."""
    margin = house.account(name)
    positions = [position_row(house, name, contract, pairs[contract.index], updated_ms) for contract in house.contracts]
    assets = []
    for asset in house.assets:
        mine = [contract for contract in house.contracts if contract.asset == asset]
        wallet = float(margin.wallet(asset))
        profit = margin.unrealised(house.contracts, asset)
        bound = sum(house.initial_margin(name, contract.index) for contract in mine)
        of_positions = sum(
            margin.initial(contract, abs(margin.positions[contract.index].lots), contract.mark_value)
            for contract in mine
        )
        available = amount(max(0.0, wallet + profit - bound))
        assets.append(
            AssetRow(
                asset=asset,
                wallet_balance=amount(wallet),
                unrealized_profit=amount(profit),
                margin_balance=amount(wallet + profit),
                maint_margin=amount(margin.maintenance(house.contracts, asset)),
                initial_margin=amount(bound),
                position_initial_margin=amount(of_positions),
                open_order_initial_margin=amount(max(0.0, bound - of_positions)),
                cross_wallet_balance=amount(wallet),
                cross_un_pnl=amount(profit),
                available_balance=available,
                max_withdraw_amount=available,
                margin_available=True,
                update_time=updated_ms,
            )
        )
    first = assets[0]
    return AccountInformation(
        fee_tier=0,
        can_trade=True,
        can_deposit=True,
        can_withdraw=True,
        multi_assets_margin=False,
        update_time=updated_ms,
        total_initial_margin=first.initial_margin,
        total_maint_margin=first.maint_margin,
        total_wallet_balance=first.wallet_balance,
        total_unrealized_profit=first.unrealized_profit,
        total_margin_balance=first.margin_balance,
        total_position_initial_margin=first.position_initial_margin,
        total_open_order_initial_margin=first.open_order_initial_margin,
        total_cross_wallet_balance=first.wallet_balance,
        total_cross_un_pnl=first.unrealized_profit,
        available_balance=first.available_balance,
        max_withdraw_amount=first.max_withdraw_amount,
        assets=assets,
        positions=positions,
    )


def position_risk(house: ClearingHouse, name: str, contract: Contract, pair: Pair, updated_ms: int) -> PositionRisk:
    margin = house.account(name)
    position = margin.positions[contract.index]
    entry = entry_price(contract, position.entry_value(), pair)
    return PositionRisk(
        symbol=pair.notation.symbol,
        position_amt=signed_quantity(position.lots, pair),
        entry_price=entry,
        break_even_price=entry,
        mark_price=price(contract.mark_ticks, pair),
        unrealized_profit=amount(position.unrealised(contract.mark_value) if position.lots else 0.0),
        liquidation_price=price(max(0.0, house.liquidation_ticks(name, contract.index)), pair),
        leverage=str(margin.leverage[contract.index]),
        max_notional_value=MOST_NOTIONAL,
        margin_type="cross",
        isolated_margin=ZERO,
        is_auto_add_margin="false",
        position_side=ONE_WAY,
        notional=amount(position.lots * contract.mark_value),
        isolated_wallet=ZERO,
        update_time=updated_ms,
    )


MOST_NOTIONAL = "1000000000"
"""One tier of margin for every size: this venue does not grade it."""


def signed_quantity(lots: int, pair: Pair) -> str:
    return to_text(lots * pair.notation.lot_units)


def entry_price(contract: Contract, lot_value: float, pair: Pair) -> str:
    return price(lot_value / contract.instrument.value_units, pair)
