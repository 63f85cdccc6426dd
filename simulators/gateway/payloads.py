"""What the gateway says and hears: rows of its replies, frames of its stream (``docs/reference/production-api.md``)."""

from __future__ import annotations

import msgspec


class OrderRow(msgspec.Struct, frozen=True, rename="camel"):
    """An order that was sent on. ``price`` is empty for a market order; ``at`` is ms of the gateway's clock."""

    number: int
    strategy: str
    venue: str
    account: str
    symbol: str
    client_order_id: str
    side: str
    order_type: str
    price: str
    quantity: str
    at: int


class OrderFrame(OrderRow, frozen=True, rename="camel", tag_field="type", tag="order"):
    """An order was sent on."""


class WithdrawalRow(msgspec.Struct, frozen=True, rename="camel"):
    """A withdrawal that the firm ordered. ``client_id`` is what it called it at the venue."""

    number: int
    venue: str
    account: str
    asset: str
    amount: str
    address: str
    client_id: str
    at: int


class WithdrawalFrame(WithdrawalRow, frozen=True, rename="camel", tag_field="type", tag="withdrawal"):
    """The firm ordered a withdrawal."""


class Heartbeats(msgspec.Struct, frozen=True, tag_field="type", tag="heartbeats"):
    alive: list[str]
    at: int


class Answer(msgspec.Struct, frozen=True, rename="camel", tag_field="type", tag="answer"):
    """What the venue said to an order (``ACCEPTED``, ``REJECTED``, or ``UNKNOWN`` if it did not say) or to its cancel
    (``CANCELED``, ``CANCEL_REJECTED``; nothing is told if it did not say)."""

    client_order_id: str
    strategy: str
    venue: str
    status: str
    code: int
    at: int


class SecurityNotice(msgspec.Struct, frozen=True, tag_field="type", tag="security"):
    reason: str
    strategy: str
    at: int


class PolicyNotice(msgspec.Struct, frozen=True, tag_field="type", tag="policy"):
    sha256: str
    at: int


class IntentFrame(msgspec.Struct, frozen=True, rename="camel", tag_field="type", tag="intent"):
    """An order waits for a decision."""

    id: str
    strategy: str
    venue: str
    account: str
    symbol: str
    side: str
    order_type: str
    price: str
    quantity: str
    at: int


class Ack(msgspec.Struct, frozen=True, tag_field="type", tag="ack"):
    id: str
    status: str
    detail: str


Notice = OrderFrame | WithdrawalFrame | Heartbeats | Answer | SecurityNotice | PolicyNotice | IntentFrame | Ack


class AccountRow(msgspec.Struct, frozen=True):
    venue: str
    account: str


class StrategyRow(msgspec.Struct, frozen=True):
    name: str
    kind: str
    state: str
    accounts: list[AccountRow]
    pairs: list[str]


class LimitsBody(msgspec.Struct, frozen=True):
    text: str
    sha256: str


class TimeBody(msgspec.Struct, frozen=True):
    at: int


class ErrorBody(msgspec.Struct, frozen=True):
    error: str


class Gate(msgspec.Struct, frozen=True, tag_field="type", tag="gate"):
    mode: str


class Decision(msgspec.Struct, frozen=True, tag_field="type", tag="decision"):
    id: str
    decision: str
    quantity: str = ""
    reason: str = ""


class Command(msgspec.Struct, frozen=True, tag_field="type", tag="command"):
    """An order to the gateway itself. ``to`` is where a ``reroute`` leads."""

    id: str
    command: str
    strategy: str = "*"
    venue: str = "*"
    reason: str = ""
    to: str = ""


ClientFrame = Gate | Decision | Command

encode = msgspec.json.Encoder().encode
decode_client_frame: msgspec.json.Decoder[Gate | Decision | Command] = msgspec.json.Decoder(Gate | Decision | Command)
