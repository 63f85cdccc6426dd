"""The controls that a scenario wires in: their names, and the file that configures them.

The monitor's own reader checks the file, as it does the limits, so that the two cannot differ on what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from lab.scenario.errors import Mark, problem
from lab.scenario.sources import refuse_other_kinds
from lab.scenario.yaml_nodes import as_map, load_yaml
from risk_monitor.controls.config import ControlsConfig
from risk_monitor.controls.reader import SCHEMA as CONTROLS_SCHEMA
from risk_monitor.controls.reader import parse_controls
from risk_monitor.limits import Limits
from risk_monitor.yaml_nodes import LimitsError

CONTROLS = ("gate", "breaker", "emergency_stop", "defensive", "defcon", "approval", "failover", "limits_log")
"""What an expectation's `action` may name."""


class ControlsInForce(msgspec.Struct, frozen=True):
    """``text`` is what the monitor reads, ``config`` what it says."""

    name: str
    file: str
    text: str
    config: ControlsConfig

    @property
    def wired(self) -> tuple[str, ...]:
        """The controls that the file configures."""
        config = self.config
        sections = {
            "gate": config.gate,
            "breaker": config.strategy_breaker or config.firm_breaker,
            "emergency_stop": config.emergency_stop,
            "defensive": config.defensive,
            "defcon": config.defcon,
            "approval": config.approval,
            "failover": config.failover,
            "limits_log": config.limits_log,
        }
        return tuple(name for name in CONTROLS if sections[name] is not None)


def load_controls(
    path: Path, shown_as: str, limits: Limits | None = None, exchanges: Sequence[str] = ()
) -> ControlsInForce:
    """Read and check the file, against ``limits`` and the firm's ``exchanges`` where given. Raises ScenarioError."""
    root = as_map(load_yaml(path, shown_as), "", "a controls file")
    refuse_other_kinds(root, CONTROLS_SCHEMA)
    text = path.read_text(encoding="utf-8")
    try:
        config = parse_controls(text, shown_as, limits, exchanges)
    except LimitsError as error:
        mark = Mark(error.file, error.line, error.column)
        raise problem(mark, error.field, error.message, error.expected, error.nearest) from error
    return ControlsInForce(path.stem, shown_as, text, config)
