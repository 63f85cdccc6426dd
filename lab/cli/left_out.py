"""Left out: runs that were found and cannot be used, counted by why, however many they are."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.evidence.manifest import LeftOut

_NAMED = 2  # runs of each reason; --json names them all
_WIDTH = 80


def left_out_lines(left_out: Sequence[LeftOut]) -> list[str]:
    """A few lines for each reason, in the order in which the reasons are met."""
    by_why: dict[str, list[str]] = {}
    for one in left_out:
        by_why.setdefault(one.why, []).append(one.run)
    lines = []
    for why, runs in by_why.items():
        named = ", ".join(runs[:_NAMED])
        rest = f" and {len(runs) - _NAMED:,} more (--json names each)" if len(runs) > _NAMED else ""
        lines += textwrap.wrap(
            f"left out: {named}{rest}: {why}", _WIDTH, subsequent_indent="  ", break_long_words=False,
            break_on_hyphens=False,
        )  # fmt: skip
    return lines
