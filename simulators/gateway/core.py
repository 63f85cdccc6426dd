"""The firm's gateway: every order of every strategy passes here on its way to a venue.

It shares a process with the strategies, so nothing lies between them and it; from here on an order travels the
strategy's own link. The gateway checks who speaks, keeps the log of what the firm sent, holds orders back while a gate
is required and undecided, and tells whoever listens (``simulators.gateway.api``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from simulators.gateway.config import GatewayConfig
from simulators.gateway.intents import Intent, Verifier
from simulators.gateway.orders import Order, OrderLog
from simulators.gateway.payloads import (
    Answer,
    Decision,
    Heartbeats,
    IntentFrame,
    Notice,
    OrderFrame,
    PolicyNotice,
    SecurityNotice,
    WithdrawalFrame,
)
from simulators.gateway.policy import PolicyStore
from simulators.ports import Audit, Clock, Reply, Request, Wire
from simulators.strategies.pairs import Pair
from simulators.strategies.rest import Answer as VenueAnswer
from simulators.strategies.rest import Key, Rest, stamped
from simulators.strategies.runner import Runner

OnReply = Callable[[Reply | None, int], None]

SECURITY, BLOCKED, PAUSED, NO_ROUTE = -9_010, -9_011, -9_012, -9_013
"""Error codes of the gateway's own refusals, in the shape of a venue's."""

_NS_PER_MS = 1_000_000
_DUPLICATE = b"Duplicate order sent."  # -2010 says it in words only
_MOST_WAITING = 10_000
_MOST_MOVED = 10_000


class Door(NamedTuple):
    """The firm's way to one account at one venue."""

    wire: Wire
    key: Key
    account: str


class _Waiting(NamedTuple):
    """An order that waits for its decision."""

    order: Order
    on_reply: OnReply
    timeout_ns: int
    cause: int


