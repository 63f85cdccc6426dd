"""Domain events: what a venue has told the monitor, once its dialect has been read.

Amounts of assets are exact decimals; prices are floats. Times of a venue (``…_ms``) are its own clock's.
"""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec


class ConnectorError(ValueError):
    """The remote sent what its documentation does not allow. Counted and shown; never a reason to stop."""


class Balance(msgspec.Struct, frozen=True):
    """One asset of one account at an exchange; ``locked`` is held for open orders."""

    asset: str
    free: Decimal
    locked: Decimal


class AccountSnapshot(msgspec.Struct, frozen=True):
    """Balances of an account as of ``update_ms``. ``is_complete``: assets it does not name are empty; otherwise they
    are unchanged."""

    update_ms: int
    balances: tuple[Balance, ...]
    is_complete: bool


class BalanceChange(msgspec.Struct, frozen=True):
    """Value entered (> 0) or left (< 0) an account other than by a trade."""

    update_ms: int
    asset: str
    change: Decimal


class Fill(msgspec.Struct, frozen=True):
    """A trade of the firm: ``quantity`` of the pair's base at ``price`` of its quote. ``order_quantity`` is that of the
    whole order, 0 where a venue's list of trades does not tell it. ``is_liquidation``: the venue's own order, not the
    firm's."""

    symbol: str
    trade_id: int
    is_buy: bool
    quantity: Decimal
    quote_quantity: Decimal
    price: float
    fee: Decimal
    fee_asset: str
    time_ms: int
    order_id: int = 0
    is_maker: bool = False
    order_quantity: Decimal = Decimal(0)
    client_order_id: str = ""
    is_liquidation: bool = False


class OrderEvent(enum.Enum):
    """What happened to an order other than a trade."""

    ACCEPTED = "accepted"
    CANCELLED = "cancelled"
    OTHER = "expired, replaced or rejected"


class OrderUpdate(msgspec.Struct, frozen=True):
    """An order changed its state without a trade. ``client_order_id`` is the one it was placed under."""

    symbol: str
    order_id: int
    status: str
    event: OrderEvent = OrderEvent.OTHER
    is_buy: bool = True
    quantity: Decimal = Decimal(0)
    client_order_id: str = ""
    time_ms: int = 0
    is_liquidation: bool = False


class CustodyBalance(msgspec.Struct, frozen=True):
    """One asset in custody, over all vault accounts."""

    asset: str
    total: Decimal


class SettlementSeen(msgspec.Struct, frozen=True):
    """A settlement instruction: ``amount`` > 0 is owed to the firm by the exchange ``counterparty``, < 0 owed by it;
    ``settled`` (same sign) has moved so far. ``is_dead``: it was rejected or cancelled, and no more of it will move."""

    instruction_id: str
    counterparty: str
    asset: str
    amount: Decimal
    settled: Decimal
    status: str
    is_dead: bool
    created_ms: int
    contracted_ms: int
    updated_ms: int = 0

    @property
    def is_partly_settled(self) -> bool:
        """Whether some of it has moved, and some is still to."""
        return bool(self.settled) and self.settled != self.amount and not self.is_dead


class TransferSeen(msgspec.Struct, frozen=True):
    """A movement in or out of custody that settles nothing: ``amount`` > 0 arrives. ``is_outside``: the other end is
    neither a vault account nor an exchange account of the firm. ``client_id`` is the name that whoever asked for it
    gave it; ``is_dead``: no more of it will move."""

    transfer_id: str
    asset: str
    amount: Decimal
    is_complete: bool
    is_outside: bool
    created_ms: int
    updated_ms: int = 0
    status: str = ""
    is_dead: bool = False
    client_id: str = ""


class HistoryRecord(msgspec.Struct, frozen=True):
    """A deposit (amount > 0) or withdrawal (< 0) in an exchange account's own history. ``client_id`` is the name that
    whoever asked for a withdrawal gave it; ``has_left``: a withdrawal that took the value and was not undone."""

    record_id: str
    asset: str
    amount: Decimal
    fee: Decimal
    client_id: str = ""
    has_left: bool = False


class IndexPrice(msgspec.Struct, frozen=True):
    """A price source's USD price of an asset. ``at_ns``: when it was so, by the source's clock; 0: it does not say."""

    asset: str
    price_usd: float
    at_ns: int = 0
