"""A strategy's wire to a venue where its firm has a gateway: orders go through it, all else goes straight there."""

from __future__ import annotations

from collections.abc import Callable

from simulators.gateway.core import Door, Gateway, OnReply
from simulators.gateway.intents import Intent, Signer
from simulators.ports import Reply, Request
from simulators.strategies.rest import Answer


class StrategyWire:
    """A strategy's wire to one venue, with the gateway in the way of its orders (``ports.Wire``).

    Whatever else it asks goes straight to the venue. ``detours`` are those who have its orders go around the gateway.
    """

    def __init__(self, gateway: Gateway, signer: Signer, venue: str, door: Door) -> None:
        self.detours: list[Callable[[], None]] = []
        self.last_intent: Intent | None = None
        self._gateway = gateway
        self._signer = signer
        self._venue = venue
        self._wire = door.wire
        self.open_stream = door.wire.open_stream
        gateway.add_door(signer.strategy, venue, door)

    def request(self, request: Request, on_reply: OnReply, timeout_ns: int, cause: int = 0) -> None:
        path, _, query = request.target.partition("?")
        if not path.endswith("/order"):
            self._wire.request(request, on_reply, timeout_ns, cause)
            return
        if request.method == "GET":
            self._ask(request, query, on_reply, timeout_ns, cause)
        elif self.detours:
            for detour in self.detours:
                detour()
            self._wire.request(request, on_reply, timeout_ns, cause)
        else:
            bare = query.partition("&recvWindow=")[0]  # the gateway stamps and signs what it sends on
            intent = self._signer.sign(self._venue, request.method, path, bare)
            self.last_intent = intent
            self._gateway.submit(intent, on_reply, timeout_ns, cause)

    def _ask(self, request: Request, query: str, on_reply: OnReply, timeout_ns: int, cause: int) -> None:
        """Ask for an order at the venue to which it was sent."""
        gateway, strategy = self._gateway, self._signer.strategy
        bare = query.partition("&recvWindow=")[0]
        name = dict(part.partition("=")[::2] for part in bare.split("&")).get("origClientOrderId", "")
        venue = gateway.where(strategy, self._venue, name)
        rest = None if venue == self._venue else gateway.rest(strategy, venue)
        if rest is None:
            self._wire.request(request, on_reply, timeout_ns, cause)
            return

        def told(answer: Answer) -> None:
            on_reply(Reply(answer.status, answer.body) if answer.status else None, answer.cause)

        rest.send("GET", rest.dialect.order, bare, told, cause, signed=True)
