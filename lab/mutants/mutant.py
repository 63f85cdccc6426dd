"""Mutant: a monitor that differs from the one under test in one thing, which a good suite of scenarios must notice."""

from __future__ import annotations

from typing import Literal

import msgspec

from lab.scenario.model import MonitorSetup

Level = Literal["limits", "timing", "source"]
LEVELS: tuple[Level, ...] = ("limits", "timing", "source")
"""Where the fault lies: in the limits that the monitor reads and what it watches, in its pace, in its code."""


Asks = Literal["", "mildest", "gravest", "shortest", "lasting", "resolving"]
"""Which cases of a mandate tell most of a mutant: those with its mildest or gravest severity, the shortest harm, harm
that lasts and stays mild, or an alert that must resolve."""


class LimitsEdit(msgspec.Struct, frozen=True, tag=True):
    """One change of the limits file; ``mandate`` or top-level key, ``operator``, and the entry it is about or ""."""

    section: str
    operator: str
    entry: str = ""


class SetupEdit(msgspec.Struct, frozen=True, tag=True):
    """One change of the monitor's configuration."""

    setup: MonitorSetup


class SourceEdit(msgspec.Struct, frozen=True, tag=True):
    """One change of the monitor's code: the bytes from ``start`` to ``end`` of ``file`` (relative to the package) are
    ``old`` and become ``new``. ``line`` counts from 1."""

    file: str
    line: int
    start: int
    end: int
    old: str
    new: str


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """``mandates`` and ``actions``: where the mutant should show, most likely first, and ``faults`` under which; all
    empty: anywhere. ``cases``: ``scenario/case`` of those that ask for just what it spoils. ``about``: subjects, venues
    or assets that it is about. ``should_shout``: it is likelier to alert without cause than to stay silent.
    ``missing``: which scenario would notice it."""

    id: str
    level: Level
    operator: str
    what: str
    edit: LimitsEdit | SetupEdit | SourceEdit
    mandates: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    asks: Asks = ""
    should_shout: bool = False
    is_named: bool = False
    missing: str = ""
