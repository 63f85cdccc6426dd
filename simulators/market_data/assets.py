"""What price sources know about an asset besides its price: names, ids, supply."""

from __future__ import annotations

import msgspec


class AssetFacts(msgspec.Struct, frozen=True):
    """``supply`` is the circulating supply in units of the asset, as published around February 2023."""

    asset: str
    book_id: str  # CoinGecko's
    name: str
    supply: float

    @property
    def symbol(self) -> str:
        return self.asset.lower()


KNOWN = (
    AssetFacts("BTC", "bitcoin", "Bitcoin", 19_300_000.0),
    AssetFacts("ETH", "ethereum", "Ethereum", 120_500_000.0),
    AssetFacts("USDT", "tether", "Tether", 70_400_000_000.0),
    AssetFacts("USDC", "usd-coin", "USDC", 42_400_000_000.0),
)
BY_ASSET = {facts.asset: facts for facts in KNOWN}
BY_BOOK_ID = {facts.book_id: facts for facts in KNOWN}
