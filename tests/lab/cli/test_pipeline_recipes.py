"""The recipes of the how-to are YAML that a CI server reads, and the commands in it are commands of ours."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.cli import _parser

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "pipeline.md"


def recipes() -> list[Any]:
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", HOW_TO.read_text(), re.DOTALL)]


def commands() -> list[str]:
    github, gitlab = recipes()
    steps = [step["run"] for step in github["jobs"]["suite"]["steps"] if "run" in step]
    blocks = re.findall(r"```\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
    written = [line for block in blocks for line in block.splitlines()]
    lines = [*steps, *gitlab["risk monitor"]["script"], *written]
    return sorted({line.partition(" #")[0].partition(" >")[0].strip() for line in lines if line.startswith("lab ")})


def test_the_github_recipe_gates_and_keeps_what_a_reviewer_needs() -> None:
    github, _ = recipes()
    steps = github["jobs"]["suite"]["steps"]
    after = [step for step in steps if step.get("if") == "always()"]
    assert [sorted(step) for step in after] == [["if", "run"], ["if", "uses", "with"]]
    (kept,) = (step["with"]["path"].split() for step in after if "uses" in step)
    assert kept == ["junit.xml", "summary.md", "runs"]


def test_the_gitlab_recipe_shows_the_tests() -> None:
    _, gitlab = recipes()
    job = gitlab["risk monitor"]
    assert job["artifacts"]["reports"] == {"junit": "junit.xml"}
    assert job["artifacts"]["when"] == job["cache"]["when"] == "always"


@pytest.mark.parametrize("command", commands())
def test_every_command_of_the_how_to_is_understood(command: str) -> None:
    args = _parser().parse_args(shlex.split(command)[1:])
    assert callable(args.execute)
