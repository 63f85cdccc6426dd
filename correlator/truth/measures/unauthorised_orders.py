"""Unauthorised orders: orders in the firm's name that the firm never sent, as with a stolen key."""

from __future__ import annotations

from collections import deque

import msgspec

from correlator.records import Intent, Order, Policy, Position, Record
from correlator.truth.gauge import GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.watch import Watch
from correlator.truth.own_orders import OwnOrders
from correlator.truth.shown.invented import InventedFill
from correlator.truth.sliding import MOST_KEPT, SlidingSum
from correlator.truth.stretch import Books, Stretch

BENEFIT_OF_DOUBT_NS = 5_000_000_000
"""How long an order has to prove its origin: the exchange's report may be faster than the gateway's."""


_LIQUIDATION = "autoclose-"  # a derivatives exchange keeps it for itself


class _Suspect(msgspec.Struct, frozen=True, gc=False):
    at_ns: int
    seq: int
    venue: str
    account: str
    client_order_id: str


class UnauthorisedOrders(Watch):
    """Orders that an exchange accepted for an account, or invented a fill of, and the gateway did not send, within
    ``window``.

    One counts once 5 s have passed since it was accepted, or first told of, until ``window`` after it was. A firm whose
    gateway never spoke has none: nobody could tell its orders from others. The order with which a derivatives exchange
    liquidates is the venue's own.
    """

    mandate = "unauthorised_orders"
    takes = (Intent, Order, Policy, Position, InventedFill)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._own = OwnOrders()
        self._has_gateway = False
        self._derivatives: set[str] = set()
        self._sums: dict[tuple[str, str], SlidingSum] = {}
        self._seen: dict[tuple[str, str, str], None] = {}
        self._suspects: deque[_Suspect] = deque(maxlen=MOST_KEPT)

    def open_account(self, venue: str, account: str) -> None:
        gauge = self.board.bound_account(self.mandate, f"{venue}:{account}")
        if gauge is not None:
            counts_for_ns = max(0, self.window_ns - BENEFIT_OF_DOUBT_NS)
            self._sums[venue, account] = SlidingSum(gauge, counts_for_ns)

    def take(self, record: Record) -> None:
        self._advance(record.at_ns)
        if isinstance(record, Order):
            if record.event == "accepted" and self._is_asked(record):
                self._suspect(record)
            return
        if isinstance(record, InventedFill):
            self._suspect(record)
            return
        if isinstance(record, Position):  # there is none before the first fill, and no liquidation without one
            self._derivatives.add(record.source)
            return
        self._has_gateway = True
        if isinstance(record, Intent):
            self._own.take(record)

    def _suspect(self, record: Order | InventedFill) -> None:
        order = (record.source, record.account, record.client_order_id)
        if order[:2] not in self._sums or order in self._seen:
            return
        if len(self._seen) >= MOST_KEPT:
            del self._seen[next(iter(self._seen))]
        self._seen[order] = None
        self._suspects.append(_Suspect(record.at_ns, record.seq, *order))

    def _is_asked(self, order: Order) -> bool:
        is_liquidation = order.source in self._derivatives and order.client_order_id.startswith(_LIQUIDATION)
        return (order.source, order.account) in self._sums and not is_liquidation

    def _advance(self, to_ns: int) -> None:
        while self._suspects and (counts_ns := self._suspects[0].at_ns + BENEFIT_OF_DOUBT_NS) <= to_ns:
            suspect = self._suspects.popleft()
            is_own = self._own.strategy(suspect.venue, suspect.account, suspect.client_order_id) is not None
            if self._has_gateway and not is_own:
                self._sums[suspect.venue, suspect.account].add(counts_ns, 1.0, suspect.seq)

    def evaluate(self, stretch: Stretch) -> None:
        to_ns = int(stretch.ends[-1]) - 1
        self._advance(to_ns)
        for total in self._sums.values():
            total.advance(to_ns)
