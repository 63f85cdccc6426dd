"""The page of one run: a single HTML file with everything in it, made to be opened offline and printed."""

from __future__ import annotations

import functools

import msgspec

from dashboards.document import document, part
from dashboards.run_page.answer import answer
from dashboards.run_page.causes import causes
from dashboards.run_page.chronicle import chronicle
from dashboards.run_page.demands import demands
from dashboards.run_page.figures import figures, within_limits
from dashboards.run_page.happened import actions, alerts
from dashboards.run_page.measures import Measure, measures
from dashboards.run_page.model import Judgement
from dashboards.run_page.timeline import Group, timeline
from dashboards.run_page.trust import trust

_NS_PER_S = 1_000_000_000
_SCRIPTS = ("format.js", "view.js", "timeline.js", "measure.js", "moment.js", "gestures.js", "start.js")


class Drawn(msgspec.Struct, frozen=True):
    """What the script draws. ``start_s``: seconds since 1970 when the run began; ``injections`` are shaded."""

    start_s: int
    end_s: float
    groups: list[Group]
    injections: list[tuple[float, float, str]]
    measures: list[Measure]


def render(document_json: bytes) -> str:
    """The page for a ``verdict.json``. Raises msgspec.ValidationError if the document is not one."""
    judgement = msgspec.json.decode(document_json, type=Judgement)
    end_s = judgement.ended.at_s
    drawn = Drawn(
        judgement.start_ns // _NS_PER_S,
        end_s,
        timeline(judgement),
        [
            (one.began_at_s, end_s if one.ended_at_s is None else one.ended_at_s, one.name)
            for one in judgement.injections
            if one.began_at_s is not None
        ],
        measures(judgement),
    )
    body = "\n".join(
        (
            answer(judgement),
            demands(judgement),
            _CHARTS.replace("FIGURES", figures(drawn.measures)),
            chronicle(judgement),
            causes(judgement),
            alerts(judgement),
            actions(judgement),
            within_limits(drawn.measures),
            trust(judgement),
        )
    )
    title = f"{judgement.scenario} · {judgement.case} · seed {judgement.seed}: {judgement.verdict}"
    styles, scripts = _assets()
    return document(title, body, styles=styles, scripts=scripts, data=drawn)


@functools.cache
def _assets() -> tuple[tuple[str, ...], tuple[str, ...]]:
    package = "dashboards.run_page"
    styles = (part("dashboards", "document.css"), part(package, "style.css"))
    return styles, tuple(part(package, f"script/{name}") for name in _SCRIPTS)


_CHARTS = """<section id="charts"><h2>What happened when</h2>
<noscript><p>The charts are drawn by the script in this file, which is not allowed to run here; every table is complete
without it.</p></noscript>
<div class="tools" role="toolbar" aria-label="zoom and moments" hidden>
<button type="button" data-does="back" aria-label="previous moment">◀ moment</button>
<button type="button" data-does="on" aria-label="next moment">moment ▶</button>
<button type="button" data-does="in" aria-label="zoom in">+</button>
<button type="button" data-does="out" aria-label="zoom out">−</button>
<button type="button" data-does="whole">whole run</button>
<span class="span" id="span"></span>
</div>
<div id="timeline" class="chart" tabindex="0" role="slider" aria-label="moment of the run" aria-orientation="horizontal"
 aria-describedby="keys"></div>
<p class="legend" aria-hidden="true"><span><i class="key injected"></i>injection</span> <span><i class="key effect"></i>
took effect</span> <span><i class="key breach"></i>true breach</span> <span><i class="key due"></i>due</span> <span><i
 class="key pending"></i>pending</span> <span><i class="key firing"></i>alert firing</span> <span><i
 class="key false_alarm"></i>false alarm</span> <span><i class="key uncontained"></i>uncontained</span> <span><i
 class="key action"></i>control action</span></p>
<p class="facts" id="keys">Drag to zoom, double-click for the whole run; pinch or Ctrl + wheel too. Keys on the
timeline: ← → move (Shift: far), N and P next and previous moment, + and − zoom, 0 the whole run, Esc lets go. The
address keeps the moment: send it on.</p>
<h3>Truth against limits</h3>
<p class="facts">The band spans the smallest and the largest value in each stretch, recomputed from the audit plane.
Dots are what the monitor saw when it fired; ▼ is when an alert was due.</p>
<div id="measures">FIGURES</div>
<div id="moment" class="moment" role="status" aria-live="polite" hidden></div>
</section>"""
