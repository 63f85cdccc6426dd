"""User data: what an account's owner is told as it happens, over the WebSocket API at ``/ws-api/v3``.

A session subscribes with an API key and gets, for that account, a report of every change of its orders, its balances
when they change, and a balance update for every change that no trade explains (deposit, withdrawal, transfer).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import msgspec

from simulators.exchange.api import account_events as events
from simulators.exchange.api.account_views import AccountViews
from simulators.exchange.api.pairs import Pair, Pairs
from simulators.exchange.api.topic import Push, Withholder
from simulators.exchange.api.venue_clock import VenueClock
from simulators.exchange.core import Exchange
from simulators.exchange.order import Order, Trade
from simulators.exchange.types import Side
from simulators.ledger import to_text

_NS_PER_MS = 1_000_000


class EventWithholder(NamedTuple):
    """A fault that withholds the events of ``accounts`` (none named: of all), and is told of each."""

    withhold: Withholder
    accounts: tuple[str, ...]


class FillEditor(Protocol):
    """A fault that changes what an account is told of its fills."""

    def edit(self, account: str, told: tuple[Trade, ...]) -> tuple[Trade, ...]:
        """The trades to tell of, in their order, for those that would be told of without it.

        One that stands there twice is told of in the same words.
        """


class Subscription:
    """One session's subscription to one account; ``push`` sends a frame to the session's client."""

    __slots__ = ("_head", "_push", "account", "number")

    def __init__(self, number: int, account: str, push: Push) -> None:
        self._push = push
        self._head = f'{{"subscriptionId":{number},"event":'.encode()
        self.number = number
        self.account = account

    def send(self, event: bytes, cause: int) -> None:
        self._push(self._head + event + b"}", cause)


class UserData:
    """All subscriptions of a venue, by account; an account without one costs a lookup."""

    def __init__(self, exchange: Exchange, pairs: Pairs, clock: VenueClock) -> None:
        self.views = AccountViews(exchange)
        self._exchange = exchange
        self._pairs = pairs
        self._clock = clock
        self._subscriptions: dict[str, tuple[Subscription, ...]] = {}
        self._known_totals: dict[str, dict[str, int]] = {}
        self._updated_ms: dict[str, int] = {}
        self._withholders: tuple[EventWithholder, ...] = ()
        self._editors: tuple[FillEditor, ...] = ()
        self._execution_id = 0
        self._cancel_name = ""

    def subscribe(self, subscription: Subscription) -> None:
        account = subscription.account
        before = self._subscriptions.get(account, ())
        if not before:
            balances = self._exchange.balances(account)
            self._known_totals[account] = {asset: free + held for asset, free, held in balances}
        self._subscriptions[account] = (*before, subscription)

    def unsubscribe(self, subscription: Subscription) -> None:
        account = subscription.account
        left = tuple(other for other in self._subscriptions.get(account, ()) if other is not subscription)
        if left:
            self._subscriptions[account] = left
        else:
            self._subscriptions.pop(account, None)
            self._known_totals.pop(account, None)

    def is_told(self, account: str) -> bool:
        """Whether anybody has subscribed to the account."""
        return account in self._subscriptions

    def withhold(self, withholders: tuple[EventWithholder, ...]) -> None:
        """Withhold events from now on on behalf of these faults; none of them ends it."""
        self._withholders = withholders

    def add_editor(self, editor: FillEditor) -> None:
        self._editors = (*self._editors, editor)

    def remove_editor(self, editor: FillEditor) -> None:
        self._editors = tuple(other for other in self._editors if other is not editor)

    def updated_ms(self, account: str) -> int:
        """When the account's balances last changed, 0 if they never did, as a reply says it."""
        updated_ms = self._updated_ms.get(account, 0)
        return self.views.updated_ms(account, updated_ms) if self.views.painters else updated_ms

    @contextmanager
    def cancelling(self, name: str) -> Iterator[None]:
        """Reports of orders cancelled meanwhile bear the name of the cancel."""
        self._cancel_name = name
        try:
            yield
        finally:
            self._cancel_name = ""

    def on_order(self, order: Order, execution: str, cause: int) -> None:
        """An order became NEW, CANCELED or EXPIRED."""
        subscriptions = self._subscriptions.get(order.account)
        if subscriptions is not None:
            self._send(subscriptions, self._written(order, execution, None), cause)

    def on_fill(self, trade: Trade, order: Order, cause: int) -> None:
        """An order traded."""
        subscriptions = self._subscriptions.get(order.account)
        if subscriptions is not None:
            pair = self._pairs.all[trade.index]
            self._expect(order.account, pair, trade, as_taker=trade.taker_order == order.order_id)
            if not self._editors:
                self._send(subscriptions, self._written(order, "TRADE", trade), cause)
                return
            told: tuple[Trade, ...] = (trade,)
            for editor in self._editors:
                told = editor.edit(order.account, told)
            self._tell(subscriptions, order, told, cause)

    def tell(self, order: Order, trade: Trade, cause: int) -> None:
        """Report a fill that the exchange knows nothing of."""
        subscriptions = self._subscriptions.get(order.account)
        if subscriptions is not None:
            self._tell(subscriptions, order, (trade,), cause)

    def _tell(self, subscriptions: tuple[Subscription, ...], order: Order, told: tuple[Trade, ...], cause: int) -> None:
        before: Trade | None = None
        event = b""
        for trade in told:
            if trade is not before:
                event = self._written(order, "TRADE", trade)
                before = trade
            self._send(subscriptions, event, cause)

    def _written(self, order: Order, execution: str, trade: Trade | None) -> bytes:
        """The report of what has become of an order."""
        self._execution_id += 1
        report = events.execution_report(
            self._pairs.all[order.index],
            order,
            execution,
            trade,
            self._cancel_name if execution == "CANCELED" else "",
            self._execution_id,
            self._clock.now_ns,
        )
        return msgspec.json.encode(report)

    def on_balance(self, account: str, assets: tuple[str, ...], cause: int) -> None:
        """Balances of an account changed."""
        now_ms = self._clock.now_ns // _NS_PER_MS
        self._updated_ms[account] = now_ms
        subscriptions = self._subscriptions.get(account)
        if subscriptions is None:
            return
        known_totals = self._known_totals[account]
        rows: list[events.AccountBalance] = []
        updates: list[events.BalanceUpdate] = []
        views = self.views
        for asset in assets:
            shown_free, shown_held = free, held = self._exchange.balance(account, asset)
            if views.painters:
                shown_free, shown_held = views.streamed(account, asset, free, held)
            rows.append(events.AccountBalance(asset, to_text(shown_free), to_text(shown_held)))
            unexplained = free + held - known_totals.get(asset, 0)
            if unexplained:
                known_totals[asset] = free + held
                updates.append(events.BalanceUpdate(now_ms, asset, to_text(unexplained), now_ms))
        updated_ms = views.updated_ms(account, now_ms) if views.painters else now_ms
        self._send(subscriptions, msgspec.json.encode(events.AccountPosition(now_ms, updated_ms, rows)), cause)
        for update in updates:
            self._send(subscriptions, msgspec.json.encode(update), cause)

    def _expect(self, account: str, pair: Pair, trade: Trade, as_taker: bool) -> None:
        """Account for what a trade moves, so that it does not look like a transfer."""
        totals = self._known_totals[account]
        base, quote = pair.listing.base, pair.listing.quote
        base_units = trade.quantity_lots * pair.notation.lot_units
        fee = trade.taker_fee if as_taker else trade.maker_fee
        if (trade.taker_side is Side.BUY) == as_taker:
            totals[base] = totals.get(base, 0) + base_units - fee
            totals[quote] = totals.get(quote, 0) - trade.quote_amount
        else:
            totals[base] = totals.get(base, 0) - base_units
            totals[quote] = totals.get(quote, 0) + trade.quote_amount - fee

    def _send(self, subscriptions: tuple[Subscription, ...], event: bytes, cause: int) -> None:
        if self._withholders:
            account = subscriptions[0].account
            concerned = [each for each in self._withholders if not each.accounts or account in each.accounts]
            for withholder in concerned:
                withholder.withhold()
            if concerned:
                return
        for subscription in subscriptions:
            subscription.send(event, cause)
