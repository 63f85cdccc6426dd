"""Cross-fire: which harm sets off which other mandate, as a matrix of counts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dashboards.suite_page.model import CrossFire


def crossfire(found: Sequence[CrossFire]) -> str:
    """The section of the page: rows are scenarios, columns mandates; darker is more often, ✕ is falsely."""
    if not found:
        return "<section><h2>Cross-fire</h2><p>No harm set off a mandate that its case does not expect.</p></section>"
    mandates = sorted({one.mandate for one in found})
    rows: dict[tuple[str, str], dict[str, CrossFire]] = {}
    for one in found:
        rows.setdefault((one.scenario, one.fault), {})[one.mandate] = one
    heads = "".join(f'<th scope="col"><span>{escape(name)}</span></th>' for name in mandates)
    body = "".join(
        f'<tr><th scope="row">{escape(scenario)} <small>{escape(fault.replace("+", " + "))}</small></th>'
        f"{''.join(_cell(cells.get(name)) for name in mandates)}</tr>"
        for (scenario, fault), cells in rows.items()
    )
    return (
        '<section><h2>Cross-fire</h2><p class="facts">Alerts of mandates that the case does not expect and that do not '
        "fire in the control: a number is how many alerts were true, ✕ how many were false, ? how many are in "
        'doubt. Darker: in more of the runs.</p><div class="wide fires" tabindex="0" role="region" '
        f'aria-label="cross-fire"><table class="matrix"><thead><tr><th scope="col">harm</th>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )


def _cell(one: CrossFire | None) -> str:
    if one is None:
        return "<td></td>"
    counts = ((one.true, ""), (one.false, "✕"), (one.doubtful, "?"))
    text = " ".join(f"{sign}{count}" for count, sign in counts if count)
    share = one.cases / one.runs if one.runs else 0.0
    says = f"in {one.cases} of {one.runs} runs: {one.true} true, {one.false} false, {one.doubtful} in doubt"
    kind = ' class="false"' if one.false else ""
    return f'<td{kind} style="--share:{share:.2f}" title="{escape(says)}">{text}</td>'