class Gateway:
    """Orders in, requests to venues out.

    ``secrets`` are those with which strategies sign, by name; ``pairs`` are what each venue lists, by venue and symbol;
    ``open_door(strategy, venue)`` finds the firm's way for a strategy to a venue that it does not trade at by itself,
    or None. ``broadcast`` and ``is_controlled`` are set by the API that clients reach the gateway through.
    """

    def __init__(
        self,
        config: GatewayConfig,
        policy: PolicyStore,
        clock: Clock,
        audit: Audit,
        secrets: Mapping[str, str],
        pairs: Mapping[str, Mapping[str, Pair]],
        open_door: Callable[[str, str], Door | None],
    ) -> None:
        self.name = config.name
        self.policy = policy
        self.log = OrderLog()
        self.runners: dict[str, Runner] = {}
        self.broadcast: Callable[[Notice, int], None] = lambda notice, cause: None
        self.is_controlled: Callable[[], bool] = lambda: False
        self.muted: dict[str, list[Callable[[], None]]] = {}
        """Strategies whose heartbeats are lost, and who is told of each that is."""
        self.gate_is_required = False
        self._config = config
        self._clock = clock
        self._audit = audit
        self._verifier = Verifier(secrets)
        self._pairs = pairs
        self._open_door = open_door
        self._doors: dict[tuple[str, str], Door] = {}
        self._rests: dict[tuple[str, str], Rest] = {}
        self._routes: dict[tuple[str, str], str] = {}
        self._moved: OrderedDict[tuple[str, str], str] = OrderedDict()  # (strategy, order's name) -> where it went
        self._waiting: dict[str, _Waiting] = {}
        self._intents = 0
        policy.on_change = self._policy_changed

    # Assembly

    def add_door(self, strategy: str, venue: str, door: Door) -> None:
        """The strategy trades at the venue, through this door."""
        self._doors[strategy, venue] = door

    def employ(self, runner: Runner) -> None:
        """The strategy is one of those whose orders pass here."""
        self.runners[runner.name] = runner

    def start(self) -> None:
        """Open the policy store and begin to beat."""
        self.policy.open()
        self._clock.call_at(self._clock.now_ns + self._config.heartbeat_ns, self._beat)

    # Orders

    def submit(self, intent: Intent, on_reply: OnReply, timeout_ns: int, cause: int) -> None:
        """Take an order, or a cancel, from a strategy; ``on_reply`` is called as if the venue had been asked."""
        objection = self._verifier.objection(intent, self._clock.now_ns)
        if objection:
            self._object(objection, intent, on_reply, cause)
            return
        strategy, venue = intent.strategy, intent.venue
        if intent.method == "DELETE":
            self._cancel(intent, on_reply, timeout_ns, cause)
            return
        order = Order.of(strategy, venue, self._doors[strategy, venue].account, intent.path, intent.query)
        runner = self.runners[strategy]
        if runner.control_reason:
            self.refuse(order, "refused", PAUSED, f"paused: {runner.control_reason}", on_reply, cause)
            return
        routed = self._routed(order)
        if routed is None:
            self.refuse(order, "refused", NO_ROUTE, f"no route from {venue}", on_reply, cause)
        elif self.gate_is_required:
            self._ask(_Waiting(routed, on_reply, timeout_ns, cause))
        else:
            self.send(routed, "sent", "", on_reply, timeout_ns, cause)

    def send(self, order: Order, event: str, reason: str, on_reply: OnReply, timeout_ns: int, cause: int) -> None:
        """Log the order, tell of it, and send it to its venue under the firm's key."""
        door = self.door(order.strategy, order.venue)
        assert door is not None
        record = self._note(order, event, reason, cause)
        now_ms = self._clock.now_ns // _NS_PER_MS
        row = self.log.order_sent(order, now_ms)
        self.broadcast(OrderFrame(*msgspec.structs.astuple(row)), record)

        def replied(reply: Reply | None, reply_cause: int) -> None:
            if reply is None or reply.status >= 500:
                status, code = "UNKNOWN", 0
            elif reply.status == 200:
                status, code = "ACCEPTED", 0
            elif _DUPLICATE in reply.body:
                # It was sent once: the wire has doubled it, and what became of the other one its own report tells.
                status, code = "UNKNOWN", VenueAnswer(reply.status, reply.body, 0).error_code()
            else:
                status, code = "REJECTED", VenueAnswer(reply.status, reply.body, 0).error_code()
            self._answered(order.strategy, order.venue, order.client_order_id, status, code, reply_cause)
            on_reply(reply, reply_cause)

        self._forward(door, "POST", order.path, order.query, replied, timeout_ns, record)

    def refuse(self, order: Order, event: str, code: int, reason: str, on_reply: OnReply, cause: int) -> None:
        """Answer the strategy that its order was not sent."""
        record = self._note(order, event, reason, cause)
        self._reply(on_reply, code, reason, record)

    def cancelled(self, strategy: str, venue: str, client_order_id: str, cause: int) -> None:
        """Tell that a venue has cancelled an order of the strategy."""
        self._answered(strategy, venue, client_order_id, "CANCELED", 0, cause)

    def where(self, strategy: str, venue: str, client_order_id: str) -> str:
        """The venue at which an order that was meant for ``venue`` stands."""
        return self._moved.get((strategy, client_order_id), venue)

    # The gate

    def require_gate(self, is_required: bool) -> None:
        """From now on every order waits for a decision, or none does. Those that wait already go on waiting."""
        self.gate_is_required = is_required

    def decide(self, decision: Decision) -> None:
        """Take the decision on an order that waits; one that does not wait any more is none."""
        waiting = self._waiting.pop(decision.id, None)
        if waiting is None:
            return
        order, on_reply, timeout_ns, cause = waiting
        if decision.decision == "allow":
            self.send(order, "sent", decision.reason, on_reply, timeout_ns, cause)
            return
        smaller = None
        if decision.decision == "scale_down":
            smaller = order.with_quantity(decision.quantity, self.pair(order.venue, order.symbol))
        if smaller is None:
            self.refuse(order, "blocked", BLOCKED, decision.reason or decision.decision, on_reply, cause)
        else:
            self.send(smaller, "scaled_down", decision.reason, on_reply, timeout_ns, cause)

    def _ask(self, waiting: _Waiting) -> None:
        order = waiting.order
        if not self.is_controlled() or len(self._waiting) >= _MOST_WAITING:
            why = "too many orders wait" if self.is_controlled() else "nobody is there to decide"
            self.refuse(order, "blocked", BLOCKED, f"gate: {why}", waiting.on_reply, waiting.cause)
            return
        self._intents += 1
        name = f"i{self._intents}"
        self._waiting[name] = waiting
        frame = IntentFrame(
            name,
            order.strategy,
            order.venue,
            order.account,
            order.symbol,
            order.side,
            order.order_type,
            order.price,
            order.quantity,
            self._clock.now_ns // _NS_PER_MS,
        )
        self.broadcast(frame, waiting.cause)
        self._clock.call_at(self._clock.now_ns + self._config.gate_timeout_ns, self._time_out, name)

    def _time_out(self, name: str) -> None:
        waiting = self._waiting.pop(name, None)
        if waiting is not None:
            limit_ms = self._config.gate_timeout_ns // _NS_PER_MS
            reason = f"gate: no decision within {limit_ms} ms"
            self.refuse(waiting.order, "blocked", BLOCKED, reason, waiting.on_reply, waiting.cause)

    # What commands and the treasury need

    def door(self, strategy: str, venue: str) -> Door | None:
        """The way for a strategy to a venue, opened if there is none yet; None if the firm has none."""
        key = (strategy, venue)
        if key not in self._doors:
            door = self._open_door(strategy, venue)
            if door is None:
                return None
            self._doors[key] = door
        return self._doors[key]

    def rest(self, strategy: str, venue: str) -> Rest | None:
        """Requests of the gateway's own through that door."""
        door = self.door(strategy, venue)
        if door is None:
            return None
        key = (strategy, venue)
        if key not in self._rests:
            self._rests[key] = Rest(door.wire, door.key, self._clock)
        return self._rests[key]

    def pair(self, venue: str, symbol: str) -> Pair | None:
        return self._pairs.get(venue, {}).get(symbol)

    def route(self, strategy: str, venue: str, to: str) -> None:
        """Send the strategy's new orders for ``venue`` to ``to`` instead; to ``venue`` itself: no longer."""
        if to == venue:
            self._routes.pop((strategy, venue), None)
        else:
            self._routes[strategy, venue] = to

    def withdraw(self, door: Door, venue: str, asset: str, amount: str, address: str, cause: int) -> None:
        """Order a withdrawal from the door's account, and tell that the firm did. The venue may still refuse it."""
        name = f"{self.name}-{len(self.log.withdrawals) + 1}-{self._clock.now_ns // _NS_PER_MS}"
        now_ms = self._clock.now_ns // _NS_PER_MS
        row = self.log.withdrawal_ordered(venue, door.account, asset, amount, address, name, now_ms)
        body = ("", venue, door.account, name, asset, "", "withdrawal", "", amount, "sent", f"to {address}")
        record = self._audit.record("intent", self.name, cause, *body)
        self.broadcast(WithdrawalFrame(*msgspec.structs.astuple(row)), record)
        query = f"coin={asset}&amount={amount}&address={address}&withdrawOrderId={name}"
        rest = Rest(door.wire, door.key, self._clock)
        rest.send("POST", "/sapi/v1/capital/withdraw/apply", query, lambda answer: None, record, signed=True)

    # Within

    def _cancel(self, intent: Intent, on_reply: OnReply, timeout_ns: int, cause: int) -> None:
        strategy = intent.strategy
        name = dict(part.partition("=")[::2] for part in intent.query.split("&")).get("origClientOrderId", "")
        venue = self.where(strategy, intent.venue, name)
        door = self.door(strategy, venue)
        assert door is not None

        def replied(reply: Reply | None, reply_cause: int) -> None:
            if reply is not None and reply.status == 200:
                self._answered(strategy, venue, name, "CANCELED", 0, reply_cause)
            elif reply is not None and reply.status < 500:
                code = VenueAnswer(reply.status, reply.body, 0).error_code()
                self._answered(strategy, venue, name, "CANCEL_REJECTED", code, reply_cause)
            on_reply(reply, reply_cause)

        self._forward(door, "DELETE", intent.path, intent.query, replied, timeout_ns, cause)

    def _forward(
        self, door: Door, method: str, path: str, query: str, on_reply: OnReply, timeout_ns: int, cause: int
    ) -> None:
        target = f"{path}?{stamped(query, door.key, self._clock.now_ns)}"
        headers = (("X-MBX-APIKEY", door.key.api_key),)
        door.wire.request(Request(method, target, headers), on_reply, timeout_ns, cause)

    def _routed(self, order: Order) -> Order | None:
        to = self._routes.get((order.strategy, order.venue))
        if to is None:
            return order
        door, pair = self.door(order.strategy, to), self.pair(to, order.symbol)
        moved = None if door is None or pair is None else order.at_venue(to, door.account, pair)
        if moved is not None:
            self._moved[order.strategy, order.client_order_id] = to
            if len(self._moved) > _MOST_MOVED:
                self._moved.popitem(last=False)
        return moved

    def _object(self, objection: str, intent: Intent, on_reply: OnReply, cause: int) -> None:
        detail = f"{intent.method} {intent.path} at {intent.venue}, nonce {intent.nonce}"
        record = self._audit.record("security", self.name, cause, objection, intent.strategy, detail)
        self.broadcast(SecurityNotice(objection, intent.strategy, self._clock.now_ns // _NS_PER_MS), record)
        self._reply(on_reply, SECURITY, objection, record)

    def _reply(self, on_reply: OnReply, code: int, reason: str, cause: int) -> None:
        """Refuse, once the caller has done with asking: it may not be ready for an answer while it asks."""
        reply = Reply(403, msgspec.json.encode({"code": code, "msg": reason}))
        self._clock.call_at(self._clock.now_ns, lambda _: on_reply(reply, cause))

    def _note(self, order: Order, event: str, reason: str, cause: int) -> int:
        return self._audit.record(
            "intent",
            self.name,
            cause,
            order.strategy,
            order.venue,
            order.account,
            order.client_order_id,
            order.symbol,
            order.side,
            order.order_type,
            order.price,
            order.quantity,
            event,
            reason,
        )

    def _answered(self, strategy: str, venue: str, name: str, status: str, code: int, cause: int) -> None:
        self.broadcast(Answer(name, strategy, venue, status, code, self._clock.now_ns // _NS_PER_MS), cause)

    def _policy_changed(self) -> None:
        self.broadcast(PolicyNotice(self.policy.sha256, self._clock.now_ns // _NS_PER_MS), 0)

    def _beat(self, _: object) -> None:
        alive = []
        for name, runner in self.runners.items():
            if runner.state in ("running", "paused"):
                for lost in self.muted.get(name, ()):
                    lost()
                if not self.muted.get(name):
                    alive.append(name)
        self.broadcast(Heartbeats(alive, self._clock.now_ns // _NS_PER_MS), 0)
        self._clock.call_at(self._clock.now_ns + self._config.heartbeat_ns, self._beat)
