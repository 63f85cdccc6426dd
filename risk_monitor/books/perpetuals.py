"""Perpetual futures: contracts without expiry that follow an index, kept on margin.

A *position* is a signed amount of the base asset, short negative, that was entered at an average price in the quote
asset. Its *unrealised profit* is position × (mark price − entry price), in the quote asset. An account's *margin
balance* is its wallet plus the unrealised profit of its positions; when it no longer covers the maintenance margin the
venue liquidates. The *mark price* is the venue's own: it is what profit and liquidation are counted with.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from risk_monitor.books.holdings import ZERO
from risk_monitor.books.marks import MarkBook

MAX_POSITIONS = 1_024
"""Accounts × symbols; beyond it, unknown ones are no longer kept apart."""

MOST_LEVERAGE = 1_000.0
"""What a position without margin counts as."""


class Perpetual(msgspec.Struct, frozen=True):
    """A contract that a venue trades: ``BTC/USDT:USDT`` is quoted and margined in USDT."""

    venue: str
    symbol: str
    base: str
    quote: str


class PerpetualPosition(msgspec.Struct, frozen=True):
    """One account's position as it stands. Prices are quote per base; ``mark_price`` 0.0: none was heard yet."""

    venue: str
    account: str
    symbol: str
    amount: float
    entry_price: float
    mark_price: float

    @property
    def notional(self) -> float:
        """What the position is worth at the mark price, long or short, in the quote asset."""
        return abs(self.amount) * self.mark_price

    @property
    def unrealised(self) -> float:
        """Profit that closing at the mark price would bring, in the quote asset."""
        return self.amount * (self.mark_price - self.entry_price) if self.mark_price > 0.0 else 0.0


class PerpetualBook:
    """Positions and margin wallets of the firm's accounts at all venues that trade perpetuals.

    ``version`` grows with every change of a position, so that whoever sums exposures need not do so at every tick.
    """

    def __init__(self, contracts: tuple[Perpetual, ...]) -> None:
        self.contracts = contracts
        self.version = 0
        self._by_symbol = {(contract.venue, contract.symbol): contract for contract in contracts}
        self._amounts: dict[tuple[str, str, str], Decimal] = {}
        self._entries: dict[tuple[str, str, str], float] = {}
        self._marks: dict[tuple[str, str], float] = {}
        self._wallets: dict[tuple[str, str], dict[str, Decimal]] = {}

    # What connectors tell

    def set_mark_price(self, venue: str, symbol: str, price: float) -> None:
        """The venue's mark price, quote per base."""
        if (venue, symbol) in self._by_symbol:
            self._marks[venue, symbol] = price

    def set_position(self, venue: str, account: str, symbol: str, amount: Decimal, entry_price: float) -> bool:
        """An account's position (base, short negative) as the venue states it; True if it is new."""
        key = (venue, account, symbol)
        if (venue, symbol) not in self._by_symbol or (key not in self._amounts and len(self._amounts) >= MAX_POSITIONS):
            return False
        self._entries[key] = entry_price
        if self._amounts.get(key, ZERO) == amount:
            return False
        self._amounts[key] = amount
        self.version += 1
        return True

    def set_wallet(self, venue: str, account: str, asset: str, balance: Decimal) -> None:
        """An account's margin wallet: what it has of the asset, without unrealised profit."""
        self._wallets.setdefault((venue, account), {})[asset] = balance

    # What mandates ask

    def position(self, venue: str, account: str, symbol: str) -> Decimal:
        """Signed amount of the base asset; 0 if there is none."""
        return self._amounts.get((venue, account, symbol), ZERO)

    def positions(self) -> tuple[PerpetualPosition, ...]:
        """Every open position, in the order in which they were first seen."""
        return tuple(
            PerpetualPosition(
                venue,
                account,
                symbol,
                float(amount),
                self._entries[venue, account, symbol],
                self._marks.get((venue, symbol), 0.0),
            )
            for (venue, account, symbol), amount in self._amounts.items()
            if amount
        )

    def accounts(self) -> tuple[tuple[str, str], ...]:
        """``(venue, account)`` of every margin wallet seen so far."""
        return tuple(self._wallets)

    def exposure(self, asset: str) -> float:
        """Signed sum of the positions in an asset over all accounts: what they add to the holding."""
        return float(
            sum(
                (
                    amount
                    for (venue, _, symbol), amount in self._amounts.items()
                    if self._by_symbol[venue, symbol].base == asset
                ),
                ZERO,
            )
        )

    def unrealised_usd(self, marks: MarkBook) -> float | None:
        """Unrealised profit of all positions, USD; None while a position has no mark price or its quote no mark."""
        total = 0.0
        for (venue, account, symbol), amount in self._amounts.items():
            if not amount:
                continue
            price = self._marks.get((venue, symbol), 0.0)
            worth = marks.mark(self._by_symbol[venue, symbol].quote)
            if price <= 0.0 or worth <= 0.0:
                return None
            total += float(amount) * (price - self._entries[venue, account, symbol]) * worth
        return total

    def notional_usd(self, venue: str, account: str, marks: MarkBook) -> float | None:
        """Σ |position| × mark price of one account, USD; None as above."""
        return self._sum_usd(venue, account, marks, of_notional=True)

    def margin_balance_usd(self, venue: str, account: str, marks: MarkBook) -> float | None:
        """Wallet plus unrealised profit of one account, USD; None while one of its numbers is unknown."""
        wallet = self._wallets.get((venue, account))
        profit = self._sum_usd(venue, account, marks, of_notional=False)
        if wallet is None or profit is None:
            return None
        balance = 0.0
        for asset, amount in wallet.items():
            mark = marks.mark(asset)
            if amount and mark <= 0.0:
                return None
            balance += float(amount) * mark
        return balance + profit

    def leverage(self, venue: str, account: str, marks: MarkBook) -> float | None:
        """Σ |position| × mark price ÷ margin balance; 0.0 without a position, 1000.0 for a margin balance ≤ 0 with one
        open; None while it cannot be computed."""
        notional = self.notional_usd(venue, account, marks)
        if notional == 0.0:
            return 0.0
        balance = self.margin_balance_usd(venue, account, marks)
        if notional is None or balance is None:
            return None
        return notional / balance if balance > 0.0 else MOST_LEVERAGE

    def evidence(self, venue: str, account: str) -> tuple[str, ...]:
        """What shows an account's positions."""
        return tuple(
            f"{venue} account {account} {one.symbol} positionAmt={one.amount:.10g} entryPrice={one.entry_price:.10g} "
            f"markPrice={one.mark_price:.10g}"
            for one in self.positions()
            if (one.venue, one.account) == (venue, account)
        )

    def _sum_usd(self, venue: str, account: str, marks: MarkBook, *, of_notional: bool) -> float | None:
        total = 0.0
        for contract in self.contracts:
            key = (venue, account, contract.symbol)
            amount = self._amounts.get(key, ZERO)
            if contract.venue != venue or not amount:
                continue
            price = self._marks.get((venue, contract.symbol), 0.0)
            worth = marks.mark(contract.quote)
            if price <= 0.0 or worth <= 0.0:
                return None
            units = float(amount)
            total += (abs(units) * price if of_notional else units * (price - self._entries[key])) * worth
        return total


def is_perpetual(pair: str) -> bool:
    """Whether a pair is written as a perpetual: ``BTC/USDT:USDT``, the margin asset after the colon."""
    return ":" in pair


def legs_of(pair: str) -> tuple[str, str]:
    """Base and quote asset of a pair or a perpetual."""
    base, _, quote = pair.partition(":")[0].partition("/")
    return base, quote
