"""The page: one HTML file with everything in it and no script, made to be read offline and printed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dashboards.document import document, part
from dashboards.evidence_page.model import Article, Demand, Run

_VERDICTS = ("pass", "fail", "unknown")
_MOST_REASONS = 3


def render(articles: Sequence[Article], runs: Sequence[Run], left_out: Sequence[tuple[str, str]]) -> str:
    """The page for the runs of a pack; ``left_out`` are runs that are not in it, and why."""
    shown = {run.name for article in articles for run in article.runs}
    others = [run for run in runs if run.name not in shown]
    body = "\n".join(
        (
            _heading(articles, runs, left_out),
            _overview(articles),
            *(_section(article) for article in articles),
            _others(others),
            _left_out(left_out, len(runs)),
        )
    )
    styles = (part("dashboards", "document.css"), part("dashboards.evidence_page", "style.css"))
    return document("Evidence by article of RTS 6", body, styles=styles)


def _heading(articles: Sequence[Article], runs: Sequence[Run], left_out: Sequence[tuple[str, str]]) -> str:
    exercised = sum(bool(article.runs) for article in articles)
    scenarios = len({run.scenario for run in runs})
    missing = (
        f" {len(left_out)} of the {len(left_out) + len(runs)} runs found are left out, see below." if left_out else ""
    )
    return (
        f"<header><h1>Evidence by article of RTS 6</h1>"
        f"<p>{_count(len(runs), 'run')} of {_count(scenarios, 'scenario')}: "
        f"{_verdicts(runs)}. {exercised} of {len(articles)} articles have a run in this pack.{missing}</p>"
        '<p class="facts">RTS 6 is Commission Delegated Regulation (EU) 2017/589. A run counts for an article if its '
        "scenario is tagged with it. Latency counts from the moment the alert was truly due; the margin is what was "
        "left until the deadline. What is shown is how a monitor behaved in a laboratory; whether that is enough for "
        "an article, a person has to say.</p></header>"
    )


def _overview(articles: Sequence[Article]) -> str:
    rows = "".join(
        f'<tr><td><a href="#{escape(article.tag)}">{escape(_short(article))}</a></td>'
        f"<td>{_scenarios_here(article)} of {len(article.scenarios)}</td><td>{_verdicts(article.runs)}</td>"
        f"<td>{_met(article.runs)}</td><td>{_tightest(article.runs)}</td></tr>"
        for article in articles
    )
    heads = ("article", "scenarios in this pack", "runs", "demands met in time", "smallest margin")
    return f"<section><h2>At a glance</h2>{_table(heads, rows)}</section>"


def _section(article: Article) -> str:
    head = f'<section id="{escape(article.tag)}"><h2>{escape(article.asked)}</h2>'
    here = dict.fromkeys(run.scenario for run in article.runs)
    absent = [name for name in article.scenarios if name not in here]
    if not article.runs:
        return (
            f'{head}<p class="missing">No scenario in this pack.</p>{_absent(absent, len(article.scenarios))}</section>'
        )
    rows = "".join(_rows(run) for run in article.runs)
    heads = ("run", "verdict", "demanded", "due", "came", "latency", "deadline", "margin", "outcome")
    facts = (
        f"{_scenarios_here(article)} of the laboratory's {_count(len(article.scenarios), 'scenario')} for it; "
        f"{_verdicts(article.runs)}; demands met in time: {_met(article.runs)}; "
        f"other conditions that hold: {_kept(article.runs)}; false alarms: {_false_alarms(article.runs)}"
    )
    return f"{head}<p>{facts}.</p>{_table(heads, rows)}{_absent(absent, len(article.scenarios))}</section>"


def _rows(run: Run) -> str:
    lines = max(len(run.expectations), 1)
    why = "".join(f"<br><small>{escape(reason)}</small>" for reason in run.reasons[:_MOST_REASONS])
    more = len(run.reasons) - _MOST_REASONS
    why += f"<br><small>… and {more} more reasons in its verdict.json</small>" if more > 0 else ""
    first = (
        f'<td rowspan="{lines}" class="run">{escape(run.name)}{why}</td>'
        f'<td rowspan="{lines}"><b class="{escape(run.verdict)}">{escape(run.verdict)}</b></td>'
    )
    if not run.expectations:
        nothing = f"no alert or action demanded; conditions that hold: {_kept([run])}"
        return f'<tr>{first}<td colspan="7" class="none">{nothing}</td></tr>'
    cells = [_demand(demand) for demand in run.expectations]
    return f"<tr>{first}{cells[0]}</tr>" + "".join(f"<tr>{cell}</tr>" for cell in cells[1:])


def _demand(demand: Demand) -> str:
    figures = (
        _clock(demand.due_at_s), _clock(demand.detected_at_s), _seconds(demand.latency_s), _seconds(demand.deadline_s),
        _seconds(demand.margin_s),
    )  # fmt: skip
    cells = "".join(f'<td class="figure">{figure}</td>' for figure in figures)
    outcome = escape(demand.outcome.replace("_", " "))
    told = f'<b class="{escape(demand.verdict)}" title="{escape(demand.reason)}">{outcome}</b>'
    return f"<td>{escape(demand.name)}</td>{cells}<td>{told}</td>"


def _absent(names: Sequence[str], of: int) -> str:
    if not names:
        return "" if of else '<p class="missing">The laboratory has no scenario for it either.</p>'
    listed = ", ".join(escape(name) for name in names)
    summary = f"Not in this pack: {len(names)} of {_count(of, 'scenario')}"
    return f"<details><summary>{summary}</summary><p>{listed}</p></details>"


def _others(runs: Sequence[Run]) -> str:
    if not runs:
        return ""
    listed = "".join(
        f'<li>{escape(run.name)}: <b class="{escape(run.verdict)}">{escape(run.verdict)}</b></li>' for run in runs
    )
    return f"<section><h2>{_count(len(runs), 'run')} tagged with no article</h2><ul>{listed}</ul></section>"


def _left_out(left_out: Sequence[tuple[str, str]], packed: int) -> str:
    if not left_out:
        return ""
    items = "".join(f"<li>{escape(run)}: {escape(why)}</li>" for run, why in left_out)
    return f"<section><h2>Left out: {len(left_out)} of {len(left_out) + packed} runs</h2><ul>{items}</ul></section>"


def _scenarios_here(article: Article) -> int:
    return len({run.scenario for run in article.runs}.intersection(article.scenarios))


def _verdicts(runs: Sequence[Run]) -> str:
    """How many runs have each verdict, of how many: ``3 of 4 pass, 1 fail``."""
    if not runs:
        return '<span class="missing">none</span>'
    counts = {verdict: sum(run.verdict == verdict for run in runs) for verdict in _VERDICTS}
    rest = "".join(
        f', <b class="{verdict}">{counts[verdict]} {verdict}</b>' for verdict in _VERDICTS[1:] if counts[verdict]
    )
    return f"{counts['pass']} of {len(runs)} pass{rest}"


def _met(runs: Sequence[Run]) -> str:
    demands = [demand for run in runs for demand in run.expectations]
    if not runs:
        return "–"
    return f"{sum(demand.verdict == 'pass' for demand in demands)} of {len(demands)}" if demands else "none demanded"


def _kept(runs: Sequence[Run]) -> str:
    """Prohibitions, expected misses and assertions: how many hold, of how many."""
    kept = [one for run in runs for one in (*run.forbids, *run.misses, *run.assertions)]
    return f"{sum(one.verdict == 'pass' for one in kept)} of {len(kept)}" if kept else "none asked for"


def _false_alarms(runs: Sequence[Run]) -> str:
    return f"{sum(len(run.false_alarms) for run in runs)} in {_count(len(runs), 'run')}"


def _tightest(runs: Sequence[Run]) -> str:
    demands = [demand for run in runs for demand in run.expectations if demand.verdict != "unknown"]
    margins = [demand.margin_s for demand in demands if demand.margin_s is not None]
    return _seconds(min(margins, default=None))


def _table(headings: Sequence[str], rows: str) -> str:
    heads = "".join(f"<th>{heading}</th>" for heading in headings)
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'


def _short(article: Article) -> str:
    return article.asked.partition(":")[0]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _seconds(duration_s: float | None) -> str:
    """A duration with as many digits as it deserves, or a dash where there is none."""
    if duration_s is None:
        return "–"
    size = abs(duration_s)
    return f"{duration_s:,.0f}&nbsp;s" if size >= 100 or duration_s == round(duration_s) else f"{duration_s:.3g}&nbsp;s"


def _clock(at_s: float | None) -> str:
    """A moment on the run's clock, or a dash where it never came."""
    if at_s is None:
        return "–"
    whole = round(at_s)
    days, rest = divmod(whole, 86_400)
    return f"{f'{days}d ' if days else ''}{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
