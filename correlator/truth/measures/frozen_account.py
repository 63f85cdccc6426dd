"""Frozen account: an account whose view stays as it was although fills have changed it."""

from __future__ import annotations

from collections.abc import Hashable

from correlator.truth.elapsed import Elapsed
from correlator.truth.gauge import Gauge


class FrozenAccount:
    """now − the earliest fill shown after which no account view has differed from the one before that fill.

    A fill that happened no later than the view before it says that it is from (``updateTime``) is in that view already.
    """

    mandate = "frozen_account"

    def __init__(self, gauge: Gauge) -> None:
        self._elapsed = Elapsed(gauge)
        self._view: Hashable | None = None
        self._view_ms = 0

    def viewed(self, at_ns: int, view: Hashable, update_ms: int) -> None:
        """An account view reached the monitor."""
        if view != self._view:
            self._elapsed.end(at_ns)
        self._view, self._view_ms = view, update_ms

    def filled(self, at_ns: int, happened_ms: int, seq: int) -> None:
        """A fill, not shown before, reached the monitor."""
        if self._view is not None and happened_ms > self._view_ms:
            self._elapsed.begin(at_ns, at_ns, seq)

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        self._elapsed.finish(at_ns)
