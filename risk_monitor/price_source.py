"""Price source: an index of prices beside the exchanges' own, asked at a cadence."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.config import VenueConfig
from risk_monitor.connectors import coingecko, coinmetrics
from risk_monitor.connectors.domain import IndexPrice
from risk_monitor.transport import Task, Transport, VenueLine


class PriceSource:
    """One source's latest prices. ``seen_ns`` is when the request left that gave them, -1 before the first; ``told`` is
    told of each that comes, with its moment and the source's name."""

    def __init__(
        self,
        venue: VenueConfig,
        assets: tuple[str, ...],
        line: VenueLine,
        interval_ns: int,
        transport: Transport,
        told: Callable[[int, str, tuple[IndexPrice, ...]], None],
    ) -> None:
        self.name = venue.name
        self.prices: tuple[IndexPrice, ...] = ()
        self.seen_ns = -1
        self._transport = transport
        self._told = told
        self._read: Callable[[bytes], tuple[IndexPrice, ...]]
        if venue.dialect == "coingecko":
            target, weight, self._read = (
                coingecko.prices_target(assets),
                coingecko.REQUEST_WEIGHT,
                coingecko.read_prices,
            )
        else:
            target, weight, self._read = (
                coinmetrics.prices_target(assets),
                coinmetrics.REQUEST_WEIGHT,
                coinmetrics.read_prices,
            )
        account = venue.accounts[0] if venue.accounts else None
        self._task = Task(
            "prices",
            line,
            account.name if account else "",
            (("X-API-Key", account.api_key),) if account else (),
            weight,
            interval_ns,
            lambda now_ns: target,
            self._deliver,
        )

    def start(self, now_ns: int) -> None:
        self._transport.schedule(self._task, now_ns)

    def _deliver(self, now_ns: int, departed_ns: int, body: bytes) -> None:
        self.prices = self._read(body)
        self.seen_ns = departed_ns
        self._told(now_ns, self.name, self.prices)
