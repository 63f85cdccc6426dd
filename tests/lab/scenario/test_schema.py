"""JSON Schema and parser are one declaration: what ships passes both, what one refuses by shape the other refuses."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from lab.scenario.errors import ScenarioError
from lab.scenario.resolve import SHIPPED, load_scenario, scenario_files
from lab.scenario.schema import schema_of

VALIDATORS = {what: jsonschema.Draft202012Validator(schema_of(what)) for what in ("scenario", "firm", "market")}


def as_an_editor_sees_it(text: str) -> Any:
    return _plain(yaml.safe_load(text))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


@pytest.mark.parametrize("what", VALIDATORS)
def test_each_schema_is_a_schema(what: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(what))


@pytest.mark.parametrize(
    ("what", "path"),
    [
        *(("scenario", path) for path in scenario_files(SHIPPED)),
        *(("firm", path) for path in sorted((SHIPPED / "firms").glob("*.yaml"))),
        *(("market", path) for path in sorted((SHIPPED / "markets").glob("*.yaml"))),
    ],
    ids=str,
)
def test_what_ships_passes(what: str, path: Path) -> None:
    assert list(VALIDATORS[what].iter_errors(as_an_editor_sees_it(path.read_text()))) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("seed: 42", "sede: 42"),
        ("seed: 42\n", ""),
        ("seed: 42", "seed: 4.2"),
        ("duration: 36h", "duration: 36"),
        ("duration: 36h", "duration: 36 hours"),
        ("fault: stablecoin_depeg", "fault: stablecoin_depg"),
        ("    at: 1h", "    at: 1"),
        ("scope: {asset: USDT}", "scope: {aset: USDT}"),
        ("scope: {asset: USDT}", "scope: {}"),
        ("    scope: {asset: USDT}\n", ""),
        ("intensity: ${depth}", "intensity: 500"),
        ("    intensity: ${depth}\n", ""),
        ("intensity: ${depth}", "intensity: ${depth}\n    with: {shape: round}"),
        ("intensity: ${depth}", "intensity: ${depth}\n    with: {shap: linear}"),
        ("alert: stablecoin_peg", "alert: stablecoin_pag"),
        ("severity: warning", "severity: waring"),
        ("within: 15s", "within: 15"),
        ("tags: [E", "tags: [{E: 1}"),
        ("steady_state: {from: 5 min", "steady_state: {from: 5"),
        ("no_alerts: true", "no_alerts: 1"),
        ("cases:\n  noticed:\n", "cases:\n  noticed:\n    seed: 3\n"),
        ("cases:\n  noticed:\n", "cases:\n  noticed:\n    timline: []\n"),
    ],
)
def test_a_mistake_of_shape_fails_both(right: str, wrong: str, tmp_path: Path) -> None:
    good = (SHIPPED / "stablecoin_depeg.yaml").read_text()
    text = good.replace(right, wrong, 1)
    assert text != good
    path = tmp_path / "stablecoin_depeg.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError):
        load_scenario(path)
    assert list(VALIDATORS["scenario"].iter_errors(as_an_editor_sees_it(text))) != []


def test_every_key_of_a_scenario_is_described() -> None:
    schema = schema_of("scenario")
    assert [name for name, value in schema["properties"].items() if not value.get("description")] == []
    injection = schema["$defs"]["injection"]["properties"]
    assert [name for name in injection if "description" not in injection[name]] == ["scope", "intensity", "with"]
