"""Clearing house: turns fills of contracts into positions, and keeps every position backed by margin.

It stands between the matching engine and whoever publishes what happens: as the engine's observer it hears of every
fill, moves realised profit, fees and funding between wallets, and passes the news on. Once a second it looks at the
index and the book, marks every contract and liquidates who no longer has the maintenance margin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NoReturn, Protocol

from simulators.exchange.core import FEES, Exchange
from simulators.exchange.instrument import PPM
from simulators.exchange.order import Order, Trade
from simulators.exchange.perpetual.books import CLEARING, MarginBooks
from simulators.exchange.perpetual.contract import Contract
from simulators.exchange.perpetual.liquidation import liquidate
from simulators.exchange.perpetual.margin import MarginAccount, worst_lots
from simulators.exchange.perpetual.terms import PerpetualTerms
from simulators.exchange.types import ExchangeObserver, OrderType, Rejected, Side, TimeInForce
from simulators.ports import Audit, Clock

SECOND_NS: Final = 1_000_000_000
_DEPTH_LEVELS: Final = 50
_CALL_RATIO: Final = 0.8  # maintenance margin over margin balance from which an account is warned

IndexPrice = Callable[[str], float]
"""Given BASE/QUOTE, the mean mid of the spot books that the index follows; 0.0 if there is none."""


class ClearingObserver(ExchangeObserver, Protocol):
    """What the clearing house tells its production API beyond what an exchange does."""

    def on_margin(self, account: str, reason: str, cause: int) -> None:
        """An account's wallet or positions changed: ``ORDER``, ``FUNDING_FEE`` or ``INSURANCE_CLEAR``."""

    def on_margin_call(self, account: str) -> None:
        """An account comes near liquidation."""

    def on_mark(self, contract: Contract, cause: int) -> None:
        """A second has passed: index, mark price and funding rate as they stand."""


