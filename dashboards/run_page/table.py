"""Tables of a page, and how a moment and a verdict stand in one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from dashboards.run_page.scale import clock


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, name: str, stacked: bool = False) -> str:
    """A table of ready-made cells. A narrow screen scrolls it, or stacks each row's cells under their headings."""
    heads = "".join(f'<th role="columnheader" scope="col">{heading}</th>' for heading in headings)
    body = "".join(_row(headings, row, stacked) for row in rows)
    if stacked:  # a table that is laid out as blocks says itself what it is
        parts = ('<table class="stacked" role="table"', '<thead role="rowgroup">', '<tbody role="rowgroup">')
    else:
        parts = ("<table", "<thead>", "<tbody>")
    label = escape(name)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{label}">{parts[0]} aria-label="{label}">'
        f"{parts[1]}<tr>{heads}</tr></thead>{parts[2]}{body}</tbody></table></div>"
    )


def _row(headings: Sequence[str], cells: Sequence[str], stacked: bool) -> str:
    if not stacked:
        return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    named = (
        f'<td role="cell" data-label="{name}"><span>{cell}</span></td>'
        for name, cell in zip(headings, cells, strict=True)
    )
    return f'<tr role="row">{"".join(named)}</tr>'


def at(seconds: float | None) -> str:
    """A moment on the run's clock that leads to itself in the charts, or a dash where it never came."""
    return "–" if seconds is None else f'<a href="#t={seconds:g}">{clock(seconds)}</a>'


def judged(verdict: str, words: str = "") -> str:
    """A verdict in words."""
    return f'<b class="{escape(verdict)}">{escape(words or verdict)}</b>'


def says(*lines: str) -> str:
    """What stands behind a word, line by line; empty lines are left out."""
    return "".join(f'<p class="says">{escape(line)}</p>' for line in lines if line)


def item(verdict: str, text: str) -> str:
    """A line of a list that begins with its verdict."""
    return f"<li>{judged(verdict)} {escape(text)}</li>"
