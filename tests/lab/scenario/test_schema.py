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


WHOLE_LANGUAGE = """\
schema: riskproof-scenario/1
scenario: whole
seed: 1
phases: {calm: 20 min, harm: 30 min}
variables: {depth: 90 bp}
matrix: {depth: [60 bp, 90 bp]}
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
operator: {acknowledges_after: 2 min}
steady_state: {from: calm + 5 min, again_within: 5 min}
timeline:
  - {inject: slide, fault: stablecoin_depeg, at: harm, for: {uniform: [5 min, 9 min]}, scope: {asset: USDT},
     intensity: {log_normal: {median: 1 %, sigma: 0.2}}, with: {shape: {choice: [linear, cascade]}}}
  - {inject: lag, fault: exchange_latency, after: slide took_effect + 1 min, scope: {venue: apex},
     intensity: {normal: {mean: 800 ms, sd: 50 ms}}, for: 1 min}
  - {inject: down, fault: exchange_outage, at: "2023-02-26T00:40:00Z", for: 30s, scope: {venue: boreal}}
templates:
  stall:
    parameters: {venue: {type: venue, default: apex, doc: which}}
    body: {timeline: [{inject: stall, fault: feed_stall, at: calm + 9 min, for: 2s, scope: {venue: "${venue}"}}]}
use: [{template: stall, with: {venue: boreal}, as: first}]
expect:
  - {alert: stablecoin_peg, asset: USDT, within: 15s, injection: slide, resolves_within: 2 min, contain: {within: 9s}}
expect_miss: [{alert: stablecoin_exposure, asset: USDT, because: the vault is shown as it was}]
assert:
  - {quantity: equity, at: harm + 1 min, above: 9M USD}
  - {quantity: position, of: BTC, from: calm, at_least: 9 BTC}
stop_when: [{quantity: open_orders, above: 5000}]
"""


def test_the_whole_language_passes_both(tmp_path: Path) -> None:
    (tmp_path / "whole.yaml").write_text(WHOLE_LANGUAGE)
    assert len(load_scenario(tmp_path / "whole.yaml").experiments) == 2
    assert list(VALIDATORS["scenario"].iter_errors(as_an_editor_sees_it(WHOLE_LANGUAGE))) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("calm: 20 min", "calm: 20"),
        ("[60 bp, 90 bp]", "60 bp"),
        ("{acknowledges_after", "{acknowledge_after"),
        ("again_within: 5 min", "again_within: 5"),
        ("at: harm,", "at: harm + x,"),
        ("at: harm,", ""),
        ("{uniform: [5 min, 9 min]}", "{uniform: [5 min]}"),
        ("{uniform: [5 min, 9 min]}", "{unifrom: [5 min, 9 min]}"),
        ("sigma: 0.2", "sgma: 0.2"),
        ("after: slide took_effect", "after: slide took_efect"),
        ("type: venue", "type: venu"),
        ("    body: {", "    boddy: {"),
        ("use: [{template", "use: [{tmplate"),
        ("contain: {within", "contain: {wthin"),
        (", because: the vault is shown as it was", ""),
        ("quantity: equity", "quantity: equty"),
        ("above: 9M USD", "above: 9M USD, below: 9M USD"),
        (", above: 5000", ""),
    ],
)
def test_a_mistake_of_shape_in_the_newer_parts_fails_both(right: str, wrong: str, tmp_path: Path) -> None:
    assert right in WHOLE_LANGUAGE
    text = WHOLE_LANGUAGE.replace(right, wrong, 1)
    (tmp_path / "whole.yaml").write_text(text)
    with pytest.raises(ScenarioError):
        load_scenario(tmp_path / "whole.yaml")
    assert list(VALIDATORS["scenario"].iter_errors(as_an_editor_sees_it(text))) != []


def test_a_template_file_has_a_schema_of_its_own() -> None:
    validator = jsonschema.Draft202012Validator(schema_of("template"))
    jsonschema.Draft202012Validator.check_schema(schema_of("template"))
    good = {"schema": "riskproof-template/1", "template": "t", "body": {"timeline": []}}
    assert list(validator.iter_errors(good)) == []
    assert list(validator.iter_errors({**good, "body": {"timelin": []}})) != []
