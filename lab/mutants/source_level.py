"""Source-level mutants: the monitor's own code with one operator applied in one place, in a copy of its package."""

from __future__ import annotations

import py_compile
from collections.abc import Mapping
from pathlib import Path

from lab.mutants import operators
from lab.mutants.mutant import Mutant, SourceEdit
from lab.mutants.reach import Reach

PACKAGE = "risk_monitor"

LEFT_OUT = (
    "__init__.py", "cli.py", "telemetry.py",
    "limits.py", "subjects.py", "quantities.py", "yaml_nodes.py", "controls/reader.py", "controls/values.py",
)  # fmt: skip
"""Files without source mutants: no verdict hangs on the first three; the others read the operator's own files, as the
laboratory does with them, and the mutants of the limits stand for what goes wrong there."""


class PackageError(Exception):
    """The directory holds no monitor that can be mutated: what was found, and what was expected."""


def read_package(directory: Path) -> dict[str, bytes]:
    """The source of the ``risk_monitor`` package in a directory, by file name within the package, in order.

    Raises:
        PackageError: there is none.
    """
    root = directory / PACKAGE
    if not (root / "machine.py").is_file():
        found = "no such package" if not root.is_dir() else "no machine.py in it"
        raise PackageError(
            f"{root}: {found}; expected a package {PACKAGE} with the modules machine, config and limits, as ours has"
        )
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix())
        if "__pycache__" not in path.parts
    }


def source_mutants(package: Mapping[str, bytes]) -> list[Mutant]:
    """Every source mutant of a package, in order of file and place.

    Ids name the function and count within it, so that they outlive changes elsewhere in the file.

    Raises:
        PackageError: a file is not Python.
    """
    reach = Reach(package)
    mutants: list[Mutant] = []
    for file, source in package.items():
        if file in LEFT_OUT:
            continue
        try:
            found = operators.changes(source)
        except SyntaxError as error:
            raise PackageError(f"{file}:{error.lineno}: not Python: {error.msg}") from error
        mandates, actions = reach.of(file)
        counts: dict[tuple[str, str], int] = {}
        lines = source.splitlines()
        for change in found:
            key = (change.within, change.operator)
            counts[key] = counts.get(key, 0) + 1
            place = f"{file.removesuffix('.py')}:{change.within}"
            mutants.append(
                Mutant(
                    id=f"source/{place}/{change.operator}/{counts[key]}",
                    level="source",
                    operator=change.operator,
                    what=f"{file}:{change.line}: `{_short(change.old)}` becomes `{_short(change.new) or 'nothing'}`",
                    edit=SourceEdit(file, change.line, change.start, change.end, change.old, change.new),
                    mandates=mandates,
                    actions=actions,
                    missing=f"`{_short(lines[change.line - 1].decode())}` ({place.replace('/', '.')})",
                )
            )
    return mutants


def build(edit: SourceEdit, package: Mapping[str, bytes], into: Path) -> Path:
    """Make ``into`` hold the mutated package, compiled, and return it: the directory to import from.

    Raises:
        PackageError: the package is not the one that the mutant was made from.
    """
    source = package[edit.file]
    if source[edit.start : edit.end] != edit.old.encode():
        raise PackageError(f"{edit.file}:{edit.line}: the source is not what the mutant was made from")
    write_package({**package, edit.file: operators.spliced(source, edit.start, edit.end, edit.new)}, into)
    return into


def write_package(package: Mapping[str, bytes], into: Path) -> None:
    """Make ``into`` hold the package, compiled. Only what differs from what was written there before is written."""
    for file, source in package.items():
        path = into / PACKAGE / file
        if path.is_file() and path.read_bytes() == source:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source)
        # Checked by content: a file that changes may keep its size within one tick of the clock that stamps it.
        py_compile.compile(str(path), quiet=2, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"
