"""Drafts: what is written of an experiment reads back as the same experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from lab.scenario.model import Experiment
from lab.scenario.resolve import SHIPPED, load_scenario, scenario_files
from lab.tuning.names import override_paths, overrides_of, without_override
from lab.tuning.quarries import draft_of
from lab.tuning.yaml_text import yaml_text
from risk_monitor.limits import parse_limits

FILES = scenario_files(SHIPPED)
_WHERE = ("file", "scenario", "case", "phases", "limits_text", "limits_file", "controls_file")


def meaning(experiment: Experiment) -> Any:
    """Everything but where it stands, and that a value was drawn."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bare(item) for key, item in value.items() if key not in ("line", "drawn", "directory")}
        return [bare(item) for item in value] if isinstance(value, list | tuple) else value

    whole = bare({key: value for key, value in msgspec.to_builtins(experiment).items() if key not in _WHERE})
    whole["market"].pop("file")
    return {**whole, "limits": msgspec.to_builtins(parse_limits(experiment.limits_text, "limits"))}


@pytest.mark.parametrize("file", FILES[::4], ids=lambda file: file.stem)
def test_scenario_written_back_is_the_same_experiment(file: Path, tmp_path: Path) -> None:
    for experiment in load_scenario(file).experiments[:2]:
        path = tmp_path / "again.yaml"
        path.write_text(yaml_text(draft_of(experiment, tmp_path).written("again")))
        (again,) = load_scenario(path).experiments
        assert meaning(again) == meaning(experiment)


def test_firm_beside_the_scenario_is_found_from_where_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "here" / "firms").mkdir(parents=True)
    (tmp_path / "there").mkdir()
    (tmp_path / "here" / "firms" / "mine.yaml").write_text((SHIPPED / "firms" / "meridian.yaml").read_text())
    source = (SHIPPED / "market" / "price_divergence.yaml").read_text().replace("firm: meridian", "firm: mine")
    (tmp_path / "here" / "price_divergence.yaml").write_text(source)
    experiment = load_scenario(tmp_path / "here" / "price_divergence.yaml", case="noticed").experiments[0]
    draft = draft_of(experiment, tmp_path / "there")
    assert draft.names.firm == "../here/firms/mine.yaml"
    (tmp_path / "there" / "again.yaml").write_text(yaml_text(draft.written("again")))
    assert load_scenario(tmp_path / "there" / "again.yaml").experiments[0].firm == experiment.firm


def test_overrides_are_the_least_that_makes_the_limits(tmp_path: Path) -> None:
    base = tmp_path / "base.yaml"
    base.write_text(
        "limits:\n  drawdown: {firm: {warning: 10 %, high: 15 %}, for: 3 s}\n  leverage: {each: {high: 2 x}}\n"
    )
    merged = "limits:\n  drawdown: {firm: {warning: 8 %, high: 15 %}, for: 5 s}\n  leverage: {each: {high: 2 x}}\n"
    overrides = overrides_of(merged, base)
    assert overrides == {"drawdown": {"firm": {"warning": "8 %"}, "for": "5 s"}}
    assert override_paths(overrides) == [("drawdown", "firm", "warning"), ("drawdown", "for")]
    assert without_override(overrides, ("drawdown", "firm", "warning")) == {"drawdown": {"for": "5 s"}}
    assert overrides_of("limits:\n  drawdown: {firm: {high: 15 %}}\n", base) is None


@pytest.mark.parametrize(
    "whole",
    [
        {"description": "a: b # c", "tags": ["x-y", "null", "~", "", "a: b"], "deep": {"apex:arb": {"k": "*"}}},
        {"timeline": [{"inject": "a", "scope": {"assets": ["BTC", "ETH"]}, "because": "x" * 130}]},
        {"description": "words " * 40 + "end", "limits": {str(key): {"high": "1 BTC"} for key in range(30)}},
    ],
)
def test_text_reads_back_as_what_was_written(whole: Any) -> None:
    from lab.scenario.yaml_nodes import List, Node, Scalar, parse_yaml

    def plain(node: Node) -> Any:
        if isinstance(node, Scalar):
            assert not node.is_null
            return node.text
        if isinstance(node, List):
            return [plain(item) for item in node.items]
        return {key: plain(value) for key, value in node.entries.items()}

    text = yaml_text(whole)
    assert plain(parse_yaml(text, "text")) == whole
    assert max(len(line) for line in text.splitlines()) <= 240
