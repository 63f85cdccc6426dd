"""How a market is written in YAML: as the world's own room declares it, with the place of every mistake."""

from __future__ import annotations

import os
import pathlib
import re

import msgspec

from lab.scenario.agreement import Agreement, Path
from lab.scenario.errors import ScenarioError, nearest_name, one_of
from lab.scenario.kinds import Kind, Schema
from lab.scenario.records import record
from lab.scenario.yaml_nodes import Node
from simulators.market_data.world.config import BAR_FILES, MarketConfig, market_config
from simulators.market_data.world.errors import MarketError

MARKET_SCHEMA = "riskproof-market/1"


class MarketFile(Kind[MarketConfig]):
    """A market file. Its keys carry their units (``noise_bp: 0.3``), as the world's own reader has them."""

    expected = "a market definition"

    def read(self, node: Node, field: str) -> MarketConfig:
        config = record(MarketConfig, as_declared=True).read(node, field)
        try:
            return market_config(msgspec.to_builtins(config))
        except MarketError as error:
            check = Agreement(node)
            check.wrong(steps_of(error.field), f"is {error.found}", error.expected)
            raise ScenarioError(check.problems) from error

    def schema(self) -> Schema:
        return record(MarketConfig, as_declared=True).schema()


def check_files(root: Node, config: MarketConfig, directory: pathlib.Path) -> None:
    """Refuse a market whose files of bars are not there. ``directory`` is where the definition stands."""
    check = Agreement(root)
    for index, one in enumerate(config.series):
        path = directory / one.file
        beside = os.path.dirname(one.file)
        if path.suffix.lower() not in BAR_FILES:
            check.wrong(("series", index, "file"), f"`{one.file}` is of no kind that is read", one_of(BAR_FILES))
        elif not os.path.isfile(path):
            names = sorted(other.name for other in path.parent.glob("*") if other.suffix.lower() in BAR_FILES)
            near = nearest_name(path.name, names)
            check.wrong(
                ("series", index, "file"),
                f"`{one.file}` is no file",
                f"a path from {directory}",
                os.path.join(beside, near) if near else "",
            )
    if check.problems:
        raise ScenarioError(check.problems)


def steps_of(field: str) -> Path:
    """``series[0].pair`` as steps."""
    return tuple(int(step) if step.isdecimal() else step for step in re.findall(r"[^.\[\]]+", field))
