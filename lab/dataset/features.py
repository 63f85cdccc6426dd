"""Features: what reached the monitor, read with the monitor's own connectors, as rows of one tidy table.

Only what the monitor could know stands in a row: not when a message left its venue, nor what was lost on the way. A
payload that the connectors refuse is a row too (``unreadable``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from correlator.header import Header
from correlator.records import Listing
from lab.dataset.columns import FEATURES
from lab.dataset.seen import Seen
from risk_monitor.connectors import binance, binance_books, binance_futures, coingecko, coinmetrics, fireblocks, gateway
from risk_monitor.connectors.decoding import decode
from risk_monitor.connectors.domain import (
    AccountSnapshot,
    BalanceChange,
    ConnectorError,
    Fill,
    HistoryRecord,
    IndexPrice,
    OrderUpdate,
)
from risk_monitor.controls.order_path import Acknowledgement, Intent

_MOST_TEXT = 120
_NS_PER_MS = 1_000_000


class Row(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One row without what all rows of a message share; the names are those of the columns."""

    kind: str
    subject: str | None = None
    id: str | None = None
    side: str | None = None
    bid: float | None = None
    bid_quantity: float | None = None
    ask: float | None = None
    ask_quantity: float | None = None
    price: float | None = None
    amount: float | None = None
    locked: float | None = None
    settled: float | None = None
    fee: float | None = None
    rate: float | None = None
    number: int | None = None
    latency_ns: int | None = None
    venue_ms: int | None = None
    text: str | None = None


_fields = [column.name for column in FEATURES][4:]
assert tuple(_fields) == Row.__struct_fields__, "the columns of a row are those of the table"

Reader = Callable[[bytes], Iterable[Row]]


class Features:
    """Turns what one run's monitor saw into rows."""

    def __init__(self, run: int, header: Header) -> None:
        self._run = run
        self._start_ns = header.start_ns
        self._reads = header.monitor.reads
        self._pairs: dict[tuple[str, str], str] = {}

    def list_pair(self, listing: Listing) -> None:
        """From now on the venue's name of a pair is written as the pair: ``BTCUSDT`` as ``BTC/USDT``."""
        self._pairs.setdefault((listing.source, binance.symbol_of(listing.symbol)), listing.symbol)

    def rows(self, seen: Seen) -> Iterator[tuple[Any, ...]]:
        """The rows of one message, in the order of the columns."""
        reads = self._reads.get(seen.venue)
        account = (reads.account_of(seen.key) or None) if reads is not None and seen.key else None
        shared = (self._run, seen.at_ns - self._start_ns, seen.venue, account)
        for row in _read(seen):
            values = msgspec.structs.astuple(row)
            pair = self._pairs.get((seen.venue, values[1])) if values[1] is not None else None
            yield (*shared, values[0], pair, *values[2:]) if pair is not None else (*shared, *values)


def _read(seen: Seen) -> Iterator[Row]:
    path = seen.target.partition("?")[0]
    if seen.what == "no_reply":
        yield Row(kind="no_reply", subject=path, latency_ns=seen.latency_ns, text=seen.payload.decode())
        return
    if seen.what == "reply":
        yield Row(kind="reply", subject=path, number=seen.status, latency_ns=seen.latency_ns)
        reader = _REPLIES.get(path) if seen.status < 400 else None
    else:
        reader = _stream_reader(seen.target)
    if reader is None:
        return
    try:
        yield from list(reader(seen.payload))  # all of it or nothing
    except ConnectorError as error:
        yield Row(kind="unreadable", subject=path, text=str(error)[:_MOST_TEXT])


def _stream_reader(target: str) -> Reader | None:
    if target.startswith("/stream?"):
        return next((reader for name, reader in _STREAMS if name in target), None)
    return next((reader for start, reader in _USER_STREAMS if target.startswith(start)), None)


def _quote(payload: bytes) -> Iterator[Row]:
    one = decode(binance.book_ticker_decoder, payload).data
    yield Row(
        kind="quote", subject=one.symbol, bid=one.bid, bid_quantity=one.bid_quantity, ask=one.ask,
        ask_quantity=one.ask_quantity, number=one.update_id,
    )  # fmt: skip


def _depth(payload: bytes) -> Iterator[Row]:
    update = binance_books.read_depth(payload)
    yield Row(kind="depth", subject=update.symbol, number=update.last_id, amount=update.last_id - update.first_id + 1)


