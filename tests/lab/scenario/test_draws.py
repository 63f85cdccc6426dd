"""Values drawn from distributions: each depends on the seed and its own place, and on nothing else."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.scenario.draws import draw_timeline
from lab.scenario.errors import ScenarioError
from lab.scenario.model import Injection
from lab.scenario.resolve import load_scenario
from lab.scenario.units import parse_duration, parse_share
from lab.scenario.yaml_nodes import List, Map, Scalar, as_map, parse_yaml

MIN_NS = 60_000_000_000
GOOD = """\
schema: riskproof-scenario/1
scenario: drawn
seed: 1
duration: 4h
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
timeline:
  - inject: slide
    fault: stablecoin_depeg
    at: {uniform: [10 min, 20 min]}
    for: {normal: {mean: 1h, sd: 10 min, min: 50 min, max: 70 min}}
    scope: {asset: USDT}
    intensity: {log_normal: {median: 1 %, sigma: 0.4}}
    with: {shape: {choice: [stepwise, cascade]}, steps: {uniform: [3, 9]}}
  - {inject: down, fault: exchange_outage, at: 2h, for: 5 min, scope: {venue: {choice: [apex, boreal]}}}
"""


def timeline(text: str, tmp_path: Path, seed: int | None = None) -> tuple[Injection, ...]:
    path = tmp_path / "drawn.yaml"
    path.write_text(text)
    return load_scenario(path, seed=seed).experiments[0].timeline


def test_drawn_values_are_in_the_resolved_experiment_with_what_they_were_drawn_from(tmp_path: Path) -> None:
    slide, down = timeline(GOOD, tmp_path)
    assert slide.at_ns is not None
    assert 10 * MIN_NS <= slide.at_ns <= 20 * MIN_NS
    assert 50 * MIN_NS <= slide.for_ns <= 70 * MIN_NS
    assert slide.intensity is not None
    assert 0.002 < slide.intensity < 0.05
    assert slide.parameters["shape"] in ("stepwise", "cascade")
    assert slide.parameters["steps"] in range(3, 10)
    assert down.scope["venue"] in ("apex", "boreal")
    assert slide.drawn == {
        "at": "uniform 10 min to 20 min",
        "for": "normal mean 1h sd 10 min min 50 min max 70 min",
        "intensity": "log_normal median 1 % sigma 0.4",
        "with.shape": "choice of stepwise or cascade",
        "with.steps": "uniform 3 to 9",
    }
    assert down.drawn == {"scope.venue": "choice of apex or boreal"}


def test_a_seed_draws_again_what_it_drew_and_another_seed_draws_anew(tmp_path: Path) -> None:
    assert timeline(GOOD, tmp_path) == timeline(GOOD, tmp_path)
    assert timeline(GOOD, tmp_path, 1)[0].at_ns != timeline(GOOD, tmp_path, 2)[0].at_ns


def test_one_more_distribution_disturbs_no_other(tmp_path: Path) -> None:
    plain = GOOD.replace("{uniform: [10 min, 20 min]}", "10 min")
    assert timeline(plain, tmp_path)[0].intensity == timeline(GOOD, tmp_path)[0].intensity
    assert timeline(plain, tmp_path)[1] == timeline(GOOD, tmp_path)[1]


def drawn(distribution: str, seed: int, field: str = "intensity") -> str:
    text = f"timeline: [{{inject: a, fault: stablecoin_depeg, {field}: {distribution}}}]"
    root, _ = draw_timeline(as_map(parse_yaml(text, "t.yaml"), ""), seed)
    listed = root.entries["timeline"]
    assert isinstance(listed, List)
    item = listed.items[0]
    assert isinstance(item, Map)
    value = item.entries[field]
    assert isinstance(value, Scalar)
    return value.text


@given(st.integers(0, 2**63 - 1), st.integers(1, 500), st.integers(1, 500))
def test_a_uniform_draw_lies_within_its_bounds(seed: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert low / 1e4 - 1e-12 <= parse_share(drawn(f"{{uniform: [{low} bp, {high} bp]}}", seed)) <= high / 1e4 + 1e-12


@given(st.integers(0, 2**63 - 1))
def test_a_truncated_normal_lies_within_its_bounds_and_times_are_never_negative(seed: int) -> None:
    assert parse_duration(drawn("{normal: {mean: 1 min, sd: 5 min}}", seed, "at")) >= 0
    within_ns = parse_duration(drawn("{normal: {mean: 1h, sd: 9 min, min: 59 min, max: 62 min}}", seed, "at"))
    assert 59 * MIN_NS <= within_ns <= 62 * MIN_NS


def test_draws_follow_their_distribution() -> None:
    uniform = [parse_share(drawn("{uniform: [0 %, 10 %]}", seed)) for seed in range(2_000)]
    assert statistics.fmean(uniform) == pytest.approx(0.05, abs=0.002)
    normal = [parse_share(drawn("{normal: {mean: 10 %, sd: 1 %}}", seed)) for seed in range(2_000)]
    assert statistics.stdev(normal) == pytest.approx(0.01, rel=0.05)
    median = statistics.median(
        parse_share(drawn("{log_normal: {median: 2 %, sigma: 0.5}}", seed)) for seed in range(2_000)
    )
    assert median == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "[10 min, 20 min]",
            "[20 min, 10 min]",
            "drawn.yaml:11:20: timeline.slide.at.uniform: has its least above its most; expected the least, then the "
            "most",
        ),
        (
            "[10 min, 20 min]",
            "[10 min, 5 bp]",
            "drawn.yaml:11:28: timeline.slide.at.uniform: `5 bp` is not a duration; expected a duration with a unit, "
            "such as 90s, 5 min or 1h30min",
        ),
        (
            "min: 50 min",
            "min: 50 bp",
            "drawn.yaml:12:47: timeline.slide.for.normal: `50 bp` does not go with `1h`; expected one unit",
        ),
        (
            "[10 min, 20 min]",
            "[10 min]",
            "drawn.yaml:11:19: timeline.slide.at.uniform: has 1 values; expected a list of 2 values",
        ),
        (
            "[10 min, 20 min]",
            "[10 bp, 20 bp]",
            "drawn.yaml:11:20: timeline.slide.at.uniform: `10 bp` is not a duration; expected a duration with a unit, "
            "such as 90s, 5 min or 1h30min",
        ),
        (
            "sd: 10 min",
            "sdd: 10 min",
            "drawn.yaml:12:30: timeline.slide.for.normal.sdd: unknown key; expected mean, sd, min or max; "
            "did you mean sd?",
        ),
        (
            "mean: 1h, ",
            "",
            "drawn.yaml:12:19: timeline.slide.for.normal.mean: is missing; expected a number with its unit",
        ),
        (
            "sd: 10 min",
            "sd: 0s",
            "drawn.yaml:12:34: timeline.slide.for.normal.sd: `0s` is no spread; expected more than zero",
        ),
        (
            "sigma: 0.4",
            "sigma: 4",
            "drawn.yaml:14:50: timeline.slide.intensity.log_normal.sigma: `4` is out of range; expected a plain number "
            "above 0, at most 3",
        ),
        (
            "{log_normal:",
            "{lognormal:",
            "drawn.yaml:14:17: timeline.slide.intensity: `lognormal` is no distribution; expected uniform, normal, "
            "log_normal or choice; did you mean log_normal?",
        ),
        (
            "[stepwise, cascade]",
            "[]",
            "drawn.yaml:15:28: timeline.slide.with.shape.choice: has 0 values; expected a list of 1 to 100 values",
        ),
    ],
)
def test_a_wrong_distribution_is_told_with_its_place_and_its_remedy(
    right: str, wrong: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert right in GOOD
    Path("drawn.yaml").write_text(GOOD.replace(right, wrong, 1))
    with pytest.raises(ScenarioError) as caught:
        load_scenario("drawn.yaml")
    assert message in caught.value.lines()
