"""A monitor at work: venues that answer with payloads of their documented shape, on a clock that the test moves."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from risk_monitor.config import Account, MonitorConfig, VenueConfig
from risk_monitor.effects import (
    CloseStream,
    Effect,
    OpenStream,
    RaiseSignal,
    SendFrame,
    SendRequest,
    Signal,
)
from risk_monitor.events import (
    Event,
    ReplyReceived,
    Started,
    StreamClosed,
    StreamMessage,
    StreamOpened,
    TimerFired,
)
from risk_monitor.limits import parse_limits
from risk_monitor.machine import RiskMonitor

SECOND_NS = 1_000_000_000
START_NS = 1_676_883_600 * SECOND_NS  # 2023-02-20 09:00 UTC, a Monday
LATENCY_NS = 10_000_000

APEX_PAIRS = ("BTC/USD", "ETH/USD", "BTC/USDT", "ETH/USDT", "ETH/BTC", "USDT/USD")
GATEWAY = "bridge"
BOREAL_PAIRS = ("BTC/USD", "BTC/USDT", "USDT/USD")

LIMITS_HEAD = """
schema: riskproof-limits/1
firm: meridian
base_currency: USD
stablecoins: [USDT, USDC]
structural: {BTC: 10 BTC}
clusters: {majors: [BTC, ETH]}
whitelist: [BTC/USD, ETH/USD, BTC/USDT, ETH/USDT, USDT/USD]
profiles: {"apex:maker": aggressive}
limits:
"""

CALM = {
    "BTC/USD": "24000",
    "ETH/USD": "1600",
    "BTC/USDT": "24000",
    "ETH/USDT": "1600",
    "ETH/BTC": "0.066666666666",
    "USDT/USD": "1",
}


def limits_text(body: str) -> str:
    return LIMITS_HEAD + "".join(f"  {line}\n" for line in body.strip().splitlines())


def book_ticker(pair: str, bid: str, ask: str, update_id: int = 1, quantity: str = "1.00000000") -> bytes:
    symbol = pair.replace("/", "")
    return (
        f'{{"stream":"{symbol.lower()}@bookTicker","data":{{"u":{update_id},"s":"{symbol}","b":"{bid}","B":"{quantity}",'
        f'"a":"{ask}","A":"{quantity}"}}}}'
    ).encode()


class World:
    """Two exchanges, a custodian, a price source and a monitor of them. Everything takes ``LATENCY_NS`` to arrive."""

    def __init__(self, limits: str, config: MonitorConfig | None = None) -> None:
        self.config = config or MonitorConfig(
            (
                VenueConfig("apex", "binance", (Account("master", "a-key"), Account("maker", "b-key")), APEX_PAIRS),
                VenueConfig("boreal", "binance", (Account("master", "c-key"),), BOREAL_PAIRS),
                VenueConfig("keystone", "fireblocks", (Account("0", "d-key"),)),
                VenueConfig("pricebook", "coingecko", assets=("BTC", "ETH", "USDT")),
            )
        )
        self.monitor = RiskMonitor(self.config, parse_limits(limits_text(limits), "limits.yaml"))
        self.now_ns = START_NS
        self.balances: dict[tuple[str, str], dict[str, str]] = {
            ("apex", "master"): {"BTC": "10", "USD": "100000"},
            ("apex", "maker"): {"USDT": "50000"},
            ("boreal", "master"): {"USD": "50000"},
        }
        self.update_ms = START_NS // 1_000_000
        self.custody: dict[str, str] = {"USD": "200000"}
        self.transactions: list[dict[str, Any]] = []
        self.trades: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        self.senders: dict[int, str] = {}
        self.history: dict[str, list[dict[str, Any]]] = {}
        self.status: dict[str, int | None] = {}
        self.latency_ns: dict[str, int] = {}
        self.backlog_ns = 0  # how long a reply that has arrived waits for the monitor's processor
        self.gateway: dict[str, Any] = {"strategies": [], "orders": [], "withdrawals": [], "log": [], "limits": "{}"}
        self.told_gateway: list[dict[str, Any]] = []
        self.refused_paths: set[str] = set()
        self.told_prices: dict[str, tuple[float, int]] = {"bitcoin": (24000.5, 1), "tether": (1.0, 0)}
        self.told_rates: list[dict[str, str]] = []
        self.clock_ms: dict[str, int] = {}
        self.views: dict[tuple[str, str], dict[str, str]] = {}
        self.refuses_streams: set[str] = set()
        self.mute_quotes: set[str] = set()
        self.quotes: dict[tuple[str, str], tuple[str, str, str]] = {}
        self.signals: list[tuple[int, Signal]] = []
        self.requests: list[tuple[int, SendRequest]] = []
        self.streams: dict[tuple[str, str | None], int] = {}
        self.effects: list[Effect] = []
        self.log: list[tuple[int, Event]] = []
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0
        self._update_id = 0

    def start(self, seconds: float = 5.0) -> World:
        """Start the monitor in a calm market and let it see everything."""
        self.step(Started())
        for venue, pairs in (("apex", APEX_PAIRS), ("boreal", BOREAL_PAIRS)):
            for pair in pairs:
                self.set_quote(venue, pair, CALM[pair])
        self.run(seconds)
        return self

    def set_quote(self, venue: str, pair: str, bid: str, ask: str | None = None, quantity: str = "1.0") -> None:
        """From now on the venue quotes this, every second."""
        self.quotes[venue, pair] = (bid, ask or bid, quantity)
        self.send_quote(venue, pair)

    def send_quote(self, venue: str, pair: str) -> None:
        stream_id = self.streams.get((venue, None))
        if stream_id is not None and venue not in self.mute_quotes and f"{venue}:{pair}" not in self.mute_quotes:
            bid, ask, quantity = self.quotes[venue, pair]
            self._update_id += 1
            self.message(stream_id, book_ticker(pair, bid, ask, self._update_id, quantity))

    def run(self, seconds: float, quoting: bool = True) -> None:
        """Let time pass, with every quote repeated each second."""
        end_ns = self.now_ns + int(seconds * SECOND_NS)
        while True:
            second_ns = (self.now_ns // SECOND_NS + 1) * SECOND_NS
            self._run_until(min(second_ns, end_ns))
            if self.now_ns >= end_ns:
                return
            if quoting:
                for venue, pair in list(self.quotes):
                    self.send_quote(venue, pair)

    def _run_until(self, end_ns: int) -> None:
        while True:
            deadline_ns = self.monitor.next_deadline_ns()
            arrival_ns = self._queue[0][0] if self._queue else end_ns + 1
            if min(deadline_ns, arrival_ns) > end_ns:
                break
            if arrival_ns <= deadline_ns:
                self.now_ns = arrival_ns
                heapq.heappop(self._queue)[2]()
            else:
                self.now_ns = max(deadline_ns, self.now_ns)
                self.step(TimerFired())
        self.now_ns = end_ns

    def step(self, event: Event) -> None:
        self.log.append((self.now_ns, event))
        effects = self.monitor.step(self.now_ns, event)
        assert self.monitor.next_deadline_ns() > self.now_ns
        self._perform(effects)

    def message(self, stream_id: int, payload: bytes) -> None:
        self.step(StreamMessage(stream_id, payload))

    def user_event(self, venue: str, account: str, event: dict[str, Any]) -> None:
        payload = json.dumps({"subscriptionId": 0, "event": event}).encode()
        self.message(self.streams[venue, account], payload)

    def move_balance(self, venue: str, account: str, asset: str, change: str, told: bool = True) -> None:
        """Change a balance by a transfer, as a venue would tell it: the position, then the balance update."""
        held = self.balances[venue, account]
        held[asset] = str(Decimal(held.get(asset, "0")) + Decimal(change))
        self.update_ms = self.now_ns // 1_000_000
        if told:
            self.tell_position(venue, account, asset)
            update = {"e": "balanceUpdate", "E": self.update_ms, "a": asset, "d": change, "T": self.update_ms}
            self.user_event(venue, account, update)

    def tell_position(self, venue: str, account: str, *assets: str) -> None:
        held = self.balances[venue, account]
        rows = [{"a": asset, "f": held[asset], "l": "0.00000000"} for asset in assets]
        self.user_event(
            venue,
            account,
            {"e": "outboundAccountPosition", "E": self.update_ms, "u": self.update_ms, "B": rows},
        )

    def trade(
        self,
        venue: str,
        account: str,
        pair: str,
        side: str,
        quantity: str,
        price: str,
        trade_id: int,
        told: bool = True,
        positions: bool = True,
    ) -> None:
        """A fill without fee: balances change, and the report and the position are told."""
        base, quote = pair.split("/")
        held = self.balances[venue, account]
        paid = Decimal(quantity) * Decimal(price)
        sign = 1 if side == "BUY" else -1
        held[base] = str(Decimal(held.get(base, "0")) + sign * Decimal(quantity))
        held[quote] = str(Decimal(held.get(quote, "0")) - sign * paid)
        self.update_ms = self.now_ns // 1_000_000
        symbol = pair.replace("/", "")
        row = {"symbol": symbol, "id": trade_id, "orderId": 1, "price": price, "qty": quantity, "quoteQty": str(paid)}
        row |= {"commission": "0", "commissionAsset": base, "time": self.update_ms, "isBuyer": side == "BUY"}
        self.trades.setdefault((venue, account, symbol), []).append(row)
        if told:
            report = {"e": "executionReport", "E": self.update_ms, "s": symbol, "S": side, "x": "TRADE", "X": "FILLED"}
            report |= {"i": 1, "l": quantity, "z": quantity, "L": price, "n": "0", "N": None, "T": self.update_ms}
            report |= {"t": trade_id, "Y": str(paid), "Z": str(paid)}
            self.user_event(venue, account, report)
            if positions:
                self.tell_position(venue, account, base, quote)

    def instruct(self, instruction_id: str, exchange: str, amount: str, contracted_in_s: float) -> None:
        """The custodian promises to move money from an exchange (amount > 0) or to it."""
        vault, peer = {"type": "VAULT_ACCOUNT", "id": "0"}, {"type": "EXCHANGE_ACCOUNT", "id": exchange}
        arrives = Decimal(amount) > 0
        self.transactions.append(
            {"id": instruction_id, "assetId": "USD", "source": peer if arrives else vault,
             "destination": vault if arrives else peer, "status": "SUBMITTED", "operation": "TRANSFER",
             "amountInfo": {"amount": amount.lstrip("-"), "netAmount": "0"}, "createdAt": self.now_ns // 1_000_000,
             "lastUpdated": self.now_ns // 1_000_000,
             "extraParameters": {"settlement": {"tradeDate": "2023-02-20", "terms": "T+1",
                                 "contractedAt": self.now_ns // 1_000_000 + int(contracted_in_s * 1000)}}}
        )  # fmt: skip

    def settle(self, instruction_id: str, amount: str) -> None:
        """Move part or all of a promise; the sign goes by the direction of the instruction."""
        entry = next(entry for entry in self.transactions if entry["id"] == instruction_id)
        total = Decimal(entry["amountInfo"]["netAmount"]) + Decimal(amount)
        entry["amountInfo"]["netAmount"] = str(total)
        entry["status"] = "COMPLETED" if total == Decimal(entry["amountInfo"]["amount"]) else "CONFIRMING"
        sign = 1 if entry["source"]["type"] == "EXCHANGE_ACCOUNT" else -1
        self.custody["USD"] = str(Decimal(self.custody["USD"]) + sign * Decimal(amount))

    def close_streams(self, venue: str) -> None:
        for (name, _), stream_id in list(self.streams.items()):
            if name == venue:
                self.step(StreamClosed(stream_id, "going away"))

    def history_of(self, mandate: str) -> list[tuple[float, str, str, str]]:
        """(seconds since the start, state, subject, severity) of every signal of a mandate."""
        return [
            (round((at_ns - START_NS) / SECOND_NS, 2), signal.state.value, signal.subject, signal.severity.value)
            for at_ns, signal in self.signals
            if signal.mandate == mandate
        ]

    def compliance(self, mandate: str, subject: str) -> list[tuple[str, float | None]]:
        return [
            (rule.compliance, None if rule.observed is None else round(rule.observed, 6))
            for rule in self.monitor.status().rules
            if rule.mandate == mandate and rule.subject == subject
        ]

    def _perform(self, effects: tuple[Effect, ...]) -> None:
        self.effects.extend(effects)
        for effect in effects:
            match effect:
                case RaiseSignal(signal):
                    self.signals.append((self.now_ns, signal))
                case SendRequest():
                    self._send(effect)
                case OpenStream(stream_id, venue, account, target):
                    name = "depth" if "@depth" in target else account
                    self._later(LATENCY_NS, partial(self._open, stream_id, venue, name))
                case SendFrame(stream_id, payload) if stream_id == self.streams.get((GATEWAY, "monitor")):
                    self.told_gateway.append(json.loads(payload))
                case SendFrame(stream_id, _):
                    answer = b'{"id":"x","status":200,"result":{"subscriptionId":0}}'
                    self._later(LATENCY_NS, partial(self.message, stream_id, answer))
                case CloseStream(stream_id):
                    self.streams = {name: kept for name, kept in self.streams.items() if kept != stream_id}

    def _open(self, stream_id: int, venue: str, account: str | None) -> None:
        if venue in self.refuses_streams:
            self.step(StreamClosed(stream_id, "refused"))
        else:
            self.streams[venue, account] = stream_id
            self.step(StreamOpened(stream_id))

    def _send(self, request: SendRequest) -> None:
        self.requests.append((self.now_ns, request))
        latency_ns = self.latency_ns.get(request.venue, LATENCY_NS)
        self._later(latency_ns, lambda: self._serve(request, latency_ns))

    def _serve(self, request: SendRequest, latency_ns: int) -> None:
        status = self.status.get(request.venue, 200)
        if urlsplit(request.target).path in self.refused_paths:
            status = 503
        if status is None:
            return
        body = self._body(request) if status == 200 else b'{"code":-1,"msg":"no"}'
        self._later(latency_ns, lambda: self._arrive(request.request_id, status, body))

    def _arrive(self, request_id: int, status: int, body: bytes) -> None:
        if not self.backlog_ns:
            self.step(ReplyReceived(request_id, status, body))
        else:
            event = ReplyReceived(request_id, status, body, self.now_ns)
            self._later(self.backlog_ns, lambda: self.step(event))

    def _later(self, delay_ns: int, action: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._queue, (self.now_ns + delay_ns, self._order, action))

    def _body(self, request: SendRequest) -> bytes:
        url = urlsplit(request.target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        match url.path:
            case "/api/v3/time":
                body: Any = {"serverTime": self.now_ns // 1_000_000 + self.clock_ms.get(request.venue, 0)}
            case "/api/v3/depth":
                body = {"lastUpdateId": 7, "bids": [["1", "2"]], "asks": [["2", "2"]]}
            case "/api/v3/account":
                place = (request.venue, request.account)
                held = self.views.get(place, self.balances[place])
                rows = [{"asset": asset, "free": amount, "locked": "0.00000000"} for asset, amount in held.items()]
                body = {"updateTime": self.update_ms, "accountType": "SPOT", "balances": rows}
            case "/api/v3/myTrades":
                rows = self.trades.get((request.venue, request.account, query["symbol"]), [])
                body = [row for row in rows if row["time"] >= int(query["startTime"])]
            case "/api/v3/allOrders":
                told = self.trades.get((request.venue, request.account, query["symbol"]), [])
                body = [{**row, "clientOrderId": self.senders.get(row["orderId"], "")} for row in told]
            case "/sapi/v1/capital/withdraw/history" | "/sapi/v1/capital/deposit/hisrec":
                coin = query.get("coin")
                body = [row for row in self.history.get(url.path, []) if coin in (None, row["coin"])]
            case "/v1/vault/accounts_paged":
                wallets = [{"id": asset, "total": total, "available": total} for asset, total in self.custody.items()]
                body = {"accounts": [{"id": "0", "name": "master", "assets": wallets}], "paging": {}}
            case "/v1/transactions":
                body = [entry for entry in self.transactions if entry["createdAt"] > int(query["after"])]
            case "/api/v3/simple/price":
                body = {coin: {"usd": usd, "last_updated_at": at_s} for coin, (usd, at_s) in self.told_prices.items()}
            case "/v4/timeseries/asset-metrics":
                body = {"data": self.told_rates}
            case "/v1/time":
                body = {"at": self.now_ns // 1_000_000}
            case "/v1/orders":
                body = [row for row in self.gateway["orders"] if row["number"] > int(query.get("after", 0))]
            case "/v1/strategies" | "/v1/withdrawals":
                body = self.gateway[url.path.rpartition("/")[2]]
            case "/v1/policy/limits":
                text = self.gateway["limits"]
                body = {"text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}
            case "/v1/policy/log":
                body = self.gateway["log"]
            case _:
                raise AssertionError(request.target)
        return json.dumps(body).encode()


@pytest.fixture
def world() -> type[World]:
    """Makes a monitor's world under the limits given (the part under ``limits:``)."""
    return World


@pytest.fixture
def ticker() -> Callable[..., bytes]:
    return book_ticker
