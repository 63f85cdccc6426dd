"""Rate limits: request weight per minute and orders per ten seconds and per day, with Binance's 429 and 418.

Binance counts weight per address; a payload names none here, so the API key stands for it (requests without a key share
one count). A client that goes on after 429 is banned for two minutes, then twice as long each time, at most three days.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from simulators.exchange.api.errors import ApiError

_SECOND_NS = 10**9
MINUTE_NS = 60 * _SECOND_NS
_TEN_SECONDS_NS = 10 * _SECOND_NS
_DAY_NS = 86_400 * _SECOND_NS
_FIRST_BAN_NS = 2 * MINUTE_NS
_LONGEST_BAN_NS = 3 * _DAY_NS


class RateLimits(msgspec.Struct, frozen=True):
    """The venue's limits; ``patience`` is how many requests after a 429, in one minute, bring a ban."""

    weight_per_minute: int = 6_000
    orders_per_ten_seconds: int = 100
    orders_per_day: int = 200_000
    patience: int = 20


class _Usage:
    """What one client has used in the windows that are open."""

    __slots__ = ("ban_ns", "banned_until_ns", "is_harmed", "minute", "refused", "weight")

    def __init__(self) -> None:
        self.minute = -1
        self.weight = 0
        self.refused = 0
        self.banned_until_ns = 0
        self.ban_ns = _FIRST_BAN_NS
        self.is_harmed = False  # by a throttle: refused or banned for what the venue's own limits allow


class _OrderCount:
    """Orders of one account in the windows that are open."""

    __slots__ = ("day", "in_day", "in_ten_seconds", "ten_seconds")

    def __init__(self) -> None:
        self.ten_seconds = -1
        self.in_ten_seconds = 0
        self.day = -1
        self.in_day = 0


Throttle = Callable[[str], None]
"""A fault that tightens the limits; called, in words, when a client is refused what they would otherwise allow."""


class RateLimiter:
    """Counts weight by client and orders by account. Both are the venue's own customers: their number is bounded.

    ``limits`` are those in force, which differ from the venue's own while something throttles them.
    """

    def __init__(self, limits: RateLimits) -> None:
        self.limits = limits
        self._own_limits = limits
        self._throttles: dict[Throttle, float] = {}
        self._usage: dict[str, _Usage] = {}
        self._orders: dict[str, _OrderCount] = {}

    def tighten(self, throttle: Throttle, left: float) -> None:
        """From now on a throttle leaves this share of the limits; several throttles multiply."""
        self._throttles[throttle] = left
        self._rescale()

    def relax(self, throttle: Throttle) -> None:
        """A throttle is over. After the last one nobody is banned, or near it, for what the own limits allow."""
        self._throttles.pop(throttle, None)
        self._rescale()
        if self._throttles:
            return
        for usage in self._usage.values():
            if usage.is_harmed:
                usage.is_harmed = False
                usage.refused = usage.banned_until_ns = 0
                usage.ban_ns = _FIRST_BAN_NS

    def _rescale(self) -> None:
        left = 1.0
        for share in self._throttles.values():
            left *= share
        own = self._own_limits
        self.limits = RateLimits(
            round(own.weight_per_minute * left),
            round(own.orders_per_ten_seconds * left),
            round(own.orders_per_day * left),
            own.patience,
        )

    def _tell_throttles(self, detail: str) -> None:
        for throttle in tuple(self._throttles):
            throttle(detail)

    def spend(self, client: str, weight: int, now_ns: int) -> tuple[tuple[str, str], ...]:
        """Book ``weight``; returns the header that tells the client how much it has used.

        Raises:
            ApiError: 429 beyond the limit, 418 while banned; both carry ``Retry-After`` in seconds.
        """
        usage = self._usage.get(client)
        if usage is None:
            usage = self._usage[client] = _Usage()
        minute = now_ns // MINUTE_NS
        if minute != usage.minute:
            usage.minute = minute
            usage.weight = 0
            usage.refused = 0
        if now_ns < usage.banned_until_ns:
            raise self._banned(usage, now_ns)
        usage.weight += weight
        if usage.weight > self.limits.weight_per_minute:
            usage.refused += 1
            if usage.weight <= self._own_limits.weight_per_minute:
                usage.is_harmed = True
                self._tell_throttles(f"a request was refused beyond a weight of {self.limits.weight_per_minute}")
            if usage.refused > self.limits.patience:
                usage.banned_until_ns = now_ns + usage.ban_ns
                usage.ban_ns = min(usage.ban_ns * 2, _LONGEST_BAN_NS)
                raise self._banned(usage, now_ns)
            raise ApiError(
                429,
                -1003,
                f"Too much request weight used; current limit is {self.limits.weight_per_minute} request weight per "
                "1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.",
                (_used(usage), _retry_after((minute + 1) * MINUTE_NS - now_ns)),
            )
        return (_used(usage),)

    def count_order(self, account: str, now_ns: int) -> tuple[tuple[str, str], ...]:
        """Book one new order; returns the headers with the counts so far.

        Raises:
            ApiError: 429 beyond either limit.
        """
        count = self._orders.get(account)
        if count is None:
            count = self._orders[account] = _OrderCount()
        ten_seconds = now_ns // _TEN_SECONDS_NS
        if ten_seconds != count.ten_seconds:
            count.ten_seconds = ten_seconds
            count.in_ten_seconds = 0
        day = now_ns // _DAY_NS
        if day != count.day:
            count.day = day
            count.in_day = 0
        if self._throttles and self._is_harmed(count):
            self._tell_throttles("an order was refused that the venue's own limits allow")
        if count.in_ten_seconds >= self.limits.orders_per_ten_seconds:
            raise _too_many_orders(
                self.limits.orders_per_ten_seconds, "10 SECOND", (ten_seconds + 1) * _TEN_SECONDS_NS - now_ns
            )
        if count.in_day >= self.limits.orders_per_day:
            raise _too_many_orders(self.limits.orders_per_day, "1 DAY", (day + 1) * _DAY_NS - now_ns)
        count.in_ten_seconds += 1
        count.in_day += 1
        return (
            ("X-MBX-ORDER-COUNT-10S", str(count.in_ten_seconds)),
            ("X-MBX-ORDER-COUNT-1D", str(count.in_day)),
        )

    def _is_harmed(self, count: _OrderCount) -> bool:
        """Whether an order is refused that the venue's own limits would allow."""
        own, now = self._own_limits, self.limits
        is_refused = count.in_ten_seconds >= now.orders_per_ten_seconds or count.in_day >= now.orders_per_day
        return is_refused and count.in_ten_seconds < own.orders_per_ten_seconds and count.in_day < own.orders_per_day

    @staticmethod
    def _banned(usage: _Usage, now_ns: int) -> ApiError:
        return ApiError(
            418,
            -1003,
            f"Way too much request weight used; IP banned until {usage.banned_until_ns // 1_000_000}. "
            "Please use WebSocket Streams for live updates to avoid bans.",
            (_retry_after(usage.banned_until_ns - now_ns),),
        )


def _used(usage: _Usage) -> tuple[str, str]:
    return ("X-MBX-USED-WEIGHT-1M", str(usage.weight))


def _retry_after(wait_ns: int) -> tuple[str, str]:
    return ("Retry-After", str(-(-wait_ns // _SECOND_NS)))


def _too_many_orders(limit: int, interval: str, wait_ns: int) -> ApiError:
    return ApiError(
        429,
        -1015,
        f"Too many new orders; current limit is {limit} orders per {interval}.",
        (_retry_after(wait_ns),),
    )
