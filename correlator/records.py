"""Records: the entries of a journal, one type per kind, as ``docs/reference/journal.md`` lays them out.

On disk a record is an array that begins with its kind; the decoders here turn a frame into typed records and refuse
anything that the page does not name. Times are nanoseconds since the Unix epoch, amounts the asset's smallest units,
prices ticks, quantities lots.
"""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, array_like=True, frozen=True, gc=False, tag_field="kind"):
    """One entry of the history. ``cause`` is the ``seq`` of the record that brought it about, 0 for none."""

    seq: int
    at_ns: int
    source: str
    cause: int


class Asset(Record, array_like=True, frozen=True, gc=False, tag="asset"):
    """An asset and the number of decimals of its smallest unit."""

    asset: str
    scale: int


class Listing(Record, array_like=True, frozen=True, gc=False, tag="listing"):
    """A pair that an exchange trades: ``tick_size`` is quote per base, ``lot_size`` base, both decimal strings."""

    symbol: str
    index: int
    base: str
    quote: str
    tick_size: str
    lot_size: str


class Account(Record, array_like=True, frozen=True, gc=False, tag="account"):
    """An account was opened. ``owner`` is ``firm``, ``street``, ``venue``, ``external`` or ``transit``."""

    account: str
    owner: str


class Posting(Record, array_like=True, frozen=True, gc=False, tag="posting"):
    """Value moved between two accounts of one venue."""

    asset: str
    from_account: str
    to_account: str
    amount: int
    reason: str


class Quote(Record, array_like=True, frozen=True, gc=False, tag="quote"):
    """The true top of a book; a side with 0 lots is empty."""

    index: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int


class Order(Record, array_like=True, frozen=True, gc=False, tag="order"):
    """An order's life: accepted, rejected, cancelled, not cancelled though asked for (``cancel_rejected``), or expired
    (fills have records of their own)."""

    account: str
    order_id: int
    client_order_id: str
    index: int
    side: str
    type: str
    time_in_force: str
    price_ticks: int
    quantity_lots: int
    event: str
    reason: str


class Fill(Record, array_like=True, frozen=True, gc=False, tag="fill"):
    """A trade between two accounts. It moves its own value; fees are taken from what each side receives."""

    index: int
    trade_id: int
    price_ticks: int
    quantity_lots: int
    taker_side: str
    taker_account: str
    taker_order: int
    maker_account: str
    maker_order: int
    taker_fee: int
    maker_fee: int


class Position(Record, array_like=True, frozen=True, gc=False, tag="position"):
    """An account's position in a perpetual, after an event: ``contracts`` in lots, short negative.

    ``realised`` is what it brought in since the last such record, in the margin asset.
    """

    account: str
    symbol: str
    contracts: int
    entry_price_ticks: float
    realised: int
    event: str


class MarkPrice(Record, array_like=True, frozen=True, gc=False, tag="mark_price"):
    """The price that a venue counts profit and liquidation with, and what it follows. Prices in ticks."""

    symbol: str
    price_ticks: float
    index_price_ticks: float
    funding_rate: float
    next_funding_ns: int


class Settlement(Record, array_like=True, frozen=True, gc=False, tag="settlement"):
    """A settlement instruction's state.

    ``amount`` > 0 is owed to the firm's custody account, < 0 by it; ``settled`` is what has moved so far, same sign.
    """

    instruction_id: str
    counterparty: str
    asset: str
    amount: int
    settled: int
    status: str
    contracted_ns: int


class Transfer(Record, array_like=True, frozen=True, gc=False, tag="transfer"):
    """A deposit's or withdrawal's state. ``client_id``: what whoever ordered it calls it; empty: nothing."""

    transfer_id: str
    direction: str
    asset: str
    amount: int
    status: str
    client_id: str = ""


class VenueNote(Record, array_like=True, frozen=True, gc=False, tag="venue"):
    """What a venue says of itself; for reading, never for truth."""

    what: str
    detail: str


class Injection(Record, array_like=True, frozen=True, gc=False, tag="injection"):
    """A phase of an injection: planned, began, took_effect, ended, refused."""

    name: str
    fault: str
    phase: str
    starts_ns: int
    ends_ns: int
    parameters: str
    detail: str


class Signal(Record, array_like=True, frozen=True, gc=False, tag="signal"):
    """What the monitor said of one rule: pending, firing or resolved."""

    alert_id: str
    state: str
    mandate: str
    subject: str
    severity: str
    observed: float
    limit: float
    unit: str
    since_ns: int
    evidence: list[str]


