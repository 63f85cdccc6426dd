"""Stop conditions: what ends a run before its time, looked at once a virtual second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lab.laboratory.injections import SOURCE
from lab.scenario.demands import Condition
from lab.scenario.description import describe_condition
from lab.scenario.quantities import holds
from simulators.ports import Audit, Clock

_EVERY_NS: Final = 1_000_000_000

Read = Callable[[str, str | None], float | None]


class StopWatch:
    """Watches ``conditions`` and, when the first of them holds, journals it and calls ``stop`` once.

    A quantity that cannot be told at a moment holds nothing then.
    """

    def __init__(
        self, conditions: tuple[Condition, ...], read: Read, clock: Clock, audit: Audit, stop: Callable[[], None]
    ) -> None:
        self._conditions = conditions
        self._read = read
        self._clock = clock
        self._audit = audit
        self._stop = stop

    def start(self) -> None:
        """Look every second from now on, if there is anything to look for."""
        if self._conditions:
            self._clock.call_at(self._clock.now_ns, self._look)

    def _look(self, _: object) -> None:
        met = None
        for condition in self._conditions:  # each is read every time: a high-water mark must not miss a second
            observed = self._read(condition.quantity, condition.of)
            if met is None and observed is not None and holds(condition.op, observed, condition.value):
                met = (describe_condition(condition), f"{condition.quantity} was {observed:,.10g}")
        if met is None:
            self._clock.call_at(self._clock.now_ns + _EVERY_NS, self._look)
            return
        self._audit.record("stop", SOURCE, 0, *met)
        self._stop()
