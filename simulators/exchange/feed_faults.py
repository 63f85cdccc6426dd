"""Faults of an exchange's market streams: frames that are missing, and frames that overtake one another.

Update ids tell a client of both. What was not sent is lost for it; its REST snapshot is sound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from simulators.exchange.api.pairs import Pair
from simulators.exchange.api.topic import Push, Topic
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.harm_feeds import FeedGapParams, OutOfOrderFeedParams
from simulators.picks import Picks
from simulators.ports import Clock

TookEffect = Callable[[str], None]

_STREAMS = {
    "depth": ("@depth@100ms",),
    "trades": ("@trade", "@aggTrade"),
    "quotes": ("@bookTicker",),
    "depth_and_trades": ("@depth@100ms", "@trade", "@aggTrade"),
    "all": ("@bookTicker", "@depth@100ms", "@trade", "@aggTrade"),
}


def pairs_in_scope(api: ExchangeApi, names: tuple[str, ...]) -> tuple[Pair, ...]:
    """The venue's pairs of these names, all if there are none. Raises ValueError for one that it does not list."""
    listed = {pair.listing.symbol: pair for pair in api.pairs.all}
    for name in names:
        if name not in listed:
            raise ValueError(f"{api.name} lists {', '.join(listed)}, not {name}")
    return tuple(listed[name] for name in names) if names else api.pairs.all


class _Streams(Protocol):
    @property
    def pairs(self) -> tuple[str, ...]: ...

    @property
    def share(self) -> float: ...

    @property
    def streams(self) -> str: ...

    def level(self, now_ns: int) -> float: ...


class _FrameFault:
    """What both share: a share of the frames of some topics, each told by its topic, its moment and its place in it."""

    what = ""

    def __init__(self, api: ExchangeApi, clock: Clock, params: _Streams, took_effect: TookEffect, picks: Picks) -> None:
        names = {
            pair.notation.stream + stream
            for pair in pairs_in_scope(api, params.pairs)
            for stream in _STREAMS[params.streams]
        }
        self._api = api
        self._clock = clock
        self._params = params
        self._took_effect = took_effect
        self._picks = picks
        self._topics: tuple[Topic, ...] = tuple(topic for topic in api.streams.topics() if topic.name in names)
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._scope = f"{params.streams} of {', '.join(params.pairs) or 'all pairs'}"
        self._is_in_force = False
        self._has_taken_effect = False

    def begin(self, cause: int) -> None:
        """Harm the streams; ``cause`` is the number of the injection's record."""
        self._is_in_force = True
        self._api.note(self.what, self._scope, cause)
        for topic in self._topics:
            topic.harm(self)

    def end(self, cause: int) -> None:
        """Send everything again, as it comes; what is being held back goes out now."""
        if not self._is_in_force:
            return
        self._is_in_force = False
        for lane in self._lanes.values():
            lane.flush()
        for topic in self._topics:
            topic.heal(self)
        self._api.note("feed_sound", self._scope, cause)

    def between(self, topic: str, form: str, forward: Push) -> Push:
        lane = self._lanes.get((topic, form))
        if lane is None:
            lane = self._lanes[topic, form] = self.make_lane(topic)
        lane.forward = forward
        return lane.take

    def make_lane(self, topic: str) -> _Lane:
        raise NotImplementedError

    def hits(self, topic: str, now_ns: int, place: int) -> bool:
        """Whether the frame of that place in its moment is hit."""
        share = self._params.share * self._params.level(now_ns)
        return share > 0.0 and self._picks.share(topic, now_ns, place) < share

    @property
    def now_ns(self) -> int:
        return self._clock.now_ns

    def report(self, detail: str) -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(detail)


class _Lane:
    """The frames of one topic in one form, on their way to those who receive it so."""

    __slots__ = ("_at_ns", "_fault", "_place", "_topic", "forward")

    def __init__(self, fault: _FrameFault, topic: str) -> None:
        self._fault = fault
        self._topic = topic
        self._at_ns = -1
        self._place = 0
        self.forward: Push = _to_nobody

    def is_hit(self) -> bool:
        """Whether the frame that has just come is hit."""
        now_ns = self._fault.now_ns
        self._place = self._place + 1 if now_ns == self._at_ns else 0
        self._at_ns = now_ns
        return self._fault.hits(self._topic, now_ns, self._place)

    def take(self, payload: bytes, cause: int) -> None:
        raise NotImplementedError

    def flush(self) -> None:
        """Let go of what is held back."""


def _to_nobody(_payload: bytes, _cause: int) -> None:
    """There is no receiver yet."""


class _Leaky(_Lane):
    """Loses what is hit."""

    __slots__ = ()

    def take(self, payload: bytes, cause: int) -> None:
        if self.is_hit():
            self._fault.report(f"a frame of {self._topic} was not sent")
        else:
            self.forward(payload, cause)


class _Swapping(_Lane):
    """Sends what is hit after what follows it."""

    __slots__ = ("_held",)

    def __init__(self, fault: _FrameFault, topic: str) -> None:
        super().__init__(fault, topic)
        self._held: tuple[bytes, int] | None = None

    def take(self, payload: bytes, cause: int) -> None:
        is_hit = self.is_hit()
        if self._held is not None:
            self.forward(payload, cause)
            self.flush()
        elif is_hit:
            self._held = (payload, cause)
            self._fault.report(f"a frame of {self._topic} was held back until another had gone")
        else:
            self.forward(payload, cause)

    def flush(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self.forward(*held)


class FeedGap(_FrameFault):
    """``feed_gap``: frames are missing, and update ids jump."""

    what = "feed_gaps"

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: FeedGapParams, took_effect: TookEffect, picks: Picks
    ) -> None:
        super().__init__(api, clock, params, took_effect, picks)

    def make_lane(self, topic: str) -> _Lane:
        return _Leaky(self, topic)


class OutOfOrderFeed(_FrameFault):
    """``out_of_order_feed``: frames change places with the next one of their stream."""

    what = "feed_out_of_order"

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: OutOfOrderFeedParams, took_effect: TookEffect, picks: Picks
    ) -> None:
        super().__init__(api, clock, params, took_effect, picks)

    def make_lane(self, topic: str) -> _Lane:
        return _Swapping(self, topic)
