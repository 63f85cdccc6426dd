"""``exchangeInfo``: the listings with their filters, as clients read them before they trade."""

from __future__ import annotations

from typing import Literal

import msgspec

from simulators.exchange.api.limits import RateLimits
from simulators.exchange.api.pairs import Pair
from simulators.ledger import SCALE, to_text

_MOST_OPEN_ORDERS = 200
_LARGEST = 9_000_000 * 10**SCALE  # bounds of price and quantity, as Binance states them for its large pairs


class RateLimitRow(msgspec.Struct, frozen=True, rename="camel"):
    rate_limit_type: Literal["REQUEST_WEIGHT", "ORDERS"]
    interval: Literal["SECOND", "MINUTE", "DAY"]
    interval_num: int
    limit: int


class PriceFilter(msgspec.Struct, frozen=True, rename="camel", tag_field="filterType", tag="PRICE_FILTER"):
    min_price: str
    max_price: str
    tick_size: str


class LotSize(msgspec.Struct, frozen=True, rename="camel", tag_field="filterType", tag="LOT_SIZE"):
    min_qty: str
    max_qty: str
    step_size: str


class Notional(msgspec.Struct, frozen=True, rename="camel", tag_field="filterType", tag="NOTIONAL"):
    min_notional: str
    apply_min_to_market: bool
    max_notional: str
    apply_max_to_market: bool
    avg_price_mins: int


class MaxNumOrders(msgspec.Struct, frozen=True, rename="camel", tag_field="filterType", tag="MAX_NUM_ORDERS"):
    max_num_orders: int


class SymbolInfo(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    base_asset: str
    quote_asset: str
    filters: tuple[PriceFilter, LotSize, Notional, MaxNumOrders]
    status: str = "TRADING"
    base_asset_precision: int = SCALE
    quote_precision: int = SCALE
    quote_asset_precision: int = SCALE
    base_commission_precision: int = SCALE
    quote_commission_precision: int = SCALE
    order_types: tuple[str, ...] = ("LIMIT", "LIMIT_MAKER", "MARKET")
    iceberg_allowed: bool = False
    oco_allowed: bool = False
    oto_allowed: bool = False
    opo_allowed: bool = False
    quote_order_qty_market_allowed: bool = True
    allow_trailing_stop: bool = False
    cancel_replace_allowed: bool = False
    amend_allowed: bool = False
    peg_instructions_allowed: bool = False
    is_spot_trading_allowed: bool = True
    is_margin_trading_allowed: bool = False
    permissions: tuple[str, ...] = ()
    permission_sets: tuple[tuple[str, ...], ...] = (("SPOT",),)
    default_self_trade_prevention_mode: str = "EXPIRE_TAKER"
    allowed_self_trade_prevention_modes: tuple[str, ...] = ("EXPIRE_TAKER",)


class ExchangeInfo(msgspec.Struct, frozen=True, rename="camel"):
    timezone: str
    server_time: int
    rate_limits: tuple[RateLimitRow, ...]
    exchange_filters: tuple[str, ...]
    symbols: list[SymbolInfo]


def exchange_info(pairs: tuple[Pair, ...], limits: RateLimits, now_ms: int) -> ExchangeInfo:
    """The answer for some pairs."""
    return ExchangeInfo("UTC", now_ms, rate_limits(limits), (), [_symbol(pair) for pair in pairs])


def rate_limits(limits: RateLimits) -> tuple[RateLimitRow, ...]:
    """The limits as both dialects state them."""
    return (
        RateLimitRow("REQUEST_WEIGHT", "MINUTE", 1, limits.weight_per_minute),
        RateLimitRow("ORDERS", "SECOND", 10, limits.orders_per_ten_seconds),
        RateLimitRow("ORDERS", "DAY", 1, limits.orders_per_day),
    )


def _symbol(pair: Pair) -> SymbolInfo:
    notation = pair.notation
    tick = to_text(notation.tick_units)
    lot = to_text(notation.lot_units)
    return SymbolInfo(
        symbol=notation.symbol,
        base_asset=pair.listing.base,
        quote_asset=pair.listing.quote,
        filters=(
            PriceFilter(tick, to_text(_LARGEST), tick),
            LotSize(lot, to_text(_LARGEST), lot),
            Notional(to_text(notation.min_notional_units), True, to_text(_LARGEST), False, 5),
            MaxNumOrders(_MOST_OPEN_ORDERS),
        ),
    )
