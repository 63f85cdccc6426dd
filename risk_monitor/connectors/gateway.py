"""Gateway connector: the firm's own order router, REST and stream. The dialect is this house's own and written down in
``docs/reference/production-api.md``; fields and frame types that are not known here are skipped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import quote

import msgspec

from risk_monitor.config import Account
from risk_monitor.connectors.decoding import MALFORMED, amount, decode
from risk_monitor.connectors.domain import ConnectorError
from risk_monitor.controls.order_path import (
    Acknowledgement,
    Command,
    Decision,
    Intent,
    TradingStrategy,
)

REQUEST_WEIGHT = 1
ORDERS_PAGE = 1_000

TIME_TARGET = "/v1/time"
STRATEGIES_TARGET = "/v1/strategies"
WITHDRAWALS_TARGET = "/v1/withdrawals"
POLICY_LIMITS_TARGET = "/v1/policy/limits"
POLICY_LOG_TARGET = "/v1/policy/log"

_MAX_QUANTITY_TEXT = 40


class Heartbeats(msgspec.Struct, frozen=True):
    """The strategies that are alive."""

    alive: tuple[str, ...]


class SentOrder(msgspec.Struct, frozen=True, rename="camel"):
    """An order that the firm sent on, by its number in the gateway's log."""

    number: int
    strategy: str
    venue: str
    account: str
    client_order_id: str
    at: int


class Answer(msgspec.Struct, frozen=True, rename="camel"):
    """What a venue said to an order (``ACCEPTED``, ``REJECTED`` or, if nothing came, ``UNKNOWN``) or to a cancel of it
    (``CANCELED``, ``CANCEL_REJECTED``)."""

    client_order_id: str
    strategy: str
    venue: str
    status: str
    code: int = 0


class OrderedWithdrawal(msgspec.Struct, frozen=True, rename="camel"):
    """A withdrawal that the firm ordered, under the client id it gave the venue."""

    venue: str
    client_id: str


class SecurityIncident(msgspec.Struct, frozen=True):
    """The gateway refused an intent that was not what it claimed to be."""

    reason: str
    strategy: str = ""
    at: int = 0


class PolicyChanged(msgspec.Struct, frozen=True):
    """The policy store or its log changed."""

    sha256: str = ""


class PolicyLog(msgspec.Struct, frozen=True):
    """The log of approved changes. ``chains`` are as the log gives them, by position; ``is_whole``: each follows from
    its entry and the one before; ``approved`` is the SHA-256 of the limits approved last, "" if none ever were."""

    chains: tuple[str, ...]
    is_whole: bool
    approved: str


GatewayFrame = (
    Heartbeats | SentOrder | Answer | OrderedWithdrawal | SecurityIncident | PolicyChanged | Intent | Acknowledgement
)


class _Kind(msgspec.Struct):
    type: str


class _Intent(msgspec.Struct, rename="camel"):
    id: str
    strategy: str
    venue: str
    account: str
    symbol: str
    side: str
    order_type: str
    price: str
    quantity: Decimal
    at: int


class _Ack(msgspec.Struct):
    id: str
    status: str
    detail: str = ""


class _AccountOf(msgspec.Struct):
    venue: str
    account: str


class _Strategy(msgspec.Struct):
    name: str
    accounts: list[_AccountOf] = []


class _Time(msgspec.Struct):
    at: int


class _Limits(msgspec.Struct):
    text: str


_kind_decoder = msgspec.json.Decoder(_Kind)
_readers: dict[str, Callable[[bytes], GatewayFrame]] = {
    "heartbeats": msgspec.json.Decoder(Heartbeats).decode,
    "order": msgspec.json.Decoder(SentOrder).decode,
    "answer": msgspec.json.Decoder(Answer).decode,
    "withdrawal": msgspec.json.Decoder(OrderedWithdrawal).decode,
    "security": msgspec.json.Decoder(SecurityIncident).decode,
    "policy": msgspec.json.Decoder(PolicyChanged).decode,
}
_intent_decoder = msgspec.json.Decoder(_Intent)
_ack_decoder = msgspec.json.Decoder(_Ack)
_time_decoder = msgspec.json.Decoder(_Time)
_strategies_decoder = msgspec.json.Decoder(list[_Strategy])
_orders_decoder: msgspec.json.Decoder[list[SentOrder]] = msgspec.json.Decoder(list[SentOrder])
_withdrawals_decoder: msgspec.json.Decoder[list[OrderedWithdrawal]] = msgspec.json.Decoder(list[OrderedWithdrawal])
_limits_decoder = msgspec.json.Decoder(_Limits)
_log_decoder = msgspec.json.Decoder(list[dict[str, str | int]])


