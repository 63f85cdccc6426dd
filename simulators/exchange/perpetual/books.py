"""Margin books: every account's positions and wallet at one venue, and the movements of money between them.

Accounts of the venue's own (owner ``venue``): ``clearing`` stands for the other side of every client's profit and
funding, most of it the street's; ``insurance`` takes over positions that nobody will take, receives liquidation fees
and pays what a wallet cannot. Nothing is made or lost: every posting has two ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.exchange.core import Exchange
from simulators.exchange.perpetual.contract import Contract
from simulators.exchange.perpetual.margin import MarginAccount
from simulators.exchange.perpetual.terms import PerpetualTerms
from simulators.ports import Audit, Clock

CLEARING: Final = "clearing"
INSURANCE: Final = "insurance"
DEFAULT_LEVERAGE: Final = 20


class MarginBooks:
    """Contracts, margin accounts and the insurance fund of one exchange."""

    def __init__(self, exchange: Exchange, terms: Mapping[str, PerpetualTerms], clock: Clock, audit: Audit) -> None:
        self.exchange = exchange
        self.contracts = tuple(
            Contract(index, listing, terms[listing.symbol], clock.now_ns)
            for index, listing in enumerate(exchange.listings)
        )
        self.assets = tuple(dict.fromkeys(contract.asset for contract in self.contracts))
        self.accounts: dict[str, MarginAccount] = {}
        self.record = audit.record
        exchange.open_account(CLEARING, "venue")
        exchange.open_account(INSURANCE, "venue")
        self.insurance = MarginAccount(exchange.ledger.account(INSURANCE), len(self.contracts), 1)

    def open_account(self, name: str, opening: Mapping[str, str], leverage: int = DEFAULT_LEVERAGE) -> None:
        """Open a client's margin account: ``opening`` is decimal text by asset, ``leverage`` its first setting."""
        self.exchange.open_account(name, "firm", opening)
        self.accounts[name] = MarginAccount(self.exchange.ledger.account(name), len(self.contracts), leverage)

    def trade(self, margin: MarginAccount, contract: Contract, lots: int, value: int, event: str, cause: int) -> int:
        """Take on contracts (signed) for a value (signed alike); settle and return the profit that this realised."""
        profit = margin.positions[contract.index].trade(lots, value)
        margin.realised[contract.index] += profit
        if profit > 0:
            self.pay(CLEARING, margin.name, contract.asset, profit, "profit", cause)
        else:
            self.pay(margin.name, CLEARING, contract.asset, -profit, "profit", cause)
        self.report(margin, contract, profit, event, cause)
        return profit

    def pay(self, payer: str, payee: str, asset: str, amount: int, reason: str, cause: int) -> None:
        """Move ``amount``; what a client's wallet cannot pay, the insurance fund does."""
        if amount <= 0:
            return
        ledger = self.exchange.ledger
        margin = self.accounts.get(payer)
        if margin is not None:
            own = min(amount, max(0, ledger.balance(payer, asset)[0]))
            if own < amount and payee != INSURANCE:
                ledger.move(asset, INSURANCE, payee, amount - own, "insurance", cause)
            amount = own
        if amount:
            ledger.move(asset, payer, payee, amount, reason, cause)

    def report(self, margin: MarginAccount, contract: Contract, realised: int, event: str, cause: int) -> None:
        """Record a position as it now stands."""
        position = margin.positions[contract.index]
        entry_ticks = position.entry_value() / contract.instrument.value_units
        record, symbol = self.record, contract.listing.symbol
        record("position", self.exchange.name, cause, margin.name, symbol, position.lots, entry_ticks, realised, event)
