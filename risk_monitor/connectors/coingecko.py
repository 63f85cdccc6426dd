"""Price connector: the CoinGecko v3 dialect. Source: https://docs.coingecko.com/v3.0.1/reference"""

from __future__ import annotations

import msgspec

from risk_monitor.connectors.decoding import decode, price
from risk_monitor.connectors.domain import IndexPrice
from risk_monitor.timestamps import NS_PER_SECOND

REQUEST_WEIGHT = 1

ID_OF_ASSET = {"BTC": "bitcoin", "ETH": "ethereum", "USDT": "tether", "USDC": "usd-coin"}
_ASSET_OF_ID = {coin: asset for asset, coin in ID_OF_ASSET.items()}


class _Price(msgspec.Struct):
    usd: float | None = None
    last_updated_at: int = 0


_decoder = msgspec.json.Decoder(dict[str, _Price])


def prices_target(assets: tuple[str, ...]) -> str:
    ids = ",".join(ID_OF_ASSET[asset] for asset in assets if asset in ID_OF_ASSET)
    return f"/api/v3/simple/price?ids={ids}&vs_currencies=usd&include_last_updated_at=true"


def read_prices(body: bytes) -> tuple[IndexPrice, ...]:
    """Reply to ``GET /simple/price``; a coin without a price is left out."""
    return tuple(
        IndexPrice(_ASSET_OF_ID[coin], price(entry.usd), entry.last_updated_at * NS_PER_SECOND)
        for coin, entry in decode(_decoder, body).items()
        if coin in _ASSET_OF_ID and entry.usd is not None
    )
