"""`lab suite`: play many cases under many seeds, and say what they prove together."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.cli.parsing import whole_number

if TYPE_CHECKING:
    from rich.console import Console

    from lab.coverage.facts import RunFacts
    from lab.playing.pool import Team
    from lab.scenario.model import Experiment
    from lab.suite.baseline import Baseline
    from lab.suite.observation import Observation
    from lab.suite.result import SuiteResult
    from lab.suite.selection import Selection
    from lab.suite.watching import SuiteWatch

_SEEDS_LIMIT = 1_000


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "suite",
        help="play many cases under many seeds, and compare with a baseline",
        description="Play every case of files and directories under several seeds, and say how often and how fast the "
        "monitor notices, with confidence intervals. Exit code 0: all pass; 1: a proven fail or a regression against "
        "the baseline; 3: something is unknown; 2: a scenario, a file or the command is wrong; 130: interrupted "
        "before anything was proven to fail.",
    )
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="DIR|FILE", help="scenario files, or directories of them"
    )
    parser.add_argument(
        "--seeds", type=whole_number(_SEEDS_LIMIT), default=1, metavar="N",
        help="seeds of each case: the scenario's own and the N-1 that follow it (default: 1)",
    )  # fmt: skip
    parser.add_argument("--case", metavar="NAME", help="cases of this name, or those that fit a pattern")
    parser.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="cases that bear this tag; again for one of several"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="another value in every file: --set limits=mine",
    )
    parser.add_argument(
        "--monitor", type=Path, metavar="DIR", help="test the risk_monitor package in this directory instead of ours"
    )
    parser.add_argument(
        "--jobs", type=whole_number(), metavar="N", help="processes at once (default: one for each core)"
    )
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="compare with what `lab baseline update` wrote")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML for a CI server")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write a summary for a pull request")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.add_argument(
        "--keep", choices=("all", "not_passed", "verdicts"), default="not_passed",
        help="whose journals stay on the disk (default: not_passed); verdicts are always kept",
    )  # fmt: skip
    parser.add_argument(
        "--failing", type=Path, metavar="FILE",
        help="where failing seeds are kept, to be run first next time (default: .lab/failing_seeds.json)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR", help="where to write (default: runs)")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import sys

    from lab.cli import WRONG
    from lab.playing.pool import Team

    if args.monitor is not None and not (args.monitor / "risk_monitor" / "__init__.py").is_file():
        print(f"--monitor {args.monitor}: holds no package risk_monitor; expected one in it", file=sys.stderr)
        return WRONG
    observations: list[Observation] = []
    try:
        with Team(args.jobs, args.monitor) as team:
            team.get_ready("lab.playing.runner")  # while we read scenarios
            return _perform(args, team, observations)
    except KeyboardInterrupt:
        # While nothing was being played: before the first run, or while what was found was put together.
        from lab.cli import FAILED

        if any(one.seed.verdict == "fail" for one in observations):
            return FAILED
        raise


def _perform(args: argparse.Namespace, team: Team, observations: list[Observation]) -> int:
    """Everything, played by ``team``. ``observations`` gains what was observed, so that a proven fail is known whatever
    happens next."""
    import sys

    import msgspec

    from lab.cli import INTERRUPTED, UNKNOWN, WRONG, cut_short
    from lab.cli.console import open_console
    from lab.playing.run_directory import RunDirectoryError
    from lab.playing.trials import TrialError
    from lab.scores.scoring import score
    from lab.suite.baseline import BaselineError, read_baseline
    from lab.suite.gathering import gather
    from lab.suite.memory import DEFAULT, SeedsFileError, keep, recall, remember, settings
    from lab.suite.selection import select
    from lab.suite.settling import settle_suite
    from lab.suite.watching import LiveSuite, SilentSuite, SuiteLines

    kept_in, under = args.failing or DEFAULT, settings(args.set, args.monitor)
    console = open_console()
    selection: Selection | None = None
    try:
        # Markets are looked at by our own code: what may be wrong with another monitor is a matter of its runs.
        ours = team if args.monitor is None else None
        # What was given is read before anything is played: an hour later is late to hear of a typing error.
        baseline = read_baseline(args.baseline) if args.baseline else None
        failed = recall(kept_in)
        again = [one for one in failed if one.under == under]
        selection = select(args.paths, seeds=args.seeds, case=args.case, tags=args.tag, sets=args.set, failed=again)
        experiments = settle_suite(selection.experiments, args.set, ours)
        for file in (args.junit, args.markdown):
            if file is not None:
                _touch(file)
    except (BaselineError, SeedsFileError) as error:
        print(error, file=sys.stderr)
        return WRONG
    except TrialError as error:
        print(error, file=sys.stderr)
        return UNKNOWN
    except KeyboardInterrupt:
        _tell_of_nothing(console, args, selection)
        return INTERRUPTED
    watch: SuiteWatch
    if args.json:
        watch = SilentSuite()
    elif console.is_terminal:
        watch = LiveSuite(console, experiments)
    else:
        watch = SuiteLines(console, experiments)
    try:
        facts: list[RunFacts] = []
        interrupted = _play(args, team, experiments, selection, watch, observations, facts)
        gathered = gather(observations, args.seeds, interrupted=interrupted)
        result = msgspec.structs.replace(
            gathered,
            scores=score(facts),
            narrowed=selection.narrowed,
            paths=[path.as_posix() for path in args.paths],
            sets=args.set,
            monitor="" if args.monitor is None else args.monitor.as_posix(),
        )
        results = [(one.scenario, one.case, one.seed.seed, one.seed.verdict) for one in observations]
        keep(kept_in, remember(failed, results, under))
        if baseline is not None:
            result = _compared(result, baseline, args)
        _write(result, args)
    except RunDirectoryError as error:
        print(error, file=sys.stderr)
        return WRONG
    if args.json:
        print(_encoded(result).decode(), end="")
    else:
        _close(console, result, args, len(experiments))
    return cut_short(exit_code(result)) if interrupted else exit_code(result)


def exit_code(result: SuiteResult) -> int:
    """1 for a proven fail or a regression, whatever else is unknown; then 3; then 0."""
    from lab.cli.verdict_report import CODES
    from lab.suite.comparison import decisive

    return CODES[decisive(result)]


def _play(
    args: argparse.Namespace,
    team: Team,
    experiments: list[Experiment],
    selection: Selection,
    watch: SuiteWatch,
    observations: list[Observation],
    facts: list[RunFacts],
) -> bool:
    """Whether it was interrupted. ``observations`` gains every trial's, ``facts`` those that no memory asked for.

    Raises RunDirectoryError.
    """
    from contextlib import closing

    from lab.coverage.facts import facts_of_trial
    from lab.playing.trials import play
    from lab.suite.observation import observe

    try:
        played = play(experiments, args.out, keep=args.keep, hear=watch.hear, team=team)
        with watch, closing(played) as trials:
            for trial in trials:
                one = trial.experiment
                outside = (one.scenario, one.case, one.seed) in selection.remembered
                observations.append(observe(trial, remembered=outside))
                if not outside:
                    facts.append(facts_of_trial(trial))
                watch.judged(trial)
    except KeyboardInterrupt:
        return True
    return False


def _tell_of_nothing(console: Console, args: argparse.Namespace, selection: Selection | None) -> None:
    """Interrupted before the first run: what there would have been to play."""
    if args.json:
        from lab.suite.gathering import gather

        print(_encoded(gather([], args.seeds, interrupted=True)).decode(), end="")
        return
    from lab.suite.wording import plural

    doing = "scenarios were read" if selection is None else "markets were looked at"
    left = "" if selection is None else f", {plural(len(selection.experiments), 'run')} left"
    console.print(f"interrupted while {doing}: nothing was played or written{left}")


def _compared(result: SuiteResult, baseline: Baseline, args: argparse.Namespace) -> SuiteResult:
    import msgspec

    from lab.suite.comparison import compare

    comparison = compare(result, baseline, name=str(args.baseline), selected=args.paths)
    return msgspec.structs.replace(result, comparison=comparison)


def _write(result: SuiteResult, args: argparse.Namespace) -> None:
    from dashboards.suite_page.page import render
    from lab.playing.run_directory import write_whole
    from lab.suite.junit import junit
    from lab.suite.markdown import markdown

    args.out.mkdir(parents=True, exist_ok=True)
    document = _encoded(result)
    write_whole(args.out / "suite.json", document)
    write_whole(args.out / "suite.html", render(document).encode())
    if args.junit is not None:
        write_whole(args.junit, junit(result))
    if args.markdown is not None:
        write_whole(args.markdown, markdown(result).encode())


def _encoded(result: SuiteResult) -> bytes:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n"


def _touch(file: Path) -> None:
    """Find out at once whether the file can be written. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.open("ab").close()


def _close(console: Console, result: SuiteResult, args: argparse.Namespace, wanted: int) -> None:
    from lab.cli.verdict_report import told_of_interruption
    from lab.suite.closing import show_result
    from lab.suite.wording import again

    if result.cases:
        show_result(console, result)
    written = [
        args.out / "suite.json",
        args.out / "suite.html",
        *(file for file in (args.junit, args.markdown) if file is not None),
    ]
    console.print(f"wrote {', '.join(str(file) for file in written)}")
    if result.interrupted:
        verdicts = [seed.verdict for case in result.cases for seed in case.seeds]
        console.print(told_of_interruption(verdicts, wanted))
    bad = next(((case, one) for case in result.cases for one in case.seeds if one.verdict != "pass"), None)
    if bad is not None:
        case, seed = bad
        command = again(result, case, seed.seed) if seed.trouble else f"lab judge {seed.directory}"
        console.print(f"next: {command}")
    elif result.comparison is not None and result.comparison.changed:
        console.print(f"next, if this is how it should be: lab baseline update {args.out} {args.baseline}")
    elif result.comparison is None and not result.interrupted:
        console.print(f"next: lab baseline update {args.out} baseline.json")
