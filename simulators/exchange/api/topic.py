"""Topic: one stream name of the venue, and who receives what is published under it.

A topic keeps its receivers as ready tuples, so that publishing to nobody costs one test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Push = Callable[[bytes, int], None]
Withholder = Callable[[], None]


class Member(Protocol):
    """A connection that receives a topic, raw or wrapped with the topic's name."""

    @property
    def is_combined(self) -> bool: ...

    @property
    def push(self) -> Push: ...


class FrameFault(Protocol):
    """A fault that decides what becomes of each frame of a topic."""

    def between(self, topic: str, form: str, forward: Push) -> Push:
        """What takes the frames of one form (``raw``, ``combined``) and passes on with ``forward`` what is to go on.

        Asked anew whenever the receivers change; what takes the frames then replaces what took them before.
        """


class Topic:
    """One stream name and who receives it.

    A fault may withhold its frames: then the fault is told of each, and nobody gets any. Other faults may let some pass
    and not others; each is given what those before it let pass. ``is_live`` says whether publishing reaches anybody, be
    it a fault.
    """

    __slots__ = ("_faults", "_head", "_members", "_on_change", "_withholders", "combined", "is_live", "name", "raw")

    def __init__(self, name: str, on_change: Callable[[], None] | None = None) -> None:
        self.name = name
        self.raw: tuple[Push, ...] = ()
        self.combined: tuple[Push, ...] = ()
        self.is_live = False
        self._head = f'{{"stream":"{name}","data":'.encode()
        self._members: list[Member] = []
        self._withholders: tuple[Withholder, ...] = ()
        self._faults: tuple[FrameFault, ...] = ()
        self._on_change = on_change

    def join(self, connection: Member) -> None:
        self._members.append(connection)
        self.refresh()

    def leave(self, connection: Member) -> None:
        self._members.remove(connection)
        self.refresh()

    def withhold(self, withholders: tuple[Withholder, ...]) -> None:
        """Withhold from now on on behalf of these faults; none of them ends it."""
        self._withholders = withholders
        self.refresh()

    def harm(self, fault: FrameFault) -> None:
        """Let a fault decide about the frames, after those that do already."""
        self._faults = (*self._faults, fault)
        self.refresh()

    def heal(self, fault: FrameFault) -> None:
        self._faults = tuple(other for other in self._faults if other is not fault)
        self.refresh()

    def refresh(self) -> None:
        """Rebuild the tuples of receivers after a change of members, of their mode or of the faults."""
        self.raw = tuple(member.push for member in self._members if not member.is_combined)
        self.combined = tuple(member.push for member in self._members if member.is_combined)
        if self._withholders and self._members:
            self.raw, self.combined = (self._swallow,), ()
        if self._faults:
            self.raw = self._harmed("raw", self.raw)
            self.combined = self._harmed("combined", self.combined)
        self.is_live = bool(self._members)
        if self._on_change is not None:
            self._on_change()

    def publish(self, payload: bytes, cause: int) -> None:
        """Send a payload to every receiver in the form it asked for."""
        for push in self.raw:
            push(payload, cause)
        if self.combined:
            frame = self._head + payload + b"}"
            for push in self.combined:
                push(frame, cause)

    def _harmed(self, form: str, receivers: tuple[Push, ...]) -> tuple[Push, ...]:
        def forward(payload: bytes, cause: int) -> None:
            for push in receivers:
                push(payload, cause)

        push: Push = forward
        for fault in reversed(self._faults):
            push = fault.between(self.name, form, push)
        return (push,) if receivers else ()

    def _swallow(self, _payload: bytes, _cause: int) -> None:
        for withholder in self._withholders:
            withholder()
