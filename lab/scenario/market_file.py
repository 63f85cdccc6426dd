"""How a market is written in YAML: as the world's own room declares it, with the place of every mistake."""

from __future__ import annotations

import re

import msgspec

from lab.scenario.agreement import Agreement, Path
from lab.scenario.errors import ScenarioError
from lab.scenario.kinds import Kind, Schema
from lab.scenario.records import record
from lab.scenario.yaml_nodes import Node
from simulators.market_data.world.config import MarketConfig, market_config
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
            check.wrong(_path(error.field), f"is {error.found}", error.expected)
            raise ScenarioError(check.problems) from error

    def schema(self) -> Schema:
        return record(MarketConfig, as_declared=True).schema()


def _path(field: str) -> Path:
    """``series[0].pair`` as steps."""
    return tuple(int(step) if step.isdecimal() else step for step in re.findall(r"[^.\[\]]+", field))
