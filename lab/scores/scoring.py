"""Scoring: both scores of runs, and how they are said."""

from __future__ import annotations

from collections.abc import Sequence

from lab.coverage.facts import RunFacts
from lab.scores.protection import protection
from lab.scores.result import Scores
from lab.scores.streams import nab_scores
from lab.suite.wording import other_terms, plural

_NONE = "none, nothing was demanded"


def score(facts: Sequence[RunFacts]) -> Scores:
    """Both scores. The order of the runs makes no difference beyond the last bit."""
    ordered = sorted(facts, key=lambda run: run.name)
    return Scores(
        runs=len(ordered),
        unjudged=sum(not run.judged for run in ordered),
        protection=protection(ordered),
        nab=nab_scores(ordered),
        rescored=sum(run.rescored for run in ordered),
    )


def score_lines(scores: Scores) -> list[tuple[str, str]]:
    """Both scores as labels and texts, each with what it is of."""
    whole, nab = scores.protection, scores.nab
    of = f"{plural(whole.demands, 'demand')} of {plural(len(whole.mandates), 'mandate')}"
    doubt = f"; {whole.at_most:.1f} if {whole.unknown} unknown had been met" if whole.unknown and whole.at_most else ""
    protected = _NONE if whole.score is None else f"{whole.score:.1f} of 100, by {of}{doubt}"
    if nab.windows:
        figures = ", ".join(f"{name} {one.score:.1f}" for name, one in nab.profiles.items() if one.score is not None)
        left_out = f", {nab.windows_in_probation} left out as too early" if nab.windows_in_probation else ""
        outside = f"{plural(nab.detections_outside, 'detection')} outside"
        compatible = (
            f"{figures}; {nab.windows_detected} of {plural(nab.windows, 'window')} detected, {outside}{left_out}"
        )
    else:
        compatible = "none, no window"
    lines = [("protection score: ", protected), ("NAB-compatible score: ", compatible)]
    return [*lines, ("", other_terms(scores.rescored))] if scores.rescored else lines