def _mark(payload: bytes) -> Iterator[Row]:
    mark = binance_futures.read_mark(payload)
    yield Row(kind="mark", subject=mark.symbol, price=mark.price, rate=mark.funding_rate)


def _user(payload: bytes) -> Iterator[Row]:
    event = binance.read_user_frame(payload)
    match event:
        case AccountSnapshot():
            yield from _balances(event)
        case BalanceChange():
            yield Row(kind="balance_change", subject=event.asset, amount=float(event.change), venue_ms=event.update_ms)
        case Fill():
            yield _fill(event)
        case OrderUpdate():
            yield _order(event)
        case binance.Subscribed() | binance.SubscriptionLost():
            yield Row(kind="subscription", text=getattr(event, "reason", "subscribed"))


def _futures_user(payload: bytes) -> Iterator[Row]:
    event = binance_futures.read_user_frame(payload)
    match event:
        case binance_futures.MarginView():
            yield from _margin(event)
        case binance_futures.MarginCalled():
            yield from (Row(kind="margin_call", subject=symbol) for symbol in event.symbols)
        case Fill():
            yield _fill(event)
        case OrderUpdate():
            yield _order(event)
        case binance.Subscribed() | binance.SubscriptionLost():
            yield Row(kind="subscription", text=getattr(event, "reason", "subscribed"))


def _gateway(payload: bytes) -> Iterator[Row]:
    frame = gateway.read_frame(payload)
    match frame:
        case gateway.Heartbeats():
            yield from (Row(kind="heartbeat", subject=name) for name in frame.alive)
        case gateway.SentOrder():
            yield _sent(frame)
        case gateway.Answer():
            yield Row(
                kind="answer", subject=frame.strategy, id=frame.client_order_id, number=frame.code, text=frame.status
            )
        case gateway.OrderedWithdrawal():
            yield _ordered(frame)
        case gateway.SecurityIncident():
            yield Row(kind="security", subject=frame.strategy, text=frame.reason, venue_ms=frame.at)
        case gateway.PolicyChanged():
            yield Row(kind="policy", text=frame.sha256)
        case Intent():
            yield Row(
                kind="intent", subject=frame.strategy, id=frame.intent_id, side=frame.side.lower(),
                price=None if frame.price is None else float(frame.price), amount=float(frame.quantity),
                venue_ms=frame.at_ms, text=f"{frame.venue} {frame.symbol}",
            )  # fmt: skip
        case Acknowledgement():
            yield Row(kind="acknowledgement", id=frame.command_id, text="done" if frame.is_done else "failed")


def _account(body: bytes) -> Iterator[Row]:
    return _balances(binance.read_account(body))


def _balances(view: AccountSnapshot) -> Iterator[Row]:
    word = "complete" if view.is_complete else "changed"
    for one in view.balances:
        yield Row(
            kind="balance", subject=one.asset, amount=float(one.free), locked=float(one.locked),
            venue_ms=view.update_ms, text=word,
        )  # fmt: skip


def _margin(view: binance_futures.MarginView) -> Iterator[Row]:
    word = view.reason or "complete"
    for wallet in view.wallets:
        yield Row(kind="wallet", subject=wallet.asset, amount=float(wallet.balance), venue_ms=view.update_ms, text=word)
    for one in view.positions:
        yield Row(
            kind="position", subject=one.symbol, amount=float(one.amount), price=one.entry_price,
            venue_ms=view.update_ms, text=word,
        )  # fmt: skip


def _fill(fill: Fill) -> Row:
    return Row(
        kind="fill", subject=fill.symbol, id=fill.client_order_id or str(fill.trade_id),
        side="buy" if fill.is_buy else "sell", price=fill.price, amount=float(fill.quantity), fee=float(fill.fee),
        number=fill.trade_id, venue_ms=fill.time_ms, text="maker" if fill.is_maker else "taker",
    )  # fmt: skip


def _order(order: OrderUpdate) -> Row:
    return Row(
        kind="order", subject=order.symbol, id=order.client_order_id, side="buy" if order.is_buy else "sell",
        amount=float(order.quantity), venue_ms=order.time_ms, text=order.status,
    )  # fmt: skip


