"""Source-level mutants: operators, ids, and the package that is built from them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from lab.mutants.mutant import SourceEdit
from lab.mutants.named import named_mutants
from lab.mutants.operators import changes, spliced
from lab.mutants.source_level import PackageError, build, read_package, source_mutants

OURS = Path(__file__).parents[3]

MODULE = b'''"""Docstring."""
LIMIT = 5


class Watch:
    def look(self, now_ns: int) -> None:
        if now_ns - self.since_ns > LIMIT and not (self.quiet):
            self.tell("\xc3\xa4", -(now_ns))
        self.since_ns = now_ns
        for one in self.all:
            if one is None:
                continue
            self.total += abs(one)

    def evidence(self) -> str:
        return f"{self.total + 1}"
'''


def mutated_lines(operator: str) -> list[str]:
    found = []
    for change in changes(MODULE):
        if change.operator == operator:
            lines = spliced(MODULE, change.start, change.end, change.new).decode().splitlines()
            found.append(lines[change.line - 1].strip())
    return found


@pytest.mark.parametrize(
    ("operator", "lines"),
    [
        ("comparison_negated", [
            "if now_ns - self.since_ns <= LIMIT and not (self.quiet):", "if one is not None:"]),
        ("boundary", ["if now_ns - self.since_ns >= LIMIT and not (self.quiet):"]),
        ("arithmetic", ["if now_ns + self.since_ns > LIMIT and not (self.quiet):", "self.total -= abs(one)"]),
        ("logic", ["if now_ns - self.since_ns > LIMIT or not (self.quiet):",
                   "if now_ns - self.since_ns > LIMIT and  (self.quiet):"]),
        ("condition", ["if not (now_ns - self.since_ns > LIMIT and not (self.quiet)):"]),
        ("sign", ['self.tell("ä", (now_ns))']),
        ("call_deleted", ["pass"]),
        ("assignment_deleted", ["pass", "pass"]),
        ("exit_deleted", ["pass"]),
        ("argument_swapped", ["self.total += +(one)"]),
        ("constant", ["LIMIT = 10"]),
    ],
)  # fmt: skip
def test_an_operator_changes_its_places_and_nothing_else(operator: str, lines: list[str]) -> None:
    assert mutated_lines(operator) == lines


def test_a_bound_becomes_too_small_rather_than_too_large() -> None:
    source = b"MAX_ORDERS = 64\n_MAX_LATE = 1\nLIMIT = 64\nNONE = 0\n"
    assert [change.new for change in changes(source)] == ["1", "2", "128", "1"]


def test_words_for_readers_are_left_alone() -> None:
    assert not [change for change in changes(MODULE) if change.within.endswith("evidence")]


def test_every_source_mutant_of_our_monitor_is_python_and_has_its_own_id() -> None:
    package = read_package(OURS)
    mutants = source_mutants(package)
    assert len({mutant.id for mutant in mutants}) == len(mutants) > 4_000
    for mutant in mutants[::25]:
        edit = mutant.edit
        assert isinstance(edit, SourceEdit)
        source = package[edit.file]
        changed = spliced(source, edit.start, edit.end, edit.new)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source)), mutant.id
        assert source.decode().splitlines()[edit.line - 1].find(edit.old.splitlines()[0]) >= 0


def test_every_named_mutant_finds_its_place_in_our_monitor() -> None:
    mutants, lacking = named_mutants(read_package(OURS))
    assert lacking == []
    for mutant in mutants:
        edit = mutant.edit
        assert isinstance(edit, SourceEdit)
        ast.parse(spliced(read_package(OURS)[edit.file], edit.start, edit.end, edit.new))


def test_a_monitor_of_another_build_is_told_which_named_mutants_it_has_no_place_for() -> None:
    mutants, lacking = named_mutants({"alerts.py": b"pass\n"})
    assert mutants == []
    assert lacking[0] == "sign_flipped: mandates/delta_exposure.py has no such file; expected once"


def test_what_was_built_before_leaves_nothing_behind(tmp_path: Path) -> None:
    package = {"__init__.py": b"", "one.py": b"VALUE = 1\n", "two.py": b"VALUE = 2\n"}
    for edit, expected in (
        (SourceEdit("one.py", 1, 8, 9, "1", "5"), "5 2"),
        (SourceEdit("one.py", 1, 8, 9, "1", "6"), "6 2"),
        (SourceEdit("two.py", 1, 8, 9, "2", "7"), "1 7"),
    ):
        build(edit, package, tmp_path)
        code = "from risk_monitor import one, two; print(one.VALUE, two.VALUE)"
        told = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, env={}
        )
        assert told.stdout.strip() == expected


def test_a_source_that_has_moved_on_is_not_mutated_in_the_wrong_place(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"one\.py:1: the source is not what the mutant was made from"):
        build(SourceEdit("one.py", 1, 8, 9, "1", "5"), {"one.py": b"VALUE = 3\n"}, tmp_path)


def test_a_directory_without_a_monitor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="no such package; expected a package risk_monitor"):
        read_package(tmp_path)
