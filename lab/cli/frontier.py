"""`lab frontier`: the smallest harm that the monitor notices in time, along one value of a scenario or two."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.cli.parsing import whole_number

if TYPE_CHECKING:
    from rich.console import Console

    from lab.tuning.frontier import Point
    from lab.tuning.report import FrontierDocument
    from lab.tuning.vary import Axis

_BUDGET, _BUDGET_OF_MAP = 40, 80


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "frontier",
        help="find the smallest harm that is noticed in time",
        description="Vary one value of a scenario, or two, and find where harm becomes owed and where it is noticed "
        "by its deadline. Exit code 0: noticed wherever it was owed; 1: owed somewhere and not noticed in time; 3: "
        "nothing could be told; 2: the scenario or the command is wrong; 130: interrupted, with no such place found.",
    )
    parser.add_argument("file", metavar="FILE", help="a scenario file")
    parser.add_argument("--case", metavar="NAME", help="the case; may be left out where there is only one")
    parser.add_argument(
        "--vary", required=True, metavar="PATH=LEAST..MOST",
        help="what varies, such as timeline.slide.intensity=10bp..500bp; `:log` or `:linear` may follow",
    )  # fmt: skip
    parser.add_argument("--and", dest="second", metavar="PATH=LEAST..MOST", help="a second value: a map is drawn")
    parser.add_argument("--only", metavar="WORDS", help="only expectations with these words: 'stablecoin_peg warning'")
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="another value of the scenario"
    )
    parser.add_argument("--seed", metavar="N", help="another seed")
    parser.add_argument(
        "--seeds", type=whole_number(), default=1, metavar="N", help="play each point under N seeds (default: 1)"
    )
    parser.add_argument(
        "--tolerance", type=_share, default=0.02, metavar="SHARE",
        help="how finely: a part of the value on a log scale, of the range on a linear one (default: 2 %%)",
    )  # fmt: skip
    parser.add_argument(
        "--levels", type=whole_number(), default=2, metavar="N", help="how often a map's cells are halved, 1 to 3"
    )
    parser.add_argument(
        "--budget",
        type=whole_number(),
        metavar="N",
        help=f"runs at most (default: {_BUDGET}; {_BUDGET_OF_MAP} for a map)",
    )
    add_monitor_options(parser)
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write the picture")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with the picture")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep every run there (default: none is kept)")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.set_defaults(execute=execute)


def add_monitor_options(parser: argparse.ArgumentParser) -> None:
    """What monitor is played, and on how many cores."""
    parser.add_argument("--monitor", type=Path, metavar="DIR", help="a directory with another risk_monitor package")
    parser.add_argument(
        "--monitor-limits", type=Path, metavar="FILE", help="limits that the monitor reads; it is judged by the firm's"
    )
    parser.add_argument(
        "--jobs", type=whole_number(), metavar="N", help="processes at once (default: as many as cores)"
    )


def execute(args: argparse.Namespace) -> int:
    import os

    from lab.cli import UNKNOWN, WRONG, cut_short
    from lab.cli.console import open_console
    from lab.cli.search_progress import Progress
    from lab.playing.run_directory import RunDirectoryError
    from lab.playing.trials import TrialError
    from lab.tuning.bench import Bench, Subject, monitor_setup, place_for_runs
    from lab.tuning.frontier import trace
    from lab.tuning.plane import Plane, explore
    from lab.tuning.report import document_of
    from lab.tuning.states import describe_asked
    from lab.tuning.sweep import Sweep, chosen_expectations
    from lab.tuning.vary import parse_axis

    subject = Subject(
        file=args.file, case=args.case, sets=tuple(args.set), seed=args.seed, setup=monitor_setup(args.monitor_limits)
    )
    experiment = subject.experiment()
    chosen = chosen_expectations(experiment, args.only)
    given = [("--vary", args.vary)] + ([("--and", args.second)] if args.second else [])
    axes = [subject.fitted(parse_axis(text, option), f"{option} {text}"[:80]) for option, text in given]
    jobs = args.jobs or os.cpu_count() or 1
    seeds = range(experiment.seed, experiment.seed + args.seeds)
    most = max(5, (args.budget or (_BUDGET if len(axes) == 1 else _BUDGET_OF_MAP)) // args.seeds)
    console = open_console()
    interrupted, plane = False, None
    with (
        place_for_runs(args.out) as place,
        Bench(place, jobs=jobs, keep_all=args.out is not None, monitor=args.monitor) as bench,
        Progress(args.json) as progress,
    ):
        sweep = Sweep(subject, axes, chosen, bench, seeds, lambda point: progress.told(_line(point), bench.runs))
        try:
            if len(axes) == 1:
                at_once = max(1, (2 * jobs - 1) // args.seeds)  # and the control, which fills the last core
                trace(
                    axes[0], lambda values: sweep.measure([(value,) for value in values]),
                    most_points=most, at_once=at_once, tolerance=args.tolerance,
                )  # fmt: skip
            else:
                plane = explore((axes[0], axes[1]), sweep.measure, levels=args.levels, most_points=most)
        except KeyboardInterrupt:
            interrupted = True
        except (RunDirectoryError, TrialError) as error:
            progress.complain(str(error))
            return WRONG if isinstance(error, RunDirectoryError) else UNKNOWN
    points = [sweep.points[values] for values in sorted(sweep.points)]
    names = [describe_asked(experiment.expect[place]) for place in chosen]
    document = document_of(experiment, axes, list(seeds), names, points, args.tolerance, bench.runs, interrupted)
    if args.json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    elif points:
        _show(console, document, axes, points, plane if isinstance(plane, Plane) else None)
    if points and (args.svg or args.html):
        _draw(args, document, axes, points, plane if isinstance(plane, Plane) else None, None if args.json else console)
    if interrupted:
        progress.complain("interrupted")
        return cut_short(_code(points))
    return _code(points)


def _code(points: list[Point]) -> int:
    from lab.cli import FAILED, PASSED, UNKNOWN

    states = [state for point in points for state in point.states]
    if "missed" in states or "late" in states:
        return FAILED
    return PASSED if any(state != "unknown" for state in states) else UNKNOWN


def _telling(points: list[Point]) -> Point:
    """The point that one would look at first: the mildest of what was owed and not noticed, or else the last."""
    return next((point for point in points if {"missed", "late"} & {*point.states}), points[-1])


def _line(point: Point) -> str:
    what = ", ".join(point.texts)
    return f"{what}: {point.trouble or ', '.join(dict.fromkeys(point.states)).replace('_', ' ')}"


def _show(console: Console, document: FrontierDocument, axes: list[Axis], points: list[Point], plane: Any) -> None:
    from lab.tuning.report import lines_of

    for line in lines_of(document, axes, points, plane):
        console.print(line, soft_wrap=True)
    console.print("\nnext, to play one point:")
    console.print(f"lab run {document.file} --case {document.case} \\", soft_wrap=True)
    sets = " ".join(f"--set '{axis.setting(at)}'" for axis, at in zip(axes, _telling(points).values, strict=True))
    console.print(f"    {sets}", soft_wrap=True)


def _draw(
    args: argparse.Namespace,
    document: FrontierDocument,
    axes: list[Axis],
    points: list[Point],
    plane: Any,
    console: Console | None,
) -> None:
    from lab.tuning.report import head_of
    from lab.tuning.svg import map_svg, page, strip_svg

    names = [one.expectation for one in document.expectations]
    if len(axes) == 2 and plane is None:
        return  # interrupted before there was a map
    svg = strip_svg(axes[0], points, names) if plane is None else map_svg(plane, names)
    for path, text in ((args.svg, svg), (args.html, None)):
        if path is None:
            continue
        if text is None:
            from lab.tuning.report import lines_of

            lines = head_of(document) if plane is not None else lines_of(document, axes, points, plane)
            text = page(f"Frontier of {document.scenario}", lines, svg)
        path.write_text(text, encoding="utf-8")
        if console is not None:
            console.print(f"wrote {path}")


def _share(text: str) -> float:
    from lab.scenario.units import parse_share

    try:
        share = parse_share(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}: expected a share such as 2% or 50bp") from error
    if not 0.0 < share <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is out of range: expected more than nothing and at most 100 %")
    return share
