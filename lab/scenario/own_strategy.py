"""A user's own strategy as a firm file names it: its code is loaded, or the author is told why it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from lab.scenario.errors import nearest_name, problem
from lab.scenario.records import Record, record
from lab.scenario.yaml_nodes import Node, Scalar


class OwnStrategy(NamedTuple):
    """How its parameters are written, where the firm file lies, and the digest of the code."""

    params: Record[Any]
    directory: str
    digest: str


def read_own(node: Node, field: str) -> OwnStrategy:
    """The strategy that ``node`` names. Raises ScenarioError."""
    from simulators.strategies.own import OwnStrategyError, find_own  # loads all that a strategy needs to run

    assert isinstance(node, Scalar)
    directory = str(Path(node.mark.file).parent)
    try:
        own = find_own(node.text, Path(directory))
    except OwnStrategyError as error:
        near = nearest_name(error.found, error.names)
        message = str(error)
        raise problem(node.mark, field, message, error.expected, near) from error
    try:
        params = record(own.params)
    except TypeError as error:  # a field of a type that no YAML value becomes
        message = f"{own.params.__name__} in {own.code}: {error}"
        raise problem(node.mark, field, message, "fields of bool, int, float or str") from error
    return OwnStrategy(params, directory, own.digest)