class StrategyNote(Record, array_like=True, frozen=True, gc=False, tag="strategy"):
    """A strategy's decision; for reading."""

    event: str
    detail: str


class Intent(Record, array_like=True, frozen=True, gc=False, tag="intent"):
    """An order that a strategy handed to the firm's gateway, or a withdrawal the firm ordered (type ``withdrawal``).

    ``price`` and ``quantity`` are decimal texts; ``event`` is ``sent``, ``blocked``, ``scaled_down`` or ``refused``.
    """

    strategy: str
    venue: str
    account: str
    client_order_id: str
    symbol: str
    side: str
    type: str
    price: str
    quantity: str
    event: str
    reason: str


class Security(Record, array_like=True, frozen=True, gc=False, tag="security"):
    """The gateway refused an intent: ``bad_signature``, ``replayed_nonce`` or ``expired_timestamp``."""

    reason: str
    strategy: str
    detail: str


class Policy(Record, array_like=True, frozen=True, gc=False, tag="policy"):
    """The state of the policy store: the limits it holds, those that were approved last, whether the log is whole."""

    event: str
    stored: str
    approved: str
    chain_is_whole: bool
    detail: str


class Clock(Record, array_like=True, frozen=True, gc=False, tag="clock"):
    """A clock's offset from true time at this moment, and how it goes on: ns per 1e9 ns."""

    offset_ns: int
    drift_ppb: int


class Action(Record, array_like=True, frozen=True, gc=False, tag="action"):
    """A control action of the monitor: ``taken``, ``done``, ``failed`` or ``ended``."""

    action_id: str
    control: str
    state: str
    subject: str
    trigger: str
    detail: str


class Operator(Record, array_like=True, frozen=True, gc=False, tag="operator"):
    """What a human told the monitor."""

    command: str
    subject: str
    by: str
    reason: str


class Stop(Record, array_like=True, frozen=True, gc=False, tag="stop"):
    """A stop condition of the scenario held."""

    condition: str
    detail: str


class Request(Record, array_like=True, frozen=True, gc=False, tag="request"):
    """A request left its client. ``arrives_ns`` 0: it never arrives. ``key``: name of the API key it goes under."""

    request_id: int
    method: str
    target: str
    body: bytes
    arrives_ns: int
    key: str = ""


class Reply(Record, array_like=True, frozen=True, gc=False, tag="reply"):
    """A reply left its venue."""

    request_id: int
    status: int
    body: bytes
    arrives_ns: int


class Push(Record, array_like=True, frozen=True, gc=False, tag="push"):
    """A stream message left its venue."""

    stream_id: int
    payload: bytes
    arrives_ns: int


class Frame(Record, array_like=True, frozen=True, gc=False, tag="frame"):
    """A stream message left its client."""

    stream_id: int
    payload: bytes
    arrives_ns: int


class Stream(Record, array_like=True, frozen=True, gc=False, tag="stream"):
    """A stream is ``open``, ``refused`` or ``closed`` at its venue, its client has ``left`` it, or it was ``reset``."""

    stream_id: int
    event: str
    target: str


class Arrival(Record, array_like=True, frozen=True, gc=False, tag="arrival"):
    """What arrived in place of a message whose own record says that it never does, or one of several copies of it.

    ``of``: that record's ``seq``; ``what``: its kind; ``number``: its request or stream; ``status``: a reply's, else 0.
    """

    of: int
    what: str
    number: int
    status: int
    body: bytes
    arrives_ns: int


class Broken(Record, array_like=True, frozen=True, gc=False, tag="broken"):
    """A request in flight ended without a reply: its connection was ``reset``, or its ``client_died``."""

    request_id: int
    reason: str


AuditRecord = (
    Asset
    | Listing
    | Account
    | Posting
    | Quote
    | Order
    | Fill
    | Position
    | MarkPrice
    | Settlement
    | Transfer
    | VenueNote
    | Injection
    | Signal
    | StrategyNote
    | Intent
    | Security
    | Policy
    | Clock
    | Action
    | Operator
    | Stop
)
WireRecord = Request | Reply | Push | Frame | Stream | Arrival | Broken

AUDIT_DECODER: msgspec.msgpack.Decoder[list[AuditRecord]] = msgspec.msgpack.Decoder(list[AuditRecord])
WIRE_DECODER: msgspec.msgpack.Decoder[list[WireRecord]] = msgspec.msgpack.Decoder(list[WireRecord])
