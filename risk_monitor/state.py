"""State: what the monitor cannot read again from any venue after a restart, and therefore saves once in a while.

Balances, prices, promises and open orders are asked for anew. The high-water mark, the openings of day and week and the
alerts that fire are not to be had anywhere else. Whoever runs the monitor keeps the last state saved and hands it back
with ``Started``. What happened while no monitor was alive is not known: every other second the state says anew that
one is, and the ``visibility`` of the firm counts from the last of these moments.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from risk_monitor.agenda import Agenda, Job
from risk_monitor.alerts import Emit
from risk_monitor.effects import SaveState
from risk_monitor.telemetry import Telemetry

FORMAT = "risk-monitor-state/1"

_NS_PER_MS = 1_000_000


class Keeper(Protocol):
    """A part of the monitor that has something to save."""

    def save_state(self) -> bytes:
        """All that ``restore_state`` needs."""

    def restore_state(self, now_ns: int, content: bytes) -> None:
        """Go on from there. Raises ``ValueError`` (or a subclass) if the content cannot be read; then nothing has
        changed."""


class _Saved(msgspec.Struct, frozen=True):
    format: str
    alive_ns: int
    parts: dict[str, bytes]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Saved)


class StateStore:
    """Saves the state of every keeper each ``interval_ms``, and each ``alive_ms`` that the monitor is alive; restores
    it at the start.

    ``alive_ns`` is when the monitor that saved the state was last known to be alive, None without one.
    """

    def __init__(self, agenda: Agenda, emit: Emit, interval_ms: int, alive_ms: int, telemetry: Telemetry) -> None:
        self.alive_ns: int | None = None
        self._agenda = agenda
        self._emit = emit
        self._interval_ns = interval_ms * _NS_PER_MS
        self._alive_ns = alive_ms * _NS_PER_MS
        self._telemetry = telemetry
        self._keepers: dict[str, Keeper] = {}
        self._parts: dict[str, bytes] = {}
        self._gather_ns = 0
        self._job = Job(self._save)

    def keep(self, name: str, keeper: Keeper) -> None:
        """Save and restore a part under ``name``, which must not change between versions."""
        self._keepers[name] = keeper

    def start(self, now_ns: int, saved: bytes) -> None:
        """Restore what was saved, if anything was, and begin to save."""
        self._agenda.arm(self._job, now_ns + self._alive_ns)
        self._gather_ns = now_ns + self._interval_ns
        if saved:
            self._restore(now_ns, saved)
        self._parts = self._gather()

    def save_soon(self) -> None:
        """Something has changed that must not be lost: do not wait for the interval."""
        self._gather_ns = 0
        self._agenda.arm(self._job, self._agenda.now_ns + 1)

    def _restore(self, now_ns: int, saved: bytes) -> None:
        try:
            state = _decoder.decode(saved)
        except ValueError as error:
            self._telemetry.note(f"the saved state cannot be read: {error}")
            return
        if state.format != FORMAT:
            self._telemetry.note(f"the saved state is {state.format}; this monitor reads {FORMAT}")
            return
        self.alive_ns = min(state.alive_ns, now_ns)  # a clock that was ahead must not hide the gap
        for name, keeper in self._keepers.items():
            content = state.parts.get(name)
            if content is not None:
                try:
                    keeper.restore_state(now_ns, content)
                except ValueError as error:
                    self._telemetry.note(f"the saved state of {name} cannot be read: {error}")

    def _save(self, now_ns: int) -> None:
        self._agenda.arm(self._job, now_ns + self._alive_ns)
        if now_ns >= self._gather_ns:
            self._gather_ns = now_ns + self._interval_ns
            self._parts = self._gather()
        self._emit(SaveState(_encoder.encode(_Saved(FORMAT, now_ns, self._parts))))

    def _gather(self) -> dict[str, bytes]:
        return {name: keeper.save_state() for name, keeper in self._keepers.items()}
