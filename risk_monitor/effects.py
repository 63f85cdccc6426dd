"""Effects: everything the monitor wants done. Whoever runs it performs them, in order."""

from __future__ import annotations

import enum

import msgspec


class Severity(enum.StrEnum):
    """How grave a breach is, from the mildest to the gravest."""

    INFO = "info"
    WARNING = "warning"
    HIGH = "high"
    CRITICAL = "critical"


class AlertState(enum.StrEnum):
    """A pending alert waits for its breach to last; a firing one is owed attention; a resolved one is over. An alert
    that nobody acknowledged in time is escalated: told of again, as graver than it was; it stays firing."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"


class SendRequest(msgspec.Struct, frozen=True, tag=True):
    """Send an HTTP request to a venue. ``target`` is the path with its query string."""

    request_id: int
    venue: str
    account: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class OpenStream(msgspec.Struct, frozen=True, tag=True):
    """Connect a WebSocket to a venue; ``account`` is None for public data. Ids are never used again."""

    stream_id: int
    venue: str
    account: str | None
    target: str


class SendFrame(msgspec.Struct, frozen=True, tag=True):
    """Send a text frame on an open WebSocket."""

    stream_id: int
    payload: bytes


class CloseStream(msgspec.Struct, frozen=True, tag=True):
    """Drop a WebSocket. No ``StreamClosed`` is expected for it."""

    stream_id: int


class Signal(msgspec.Struct, frozen=True, tag=True):
    """One step in the life of an alert. ``observed`` and ``limit`` are in ``unit``; ``since_ns`` is when the breach was
    first seen; ``evidence`` names the payloads that showed it. ``resolved`` without ``firing`` before it means that a
    pending breach ended before it had lasted long enough."""

    alert_id: str
    state: AlertState
    mandate: str
    subject: str
    severity: Severity
    observed: float
    limit: float
    unit: str
    since_ns: int
    evidence: tuple[str, ...]


class RaiseSignal(msgspec.Struct, frozen=True, tag=True):
    """Hand a signal to whoever watches."""

    signal: Signal


class ActionState(enum.StrEnum):
    """An action is taken when it is decided; done or failed as whoever carries it out says; ended when it no longer
    holds."""

    TAKEN = "taken"
    DONE = "done"
    FAILED = "failed"
    ENDED = "ended"


class Action(msgspec.Struct, frozen=True, tag=True):
    """One step of a control action. ``subject`` is what it acts on (a strategy, a venue, a level, ``*``), ``trigger``
    the alert or the reason that brought it about."""

    action_id: str
    control: str
    state: ActionState
    subject: str
    trigger: str
    detail: str


class RaiseAction(msgspec.Struct, frozen=True, tag=True):
    """Tell whoever watches what a control did."""

    action: Action


class SaveState(msgspec.Struct, frozen=True, tag=True):
    """Keep this, in place of what was kept before, and hand it back with ``Started`` after a restart."""

    content: bytes


Effect = SendRequest | OpenStream | SendFrame | CloseStream | RaiseSignal | RaiseAction | SaveState
