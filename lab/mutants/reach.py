"""Reach: which mandates and controls a module of the monitor can spoil, as its imports tell.

A module of one mandate spoils that one, a helper those that import it, a desk those that it feeds. Where that is more
than a few nothing follows from it, and a fault there may show anywhere.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from lab.scenario.controls import CONTROLS
from risk_monitor.rules import MANDATES

_FEW = 12


class Reach:
    """Of a package, given as source by file name (``mandates/drawdown.py``)."""

    def __init__(self, package: Mapping[str, bytes], name: str = "risk_monitor") -> None:
        self._imports = {file: _imported(source, name, package) for file, source in package.items()}
        self._users: dict[str, list[str]] = {file: [] for file in package}
        for file, imported in self._imports.items():
            for one in imported:
                self._users[one].append(file)

    def of(self, file: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Mandates and controls that a fault in the file should show in, both empty if it may be any."""
        named = _mandates([file]) or _controls([file])
        if named:
            return _mandates([file]), _controls([file])
        # Who uses a helper, directly or through other helpers; then, for a desk, what it feeds.
        users = self._all_users(file)
        for files in (self._users.get(file, []), users, self._imports.get(file, ())):
            mandates, controls = _mandates(files), _controls(files)
            if 0 < len(mandates) + len(controls) <= _FEW:
                return mandates, controls
        return (), ()

    def _all_users(self, file: str) -> list[str]:
        found = dict.fromkeys([file])
        waiting = [file]
        while waiting:
            for user in self._users.get(waiting.pop(), []):
                if user not in found:
                    found[user] = None
                    waiting.append(user)
        return list(found)


def _mandates(files: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    stems = [file.removeprefix("mandates/").removesuffix(".py") for file in files if file.startswith("mandates/")]
    return tuple(stem for stem in dict.fromkeys(stems) if stem in MANDATES)


def _controls(files: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    stems = [file.removeprefix("controls/").removesuffix(".py") for file in files if file.startswith("controls/")]
    return tuple(stem for stem in dict.fromkeys(stems) if stem in CONTROLS)


def _imported(source: bytes, name: str, package: Mapping[str, bytes]) -> tuple[str, ...]:
    """Files of the package that a module imports."""
    found: dict[str, None] = {}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        if node.module != name and not node.module.startswith(f"{name}."):
            continue
        path = node.module.removeprefix(name).lstrip(".").replace(".", "/")
        for alias in node.names:
            for file in (f"{path}.py", f"{path}/{alias.name}.py" if path else f"{alias.name}.py"):
                if file in package:
                    found[file] = None
    return tuple(found)
