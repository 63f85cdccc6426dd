"""The parser of every command: what it does not know it names, with what was expected and what was probably meant.

Nothing is guessed. argparse would take ``lab suite --seed 7`` for ``--seeds 7`` and play seven seeds of every case.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from lab.scenario.errors import nearest_name, one_of


def whole_number(most: int = 100_000) -> Callable[[str], int]:
    """The type of an option that takes a whole number from 1 to ``most``."""

    def read(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"is {text[:40]!r}; expected a whole number from 1 to {most}")
        return int(text)

    return read


class Parser(argparse.ArgumentParser):
    """``argparse.ArgumentParser`` without abbreviations. Its subparsers are of the same class."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **options})

    # The overloads of the base class tie what is returned to the namespace that is given.
    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As the base class does; but what is not known is refused here, by the command that does not know it."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            options = [word.split("=")[0] for word in unknown if word.startswith("-")]
            if not options:
                self.error(f"{' '.join(unknown)}: more than it takes")
            meant = nearest_name(options[0], self._option_string_actions)
            self.error(f"{options[0]}: no such option{f'; did you mean {meant}?' if meant else ''}")
        return known, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            names = [str(name) for name in action.choices]
            meant = nearest_name(str(value), names)
            hint = f"; did you mean {meant}?" if meant else ""
            raise argparse.ArgumentError(action, f"is {value!r}; expected {one_of(names)}{hint}")
