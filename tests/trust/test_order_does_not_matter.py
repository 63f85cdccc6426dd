"""What no verdict may hang on: the order of unrelated records, how they lie on disk, and the process that judges."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from correlator.judge import judge
from correlator.reporting import to_json
from correlator.verdict import Judgement
from lab.playing.run_directory import RunDirectory
from tests.trust.conftest import Played
from tests.trust.doctoring import Entry, Recorded, moments

JUDGE_HERE = """
import hashlib, sys
from pathlib import Path
from correlator.judge import judge
from correlator.reporting import to_json
from lab.playing.run_directory import RunDirectory
run = RunDirectory(Path(sys.argv[1]))
print(hashlib.sha256(to_json(judge(run.run_journal, run.control_journal, run.removals()))).hexdigest())
"""


def shuffled(recorded: Recorded, salt: str) -> Recorded:
    """The same history with the records of every moment in another order: each source keeps its own, and nothing comes
    before what brought it about. Arms that are the same are shuffled the same way. The first moment stays: there
    the world is founded, and everything refers to what was declared before it."""
    founding, *rest = moments(recorded)
    entries = list(founding)
    for moment in rest:
        entries += moment if len(moment) == 1 else _shuffled(moment, salt)
    return msgspec.structs.replace(recorded, entries=entries)


def _shuffled(moment: list[Entry], salt: str) -> list[Entry]:
    queues: dict[str, list[Entry]] = {}
    for entry in moment:
        queues.setdefault(entry.source, []).append(entry)
    names = sorted(queues, key=lambda name: hashlib.sha256(f"{salt} {moment[0].at_ns} {name}".encode()).digest())
    waiting = {entry.record[1] for entry in moment}
    order: list[Entry] = []
    while waiting:
        ready = next(name for name in names if queues[name] and queues[name][0].record[4] not in waiting)
        entry = queues[ready].pop(0)
        waiting.remove(entry.record[1])
        order.append(entry)
    return order


def without_numbers(judgement: Judgement) -> Any:
    """A judgement as plain data, the numbers of its records left out: another order numbers them anew."""
    return _bare(msgspec.json.decode(to_json(judgement)))


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items() if name not in ("evidence", "ref")}
    return [_bare(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", ["absent", "depeg", "stall", "outage", "forgery", "cut_off", "two_at_once"])
def test_the_order_of_unrelated_records_of_a_moment_changes_nothing(case: str, played: Played, tmp_path: Path) -> None:
    arms = played[case]
    plain = arms.judged_as(tmp_path, arms.recorded)
    histories = {name: shuffled(recorded, "another order") for name, recorded in arms.recorded.items()}
    assert [entry.record for entry in histories["run"].entries] != [
        entry.record for entry in arms.recorded["run"].entries
    ]
    assert without_numbers(arms.judged_as(tmp_path, histories)) == without_numbers(plain)


@pytest.mark.parametrize("batch", [1, 37, 1_000])
def test_how_records_are_batched_on_disk_changes_nothing(batch: int, played: Played, tmp_path: Path) -> None:
    arms = played["two_at_once"]
    plain = arms.judged_as(tmp_path, arms.recorded)
    other = arms.judged_as(tmp_path, arms.recorded, batch)
    drawn = [sorted(each.series, key=lambda series: (series.alert, series.asset)) for each in (plain, other)]
    assert drawn[0] == drawn[1]
    # In which order they are drawn is that in which their subjects came to light.
    plain, other = (msgspec.structs.replace(each, series=[]) for each in (plain, other))
    assert to_json(other) == to_json(plain)


def test_a_history_that_is_written_anew_is_judged_as_it_was(played: Played, tmp_path: Path) -> None:
    arms, run = played["two_at_once"], RunDirectory(played.directory("two_at_once"))
    plain = judge(run.run_journal, run.control_journal, run.removals())
    assert to_json(arms.judged_as(tmp_path, arms.recorded)) == to_json(plain)


def test_verdicts_are_the_same_in_any_process_and_hash_seed(played: Played) -> None:
    directory = played.directory("two_at_once")
    run = RunDirectory(directory)
    here = hashlib.sha256(to_json(judge(run.run_journal, run.control_journal, run.removals()))).hexdigest()
    digests = [
        subprocess.run(
            [sys.executable, "-c", JUDGE_HERE, str(directory)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("0", "1", "random")
    ]
    assert digests == [here] * 3
