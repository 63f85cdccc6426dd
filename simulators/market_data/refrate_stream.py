"""The stream of reference rates: one frame a second and asset to each subscriber, and no work while there is none."""

from __future__ import annotations

from collections.abc import Callable

from simulators.market_data.aggregator import PriceAggregator
from simulators.market_data.refrate_payloads import RATE_METRIC
from simulators.market_data.series import SECOND_NS
from simulators.market_data.web import Counter, decimal_text, time_text
from simulators.ports import Clock, Stream

Push = Callable[[bytes, int], None]


class RateStreams:
    """Every open subscription, fed by one timer that runs only while there are any."""

    def __init__(self, aggregator: PriceAggregator, clock: Clock, counter: Counter) -> None:
        self._aggregator = aggregator
        self._counter = counter
        self._clock = clock
        self._subscribers: list[_Subscriber] = []
        self._timer = clock.timer(self._publish)

    def subscribe(self, assets: list[str], push: Push, closed: Callable[[str], None], *, with_latest: bool) -> Stream:
        """Open a subscription. With ``with_latest`` the rates known by now are sent at once, in the same instant."""
        subscriber = _Subscriber(self, assets, push, closed)
        self._subscribers.append(subscriber)
        if with_latest:
            self._clock.call_at(self._clock.now_ns, self._send_latest, subscriber)
        if len(self._subscribers) == 1:
            self._arm()
        return subscriber

    def leave(self, subscriber: _Subscriber) -> None:
        if subscriber in self._subscribers:
            self._subscribers.remove(subscriber)
        if not self._subscribers:
            self._timer.cancel()

    def hang_up(self, reason: str) -> bool:
        """End every subscription; whether there was one."""
        subscribers = tuple(self._subscribers)
        for subscriber in subscribers:
            self.leave(subscriber)
            subscriber.closed(reason)
        return bool(subscribers)

    def _arm(self) -> None:
        """At the next whole second."""
        self._timer.arm((self._clock.now_ns // SECOND_NS + 1) * SECOND_NS)

    def _publish(self) -> None:
        aggregator = self._aggregator
        aggregator.sample()
        if self._counter.outages:  # a silent one: the others have hung up
            for outage in self._counter.outages:
                outage.missed(None)
        else:
            sampled_ns = aggregator.sampled_ns
            rates = {
                asset: decimal_text(rate)
                for asset, rate in aggregator.rates.items()
                if aggregator.told_ns(asset) == sampled_ns
            }
            time = time_text(self._clock.now_ns)
            for subscriber in tuple(self._subscribers):
                subscriber.send(time, rates)
            aggregator.was_told()
        if self._subscribers:
            self._arm()

    def _send_latest(self, subscriber: _Subscriber) -> None:
        if subscriber in self._subscribers and self._aggregator.sampled_ns and not self._counter.outages:
            rates = {asset: decimal_text(rate) for asset, rate in self._aggregator.rates.items()}
            at_ns = self._aggregator.sampled_ns
            subscriber.send(time_text(at_ns - at_ns % SECOND_NS), rates)


class _Subscriber:
    """One client's subscription; ``cm_sequence_id`` counts its frames from 0, so that it can tell a gap."""

    def __init__(self, streams: RateStreams, assets: list[str], push: Push, closed: Callable[[str], None]) -> None:
        self.closed = closed
        self._streams = streams
        self._assets = [(asset, asset.lower()) for asset in assets]
        self._push = push
        self._sequence = 0

    def send(self, time: str, rates: dict[str, str]) -> None:
        for asset, name in self._assets:
            rate = rates.get(asset)
            if rate is not None:
                frame = (
                    f'{{"time":"{time}","asset":"{name}","{RATE_METRIC}":"{rate}","cm_sequence_id":"{self._sequence}"}}'
                )
                self._sequence += 1
                self._push(frame.encode(), 0)

    def receive(self, payload: bytes, cause: int) -> None:
        """The dialect knows no frames from the client."""

    def close(self) -> None:
        self._streams.leave(self)
