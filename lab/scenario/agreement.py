"""Checks between the parts of a file: what one part names, another must have."""

from __future__ import annotations

from collections.abc import Iterable

from lab.scenario.errors import Mark, Problem, nearest_name, one_of
from lab.scenario.yaml_nodes import List, Map, Node, Scalar

Path = tuple[str | int, ...]


class Agreement:
    """Collects what disagrees, each problem at the deepest node of its path that was written."""

    def __init__(self, root: Node) -> None:
        self.problems: list[Problem] = []
        self._root = root

    def wrong(self, path: Path, message: str, expected: str = "", nearest: str = "") -> None:
        """Keep a problem of the field at ``path``."""
        mark, field = self._place(path)
        self.problems.append(Problem(*mark, field, message, expected, nearest))

    def known(self, path: Path, word: str, names: Iterable[str], what: str) -> bool:
        """Whether ``word`` is one of ``names``; if not, that is a problem: it is no such ``what``."""
        names = tuple(names)
        if word in names:
            return True
        self.wrong(path, f"`{word}` is no {what}", one_of(names) or "nothing: there is none", nearest_name(word, names))
        return False

    def _place(self, path: Path) -> tuple[Mark, str]:
        node: Node | None = self._root
        mark = self._root.mark
        shown: list[str | int] = []
        for step in path:
            label: str | int = step
            if isinstance(node, Map) and isinstance(step, str) and step in node.entries:
                key = node.keys[step]
                node = node.entries[step]
                mark = key if isinstance(node, Map) else node.mark
            elif isinstance(node, List) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                mark = node.mark
                label = label_of(node, step)
            else:
                node = None  # left out of the file: what it stands in is pointed at
            shown.append(label)
        return mark, dotted(tuple(shown))


def label_of(item: Node, index: int) -> str | int:
    """How an entry of a list is called in paths: an injection or a template's use by its name, others by number."""
    name = item.entries.get("inject", item.entries.get("as")) if isinstance(item, Map) else None
    return name.text if isinstance(name, Scalar) else index


def dotted(path: Path) -> str:
    """``("timeline", 0, "at")`` as ``timeline[0].at``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
