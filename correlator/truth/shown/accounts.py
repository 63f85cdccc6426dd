"""Accounts as they were shown: the firm's accounts at one exchange, by their streams of events and by their views."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from heapq import heapify, heappop, heappush

from correlator.header import VenueReads
from correlator.records import Push
from correlator.truth.measures.frozen_account import FrozenAccount
from correlator.truth.measures.reconciliation import Reconciliation
from correlator.truth.measures.visibility import AccountSight, Holdings
from correlator.truth.shown.asked import Asked
from correlator.truth.shown.payloads import (
    ACCOUNT_FRAME,
    ACCOUNT_VIEW,
    ANY_ACCOUNT_FRAME,
    SUBSCRIBE,
    SUBSCRIBE_ANSWER,
    TRADES,
    AccountEvent,
    AccountView,
    Trade,
    read,
)
from correlator.truth.shown.running_balance import Amounts, Change, RunningBalance, View

WAITED_NS = 2_000_000_000
"""For how long after a view what was under way when it was taken is waited for."""

VIEW = "/api/v3/account"
TRADE_LIST = "/api/v3/myTrades"
_MOST_TRADES = 65_536  # ids of trades that are known to have been counted
_MOST_EARLY = 4_096  # changes shown between the opening of a stream and the first view
_ZERO = Decimal(0)
_NS_PER_MS = 1_000_000


class ShownAccount:
    """One account: its running balance while its stream is open, and what its views are held against."""

    def __init__(
        self,
        name: str,
        legs: dict[str, tuple[str, str]],
        reconciliation: Reconciliation | None,
        frozen: FrozenAccount | None,
        sight: AccountSight | None,
    ) -> None:
        self.name = name
        self._legs = legs
        self.frozen = frozen
        self.sight = sight
        self._reconciliation = reconciliation
        self._opened_ns: int | None = None
        self._balance: RunningBalance | None = None
        self._compared_ns = 0  # departure of the last request whose view was compared
        self._early: list[Change] = []
        self._trades: dict[tuple[str, int], None] = {}

    def opened(self, at_ns: int) -> None:
        """Its stream is open."""
        self._opened_ns = at_ns
        self._balance = None
        self._early.clear()

    def closed(self, at_ns: int) -> None:
        """Its stream is not open any more: the balance cannot be followed."""
        self._opened_ns = self._balance = None
        if self._reconciliation is not None:
            self._reconciliation.began_anew(at_ns, self.name)

    def viewed(self, at_ns: int, asked: Asked, view: AccountView) -> View | None:
        """A view reached the monitor. Returned if it is to be compared, once what was under way has come."""
        if self.frozen is not None:
            balances = tuple(sorted((one.asset, one.free, one.locked) for one in view.balances))
            self.frozen.viewed(at_ns, balances, view.update_time)
        shown = {one.asset: one.free + one.locked for one in view.balances}
        updated_ns = view.update_time * _NS_PER_MS
        taken = View(asked.at_ns, updated_ns, updated_ns, shown)
        if self._opened_ns is None or asked.at_ns < self._opened_ns:
            return None
        if self._balance is not None:
            return taken
        self._balance = RunningBalance(taken)
        self._compared_ns = asked.at_ns
        for change in self._early:
            self._balance.add(change)
        self._early.clear()
        if self._reconciliation is not None:
            self._reconciliation.began_anew(at_ns, self.name)
        return None

    def compare(self, at_ns: int, seq: int, view: View) -> None:
        """Hold a view against the running balance; one asked for earlier than the last one compared says nothing."""
        if self._balance is None or self._reconciliation is None or view.asked_ns < self._compared_ns:
            return
        self._compared_ns = view.asked_ns
        self._reconciliation.compared(at_ns, seq, self.name, self._balance.compare(view, at_ns))

    def happened(self, at_ns: int, seq: int, event: AccountEvent) -> None:
        """An event of its stream reached the monitor."""
        if event.e == "executionReport" and event.x == "TRADE":
            if self._is_new(event.s, event.t):
                if self.frozen is not None:
                    self.frozen.filled(at_ns, event.T, seq)
                fee = (event.N, event.n) if event.N is not None and event.n is not None else ("", _ZERO)
                self._change(at_ns, event.T, self._moved(event.s, event.S == "BUY", event.l, event.Y, *fee))
        elif event.e == "balanceUpdate" and isinstance(event.a, str):
            self._change(at_ns, event.T, {event.a: event.d})

    def listed(self, at_ns: int, trade: Trade) -> None:
        """A list of its trades reached the monitor, with this one on it."""
        if self._is_new(trade.symbol, trade.id):
            fee = (trade.commission_asset, trade.commission)
            amounts = self._moved(trade.symbol, trade.is_buyer, trade.qty, trade.quote_qty, *fee)
            self._change(at_ns, trade.time, amounts)

    def _is_new(self, symbol: str, trade_id: int) -> bool:
        if (symbol, trade_id) in self._trades:
            return False
        if len(self._trades) >= _MOST_TRADES:
            del self._trades[next(iter(self._trades))]
        self._trades[symbol, trade_id] = None
        return True

    def _change(self, at_ns: int, happened_ms: int, amounts: Amounts) -> None:
        change = Change(at_ns, happened_ms * _NS_PER_MS, amounts)
        if self._balance is not None:
            self._balance.add(change)
        elif self._opened_ns is not None and len(self._early) < _MOST_EARLY:
            self._early.append(change)

    def _moved(
        self, symbol: str, is_buyer: bool, base_amount: Decimal, quote_amount: Decimal, fee_asset: str, fee: Decimal
    ) -> Amounts:
        """What a trade did to the balances; empty for a symbol that the venue does not list."""
        if symbol not in self._legs:
            return {}
        base, quote = self._legs[symbol]
        sign = 1 if is_buyer else -1
        amounts = {base: sign * base_amount, quote: -sign * quote_amount}
        if fee:
            amounts[fee_asset] = amounts.get(fee_asset, _ZERO) - fee
        return amounts


# When, whether it is a comparison (they come after everything else of their moment), which record, whose, and what.
_Coming = tuple[int, bool, int, ShownAccount, Push | View | tuple[Asked, bytes]]


class ExchangeAccounts:
    """The firm's accounts at one exchange. What reached the monitor of them is taken in order of arrival."""

    def __init__(self, venue: str, holdings: Holdings | None) -> None:
        self._venue = venue
        self._holdings = holdings
        self._accounts: dict[str, ShownAccount] = {}
        self._streams: dict[int, ShownAccount] = {}
        self._coming: list[_Coming] = []

    def add(self, account: ShownAccount) -> None:
        """The monitor reads an account."""
        self._accounts[account.name] = account

    def subscribe(self, stream_id: int, payload: bytes, reads: VenueReads) -> None:
        """The monitor asked for an account's events on a stream."""
        asked = read(SUBSCRIBE, payload)
        account = self._accounts.get(reads.account_of(asked.params.api_key)) if asked is not None else None
        if account is not None:
            self._streams[stream_id] = account

    def push(self, push: Push) -> None:
        """A message was sent on a stream."""
        account = self._streams.get(push.stream_id)
        if account is not None and push.arrives_ns:
            heappush(self._coming, (push.arrives_ns, False, push.seq, account, push))

    def drop(self, stream_id: int, at_ns: int) -> None:
        """What is on its way on a stream from now on reaches nobody."""
        self._keep(lambda one: not (isinstance(one[4], Push) and one[4].stream_id == stream_id and one[0] > at_ns))

    def over(self, stream_id: int, at_ns: int) -> None:
        """A stream is no more."""
        account = self._streams.pop(stream_id, None)
        if account is not None:
            self.settle(at_ns)
            self._keep(lambda one: not (isinstance(one[4], View) and one[3] is account))
            account.closed(at_ns)

    def _keep(self, belongs: Callable[[_Coming], bool]) -> None:
        self._coming = [one for one in self._coming if belongs(one)]
        heapify(self._coming)

    def replied(self, at_ns: int, asked: Asked, body: bytes, seq: int) -> None:
        """A good reply to a request for data of an account reached the monitor."""
        account = self._accounts.get(asked.account)
        if account is not None:
            heappush(self._coming, (at_ns, False, seq, account, (asked, body)))

    def settle(self, known_ns: int) -> None:
        """Take everything that had arrived by ``known_ns``."""
        while self._coming and self._coming[0][0] <= known_ns:
            at_ns, _, seq, account, said = heappop(self._coming)
            if isinstance(said, View):
                account.compare(at_ns, seq, said)
            elif isinstance(said, Push):
                self._hear(at_ns, account, said)
            else:
                self._read(at_ns, seq, account, *said)

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        self.settle(at_ns)
        for account in self._accounts.values():
            if account.frozen is not None:
                account.frozen.finish(at_ns)

    def _hear(self, at_ns: int, account: ShownAccount, push: Push) -> None:
        frame = read(ACCOUNT_FRAME, push.payload)
        if frame is None:
            if read(ANY_ACCOUNT_FRAME, push.payload) is not None:
                self._see(at_ns, account)
            elif (answer := read(SUBSCRIBE_ANSWER, push.payload)) is not None and answer.status == 200:
                account.opened(at_ns)
            return
        self._see(at_ns, account)
        account.happened(at_ns, push.seq, frame.event)
        if frame.event.e == "outboundAccountPosition" and self._holdings is not None:
            held = {one.a: bool(one.f or one.l) for one in frame.event.B}
            self._holdings.shown(at_ns, self._venue, account.name, held, is_whole=False)

    def _read(self, at_ns: int, seq: int, account: ShownAccount, asked: Asked, body: bytes) -> None:
        path = asked.target.partition("?")[0]
        self._see(at_ns, account)
        if path == TRADE_LIST:
            for trade in read(TRADES, body) or ():
                account.listed(at_ns, trade)
        elif path == VIEW and (view := read(ACCOUNT_VIEW, body)) is not None:
            taken = account.viewed(at_ns, asked, view)
            if taken is not None:
                heappush(self._coming, (at_ns + WAITED_NS, True, seq, account, taken))
            if self._holdings is not None:
                held = {one.asset: bool(one.free or one.locked) for one in view.balances}
                self._holdings.shown(at_ns, self._venue, account.name, held, is_whole=True)

    @staticmethod
    def _see(at_ns: int, account: ShownAccount) -> None:
        if account.sight is not None:
            account.sight.seen(at_ns)
