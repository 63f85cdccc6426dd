"""Why the verdict can be trusted: the conditions that were checked, what stayed silent, what it was judged from."""

from __future__ import annotations

from html import escape

from dashboards.run_page.model import Judgement
from dashboards.run_page.table import at, item


def trust(judgement: Judgement) -> str:
    """The section of the page."""
    checks = "".join(
        item(check.verdict, f"{check.name.replace('_', ' ')}: {check.reason}") for check in judgement.checks
    )
    unalerted = "".join(
        f"<li>{escape(rule.alert)} {escape(rule.asset)} {escape(rule.severity)}: due {at(rule.due_at_s)}</li>"
        for rule in judgement.unalerted
    )
    silent = f"<h3>Rules truly due without an alert</h3><ul>{unalerted}</ul>" if unalerted else ""
    counts = ", ".join(f"{count:,} {escape(kind)}" for kind, count in judgement.counts.items())
    versions = ", ".join(f"{escape(name)} {escape(number)}" for name, number in judgement.versions.items())
    return (
        f'<section id="trust"><h2>Why this can be trusted</h2><ul class="checks">{checks}</ul>{silent}'
        f'<p class="facts">Judged from {counts}. {versions}. Code {escape(judgement.code)}.</p></section>'
    )
