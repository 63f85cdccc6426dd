"""`lab hunt`: the worst harm found, within a number of runs, before the monitor notices."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.cli.frontier import add_monitor_options
from lab.cli.parsing import whole_number

if TYPE_CHECKING:
    from lab.scenario.model import Experiment
    from lab.tuning.hunt import Hunt
    from lab.tuning.hunt_report import HuntDocument
    from lab.tuning.objective import Objective

_BUDGET, _MOST_CASES = 40, 3


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "hunt",
        help="search for the worst harm that goes unnoticed",
        description="Search what a scenario leaves to choose (times, intensities, parameters) for the worst harm "
        "before the monitor notices, and write the worst found as a scenario that runs. Exit code 0: nothing is proven "
        "to fail; 1: a run is; 3: none could be judged; 2: the scenario or the command is wrong; 130: interrupted "
        "with none proven to fail.",
    )
    parser.add_argument("path", type=Path, metavar="FILE|DIR", help="a scenario, or a directory of scenarios")
    parser.add_argument("--case", metavar="NAME", help="this case only, or those that fit a pattern")
    parser.add_argument(
        "--objective", default="loss_before_detection", metavar="NAME",
        help="loss_before_detection (default), latency or undetected_peak",
    )  # fmt: skip
    parser.add_argument(
        "--vary", action="append", default=[], metavar="PATH=LEAST..MOST",
        help="what may vary (default: every intensity, time and number of the timeline)",
    )  # fmt: skip
    parser.add_argument(
        "--budget",
        type=whole_number(),
        default=_BUDGET,
        metavar="N",
        help=f"runs at most, besides those that confirm the worst (default: {_BUDGET})",
    )
    parser.add_argument("--seed", metavar="N", help="another seed, of the scenario and of the search")
    add_monitor_options(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the scenario to write (default: hunted_SCENARIO.yaml)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import os
    import re
    from contextlib import ExitStack

    from lab.cli import FAILED, PASSED, UNKNOWN, WRONG, cut_short
    from lab.cli.search_progress import Progress
    from lab.playing.run_directory import RunDirectoryError
    from lab.playing.trials import TrialError
    from lab.scenario.errors import Mark, nearest_name, one_of, problem
    from lab.tuning.bench import Bench, monitor_setup, place_for_runs
    from lab.tuning.hunt import Hunt, Tried, confirm_worst
    from lab.tuning.objective import OBJECTIVES
    from lab.tuning.quarries import cases_below, quarry_of

    objective = OBJECTIVES.get(args.objective)
    if objective is None:
        near = nearest_name(args.objective, OBJECTIVES)
        mark = Mark(f"--objective {args.objective}", 0, 0)
        raise problem(mark, "", "there is no such objective", one_of(OBJECTIVES), near)
    cases = cases_below(args.path, args.case, args.seed)
    left_out = max(0, len(cases) - args.budget // 2) if len(cases) > 1 else 0
    cases = cases[: len(cases) - left_out]
    if not cases:
        raise problem(Mark(f"--budget {args.budget}", 0, 0), "", "too few runs for several cases", "at least 4")
    out = args.out or Path(f"hunted_{cases[0].scenario if args.path.is_file() else args.path.resolve().name}.yaml")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", out.stem) or out.suffix != ".yaml":
        raise problem(
            Mark(f"--out {out}", 0, 0), "", f"`{out.name}` names no scenario", "small letters, digits, _.yaml"
        )
    if not out.parent.is_dir():
        raise problem(Mark(f"--out {out}", 0, 0), "", f"`{out.parent}` is no directory", "a directory that is there")
    setup = monitor_setup(args.monitor_limits)
    hunts: list[Hunt] = []
    interrupted = False
    jobs = args.jobs or os.cpu_count() or 1
    with (
        ExitStack() as stack,
        place_for_runs(None) as place,
        Bench(place, jobs=jobs, keep_all=False, monitor=args.monitor, removals="none") as bench,
        Progress(args.json) as progress,
    ):

        def told(tried: Tried) -> None:
            value = "unknown" if tried.score is None else f"{tried.score.value:,.6g} {objective.unit}"
            progress.told(value, bench.runs)

        for number, case in enumerate(cases):
            quarry = stack.enter_context(quarry_of(case, out.parent, setup, args.vary, number))
            hunts.append(Hunt(quarry, objective, bench, case.seed, told))
        try:
            for hunt in hunts:
                hunt.play_as_written()
            chosen = _most_promising(hunts)
            for number, hunt in enumerate(chosen):
                hunt.search((args.budget - bench.runs) // (len(chosen) - number))
            confirm_worst(hunts)
        except KeyboardInterrupt:
            interrupted = True
        except (RunDirectoryError, TrialError) as error:
            progress.complain(str(error))
            return WRONG if isinstance(error, RunDirectoryError) else UNKNOWN
    written = _write(out, hunts, cases, objective)
    _tell(args, hunts, objective, written, left_out, interrupted)
    verdicts = [one.score.verdict for hunt in hunts for one in hunt.tried if one.score is not None]
    code = FAILED if "fail" in verdicts else PASSED if "pass" in verdicts else UNKNOWN
    if interrupted:
        progress.complain("interrupted")
        return cut_short(code)
    return code


def _most_promising(hunts: list[Hunt]) -> list[Hunt]:
    """Those that are searched: of several cases the few that did most harm as they are written."""
    from lab.tuning.hunt import value_of

    ranked = sorted(hunts, key=lambda hunt: -(value_of(hunt.worst) if hunt.worst is not None else 0.0))
    return [hunt for hunt in ranked if hunt.quarry.dials][:_MOST_CASES]


def _write(out: Path, hunts: list[Hunt], cases: list[Experiment], objective: Objective) -> Path | None:
    """The worst that was found as a scenario; None where nothing did any harm."""
    from lab.playing.run_directory import write_whole
    from lab.tuning.hunt import value_of
    from lab.tuning.quarries import write_found

    known = [(hunt.worst, case) for hunt, case in zip(hunts, cases, strict=True) if hunt.worst is not None]
    if not known:
        return None
    worst, case = max(known, key=lambda one: value_of(one[0]))
    if worst is None or worst.score is None or worst.score.value <= 0.0:
        return None
    runs = sum(len(hunt.tried) for hunt in hunts)
    noticed = "never noticed" if worst.score.noticed_at_s is None else f"noticed at {worst.score.noticed_at_s:.1f} s"
    description = (
        f"The worst that lab hunt found with {runs} runs, from {case.scenario}/{case.case}: {objective.name} "
        f"{worst.score.value:,.6g} {objective.unit}, {noticed}."
    )
    write_whole(out, write_found(worst.experiment, case, out.parent, out.stem, description).encode())
    return out


def _tell(
    args: argparse.Namespace,
    hunts: list[Hunt],
    objective: Objective,
    written: Path | None,
    left_out: int,
    interrupted: bool,
) -> None:
    from lab.cli.console import open_console
    from lab.tuning.hunt_report import document_of, lines_of

    document: HuntDocument = document_of(hunts, objective, written, left_out, interrupted)
    if args.json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
        return
    console = open_console()
    for line in lines_of(document):
        console.print(line, soft_wrap=True)
