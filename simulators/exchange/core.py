"""Exchange: a matching venue with finite liquidity and accounts whose value always adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulators.exchange.config import ExchangeConfig
from simulators.exchange.market import Market, Top
from simulators.exchange.matching import FEES, STREET
from simulators.exchange.order import Order, Trade
from simulators.exchange.order_entry import OrderEntry, OrderGate
from simulators.exchange.seat import Party
from simulators.exchange.types import Listing
from simulators.ledger import EXTERNAL, Ledger, Owner, to_units
from simulators.ports import Audit, Clock

__all__ = ["FEES", "SETTLING", "STREET", "Exchange", "OrderGate"]

SETTLING = "settling"
"""The account through which the custodian collects and pays profit and loss."""


class Exchange(OrderEntry):
    """One venue: listings, their books, the street behind them, and the accounts of those who trade there.

    Accounts it opens itself: ``external``, ``street``, ``fees`` (owner ``venue``), ``settling`` (owner ``transit``).
    Amounts are smallest units (8 decimals), prices ticks, quantities lots; ``index`` is a listing's place in
    ``listings``. An unknown account is a KeyError: names are the business of whoever checks the client's key.

    ``observer`` is told what happens, ``gate`` sees orders before they are matched; both may be replaced at any time.
    """

    def __init__(self, config: ExchangeConfig, clock: Clock, audit: Audit) -> None:
        unknown = sorted(set(config.street) - {listing.symbol for listing in config.listings})
        if unknown:
            raise ValueError(f"{config.name}: a street is given for {unknown[0]}, which is not listed")
        markets = [
            Market(index, listing, config.street.get(listing.symbol), config.max_open_orders, config.history)
            for index, listing in enumerate(config.listings)
        ]
        super().__init__(config.name, clock, audit, markets)
        self.listings: tuple[Listing, ...] = config.listings
        self.ledger = Ledger(config.name, audit)
        self._history = config.history
        for index, listing in enumerate(config.listings):
            audit.record(
                "listing",
                self.name,
                0,
                listing.symbol,
                index,
                listing.base,
                listing.quote,
                listing.tick_size,
                listing.lot_size,
            )
        self._parties: dict[str, Party] = {}
        self._enter(EXTERNAL)
        self.open_account(STREET, "street")
        self.open_account(FEES, "venue")
        self.open_account(SETTLING, "transit")

    # Accounts

    def open_account(self, name: str, owner: Owner, opening: Mapping[str, str] | None = None) -> None:
        """Open an account with opening balances (asset → decimal string). ValueError if it exists already."""
        self.ledger.open_account(name, owner, {asset: to_units(text) for asset, text in (opening or {}).items()})
        self._enter(name)

    def _enter(self, name: str) -> None:
        party = self._parties[name] = Party(self.ledger.account(name), len(self._markets), self._history)
        for market in self._markets:
            market.seat(party)

    def transfer(self, asset: str, from_account: str, to_account: str, amount: int, reason: str, cause: int = 0) -> int:
        """Move value between accounts and return the posting's record number. Overdraft if it is not free."""
        number = self.ledger.move(asset, from_account, to_account, amount, reason, cause)
        self.observer.on_balance(from_account, (asset,), number)
        self.observer.on_balance(to_account, (asset,), number)
        return number

    def balance(self, account: str, asset: str) -> tuple[int, int]:
        """``(free, held)`` in smallest units; zeros for an asset the account never had."""
        return self.ledger.balance(account, asset)

    def balances(self, account: str) -> list[tuple[str, int, int]]:
        """``(asset, free, held)`` of every listed asset and any other the account ever had, sorted by asset."""
        holdings = self.ledger.account(account).holdings
        return [(asset, holdings[asset].free, holdings[asset].held) for asset in sorted(holdings)]

    # The street

    def requote(self, index: int, reference_price: float, cause: int = 0) -> None:
        """Move the street to a reference price (quote per base); it fills the client orders it now crosses."""
        market = self._markets[index]
        street = market.street
        if street.is_wounded:
            street.recover(self._clock.now_ns)
        street.move(reference_price, self._order_id)
        if market.bids.best is None and market.asks.best is None:
            ladder = street.bids
            bid_ticks, bid_lots = ladder.best_ticks, ladder.best_lots
            ladder = street.asks
            ask_ticks, ask_lots = ladder.best_ticks, ladder.best_lots
            market.top = (bid_ticks, bid_lots, ask_ticks, ask_lots)
            record = self._record
            number = record("quote", self.name, cause, index, bid_ticks, bid_lots, ask_ticks, ask_lots)
            self.observer.on_top(index, bid_ticks, bid_lots, ask_ticks, ask_lots, number)
        else:
            self.let_street_take(market, cause)
            self.publish_top(market, cause, is_confirmed=True)

    def adjust_street(
        self, index: int, half_spread_multiplier: float = 1.0, capacity_multiplier: float = 1.0, cause: int = 0
    ) -> None:
        """Widen the street's spread or scale its liquidity, from now on and until the next call (1, 1 is normal)."""
        street = self._markets[index].street
        street.adjust(half_spread_multiplier, capacity_multiplier)
        if street.reference_price:
            self.requote(index, street.reference_price, cause)

    def half_spread(self, index: int) -> float:
        """The street's nominal half spread, as a fraction of the reference price."""
        return self._markets[index].street.half_spread

    # What can be asked

    def top(self, index: int) -> Top:
        """``(bid_ticks, bid_lots, ask_ticks, ask_lots)``; 0 ticks and lots where a side is empty."""
        return self._markets[index].top

    def depth(self, index: int, levels: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """``(bids, asks)``, each ``(ticks, lots)`` from the best price outwards, clients and street merged."""
        market = self._markets[index]
        return market.bids.depth(levels), market.asks.depth(levels)

    def open_orders(self, account: str, index: int | None = None) -> list[Order]:
        """Orders of the account that rest in the book, oldest first; of all listings if ``index`` is None."""
        books = self._parties[account].open
        if index is not None:
            return list(books[index].values())
        return sorted((order for book in books for order in book.values()), key=lambda order: order.order_id)

    def order(
        self, account: str, index: int | None, order_id: int | None = None, client_order_id: str | None = None
    ) -> Order | None:
        """An open or recently closed order (any listing if ``index`` is None), or None."""
        return self._parties[account].find(index, order_id, client_order_id)

    def closed_orders(self, account: str) -> Sequence[Order]:
        """Recently closed orders of the account, in the order they closed; the oldest are forgotten."""
        return self._parties[account].closed

    def account_trades(self, account: str) -> Sequence[Trade]:
        """Recent trades of the account, oldest first; its last one is the fill an observer is being told of."""
        return self._parties[account].trades

    def trades(self, index: int) -> Sequence[Trade]:
        """Recent trades of one listing, oldest first."""
        return self._markets[index].trades
