"""Faults of an exchange's API: it is down, it is slow, or its price streams stall. Its books go on underneath.

Each fault is constructed once per injection, begins and ends once, and reports its first production-visible
difference by calling ``took_effect`` with a sentence about it.
"""

from __future__ import annotations

from collections.abc import Callable

from simulators.exchange.api.errors import ApiError, to_reply
from simulators.exchange.api.faultpoints import UNHARMED, Fate
from simulators.exchange.api.topic import Topic
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.harm import ExchangeLatencyParams, ExchangeOutageParams, FeedStallParams
from simulators.exchange.operations import OPERATIONS
from simulators.ports import Clock
from simulators.service_time import NS_PER_US

_DOWN = to_reply(
    ApiError(503, -1008, "Server is currently overloaded with other requests. Please try again in a few minutes.")
)


class _ApiFault:
    """What the faults share: an API, a life, and the first difference that a client can see."""

    def __init__(self, api: ExchangeApi, clock: Clock, took_effect: Callable[[str], None]) -> None:
        self._api = api
        self._clock = clock
        self._took_effect = took_effect
        self._is_in_force = False
        self._has_taken_effect = False

    def _report(self, detail: str) -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(detail)

    def _report_at(self, at_ns: int, detail: str) -> None:
        """The difference becomes visible at ``at_ns``, when a reply leaves that would not have, or does not leave."""
        if not self._has_taken_effect:
            self._clock.call_at(at_ns, self._report, detail)


class ExchangeOutage(_ApiFault):
    """``exchange_outage``: requests fail, and streams are closed or fall silent; both are normal again at the end.

    A request that arrived before the beginning is served. Clients whose streams were closed must connect again.
    """

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: ExchangeOutageParams, took_effect: Callable[[str], None]
    ) -> None:
        super().__init__(api, clock, took_effect)
        self._params = params
        self._topics: tuple[Topic, ...] = ()

    def begin(self, cause: int) -> None:
        """Go down; ``cause`` is the number of the injection's record."""
        api, params = self._api, self._params
        self._is_in_force = True
        api.faults.add(self)
        api.note("down", f"requests {params.mode}, streams {params.streams}", cause)
        if params.streams == "closed":
            if api.streams.is_connected or api.ws_api.is_connected:
                self._report("the venue closed its streams")
            api.streams.close_all("1001 Going away")
            api.ws_api.close_all("1001 Going away")
        elif params.streams == "silent":
            self._topics = api.streams.topics()
            api.faults.withhold_topics(self._topics, self._withheld)
            api.faults.withhold_user_data(self._withheld)

    def end(self, cause: int) -> None:
        """Come back."""
        if not self._is_in_force:
            return
        self._is_in_force = False
        self._api.faults.remove(self)
        if self._params.streams == "silent":
            self._api.faults.release_topics(self._topics, self._withheld)
            self._api.faults.release_user_data(self._withheld)
        self._api.note("up", "", cause)

    def treat(self, operation: str, account: str, service_ns: int) -> Fate:
        params = self._params
        if operation == "stream":
            return self._treat_frame(service_ns)
        if params.operations and operation not in params.operations:
            return UNHARMED
        self._report_at(self._clock.now_ns + service_ns, f"a request ({operation}) was {_FAILED[params.mode]}")
        return Fate(is_lost=True) if params.mode == "silent" else Fate(refusal=_DOWN)

    def _treat_frame(self, service_ns: int) -> Fate:
        """What a client sends on an open stream is lost with everything else that the stream would carry."""
        if self._params.streams != "silent":
            return UNHARMED
        self._report_at(self._clock.now_ns + service_ns, "a client's frame was not answered")
        return Fate(is_lost=True)

    def refuses_streams(self) -> bool:
        if self._params.streams != "closed":
            return False
        self._report("the venue refused a stream")
        return True

    def _withheld(self) -> None:
        self._report("a frame was withheld")


_FAILED = {"unavailable": "refused with 503", "silent": "not answered"}


class ExchangeLatency(_ApiFault):
    """``exchange_latency``: requests are served later, by a factor, by an addition, or both."""

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: ExchangeLatencyParams, took_effect: Callable[[str], None]
    ) -> None:
        super().__init__(api, clock, took_effect)
        self._params = params
        self._operations = frozenset(params.operations or OPERATIONS)
        self._accounts = frozenset(params.accounts)

    def begin(self, cause: int) -> None:
        """Become slow; ``cause`` is the number of the injection's record."""
        self._is_in_force = True
        self._api.faults.add(self)
        params = self._params
        self._api.note("slow", f"service time x {params.factor:g} + {params.added_ns / 1e6:g} ms", cause)

    def end(self, cause: int) -> None:
        """Be as fast as before; requests that are being served stay late."""
        if self._is_in_force:
            self._is_in_force = False
            self._api.faults.remove(self)
            self._api.note("normal", "", cause)

    def treat(self, operation: str, account: str, service_ns: int) -> Fate:
        if operation not in self._operations or (self._accounts and account not in self._accounts):
            return UNHARMED
        params = self._params
        full_ns = service_ns * (params.factor - 1.0) + params.added_ns
        extra_ns = int(full_ns * self._params.level(self._clock.now_ns)) // NS_PER_US * NS_PER_US
        if extra_ns <= 0:
            return UNHARMED
        self._report_at(self._clock.now_ns + service_ns, f"a reply ({operation}) is {extra_ns / 1e6:g} ms late")
        return Fate(extra_ns=extra_ns)

    def refuses_streams(self) -> bool:
        return False


class FeedStall(_ApiFault):
    """``feed_stall``: market streams stay connected and say nothing; REST, orders and user data go on.

    What happens meanwhile is never sent; a client that keeps a book finds a gap in its update ids afterwards.
    """

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: FeedStallParams, took_effect: Callable[[str], None]
    ) -> None:
        super().__init__(api, clock, took_effect)
        topics = api.streams.topics()
        if params.pair is not None:
            symbols = [listing.symbol for listing in api.exchange.listings]
            if params.pair not in symbols:
                raise ValueError(f"{api.name} lists {', '.join(symbols)}, not {params.pair}")
            prefix = api.pairs.all[symbols.index(params.pair)].notation.stream + "@"
            topics = tuple(topic for topic in topics if topic.name.startswith(prefix))
        self._topics = topics
        self._scope = params.pair or "all pairs"

    def begin(self, cause: int) -> None:
        """Stall; ``cause`` is the number of the injection's record."""
        self._is_in_force = True
        self._api.note("feed_stalled", self._scope, cause)
        self._api.faults.withhold_topics(self._topics, self._withheld)

    def end(self, cause: int) -> None:
        """Go on with what happens from now."""
        if self._is_in_force:
            self._is_in_force = False
            self._api.faults.release_topics(self._topics, self._withheld)
            self._api.note("feed_resumed", self._scope, cause)

    def _withheld(self) -> None:
        self._report(f"a frame was withheld ({self._scope})")
