"""What the exchange's idle fault hooks cost: the way of a client's request with them, and the same way without them.

The way is that of orders placed, filled and cancelled and of accounts asked for, from the request to the reply and the
reports on the account's stream. *Without* means: no fault is asked about a request, no withholder, editor or painter
about what an account is told, and timestamps come from the true clock. What remains in both is what costs no time of
its own: an order gate that is None in the compiled core, a cancel that goes straight to the core, and streams of quotes
whose receivers and writers a fault exchanges as a whole. Neither links nor signatures nor the queue of the lab are on
the way, so that the hooks' share is the largest there can be. Both ways must say the same to the byte.

    python -m benchmarks.fault_hooks [ROUNDS]
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

import msgspec
import numpy as np

from benchmarks.exchange_orders import BatchingAudit, mode
from benchmarks.figures import Figure, table
from simulators.exchange.api import account_events as events
from simulators.exchange.api import venue
from simulators.exchange.api.account_views import AccountViews, Balances
from simulators.exchange.api.parameters import Parameters
from simulators.exchange.api.routes import ApiKey, Call
from simulators.exchange.api.user_data import Subscription, UserData
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.api.venue_clock import VenueClock
from simulators.exchange.config import ExchangeConfig, StreetConfig
from simulators.exchange.core import Exchange
from simulators.exchange.order import Order, Trade
from simulators.exchange.types import Listing
from simulators.ledger import to_text
from simulators.log_normal import LogNormal
from simulators.ports import Reply, Request

LISTING = Listing("BTC/USDT", "BTC", "USDT", "0.01", "0.00001", "5", maker_fee_bp=2.0, taker_fee_bp=5.0)
START_NS = 1_677_369_600_000_000_000
TURNS = 1_500
"""Of four requests each: an order that waits, its cancel, an order that is filled, the account."""

_NS_PER_MS = 1_000_000
_STEP_NS = 400 * _NS_PER_MS
_STRETCH = 60


class DirectClock:
    """Calls at once what is to be called later: the time of a queue is not what is measured."""

    def __init__(self) -> None:
        self.now_ns = START_NS

    def call_at(self, at_ns: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        callback(argument)

    def timer(self, callback: Callable[[], None]) -> Any:
        return _NoTimer()


class _NoTimer:
    def arm(self, at_ns: int) -> None:
        """Summaries of the market are not on the way."""

    def cancel(self) -> None:
        """Nothing was armed."""


class _TrueClock:
    """In place of ``VenueClock``."""

    def __init__(self, clock: DirectClock, told: Callable[[int, int, int], object]) -> None:
        self._clock = clock

    @property
    def now_ns(self) -> int:
        return self._clock.now_ns

    def ms(self, at_ns: int) -> int:
        return at_ns // _NS_PER_MS


class _TrueViews(AccountViews):
    def balances(self, account: str) -> Balances:
        return self._exchange.balances(account)


class _BareUserData(UserData):
    """Tells accounts what is so."""

    def __init__(self, exchange: Exchange, pairs: Any, clock: VenueClock) -> None:
        super().__init__(exchange, pairs, clock)
        self.views = _TrueViews(exchange)

    def updated_ms(self, account: str) -> int:
        return self._updated_ms.get(account, 0)

    def on_fill(self, trade: Trade, order: Order, cause: int) -> None:
        subscriptions = self._subscriptions.get(order.account)
        if subscriptions is not None:
            pair = self._pairs.all[trade.index]
            self._expect(order.account, pair, trade, as_taker=trade.taker_order == order.order_id)
            self._send(subscriptions, self._written(order, "TRADE", trade), cause)

    def on_balance(self, account: str, assets: tuple[str, ...], cause: int) -> None:
        now_ms = self._clock.now_ns // _NS_PER_MS
        self._updated_ms[account] = now_ms
        subscriptions = self._subscriptions.get(account)
        if subscriptions is None:
            return
        known_totals = self._known_totals[account]
        rows: list[events.AccountBalance] = []
        updates: list[events.BalanceUpdate] = []
        for asset in assets:
            free, held = self._exchange.balance(account, asset)
            rows.append(events.AccountBalance(asset, to_text(free), to_text(held)))
            unexplained = free + held - known_totals.get(asset, 0)
            if unexplained:
                known_totals[asset] = free + held
                updates.append(events.BalanceUpdate(now_ms, asset, to_text(unexplained), now_ms))
        self._send(subscriptions, msgspec.json.encode(events.AccountPosition(now_ms, now_ms, rows)), cause)
        for update in updates:
            self._send(subscriptions, msgspec.json.encode(update), cause)

    def _send(self, subscriptions: tuple[Subscription, ...], event: bytes, cause: int) -> None:
        for subscription in subscriptions:
            subscription.send(event, cause)


class _BareApi(ExchangeApi):
    """An exchange to which no harm can be done at its door."""

    def make_user_data(self, clock: VenueClock) -> UserData:
        return _BareUserData(self.exchange, self.pairs, clock)

    def handle(self, request: Request, respond: Callable[[Reply, int], None], cause: int, address: str = "") -> None:
        now_ns = self._clock.now_ns
        path, _, query = request.target.partition("?")
        route = self._routes.get((request.method, path))
        operation = route.operation if route is not None else "general"
        api_key = venue._api_key(request)
        key = self._keys.get(api_key)
        account = key.account if key is not None else ""
        service_ns = self._service_times.service_ns(operation, now_ns, api_key)
        serve = route.serve if route is not None else venue._not_found(path, self.time.ms(now_ns))
        call = Call(Parameters(query, request.body), account, cause, respond, serve, ())
        if route is not None:
            self._admit(call, route, api_key, key, venue._Sent(query, request.body, address), now_ns)
        self._clock.call_at(now_ns + service_ns, self._serve, call)


class _Way:
    """A venue, one client of it, and everything that the client is told."""

    def __init__(self, make: type[ExchangeApi]) -> None:
        self._clock = clock = DirectClock()
        street = StreetConfig(half_spread_bp=1.0, top_notional=1e9)
        audit = BatchingAudit()
        exchange = Exchange(ExchangeConfig("apex", (LISTING,), {"BTC/USDT": street}), clock, audit)
        exchange.open_account("maker", "firm", {"BTC": "100", "USDT": "10000000"})
        with patch.object(venue, "VenueClock", _TrueClock if make is _BareApi else VenueClock):
            api = make(
                exchange,
                clock,
                {"K": ApiKey("maker", can_trade=True)},
                {"*": LogNormal(5.0, 0.3)},
                np.random.Generator(np.random.PCG64(1)),
                audit,
            )
        self.told: list[bytes] = []
        self._handle = api.handle
        exchange.requote(0, 20_000.0)
        stream = api.open_stream("/ws-api/v3", self._hear, lambda _: None)
        assert stream is not None
        parameters = {"apiKey": "K", "timestamp": START_NS // _NS_PER_MS}
        call = {"id": 1, "method": "userDataStream.subscribe.signature", "params": parameters}
        stream.receive(msgspec.json.encode(call), 0)

    def play(self, requests: Sequence[Request]) -> float:
        """CPU seconds that these requests took."""
        clock, handle, respond = self._clock, self._handle, self._respond
        began_s = time.process_time()
        for request in requests:
            clock.now_ns += _STEP_NS
            handle(request, respond, 1)
        return time.process_time() - began_s

    def _hear(self, payload: bytes, cause: int) -> None:
        self.told.append(payload)

    def _respond(self, reply: Reply, cause: int) -> None:
        self.told.append(reply.body)


def _requests() -> list[Request]:
    headers = (("X-MBX-APIKEY", "K"),)
    order = "/api/v3/order?symbol=BTCUSDT&"
    requests: list[Request] = []
    for turn in range(TURNS):
        side, beyond = ("BUY", "20100.00") if turn % 2 else ("SELL", "19900.00")
        waits = f"side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=19000.00&newClientOrderId=w{turn}"
        fills = f"side={side}&type=LIMIT&timeInForce=IOC&quantity=0.01&price={beyond}"
        requests += [
            Request("POST", f"{order}{waits}", headers),
            Request("DELETE", f"{order}origClientOrderId=w{turn}", headers),
            Request("POST", f"{order}{fills}", headers),
            Request("GET", "/api/v3/account?omitZeroBalances=true", headers),
        ]
    return requests


def measure(rounds: int = 15) -> list[Figure]:
    """Play the same requests with and without hooks. The two take turns every few milliseconds, and of each stretch
    counts the fastest of all rounds: what else the machine does would otherwise be larger than what is measured."""
    requests = _requests()
    stretches = [requests[first : first + _STRETCH] for first in range(0, len(requests), _STRETCH)]
    fastest_s: dict[type[ExchangeApi], list[float]] = {
        make: [float("inf")] * len(stretches) for make in (ExchangeApi, _BareApi)
    }
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        ways = {make: _Way(make) for make in fastest_s}
        gc.collect()
        gc.disable()
        for number, stretch in enumerate(stretches):
            order = list(ways) if number % 2 else [*ways][::-1]
            for make in order:
                fastest_s[make][number] = min(fastest_s[make][number], ways[make].play(stretch))
        gc.enable()
        _compare(*(way.told for way in ways.values()))
    with_us, without_us = (sum(each) / len(requests) * 1e6 for each in fastest_s.values())
    return [
        Figure("exchange core", mode()),
        Figure("a client's request, with idle fault hooks", f"{with_us:.2f} µs"),
        Figure("the same without them", f"{without_us:.2f} µs"),
        Figure("what the idle hooks cost", f"{(with_us / without_us - 1) * 100:.1f} %"),
    ]


def _compare(told: list[bytes], told_without: list[bytes]) -> None:
    """Refuse to measure two ways that are not the same, or not the one that is meant."""
    if told != told_without:
        raise RuntimeError("the exchange with its idle hooks says something else than without them")
    fills = sum(b'"x":"TRADE"' in payload for payload in told)
    if fills < TURNS:
        raise RuntimeError(f"{fills} of {TURNS} orders were filled: that is not the way that is to be measured")


def main() -> None:
    """Print the figures."""
    print(table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 15)))


if __name__ == "__main__":
    main()
