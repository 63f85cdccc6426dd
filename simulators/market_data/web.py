"""The plumbing that both price sources share: reading a request, answering after the service time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

import msgspec

from simulators.market_data.series import SECOND_NS
from simulators.ports import Clock, Reply, Request
from simulators.service_time import ServiceTimes

Query = dict[str, str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US_PER_SECOND = 1_000_000

encode_json = msgspec.json.Encoder().encode


def parse_target(target: str) -> tuple[str, Query]:
    """Path and parameters of a request. A parameter given twice counts the last time."""
    parts = urlsplit(target)
    return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))


def names_in(value: str) -> list[str]:
    """The names of a comma-separated parameter, each once, in the order given."""
    return list(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))


def time_text(at_ns: int, digits: int = 9) -> str:
    """ISO 8601 in UTC with ``digits`` of fraction: ``2023-02-20T00:00:00.000000000Z``."""
    seconds, fraction_ns = divmod(at_ns, SECOND_NS)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction_ns:09d}"[: 20 + digits].rstrip(".") + "Z"


def parse_time(text: str) -> int | None:
    """Nanoseconds since the epoch of an ISO 8601 time, UTC unless it says otherwise; None if it is none.

    Digits finer than a microsecond are dropped.
    """
    head, dot, tail = text.strip().removesuffix("Z").partition(".")
    try:
        moment = datetime.fromisoformat(f"{head}.{tail[:6]:0<6}" if dot else head)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1) * (SECOND_NS // _US_PER_SECOND)


def decimal_text(value: float) -> str:
    """A positive number in plain decimal digits, ten significant at most, without trailing zeros."""
    text = f"{value:.10g}"
    if "e" in text:
        text = f"{value:.12f}".rstrip("0").rstrip(".")
    return text


class Outage(Protocol):
    """A fault that keeps a source from answering: with 503, or ``is_silent`` not at all."""

    @property
    def is_silent(self) -> bool: ...

    def missed(self, argument: object) -> None:
        """A reply would have left now."""


_UNAVAILABLE = Reply(
    503, b"upstream connect error or disconnect/reset before headers", (("content-type", "text/plain"),)
)


class Counter:
    """Answers after the service time, one reply per request."""

    def __init__(self, clock: Clock, service_times: ServiceTimes) -> None:
        self.outages: tuple[Outage, ...] = ()
        """Those in force; a request that arrives meanwhile is not served."""
        self._clock = clock
        self._service_times = service_times

    def answer(
        self,
        request: Request,
        reply: Reply,
        respond: Callable[[Reply, int], None],
        cause: int,
        left: Callable[[], None] | None = None,
    ) -> None:
        """``left`` is called once the reply has left."""
        now_ns = self._clock.now_ns
        leaves_ns = now_ns + self._service_times.service_ns("get", now_ns, request.target)
        outages = self.outages
        if not outages:

            def leave(_: object) -> None:
                respond(reply, cause)
                if left is not None:
                    left()

            self._clock.call_at(leaves_ns, leave)
            return
        for outage in outages:
            self._clock.call_at(leaves_ns, outage.missed)
        if not any(outage.is_silent for outage in outages):
            self._clock.call_at(leaves_ns, lambda _: respond(_UNAVAILABLE, cause))
