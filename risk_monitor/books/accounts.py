"""Accounts at exchanges: balances from snapshots and events, held against the fills that should explain them."""

from __future__ import annotations

from decimal import Decimal

from risk_monitor.agenda import NEVER_NS, Agenda, Job
from risk_monitor.books.holdings import MAX_ASSETS, ZERO, Holdings
from risk_monitor.books.pnl import ProfitBook
from risk_monitor.books.suspense import Seen, Suspense
from risk_monitor.connectors.domain import AccountSnapshot, BalanceChange, Fill
from risk_monitor.telemetry import Telemetry


class Ledgers:
    """What every account writes to."""

    __slots__ = ("holdings", "profit", "suspense", "telemetry")

    def __init__(self, holdings: Holdings, profit: ProfitBook, suspense: Suspense, telemetry: Telemetry) -> None:
        self.holdings = holdings
        self.profit = profit
        self.suspense = suspense
        self.telemetry = telemetry


class ExchangeAccount:
    """One account (master or sub-account) at one exchange.

    A balance may change by a fill, by a ``balanceUpdate``, or for no reason the venue has given. Balances and reasons
    arrive in either order; what is still without a reason after ``fills_ns`` goes to the suspense account.
    ``seen_ns`` is when the request left whose reply gave the last complete snapshot, -1 before the first.
    """

    __slots__ = (
        "_agenda",
        "_fills_ns",
        "_job",
        "_last_trade",
        "_ledgers",
        "_pairs",
        "_source",
        "_unexplained",
        "_update_ms",
        "catching_up",
        "name",
        "seen_ns",
        "totals",
        "venue",
    )

    def __init__(
        self, venue: str, name: str, pairs: dict[str, tuple[str, str]], fills_ns: int, agenda: Agenda, ledgers: Ledgers
    ) -> None:
        self.venue = venue
        self.name = name
        self.totals: dict[str, Decimal] = {}
        self.seen_ns = -1
        self.catching_up = 0
        self._pairs = pairs
        self._fills_ns = fills_ns
        self._agenda = agenda
        self._ledgers = ledgers
        self._job = Job(self._review)
        self._last_trade: dict[str, int] = {}
        self._unexplained: dict[str, Decimal] = {}
        self._update_ms = -1
        self._source = ""

    @property
    def is_settled(self) -> bool:
        """Whether every change of the balances has its reason."""
        return not self._unexplained

    @property
    def is_known(self) -> bool:
        return self.seen_ns >= 0

    def evidence(self) -> str:
        return (
            f"{self.venue} account {self.name} {self._source}"
            if self._source
            else f"{self.venue} account {self.name} unseen"
        )

    def on_reply(self, now_ns: int, departed_ns: int, snapshot: AccountSnapshot) -> bool:
        """Take the reply to an account request; True if it tells of changes that no event had told of."""
        first = not self.is_known
        self.seen_ns = departed_ns
        if not first and snapshot.update_ms < self._update_ms:
            return False
        changed = self._adopt(now_ns, snapshot, first)
        self._source = f"GET /api/v3/account updateTime={snapshot.update_ms}"
        if first:
            self._ledgers.holdings.place_seen(now_ns)
        return changed and not first

    def on_event(self, now_ns: int, snapshot: AccountSnapshot) -> None:
        """Take an ``outboundAccountPosition``. Before the first snapshot there is nothing to add it to."""
        if self.is_known and snapshot.update_ms >= self._update_ms and self._adopt(now_ns, snapshot, False):
            self._source = f"outboundAccountPosition u={snapshot.update_ms}"

    def on_change(self, now_ns: int, change: BalanceChange) -> None:
        """Take a ``balanceUpdate``: value entered or left other than by a trade."""
        if self.is_known:
            self._explain(now_ns, change.asset, change.change)
            self._transferred(now_ns, change.asset, change.change)

    def on_fill(self, now_ns: int, fill: Fill) -> bool:
        """Take a trade, once, whichever way it was told; True if it was not told before."""
        legs = self._pairs.get(fill.symbol)
        if legs is None or fill.trade_id <= self._last_trade.get(fill.symbol, -1):
            return False
        self._last_trade[fill.symbol] = fill.trade_id
        if not self.is_known:
            return True
        base, quote = legs
        if fill.is_buy:
            received, quantity, delivered, paid = base, fill.quantity, quote, fill.quote_quantity
        else:
            received, quantity, delivered, paid = quote, fill.quote_quantity, base, fill.quantity
        self._explain(now_ns, delivered, -paid)
        profit = self._ledgers.profit
        if fill.fee_asset == received:
            quantity -= fill.fee
        elif fill.fee:
            self._explain(now_ns, fill.fee_asset, -fill.fee)
            profit.pay(self.venue, self.name, fill.fee_asset, float(fill.fee))
        self._explain(now_ns, received, quantity)
        value_usd = profit.value(quote, float(fill.quote_quantity))
        profit.trade(self.venue, self.name, received, float(quantity), delivered, float(paid), value_usd)
        return True

    def _adopt(self, now_ns: int, snapshot: AccountSnapshot, first: bool) -> bool:
        self._update_ms = snapshot.update_ms
        totals = self.totals
        changed = False
        for balance in snapshot.balances:
            total = balance.free + balance.locked
            known = totals.get(balance.asset, ZERO)
            if total != known:
                if balance.asset not in totals and len(totals) >= MAX_ASSETS:
                    continue
                changed = True
                self._set(now_ns, balance.asset, total, total - known, first)
        if snapshot.is_complete:
            named = {balance.asset for balance in snapshot.balances}
            for asset in [asset for asset, total in totals.items() if total and asset not in named]:
                changed = True
                self._set(now_ns, asset, ZERO, -totals[asset], first)
        return changed

    def _set(self, now_ns: int, asset: str, total: Decimal, change: Decimal, first: bool) -> None:
        self.totals[asset] = total
        self._ledgers.holdings.shift(now_ns, asset, change)
        if first:
            self._ledgers.profit.move(self.venue, self.name, asset, float(total))
        else:
            self._explain(now_ns, asset, -change)

    def _explain(self, now_ns: int, asset: str, reason: Decimal) -> None:
        """Add a reason for a change (or, negative, a change that wants one)."""
        unexplained = self._unexplained
        self._ledgers.suspense.await_reason(asset, -reason)
        rest = unexplained.get(asset, ZERO) - reason
        if rest:
            unexplained[asset] = rest
            if self._job.due_ns == NEVER_NS:
                self._agenda.arm(self._job, now_ns + self._fills_ns)
        else:
            unexplained.pop(asset, None)
            if not unexplained:
                self._agenda.cancel(self._job)

    def _review(self, now_ns: int) -> None:
        if not self._unexplained:
            return
        if self.catching_up:
            self._agenda.arm(self._job, now_ns + self._fills_ns)
            return
        changes = list(self._unexplained.items())
        self._unexplained.clear()
        for asset, change in changes:
            self._ledgers.telemetry.unexplained_changes += 1
            self._ledgers.suspense.await_reason(asset, -change)
            self._transferred(now_ns, asset, change)

    def _transferred(self, now_ns: int, asset: str, change: Decimal) -> None:
        self._ledgers.profit.move(self.venue, self.name, asset, float(change))
        self._ledgers.suspense.enter(now_ns, Seen.AT_EXCHANGE, self.venue, self.name, asset, change)
