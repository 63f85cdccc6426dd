"""Asking: an expectation with what it refers to, and what was found of it before anything is reported."""

from __future__ import annotations

import msgspec

from correlator.case import Case, Finding
from correlator.expectations import Expectation
from correlator.injections import InjectionFacts, why_idle
from correlator.truth.gauge import Rule
from correlator.truth.intervals import Interval
from correlator.verdict import Outcome, Verdict


class Asked(msgspec.Struct, frozen=True):
    """An expectation with what it refers to: from when on a breach counts, and the injections it hangs on."""

    expectation: Expectation
    from_ns: int
    injections: list[InjectionFacts]

    def effect_ns(self) -> int | None:
        """When the first of its injections took effect."""
        return min(
            (known.took_effect_ns for known in self.injections if known.took_effect_ns is not None), default=None
        )

    def reference_ns(self, due_ns: int) -> int:
        """The moment that its deadline counts from."""
        if self.expectation.of == "effect":
            effect_ns = self.effect_ns()
            return due_ns if effect_ns is None else effect_ns
        return self.from_ns if self.expectation.of == "injection" else due_ns


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an expectation. ``at_ns`` is when its alert fired or its action was taken; ``breach`` the whole
    breach that made it due, of ``rule``, ``answers`` every alert of that."""

    asked: Asked
    verdict: Verdict
    outcome: Outcome
    reason: str
    interval: Interval | None = None
    due_ns: int | None = None
    at_ns: int | None = None
    deadline_ns: int | None = None
    seqs: list[int] = []
    breach: Interval | None = None
    rule: Rule | None = None
    answers: list[Finding] = []


def ask(case: Case, expectation: Expectation) -> Asked | Found:
    """What an expectation refers to; already found unknown where none of its injections put the monitor to the test."""
    asked = Asked(expectation, case.start_ns, [])
    if not case.resolved.timeline:
        return asked
    chosen = [known for known in case.injections.values() if expectation.injection in (None, known.name)]
    reason = why_no_effect(case, chosen)
    if reason:
        return unjudged(asked, "no_effect", reason)
    effective = [known for known in chosen if known.took_effect_ns is not None]
    began_ns = min(known.began_ns for known in effective if known.began_ns is not None)
    return Asked(expectation, began_ns, effective)


def unjudged(asked: Asked, outcome: Outcome, reason: str) -> Found:
    """The run did not put it to the test."""
    return Found(asked=asked, verdict="unknown", outcome=outcome, reason=reason)


def why_no_effect(case: Case, chosen: list[InjectionFacts]) -> str:
    """Why none of the injections put the monitor to the test; empty if one did."""
    if any(known.took_effect_ns is not None for known in chosen):
        return ""
    if not chosen:
        return "the injection it names is not in the timeline"
    if all(known.began_ns is None for known in chosen):
        told = "; ".join(f"{known.name}: {why_idle(known, case.cut_short_ns())}" for known in chosen)
        return f"no injection began: {told}"
    if not case.comparable:
        return "whether the injection took effect cannot be told: there is no control run to compare with"
    return "the injection never took effect: nothing that production shows differs from the control run"
