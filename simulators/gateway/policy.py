"""Policy store: the limits that the firm has approved, and a log of every approval that cannot be rewritten unseen.

Each entry of the log bears the SHA-256 of the limits, why and by whom they were approved, and a hash over itself and
the entry before it: a chain, as certificate logs have it. What the store holds may differ from what was approved last;
that is what the chain is there to show.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from simulators.ports import Audit, Clock

MOST_ENTRIES = 1_000
_NS_PER_MS = 1_000_000

Alteration = Callable[[str], str]


class Entry(msgspec.Struct, frozen=True):
    """One approved change of the limits; ``at`` is in ms."""

    number: int
    at: int
    sha256: str
    reason: str
    approver: str
    chain: str


class PolicyStore:
    """Holds the limits text and its log. ``on_change`` is called after every change that the store notices."""

    def __init__(self, name: str, text: str, clock: Clock, audit: Audit) -> None:
        self.name = name
        self.entries: list[Entry] = []
        self.text = text
        self.on_change: Callable[[], None] = lambda: None
        self._approved = text
        self._alterations: list[Alteration] = []
        self._clock = clock
        self._audit = audit
        self._approve("limits in force at the opening", "risk committee")

    @property
    def sha256(self) -> str:
        """Of the limits that the store holds, as hex."""
        return _sha256(self.text)

    def open(self) -> None:
        """Journal what the store begins with."""
        self._record("opened", self.entries[-1].reason, 0)

    def change(self, text: str, reason: str, approver: str, cause: int = 0) -> None:
        """Put approved limits into force, with an entry in the log. ValueError without reason or approver, or if the
        log is full."""
        if not reason or not approver:
            raise ValueError("limits change only with a reason and an approver")
        if len(self.entries) >= MOST_ENTRIES:
            raise ValueError(f"the policy log holds its {MOST_ENTRIES} entries; a new one has to be opened")
        self._approved = text
        self._alterations.clear()
        self.text = text
        self._approve(reason, approver)
        self._record("changed", f"{reason} (approved by {approver})", cause)
        self.on_change()

    def tamper(self, alteration: Alteration, detail: str, cause: int, *, is_silent: bool) -> None:
        """Change what the store holds behind the log's back; unless ``is_silent``, the store notices that it changed.

        Raises ValueError as the alteration does, and then nothing is changed.
        """
        self.text = alteration(self.text)
        self._alterations.append(alteration)
        self._record("tampered", detail, cause)
        if not is_silent:
            self.on_change()

    def undo(self, alteration: Alteration, cause: int, *, is_silent: bool) -> None:
        """Take one alteration back; others stay. Nothing happens if a restoration has already swept it away."""
        if alteration in self._alterations:
            self._alterations.remove(alteration)
            self.text = self._approved
            for other in self._alterations:
                self.text = other(self.text)
            self._record("restored" if not self._alterations else "tampered", "one alteration is undone", cause)
            if not is_silent:
                self.on_change()

    def restore(self, reason: str, cause: int) -> None:
        """Put the limits of the last approved change back into force."""
        self._alterations.clear()
        self.text = self._approved
        self._record("restored", reason, cause)
        self.on_change()

    def chain_is_whole(self) -> bool:
        """Whether every entry of the log follows from the one before it."""
        previous = ""
        for entry in self.entries:
            if entry.chain != _chain(previous, entry):
                return False
            previous = entry.chain
        return True

    def _approve(self, reason: str, approver: str) -> None:
        previous = self.entries[-1].chain if self.entries else ""
        at_ms = self._clock.now_ns // _NS_PER_MS
        bare = Entry(len(self.entries) + 1, at_ms, _sha256(self._approved), reason, approver, "")
        self.entries.append(msgspec.structs.replace(bare, chain=_chain(previous, bare)))

    def _record(self, event: str, detail: str, cause: int) -> None:
        stored, approved = self.sha256, _sha256(self._approved)
        self._audit.record("policy", self.name, cause, event, stored, approved, self.chain_is_whole(), detail)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _chain(previous: str, entry: Entry) -> str:
    rest = {name: getattr(entry, name) for name in entry.__struct_fields__ if name != "chain"}
    return hashlib.sha256(previous.encode() + msgspec.json.encode(rest, order="sorted")).hexdigest()
