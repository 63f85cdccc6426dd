"""`lab shrink`: the smallest scenario that still shows what a run proved against the monitor."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.cli.frontier import add_monitor_options
from lab.cli.parsing import whole_number

if TYPE_CHECKING:
    from lab.tuning.finding import Finding
    from lab.tuning.shrink import Shrinker, Shrunk
    from lab.tuning.stored import StoredRun

_BUDGET, _SEEDS = 60, 4
FORMAT = "riskproof-shrunk/1"


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "shrink",
        help="reduce a run to the smallest scenario that still fails the same way",
        description="Reduce a missed, late or false detection of a stored run to a small scenario that still shows it, "
        "and write that as a file that runs. Exit code 0: written; 3: the finding does not show when the run is played "
        "again; 2: the run or the command is wrong; 130: interrupted, the smallest so far is written.",
    )
    parser.add_argument("run", type=Path, metavar="RUN_DIR", help="the directory of a judged run")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the scenario to write (default: shrunk_SCENARIO.yaml)"
    )
    parser.add_argument("--finding", type=whole_number(), metavar="N", help="which finding, where there are several")
    parser.add_argument(
        "--budget", type=whole_number(), default=_BUDGET, metavar="N", help=f"runs at most (default: {_BUDGET})"
    )
    parser.add_argument(
        "--seeds", type=whole_number(), default=_SEEDS, metavar="N", help=f"other seeds to try at the end ({_SEEDS})"
    )
    add_monitor_options(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import os
    import re

    from correlator.journal import JournalError
    from lab.cli import INTERRUPTED, PASSED, UNKNOWN, WRONG
    from lab.cli.search_progress import Progress
    from lab.playing.run_directory import RunDirectoryError
    from lab.playing.trials import TrialError
    from lab.scenario.errors import Mark, problem
    from lab.tuning.bench import Bench, monitor_setup, place_for_runs
    from lab.tuning.shrink import Shrinker
    from lab.tuning.stored import read_run

    out = args.out or Path(f"shrunk_{_scenario_of(args.run)}.yaml")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", out.stem) or out.suffix != ".yaml":
        raise problem(
            Mark(f"--out {out}", 0, 0), "", f"`{out.name}` names no scenario", "small letters, digits, _.yaml"
        )
    if not out.parent.is_dir():
        raise problem(Mark(f"--out {out}", 0, 0), "", f"`{out.parent}` is no directory", "a directory that is there")
    try:
        run = read_run(args.run, out.parent, out.stem)
    except JournalError as error:
        raise problem(Mark(str(args.run), 0, 0), "", str(error), "a whole journal") from error
    finding = _picked(args, run)
    setup = run.setup if args.monitor_limits is None else monitor_setup(args.monitor_limits)
    if run.limits_beside:
        (out.parent / run.draft.names.limits).write_text(run.limits_beside, encoding="utf-8")
    interrupted = reproduced = False
    jobs = args.jobs or os.cpu_count() or 1
    with (
        place_for_runs(None) as place,
        Bench(place, jobs=jobs, keep_all=False, monitor=args.monitor, removals="none") as bench,
        Progress(args.json) as progress,
    ):

        def kept(shrunk: Shrunk) -> None:
            _write(out, args.run, run, shrunk, bench.runs)
            progress.told(f"without {shrunk.steps[-1]}" if shrunk.steps else "", bench.runs)

        shrinker = Shrinker(
            run.draft, finding, bench, target=out.parent, stem=out.stem, setup=setup, most_runs=max(args.budget, 2),
            kept=kept,
        )  # fmt: skip
        try:
            reproduced = shrinker.is_reproduced()
            if reproduced:
                kept(shrinker.best)
                shrinker.shrink()
                shrinker.count_seeds(args.seeds)
        except KeyboardInterrupt:
            interrupted = True
        except (RunDirectoryError, TrialError) as error:
            progress.complain(str(error))
            return WRONG if isinstance(error, RunDirectoryError) else UNKNOWN
    written = out if reproduced else None
    _tell(args, run, finding, shrinker, written, bench.runs, interrupted)
    if interrupted:
        progress.complain("interrupted")
        return INTERRUPTED
    return PASSED if reproduced else UNKNOWN


def _scenario_of(path: Path) -> str:
    """The name of the run's scenario, as far as its directory tells: anything else is refused when it is read."""
    import msgspec

    try:
        return str(msgspec.json.decode((path / "scenario.json").read_bytes())["scenario"])
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        return "run"


