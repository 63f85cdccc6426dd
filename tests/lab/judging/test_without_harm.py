"""Whether alerts come without harm too, and what a suite makes of those of which nobody knows."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from correlator.cause.graph import CausalGraph, Dependence
from correlator.verdict import Judgement
from lab.judging.judge import read_judgement
from lab.judging.without_harm import comes_without_harm
from lab.playing.run_directory import RunDirectory
from lab.suite.observation import Stray, strays

RUN = "runs/tiny_outage/default/seed-7"


@pytest.fixture(scope="module")
def judgement(tiny: Path) -> Judgement:
    """Three alerts that nobody expects: in the control, not in it, and one of which no control tells."""
    stored = read_judgement(RunDirectory(tiny / RUN))
    alert = msgspec.structs.replace(stored.alerts[0], alert="drawdown", truth="false")
    return msgspec.structs.replace(
        stored,
        alerts=[msgspec.structs.replace(alert, in_control=each) for each in (True, False, False)],
        causes=CausalGraph(
            dependences=[Dependence(f"alert:{place}", known, [], []) for place, known in enumerate((True, False, None))]
        ),
    )


def test_it_is_not_known_where_no_control_tells_and_true_where_there_was_no_harm(judgement: Judgement) -> None:
    assert comes_without_harm(judgement) == [True, False, None]
    (injection,) = judgement.injections
    unharmed = msgspec.structs.replace(judgement, injections=[msgspec.structs.replace(injection, began_at_s=None)])
    assert comes_without_harm(unharmed) == [True, True, True]


def test_only_what_is_known_to_come_of_harm_is_set_off_by_it(judgement: Judgement) -> None:
    assert strays(judgement) == (Stray("drawdown", true=0, false=1, doubtful=0),)
