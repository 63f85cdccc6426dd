"""`lab explain`: what brought an alert about, told as a story."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from correlator.cause.story import Chain
    from correlator.verdict import Judgement

WIDTH = 80
MOST_TOLD = 20
"""Of chains told in full; a name that fits more is too wide."""

MOST_LISTED = 200


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "explain",
        help="tell what brought an alert about",
        description="Tell what led to an alert: the injection, its effect, the breach, what was owed, what was done, "
        "and what removing each injection showed. Without ALERT every chain of the run, briefly. "
        "Exit code 0: it was told; 2: there is no such alert or no verdict.",
    )
    parser.add_argument("directory", type=Path, metavar="RUN_DIR", help="a directory that `lab run` wrote")
    parser.add_argument(
        "alert", nargs="?", metavar="ALERT", help="an alert_id, or mandate[/asset[/severity]], or control[/subject]"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import sys

    import msgspec

    from correlator.cause.story import chains
    from lab.cli import PASSED, WRONG
    from lab.playing.run_directory import RunDirectory

    judgement, trouble = _judgement(RunDirectory(args.directory))
    if judgement is None:
        print(trouble, file=sys.stderr)
        return WRONG
    told = chains(judgement)
    if args.alert is not None:
        told, trouble = _asked_for(judgement, told, args.alert)
        if trouble:
            print(f"{args.directory}: {trouble}", file=sys.stderr)
            return WRONG
    if args.json:
        head = {name: getattr(judgement, name) for name in ("scenario", "case", "seed", "verdict")}
        document = {**head, "chains": told, "causes": judgement.causes}
        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
        return PASSED
    print(f"{judgement.scenario} · {judgement.case} · seed {judgement.seed}: {judgement.verdict}")
    if args.alert is None:
        _list(judgement, told)
        print(f"\nnext: lab explain {args.directory} ALERT")
    else:
        for chain in told[:MOST_TOLD]:
            _tell(chain)
        if len(told) > MOST_TOLD:
            print(f"\n… and {len(told) - MOST_TOLD} more; name asset and severity too, or an alert_id")
    return PASSED


def _judgement(directory: Any) -> tuple[Judgement | None, str]:
    """The stored verdict, or why there is none that can be told."""
    import msgspec

    from lab.judging.judge import read_judgement

    if not directory.verdict.is_file():
        if directory.run_journal.is_file():
            return None, f"{directory.path}: was not judged yet; next: lab judge {directory.path}"
        return None, directory.lacks("verdict.json")
    try:
        judgement = read_judgement(directory)
    except msgspec.MsgspecError as error:
        return None, f"{directory.verdict}: not a verdict of this version ({error}); next: lab judge {directory.path}"
    if (judgement.alerts or judgement.injections) and not judgement.causes.nodes:
        return None, f"{directory.verdict}: holds no causes; next: lab judge {directory.path}"
    return judgement, ""


def _asked_for(judgement: Judgement, told: list[Chain], name: str) -> tuple[list[Chain], str]:
    """The chains that a name fits, or what is wrong with it."""
    from correlator.cause.story import quiet
    from lab.scenario.errors import nearest_name

    wanted = name.strip("/")
    fitting = [chain for chain in told if wanted == chain.id]
    fitting = fitting or [chain for chain in told if wanted in chain.names]
    silent: list[Chain] = []
    if not fitting:
        silent = quiet(judgement)
        fitting = [chain for chain in silent if wanted in chain.names]
    if fitting:
        return fitting, ""
    # What did happen is more likely meant than what never was due.
    happened = list(dict.fromkeys(each for chain in told for each in (chain.id, *chain.names) if each))
    nearest = nearest_name(wanted, happened) or nearest_name(wanted, (each for chain in silent for each in chain.names))
    hint = f"; did you mean {nearest}?" if nearest else ""
    expected = "an alert_id, mandate[/asset[/severity]] or control[/subject]; without one, all are listed"
    return [], f"no alert or rule {name!r}; expected {expected}{hint}"


def _list(judgement: Judgement, told: list[Chain]) -> None:
    """Every chain in two lines."""
    from correlator.cause.words import moment

    for injection in judgement.injections:
        effect = (
            "never took effect"
            if injection.took_effect_at_s is None
            else f"took effect {moment(injection.took_effect_at_s)}"
        )
        began = "never began" if injection.began_at_s is None else f"began {moment(injection.began_at_s)}, {effect}"
        _print_wrapped(f"injection {injection.name} ({injection.fault}): {began}", "", "  ")
    if not told:
        print("Nothing was owed, no alert fired, and no control acted.")
    for chain in told[:MOST_LISTED]:
        at_s = chain.came_at_s if chain.came_at_s is not None else chain.due_at_s
        print(f"{moment(at_s or 0.0)}  {chain.name}")
        _print_wrapped(chain.summary, " " * 14, " " * 14)
    if len(told) > MOST_LISTED:
        print(f"… and {len(told) - MOST_LISTED} more in verdict.json")


def _tell(chain: Chain) -> None:
    """One chain, step by step."""
    from correlator.cause.words import moment

    print(f"\n{chain.name}{f' ({chain.id})' if chain.id else ''}")
    for step in chain.steps:
        label = "" if step.at_s is None else moment(step.at_s)
        _print_wrapped(step.text, f"  {label:<14}", " " * 16)
    for expectation in chain.expectations:
        _print_wrapped(expectation, "  ", "  ")


def _print_wrapped(text: str, first: str, rest: str) -> None:
    import textwrap

    for line in textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    ):
        print(line)
