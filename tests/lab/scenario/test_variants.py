"""A matrix multiplies cases by the values of variables; names and patterns pick among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.scenario.errors import ScenarioError
from lab.scenario.resolve import load_scenario

GOOD = """\
schema: riskproof-scenario/1
scenario: many
seed: 1
duration: 2h
variables: {depth: 1 bp, venue: apex}
matrix: {depth: [50 bp, 100 bp], venue: [apex, boreal]}
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
timeline:
  - {inject: apart, fault: price_divergence, at: 1h, for: 30 min, scope: {venue: "${venue}"}, intensity: "${depth}"}
cases:
  noticed: {forbid: [{alert: drawdown}]}
  single: {matrix: {depth: [2 bp], venue: [apex]}}
  plain: {matrix: null}
"""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "many.yaml"
    path.write_text(GOOD)
    return path


def names(path: Path, case: str | None = None, *sets: str) -> list[str]:
    return [each.case for each in load_scenario(path, case=case, sets=sets).experiments]


def test_the_product_of_the_values_multiplies_the_cases(many: Path) -> None:
    experiments = load_scenario(many).experiments
    found = [(each.case, each.timeline[0].scope["venue"], each.timeline[0].intensity) for each in experiments]
    assert found == [
        ("noticed-depth_50bp-venue_apex", "apex", 0.005),
        ("noticed-depth_50bp-venue_boreal", "boreal", 0.005),
        ("noticed-depth_100bp-venue_apex", "apex", 0.01),
        ("noticed-depth_100bp-venue_boreal", "boreal", 0.01),
        ("single-depth_2bp-venue_apex", "apex", 0.0002),
        ("plain", "apex", 0.0001),
    ]
    assert [len(each.forbid) for each in experiments] == [1, 1, 1, 1, 0, 0]


def test_a_case_is_picked_by_its_own_name_with_all_its_variants_or_by_a_pattern(many: Path) -> None:
    assert len(names(many, "noticed")) == 4
    assert names(many, "noticed-depth_50bp-venue_boreal") == ["noticed-depth_50bp-venue_boreal"]
    assert names(many, "*-venue_boreal") == ["noticed-depth_50bp-venue_boreal", "noticed-depth_100bp-venue_boreal"]


def test_a_file_without_cases_has_a_matrix_too(many: Path) -> None:
    many.write_text(GOOD.partition("cases:")[0])
    assert names(many)[0] == "default-depth_50bp-venue_apex"


def test_the_matrix_may_be_set_from_outside(many: Path) -> None:
    assert names(many, "noticed", "matrix.depth=[7 bp]", "matrix.venue=[boreal]") == ["noticed-depth_7bp-venue_boreal"]


@pytest.mark.parametrize(
    ("case", "sets", "message"),
    [
        ("notised", (), "many.yaml: cases: `notised` is no case of it; expected"),
        ("x*", (), "many.yaml: cases: no case fits `x*`; expected"),
        (
            "noticed",
            ("variables.depth=3 bp",),
            "--set variables.depth=3 bp: variables: `depth` is varied by the matrix; "
            "expected --set 'matrix.depth=[value]'",
        ),
    ],
)
def test_what_cannot_be_picked_or_set_is_told(
    case: str, sets: tuple[str, ...], message: str, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(many.parent)
    with pytest.raises(ScenarioError) as caught:
        load_scenario("many.yaml", case=case, sets=sets)
    assert caught.value.lines()[0].startswith(message)


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "{depth: [50",
            "{dept: [50",
            "many.yaml:6:10: matrix.dept: `dept` is no variable; expected depth or venue; did you mean depth?",
        ),
        (
            "[50 bp, 100 bp]",
            "50 bp",
            "many.yaml:6:17: matrix.depth: is `50 bp`; expected a list of 1 to 20 values",
        ),
        ("[50 bp, 100 bp]", "[]", "many.yaml:6:17: matrix.depth: has 0 values; expected a list of 1 to 20 values"),
        (
            "[50 bp, 100 bp]",
            "[50 bp, 50bp]",
            "many.yaml:6:25: matrix.depth[1]: `50bp` gives its case the name that `50 bp` gives; expected values of "
            "different names",
        ),
        (
            "[50 bp, 100 bp]",
            "[50 bp, [1 bp]]",
            "many.yaml:6:25: matrix.depth[1]: is a list; expected a single value with letters or digits",
        ),
        (
            "[50 bp, 100 bp], venue: [apex, boreal]",
            f"[{', '.join(f'{one} bp' for one in range(1, 21))}], venue: [{', '.join(f'v{one}' for one in range(20))}]",
            "many.yaml:6:9: matrix: makes too many experiments; expected at most 200 of one file",
        ),
    ],
)
def test_a_wrong_matrix_is_told_with_its_place_and_its_remedy(
    right: str, wrong: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert right in GOOD
    Path("many.yaml").write_text(GOOD.partition("cases:")[0].replace(right, wrong, 1))
    with pytest.raises(ScenarioError) as caught:
        load_scenario("many.yaml")
    assert caught.value.lines() == [message]
