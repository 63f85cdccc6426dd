"""Scores: the structs that ``lab score --json`` prints and that a suite's result holds."""

from __future__ import annotations

import msgspec


class MandateProtection(msgspec.Struct, frozen=True, kw_only=True):
    """One mandate: ``passed`` and ``unknown`` of ``demands``, and ``quiet_runs`` of ``runs``. ``caught`` and ``quiet``
    are shares, 0 to 1; ``quiet`` is 0 where no run could have shown a false alarm."""

    mandate: str
    demands: int
    passed: int
    unknown: int
    runs: int
    quiet_runs: int
    caught: float
    quiet: float


class Protection(msgspec.Struct, frozen=True, kw_only=True):
    """``score``: 0 to 100, null where nothing was demanded. ``at_most``: the score if every unknown demand had been met
    at once, and every run without a verdict had been quiet; ``score`` itself gives nothing for either."""

    score: float | None
    at_most: float | None
    demands: int
    unknown: int
    mandates: list[MandateProtection]


class NabScore(msgspec.Struct, frozen=True):
    """One profile: ``score`` at most 100, 0 for a silent detector, below for one that is worse; null without a
    window. ``raw`` is the sum before it is normalised."""

    score: float | None
    raw: float


class NabScores(msgspec.Struct, frozen=True, kw_only=True):
    """The score by profile, and what it is of: ``windows_detected`` of ``windows``, with ``detections_outside``;
    ``windows_in_probation`` began too early in their run and count for nothing."""

    profiles: dict[str, NabScore]
    windows: int
    windows_detected: int
    windows_in_probation: int
    detections_outside: int


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """Both scores of ``runs`` runs, ``unjudged`` of which have no verdict, and ``rescored`` one under other terms than
    their own scenario's: other deadlines, another score."""

    runs: int
    unjudged: int
    protection: Protection
    nab: NabScores
    rescored: int = 0
