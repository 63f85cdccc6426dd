"""Tape: what the orders of one account did, in the order in which it was told, handed to whoever judges conduct."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from risk_monitor.connectors.domain import Fill, OrderUpdate

OnFill = Callable[[int, Fill], None]
OnOrder = Callable[[int, OrderUpdate], None]
OnSight = Callable[[int, bool], None]


class AccountTape:
    """Each fill once, whichever way it was told, and each change of an order without a fill. ``pairs`` gives the pair
    of a symbol; what names another symbol is not handed on.

    ``is_live``: the account's events are subscribed to. While it is not, orders can do things that nobody tells;
    ``sights`` are told when that changes.
    """

    __slots__ = ("account", "fills", "is_live", "orders", "pairs", "sights", "venue")

    def __init__(self, venue: str, account: str, pairs: Mapping[str, str]) -> None:
        self.venue = venue
        self.account = account
        self.pairs = pairs
        self.is_live = False
        self.fills: tuple[OnFill, ...] = ()
        self.orders: tuple[OnOrder, ...] = ()
        self.sights: tuple[OnSight, ...] = ()

    @property
    def subject(self) -> str:
        return f"{self.venue}:{self.account}"

    def on_fill(self, now_ns: int, fill: Fill) -> None:
        if fill.symbol in self.pairs:
            for listener in self.fills:
                listener(now_ns, fill)

    def on_order(self, now_ns: int, update: OrderUpdate) -> None:
        if update.symbol in self.pairs:
            for listener in self.orders:
                listener(now_ns, update)

    def set_live(self, now_ns: int, is_live: bool) -> None:
        if is_live != self.is_live:
            self.is_live = is_live
            for listener in self.sights:
                listener(now_ns, is_live)
