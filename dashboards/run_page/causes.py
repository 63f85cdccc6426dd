"""Causes: the causal graph in layers from injection to resolution, and what each event depends on, in words.

An arrow's line tells what shows it: thick for what removal proved necessary, dashed for what only came at another time,
dotted for what is not known, thin for what a record or the rule itself names.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dashboards.run_page.model import CausalEdge, CausalGraph, CausalNode, Dependence, Judgement
from dashboards.run_page.scale import clock
from dashboards.run_page.table import table

LAYERS = ("injection", "effect", "breach", "due", "alert", "action", "resolution")
MOST_PER_LAYER = 40
_WIDE, _HIGH = 138, 38
_ACROSS, _DOWN = 190, 46
_TOP = 28
_LETTERS = 23  # of a label that fit on one line
_SWEEPS = 4
_MEANINGS = {
    "removal necessary": "gone without it",
    "removal either": "one of several that would do",
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
    """Nodes by layer, empty layers left out, each ordered so that arrows cross little; at most so many in each."""
    layers = [[node for node in graph.nodes if node.kind == kind] for kind in LAYERS]
    layers = [sorted(layer, key=_when)[:MOST_PER_LAYER] for layer in layers if layer]
    near: dict[str, list[str]] = {}
    for edge in graph.edges:
        near.setdefault(edge.from_, []).append(edge.to)
        near.setdefault(edge.to, []).append(edge.from_)
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            places = {node.id: place for one in layers for place, node in enumerate(one) if one is not layer}
            own = {node.id: place for place, node in enumerate(layer)}
            layer.sort(key=lambda node: (_middle(near.get(node.id, ()), places, own[node.id]), own[node.id]))
    return layers


def _when(node: CausalNode) -> tuple[float, str]:
    return (float("inf") if node.at_s is None else node.at_s, node.id)


def _middle(near: Sequence[str], places: dict[str, int], own: int) -> float:
    found = [places[one] for one in near if one in places]
    return sum(found) / len(found) if found else own


def _drawn(layers: list[list[CausalNode]], edges: list[CausalEdge]) -> str:
    tallest = max(len(layer) for layer in layers)
    corner: dict[str, tuple[int, int]] = {}
    parts = []
    for column, layer in enumerate(layers):
        x = column * _ACROSS + 1
        parts.append(f'<text class="group" x="{x}" y="14">{layer[0].kind}</text>')
        above = (tallest - len(layer)) * _DOWN // 2
        for place, node in enumerate(layer):
            corner[node.id] = (x, _TOP + above + place * _DOWN)
    arrows = [_arrow(edge, corner) for edge in edges if edge.from_ in corner and edge.to in corner]
    boxes = [_box(node, corner[node.id]) for layer in layers for node in layer]
    labels = [_took(edge, corner) for edge in edges if edge.from_ in corner and edge.to in corner]
    width = (len(layers) - 1) * _ACROSS + _WIDE + 2
    height = _TOP + tallest * _DOWN
    return (
        f'<svg role="img" aria-label="causal graph; the table below says the same in words" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" '
        'markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" '
        f'fill="currentColor"/></marker></defs>{"".join(parts + arrows + boxes + labels)}</svg>'
    )


def _box(node: CausalNode, corner: tuple[int, int]) -> str:
    x, y = corner
    label = node.label if len(node.label) <= _LETTERS else node.label[: _LETTERS - 1] + "…"
    when = "never" if node.at_s is None else clock(node.at_s)
    says = f"<title>{escape(node.kind)}: {escape(node.label)}, {when}</title>"
    return (
        f'<g class="{escape(node.kind)}">{says}<rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="4"/>'
        f'<text x="{x + 6}" y="{y + 15}" font-size="11">{escape(label)}</text>'
        f'<text class="tick" x="{x + 6}" y="{y + 30}">{when}</text></g>'
    )


def _arrow(edge: CausalEdge, corner: dict[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = corner[edge.from_], corner[edge.to]
    x1, y1, y2 = x1 + _WIDE, y1 + _HIGH // 2, y2 + _HIGH // 2
    bend = max((x2 - x1) // 2, 24)
    kind = f"{edge.by} {edge.strength or ''}".strip()
    says = f"<title>{escape(_MEANINGS.get(kind, kind))}</title>"
    path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    return f'<path class="edge {escape(kind)}" d="{path}" marker-end="url(#tip)">{says}</path>'


def _took(edge: CausalEdge, corner: dict[str, tuple[int, int]]) -> str:
    if edge.seconds is None:
        return ""
    (x1, y1), (x2, y2) = corner[edge.from_], corner[edge.to]
    x, y = (x1 + _WIDE + x2) / 2, (y1 + y2 + _HIGH) / 2 - 3
    return f'<text class="took" x="{x:g}" y="{y:g}" text-anchor="middle">{edge.seconds:+.4g} s</text>'


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
    return f"<h3>What each event depends on</h3>{listed}"


def _dependence(one: Dependence, node: CausalNode) -> tuple[str, ...]:
    control = {True: "comes all the same", False: "does not come", None: "not known"}[one.in_control]
    gone = "; ".join(" and ".join(names) for names in one.removals) or "–"
    note = f' <span class="facts">{escape(one.note)}</span>' if one.note else ""
    return (
        f"{escape(node.kind)} {escape(node.label)}",
        "never" if node.at_s is None else clock(node.at_s),
        escape(", ".join(one.depends_on) or "nothing injected") + note,
        escape(gone),
        control,
    )
