"""A provider of reference rates, of the Coin Metrics kind: ``/v4/timeseries``, and a stream of one a second each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from simulators.log_normal import LogNormal
from simulators.market_data import refrate_payloads as payloads
from simulators.market_data.aggregator import PriceAggregator
from simulators.market_data.refrate_pages import BadRequest, Page, Row
from simulators.market_data.refrate_payloads import RATE_METRIC
from simulators.market_data.refrate_stream import RateStreams
from simulators.market_data.web import Counter, Query, encode_json, names_in, parse_target
from simulators.ports import Clock, Reply, Request, Stream
from simulators.service_time import ServiceTimes

_JSON = ("content-type", "application/json")
_STREAM_PATH = "/v4/timeseries-stream/asset-metrics"


class RefrateApi:
    """The provider as a venue.

    It looks at the markets at its aggregator's cadence, each second while somebody subscribes, and whenever asked; its
    series at ``1s`` therefore holds one rate for each second in which it looked.
    """

    def __init__(
        self,
        name: str,
        aggregator: PriceAggregator,
        clock: Clock,
        rng: np.random.Generator,
        *,
        median_ms: float = 60.0,
        sigma: float = 0.4,
    ) -> None:
        self.name = name
        self.aggregator = aggregator
        self._clock = clock
        self.counter = Counter(clock, ServiceTimes({"get": LogNormal(median_ms, sigma)}, {}, rng))
        self._streams = RateStreams(aggregator, clock, self.counter)

    def handle(self, request: Request, respond: Callable[[Reply, int], None], cause: int) -> None:
        """Serve one request; the reply leaves after the service time."""
        reply = self._serve(request)
        left = self.aggregator.was_told if self.aggregator.distortions and reply.status == 200 else None
        self.counter.answer(request, reply, respond, cause, left)

    def open_stream(
        self, target: str, push: Callable[[bytes, int], None], closed: Callable[[str], None]
    ) -> Stream | None:
        """Accept ``/v4/timeseries-stream/asset-metrics?assets=…&metrics=ReferenceRateUSD``; refuse anything else."""
        outages = self.counter.outages
        if any(not outage.is_silent for outage in outages):
            for outage in outages:
                outage.missed(None)
            return None
        path, query = parse_target(target)
        assets = names_in(query.get("assets", ""))
        known = [asset.lower() for asset in self.aggregator.assets]
        if assets == ["*"]:
            assets = known
        if (
            path != _STREAM_PATH
            or query.get("metrics", "") != RATE_METRIC
            or query.get("frequency", "1s") != "1s"
            or not assets
            or any(asset not in known for asset in assets)
        ):
            return None
        return self._streams.subscribe(
            [asset.upper() for asset in assets], push, closed, with_latest=query.get("backfill", "latest") == "latest"
        )

    def hang_up(self, reason: str) -> bool:
        """End every stream; whether there was one."""
        return self._streams.hang_up(reason)

    def _serve(self, request: Request) -> Reply:
        path, query = parse_target(request.target)
        rows_of = _ENDPOINTS.get(path)
        if rows_of is None:
            return _error(404, "not_found", "Not found")
        if request.method != "GET":
            return _error(405, "method_not_allowed", "Method not allowed")
        self.aggregator.sample()
        try:
            page = Page.of(query)
            host = dict(request.headers).get("Host", self.name)
            return Reply(200, encode_json(page.cut(rows_of(self.aggregator, query), path, host)), (_JSON,))
        except BadRequest as refusal:
            return _error(400, refusal.kind, refusal.message)


def _error(status: int, kind: str, message: str) -> Reply:
    return Reply(status, encode_json({"error": {"type": kind, "message": message}}), (_JSON,))


_ENDPOINTS: Mapping[str, Callable[[PriceAggregator, Query], list[Row]]] = {
    "/v4/timeseries/asset-metrics": payloads.asset_metrics,
    "/v4/timeseries/market-orderbooks": payloads.market_orderbooks,
    "/v4/timeseries/market-trades": payloads.market_trades,
    "/v4/timeseries/pair-candles": payloads.pair_candles,
    "/v4/timeseries/pair-divergences": payloads.pair_divergences,
}