def _picked(args: argparse.Namespace, run: StoredRun) -> Finding:
    """The finding that is asked for. Raises ScenarioError: there is none, or not that one."""
    from lab.scenario.errors import Mark, problem
    from lab.tuning.finding import findings_in

    found = findings_in(run.judgement)
    if not found:
        message = f"nothing was missed, late or false: the verdict is {run.judgement.verdict}"
        raise problem(Mark(str(args.run), 0, 0), "", message, "a run with such a finding")
    number = args.finding or 1
    if number > len(found):
        listed = "; ".join(f"{place} {one}" for place, one in enumerate(found, 1))
        raise problem(Mark(f"--finding {number}", 0, 0), "", "there is no such finding", listed)
    return found[number - 1]


def _write(out: Path, whence: Path, run: StoredRun, shrunk: Shrunk, runs: int) -> None:
    """The scenario with where it comes from in its description and in comments."""
    import msgspec

    from lab.cli.console import wrapped
    from lab.playing.run_directory import write_whole
    from lab.tuning.yaml_text import yaml_text

    finding = shrunk.finding
    seeds = ""
    if shrunk.seeds_tried:
        seeds = f" {shrunk.seeds_showing} of {shrunk.seeds_tried} seeds show it."
    origin = f"{run.draft.scenario}/{run.case}, seed {run.draft.seed}"
    description = f"Shrunk from {origin}: {finding}.{seeds}"
    lines = [f"# Written by lab shrink from the run {whence} after {runs} runs."]
    if shrunk.steps:
        smaller = f"Left out or made smaller: {'; '.join(dict.fromkeys(shrunk.steps))}."
        lines += wrapped("# ", smaller, 118)
    lines = [line if line.startswith("#") else f"#{line[1:]}" for line in lines]
    if run.setup.limits_text or run.setup.leaves_out or run.setup.timing_ms:
        lines.append("# The monitor of that run was set up otherwise than the firm means it: ours may notice this.")
    draft = msgspec.structs.replace(shrunk.draft, description=description)
    write_whole(out, ("\n".join(lines) + "\n" + yaml_text(draft.written(out.stem))).encode())


def _tell(
    args: argparse.Namespace,
    run: StoredRun,
    finding: Finding,
    shrinker: Shrinker,
    written: Path | None,
    runs: int,
    interrupted: bool,
) -> None:
    from lab.cli.console import open_console, wrapped
    from lab.scenario.units import format_duration

    best = shrinker.best
    if args.json:
        import msgspec

        document = {
            "format": FORMAT, "run": str(args.run), "finding": str(finding), "reproduced": written is not None,
            "interrupted": interrupted, "file": None if written is None else str(written), "runs": runs,
            "steps": list(best.steps), "seeds_tried": best.seeds_tried, "seeds_showing": best.seeds_showing,
            "injections": [len(run.draft.timeline), len(best.draft.timeline)],
            "duration_s": [run.draft.duration_ns / 1e9, best.draft.duration_ns / 1e9],
        }  # fmt: skip
        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
        return
    console = open_console()
    console.print(f"finding: {finding}", soft_wrap=True)
    if written is None:
        console.print(
            "played again as it was, the run does not show it: another monitor, or other files? (--monitor, …)"
        )
        return
    before, after = run.draft, best.draft
    console.print(f"injections: {len(before.timeline)} → {len(after.timeline)}")
    console.print(f"duration: {format_duration(before.duration_ns)} → {format_duration(after.duration_ns)}")
    for was, one in ((was, one) for one in after.timeline for was in before.timeline if was.name == one.name):
        console.print(f"{one.name}: intensity {_degree(was)} → {_degree(one)}, "
                      f"for {format_duration(was.for_ns)} → {format_duration(one.for_ns)}")  # fmt: skip
    for line in wrapped("left out or smaller: ", "; ".join(dict.fromkeys(best.steps)) or "nothing", 80):
        console.print(line, soft_wrap=True)
    if best.seeds_tried:
        console.print(f"seeds: {best.seeds_showing} of {best.seeds_tried} show it")
    console.print(f"wrote {written} after {runs} runs; next: lab run {written}", soft_wrap=True)


def _degree(injection: Any) -> str:
    from lab.scenario.faults import FAULTS
    from lab.tuning.draft import write_value

    kind = FAULTS[injection.fault].intensity
    return "none" if kind is None or injection.intensity is None else str(write_value(kind, injection.intensity, ""))
