"""Running balance: what an account should hold by what it was first seen to hold and everything told of it since.

Views and events travel different ways. Whatever reached the monitor before the request for a view left must be in that
view, since it had happened before; what reached it later is in the view if the venue's own clock says that it happened
no later than the view's last change.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import NamedTuple

from risk_monitor.books.holdings import MAX_ASSETS, ZERO
from risk_monitor.connectors.domain import Fill

MAX_REASONS = 8_192
"""Beyond this many since the last view the oldest are taken to be in the next one."""
MAX_TRADES = 8_192

BOOKED_AFTER_NS = 86_400_000_000_000
"""A difference that has stood unchanged that long is booked: the balance begins anew with what is shown."""


class View(NamedTuple):
    """What the reply to a request that left at ``departed_ns`` showed: free + locked of every asset."""

    departed_ns: int
    update_ms: int
    totals: dict[str, Decimal]


class _Reason(NamedTuple):
    told_ns: int
    time_ms: int
    asset: str
    amount: Decimal


class RunningBalance:
    """One account at one exchange. It begins with the first view asked for after its stream was opened, and anew when
    the stream has been: what happened in between was not told."""

    __slots__ = (
        "_balance",
        "_begun_ms",
        "_difference",
        "_difference_ns",
        "_pairs",
        "_reasons",
        "_since_ns",
        "_trades",
    )

    def __init__(self, pairs: dict[str, tuple[str, str]]) -> None:
        self._pairs = pairs
        self._balance: dict[str, Decimal] | None = None
        self._reasons: deque[_Reason] = deque()
        self._trades: dict[tuple[str, int], None] = {}
        self._since_ns: int | None = None
        self._begun_ms = 0
        self._difference: dict[str, Decimal] = {}
        self._difference_ns = 0

    @property
    def is_begun(self) -> bool:
        return self._balance is not None

    def is_too_old(self, departed_ns: int) -> bool:
        """Whether a view asked for then is no use to begin with, though one is wanted."""
        return self._balance is None and self._since_ns is not None and departed_ns < self._since_ns

    def opened(self, now_ns: int) -> None:
        """Events of the account are told from now on."""
        self._since_ns = now_ns
        self._balance = None
        self._reasons.clear()

    def closed(self) -> None:
        self._since_ns = None
        self._balance = None
        self._reasons.clear()

    def flow(self, now_ns: int, time_ms: int, asset: str, amount: Decimal) -> None:
        """Value entered (> 0) or left the account other than by a trade."""
        if self._since_ns is None:
            return
        self._reasons.append(_Reason(now_ns, time_ms, asset, amount))
        if len(self._reasons) > MAX_REASONS:
            self._take(self._reasons.popleft())

    def fill(self, now_ns: int, fill: Fill, is_listed: bool = False) -> None:
        """A trade was told of; a trade id counts once. ``is_listed``: by a list of trades, which may go further back
        than the balance."""
        if self._since_ns is None:
            return
        legs = self._pairs.get(fill.symbol)
        key = (fill.symbol, fill.trade_id)
        if legs is None or key in self._trades or (is_listed and fill.time_ms <= self._begun_ms):
            return
        self._trades[key] = None
        if len(self._trades) > MAX_TRADES:
            del self._trades[next(iter(self._trades))]
        base, quote = legs
        sign = 1 if fill.is_buy else -1
        self.flow(now_ns, fill.time_ms, base, sign * fill.quantity)
        self.flow(now_ns, fill.time_ms, quote, -sign * fill.quote_quantity)
        if fill.fee:
            self.flow(now_ns, fill.time_ms, fill.fee_asset, -fill.fee)

    def judge(self, now_ns: int, view: View) -> dict[str, Decimal] | None:
        """The difference between a view and the running balance, per asset that differs; None if the view can only be
        begun with. Views are judged in the order in which they were asked for, once their events have had time to
        arrive."""
        if self._since_ns is None or view.departed_ns < self._since_ns:
            return None
        if self._balance is None:
            self._begin(view)
            return None
        while self._reasons and self._reasons[0].told_ns <= view.departed_ns:
            self._take(self._reasons.popleft())
        expected = dict(self._balance)
        for reason in self._reasons:
            if reason.time_ms <= view.update_ms:
                expected[reason.asset] = expected.get(reason.asset, ZERO) + reason.amount
        difference: dict[str, Decimal] = {}
        for asset in dict.fromkeys([*expected, *view.totals]):
            rest = view.totals.get(asset, ZERO) - expected.get(asset, ZERO)
            if rest:
                difference[asset] = rest
        if difference != self._difference:
            self._difference = difference
            self._difference_ns = now_ns
        elif difference and now_ns - self._difference_ns >= BOOKED_AFTER_NS:
            self._begin(view)
            return {}
        return difference

    def _begin(self, view: View) -> None:
        self._balance = {asset: total for asset, total in view.totals.items() if total}
        self._begun_ms = view.update_ms
        self._difference = {}
        self._reasons = deque(
            reason for reason in self._reasons if reason.told_ns > view.departed_ns and reason.time_ms > view.update_ms
        )

    def _take(self, reason: _Reason) -> None:
        balance = self._balance
        if balance is not None and (reason.asset in balance or len(balance) < MAX_ASSETS):
            balance[reason.asset] = balance.get(reason.asset, ZERO) + reason.amount
