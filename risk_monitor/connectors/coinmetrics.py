"""Price connector: the Coin Metrics v4 dialect. Source: https://docs.coinmetrics.io/api/v4"""

from __future__ import annotations

import msgspec

from risk_monitor.connectors.decoding import decode, price
from risk_monitor.connectors.domain import IndexPrice
from risk_monitor.timestamps import instant_ns

REQUEST_WEIGHT = 1


class _Row(msgspec.Struct):
    asset: str
    time: str = ""
    reference_rate_usd: float | None = msgspec.field(name="ReferenceRateUSD", default=None)


class _Page(msgspec.Struct):
    data: list[_Row]


_decoder = msgspec.json.Decoder(_Page, strict=False)


def prices_target(assets: tuple[str, ...]) -> str:
    """The latest reference rate of each asset, to the second: one entry per asset, paged from the end."""
    names = ",".join(asset.lower() for asset in assets)
    return (
        f"/v4/timeseries/asset-metrics?assets={names}&metrics=ReferenceRateUSD&frequency=1s"
        f"&paging_from=end&limit_per_asset=1&page_size={len(assets)}"
    )


def read_prices(body: bytes) -> tuple[IndexPrice, ...]:
    """Reply to ``GET /v4/timeseries/asset-metrics``: the last row of each asset counts."""
    latest: dict[str, IndexPrice] = {}
    for row in decode(_decoder, body).data:
        if row.reference_rate_usd is not None:
            asset = row.asset.upper()
            latest[asset] = IndexPrice(asset, price(row.reference_rate_usd), instant_ns(row.time) or 0)
    return tuple(latest.values())
