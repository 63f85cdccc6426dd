"""Custody as it was shown: what the vault holds, and the transactions that must have made it so."""

from __future__ import annotations

from decimal import Decimal

from correlator.truth.measures.reconciliation import Reconciliation
from correlator.truth.measures.visibility import AccountSight, Holdings
from correlator.truth.shown.asked import Asked
from correlator.truth.shown.payloads import TRANSACTIONS, VAULT_VIEW, Transaction, read
from correlator.truth.shown.running_balance import Amounts, Change, RunningBalance, View

VAULT = "VAULT_ACCOUNT"
VIEW = "/v1/vault/accounts_paged"
LIST = "/v1/transactions"
_MOST_TRANSACTIONS = 65_536  # whose moved amount is remembered, the oldest forgotten
_MOST_EARLY = 4_096
_FULL_PAGE = 200  # entries: more may follow
_ZERO = Decimal(0)
_NS_PER_MS = 1_000_000


class Custody:
    """The firm's vault at one custodian. Its views do not say when they were taken: at some moment while they were
    asked for. What made them so is known once the transactions have been listed that were asked for after a view; one
    that is asked for again before that was only a step on the way.
    """

    def __init__(
        self,
        venue: str,
        account: str,
        reconciliation: Reconciliation | None,
        holdings: Holdings | None,
        sight: AccountSight | None,
    ) -> None:
        self._venue = venue
        self._account = account
        self._reconciliation = reconciliation
        self._holdings = holdings
        self._sight = sight
        self._balance: RunningBalance | None = None
        self._early: list[Change] = []
        self._moved: dict[str, Decimal] = {}
        self._open: tuple[int, int, View] | None = None  # when it came, in which record, what it shows

    def replied(self, at_ns: int, asked: Asked, body: bytes, seq: int) -> None:
        """A good reply to a request for custody data reached the monitor."""
        if self._sight is not None:
            self._sight.seen(at_ns)
        path = asked.target.partition("?")[0]
        if path == VIEW and (view := read(VAULT_VIEW, body)) is not None:
            shown: Amounts = {}
            for account in view.accounts:
                for asset in account.assets:
                    shown[asset.id] = shown.get(asset.id, _ZERO) + asset.total
            self._view(at_ns, View(asked.at_ns, asked.at_ns, at_ns, shown), seq)
        elif path == LIST and (listed := read(TRANSACTIONS, body)) is not None:
            for transaction in listed:
                self._take(at_ns, transaction)
            if len(listed) < _FULL_PAGE:
                self._compare(at_ns, asked.at_ns)

    def _view(self, at_ns: int, view: View, seq: int) -> None:
        if self._holdings is not None:
            held = {asset: bool(amount) for asset, amount in view.balances.items()}
            self._holdings.shown(at_ns, self._venue, self._account, held, is_whole=True)
        if self._balance is not None:
            self._open = (at_ns, seq, view)
            return
        self._balance = RunningBalance(view)
        for change in self._early:
            self._balance.add(change)
        self._early.clear()

    def _take(self, at_ns: int, transaction: Transaction) -> None:
        """A transaction was listed; what it has moved since it was last is a change."""
        is_in, is_out = transaction.destination.type == VAULT, transaction.source.type == VAULT
        if is_in == is_out:
            return
        extra, amounts = transaction.extra_parameters, transaction.amount_info
        if extra is not None and extra.settlement is not None:
            moved = amounts.net_amount
        else:
            moved = amounts.amount if transaction.status == "COMPLETED" else _ZERO
        before = self._moved.pop(transaction.id, _ZERO)
        if len(self._moved) >= _MOST_TRANSACTIONS:
            del self._moved[next(iter(self._moved))]
        self._moved[transaction.id] = moved
        if moved == before:
            return
        amount = moved - before if is_in else before - moved
        change = Change(at_ns, transaction.last_updated * _NS_PER_MS, {transaction.asset_id: amount})
        if self._balance is not None:
            self._balance.add(change)
        elif len(self._early) < _MOST_EARLY:
            self._early.append(change)

    def _compare(self, at_ns: int, asked_ns: int) -> None:
        """All transactions were listed at ``at_ns``, as was asked at ``asked_ns``."""
        if self._open is None or self._balance is None or asked_ns < self._open[0]:
            return
        _, seq, view = self._open
        self._open = None
        if self._reconciliation is not None:
            self._reconciliation.compared(at_ns, seq, self._account, self._balance.compare(view, at_ns))
