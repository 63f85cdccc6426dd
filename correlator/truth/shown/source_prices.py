"""Source prices: what price sources told the monitor, and when they say that it was so."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from correlator.truth.shown.payloads import read

_NS_PER_S = 1_000_000_000
_ASSETS = {"bitcoin": "BTC", "ethereum": "ETH", "tether": "USDT", "usd-coin": "USDC"}


class SourcePrice(msgspec.Struct, frozen=True, gc=False):
    """USD per unit of an asset at a moment, by the source's own clock; 0: it does not say."""

    asset: str
    usd: float
    at_ns: int


class _BookEntry(msgspec.Struct, frozen=True, gc=False):
    usd: float | None = None
    last_updated_at: int = 0


class _RateRow(msgspec.Struct, frozen=True, gc=False):
    asset: str
    time: str = ""
    rate: float | None = msgspec.field(name="ReferenceRateUSD", default=None)


class _RatePage(msgspec.Struct, frozen=True, gc=False):
    data: list[_RateRow]


_BOOK = msgspec.json.Decoder(dict[str, _BookEntry])
_RATES = msgspec.json.Decoder(_RatePage, strict=False)


def read_prices(target: str, body: bytes) -> list[SourcePrice]:
    """The prices in a reply to a request of that target; none if it is no such reply, or one of them is no price."""
    if target.startswith("/api/v3/simple/price?"):
        prices = _book_prices(body)
    elif target.startswith("/v4/timeseries/asset-metrics?"):
        prices = _rates(body)
    else:
        return []
    return prices if all(0.0 < price.usd < 1e15 for price in prices) else []


def _book_prices(body: bytes) -> list[SourcePrice]:
    return [
        SourcePrice(_ASSETS[coin], entry.usd, entry.last_updated_at * _NS_PER_S)
        for coin, entry in (read(_BOOK, body) or {}).items()
        if coin in _ASSETS and entry.usd is not None
    ]


def _rates(body: bytes) -> list[SourcePrice]:
    page = read(_RATES, body)
    latest: dict[str, SourcePrice] = {}
    for row in page.data if page is not None else ():
        if row.rate is not None:
            asset = row.asset.upper()
            latest[asset] = SourcePrice(asset, row.rate, _instant_ns(row.time))
    return list(latest.values())


def _instant_ns(text: str) -> int:
    """A moment written in ISO 8601, to the second."""
    try:
        return round(datetime.fromisoformat(text[:19]).replace(tzinfo=UTC).timestamp()) * _NS_PER_S
    except ValueError:
        return 0
