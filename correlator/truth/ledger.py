"""Ledger: every account's balance at every venue, added up from what moved, in exact integers.

The venues keep ledgers too; these are ours. Where history asks for a movement that cannot have happened (a client
overdrawn, a fee larger than the trade, an account nobody opened), the world itself was wrong, and no verdict on a
monitor can rest on it: such ``violations`` are kept for the judge.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from correlator.records import Account, Fill, Listing, Posting, Record

_MOST_VIOLATIONS = 20


class Book(msgspec.Struct, frozen=True):
    """A listing with its sizes in smallest units: of the base per lot, of the quote per lot and tick."""

    venue: str
    symbol: str
    base: str
    quote: str
    tick: float
    lot: Fraction
    base_units_per_lot: Fraction
    quote_units_per_tick_lot: Fraction

    def value(self, ticks_lots: int) -> float:
        """What so many ticks × lots are worth, in whole units of the quote asset."""
        return ticks_lots * self.lot.numerator / self.lot.denominator * self.tick

    @property
    def is_perpetual(self) -> bool:
        """Whether it trades contracts (``BTC/USDT:USDT``) rather than the assets themselves."""
        return ":" in self.symbol


class Violations:
    """What could not have happened, in words; of many, the first few."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def add(self, record: Record, message: str) -> None:
        if len(self.messages) < _MOST_VIOLATIONS:
            self.messages.append(f"record {record.seq} of {record.source}: {message}")


class Ledger:
    """All accounts of all venues. ``firm`` adds up, per asset, what the firm's own accounts hold."""

    def __init__(self, violations: Violations) -> None:
        self._violations = violations
        self._owners: dict[tuple[str, str], str] = {}
        self._balances: dict[tuple[str, str, str], int] = {}
        self.firm: dict[str, int] = {}
        self.settled_to_firm: dict[tuple[str, str], int] = {}  # (venue, asset): postings of reason `settlement`, net

    def open(self, record: Account) -> None:
        key = (record.source, record.account)
        if key in self._owners:
            self._violations.add(record, f"account {record.account} is opened twice")
        self._owners[key] = record.owner

    def owner(self, venue: str, account: str) -> str | None:
        return self._owners.get((venue, account))

    def balance(self, venue: str, account: str, asset: str) -> int:
        return self._balances.get((venue, account, asset), 0)

    def imbalances(self) -> list[str]:
        """Every (venue, asset) that does not add up to zero, in words."""
        totals: dict[tuple[str, str], int] = {}
        for (venue, _, asset), amount in self._balances.items():
            totals[venue, asset] = totals.get((venue, asset), 0) + amount
        return [
            f"{venue}: the ledger of {asset} adds up to {total} smallest units, not 0"
            for (venue, asset), total in sorted(totals.items())
            if total
        ]

    def post(self, record: Posting) -> int:
        """Move value; returns what came to the firm from outside (negative: left), a gain or loss of nobody's.

        Only a deposit or a withdrawal against an ``external`` account is such a flow.
        """
        if record.amount <= 0:
            self._violations.add(record, f"moves {record.amount}, which is not more than 0")
            return 0
        self._move(record, record.asset, record.from_account, record.to_account, record.amount)
        payer, payee = self.owner(record.source, record.from_account), self.owner(record.source, record.to_account)
        if record.reason == "settlement":
            key = (record.source, record.asset)
            gained = record.amount * ((payee == "firm") - (payer == "firm"))
            self.settled_to_firm[key] = self.settled_to_firm.get(key, 0) + gained
            return 0
        if record.reason not in ("deposit", "withdrawal"):
            return 0
        if payer == "external" and payee == "firm":
            return record.amount
        if payer == "firm" and payee == "external":
            return -record.amount
        return 0

    def fill(self, record: Fill, book: Book) -> None:
        """Settle a trade at once: base against quote, and each side's fee out of what it receives."""
        base = record.quantity_lots * book.base_units_per_lot
        quote = record.price_ticks * record.quantity_lots * book.quote_units_per_tick_lot
        if base.denominator != 1 or quote.denominator != 1:
            self._violations.add(record, f"trades {float(base)} and {float(quote)}, no whole smallest units")
        base_units, quote_units = int(base), int(quote)
        if record.taker_side == "buy":
            buyer, seller = record.taker_account, record.maker_account
            buyer_fee, seller_fee = record.taker_fee, record.maker_fee
        else:
            buyer, seller = record.maker_account, record.taker_account
            buyer_fee, seller_fee = record.maker_fee, record.taker_fee
        if not (0 <= buyer_fee <= base_units and 0 <= seller_fee <= quote_units):
            self._violations.add(record, f"charges fees of {buyer_fee} and {seller_fee}, more than was received")
        # Both legs before either is checked: a firm may trade with itself, and both happen at once.
        self._move(record, book.base, seller, buyer, base_units)
        self._move(record, book.quote, buyer, seller, quote_units)
        if buyer_fee:
            self._move(record, book.base, buyer, "fees", buyer_fee)
        if seller_fee:
            self._move(record, book.quote, seller, "fees", seller_fee)

    def _move(self, record: Record, asset: str, payer: str, payee: str, amount: int) -> None:
        venue = record.source
        balances, owners = self._balances, self._owners
        for account, change in ((payer, -amount), (payee, amount)):
            owner = owners.get((venue, account))
            if owner is None:
                self._violations.add(record, f"moves {asset} of account {account!r}, which was never opened")
            key = (venue, account, asset)
            balance = balances[key] = balances.get(key, 0) + change
            if owner == "firm":
                self.firm[asset] = self.firm.get(asset, 0) + change
                if balance < 0:
                    self._violations.add(record, f"leaves {account} with {balance} smallest units of {asset}")


def book_of(record: Listing, scales: dict[str, int]) -> Book:
    """The sizes of a listing in smallest units. KeyError for an asset that was not declared before it."""
    tick, lot = Fraction(record.tick_size), Fraction(record.lot_size)
    return Book(
        venue=record.source,
        symbol=record.symbol,
        base=record.base,
        quote=record.quote,
        tick=float(tick),
        lot=lot,
        base_units_per_lot=lot * 10 ** scales[record.base],
        quote_units_per_tick_lot=tick * lot * 10 ** scales[record.quote],
    )
