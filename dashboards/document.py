"""Document: one HTML file with everything in it, made to be opened offline, printed and sent on."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources

import msgspec


def document(
    title: str, body: str, *, styles: Sequence[str], scripts: Sequence[str] = (), data: object | None = None
) -> str:
    """The whole page. ``data`` reaches the scripts as JSON in the element ``data``; they see no other input."""
    island = "" if data is None else f'<script type="application/json" id="data">{embedded(data)}</script>'
    script = "\n".join(scripts)
    code = f'{island}<script>"use strict";(() => {{\n{script}\n}})();</script>' if script else ""
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{"".join(styles)}</style></head>'
        f"<body><main>\n{body}\n</main>{code}</body></html>\n"
    )


def embedded(data: object) -> str:
    """JSON that no text in it can end the script element of."""
    return msgspec.json.encode(data).replace(b"<", b"\\u003c").decode()


def part(package: str, name: str) -> str:
    """A style sheet or script that lies beside the modules of ``package``."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")