class ClearingHouse(MarginBooks):
    """Positions and margin of everybody who trades contracts at one exchange.

    Args:
        exchange: its matching engine; every listing is a perpetual. The clearing house becomes its observer.
        terms: contract terms by symbol.
        index_price: what the contracts follow; asked once a second and contract.
    """

    def __init__(
        self,
        exchange: Exchange,
        terms: Mapping[str, PerpetualTerms],
        clock: Clock,
        audit: Audit,
        index_price: IndexPrice,
    ) -> None:
        super().__init__(exchange, terms, clock, audit)
        self.observer: ClearingObserver | None = None
        self.profits: dict[str, int] = {}
        """What the fill that the observer is being told of realised, by account; smallest units."""
        self._clock = clock
        self._index_price = index_price
        self._timer = clock.timer(self._tick)
        exchange.observer = self

    def start(self) -> None:
        """Mark contracts now, and each full second from here on."""
        self._tick()

    def account(self, name: str) -> MarginAccount:
        """A client's margin account; KeyError if there is none."""
        return self.accounts[name]

    def observed_by(self, observer: ClearingObserver) -> None:
        """From now on tell ``observer`` what happens."""
        self.observer = observer
        self.exchange.observer = self
        self.on_top = observer.on_top  # type: ignore[method-assign]  # every tick of the market: straight through

    # Orders

    def place(
        self,
        account: str,
        index: int,
        side: Side,
        type: OrderType,
        time_in_force: TimeInForce,
        price_ticks: int,
        quantity_lots: int,
        client_order_id: str = "",
        reduce_only: bool = False,
        cause: int = 0,
    ) -> Order:
        """Take an order that the account's margin covers. Raises Rejected with Binance's code and text.

        A ``reduce_only`` order is cut to the position that it may close.
        """
        margin, contract = self.accounts[account], self.contracts[index]
        held = margin.positions[index].lots
        refusal: Rejected | None = None
        if reduce_only:
            if held * side >= 0:
                refusal = Rejected(-2022, "ReduceOnly Order is rejected.")
            quantity_lots = min(quantity_lots, abs(held))
        elif not self._is_covered(margin, contract, side, type, price_ticks, quantity_lots):
            refusal = Rejected(-2019, "Margin is insufficient.")
        if refusal is not None:
            self._reject(
                account, index, side, type, time_in_force, price_ticks, quantity_lots, client_order_id, refusal, cause
            )
        return self.exchange.place(
            account,
            index,
            side,
            type,
            time_in_force,
            price_ticks,
            quantity_lots,
            client_order_id=client_order_id,
            cause=cause,
        )

    def set_leverage(self, account: str, index: int, leverage: int) -> None:
        """Set how far the account may gear a contract. Raises Rejected where the contract or the margin forbids it."""
        margin, contract = self.accounts[account], self.contracts[index]
        if not 1 <= leverage <= contract.terms.max_leverage:
            raise Rejected(-4028, f"Leverage {leverage} is not valid")
        before = margin.leverage[index]
        margin.leverage[index] = leverage
        if leverage < before and self.available(account, contract.asset) < 0:
            margin.leverage[index] = before
            raise Rejected(-2027, "Exceeded the maximum allowable position at current leverage.")

    def initial_margin(self, account: str, index: int, side: Side | None = None, lots: int = 0) -> float:
        """Margin bound by a contract's position and open orders, and by ``lots`` more on ``side``; smallest units."""
        margin, contract = self.accounts[account], self.contracts[index]
        buys = lots if side is Side.BUY else 0
        sells = lots if side is Side.SELL else 0
        for order in self.exchange.open_orders(account, index):
            if order.side is Side.BUY:
                buys += order.open_lots
            else:
                sells += order.open_lots
        worst = worst_lots(margin.positions[index].lots, buys, sells)
        return margin.initial(contract, worst, contract.mark_value)

    def available(self, account: str, asset: str) -> float:
        """Margin balance that no position or open order binds; smallest units."""
        bound = sum(self.initial_margin(account, each.index) for each in self.contracts if each.asset == asset)
        return self.accounts[account].margin_balance(self.contracts, asset) - bound

    def liquidation_ticks(self, account: str, index: int) -> float:
        """The mark price at which the account's margin would be used up to the maintenance margin, other contracts
        standing as they are; 0.0 where there is no position or no such price."""
        margin, contract = self.accounts[account], self.contracts[index]
        position, asset = margin.positions[index], contract.asset
        if not position.lots:
            return 0.0
        others = margin.margin_balance(self.contracts, asset) - position.unrealised(contract.mark_value)
        rate = contract.terms.maintenance_margin
        bound = margin.maintenance(self.contracts, asset) - abs(position.lots) * contract.mark_value * rate
        value = (position.cost - others + bound) / (position.lots - abs(position.lots) * rate)
        return max(0.0, value / contract.instrument.value_units)

    # ExchangeObserver

    def on_top(self, index: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int, cause: int) -> None:
        """Replaced by the observer's own when there is one."""

    def on_order(self, order: Order, execution: str, assets: tuple[str, ...], cause: int) -> None:
        if self.observer is not None:
            self.observer.on_order(order, execution, assets, cause)

    def on_fill(self, trade: Trade, taker: Order | None, maker: Order | None, cause: int) -> None:
        sign = int(trade.taker_side)
        contract = self.contracts[trade.index]
        profits = self.profits
        profits.clear()
        for name, direction, is_maker in ((trade.taker_account, sign, False), (trade.maker_account, -sign, True)):
            margin = self.accounts.get(name)
            if margin is not None:
                lots, value = direction * trade.quantity_lots, direction * trade.quote_amount
                profits[name] = self.trade(margin, contract, lots, value, "fill", cause)
                self.pay(name, FEES, contract.asset, contract.fee(trade.quote_amount, is_maker=is_maker), "fee", cause)
        if self.observer is not None:
            self.observer.on_fill(trade, taker, maker, cause)

    def on_balance(self, account: str, assets: tuple[str, ...], cause: int) -> None:
        """A taker has met everybody it was going to meet, or an operator moved money."""
        if self.observer is not None and account in self.accounts:
            self.observer.on_margin(account, "ORDER", cause)

    # What happens by the clock

    def _tick(self) -> None:
        now_ns = self._clock.now_ns
        self._timer.arm(now_ns - now_ns % SECOND_NS + SECOND_NS)
        exchange = self.exchange
        for contract in self.contracts:
            bid_ticks, bid_lots, ask_ticks, ask_lots = exchange.top(contract.index)
            bids, asks = [(bid_ticks, bid_lots)], [(ask_ticks, ask_lots)]
            if contract.wants_depth(now_ns):
                bids, asks = exchange.depth(contract.index, _DEPTH_LEVELS)
            elif not (bid_lots and ask_lots):
                bids, asks = [], []
            contract.look(now_ns, self._index_price(f"{contract.base}/{contract.asset}"), bids, asks)
            if contract.is_priced:
                number = self.record(
                    "mark_price",
                    exchange.name,
                    0,
                    contract.listing.symbol,
                    contract.mark_ticks,
                    contract.index_ticks,
                    contract.rate,
                    contract.next_funding_ns,
                )
                if self.observer is not None:
                    self.observer.on_mark(contract, number)
                if now_ns >= contract.next_funding_ns:
                    self._fund(contract, now_ns, number)
        for margin in self.accounts.values():
            if margin.has_position:
                self._watch(margin)

    def _fund(self, contract: Contract, now_ns: int, cause: int) -> None:
        """Longs pay shorts what the rate says (shorts longs, if it is negative)."""
        mark_value = contract.mark_value
        rate = contract.settle(now_ns).rate
        for margin in self.accounts.values():
            position = margin.positions[contract.index]
            owed = round(position.lots * mark_value * rate)
            if not owed:
                continue
            if owed > 0:
                self.pay(margin.name, CLEARING, contract.asset, owed, "funding", cause)
            else:
                self.pay(CLEARING, margin.name, contract.asset, -owed, "funding", cause)
            self.report(margin, contract, -owed, "funding", cause)
            if self.observer is not None:
                self.observer.on_margin(margin.name, "FUNDING_FEE", cause)

    def _watch(self, margin: MarginAccount) -> None:
        """Liquidate an account whose margin balance is below the maintenance margin; warn one that comes near it."""
        for asset in self.assets:
            maintenance = margin.maintenance(self.contracts, asset)
            if not maintenance:
                continue
            balance = margin.margin_balance(self.contracts, asset)
            if balance < maintenance:
                against = f"{balance / 1e8:.2f} {asset} below maintenance margin {maintenance / 1e8:.2f}"
                detail = f"{margin.name}: margin balance {against}"
                cause = self.record("venue", self.exchange.name, 0, "liquidation", detail)
                liquidate(self, margin, asset, self._clock.now_ns, cause)
                if self.observer is not None:
                    self.observer.on_margin(margin.name, "INSURANCE_CLEAR", cause)
            is_near = maintenance > balance * _CALL_RATIO
            if is_near and not margin.is_called and self.observer is not None:
                self.observer.on_margin_call(margin.name)
            margin.is_called = is_near

    def _is_covered(
        self,
        margin: MarginAccount,
        contract: Contract,
        side: Side,
        type: OrderType,
        price_ticks: int,
        lots: int,
    ) -> bool:
        """Whether the margin balance backs the position that the order could lead to. Closing needs no margin."""
        held = margin.positions[contract.index].lots
        name = margin.name
        now_bound = self.initial_margin(name, contract.index)
        then_bound = self.initial_margin(name, contract.index, side, lots)
        if then_bound <= now_bound or abs(held + side * lots) <= abs(held):
            return True
        if not contract.is_priced:
            return False
        premium = max(1.0, price_ticks / contract.mark_ticks) if type is OrderType.LIMIT and side is Side.BUY else 1.0
        fee = lots * contract.mark_value * contract.taker_ppm / PPM
        return (then_bound - now_bound) * premium + fee <= self.available(name, contract.asset)

    def _reject(
        self,
        account: str,
        index: int,
        side: Side,
        type: OrderType,
        time_in_force: TimeInForce,
        price_ticks: int,
        lots: int,
        client_order_id: str,
        refusal: Rejected,
        cause: int,
    ) -> NoReturn:
        """Record a refused order, which never gets an id (0), and raise the refusal."""
        self.record(
            "order",
            self.exchange.name,
            cause,
            account,
            0,
            client_order_id,
            index,
            side.name.lower(),
            type.name.lower(),
            time_in_force.name,
            price_ticks,
            lots,
            "rejected",
            refusal.message,
        )
        raise refusal
