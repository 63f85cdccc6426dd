"""`lab faults`: the kinds of harm that a timeline may inject, and how each is written."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.scenario.faults import FaultSpec

_WRAP = 100


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "faults",
        help="list the faults, or explain one",
        description="List the faults that a timeline may inject; with a NAME, explain one: every parameter with its "
        "unit, default and meaning, and an example to paste.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="a fault")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    from lab.cli.console import open_console
    from lab.scenario.errors import Mark, nearest_name, one_of, problem
    from lab.scenario.faults import FAULTS

    if args.name is None:
        console = open_console()
        console.print(_table())
        console.print("\nnext: lab faults NAME")
        return 0
    spec = FAULTS.get(args.name)
    if spec is None:
        near = nearest_name(args.name, FAULTS)
        raise problem(Mark("lab faults", 0, 0), "", f"`{args.name}` is no fault", one_of(FAULTS), near)
    print("\n".join(_explained(spec)))
    return 0


def _table() -> Any:
    from rich.table import Table

    from lab.scenario.faults import FAULTS

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("fault", "where", "scope", "intensity", "ramps"):
        table.add_column(heading, no_wrap=heading in ("fault", "where", "ramps"), overflow="fold")
    for spec in FAULTS.values():
        scope = ", ".join(f"{field.name}{'*' if field.required else ''}" for field in spec.scope_fields())
        ramps = "yes" if spec.ramps else "no"
        table.add_row(spec.name, spec.acts_in, scope or "–", spec.intensity_doc or "–", ramps)
    table.caption = "* required"
    table.caption_justify = "left"
    return table


def _explained(spec: FaultSpec) -> Iterator[str]:
    """The fault in words, no line longer than a terminal is wide."""
    from textwrap import wrap

    from lab.scenario.records import attribute_docs
    from lab.scenario.reference import defaults_of

    yield from wrap(f"{spec.name} ({spec.acts_in}): {spec.doc}.", _WRAP)
    scope = spec.scope_fields()
    yield ""
    yield "scope" if scope else "scope: none"
    for field in scope:
        yield from _entry(field.name, field.kind.expected, "required" if field.required else "optional")
    if spec.intensity is not None:
        yield "intensity"
        yield from _entry("", spec.intensity.expected, "required", spec.intensity_doc)
    yield "ramp, ramp_down: durations within `for`" if spec.ramps else "ramp: none, it is there or not"
    defaults, docs = defaults_of(spec), attribute_docs(spec.params)
    fields = spec.parameter_fields()
    yield "with" if fields else "with: nothing"
    for field in fields:
        default = f"default {defaults[field.attribute]}" if field.attribute in defaults else ""
        status = "required" if field.required else default or "optional"
        yield from _entry(field.name, field.kind.expected, status, field.doc or docs.get(field.attribute, ""))
    yield ""
    yield "timeline:"
    yield f"  - {spec.example.replace('{', '{inject: harm, ', 1)}"


def _entry(name: str, expected: str, status: str, meaning: str = "") -> list[str]:
    from textwrap import wrap

    text = f"{name}: {expected} ({status})" if name else f"{expected} ({status})"
    if meaning:
        text += f"; {meaning}"
    return wrap(text, _WRAP, initial_indent="  ", subsequent_indent="      ")