def headers_of(account: Account) -> tuple[tuple[str, str], ...]:
    return (("X-API-Key", account.api_key),)


def stream_target(account: Account) -> str:
    return f"/v1/stream?key={quote(account.api_key, safe='')}"


def orders_target(after: int) -> str:
    return f"/v1/orders?after={after}&limit={ORDERS_PAGE}"


def read_frame(payload: bytes) -> GatewayFrame | None:
    """A frame of the stream; None for a type that is not known. Raises ``ConnectorError``."""
    kind = decode(_kind_decoder, payload).type
    reader = _readers.get(kind)
    if reader is not None:
        try:
            return reader(payload)
        except MALFORMED as error:
            raise ConnectorError(str(error)) from None
    if kind == "intent":
        return _intent(decode(_intent_decoder, payload))
    if kind == "ack":
        ack = decode(_ack_decoder, payload)
        return Acknowledgement(ack.id, ack.status == "done", ack.detail)
    return None


def read_time(body: bytes) -> int:
    """Reply to ``GET /v1/time``: ms of the gateway's clock."""
    return decode(_time_decoder, body).at


def read_strategies(body: bytes) -> tuple[TradingStrategy, ...]:
    """Reply to ``GET /v1/strategies``."""
    return tuple(
        TradingStrategy(entry.name, tuple((account.venue, account.account) for account in entry.accounts))
        for entry in decode(_strategies_decoder, body)
    )


def read_orders(body: bytes) -> tuple[SentOrder, ...]:
    """Reply to ``GET /v1/orders``, by number."""
    orders = decode(_orders_decoder, body)
    return tuple(sorted(orders, key=lambda order: order.number))


def read_withdrawals(body: bytes) -> tuple[OrderedWithdrawal, ...]:
    """Reply to ``GET /v1/withdrawals``."""
    withdrawals = decode(_withdrawals_decoder, body)
    return tuple(withdrawals)


def read_policy_limits(body: bytes) -> str:
    """Reply to ``GET /v1/policy/limits``: the SHA-256 of the text in the store, computed here."""
    return hashlib.sha256(decode(_limits_decoder, body).text.encode()).hexdigest()


def read_policy_log(body: bytes) -> PolicyLog:
    """Reply to ``GET /v1/policy/log``, its chain verified: each entry's ``chain`` is the SHA-256 of the one before it
    followed by the canonical JSON of the rest of the entry."""
    entries = decode(_log_decoder, body)
    previous = approved = ""
    chains: list[str] = []
    is_whole = True
    for entry in entries:
        chain, approved = str(entry.get("chain", "")), str(entry.get("sha256", ""))
        rest = {key: value for key, value in entry.items() if key != "chain"}
        follows = hashlib.sha256(previous.encode() + msgspec.json.encode(rest, order="sorted")).hexdigest()
        is_whole = is_whole and chain == follows
        chains.append(chain)
        previous = chain
    return PolicyLog(tuple(chains), is_whole, approved)


def gate_frame(is_required: bool) -> bytes:
    return msgspec.json.encode({"type": "gate", "mode": "required" if is_required else "off"})


def decision_frame(decision: Decision) -> bytes:
    return msgspec.json.encode(
        {
            "type": "decision",
            "id": decision.intent_id,
            "decision": decision.verdict,
            "quantity": f"{decision.quantity:f}",
            "reason": decision.reason,
        }
    )


def command_frame(command: Command) -> bytes:
    frame = {
        "type": "command",
        "id": command.command_id,
        "command": command.command,
        "strategy": command.strategy,
        "venue": command.venue,
        "reason": command.reason,
    }
    if command.to:
        frame["to"] = command.to
    return msgspec.json.encode(frame)


def _intent(entry: _Intent) -> Intent:
    try:
        price = amount(Decimal(entry.price)) if entry.price else None
    except ArithmeticError:
        raise ConnectorError(f"price {entry.price[:_MAX_QUANTITY_TEXT]!r}") from None
    return Intent(
        entry.id,
        entry.strategy,
        entry.venue,
        entry.account,
        entry.symbol,
        entry.side,
        entry.order_type,
        price,
        amount(entry.quantity),
        entry.at,
    )
