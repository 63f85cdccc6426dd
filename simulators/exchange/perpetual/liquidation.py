"""Liquidation: what becomes of an account that no longer has the maintenance margin."""

from __future__ import annotations

from simulators.exchange.perpetual.books import INSURANCE, MarginBooks
from simulators.exchange.perpetual.contract import Contract
from simulators.exchange.perpetual.margin import MarginAccount
from simulators.exchange.types import OrderType, Rejected, Side, TimeInForce

LIQUIDATION_ID = "autoclose-"
"""How the client ids of the venue's own orders begin; no client may use it."""


def liquidate(books: MarginBooks, margin: MarginAccount, asset: str, now_ns: int, cause: int) -> None:
    """Cancel what is open, sell into the book down to the price at which the margin is gone, give up the rest."""
    exchange, name = books.exchange, margin.name
    mine = [contract for contract in books.contracts if contract.asset == asset]
    for contract in mine:
        exchange.cancel_all(name, contract.index, cause)
    for contract in mine:
        position = margin.positions[contract.index]
        lots = position.lots
        if not lots:
            continue
        worst_value = (position.cost - margin.wallet(asset)) / lots  # of a lot, where the wallet is used up
        side = Side.SELL if lots > 0 else Side.BUY
        exact_ticks = worst_value / contract.instrument.value_units
        limit_ticks = max(1, int(exact_ticks) + (lots > 0))
        filled_value = 0
        try:
            order = exchange.place(
                name,
                contract.index,
                side,
                OrderType.LIMIT,
                TimeInForce.IOC,
                limit_ticks,
                abs(lots),
                client_order_id=f"{LIQUIDATION_ID}{now_ns // 1_000_000}",
                cause=cause,
            )
            filled_value = order.filled_quote
        except Rejected:  # too small to trade: the fund takes it as it is
            pass
        fee = min(int(filled_value * contract.terms.liquidation_fee), max(0, margin.wallet(asset)))
        books.pay(name, INSURANCE, asset, fee, "liquidation_fee", cause)
        if position.lots:
            _take_over(books, margin, contract, cause)


def _take_over(books: MarginBooks, margin: MarginAccount, contract: Contract, cause: int) -> None:
    """Move what is left of a position to the insurance fund at the price at which the wallet is used up."""
    position = margin.positions[contract.index]
    lots, value = position.lots, position.cost - margin.wallet(contract.asset)
    for account, direction in ((margin, -1), (books.insurance, 1)):
        account.account.holding(contract.instrument.base).free += direction * lots * contract.instrument.lot_units
        account.account.holding(contract.instrument.quote).free -= direction * value
        books.trade(account, contract, direction * lots, direction * value, "liquidation", cause)
