"""Account views: what an account is shown of its balances and trades. The truth, unless a fault paints over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from simulators.exchange.core import Exchange
from simulators.exchange.order import Trade

Where = Literal["rest", "stream"]
Balances = list[tuple[str, int, int]]


class BalancePainter(Protocol):
    """A fault that shows balances other than they are."""

    def paint(self, account: str, asset: str, free: int, held: int, where: Where) -> tuple[int, int]:
        """``(free, held)`` to be shown, in smallest units, for what would be shown without it."""

    def updated_ms(self, account: str, at_ms: int) -> int:
        """When the balances are said to have last changed, for what would be said without it."""


class TradeHider(Protocol):
    """A fault that leaves trades out of the list of an account's own."""

    def hides(self, account: str, trade: Trade) -> bool: ...


class AccountViews:
    """What one exchange shows its accounts of themselves. Without ``painters`` it is the truth, and nobody need ask."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.painters: tuple[BalancePainter, ...] = ()
        self._hiders: tuple[TradeHider, ...] = ()

    def add_painter(self, painter: BalancePainter) -> None:
        self.painters = (*self.painters, painter)

    def remove_painter(self, painter: BalancePainter) -> None:
        self.painters = tuple(other for other in self.painters if other is not painter)

    def add_hider(self, hider: TradeHider) -> None:
        self._hiders = (*self._hiders, hider)

    def remove_hider(self, hider: TradeHider) -> None:
        self._hiders = tuple(other for other in self._hiders if other is not hider)

    def balances(self, account: str) -> Balances:
        """``(asset, free, held)`` of every asset as a reply shows it; smallest units."""
        balances = self._exchange.balances(account)
        if not self.painters:
            return balances
        return [(asset, *self._painted(account, asset, free, held, "rest")) for asset, free, held in balances]

    def streamed(self, account: str, asset: str, free: int, held: int) -> tuple[int, int]:
        """``(free, held)`` as the stream shows what really is ``free`` and ``held``."""
        return self._painted(account, asset, free, held, "stream")

    def updated_ms(self, account: str, at_ms: int) -> int:
        """When balances that last changed at ``at_ms`` are said to have changed."""
        for painter in self.painters:
            at_ms = painter.updated_ms(account, at_ms)
        return at_ms

    def trades(self, account: str) -> Sequence[Trade]:
        """Recent trades of the account as a reply lists them, oldest first."""
        trades = self._exchange.account_trades(account)
        for hider in self._hiders:
            trades = [trade for trade in trades if not hider.hides(account, trade)]
        return trades

    def _painted(self, account: str, asset: str, free: int, held: int, where: Where) -> tuple[int, int]:
        for painter in self.painters:
            free, held = painter.paint(account, asset, free, held, where)
        return free, held
