"""`lab mutants`: whether the suite is strong enough to notice a faulty monitor."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from lab.mutants.choosing import Choice
    from lab.mutants.result import MutantsResult
    from lab.scenario.model import Experiment

_LEVELS = ("limits", "timing", "source")
_SAMPLE = 50
_CASES = 4


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "mutants",
        help="build faulty monitors and see which scenarios notice",
        description="Build monitors with one fault each, in their limits, their pace or their code, and hold each "
        "against the cases that should notice. A mutant is killed by a case whose verdict is worse with it. "
        "Exit code 0: all are killed or equivalent; 1: some survive; 3: nothing could be tried on some; 2: a file or "
        "the command is wrong; 130: interrupted, the same command goes on from there.",
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="DIR|FILE", help="scenarios (default: those that come with lab)"
    )
    parser.add_argument(
        "--level", action="append", choices=_LEVELS, default=[], help="mutants of this level; again for another"
    )
    parser.add_argument("--limits-only", action="store_true", help="the same as --level limits")
    parser.add_argument("--mandate", metavar="NAME", help="only mutants that should show in this mandate")
    parser.add_argument(
        "--only", action="append", default=[], metavar="ID", help="this mutant, or those that fit a pattern"
    )
    parser.add_argument(
        "--sample", type=_count, default=_SAMPLE, metavar="N",
        help=f"so many unnamed mutants of each level, drawn by --seed; 0: all (default: {_SAMPLE})",
    )  # fmt: skip
    parser.add_argument("--seed", type=_count, default=1, metavar="N", help="what the sample is drawn by (default: 1)")
    parser.add_argument(
        "--cases", type=_count, default=_CASES, metavar="N",
        help=f"cases that a mutant is held against at most, the likeliest first; 0: every case (default: {_CASES})",
    )  # fmt: skip
    parser.add_argument(
        "--longest", metavar="DURATION", help="leave out cases that simulate longer than this, such as 1h"
    )
    parser.add_argument(
        "--core", action="store_true", help="only the cases that between them ask for every alert, action and fault"
    )
    parser.add_argument(
        "--all-kills", action="store_true", help="go on after the first kill, to tell which scenarios add nothing"
    )
    parser.add_argument("--limits", type=Path, metavar="FILE", help="your limits file instead of the scenarios' own")
    parser.add_argument(
        "--monitor", type=Path, metavar="DIR", help="mutate the risk_monitor package in this directory instead of ours"
    )
    parser.add_argument("--equivalents", type=Path, metavar="FILE", help="stated equivalents (default: lab's own)")
    parser.add_argument("--jobs", type=_count, metavar="N", help="processes at once (default: one for each core)")
    parser.add_argument("--list", action="store_true", help="list the mutants and play nothing")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write all tables as Markdown")
    parser.add_argument("--keep", action="store_true", help="leave the runs with their journals on the disk")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/mutants"), metavar="DIR",
        help="where to write, and where an interrupted campaign is taken up (default: runs/mutants)",
    )  # fmt: skip
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import sys

    from lab.cli import UNKNOWN, WRONG
    from lab.cli.console import open_console
    from lab.mutants.choosing import choose
    from lab.mutants.equivalent import load_equivalents
    from lab.mutants.source_level import PackageError, read_package
    from lab.playing.run_directory import RunDirectoryError
    from lab.playing.trials import TrialError, settled
    from lab.scenario.errors import Mark, nearest_name, one_of, problem
    from lab.scenario.resolve import SHIPPED
    from lab.suite.selection import select
    from risk_monitor.rules import MANDATES

    if args.mandate is not None and args.mandate not in MANDATES:
        where = Mark(f"--mandate {args.mandate}", 0, 0)
        raise problem(where, "", "no such mandate", one_of(MANDATES), nearest_name(args.mandate, MANDATES))
    equivalents = load_equivalents(args.equivalents)
    sets = [] if args.limits is None else [f"limits={args.limits.resolve()}"]
    if args.limits is not None and args.limits.suffix not in (".yaml", ".yml"):
        raise problem(Mark(f"--limits {args.limits}", 0, 0), "", "is no limits file", "a path that ends in .yaml")
    experiments = list(select(args.paths or [SHIPPED], sets=sets).experiments)
    if args.longest is not None:
        experiments = _no_longer(experiments, args.longest)
    levels = list(dict.fromkeys(["limits"] if args.limits_only else args.level)) or list(_LEVELS)
    try:
        package = read_package(args.monitor or _ours())
        choice = choose(
            experiments,
            package,
            levels=levels,
            mandate=args.mandate,
            only=args.only,
            sample=args.sample,
            seed=args.seed,
        )
        if args.list:
            _list(choice, as_json=args.json)
            return 0
        if args.markdown is not None:
            args.markdown.parent.mkdir(parents=True, exist_ok=True)
            args.markdown.open("ab").close()  # an hour later is late to hear that it cannot be written
        return _run(args, settled(experiments, sets=sets), package, choice, equivalents, open_console())
    except (PackageError, RunDirectoryError) as error:
        print(error, file=sys.stderr)
        return WRONG
    except TrialError as error:
        print(error, file=sys.stderr)
        return UNKNOWN


def _run(
    args: argparse.Namespace,
    experiments: list[Any],
    package: dict[str, bytes],
    choice: Choice,
    equivalents: list[Any],
    console: Console,
) -> int:
    import msgspec

    from lab.cli import cut_short
    from lab.mutants.campaign import Campaign, Hunt, Standing
    from lab.mutants.findings import fate_of, find
    from lab.mutants.selection import Catalogue
    from lab.mutants.tables import markdown, text_lines
    from lab.playing.run_directory import write_whole

    catalogue = Catalogue(experiments)
    hunt = Hunt(
        catalogue=Catalogue(catalogue.core) if args.core else catalogue,
        package=package,
        monitor=args.monitor,
        out=args.out,
        cases_each=args.cases,
        all_kills=args.all_kills,
        jobs=args.jobs,
        keep=args.keep,
    )
    campaign = Campaign(hunt)
    standings: list[Standing] = []
    total = len(choice.chosen)

    def done(standing: Standing) -> None:
        standings.append(standing)
        if not args.json:
            for line in fate_of(standing, equivalents, len(standings), total, console.width):
                console.print(line, soft_wrap=True)
            console.file.flush()  # whoever reads a pipe wants to see it go on, too

    finished = True
    try:
        campaign.run(choice.chosen, done)
    except KeyboardInterrupt:
        finished = False
    result = find(campaign, hunt, standings, choice, equivalents, seed=args.seed, finished=finished)
    document = msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n"
    args.out.mkdir(parents=True, exist_ok=True)
    write_whole(args.out / "mutants.json", document)
    if args.markdown is not None:
        write_whole(args.markdown, markdown(result).encode())
    if args.json:
        print(document.decode(), end="")
    else:
        for line in text_lines(result, console.width):
            console.print(line, soft_wrap=True)
        written = [args.out / "mutants.json", *([args.markdown] if args.markdown else [])]
        console.print(f"wrote {', '.join(str(path) for path in written)}", soft_wrap=True)
    return exit_code(result) if finished else cut_short(exit_code(result))


def _no_longer(experiments: list[Experiment], longest: str) -> list[Experiment]:
    """Those that simulate no longer than that. Raises ScenarioError."""
    from lab.scenario.errors import Mark, problem
    from lab.scenario.units import format_duration, parse_duration

    where = Mark(f"--longest {longest}", 0, 0)
    try:
        longest_ns = parse_duration(longest)
    except ValueError as error:
        raise problem(where, "", str(error), "a duration such as 1h") from None
    left = [one for one in experiments if one.duration_ns <= longest_ns]
    if not left:
        shortest_ns = min(one.duration_ns for one in experiments)
        raise problem(where, "", "no case is as short", f"{format_duration(shortest_ns)} or more")
    return left


def exit_code(result: MutantsResult) -> int:
    """1 if a mutant survives or a stated equivalent is none; 3 if some could not be tried; else 0."""
    from lab.cli import FAILED, PASSED, UNKNOWN

    fates = {one.fate for one in result.mutants}
    if fates & {"survived", "unreached", "unshown", "not_equivalent"}:
        return FAILED
    return UNKNOWN if "not_tried" in fates or result.troubles else PASSED


def _list(choice: Choice, *, as_json: bool) -> None:
    import msgspec

    if as_json:
        document = {"possible": len(choice.possible), "chosen": choice.chosen, "lacking": choice.lacking}
        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
        return
    for mutant in choice.chosen:
        print(f"{mutant.id}  {mutant.what}")
    print(f"\n{len(choice.chosen)} of {len(choice.possible)} possible mutants")
    for one in choice.lacking:
        print(f"not built: {one}")


def _ours() -> Path:
    """The directory that our own monitor is imported from."""
    from importlib import resources

    return Path(str(resources.files("risk_monitor"))).parent


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else -1
    if not 0 <= number < 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is no number; expected 0 or more")
    return number
