"""Slippage: how many times dearer taking liquidity was than the quotes promised, over the account's taker orders with a
fill within ``window``: Σ value × realised ÷ Σ value × modelled.

*Realised*: side × (mean fill price − mid) ÷ mid. *Modelled*: half the spread ÷ mid × (1 + quantity taken ÷ quantity at
the best opposite price): whoever takes all that stands at the best price pays half the spread once more. Both are of
the venue's own quote when it accepted the order.
"""

from __future__ import annotations

from collections import deque

from risk_monitor.agenda import Agenda, Job
from risk_monitor.books.marks import MarkBook, Quote
from risk_monitor.books.perpetuals import legs_of
from risk_monitor.connectors.binance import BookTicker
from risk_monitor.connectors.domain import Fill, OrderEvent, OrderUpdate
from risk_monitor.tape import AccountTape
from risk_monitor.watchtower import Watchtower

LEAST_ORDERS = 5
MAX_ORDERS = 1_024
"""Accepted orders whose model is kept, and executed ones that are measured; of more, the oldest are left out."""

_REPORTS = 16
_NS_PER_MS = 1_000_000


class _Execution:
    """What one order found in the book, and what its taking fills have cost so far."""

    __slots__ = ("half_spread", "is_buy", "last_ns", "mid", "opposite", "paid", "quantity", "value_usd")

    def __init__(self, is_buy: bool, mid: float, half_spread: float, opposite: float) -> None:
        self.is_buy = is_buy
        self.mid = mid
        self.half_spread = half_spread  # as a fraction of the mid
        self.opposite = opposite
        self.quantity = 0.0
        self.paid = 0.0
        self.value_usd = 0.0
        self.last_ns = 0

    @property
    def modelled(self) -> float:
        return self.half_spread * (1.0 + self.quantity / self.opposite)

    @property
    def realised(self) -> float:
        if not self.quantity:
            return 0.0
        slip = self.paid / self.quantity / self.mid - 1.0
        return slip if self.is_buy else -slip


class Slippage:
    """One account.

    A quote bears no time. The one in force when the venue accepted an order is taken to be the last that arrived before
    the order's report did, since both travel alike; but if the report was more than twice as long on its way as reports
    usually are, whatever arrived after that may already show the order's own doing.
    """

    def __init__(
        self, tower: Watchtower, tape: AccountTape, quotes: tuple[Quote, ...], marks: MarkBook, agenda: Agenda
    ) -> None:
        kept = tower.limits.mandate("slippage")
        self._agenda = agenda
        self._tape = tape
        self._marks = marks
        self._window_ns = kept.window_ns if kept else 0
        self._quotes = {quote.symbol: quote for quote in quotes}
        self._lags_ns: deque[int] = deque(maxlen=_REPORTS)
        self._accepted: dict[tuple[str, int], _Execution] = {}
        self._executed: dict[tuple[str, int], _Execution] = {}
        self._realised = 0.0
        self._modelled = 0.0
        self._job = Job(self._look)
        self._watch = tower.watch("slippage", tape.subject, self._evidence)
        if self._watch is not None:
            for quote in quotes:
                quote.keep_trail()
            tape.orders += (self._on_order,)
            tape.fills += (self._on_fill,)
            tape.sights += (self._on_sight,)

    def _on_order(self, now_ns: int, update: OrderUpdate) -> None:
        order = (update.symbol, update.order_id)
        if update.event is not OrderEvent.ACCEPTED:
            self._accepted.pop(order, None)
            return
        accepted_ns = update.time_ms * _NS_PER_MS
        lag_ns = now_ns - accepted_ns
        self._lags_ns.append(lag_ns)
        usual_ns = sorted(self._lags_ns)[len(self._lags_ns) // 2]
        ticker = self._in_force(update.symbol, accepted_ns + min(lag_ns, 2 * usual_ns))
        if ticker is None or ticker.bid <= 0.0 or ticker.ask <= ticker.bid:
            return
        mid = 0.5 * (ticker.bid + ticker.ask)
        opposite = ticker.ask_quantity if update.is_buy else ticker.bid_quantity
        if opposite <= 0.0:
            return
        half_spread = 0.5 * (ticker.ask - ticker.bid) / mid
        self._accepted[order] = _Execution(update.is_buy, mid, half_spread, opposite)
        if len(self._accepted) > MAX_ORDERS:
            del self._accepted[next(iter(self._accepted))]

    def _in_force(self, symbol: str, latest_ns: int) -> BookTicker | None:
        """The last quote of a symbol that arrived by ``latest_ns``; the oldest remembered if all came later."""
        quote = self._quotes[symbol]
        if quote.trail is None or not quote.is_fresh:
            return None
        found: BookTicker | None = None
        for at_ns, ticker in reversed(quote.trail):
            found = ticker
            if at_ns <= latest_ns:
                break
        return found

    def _on_fill(self, now_ns: int, fill: Fill) -> None:
        order = (fill.symbol, fill.order_id)
        execution = self._accepted.get(order)
        if fill.is_maker or execution is None:
            return
        if self._executed.pop(order, None) is not None:
            self._weigh(execution, -1.0)
        paid = float(fill.quote_quantity)
        execution.quantity += float(fill.quantity)
        execution.paid += paid
        execution.value_usd += paid * self._marks.mark(legs_of(self._tape.pairs[fill.symbol])[1])
        execution.last_ns = now_ns
        self._executed[order] = execution
        self._weigh(execution, 1.0)
        if len(self._executed) > MAX_ORDERS:
            self._forget_oldest()
        self._look(now_ns)

    def _weigh(self, execution: _Execution, sign: float) -> None:
        self._realised += sign * execution.value_usd * execution.realised
        self._modelled += sign * execution.value_usd * execution.modelled

    def _forget_oldest(self) -> None:
        order = next(iter(self._executed))
        self._weigh(self._executed.pop(order), -1.0)
        if not self._executed:
            self._realised = self._modelled = 0.0  # sums of floats leave crumbs

    def _on_sight(self, now_ns: int, is_live: bool) -> None:
        self._look(now_ns)

    def _look(self, now_ns: int) -> None:
        watch = self._watch
        if watch is None:
            return
        executed = self._executed
        while executed and next(iter(executed.values())).last_ns <= now_ns - self._window_ns:
            self._forget_oldest()
        if len(executed) >= LEAST_ORDERS and self._modelled > 0.0:
            watch.observe(now_ns, self._realised / self._modelled)
        elif self._tape.is_live:
            watch.observe(now_ns, 0.0)  # the measure begins with five: who trades so little is known to be in no breach
        else:
            watch.lose_sight()
        if executed:
            self._agenda.arm(self._job, next(iter(executed.values())).last_ns + self._window_ns)

    def _evidence(self) -> tuple[str, ...]:
        dearest = sorted(self._executed.items(), key=lambda item: -item[1].value_usd * item[1].realised)
        return tuple(
            f"{self._tape.subject} {symbol} i={order_id} {one.value_usd:.2f} USD"
            f" cost {one.realised * 1e4:.2f} bp, modelled {one.modelled * 1e4:.2f} bp"
            for (symbol, order_id), one in dearest[:4]
        )
