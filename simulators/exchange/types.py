"""Exchange vocabulary: orders, their life, and what the core tells whoever publishes it."""

from __future__ import annotations

import enum
from typing import Protocol

import msgspec


class Side(enum.IntEnum):
    """Which side of the book an order takes: BUY bids, SELL asks."""

    BUY = 1
    SELL = -1


class OrderType(enum.IntEnum):
    LIMIT = 0
    MARKET = 1


class TimeInForce(enum.IntEnum):
    """GTC rests; IOC trades what it can and expires; FOK trades all or nothing; GTX (post-only) never takes."""

    GTC = 0
    IOC = 1
    FOK = 2
    GTX = 3


class OrderStatus(enum.IntEnum):
    NEW = 0
    PARTIALLY_FILLED = 1
    FILLED = 2
    CANCELED = 3
    EXPIRED = 4
    REJECTED = 5


class Rejected(Exception):
    """The venue refuses an order or a cancel. ``code`` and text are the dialect's own (Binance: -2010, …)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Listing(msgspec.Struct, frozen=True):
    """One traded pair. Prices are integers of ``tick_size`` (quote per base), quantities of ``lot_size`` (base)."""

    symbol: str  # BASE/QUOTE
    base: str
    quote: str
    tick_size: str  # decimal string
    lot_size: str  # decimal string
    min_notional: str  # decimal string, quote
    maker_fee_bp: float
    taker_fee_bp: float


class ExchangeObserver(Protocol):
    """What the core tells its production API as it happens. Called inline, in order; must not call back."""

    def on_top(self, index: int, cause: int) -> None:
        """The best bid or ask of a book changed, or the street confirmed it."""

    def on_trade(
        self, index: int, trade_id: int, price_ticks: int, quantity_lots: int, buyer_is_maker: bool, cause: int
    ) -> None: ...

    def on_order(self, account: str, order_id: int, execution: str, cause: int) -> None:
        """An order of ``account`` changed: ``execution`` is NEW, TRADE, CANCELED, EXPIRED or REJECTED."""

    def on_balance(self, account: str, assets: tuple[str, ...], cause: int) -> None:
        """Free or held balances of ``account`` changed."""
