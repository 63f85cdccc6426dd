"""Exchange: a matching venue with finite liquidity and accounts whose value always adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulators.exchange.config import ExchangeConfig
from simulators.exchange.order import Order, Trade
from simulators.exchange.types import ExchangeObserver, Listing, OrderType, Side, TimeInForce
from simulators.ledger import Ledger, Owner
from simulators.ports import Audit, Clock


class Exchange:
    """One venue: listings, their books, the street behind them, and the accounts of those who trade there.

    Accounts it opens itself: ``external``, ``street``, ``fees`` (owner ``venue``), ``settling`` (owner ``transit``).
    Amounts are smallest units (8 decimals), prices ticks, quantities lots. ``index`` is a listing's place in ``listings``.
    """

    name: str
    listings: tuple[Listing, ...]
    ledger: Ledger
    observer: ExchangeObserver | None

    def __init__(self, config: ExchangeConfig, clock: Clock, audit: Audit) -> None:
        raise NotImplementedError

    def open_account(self, name: str, owner: Owner, opening: Mapping[str, str] | None = None) -> None:
        """Open an account with opening balances (asset → decimal string)."""
        raise NotImplementedError

    def requote(self, index: int, reference_price: float, cause: int = 0) -> None:
        """Move the street to a reference price (quote per base); it fills the client orders it now crosses."""
        raise NotImplementedError

    def adjust_street(
        self, index: int, half_spread_multiplier: float = 1.0, capacity_multiplier: float = 1.0, cause: int = 0
    ) -> None:
        """Widen the street's spread or scale its liquidity, from now on and until the next call (1, 1 is normal)."""
        raise NotImplementedError

    def place(
        self,
        account: str,
        index: int,
        side: Side,
        type: OrderType,
        time_in_force: TimeInForce,
        price_ticks: int,
        quantity_lots: int,
        quote_quantity: int = 0,
        client_order_id: str = "",
        cause: int = 0,
    ) -> Order:
        """Take an order: match it, then rest or expire what is left. Rejected with Binance's code and text."""
        raise NotImplementedError

    def cancel(
        self,
        account: str,
        index: int,
        order_id: int | None = None,
        client_order_id: str | None = None,
        cause: int = 0,
    ) -> Order:
        """Take an open order out of the book. Rejected(-2011, "Unknown order sent.") if it is not there."""
        raise NotImplementedError

    def cancel_all(self, account: str, index: int, cause: int = 0) -> list[Order]:
        """Cancel every open order of the account in one listing, oldest first (an empty list if there is none)."""
        raise NotImplementedError

    def top(self, index: int) -> tuple[int, int, int, int]:
        """``(bid_ticks, bid_lots, ask_ticks, ask_lots)``; 0 ticks and lots where a side is empty."""
        raise NotImplementedError

    def depth(self, index: int, levels: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """``(bids, asks)``, each ``(ticks, lots)`` from the best price outwards, clients and street merged."""
        raise NotImplementedError

    def balance(self, account: str, asset: str) -> tuple[int, int]:
        """``(free, held)`` in smallest units. KeyError for an unknown account."""
        raise NotImplementedError

    def balances(self, account: str) -> list[tuple[str, int, int]]:
        """``(asset, free, held)`` of every asset the account has ever had, sorted by asset."""
        raise NotImplementedError

    def open_orders(self, account: str, index: int | None = None) -> list[Order]:
        """Orders of the account that rest in the book, oldest first; of all listings if ``index`` is None."""
        raise NotImplementedError

    def order(
        self, account: str, index: int | None, order_id: int | None = None, client_order_id: str | None = None
    ) -> Order | None:
        """An open or recently closed order (any listing if ``index`` is None), or None.

        It can be asked for from within an observer's call about it.
        """
        raise NotImplementedError

    def closed_orders(self, account: str) -> Sequence[Order]:
        """Recently closed orders of the account, in the order they closed; the oldest are forgotten."""
        raise NotImplementedError

    def account_trades(self, account: str) -> Sequence[Trade]:
        """Recent trades of the account, oldest first; its last one is the fill an observer is being told of."""
        raise NotImplementedError

    def trades(self, index: int) -> Sequence[Trade]:
        """Recent trades of one listing, oldest first."""
        raise NotImplementedError

    def transfer(self, asset: str, from_account: str, to_account: str, amount: int, reason: str, cause: int = 0) -> int:
        """Move value between accounts and return the posting's record number. Overdraft if it is not free."""
        raise NotImplementedError
