"""Tape: everything that happened to the monitor in one run, with its time, and what the monitor did about each.

The monitor is a state machine without input or output of its own. Another one that is given the tape and does the same
is, in that run, the same monitor: the world would have gone the same way to the last byte, and nothing has to be
simulated to know it. The probed package (``lab.mutants.probes``) records the tape by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import zstandard

from lab.playing.run_directory import write_whole

MOST_EVENTS = 500_000
"""A run of more leaves no tape: about ten hours of an ordinary firm."""
BORN, STEP = -2, -1
_LEVEL = 1

RECORDER = f'''
import msgspec

TAPE = []
TIMER = msgspec.msgpack.encode({{"type": "TimerFired"}})


def taped(monitor):
    """The monitor, remembering what happens to it and what it does."""

    class Taped(monitor):
        def __init__(self, *arguments):
            TAPE.append((0, {BORN}, b"", b"", 0))
            self._is_taping = False
            super().__init__(*arguments)

        def step(self, now_ns, event):
            if type(event).__name__ == "StreamMessage":
                return self.on_stream_message(now_ns, event.stream_id, event.payload)
            return self._taped(now_ns, {STEP}, msgspec.msgpack.encode(event), super().step, event)

        def on_timer(self, now_ns):
            return self._taped(now_ns, {STEP}, TIMER, super().on_timer)

        def on_stream_message(self, now_ns, stream_id, payload):
            return self._taped(now_ns, stream_id, payload, super().on_stream_message, stream_id, payload)

        def _taped(self, now_ns, stream_id, content, done, *arguments):
            if self._is_taping:  # one of them is performed by another
                return done(now_ns, *arguments)
            self._is_taping = True
            effects = done(now_ns, *arguments)
            self._is_taping = False
            if len(TAPE) <= {MOST_EVENTS}:
                told = msgspec.msgpack.encode(effects) if effects else b""
                TAPE.append((now_ns, stream_id, content, told, self.next_deadline_ns()))
            return effects

    return Taped
'''
"""What the probed package is given: source of a class around its ``RiskMonitor``."""


class Moment(NamedTuple):
    """One event. ``stream_id`` is the stream that brought ``content``, a frame. `STEP`: ``content`` is an encoded
    event; `BORN`: a new process came up. ``effects`` is what the monitor did, encoded, ``deadline_ns`` when it then
    wanted to be woken."""

    now_ns: int
    stream_id: int
    content: bytes
    effects: bytes
    deadline_ns: int


_decoder = msgspec.msgpack.Decoder(list[Moment])


def write_tape(path: Path, moments: Iterable[tuple[int, int, bytes, bytes, int]]) -> None:
    """Keep a tape. One that is too long is kept as an empty one, which tells nothing. Raises RunDirectoryError."""
    kept = list(moments)
    content = msgspec.msgpack.encode(kept if len(kept) <= MOST_EVENTS else [])
    write_whole(path, zstandard.ZstdCompressor(_LEVEL).compress(content))


def read_tape(path: Path) -> Iterator[Moment]:
    """A tape's moments. Raises FileNotFoundError."""
    yield from _decoder.decode(zstandard.ZstdDecompressor().decompress(path.read_bytes()))
