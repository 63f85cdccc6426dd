"""Events: everything that can happen to the monitor. Whoever runs it reports them, each with its time.

A request's timeout is not among them: the monitor decides by its own deadline that a reply will not be waited for.
"""

from __future__ import annotations

import msgspec


class Started(msgspec.Struct, frozen=True, tag=True):
    """The monitor's process is up. Always the first event. ``saved``: the content of the last ``SaveState``, if any."""

    saved: bytes = b""


class ReplyReceived(msgspec.Struct, frozen=True, tag=True):
    """An HTTP reply arrived. ``request_id`` is that of the ``SendRequest`` it answers.

    ``arrived_ns``: when, where that is longer ago than now because the monitor's own processor was busy; else 0. A
    shell's receiving thread notes it, so that the monitor does not take its own slowness for a venue's.
    """

    request_id: int
    status: int
    body: bytes
    arrived_ns: int = 0


class RequestFailed(msgspec.Struct, frozen=True, tag=True):
    """The connection of a request broke before its reply came."""

    request_id: int


class StreamOpened(msgspec.Struct, frozen=True, tag=True):
    """A WebSocket asked for with ``OpenStream`` is connected."""

    stream_id: int


class StreamMessage(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A text frame arrived on an open WebSocket."""

    stream_id: int
    payload: bytes


class StreamClosed(msgspec.Struct, frozen=True, tag=True):
    """A WebSocket was refused, or ended without the monitor having asked for it."""

    stream_id: int
    reason: str


class TimerFired(msgspec.Struct, frozen=True, tag=True):
    """The time that ``next_deadline_ns`` gave has come."""


class OperatorSaid(msgspec.Struct, frozen=True, tag=True):
    """A person in charge decided something: ``acknowledge`` an alert (``subject``: its id), ``approve`` or ``reject``
    an order (the action that asks for it), ``reset`` a control (the action in force), ``change_limits`` (the text of
    the new limits file). ``by`` and ``reason`` say who and why."""

    command: str
    subject: str
    by: str
    reason: str


Event = (
    Started | ReplyReceived | RequestFailed | StreamOpened | StreamMessage | StreamClosed | TimerFired | OperatorSaid
)
