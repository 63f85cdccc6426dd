"""What the exchange sends, decoded: the parts of Binance's payloads that a trading client reads.

Prices become floats, for they are only compared; quantities and balances stay decimal strings until they become
integers, for they are added up. Unknown fields are skipped, as a client of a living API must.
"""

from __future__ import annotations

import msgspec


class Filter(msgspec.Struct, frozen=True, rename="camel"):
    filter_type: str
    tick_size: str = "0"
    step_size: str = "0"
    min_qty: str = "0"
    min_notional: str = "0"
    notional: str = ""  # the futures dialect's name of it


class SymbolInfo(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    base_asset: str
    quote_asset: str
    filters: list[Filter]
    margin_asset: str = ""  # of a perpetual

    @property
    def pair_name(self) -> str:
        """``BASE/QUOTE``, of a perpetual ``BASE/QUOTE:MARGIN``."""
        name = f"{self.base_asset}/{self.quote_asset}"
        return f"{name}:{self.margin_asset}" if self.margin_asset else name


class ExchangeInfo(msgspec.Struct, frozen=True):
    symbols: list[SymbolInfo]


class AssetBalance(msgspec.Struct, frozen=True):
    asset: str
    free: str
    locked: str


class CommissionRates(msgspec.Struct, frozen=True):
    maker: float
    taker: float


class AccountInfo(msgspec.Struct, frozen=True, rename="camel"):
    balances: list[AssetBalance]
    commission_rates: CommissionRates | None = None


class OrderInfo(msgspec.Struct, frozen=True, rename="camel"):
    """The reply to a placed, cancelled or queried order. ``orig_client_order_id`` names the order in a cancel's."""

    client_order_id: str
    status: str
    executed_qty: str
    cummulative_quote_qty: str  # the dialect's spelling
    orig_client_order_id: str = ""

    @property
    def names(self) -> str:
        return self.orig_client_order_id or self.client_order_id


class ErrorInfo(msgspec.Struct, frozen=True):
    code: int
    msg: str


class LastPrice(msgspec.Struct, frozen=True):
    symbol: str
    price: float


class KlineRow(msgspec.Struct, frozen=True, array_like=True):
    """One bar of ``GET /api/v3/klines``; what follows the close time is not read."""

    open_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    close_ms: int


class BookTicker(msgspec.Struct, frozen=True, gc=False):
    symbol: str = msgspec.field(name="s")
    bid: float = msgspec.field(name="b")
    bid_size: float = msgspec.field(name="B")
    ask: float = msgspec.field(name="a")
    ask_size: float = msgspec.field(name="A")


class BookTickerFrame(msgspec.Struct, frozen=True, gc=False):
    data: BookTicker


class Kline(msgspec.Struct, frozen=True, gc=False):
    open_ms: int = msgspec.field(name="t")
    symbol: str = msgspec.field(name="s")
    close: float = msgspec.field(name="c")
    is_closed: bool = msgspec.field(name="x")


class KlineEvent(msgspec.Struct, frozen=True, gc=False):
    kline: Kline = msgspec.field(name="k")


class KlineFrame(msgspec.Struct, frozen=True, gc=False):
    data: KlineEvent


class ExecutionReport(msgspec.Struct, frozen=True, tag="executionReport", tag_field="e"):
    """An order changed. A cancel's report names the order in ``orig_client_order_id`` and the cancel in the other."""

    client_order_id: str = msgspec.field(name="c")
    status: str = msgspec.field(name="X")
    executed_qty: str = msgspec.field(name="z")
    executed_quote_qty: str = msgspec.field(name="Z")
    orig_client_order_id: str = msgspec.field(name="C", default="")

    @property
    def names(self) -> str:
        return self.orig_client_order_id or self.client_order_id


class PositionBalance(msgspec.Struct, frozen=True):
    asset: str = msgspec.field(name="a")
    free: str = msgspec.field(name="f")
    locked: str = msgspec.field(name="l")


class AccountPosition(msgspec.Struct, frozen=True, tag="outboundAccountPosition", tag_field="e"):
    balances: list[PositionBalance] = msgspec.field(name="B")


class BalanceUpdate(msgspec.Struct, frozen=True, tag="balanceUpdate", tag_field="e"):
    """A deposit, withdrawal or transfer moved a balance; the new balance itself comes as an account position."""

    asset: str = msgspec.field(name="a")
    delta: str = msgspec.field(name="d")


class StreamTerminated(msgspec.Struct, frozen=True, tag="eventStreamTerminated", tag_field="e"):
    """The venue has ended the subscription though the connection stands."""


class UserFrame(msgspec.Struct, frozen=True):
    """A frame of the WS-API: the answer to a request (``status``) or an event of the account."""

    status: int = 0
    event: ExecutionReport | AccountPosition | BalanceUpdate | StreamTerminated | None = None


MALFORMED = (ValueError, RecursionError, OverflowError)
"""What reading a payload may raise that is not what the dialect promises; msgspec's own errors are ``ValueError``."""

MAX_NUMBER = 1e15
"""No price or size is as large; such a number is damage."""

decode_exchange_info = msgspec.json.Decoder(ExchangeInfo, strict=False).decode
decode_account = msgspec.json.Decoder(AccountInfo, strict=False).decode
decode_order = msgspec.json.Decoder(OrderInfo).decode
decode_orders = msgspec.json.Decoder(list[OrderInfo]).decode
decode_error = msgspec.json.Decoder(ErrorInfo).decode
decode_prices = msgspec.json.Decoder(list[LastPrice], strict=False).decode
decode_klines = msgspec.json.Decoder(list[KlineRow], strict=False).decode
decode_book_ticker = msgspec.json.Decoder(BookTickerFrame, strict=False).decode
decode_kline = msgspec.json.Decoder(KlineFrame, strict=False).decode
decode_user = msgspec.json.Decoder(UserFrame, strict=False).decode
