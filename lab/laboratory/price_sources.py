"""Price sources: aggregators that look at the exchanges' public side and publish in the dialect of their house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lab.laboratory.kernel import Kernel, Streams
from lab.scenario.firm import PriceSource
from simulators.exchange.core import Exchange
from simulators.market_data.aggregator import PriceAggregator, SeenTrade, SourceConfig, VenueView
from simulators.market_data.pricebook_api import PricebookApi
from simulators.market_data.refrate_api import RefrateApi

_PUBLICATION = {
    "coingecko": SourceConfig(cadence_s=30.0, noise_bp=1.0),
    "coinmetrics": SourceConfig(cadence_s=5.0, noise_bp=0.5),
}
"""How often a house of each kind looks, and how closely: a consumer index is slower and coarser than a rate."""


def make_price_source(
    source: PriceSource, exchanges: Mapping[str, Exchange], kernel: Kernel, streams: Streams
) -> tuple[PriceAggregator, PricebookApi | RefrateApi]:
    """The aggregator, not yet started, and the API over it."""
    views = {name: _view(exchange) for name, exchange in exchanges.items()}
    aggregator = PriceAggregator(
        views, kernel, _PUBLICATION[source.dialect], streams(f"price_source/{source.name}/samples")
    )
    service = streams(f"price_source/{source.name}/service")
    habits = source.service.get("*")
    make = PricebookApi if source.dialect == "coingecko" else RefrateApi
    if habits is None:
        return aggregator, make(source.name, aggregator, kernel, service)
    return aggregator, make(source.name, aggregator, kernel, service, median_ms=habits.median_ms, sigma=habits.sigma)


def _view(exchange: Exchange) -> VenueView:
    """What a passer-by can see of an exchange, in floats."""
    indexes = {listing.symbol: index for index, listing in enumerate(exchange.listings)}
    ticks = [float(listing.tick_size) for listing in exchange.listings]
    lots = [float(listing.lot_size) for listing in exchange.listings]

    def top(pair: str) -> tuple[float, float] | None:
        index = indexes[pair]
        bid_ticks, bid_lots, ask_ticks, ask_lots = exchange.top(index)
        if not bid_lots or not ask_lots:
            return None
        return bid_ticks * ticks[index], ask_ticks * ticks[index]

    def depth(pair: str, levels: int) -> tuple[Sequence[tuple[float, float]], Sequence[tuple[float, float]]]:
        index = indexes[pair]
        bids, asks = exchange.depth(index, levels)
        return (
            [(price * ticks[index], quantity * lots[index]) for price, quantity in bids],
            [(price * ticks[index], quantity * lots[index]) for price, quantity in asks],
        )

    def trades(pair: str, most: int) -> Sequence[SeenTrade]:
        index = indexes[pair]
        recent = list(exchange.trades(index))[-most:]
        return [
            SeenTrade(
                trade_id=trade.trade_id,
                at_ns=trade.at_ns,
                price=trade.price_ticks * ticks[index],
                quantity=trade.quantity_lots * lots[index],
                is_buyer_taker=trade.taker_side > 0,
            )
            for trade in recent
        ]

    return VenueView(pairs=tuple(indexes), top=top, depth=depth, trades=trades)
