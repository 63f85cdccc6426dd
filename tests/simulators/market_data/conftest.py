"""A little world of two venues for price sources to look at, on the real kernel."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lab.laboratory.kernel import Kernel
from simulators.market_data.aggregator import PriceAggregator, SeenTrade, SourceConfig, VenueView
from simulators.ports import Reply, Request, Venue

START_NS = 1_676_851_200_000_000_000  # 2023-02-20T00:00:00Z
SECOND_NS = 1_000_000_000

Tops = dict[tuple[str, str], tuple[float, float] | None]


class Sources:
    """Two venues whose tops are set by the test, and an aggregator that looks at them."""

    def __init__(self, **habits: float) -> None:
        self.kernel = Kernel(START_NS)
        self.tops: Tops = {
            ("apex", "BTC/USD"): (24_499.0, 24_501.0),
            ("apex", "BTC/USDT"): (24_523.5, 24_525.5),
            ("apex", "ETH/BTC"): (0.06729, 0.06731),
            ("apex", "ETH/USDT"): (1_650.0, 1_651.0),
            ("apex", "USDT/USD"): (0.9989, 0.9991),
            ("boreal", "BTC/USD"): (24_509.0, 24_511.0),
        }
        self.looks = 0
        self.trades = [SeenTrade(7, START_NS - SECOND_NS, 24_500.5, 0.125, True)]
        config = SourceConfig(**{"noise_bp": 0.0, **habits})
        venues = {name: self._view(name) for name in ("apex", "boreal")}
        self.aggregator = PriceAggregator(venues, self.kernel, config, np.random.default_rng(1))

    def _view(self, venue: str) -> VenueView:
        def top(pair: str) -> tuple[float, float] | None:
            self.looks += 1
            return self.tops[venue, pair]

        return VenueView(
            pairs=tuple(pair for name, pair in self.tops if name == venue),
            top=top,
            depth=lambda pair, levels: ([(24_499.0, 1.5), (24_498.0, 2.0)][:levels], [(24_501.0, 0.25)][:levels]),
            trades=lambda pair, count: self.trades[-count:],
        )

    def run(self, seconds: float) -> None:
        self.kernel.run_until(self.kernel.now_ns + round(seconds * SECOND_NS))

    def get(self, venue: Venue, target: str, method: str = "GET") -> tuple[int, Any]:
        """Ask, wait for the reply, and decode it."""
        reply = self.reply(venue, target, method)
        return reply.status, json.loads(reply.body)

    def reply(self, venue: Venue, target: str, method: str = "GET") -> Reply:
        replies: list[Reply] = []
        venue.handle(Request(method, target), lambda reply, cause: replies.append(reply), 1)
        assert not replies, "a reply cannot leave at the moment the request arrives"
        self.run(5.0)
        (reply,) = replies
        return reply


@pytest.fixture
def make_sources() -> Callable[..., Sources]:
    return Sources


@pytest.fixture
def sources() -> Sources:
    return Sources()
