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


class Topic:
    """One stream name and who receives it.

    A fault may withhold its frames: then the fault is told of each, and nobody gets any. ``is_live`` says whether
    publishing reaches anybody, be it a fault.
    """

    __slots__ = ("_head", "_members", "_on_change", "_withholders", "combined", "is_live", "name", "raw")

    def __init__(self, name: str, on_change: Callable[[], None] | None = None) -> None:
        self.name = name
        self.raw: tuple[Push, ...] = ()
        self.combined: tuple[Push, ...] = ()
        self.is_live = False
        self._head = f'{{"stream":"{name}","data":'.encode()
        self._members: list[Member] = []
        self._withholders: tuple[Withholder, ...] = ()
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

    def refresh(self) -> None:
        """Rebuild the tuples of receivers after a change of members, of their mode or of what is withheld."""
        if self._withholders and self._members:
            self.raw = (self._swallow,)
            self.combined = ()
        else:
            self.raw = tuple(member.push for member in self._members if not member.is_combined)
            self.combined = tuple(member.push for member in self._members if member.is_combined)
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

    def _swallow(self, _payload: bytes, _cause: int) -> None:
        for withholder in self._withholders:
            withholder()
