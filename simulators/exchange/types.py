"""Exchange vocabulary: orders, their life, and what the core tells whoever publishes it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from simulators.exchange.order import Order, Trade


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
    """What the core tells its production API as it happens. Called inline, in order; must not call back.

    One call says all that happened at once, because an exchange under load does little else than report. ``cause`` is
    the number of the record that says the same in the journal. Orders are passed as they stand at that moment.
    """

    def on_top(self, index: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int, cause: int) -> None:
        """The best bid or ask of a book changed, or the street confirmed it. 0 ticks and lots: that side is empty."""

    def on_order(self, order: Order, execution: str, assets: tuple[str, ...], cause: int) -> None:
        """An order became NEW, CANCELED or EXPIRED; its account's balances of ``assets`` changed with that.

        ``assets`` is empty for a NEW order that is going to trade: its balances follow when it has.
        """

    def on_fill(self, trade: Trade, taker: Order | None, maker: Order | None, cause: int) -> None:
        """Two orders traded; None stands for the street. The balances of the maker's account changed with that.

        Those of the taker's account follow when the taker has met everybody it was going to meet.
        """

    def on_balance(self, account: str, assets: tuple[str, ...], cause: int) -> None:
        """Free or held balances of ``account`` changed, and no other call says so."""
