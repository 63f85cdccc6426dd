"""The scores before monitors whose worth is known: what they said of real runs, judged again."""

from __future__ import annotations

from pathlib import Path

from lab.coverage.facts import facts_of
from lab.scores.result import Scores
from lab.scores.scoring import score
from tests.trust.conftest import CASES, Played
from tests.trust.doctoring import Monitor, mute, perfect, shouting, shouting_again_and_again


def scored(played: Played, place: Path, monitor: Monitor) -> Scores:
    return score([facts_of(played[case].judged(place / case, monitor, acts=monitor is not mute)) for case in CASES])


def test_a_perfect_monitor_scores_a_hundred(played: Played, tmp_path: Path) -> None:
    scores = scored(played, tmp_path, perfect)
    assert scores.protection.score == 100.0
    assert {one.score for one in scores.nab.profiles.values()} == {100.0}
    assert scores.nab.detections_outside == 0


def test_a_mute_monitor_scores_zero(played: Played, tmp_path: Path) -> None:
    scores = scored(played, tmp_path, mute)
    assert (scores.protection.score, scores.protection.at_most) == (0.0, 0.0)
    assert {one.score for one in scores.nab.profiles.values()} == {0.0}


def test_a_shouting_monitor_scores_zero(played: Played, tmp_path: Path) -> None:
    scores = scored(played, tmp_path, shouting)
    assert (scores.protection.score, scores.protection.at_most) == (0.0, 0.0)


def test_a_monitor_that_shouts_again_and_again_scores_zero(played: Played, tmp_path: Path) -> None:
    scores = scored(played, tmp_path, shouting_again_and_again)
    assert (scores.protection.score, scores.protection.at_most) == (0.0, 0.0)
    assert all(one.score is not None and one.score < 0.0 for one in scores.nab.profiles.values())
