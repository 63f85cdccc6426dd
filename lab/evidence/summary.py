"""Summary: the page that says, article by article of RTS 6, what the runs of a pack show."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from dashboards.evidence_page.model import Article, Run
from dashboards.evidence_page.page import render
from lab.catalogue.coverage import is_tagged
from lab.evidence import manifest

SUMMARY = "summary.html"
_DRAWN_WITH = (".py", ".css", ".js")


@cache
def pages_hash() -> str:
    """A digest of everything that draws pages, the same on any machine."""
    root = Path(str(resources.files("dashboards")))
    digest = hashlib.blake2b(digest_size=16)
    names = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.suffix in _DRAWN_WITH)
    for name in sorted(names):
        digest.update(f"{name}\0".encode())
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def summarise(articles: Sequence[manifest.Article], left_out: Sequence[manifest.LeftOut], runs: Sequence[Run]) -> str:
    """The page for these runs."""
    rows = [
        Article(
            article.tag,
            article.asked,
            article.scenarios,
            [run for run in runs if is_tagged(article.tag, run.tags)],
        )
        for article in articles
    ]
    return render(rows, runs, [(one.run, one.why) for one in left_out])
