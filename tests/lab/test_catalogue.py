"""The catalogue and the laboratory name the same things, and coverage says which scenario exercises what."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from lab.catalogue.coverage import cover
from lab.catalogue.rows import ROWS, Row
from lab.cli import main
from lab.scenario.controls import CONTROLS
from lab.scenario.demands import Expectation, ExpectedMiss
from lab.scenario.faults import FAULTS
from lab.scenario.mandates import MANDATES
from lab.scenario.model import Experiment
from lab.scenario.resolve import SHIPPED, load_scenario
from simulators.strategies.params import KINDS

REGISTRIES = {"mandates": MANDATES, "controls": CONTROLS, "faults": tuple(FAULTS), "strategies": tuple(KINDS)}


def names(section: str) -> list[str]:
    return [name for row in ROWS if row.section == section for name in row.names]


@pytest.mark.parametrize("section", REGISTRIES)
def test_everything_that_was_asked_for_has_a_name_that_the_laboratory_knows(section: str) -> None:
    assert [name for name in names(section) if name not in REGISTRIES[section]] == []


@pytest.mark.parametrize("section", REGISTRIES)
def test_everything_that_the_laboratory_declares_has_a_row(section: str) -> None:
    assert [name for name in REGISTRIES[section] if name not in names(section)] == []


def test_no_row_is_empty_and_no_name_stands_twice() -> None:
    assert [row for row in ROWS if not row.names] == []
    for section in dict.fromkeys(row.section for row in ROWS):
        assert len(names(section)) == len(set(names(section)))


def test_every_article_is_named_by_a_tag_of_its_number() -> None:
    for row in ROWS:
        if row.section == "articles":
            number = re.match(r"Art (\d+)(?:\((\d+)\))?:", row.asked)
            assert number is not None
            assert row.names == ("-".join(("rts6-art", *filter(None, number.groups()))),)


@pytest.fixture
def depeg() -> Experiment:
    return load_scenario(SHIPPED / "stablecoin_depeg.yaml", case="noticed").experiments[0]


def exercised(experiment: Experiment) -> set[tuple[str, str]]:
    return {(one.section, one.name) for one in cover([experiment]) if one.scenarios}


def test_an_experiment_exercises_what_it_expects_injects_runs_and_is_tagged_with(depeg: Experiment) -> None:
    assert exercised(depeg) == {
        *(("mandates", name) for name in ("stablecoin_peg", "stablecoin_exposure")),
        ("faults", "stablecoin_depeg"),
        *(("strategies", name) for name in ("arbitrage", "market_making", "momentum", "mean_reversion")),
        *(("sources", name) for name in ("coingecko", "coinmetrics")),
        ("failure scenarios", "failure-scenario-4"),
        ("documents", "E"),
    }


def test_what_is_forbidden_is_not_exercised_but_an_expected_miss_and_an_action_are(depeg: Experiment) -> None:
    changed = msgspec.structs.replace(
        depeg,
        tags=("rts6-art-16-5", "rts6-art-17-3"),
        timeline=(),
        expect=(Expectation(action="gate", within_ns=1),),
        expect_miss=(ExpectedMiss(alert="reconciliation", because="no API shows it"),),
    )
    found = {pair for pair in exercised(changed) if pair[0] not in ("strategies", "sources")}
    assert found == {
        ("mandates", "reconciliation"),
        ("controls", "gate"),
        ("articles", "rts6-art-16-5"),
        ("articles", "rts6-art-17"),
    }


def test_gaps_are_listed_and_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "stablecoin_depeg.yaml").write_text((SHIPPED / "stablecoin_depeg.yaml").read_text())
    assert main(["catalogue", str(tmp_path)]) == 0
    whole = capsys.readouterr().out
    assert re.search(r"^  stablecoin_peg +stablecoin_depeg$", whole, re.MULTILINE)
    assert re.search(r"^  emergency_stop +no scenario$", whole, re.MULTILINE)
    assert main(["catalogue", str(tmp_path), "--gaps"]) == 1
    gaps = capsys.readouterr().out
    assert "stablecoin_peg " not in gaps
    assert main(["catalogue", str(tmp_path), "--gaps", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["gaps"] == len(document["rows"]) == len(re.findall(r"^  \S+ +no scenario$", gaps, re.MULTILINE))
    assert {row["name"] for row in document["rows"]}.isdisjoint({"stablecoin_peg", "momentum", "coingecko"})


def test_a_scenario_that_cannot_be_read_is_told_and_counts_for_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.yaml").write_text("schema: riskproof-scenario/1\nscenario: broken\n")
    assert main(["catalogue", str(tmp_path)]) == 2
    assert "broken.yaml" in capsys.readouterr().err


def test_a_fault_is_explained_with_every_parameter_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for name, spec in FAULTS.items():
        assert main(["faults", name]) == 0
        text = capsys.readouterr().out
        for field in (*spec.scope_fields(), *spec.parameter_fields()):
            assert f"  {field.name}: " in text, (name, field.name)
        assert "inject: harm" in text
    assert main(["faults"]) == 0
    table = capsys.readouterr().out
    assert all(re.search(rf"^{name} ", table, re.MULTILINE) for name in FAULTS)


def test_an_unknown_fault_gets_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults", "feed_stal"]) == 2
    assert "did you mean feed_stall?" in capsys.readouterr().err


def test_rows_are_told_in_the_catalogues_own_words() -> None:
    assert Row("controls", "exchange failover by health along a chain", ("failover",)) in ROWS
