"""What a running arm tells the person who waits: small messages, sent from its process to the terminal's."""

from __future__ import annotations

import msgspec


class Advanced(msgspec.Struct, frozen=True, tag=True):
    """Virtual time has moved."""

    elapsed_ns: int
    duration_ns: int
    messages: int


class Happened(msgspec.Struct, frozen=True, tag=True):
    """An injection or an alert changed its state."""

    elapsed_ns: int
    what: str  # injection or alert
    name: str
    state: str
    detail: str


class Finished(msgspec.Struct, frozen=True, tag=True):
    """The arm's journal is closed."""

    reason: str  # completed or interrupted
    messages: int
    wall_s: float


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The arm could not go on."""

    message: str
    traceback: str


Progress = Advanced | Happened | Finished | Failed
