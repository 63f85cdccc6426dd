"""Moments are told by phase, by date or by what another injection does; each mistake has its own message."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.scenario.errors import ScenarioError
from lab.scenario.model import After, Experiment, Phase
from lab.scenario.resolve import load_scenario

MIN_NS = 60_000_000_000
GOOD = """\
schema: riskproof-scenario/1
scenario: moments
seed: 1
phases: {calm: 20 min, harm: 30 min, recovery: 30 min}
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
steady_state: {from: calm + 5 min}
timeline:
  - {inject: slide, fault: stablecoin_depeg, at: harm + 2 min, for: 10 min, scope: {asset: USDT}, intensity: 90 bp}
  - {inject: down, fault: exchange_outage, at: 2023-02-26T00:25:00Z, for: 1 min, scope: {venue: apex}}
  - {inject: stall, fault: feed_stall, after: slide took_effect + 5 min, for: 1 min, scope: {venue: boreal}}
  - {inject: lag, fault: exchange_latency, after: stall ended, scope: {venue: apex}, intensity: 800 ms}
expect:
  - {alert: stablecoin_peg, asset: USDT, severity: warning, within: 15s, injection: slide}
"""


def load(text: str, tmp_path: Path) -> Experiment:
    path = tmp_path / "moments.yaml"
    path.write_text(text)
    return load_scenario(path).experiments[0]


def test_phases_make_up_the_run_and_moments_are_told_by_them(tmp_path: Path) -> None:
    experiment = load(GOOD, tmp_path)
    assert experiment.duration_ns == 80 * MIN_NS
    assert experiment.phases == (
        Phase("calm", 0, 20 * MIN_NS),
        Phase("harm", 20 * MIN_NS, 50 * MIN_NS),
        Phase("recovery", 50 * MIN_NS, 80 * MIN_NS),
    )
    assert experiment.steady_state is not None
    assert experiment.steady_state.from_ns == 5 * MIN_NS
    assert [injection.at_ns for injection in experiment.timeline] == [22 * MIN_NS, 25 * MIN_NS, None, None]
    assert [injection.after for injection in experiment.timeline] == [
        *(None, None),
        After("slide", "took_effect", 5 * MIN_NS),
        After("stall", "ended", 0),
    ]


def test_a_duration_beside_the_phases_may_be_longer_than_they_are(tmp_path: Path) -> None:
    assert load(GOOD.replace("seed: 1", "seed: 1\nduration: 2h"), tmp_path).duration_ns == 120 * MIN_NS


def test_a_moment_before_a_phase_is_told_with_a_minus(tmp_path: Path) -> None:
    assert load(GOOD.replace("harm + 2 min", "harm - 2 min"), tmp_path).timeline[0].at_ns == 18 * MIN_NS


def test_the_resolved_form_leaves_the_moment_of_a_follower_open(tmp_path: Path) -> None:
    follower = load(GOOD, tmp_path).to_resolved()["timeline"][2]
    assert (follower["at_ns"], follower["for_ns"]) == (None, MIN_NS)
    assert follower["after"] == {"injection": "slide", "phase": "took_effect", "offset_ns": 5 * MIN_NS}


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "harm + 2 min",
            "harmm + 2 min",
            "moments.yaml:10:50: timeline.slide.at: `harmm` is no phase; expected calm, harm or recovery; "
            "did you mean harm?",
        ),
        (
            "harm + 2 min",
            "harm + 2",
            "moments.yaml:10:50: timeline.slide.at: `2` has no unit; expected a duration with a unit, such as 90s, "
            "5 min or 1h30min",
        ),
        (
            "harm + 2 min",
            "calm - 2 min",
            "moments.yaml:10:50: timeline.slide.at: `calm - 2 min` is before the run begins; expected a moment of the "
            "run",
        ),
        (
            "harm + 2 min",
            "recovery + 30 min",
            "moments.yaml:10:50: timeline.slide.at: 1h20min is not before the run's end; expected less than the "
            "duration, 1h20min",
        ),
        (
            "2023-02-26T00:25:00Z",
            "2023-02-26T00:25:00",
            "moments.yaml:11:48: timeline.down.at: `2023-02-26T00:25:00` has no time zone; expected a moment with its "
            "time zone, such as 2023-02-20T00:00:00Z",
        ),
        (
            "2023-02-26T00:25:00Z",
            "2023-02-25T00:25:00Z",
            "moments.yaml:11:48: timeline.down.at: `2023-02-25T00:25:00Z` is before the run begins; expected "
            "2023-02-26T00:00:00Z or later",
        ),
        (
            "slide took_effect + 5 min",
            "slid took_effect",
            "moments.yaml:12:47: timeline.stall.after: `slid` is no other injection; expected slide, down or lag; "
            "did you mean slide?",
        ),
        (
            "slide took_effect + 5 min",
            "slide took_efect",
            "moments.yaml:12:47: timeline.stall.after: `slide took_efect` names no phase of an injection; expected an "
            "injection and began, took_effect or ended, such as `slide took_effect + 5 min`; did you mean slide "
            "took_effect?",
        ),
        (
            "slide took_effect + 5 min",
            "slide",
            "moments.yaml:12:47: timeline.stall.after: `slide` does not fit; expected an injection and began, "
            "took_effect or ended, such as `slide took_effect + 5 min`",
        ),
        (
            "slide took_effect + 5 min",
            "slide ended + 60 min",
            "moments.yaml:12:47: timeline.stall.after: it could begin after 1h32min at the earliest; expected a moment "
            "before the run's end, 1h20min",
        ),
        (
            "slide took_effect + 5 min",
            "lag began",
            "moments.yaml:12:47: timeline.stall.after: hangs on itself: stall after lag after stall; expected no "
            "circle",
        ),
        (
            "slide took_effect + 5 min",
            "stall began",
            "moments.yaml:12:47: timeline.stall.after: hangs on itself; expected another injection",
        ),
        (
            "at: harm + 2 min",
            "at: harm + 2 min, after: down began",
            "moments.yaml:10:5: timeline.slide: says its time twice; expected `at` or `after`",
        ),
        (
            "at: harm + 2 min, for: 10 min",
            "for: 10 min",
            "moments.yaml:10:5: timeline.slide: says no time; expected `at` or `after`",
        ),
        (
            "seed: 1",
            "seed: 1\nduration: 1h",
            "moments.yaml:4:11: duration: `1h` is shorter than the phases together; expected at least 1h20min, or no "
            "such key",
        ),
        (
            "{calm: 20 min",
            "{calm: 0s",
            "moments.yaml:4:16: phases.calm: `0s` is no time at all; expected a duration above zero with a unit, such "
            "as 90s, 5 min or 1h30min",
        ),
        (
            "{from: calm + 5 min}",
            "{from: clam + 5 min}",
            "moments.yaml:8:22: steady_state.from: `clam` is no phase; expected calm, harm or recovery; "
            "did you mean calm?",
        ),
        (
            "{from: calm + 5 min}",
            "{from: 1 hour}",
            "moments.yaml:8:22: steady_state.from: `1 hour` is not a duration; expected a duration such as 5 min since "
            "the run's start, a phase such as `harm + 2 min`, or 2023-02-20T00:20:00Z",
        ),
    ],
)
def test_a_wrong_moment_is_told_with_its_place_and_its_remedy(
    right: str, wrong: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert right in GOOD
    Path("moments.yaml").write_text(GOOD.replace(right, wrong, 1))
    with pytest.raises(ScenarioError) as caught:
        load_scenario("moments.yaml")
    assert message in caught.value.lines()


def test_a_date_in_a_market_that_tells_no_start_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("{source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}", '{source: "${own}"}')
    market = "{schema: riskproof-market/1, market: own, series: [{pair: BTC/USDT, file: bars.csv}], at_par: [USDT]}"
    (tmp_path / "bars.csv").write_text("")
    with pytest.raises(ScenarioError) as caught:
        load(text.replace("seed: 1", f"seed: 1\nvariables: {{own: {market}}}"), tmp_path)
    assert "a date needs the run's start, which only the market's data tells" in str(caught.value)
