"""Causal graph: injection → effect → breach → due → alert → control action → resolution, with what shows each step.

These structs are part of ``verdict.json``. Times ending in ``_at_s`` are seconds since the run's start.
"""

from __future__ import annotations

from typing import Literal

import msgspec

NodeKind = Literal["injection", "effect", "breach", "due", "alert", "action", "resolution"]
Basis = Literal["removal", "time", "evidence"]
Strength = Literal["necessary", "either", "shifted", "independent", "unknown"]


class CausalNode(msgspec.Struct, frozen=True):
    """One event of a run.

    ``ref`` is its place in the judgement's list of its kind: ``injections`` (injection: when it began; effect: when
    it took effect on the wire), ``rules`` (breach: when the truth went beyond the bound; due: when an alert of it
    became owed), ``alerts`` (alert, resolution) or ``actions``. ``at_s`` null: it never came to that.
    """

    id: str
    kind: NodeKind
    label: str
    at_s: float | None
    ref: int


class CausalEdge(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """One step from a cause to what it brought about, ``seconds`` later.

    ``by`` says what shows it: ``removal`` (an arm without the cause), ``evidence`` (a record or the rule itself names
    it) or ``time`` (it only came after). ``strength`` is what removal showed, null where the edge is not by removal.
    """

    from_: str
    to: str
    seconds: float | None
    by: Basis
    strength: Strength | None = None


class Influence(msgspec.Struct, frozen=True):
    """What leaving one injection out did to an event.

    - ``necessary``: it is gone;
    - ``either``: it comes all the same, yet is gone when others are left out too: some would do without the rest;
    - ``shifted``: it comes at another time; ``shift_s`` is its time in the run less its time without the injection;
    - ``independent``: it comes at the same time, give or take a second;
    - ``unknown``: there is no arm to tell by.
    """

    injection: str
    strength: Strength
    shift_s: float | None = None


class Dependence(msgspec.Struct, frozen=True):
    """What removal showed of one node: a breach, an alert or an action.

    ``in_control``: it comes without any injection too, and is credited to none; null where no control tells.
    ``removals`` are the smallest sets of injections of which it is known that leaving them out does away with it,
    ``depends_on`` every injection in one of them. ``note`` says in words what is not known.
    """

    node: str
    in_control: bool | None
    influences: list[Influence]
    depends_on: list[str]
    removals: list[list[str]] = []
    note: str = ""


class ArmFact(msgspec.Struct, frozen=True):
    """One arm that the run was compared with, or could not be: ``trouble`` says why. The control leaves out all."""

    removed: list[str]
    trouble: str = ""


class CausalGraph(msgspec.Struct, frozen=True):
    """Events of a run and what brought them about. ``left_out`` counts alerts and actions beyond what is drawn.

    An injection without influence on an event has no edge to it; ``dependences`` names it all the same.
    """

    nodes: list[CausalNode] = []
    edges: list[CausalEdge] = []
    dependences: list[Dependence] = []
    arms: list[ArmFact] = []
    left_out: int = 0
