"""The map as a picture: SVG without scripts or anything from elsewhere, alone or inside a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from lab.tuning.frontier import Point
from lab.tuning.plane import Plane
from lab.tuning.states import State
from lab.tuning.vary import Axis

# Told apart by colour-blind readers, and by the signs in the cells where there is no colour at all (print).
_COLOURS: dict[State, tuple[str, str]] = {
    "noticed": ("#2b8a5e", "noticed in time"),
    "late": ("#e0a800", "late"),
    "missed": ("#c0392b", "missed"),
    "doubtful": ("#b9a3d0", "too near its bound to be owed by every honest monitor"),
    "not_owed": ("#d5dbe1", "not owed"),
    "unknown": ("#7f8c8d", "unknown"),
}
_SIGNS: dict[State, str] = {
    "noticed": "", "late": "L", "missed": "×", "doubtful": "?", "not_owed": "", "unknown": "!",
}  # fmt: skip
_LEFT, _TOP, _SIZE, _STRIP_HEIGHT = 96, 40, 480, 28
_WIDTH = _LEFT + _SIZE + 40
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.t{font-weight:600;font-size:14px}.s{fill:#fff;font-size:11px}"
    ".f{fill:#fff}@media (prefers-color-scheme:dark){text{fill:#ddd}.f{fill:#16191d}}"
)


def map_svg(plane: Plane, names: Sequence[str]) -> str:
    """One map below the other, one for each expectation. A dot marks what was played; hover tells its values."""
    height = _TOP + _SIZE + 70
    parts = [_map(plane, place, name, place * height) for place, name in enumerate(names)]
    states = [state for point in plane.played.values() for state in point.states]
    return _document(parts, len(names) * height, states)


def strip_svg(axis: Axis, points: Sequence[Point], names: Sequence[str]) -> str:
    """One strip below the other, one for each expectation."""
    height = _TOP + _STRIP_HEIGHT + 46
    parts = [_strip(axis, points, place, name, place * height) for place, name in enumerate(names)]
    return _document(parts, len(names) * height, [state for point in points for state in point.states])


def page(title: str, lines: Sequence[str], svg: str) -> str:
    """A page that needs nothing but itself: the title, what was found in words, the picture."""
    style = (
        "body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;max-width:46rem;padding:0 1rem;color:#222;"
        "background:#fff}pre{overflow-x:auto}svg{max-width:100%;height:auto}"
        "@media (prefers-color-scheme:dark){body{color:#ddd;background:#16191d}}"
    )
    text = escape("\n".join(lines))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{style}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n<pre>{text}</pre>\n{svg}</body></html>\n"
    )


def _document(parts: Sequence[str], height: int, states: Sequence[State]) -> str:
    shown = [state for state in _COLOURS if state in states]
    legend = [
        f'<rect x="{_LEFT}" y="{height + 4 + number * 20}" width="14" height="14" fill="{_COLOURS[state][0]}"/>'
        f'<text x="{_LEFT + 22}" y="{height + 15 + number * 20}">{_COLOURS[state][1]}</text>'
        for number, state in enumerate(shown)
    ]
    total = height + 16 + 20 * len(shown)
    body = "\n".join([*parts, *legend])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {total}" width="{_WIDTH}" height="{total}" '
        f'role="img"><style>{_STYLE}</style>\n<rect class="f" width="100%" height="100%"/>\n{body}\n</svg>\n'
    )


def _map(plane: Plane, place: int, name: str, top: int) -> str:
    cell = _SIZE / (plane.side + 1)
    parts = [f'<g transform="translate(0 {top})"><text class="t" x="{_LEFT}" y="24">{escape(name)}</text>']
    for row in range(plane.side + 1):
        for column in range(plane.side + 1):
            state, is_played = plane.state((column, row), place)
            x, y = _LEFT + column * cell, _TOP + (plane.side - row) * cell
            values = f"{plane.axes[0].name} {plane.text(0, column)}, {plane.axes[1].name} {plane.text(1, row)}"
            told = f"{values}: {_COLOURS[state][1]}{'' if is_played else ' (inferred)'}"
            parts.append(
                f'<g><title>{escape(told)}</title><rect x="{x:.1f}" y="{y:.1f}" width="{cell + 0.5:.1f}" '
                f'height="{cell + 0.5:.1f}" fill="{_COLOURS[state][0]}"/>{_mark(x, y, cell, state, is_played)}</g>'
            )
    for index in range(0, plane.side + 1, plane.side // 4):
        middle = (index + 0.5) * cell
        parts.append(
            f'<text x="{_LEFT + middle:.1f}" y="{_TOP + _SIZE + 18}" text-anchor="middle">'
            f"{escape(plane.text(0, index))}</text>"
            f'<text x="{_LEFT - 8}" y="{_TOP + _SIZE - middle + 4:.1f}" text-anchor="end">'
            f"{escape(plane.text(1, index))}</text>"
        )
    across, along = (f"{axis.path} ({axis.scale})" for axis in plane.axes)
    parts.append(f'<text x="{_LEFT}" y="{_TOP + _SIZE + 38}">→ {escape(across)}   ↑ {escape(along)}</text></g>')
    return "\n".join(parts)


def _mark(x: float, y: float, cell: float, state: State, is_played: bool) -> str:
    middle_x, middle_y = x + cell / 2, y + cell / 2
    if _SIGNS[state] and is_played:
        return f'<text class="s" x="{middle_x:.1f}" y="{middle_y + 4:.1f}" text-anchor="middle">{_SIGNS[state]}</text>'
    if is_played:
        return f'<circle cx="{middle_x:.1f}" cy="{middle_y:.1f}" r="1.6" fill="#fff" stroke="#222" stroke-width="0.6"/>'
    return ""


def _strip(axis: Axis, points: Sequence[Point], place: int, name: str, top: int) -> str:
    parts = [f'<g transform="translate(0 {top})"><text class="t" x="{_LEFT}" y="24">{escape(name)}</text>']
    at = [_LEFT + axis.position(point.values[0]) * _SIZE for point in points]
    for number, point in enumerate(points):
        left = _LEFT if number == 0 else (at[number - 1] + at[number]) / 2
        right = _LEFT + _SIZE if number == len(points) - 1 else (at[number] + at[number + 1]) / 2
        state = point.states[place]
        parts.append(
            f'<g><title>{escape(f"{point.texts[0]}: {_COLOURS[state][1]}")}</title><rect x="{left:.1f}" y="{_TOP}" '
            f'width="{right - left + 0.5:.1f}" height="{_STRIP_HEIGHT}" fill="{_COLOURS[state][0]}"/>'
            f'<circle cx="{at[number]:.1f}" cy="{_TOP + _STRIP_HEIGHT / 2}" r="2" fill="#fff" stroke="#222" '
            f'stroke-width="0.6"/></g>'
        )
    for index in range(5):
        x = _LEFT + _SIZE * index / 4
        text = escape(axis.text(axis.value(index / 4)))
        parts.append(f'<text x="{x:.1f}" y="{_TOP + _STRIP_HEIGHT + 16}" text-anchor="middle">{text}</text>')
    path = escape(f"{axis.path} ({axis.scale})")
    parts.append(f'<text x="{_LEFT}" y="{_TOP + _STRIP_HEIGHT + 34}">→ {path}</text></g>')
    return "\n".join(parts)
