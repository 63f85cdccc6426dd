"""The coordinator of harm: begins and ends each injection at its time, and journals what became of it.

Every injection is *planned* when the run starts, *began* when its simulator accepted it (or was *refused*), *took
effect* when the simulator first showed a client something else than it would have, and *ended*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from lab.scenario.model import Injection
from simulators.ports import Audit, Clock

SOURCE = "coordinator"


class Fault(Protocol):
    """One harm, constructed for one injection; it begins and ends once."""

    def begin(self, cause: int) -> None: ...

    def end(self, cause: int) -> None: ...


MakeFault = Callable[[Injection, Callable[[str], None]], Fault]
Happened = Callable[[str, str, str], None]


class InjectionCoordinator:
    """Plays a timeline. ``make_fault(injection, took_effect)`` knows the simulators; ``happened(name, phase, detail)``
    is told of every phase, for whoever watches the run."""

    def __init__(self, audit: Audit, clock: Clock, make_fault: MakeFault, happened: Happened) -> None:
        self._audit = audit
        self._clock = clock
        self._make_fault = make_fault
        self._happened = happened

    def plan(self, timeline: tuple[Injection, ...], run_starts_ns: int) -> None:
        """Journal what is to come, and have it come."""
        for injection in timeline:
            _Course(self, injection, run_starts_ns)


class _Course:
    """The course of one injection."""

    def __init__(self, coordinator: InjectionCoordinator, injection: Injection, run_starts_ns: int) -> None:
        self._coordinator = coordinator
        self._injection = injection
        self._starts_ns = run_starts_ns + injection.at_ns
        self._ends_ns = run_starts_ns + injection.ends_ns
        self._parameters = msgspec.json.encode(
            {
                "scope": injection.scope,
                "intensity": injection.intensity,
                "ramp_ns": injection.ramp_ns,
                "ramp_down_ns": injection.ramp_down_ns,
                "with": injection.parameters,
            },
            order="sorted",
        ).decode()
        self._fault: Fault | None = None
        self._began = 0
        planned = self._record("planned", 0)
        coordinator._clock.call_at(self._starts_ns, self._begin, planned)

    def _begin(self, planned: int) -> None:
        try:
            fault = self._coordinator._make_fault(self._injection, self._took_effect)
        except Exception as error:  # the simulator says no: the run goes on unharmed and the verdict says why
            self._record("refused", planned, f"{type(error).__name__}: {error}")
            return
        self._began = self._record("began", planned)
        self._fault = fault
        fault.begin(self._began)
        self._coordinator._clock.call_at(self._ends_ns, self._end)

    def _took_effect(self, detail: str) -> None:
        self._record("took_effect", self._began, detail)

    def _end(self, _: object) -> None:
        if self._fault is not None:
            self._fault.end(self._record("ended", self._began))
            self._fault = None

    def _record(self, phase: str, cause: int, detail: str = "") -> int:
        injection = self._injection
        number = self._coordinator._audit.record(
            "injection",
            SOURCE,
            cause,
            injection.name,
            injection.fault,
            phase,
            self._starts_ns,
            self._ends_ns,
            self._parameters,
            detail,
        )
        self._coordinator._happened(injection.name, phase, detail)
        return number
