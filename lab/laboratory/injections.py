"""The coordinator of harm: begins and ends each injection at its time, and journals what became of it.

Every injection is *planned* when the run starts, *began* when its simulator accepted it (or was *refused*), *took
effect* when the simulator first showed a client something else than it would have, and *ended*. Whatever ends a run,
``clear`` ends every fault that is still in force first.
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


class FaultError(Exception):
    """A fault that began could not be ended, so that nothing after it can be trusted: which, and why."""


MakeFault = Callable[[Injection, Callable[[str], None]], Fault]
Happened = Callable[[str, str, str], None]


class InjectionCoordinator:
    """Plays a timeline. ``make_fault(injection, took_effect)`` knows the simulators; ``happened(name, phase, detail)``
    is told of every phase, for whoever watches the run."""

    def __init__(self, audit: Audit, clock: Clock, make_fault: MakeFault, happened: Happened) -> None:
        self.audit = audit
        self.clock = clock
        self.make_fault = make_fault
        self.happened = happened
        self.is_over = False
        self._courses: list[_Course] = []
        self._failed: list[str] = []

    def plan(self, timeline: tuple[Injection, ...], run_starts_ns: int, run_ends_ns: int) -> None:
        """Journal what is to come, and have it come."""
        self._courses = [_Course(self, injection, run_starts_ns, run_ends_ns) for injection in timeline]

    def entered(self, injection: str, phase: str) -> None:
        """An injection began, took effect or ended for the first time: those that hang on it are set going."""
        for course in self._courses:
            course.heard(injection, phase)

    def clear(self) -> list[str]:
        """End every fault in force, now, and say of each injection that never began what it waited for.

        Nothing begins afterwards. Returns what could not be ended, in words; it never raises but for the journal.
        """
        self.is_over = True
        for course in self._courses:
            try:
                course.end()
            except FaultError as error:
                self._failed.append(str(error))
        for course in self._courses:
            course.give_up()
        return self._failed


class _Course:
    """The course of one injection."""

    def __init__(
        self, coordinator: InjectionCoordinator, injection: Injection, run_starts_ns: int, run_ends_ns: int
    ) -> None:
        self._coordinator = coordinator
        self._injection = injection
        self._run_starts_ns = run_starts_ns
        self._run_ends_ns = run_ends_ns
        self._starts_ns = self._ends_ns = 0  # 0: hangs on another injection, and is not known yet
        if injection.at_ns is not None:
            self._starts_ns = run_starts_ns + injection.at_ns
            self._ends_ns = self._starts_ns + injection.for_ns
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
        self._phases: set[str] = set()  # that it has entered
        self._is_called = injection.after is None
        self._planned = self._record("planned", 0)
        if injection.at_ns is not None:
            coordinator.clock.call_at(self._starts_ns, self._begin)

    def heard(self, injection: str, phase: str) -> None:
        """Another injection entered a phase: begin as long after it as is asked, if it is the one that is awaited."""
        after = self._injection.after
        if after is None or self._is_called or (after.injection, after.phase) != (injection, phase):
            return
        self._is_called = True
        self._starts_ns = self._coordinator.clock.now_ns + after.offset_ns
        if self._starts_ns < self._run_ends_ns:
            self._injection = self._injection.begun(
                self._starts_ns - self._run_starts_ns, self._run_ends_ns - self._run_starts_ns
            )
            self._ends_ns = self._starts_ns + self._injection.for_ns
            self._coordinator.clock.call_at(self._starts_ns, self._begin)

    def _begin(self, _: object) -> None:
        if self._coordinator.is_over:
            return
        try:
            fault = self._coordinator.make_fault(self._injection, self._took_effect)
        except Exception as error:  # the simulator says no: the run goes on unharmed and the verdict says why
            self._record("refused", self._planned, f"{type(error).__name__}: {error}")
            return
        self._began = self._record("began", self._planned)
        try:
            fault.begin(self._began)
        except Exception as error:  # what it needs is not there at this moment: the run goes on without it
            self._record("refused", self._began, f"{type(error).__name__}: {error}")
            return
        self._fault = fault
        self._coordinator.clock.call_at(self._ends_ns, self._end)

    def _took_effect(self, detail: str) -> None:
        self._record("took_effect", self._began, detail)

    def _end(self, _: object) -> None:
        self.end()

    def end(self) -> None:
        """End the fault, if it is in force. Raises FaultError if it will not end."""
        fault, self._fault = self._fault, None
        if fault is None:
            return
        ended = self._record("ended", self._began)
        try:
            fault.end(ended)
        except Exception as error:
            detail = f"its end failed: {type(error).__name__}: {error}"
            self._record("ended", ended, detail)
            raise FaultError(f"{self._injection.name}: {detail}") from error

    def give_up(self) -> None:
        """The run is over: if the injection was to follow something that never came, say so."""
        after = self._injection.after
        if after is not None and not self._phases & {"began", "refused"}:
            never = "took effect" if after.phase == "took_effect" else after.phase
            detail = "the run ended before its moment came" if self._is_called else f"{after.injection} never {never}"
            self._record("refused", self._planned, detail)

    def _record(self, phase: str, cause: int, detail: str = "") -> int:
        injection = self._injection
        number = self._coordinator.audit.record(
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
        self._coordinator.happened(injection.name, phase, detail)
        if phase not in self._phases:
            self._phases.add(phase)
            if phase != "planned":
                self._coordinator.entered(injection.name, phase)
        return number
