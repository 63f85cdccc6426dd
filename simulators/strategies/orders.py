"""A client's own orders, and how it finds out what became of them.

An order is *sent* until the exchange answers, *open* while it may trade, *unknown* when the answer failed to come or
said that the outcome is unknown, and *closed* for good. An unknown order is never assumed away: it is asked for until
the exchange knows it, or until it can no longer arrive. Replies, stream events and queries all report cumulative
quantities, so the same fill heard three times counts once.
"""

from __future__ import annotations

import enum
from collections import OrderedDict
from collections.abc import Iterator
from typing import Protocol

import msgspec

from simulators.ports import Clock
from simulators.strategies.frames import MALFORMED, ExecutionReport, OrderInfo
from simulators.strategies.pairs import Pair, to_text, to_units
from simulators.strategies.rest import MILLISECOND_NS, RECEIVE_WINDOW_MS, SECOND_NS, Answer, Rest

BUY = 1
SELL = -1

MAX_OPEN_ORDERS = 64
_REMEMBERED_CLOSED = 256
_LONGEST_QUERY_DELAY_NS = 30 * SECOND_NS
# An order that has not shown up by then never will: the receive window is over, and one round trip more.
_GIVEN_UP_AFTER_NS = RECEIVE_WINDOW_MS * MILLISECOND_NS + 5 * SECOND_NS
_DONE = frozenset({"FILLED", "CANCELED", "REJECTED", "EXPIRED", "EXPIRED_IN_MATCH"})
_UNKNOWN_ORDER_QUERIED = -2013


class State(enum.Enum):
    SENT = "sent"
    OPEN = "open"
    UNKNOWN = "unknown"
    CLOSED = "closed"


class OwnOrder(msgspec.Struct):
    """One order of ours. Quantities are integers of 1e-8; ``outcome`` is the dialect's last status, or ours."""

    venue: str
    client_order_id: str
    pair: Pair
    side: int
    ticks: int
    lots: int
    sent_ns: int
    state: State = State.SENT
    executed_units: int = 0
    executed_quote_units: int = 0
    outcome: str = ""
    error_code: int = 0
    is_cancel_wanted: bool = False
    is_cancel_sent: bool = False
    queries: int = 0

    @property
    def is_closed(self) -> bool:
        return self.state is State.CLOSED

    @property
    def remaining_units(self) -> int:
        return self.lots * self.pair.lot_units - self.executed_units


class OrderListener(Protocol):
    """Who hears of an order's life."""

    def on_fill(self, order: OwnOrder, units: int, quote_units: int, cause: int) -> None:
        """``units`` of base traded for ``quote_units``, since last heard."""

    def on_closed(self, order: OwnOrder, cause: int) -> None:
        """The order will trade no more. Its fills have been told before."""


