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


class Settled(msgspec.Struct, frozen=True, tag=True):
    """The market is sound; when the experiment starts (ns since the epoch)."""

    start_ns: int


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The market cannot be played, and nothing was simulated: a ``MarketError``; ``row`` 0: the file as a whole."""

    file: str
    row: int
    field: str
    expected: str
    found: str


class Finished(msgspec.Struct, frozen=True, tag=True):
    """The arm's journal is closed. ``detail`` is the traceback of what ended it, if something did."""

    reason: str  # completed, stopped, interrupted or failed
    messages: int
    wall_s: float
    detail: str = ""


class Judged(msgspec.Struct, frozen=True, tag=True):
    """The verdict is written."""

    verdict: str
    wall_s: float


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The job could not be done at all."""

    message: str
    traceback: str


Progress = Advanced | Happened | Settled | Refused | Finished | Judged | Failed
