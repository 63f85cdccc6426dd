"""What the page reads of each ``verdict.json``: its own view of the document, with every other field left alone.

Times ending in ``_at_s`` are seconds since the run's start; None means that it never came to that.
"""

from __future__ import annotations

import msgspec


class Demand(msgspec.Struct, frozen=True):
    """An alert or an action that the scenario demands within a deadline."""

    alert: str | None
    asset: str | None
    severity: str | None
    verdict: str
    outcome: str
    reason: str
    deadline_s: float
    action: str | None = None
    due_at_s: float | None = None
    detected_at_s: float | None = None
    latency_s: float | None = None
    deadline_at_s: float | None = None

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.alert or self.action, self.asset, self.severity) if part)

    @property
    def margin_s(self) -> float | None:
        """What was left until the deadline when it came; negative: it came too late."""
        if self.detected_at_s is None or self.deadline_at_s is None:
            return None
        return self.deadline_at_s - self.detected_at_s


class Kept(msgspec.Struct, frozen=True):
    """A prohibition, an expected miss or an assertion: it holds or it does not."""

    verdict: str


class FalseAlarm(msgspec.Struct, frozen=True):
    alert: str


class Run(msgspec.Struct, frozen=True):
    """One run, as far as this page tells of it."""

    scenario: str
    case: str
    seed: int
    verdict: str
    reasons: list[str]
    tags: list[str]
    expectations: list[Demand]
    forbids: list[Kept]
    false_alarms: list[FalseAlarm]
    misses: list[Kept] = []
    assertions: list[Kept] = []

    @property
    def name(self) -> str:
        return f"{self.scenario} · {self.case} · seed {self.seed}"


class Article(msgspec.Struct, frozen=True):
    """An article, what it asks for, the laboratory's scenarios tagged with it, the pack's runs that are."""

    tag: str
    asked: str
    scenarios: list[str]
    runs: list[Run]


_decoder = msgspec.json.Decoder(Run)


def read_run(document: bytes) -> Run:
    """A ``verdict.json``. Raises msgspec.ValidationError if it is none."""
    return _decoder.decode(document)
