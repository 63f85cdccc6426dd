"""Perpetuals: the firm's positions in contracts without expiry, what they were entered at, and their mark prices.

A fill of a perpetual (``BTC/USDT:USDT``) moves no asset: it changes the positions of both sides. A position is kept as
contracts (lots, short negative) and *cost*, what was paid for those still open, so that its unrealised profit at a mark
price is contracts × lot × mark − cost. Profit that is realised, fees and funding are postings to the margin wallet.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from correlator.records import Fill, MarkPrice, Position
from correlator.truth.ledger import Book, Ledger, Violations
from correlator.truth.timeline import Step

Key = tuple[str, str, str]
"""Venue, account, symbol."""


class PositionSteps(msgspec.Struct, frozen=True):
    """A position over time: ``amount`` of the base (short negative), ``cost`` of it in the quote asset."""

    book: Book
    amount: Step
    cost: Step


class Perpetuals:
    """Every perpetual position of the firm's accounts, and the mark price of every contract."""

    def __init__(self, ledger: Ledger, violations: Violations) -> None:
        self._ledger = ledger
        self._violations = violations
        self._lots: dict[Key, int] = {}
        self._costs: dict[Key, Fraction] = {}  # of the open contracts, in ticks × lots
        self.positions: dict[Key, PositionSteps] = {}
        self.mark_prices: dict[tuple[str, str], Step] = {}

    def contracts(self, venue: str, account: str, symbol: str) -> int:
        """An account's position now, in lots."""
        return self._lots.get((venue, account, symbol), 0)

    def of_account(self, venue: str, account: str) -> list[Key]:
        """The positions that an account has or had."""
        return [key for key in self.positions if key[:2] == (venue, account)]

    def of_asset(self, asset: str) -> list[Key]:
        """The positions in contracts on an asset."""
        return [key for key, steps in self.positions.items() if steps.book.base == asset]

    def accounts(self) -> list[tuple[str, str]]:
        """Every (venue, account) of the firm that has or had a position, in the order of the first."""
        return list(dict.fromkeys(key[:2] for key in self.positions))

    def fill(self, record: Fill, book: Book) -> None:
        """Both sides of a trade; only the firm's own accounts are followed."""
        taker = record.quantity_lots if record.taker_side == "buy" else -record.quantity_lots
        for account, lots in ((record.taker_account, taker), (record.maker_account, -taker)):
            owner = self._ledger.owner(record.source, account)
            if owner is None:
                self._violations.add(record, f"trades for account {account!r}, which was never opened")
            elif owner == "firm":
                self._trade((record.source, account, book.symbol), book, lots, record.price_ticks, record.at_ns)

    def take(self, record: Position, book: Book) -> bool:
        """What the venue says a position is; True if it changed other than by a fill (liquidation took it over)."""
        if self._ledger.owner(record.source, record.account) != "firm":
            return False
        key = (record.source, record.account, record.symbol)
        known = self._lots.get(key, 0)
        if record.contracts == known:
            return False
        if record.event != "liquidation":
            told = f"{record.account} holds {record.contracts} lots of {record.symbol}"
            self._violations.add(record, f"says that {told}, but its fills come to {known}")
        self._lots[key] = record.contracts
        self._costs[key] = Fraction(record.entry_price_ticks) * record.contracts
        self._show(key, book, record.at_ns)
        return True

    def mark(self, record: MarkPrice, book: Book) -> None:
        """The venue's mark price from now on."""
        key = (record.source, record.symbol)
        step = self.mark_prices.get(key)
        if step is None:
            step = self.mark_prices[key] = Step(float("nan"))
        step.set(record.at_ns, record.price_ticks * book.tick)

    def roll(self) -> None:
        """Begin the next stretch."""
        for steps in self.positions.values():
            steps.amount.roll()
            steps.cost.roll()
        for step in self.mark_prices.values():
            step.roll()

    def _trade(self, key: Key, book: Book, lots: int, ticks: int, at_ns: int) -> None:
        held, cost = self._lots.get(key, 0), self._costs.get(key, Fraction(0))
        if held * lots < 0:  # closes the older contracts at their average cost, then opens on the other side
            closed = -held if abs(lots) > abs(held) else lots
            cost += cost / held * closed
            held, lots = held + closed, lots - closed
        self._lots[key] = held + lots
        self._costs[key] = cost + ticks * lots
        self._show(key, book, at_ns)

    def _show(self, key: Key, book: Book, at_ns: int) -> None:
        steps = self.positions.get(key)
        if steps is None:
            steps = self.positions[key] = PositionSteps(book, Step(), Step())
        steps.amount.set(at_ns, float(self._lots[key] * book.lot))
        steps.cost.set(at_ns, float(self._costs[key] * book.lot) * book.tick)
