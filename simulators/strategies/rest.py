"""Requests to one exchange account: keys, timeouts, and the respect that rate limits are owed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from simulators.ports import Clock, Reply, Request, Wire
from simulators.strategies.frames import decode_error

SECOND_NS = 1_000_000_000
MILLISECOND_NS = 1_000_000
NO_REPLY = 0
RECEIVE_WINDOW_MS = 5_000
"""The exchange refuses a signed request that reaches it later than this after its timestamp."""
UNREADABLE = 0
"""Stands for an error code in a refusal whose body says nothing we can read."""

_DEFAULT_RETRY_AFTER_NS = 60 * SECOND_NS


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What came of a request: a reply, or NO_REPLY within the timeout."""

    status: int
    body: bytes
    cause: int

    @property
    def is_ok(self) -> bool:
        return self.status == 200

    @property
    def is_undecided(self) -> bool:
        """Whether the exchange may or may not have done what was asked."""
        return self.status == NO_REPLY or self.status >= 500

    def error_code(self) -> int:
        try:
            return decode_error(self.body).code
        except msgspec.DecodeError:
            return UNREADABLE


class Rest:
    """Sends requests for one API key. After a 418 or 429 it stays silent for as long as it was told."""

    def __init__(self, wire: Wire, api_key: str, clock: Clock, timeout_ns: int = 5 * SECOND_NS) -> None:
        self._wire = wire
        self._clock = clock
        self._timeout_ns = timeout_ns
        self._headers = (("X-MBX-APIKEY", api_key),)
        self._silent_until_ns = 0

    @property
    def is_silenced(self) -> bool:
        """Whether the exchange has asked us to wait."""
        return self._clock.now_ns < self._silent_until_ns

    def send(
        self, method: str, path: str, query: str, on_answer: Callable[[Answer], None], cause: int = 0, *, signed: bool
    ) -> None:
        """Ask now, or as soon as a rate limit allows. ``on_answer`` is called exactly once, then."""
        if self.is_silenced:
            self._clock.call_at(
                self._silent_until_ns, lambda _: self.send(method, path, query, on_answer, cause, signed=signed)
            )
            return
        if signed:
            stamp = f"recvWindow={RECEIVE_WINDOW_MS}&timestamp={self._clock.now_ns // MILLISECOND_NS}"
            query = f"{query}&{stamp}" if query else stamp
        target = f"{path}?{query}" if query else path

        def answered(reply: Reply | None, reply_cause: int) -> None:
            if reply is None:
                on_answer(Answer(NO_REPLY, b"", reply_cause))
                return
            if reply.status in (418, 429):
                self._silent_until_ns = self._clock.now_ns + _retry_after_ns(reply)
            on_answer(Answer(reply.status, reply.body, reply_cause))

        self._wire.request(Request(method, target, self._headers), answered, self._timeout_ns, cause)


def _retry_after_ns(reply: Reply) -> int:
    for name, value in reply.headers:
        if name.lower() == "retry-after" and value.isdigit():
            return int(value) * SECOND_NS
    return _DEFAULT_RETRY_AFTER_NS
