"""Tables of the page, and how a moment stands in one."""

from __future__ import annotations

from dashboards.run_page.scale import clock


def table(headings: tuple[str, ...], rows: str) -> str:
    """A table of ready-made rows; a narrow screen scrolls it."""
    heads = "".join(f"<th>{heading}</th>" for heading in headings)
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'


def at(seconds: float | None) -> str:
    """A moment on the run's clock, or a dash where it never came."""
    return "–" if seconds is None else clock(seconds)
