"""Summary: the page that says, article by article of RTS 6, what the runs of a pack show."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.evidence_page.model import Article, Run
from dashboards.evidence_page.page import render
from lab.catalogue.coverage import is_tagged
from lab.evidence import manifest

SUMMARY = "summary.html"


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
