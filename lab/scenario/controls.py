"""The controls that a scenario may wire in: their names, and the file that configures them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from lab.scenario.errors import problem
from lab.scenario.sources import refuse_other_kinds
from lab.scenario.yaml_nodes import Scalar, as_map, load_yaml

CONTROLS_SCHEMA = "riskproof-controls/1"

CONTROLS = ("gate", "breaker", "emergency_stop", "defensive", "defcon", "approval", "failover", "limits_log")
"""What an expectation's `action` may name."""

_SECTIONS = {
    "gate": "gate",
    "breakers": "breaker",
    "emergency_stop": "emergency_stop",
    "defensive": "defensive",
    "defcon": "defcon",
    "approval": "approval",
    "failover": "failover",
    "limits_log": "limits_log",
}


class ControlsInForce(msgspec.Struct, frozen=True):
    """``text`` is what the monitor reads; ``wired`` the controls that it configures."""

    name: str
    file: str
    text: str
    wired: tuple[str, ...]


def load_controls(path: Path, shown_as: str) -> ControlsInForce:
    """Read and check the file. Raises ScenarioError."""
    root = as_map(load_yaml(path, shown_as), "", "a controls file")
    refuse_other_kinds(root, CONTROLS_SCHEMA)
    schema = root.entries.get("schema")
    if not isinstance(schema, Scalar) or schema.text != CONTROLS_SCHEMA:
        raise problem(root.mark, "schema", "is missing or of another kind", CONTROLS_SCHEMA)
    wired = tuple(control for section, control in _SECTIONS.items() if section in root.entries)
    return ControlsInForce(path.stem, shown_as, path.read_text(encoding="utf-8"), wired)