def _history(records: Iterable[HistoryRecord]) -> Iterator[Row]:
    for one in records:
        kind = "deposit" if one.amount > 0 else "withdrawal"
        yield Row(kind=kind, subject=one.asset, id=one.record_id, amount=float(one.amount), fee=float(one.fee))


def _indices(prices: Iterable[IndexPrice]) -> Iterator[Row]:
    for one in prices:
        at_ms = one.at_ns // _NS_PER_MS or None
        yield Row(kind="index_price", subject=one.asset, price=one.price_usd, venue_ms=at_ms)


def _vault(body: bytes) -> Iterator[Row]:
    for one in fireblocks.read_vault_page(body).balances:
        yield Row(kind="custody_balance", subject=one.asset, amount=float(one.total))


def _transactions(body: bytes) -> Iterator[Row]:
    page = fireblocks.read_transactions(body)
    for one in page.settlements:
        yield Row(
            kind="settlement", subject=one.asset, id=one.instruction_id, amount=float(one.amount),
            settled=float(one.settled), venue_ms=one.contracted_ms, text=one.status,
        )  # fmt: skip
    for moved in page.transfers:
        yield Row(
            kind="transfer", subject=moved.asset, id=moved.transfer_id, amount=float(moved.amount),
            venue_ms=moved.created_ms, text=moved.status,
        )  # fmt: skip


def _sent(order: gateway.SentOrder) -> Row:
    return Row(
        kind="sent_order", subject=order.strategy, id=order.client_order_id, number=order.number, venue_ms=order.at,
        text=f"{order.venue} {order.account}",
    )  # fmt: skip


def _ordered(order: gateway.OrderedWithdrawal) -> Row:
    return Row(kind="ordered_withdrawal", id=order.client_id, text=order.venue)


def _policy_log(body: bytes) -> Iterator[Row]:
    log = gateway.read_policy_log(body)
    yield Row(kind="policy_log", number=len(log.chains), text="whole" if log.is_whole else "broken")


def _order_names(body: bytes) -> Iterator[Row]:
    for symbol, number, name in binance.read_orders(body):
        yield Row(kind="order_name", subject=symbol, id=name, number=number)


def _time(read: Callable[[bytes], int]) -> Reader:
    return lambda body: [Row(kind="time", venue_ms=read(body))]


_STREAMS: tuple[tuple[str, Reader], ...] = (("@bookTicker", _quote), ("@depth", _depth), ("@markPrice", _mark))
_USER_STREAMS: tuple[tuple[str, Reader], ...] = (
    (binance.USER_STREAM_TARGET, _user),
    (binance_futures.USER_STREAM_TARGET, _futures_user),
    ("/v1/stream", _gateway),
)
_REPLIES: dict[str, Reader] = {
    binance.time_target(): _time(binance.read_time),
    binance_futures.time_target(): _time(binance.read_time),
    gateway.TIME_TARGET: _time(gateway.read_time),
    "/api/v3/account": _account,
    "/fapi/v2/account": lambda body: _margin(binance_futures.read_account(body)),
    "/api/v3/myTrades": lambda body: map(_fill, binance.read_trades(body)),
    "/api/v3/allOrders": _order_names,
    "/api/v3/depth": lambda body: [Row(kind="snapshot", number=binance_books.read_snapshot(body))],
    "/sapi/v1/capital/withdraw/history": lambda body: _history(binance.read_withdrawals(body)),
    "/sapi/v1/capital/deposit/hisrec": lambda body: _history(binance.read_deposits(body)),
    "/v1/vault/accounts_paged": _vault,
    "/v1/transactions": _transactions,
    "/api/v3/simple/price": lambda body: _indices(coingecko.read_prices(body)),
    "/v4/timeseries/asset-metrics": lambda body: _indices(coinmetrics.read_prices(body)),
    gateway.STRATEGIES_TARGET: lambda body: [
        Row(kind="strategy", subject=one.name) for one in gateway.read_strategies(body)
    ],
    "/v1/orders": lambda body: map(_sent, gateway.read_orders(body)),
    gateway.WITHDRAWALS_TARGET: lambda body: map(_ordered, gateway.read_withdrawals(body)),
    gateway.POLICY_LIMITS_TARGET: lambda body: [Row(kind="policy", text=gateway.read_policy_limits(body))],
    gateway.POLICY_LOG_TARGET: _policy_log,
}
