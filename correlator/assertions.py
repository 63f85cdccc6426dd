"""Assertions: bounds on the world that the scenario demands in mid-run, held against the truth."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import msgspec

from correlator.expectations import Assertion
from correlator.records import AuditRecord, Record
from correlator.truth.probe import Probe
from correlator.truth.quantities import UNITS, Follower, follow
from correlator.truth.stretch import Stretch
from correlator.truth.world import World
from correlator.verdict import AssertionOutcome, Verdict

_WORDS = {"above": "above", "below": "below", "at_least": "at least", "at_most": "at most"}


class _Watched(msgspec.Struct):
    assertion: Assertion
    probe: Probe
    follower: Follower
    broken: str = ""  # the traceback of following it

    def attempt(self, step: Callable[[], None]) -> None:
        """Go on following it, unless that broke already."""
        if not self.broken:
            try:
                step()
            except Exception:
                self.broken = traceback.format_exc()


class AssertionBook:
    """Follows what every assertion asks for through the audit plane. Without an assertion it costs nothing."""

    def __init__(self, assertions: list[Assertion], world: World, start_ns: int, end_ns: int) -> None:
        self._start_ns = start_ns
        self._end_ns = end_ns  # planned
        self._watched: list[_Watched] = []
        self._taken_by: dict[type[Record], list[_Watched]] = {}
        for assertion in assertions:
            from_ns = assertion.from_ns if assertion.at_ns is None else assertion.at_ns
            to_ns = assertion.to_ns if assertion.at_ns is None else assertion.at_ns
            probe = Probe(
                assertion.op,
                assertion.value,
                start_ns + (from_ns or 0),
                end_ns if to_ns is None else start_ns + to_ns,
            )
            follower = follow(assertion.quantity, assertion.of, probe, world, start_ns)
            watched = _Watched(assertion, probe, follower)
            self._watched.append(watched)
            for kind in follower.takes:
                self._taken_by.setdefault(kind, []).append(watched)
        if self._watched:
            world.watchers.append(self._evaluate)

    def take(self, records: list[AuditRecord]) -> None:
        """The next records of the audit plane."""
        if not self._taken_by:
            return
        taken_by = self._taken_by
        for record in records:
            for watched in taken_by.get(type(record), ()):
                watched.attempt(lambda take=watched.follower.take, record=record: take(record))  # type: ignore[misc]

    def finish(self, at_ns: int) -> None:
        """History ends here."""
        for watched in self._watched:
            watched.attempt(lambda watched=watched: watched.follower.finish(at_ns))  # type: ignore[misc]

    def judge(self, end_ns: int) -> list[AssertionOutcome]:
        """What became of each; history ended at ``end_ns``."""
        return [self._outcome(watched, end_ns) for watched in self._watched]

    def _evaluate(self, stretch: Stretch) -> None:
        for watched in self._watched:
            watched.attempt(lambda watched=watched: watched.follower.evaluate(stretch))  # type: ignore[misc]

    def _outcome(self, watched: _Watched, end_ns: int) -> AssertionOutcome:
        assertion, probe = watched.assertion, watched.probe
        unit = UNITS[assertion.quantity]
        unit = (assertion.of or "") if unit == "asset" else unit
        verdict, reason = self._held(assertion, probe, end_ns, unit)
        if watched.broken:
            verdict, reason = "unknown", f"following it broke:\n{watched.broken}"
        return AssertionOutcome(
            quantity=assertion.quantity,
            of=assertion.of,
            op=assertion.op,
            value=assertion.value,
            unit=unit,
            line=assertion.line,
            from_at_s=self._at_s(probe.from_ns),
            to_at_s=self._at_s(probe.to_ns),
            verdict=verdict,
            reason=reason,
            observed=None if probe.worst is None else float(f"{probe.worst:.12g}"),
            observed_at_s=None if probe.worst_ns is None else self._at_s(probe.worst_ns),
        )

    def _held(self, assertion: Assertion, probe: Probe, end_ns: int, unit: str) -> tuple[Verdict, str]:
        at_s = 0.0 if probe.worst_ns is None else self._at_s(probe.worst_ns)
        observed = "" if probe.worst is None else f"{probe.worst:,.10g} {unit}".rstrip() + f" at {at_s:.3f} s"
        asked = f"{_WORDS[assertion.op]} {assertion.value:,.10g} {unit}".rstrip()
        if probe.is_broken:
            return "fail", f"it was {observed}, and had to be {asked}"
        if end_ns < probe.to_ns:
            return "unknown", f"the run ended at {self._at_s(end_ns):.3f} s, before it had to hold no longer"
        if probe.undefined_ns is not None or probe.worst is None:
            undefined_s = self._at_s(probe.from_ns if probe.undefined_ns is None else probe.undefined_ns)
            return "unknown", f"it had no value at {undefined_s:.3f} s: whether it was {asked} cannot be told"
        if probe.from_ns == probe.to_ns:
            return "pass", f"it was {observed}"
        return "pass", f"it came no nearer to its bound than {observed}"

    def _at_s(self, at_ns: int) -> float:
        return round((at_ns - self._start_ns) / 1e9, 6)
