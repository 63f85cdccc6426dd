"""A price aggregator of the CoinGecko kind: ``/api/v3``, cached replies, a rate limit, no keys, no stream."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

import numpy as np

from simulators.log_normal import LogNormal
from simulators.market_data import pricebook_payloads as payloads
from simulators.market_data.aggregator import PriceAggregator
from simulators.market_data.assets import BY_BOOK_ID
from simulators.market_data.pricebook_payloads import Refused
from simulators.market_data.series import MINUTE_NS, SECOND_NS
from simulators.market_data.web import Counter, Query, encode_json, parse_target
from simulators.ports import Clock, Reply, Request, Stream
from simulators.service_time import ServiceTimes

CACHE_NS = 60 * SECOND_NS
_CACHED_REPLIES = 256
_API = "/api/v3"
_JSON = ("content-type", "application/json; charset=utf-8")

Serve = Callable[[PriceAggregator, Query], object]


class PricebookApi:
    """The price source as a venue. Prices come from its aggregator; a reply is repeated for a minute.

    A request over the limit is answered 429 and counts, and says how long to wait.
    """

    def __init__(
        self,
        name: str,
        aggregator: PriceAggregator,
        clock: Clock,
        rng: np.random.Generator,
        *,
        median_ms: float = 120.0,
        sigma: float = 0.4,
        requests_per_minute: int = 30,
    ) -> None:
        self.name = name
        self.aggregator = aggregator
        self._clock = clock
        self.counter = Counter(clock, ServiceTimes({"get": LogNormal(median_ms, sigma)}, {}, rng))
        self._limit = requests_per_minute
        self._minute = -1
        self._asked_this_minute = 0
        self._cache: OrderedDict[str, tuple[int, Reply]] = OrderedDict()

    def handle(self, request: Request, respond: Callable[[Reply, int], None], cause: int) -> None:
        """Serve one request; the reply leaves after the service time."""
        now_ns = self._clock.now_ns
        minute = now_ns // MINUTE_NS
        if minute != self._minute:
            self._minute, self._asked_this_minute = minute, 0
        self._asked_this_minute += 1
        left = None
        if self._asked_this_minute > self._limit:
            reply = _limited((minute + 1) * MINUTE_NS - now_ns)
        elif request.method != "GET":
            reply = _reply(405, {"error": "Method not allowed"})
        else:
            reply, is_new = self._cached(request.target, now_ns)
            left = self.aggregator.was_told if is_new and self.aggregator.distortions else None
        self.counter.answer(request, reply, respond, cause, left)

    def open_stream(
        self, target: str, push: Callable[[bytes, int], None], closed: Callable[[str], None]
    ) -> Stream | None:
        """This source has no streams."""
        return None

    def _cached(self, target: str, now_ns: int) -> tuple[Reply, bool]:
        """The reply, and whether it was made of the latest rates just now."""
        cached = self._cache.get(target)
        if cached is not None and now_ns < cached[0]:
            return cached[1], False
        reply = self._serve(target)
        if reply.status == 200 and target != f"{_API}/ping":
            self._cache[target] = (now_ns + CACHE_NS, reply)
            self._cache.move_to_end(target)
            if len(self._cache) > _CACHED_REPLIES:
                self._cache.popitem(last=False)
        return reply, reply.status == 200

    def hang_up(self, reason: str) -> bool:
        """End every stream; whether there was one."""
        return False

    def _serve(self, target: str) -> Reply:
        path, query = parse_target(target)
        try:
            serve = _ENDPOINTS.get(path) or _coin_endpoint(path)
            return _reply(200, serve(self.aggregator, query))
        except Refused as refusal:
            return _reply(refusal.status, {"error": refusal.message})


def _coin_endpoint(path: str) -> Serve:
    parts = path.split("/")
    if len(parts) != 6 or f"/{parts[1]}/{parts[2]}/{parts[3]}" != f"{_API}/coins" or parts[5] not in _COIN_ENDPOINTS:
        raise Refused(404, "Not found")
    facts = BY_BOOK_ID.get(parts[4])
    serve = _COIN_ENDPOINTS[parts[5]]
    if facts is None:
        raise Refused(404, "coin not found")
    coin = facts
    return lambda aggregator, query: serve(aggregator, coin, query)


def _reply(status: int, body: object) -> Reply:
    return Reply(status, encode_json(body), (_JSON,))


def _limited(wait_ns: int) -> Reply:
    body = {
        "status": {
            "error_code": 429,
            "error_message": "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing "
            "to subscribe to our API plans for higher rate limits.",
        }
    }
    return Reply(429, encode_json(body), (_JSON, ("retry-after", str(-(-wait_ns // SECOND_NS)))))


_ENDPOINTS: Mapping[str, Serve] = {
    f"{_API}/ping": lambda aggregator, query: {"gecko_says": "(V3) To the Moon!"},
    f"{_API}/simple/price": payloads.simple_price,
    f"{_API}/coins/list": payloads.coins_list,
    f"{_API}/coins/markets": payloads.coins_markets,
    f"{_API}/exchanges": payloads.exchanges,
}
_COIN_ENDPOINTS: Mapping[str, payloads.ServeCoin] = {
    "market_chart": payloads.market_chart,
    "ohlc": payloads.ohlc,
    "tickers": payloads.tickers,
}
