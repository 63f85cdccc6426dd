"""``exchangeInfo`` of the futures dialect: the contracts with their filters and margins."""

from __future__ import annotations

import msgspec

from simulators.exchange.api.exchange_info import LotSize, PriceFilter, RateLimitRow, rate_limits
from simulators.exchange.api.limits import RateLimits
from simulators.exchange.api.pairs import Pair, Pairs
from simulators.exchange.perpetual.contract import Contract
from simulators.ledger import SCALE, to_text

_NEVER_MS = 4_133_404_800_000  # the delivery date that Binance states for a contract without one, 2100-12-25
_LARGEST = to_text(9_000_000 * 10**SCALE)


class MinNotional(msgspec.Struct, frozen=True, rename="camel", tag_field="filterType", tag="MIN_NOTIONAL"):
    notional: str


class MarketLotSize(msgspec.Struct, frozen=True, rename="camel", tag_field="filterType", tag="MARKET_LOT_SIZE"):
    min_qty: str
    max_qty: str
    step_size: str


class MaxNumOrders(msgspec.Struct, frozen=True, rename="camel", tag_field="filterType", tag="MAX_NUM_ORDERS"):
    limit: int


class ContractInfo(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    pair: str
    maint_margin_percent: str
    required_margin_percent: str
    base_asset: str
    quote_asset: str
    margin_asset: str
    liquidation_fee: str
    filters: tuple[PriceFilter, LotSize, MarketLotSize, MaxNumOrders, MinNotional]
    contract_type: str = "PERPETUAL"
    delivery_date: int = _NEVER_MS
    onboard_date: int = 0
    status: str = "TRADING"
    price_precision: int = SCALE
    quantity_precision: int = SCALE
    base_asset_precision: int = SCALE
    quote_precision: int = SCALE
    underlying_type: str = "COIN"
    order_types: tuple[str, ...] = ("LIMIT", "MARKET")
    time_in_force: tuple[str, ...] = ("GTC", "IOC", "FOK", "GTX")


class MarginAsset(msgspec.Struct, frozen=True, rename="camel"):
    asset: str
    margin_available: bool


class FuturesInfo(msgspec.Struct, frozen=True, rename="camel"):
    timezone: str
    server_time: int
    futures_type: str
    rate_limits: tuple[RateLimitRow, ...]
    exchange_filters: tuple[str, ...]
    assets: list[MarginAsset]
    symbols: list[ContractInfo]


def futures_info(contracts: tuple[Contract, ...], pairs: Pairs, limits: RateLimits, now_ms: int) -> FuturesInfo:
    assets = [MarginAsset(asset, True) for asset in dict.fromkeys(contract.asset for contract in contracts)]
    symbols = [_contract(contract, pairs.all[contract.index]) for contract in contracts]
    return FuturesInfo("UTC", now_ms, "U_MARGINED", rate_limits(limits), (), assets, symbols)


def _contract(contract: Contract, pair: Pair) -> ContractInfo:
    notation, terms = pair.notation, contract.terms
    tick, lot = to_text(notation.tick_units), to_text(notation.lot_units)
    return ContractInfo(
        symbol=notation.symbol,
        pair=notation.symbol,
        maint_margin_percent=f"{terms.maintenance_margin * 100:.4f}",
        required_margin_percent=f"{100 / terms.max_leverage:.4f}",
        base_asset=contract.base,
        quote_asset=contract.asset,
        margin_asset=contract.asset,
        liquidation_fee=f"{terms.liquidation_fee:.6f}",
        filters=(
            PriceFilter(tick, _LARGEST, tick),
            LotSize(lot, _LARGEST, lot),
            MarketLotSize(lot, _LARGEST, lot),
            MaxNumOrders(200),
            MinNotional(to_text(notation.min_notional_units)),
        ),
    )