class OrderDesk:
    """Places, cancels and follows the orders of one account at one exchange."""

    def __init__(self, venue: str, prefix: str, rest: Rest, clock: Clock, listener: OrderListener) -> None:
        self._venue = venue
        self._prefix = prefix
        self._rest = rest
        self._clock = clock
        self._listener = listener
        self._open: dict[str, OwnOrder] = {}
        self._closed: OrderedDict[str, OwnOrder] = OrderedDict()
        self._count = 0

    def __iter__(self) -> Iterator[OwnOrder]:
        """Orders not closed, oldest first."""
        return iter(list(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    def reserved_units(self, asset: str) -> int:
        """What orders under way will lock, though no balance shows it yet."""
        total = 0
        for order in self._open.values():
            if order.state in (State.SENT, State.UNKNOWN):
                if order.side == SELL and order.pair.base == asset:
                    total += order.remaining_units
                elif order.side == BUY and order.pair.quote == asset:
                    total += order.pair.notional_units(order.ticks, order.lots) - order.executed_quote_units
        return total

    def place(self, pair: Pair, side: int, ticks: int, lots: int, time_in_force: str, cause: int) -> OwnOrder | None:
        """Send a limit order: ``GTC``, ``IOC``, ``FOK``, or ``GTX`` for post-only. None if it cannot be sent now.

        It cannot while the exchange has silenced us, or while MAX_OPEN_ORDERS are open.
        """
        if len(self._open) >= MAX_OPEN_ORDERS or self._rest.is_silenced:
            return None
        self._count += 1
        name = f"{self._prefix}-{self._count}"
        order = OwnOrder(self._venue, name, pair, side, ticks, lots, self._clock.now_ns)
        self._open[name] = order
        how = self._rest.dialect.post_only if time_in_force == "GTX" else f"type=LIMIT&timeInForce={time_in_force}"
        query = (
            f"symbol={pair.symbol}&side={'BUY' if side == BUY else 'SELL'}&{how}"
            f"&quantity={to_text(lots * pair.lot_units)}&price={to_text(ticks * pair.tick_units)}"
            f"&newClientOrderId={name}&newOrderRespType=RESULT"
        )
        self._rest.send(
            "POST", self._rest.dialect.order, query, lambda answer: self._placed(order, answer), cause, signed=True
        )
        return order

    def cancel(self, order: OwnOrder, cause: int) -> None:
        """Ask for the order's end. One that is not yet acknowledged is cancelled as soon as it is."""
        order.is_cancel_wanted = True
        if order.state is not State.OPEN or order.is_cancel_sent:
            return
        order.is_cancel_sent = True
        query = f"symbol={order.pair.symbol}&origClientOrderId={order.client_order_id}"
        self._rest.send(
            "DELETE", self._rest.dialect.order, query, lambda answer: self._cancelled(order, answer), cause, signed=True
        )

    def on_report(self, report: ExecutionReport, cause: int) -> None:
        """Take an execution report from the user-data stream. Orders of others are none of ours."""
        order = self._open.get(report.names) or self._closed.get(report.names)
        if order is not None and not self._apply(
            order, report.status, report.executed_qty, report.executed_quote_qty, cause
        ):
            self._ask_later(order, cause)

    def reconcile(self, cause: int) -> None:
        """Compare our open orders with the exchange's list and ask for each that it does not name."""
        asked_ns = self._clock.now_ns
        if self._open:
            self._rest.send(
                "GET",
                self._rest.dialect.open_orders,
                "",
                lambda answer: self._listed(asked_ns, answer),
                cause,
                signed=True,
            )

    def _placed(self, order: OwnOrder, answer: Answer) -> None:
        if answer.is_ok:
            self._take_reply(order, answer)
        elif answer.is_undecided:
            self._ask_later(order, answer.cause)
        else:
            self._close(order, "REJECTED", answer.cause, answer.error_code())

    def _cancelled(self, order: OwnOrder, answer: Answer) -> None:
        order.is_cancel_sent = False
        if answer.is_ok:
            self._take_reply(order, answer)
        else:
            # Refused (it may have filled meanwhile), limited or unanswered: only the exchange knows.
            self._ask_later(order, answer.cause)

    def _listed(self, asked_ns: int, answer: Answer) -> None:
        if not answer.is_ok:
            return
        try:
            listed = {each.names: each for each in self._rest.dialect.read_orders(answer.body)}
        except MALFORMED:
            return
        for order in self:
            seen = listed.get(order.client_order_id)
            if seen is not None:
                self._apply(order, seen.status, seen.executed_qty, seen.cummulative_quote_qty, answer.cause)
            elif order.state is State.OPEN and order.sent_ns < asked_ns:
                self._ask_later(order, answer.cause)

    def _take_reply(self, order: OwnOrder, answer: Answer) -> None:
        try:
            info: OrderInfo = self._rest.dialect.read_order(answer.body)
        except MALFORMED:
            self._ask_later(order, answer.cause)
            return
        if not self._apply(order, info.status, info.executed_qty, info.cummulative_quote_qty, answer.cause):
            self._ask_later(order, answer.cause)

    def _ask_later(self, order: OwnOrder, cause: int) -> None:
        if order.is_closed or order.state is State.UNKNOWN:
            return
        order.state = State.UNKNOWN
        order.queries = 0
        self._ask_again(order, cause)

    def _ask_again(self, order: OwnOrder, cause: int) -> None:
        delay_ns = min(SECOND_NS << min(order.queries, 5), _LONGEST_QUERY_DELAY_NS)
        order.queries += 1
        self._clock.call_at(self._clock.now_ns + delay_ns, lambda _: self._ask(order, cause))

    def _ask(self, order: OwnOrder, cause: int) -> None:
        if order.state is State.UNKNOWN:
            query = f"symbol={order.pair.symbol}&origClientOrderId={order.client_order_id}"
            self._rest.send(
                "GET", self._rest.dialect.order, query, lambda answer: self._told(order, answer), cause, signed=True
            )

    def _told(self, order: OwnOrder, answer: Answer) -> None:
        if order.state is not State.UNKNOWN:
            return  # a stream event was quicker
        if answer.is_ok:
            order.state = State.SENT  # so that an unreadable reply is asked for again
            self._take_reply(order, answer)
        elif answer.error_code() == _UNKNOWN_ORDER_QUERIED and self._clock.now_ns >= order.sent_ns + _GIVEN_UP_AFTER_NS:
            self._close(order, "NEVER_ARRIVED", answer.cause)
        else:
            self._ask_again(order, answer.cause)

    def _apply(self, order: OwnOrder, status: str, executed: str, executed_quote: str, cause: int) -> bool:
        """Take what the exchange says of an order; False if it cannot be: no numbers, or more than was ordered."""
        try:
            executed_units, quote_units = to_units(executed), to_units(executed_quote)
        except MALFORMED:
            return False
        if not 0 <= executed_units <= order.lots * order.pair.lot_units or quote_units < 0:
            return False
        traded = executed_units - order.executed_units
        if traded > 0:
            paid = quote_units - order.executed_quote_units
            order.executed_units, order.executed_quote_units = executed_units, quote_units
            self._listener.on_fill(order, traded, paid, cause)
        if order.is_closed:
            return True
        if status in _DONE:
            self._close(order, status, cause)
            return True
        order.state = State.OPEN
        if order.is_cancel_wanted:
            self.cancel(order, cause)
        return True

    def _close(self, order: OwnOrder, outcome: str, cause: int, error_code: int = 0) -> None:
        if order.is_closed:
            return
        order.state, order.outcome, order.error_code = State.CLOSED, outcome, error_code
        del self._open[order.client_order_id]
        self._closed[order.client_order_id] = order
        if len(self._closed) > _REMEMBERED_CLOSED:
            self._closed.popitem(last=False)
        self._listener.on_closed(order, cause)
