"""What a probed monitor remembers: which statements ran, and which comparisons met two equal sides."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.mutants import operators
from lab.mutants.mutant import SourceEdit
from lab.mutants.probes import MODULE, Probes
from lab.mutants.source_level import read_package, source_mutants, write_package

SOURCE = b'''"""A module."""

from __future__ import annotations

LIMIT = 3


def judge(values: list[int], bound: int = LIMIT) -> str:
    """Judges."""
    total = 0
    for value in values:
        if value < 0:
            continue
        elif value > 100:
            raise ValueError(
                value
            )
        total += value
    try:
        share = total / len(values)
    except ZeroDivisionError:
        return "nothing"
    return "beyond" if share >= bound else "within"
'''


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Probes, Any]]:
    probes = Probes({"__init__.py": b"", "judging.py": SOURCE}, "risk_monitor")
    package = {file: source.replace(b"risk_monitor.", b"probed_monitor.") for file, source in probes.package.items()}
    into = tmp_path_factory.mktemp("probed")
    write_package(package, into)
    (into / "risk_monitor").rename(into / "probed_monitor")
    sys.path.insert(0, str(into))
    try:
        from importlib import import_module

        yield probes, (import_module("probed_monitor.judging"), import_module(f"probed_monitor.{MODULE}"))
    finally:
        sys.path.remove(str(into))


def met(probed: tuple[Probes, Any], values: list[int]) -> Callable[[str, str], bool | None]:
    """Judge, and tell whether a mutant with this operator and old text would have been another program."""
    probes, (module, ran) = probed
    cells = getattr(ran, MODULE)
    cells[:] = bytes(len(cells))
    with suppress(ValueError):
        module.judge(values)

    def is_met(operator: str, old: str) -> bool | None:
        (change,) = (one for one in operators.changes(SOURCE) if (one.operator, one.old) == (operator, old))
        probe = probes.of(operator, SourceEdit("judging.py", 0, change.start, change.end, change.old, change.new))
        return None if probe is None else bool(cells[probe])

    return is_met


def test_a_statement_that_ran_is_told_from_one_that_did_not(probed: tuple[Probes, Any]) -> None:
    is_met = met(probed, [1, 2])
    assert is_met("assignment_deleted", "total += value")
    assert is_met("comparison_negated", ">")
    assert not is_met("exit_deleted", "continue")
    assert not is_met("exit_deleted", "raise ValueError(\n                value\n            )")
    assert met(probed, [-1])("exit_deleted", "continue")


def test_a_shifted_comparison_is_met_only_where_its_sides_are_equal(probed: tuple[Probes, Any]) -> None:
    assert met(probed, [3])("boundary", ">=")
    assert not met(probed, [4])("boundary", ">=")
    assert met(probed, [4])("comparison_negated", ">=")


def test_what_stands_outside_functions_always_counts_as_run(probed: tuple[Probes, Any]) -> None:
    assert met(probed, [])("constant", "3") is None


@given(values=st.lists(st.integers(-3, 103), max_size=5), bound=st.integers(0, 5))
def test_a_probed_program_does_what_the_program_does(probed: tuple[Probes, Any], values: list[int], bound: int) -> None:
    plain: dict[str, Any] = {}
    exec(compile(SOURCE, "judging.py", "exec"), plain)

    def outcome(judge: Callable[[list[int], int], str]) -> str:
        try:
            return judge(values, bound)
        except ValueError as error:
            return f"refused {error}"

    assert outcome(probed[1][0].judge) == outcome(plain["judge"])


def test_a_mutant_of_the_monitor_has_no_probe_only_where_it_stands_outside_functions() -> None:
    package = read_package(Path(__file__).parents[3])
    probes = Probes(package)
    mutants = source_mutants(package)
    inside = {file: _lines_of_functions(source) for file, source in package.items()}
    assert len(mutants) > 5000
    for mutant in mutants:
        edit = mutant.edit
        assert isinstance(edit, SourceEdit)
        assert (probes.of(mutant.operator, edit) is None) == (edit.line not in inside[edit.file]), mutant.id


def _lines_of_functions(source: bytes) -> set[int]:
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return {line for one in functions for line in range(one.body[0].lineno, (one.end_lineno or 0) + 1)}
