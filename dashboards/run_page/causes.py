"""Causes: the causal graph in layers from injection to resolution, and what each event depends on, in words.

An arrow's line tells what shows it: thick for what removal proved necessary, dashed for what only came at another time,
dotted for what is not known, thin for what a record or the rule itself names.
"""

from __future__ import annotations

import textwrap
from html import escape

from dashboards.run_page.model import CausalEdge, CausalGraph, CausalNode, Dependence, Judgement
from dashboards.run_page.scale import clock
from dashboards.run_page.table import says, table

LAYERS = ("injection", "effect", "breach", "due", "alert", "action", "resolution")
MOST_PER_LAYER = 40
_WIDE, _HIGH = 145, 50
_DOWN = 58
_GAP = 52
_FAN = 88  # before breaches, where arrows of several injections arrive
_TOP = 28
_LETTERS = 22  # that fit on a line of a box
_MOST_TIMES = 3  # of arrows that end in one box, beside it; those of more appear when they are pointed at
_MEANINGS = {
    "removal necessary": "gone without it",
    "removal either": "gone where others are left out too",
    "removal shifted": "comes at another time without it",
    "removal unknown": "no arm to tell by",
    "evidence": "a record or the rule names it",
    "time": "only came after it",
}


def causes(judgement: Judgement) -> str:
    """The section of the page; empty where no cause was looked for."""
    graph = judgement.causes
    if not graph.nodes:
        return ""
    known = {node.id: node for node in graph.nodes}
    layers = _layers(graph)
    shown = {node.id for layer in layers for node in layer}
    left = graph.left_out + len(graph.nodes) - len(shown)
    note = f"<p>… and {left} more events in verdict.json.</p>" if left else ""
    return (
        "<section><h2>What caused what</h2><p>Established by removal: the same run is played without an injection, and "
        "what does not come then was caused by it. Times on the arrows are from one event to the next.</p>"
        f'<div class="causes" tabindex="0" role="region" aria-label="causal graph">{_drawn(layers, graph.edges)}</div>'
        f"{_legend(graph.edges)}{note}{_dependences(graph.dependences, known)}</section>"
    )


def _layers(graph: CausalGraph) -> list[list[CausalNode]]:
    """Nodes by layer in the order of their times, empty layers left out; at most so many in each."""
    layers = [sorted((node for node in graph.nodes if node.kind == kind), key=_when) for kind in LAYERS]
    return [layer[:MOST_PER_LAYER] for layer in layers if layer]


def _when(node: CausalNode) -> tuple[float, str]:
    return (float("inf") if node.at_s is None else node.at_s, node.id)


def _heights(layers: list[list[CausalNode]], edges: list[CausalEdge]) -> dict[str, int]:
    """Where each box lies: the largest layer by time, every other one as level as can be with what it hangs on."""
    near: dict[str, list[str]] = {}
    for edge in edges:
        near.setdefault(edge.from_, []).append(edge.to)
        near.setdefault(edge.to, []).append(edge.from_)
    largest = max(range(len(layers)), key=lambda place: (len(layers[place]), -place))
    y = {node.id: place * _DOWN for place, node in enumerate(layers[largest])}
    for layer in [*layers[largest + 1 :], *reversed(layers[:largest])]:
        wanted = []
        for place, node in enumerate(layer):
            found = [y[one] for one in near.get(node.id, ()) if one in y]
            wanted.append((sum(found) / len(found) if found else place * _DOWN, place, node.id))
        free = 0
        for level, _, name in sorted(wanted):
            y[name] = max(free, round(level))
            free = y[name] + _DOWN
    return y


