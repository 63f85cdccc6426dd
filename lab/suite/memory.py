"""Memory of failing seeds: what failed is run first the next time, and again until it has passed often enough.

A small file beside the project, ``.lab/failing_seeds.json``. A seed comes in when it is proven to fail and is forgotten
after it has passed three times in a row. What is unknown leaves it as it is. Under other settings, or with another
monitor, another seed may fail: each is remembered by what was set.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import msgspec

from correlator.verdict import Verdict
from lab.playing.run_directory import write_whole
from lab.suite.baseline import relative

FORMAT = "riskproof-failing-seeds/1"
DEFAULT = Path(".lab/failing_seeds.json")
PASSES_TO_FORGET = 3
SEEDS_LIMIT = 200
"""How many are kept; beyond, those that failed first are forgotten first."""


class FailedSeed(msgspec.Struct, frozen=True):
    """A seed under which a case was proven to fail, and how often it has passed since. ``under``: what was set."""

    scenario: str
    case: str
    seed: int
    passes: int = 0
    under: str = ""


class _File(msgspec.Struct, frozen=True):
    format: str
    seeds: list[FailedSeed]


class SeedsFileError(Exception):
    """The file of failing seeds cannot be read: which, what was found, what to do."""


def recall(path: Path) -> list[FailedSeed]:
    """The failing seeds, in the order in which they came in; none where there is no file.

    Raises:
        SeedsFileError: the file is none of ours, or damaged.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    try:
        file = msgspec.json.decode(content, type=_File)
    except msgspec.DecodeError as error:
        raise SeedsFileError(f"{path}: {error}; expected failing seeds as `lab suite` writes them") from error
    if file.format != FORMAT:
        raise SeedsFileError(f"{path}: format is {file.format!r}; expected {FORMAT!r}")
    return file.seeds


def settings(sets: Sequence[str], monitor: Path | None) -> str:
    """What was set, as it is typed; empty where the library's own monitor plays the scenarios as they are written."""
    words = [word for text in sets for word in ("--set", text)]
    return shlex.join(words if monitor is None else [*words, "--monitor", relative(str(monitor))])


def remember(
    before: Sequence[FailedSeed], results: Sequence[tuple[str, str, int, Verdict]], under: str = ""
) -> list[FailedSeed]:
    """What is to be remembered after these (scenario, case, seed, verdict), found ``under`` these settings."""
    seeds = {(one.scenario, one.case, one.seed, one.under): one for one in before}
    for scenario, case, seed, verdict in sorted(results):
        name = (scenario, case, seed, under)
        if verdict == "fail":
            seeds[name] = FailedSeed(scenario, case, seed, under=under)
        elif verdict == "pass" and name in seeds:
            passes = seeds[name].passes + 1
            if passes >= PASSES_TO_FORGET:
                del seeds[name]
            else:
                seeds[name] = FailedSeed(scenario, case, seed, passes, under)
    return list(seeds.values())[-SEEDS_LIMIT:]


def keep(path: Path, seeds: Sequence[FailedSeed]) -> None:
    """Write the file; nothing is written where there is nothing to remember and no file.

    Raises:
        RunDirectoryError: it cannot be written.
    """
    if not seeds and not path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, msgspec.json.format(msgspec.json.encode(_File(FORMAT, list(seeds))), indent=1) + b"\n")
