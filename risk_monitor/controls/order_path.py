"""Order path: the way of an order from strategy to venue, as the controls reach into it through the firm's gateway.

The gateway's desk (``risk_monitor.gateway_desk``) is the ``OrderPath``; the controls are its ``OrderPathListener``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Protocol

import msgspec

EVERY = "*"
"""All strategies, or all venues."""

Verdict = Literal["allow", "scale_down", "block"]
CommandName = Literal["pause", "resume", "cancel_all", "flatten", "reroute", "restore_policy"]


class Intent(msgspec.Struct, frozen=True):
    """An order that a strategy wants sent and that waits for the gate. ``price`` is None for a market order;
    ``symbol`` is written as the venue writes it, ``side`` is ``BUY`` or ``SELL``."""

    intent_id: str
    strategy: str
    venue: str
    account: str
    symbol: str
    side: str
    order_type: str
    price: Decimal | None
    quantity: Decimal
    at_ms: int


class Decision(msgspec.Struct, frozen=True):
    """The gate's answer to an intent: ``quantity`` is what may be sent (0 where blocked), ``reason`` is never empty
    unless it is allowed as it was."""

    intent_id: str
    verdict: Verdict
    quantity: Decimal
    reason: str


class Command(msgspec.Struct, frozen=True):
    """An order to the gateway itself. It is sent again under the same id until it is acknowledged. ``venue`` of a
    ``reroute`` is the one whose orders are to go to ``to`` instead; ``to`` equal to ``venue`` ends that."""

    command_id: str
    command: CommandName
    strategy: str
    venue: str
    reason: str
    to: str = ""


class Acknowledgement(msgspec.Struct, frozen=True):
    """The gateway did what a command said, or could not."""

    command_id: str
    is_done: bool
    detail: str


class TradingStrategy(msgspec.Struct, frozen=True):
    """A strategy as the gateway knows it: ``accounts`` are (venue, account)."""

    name: str
    accounts: tuple[tuple[str, str], ...]


class OrderPath(Protocol):
    """What the controls ask of the gateway's desk. Nothing raises while the gateway cannot be reached: what could not
    be sent is lost, and the listener hears ``on_connected`` once there is a way again."""

    @property
    def strategies(self) -> tuple[TradingStrategy, ...]:
        """All strategies that the gateway has told of, in its order; empty before that."""
        ...

    def set_gate(self, now_ns: int, is_required: bool) -> None: ...

    def send_decision(self, now_ns: int, decision: Decision) -> None: ...

    def send_command(self, now_ns: int, command: Command) -> None: ...


class OrderPathListener(Protocol):
    """What the gateway's desk tells the controls. The desk holds at most one listener (``desk.listener``)."""

    def on_connected(self, now_ns: int) -> None:
        """The stream to the gateway is open (again): it knows nothing of modes and commands sent before."""
        ...

    def on_intent(self, now_ns: int, intent: Intent) -> None: ...

    def on_acknowledged(self, now_ns: int, acknowledgement: Acknowledgement) -> None: ...