def _drawn(layers: list[list[CausalNode]], edges: list[CausalEdge]) -> str:
    y = _heights(layers, edges)
    corner: dict[str, tuple[int, int]] = {}
    parts = []
    x = 1
    for column, layer in enumerate(layers):
        if column:
            x += _WIDE + (_FAN if layer[0].kind == "breach" else _GAP)
        parts.append(f'<text class="group" x="{x}" y="14">{layer[0].kind}</text>')
        corner |= {node.id: (x, _TOP + y[node.id]) for node in layer}
    shown = [edge for edge in edges if edge.from_ in corner and edge.to in corner]
    parts += [_arrow(edge, corner) for edge in shown]
    parts += [_box(node, corner[node.id]) for layer in layers for node in layer]
    arriving: dict[str, list[CausalEdge]] = {}
    for edge in shown:
        arriving.setdefault(edge.to, []).append(edge)
    parts += [_times(found, corner[name]) for name, found in arriving.items() if len(found) <= _MOST_TIMES]
    width = x + _WIDE + 1
    height = max(y for _, y in corner.values()) + _DOWN
    return (
        f'<svg role="img" aria-label="causal graph; the table below says the same in words" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" '
        'markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" '
        f'fill="currentColor"/></marker></defs>{"".join(parts)}</svg>'
    )


def _box(node: CausalNode, corner: tuple[int, int]) -> str:
    x, y = corner
    lines = "".join(
        f'<text class="row" x="{x + 6}" y="{y + 14 + 14 * place}">{escape(line)}</text>'
        for place, line in enumerate(textwrap.wrap(node.label, _LETTERS, max_lines=2, placeholder="…"))
    )
    when = "never" if node.at_s is None else clock(node.at_s)
    title = f"<title>{escape(node.kind)}: {escape(node.label)}, {when}</title>"
    return (
        f'<g class="box-{escape(node.kind)}">{title}<rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="4"/>'
        f'{lines}<text class="tick" x="{x + 6}" y="{y + 44}">{when}</text></g>'
    )


def _arrow(edge: CausalEdge, corner: dict[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = corner[edge.from_], corner[edge.to]
    x1, y1, y2 = x1 + _WIDE, y1 + _HIGH // 2, y2 + _HIGH // 2
    bend = max((x2 - x1) // 2, 24)
    kind = f"{edge.by} {edge.strength or ''}".strip()
    took = "" if edge.seconds is None else f", {_seconds(edge.seconds)}"
    title = f"<title>{escape(_MEANINGS.get(kind, kind))}{took}</title>"
    path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    return f'<path class="edge {escape(kind)}" d="{path}" marker-end="url(#tip)">{title}</path>'


def _times(edges: list[CausalEdge], corner: tuple[int, int]) -> str:
    """How long after its causes an event came, one time below the other where their arrows arrive."""
    x, y = corner
    above = y + _HIGH // 2 - 4 - (len(edges) - 1) * 6
    return "".join(
        f'<text class="took" x="{x - 9}" y="{above + 12 * place}" text-anchor="end">{_seconds(edge.seconds)}</text>'
        for place, edge in enumerate(edges)
        if edge.seconds is not None
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:+.3g} s" if abs(seconds) < 100 else f"{seconds:+.0f} s"


def _legend(edges: list[CausalEdge]) -> str:
    used = {f"{edge.by} {edge.strength or ''}".strip() for edge in edges}
    keys = "".join(
        f'<span><svg class="key" viewBox="0 0 34 10" aria-hidden="true"><path class="edge {kind}" d="M0 5H34"/></svg>'
        f"{meaning}</span> "
        for kind, meaning in _MEANINGS.items()
        if kind in used
    )
    return f'<p class="legend causes">{keys}</p>'


def _dependences(dependences: list[Dependence], known: dict[str, CausalNode]) -> str:
    rows = [_dependence(one, known[one.node]) for one in dependences if one.node in known]
    if not rows:
        return ""
    heads = ("event", "when", "depends on", "gone without", "without any injection")
    listed = table(heads, rows, name="what each event depends on", stacked=True)
    return f"<details><summary>What each of {len(rows)} events depends on, in words</summary>{listed}</details>"


def _dependence(one: Dependence, node: CausalNode) -> tuple[str, ...]:
    control = {True: "comes all the same", False: "does not come", None: "not known"}[one.in_control]
    gone = "; ".join(" and ".join(names) for names in one.removals) or "–"
    return (
        f"{escape(node.kind)} {escape(node.label)}",
        "never" if node.at_s is None else clock(node.at_s),
        escape(", ".join(one.depends_on) or "nothing injected") + says(one.note),
        escape(gone),
        control,
    )
