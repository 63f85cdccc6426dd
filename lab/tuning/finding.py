"""Finding: one thing that a run proved against the monitor, named so exactly that another run shows it or does not."""

from __future__ import annotations

from typing import Literal

import msgspec

from correlator.verdict import Judgement
from lab.tuning.states import state_of

What = Literal["missed", "late", "false_alarm"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """An expectation of the run that was missed or late, or an alert that fired without a true breach.

    ``place``: among the scenario's expectations; None: of ``judge_all``, or no expectation at all.
    ``seen_until_s``: the moment of the run at which it was proven.
    """

    what: What
    name: str
    asset: str | None
    severity: str | None
    place: int | None = None
    seen_until_s: float

    def __str__(self) -> str:
        words = " ".join(word for word in (self.name, self.asset, self.severity) if word)
        return f"{words} {self.what.replace('_', ' ')}"

    def is_same(self, other: Finding) -> bool:
        """Whether both say the same of the same; where and when does not matter."""
        return (self.what, self.name, self.asset, self.severity) == (
            other.what, other.name, other.asset, other.severity,
        )  # fmt: skip


def findings_in(judgement: Judgement) -> list[Finding]:
    """Every finding, expectations first, each once."""
    found: list[Finding] = []
    place = -1
    for outcome in judgement.expectations:
        is_asked = outcome.origin == "scenario"
        place += is_asked
        state = state_of(outcome)
        if outcome.verdict != "fail" or (state != "missed" and state != "late"):
            continue
        proven_s = outcome.detected_at_s if state == "late" else outcome.deadline_at_s
        found.append(
            Finding(
                what=state,
                name=outcome.name,
                asset=outcome.asset,
                severity=outcome.severity,
                place=place if is_asked else None,
                seen_until_s=proven_s if proven_s is not None else judgement.ended.at_s,
            )
        )
    found += [
        Finding(
            what="false_alarm",
            name=alert.alert,
            asset=alert.asset,
            severity=alert.severity,
            seen_until_s=alert.fired_at_s,
        )
        for alert in judgement.false_alarms
    ]
    return [one for at, one in enumerate(found) if not any(one.is_same(other) for other in found[:at])]


def shown(judgement: Judgement | None, finding: Finding) -> Finding | None:
    """The same finding in another run, or None."""
    if judgement is None:
        return None
    return next((one for one in findings_in(judgement) if one.is_same(finding)), None)
