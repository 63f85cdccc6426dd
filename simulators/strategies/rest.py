"""Requests to one exchange account: keys, timeouts, and the respect that rate limits are owed."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import msgspec

from simulators.ports import Clock, Reply, Request, Wire
from simulators.strategies.dialect import DIALECTS
from simulators.strategies.frames import MALFORMED, decode_error

SECOND_NS = 1_000_000_000
MILLISECOND_NS = 1_000_000
NO_REPLY = 0
RECEIVE_WINDOW_MS = 5_000
"""The exchange refuses a signed request that reaches it later than this after its timestamp."""
UNREADABLE = 0
"""Stands for an error code in a refusal whose body says nothing we can read."""

_DEFAULT_RETRY_AFTER_NS = 60 * SECOND_NS


class Key(NamedTuple):
    """An API key, the secret that signs its requests (without one they go out unsigned), and what its venue speaks:
    ``spot`` or ``futures``."""

    api_key: str
    secret: str = ""
    dialect: str = "spot"

    def sign(self, text: str) -> str:
        """The HMAC-SHA256 of ``text`` under the secret, as hex; empty without a secret."""
        if not self.secret:
            return ""
        signature = _begun(self.secret).copy()
        signature.update(text.encode())
        return signature.hexdigest()


@lru_cache(maxsize=1_024)
def _begun(secret: str) -> hmac.HMAC:
    """What every signature under a secret begins with: half the work, and the secrets are few."""
    return hmac.new(secret.encode(), digestmod="sha256")


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
        except MALFORMED:
            return UNREADABLE


class Rest:
    """Sends requests for one API key. After a 418 or 429 it stays silent for as long as it was told."""

    def __init__(self, wire: Wire, key: Key, clock: Clock, timeout_ns: int = 5 * SECOND_NS) -> None:
        self._wire = wire
        self._clock = clock
        self._timeout_ns = timeout_ns
        self._key = key
        self._headers = (("X-MBX-APIKEY", key.api_key),)
        self.dialect = DIALECTS[key.dialect]
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
            query = stamped(query, self._key, self._clock.now_ns)
        target = f"{path}?{query}" if query else path

        def answered(reply: Reply | None, reply_cause: int) -> None:
            if reply is None:
                on_answer(Answer(NO_REPLY, b"", reply_cause))
                return
            if reply.status in (418, 429):
                self._silent_until_ns = self._clock.now_ns + _retry_after_ns(reply)
            on_answer(Answer(reply.status, reply.body, reply_cause))

        self._wire.request(Request(method, target, self._headers), answered, self._timeout_ns, cause)


def stamped(query: str, key: Key, now_ns: int) -> str:
    """``query`` with receive window, timestamp and, if the key has a secret, signature."""
    stamp = f"recvWindow={RECEIVE_WINDOW_MS}&timestamp={now_ns // MILLISECOND_NS}"
    whole = f"{query}&{stamp}" if query else stamp
    return f"{whole}&signature={key.sign(whole)}" if key.secret else whole


def _retry_after_ns(reply: Reply) -> int:
    for name, value in reply.headers:
        if name.lower() == "retry-after" and value.isdigit():
            return int(value) * SECOND_NS
    return _DEFAULT_RETRY_AFTER_NS
