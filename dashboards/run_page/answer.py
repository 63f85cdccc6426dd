"""The first screen: did the monitor notice, in time, did it cry wolf, and how do we know."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from html import escape

from dashboards.run_page.model import Check, Expectation, Judgement
from dashboards.run_page.scale import clock

_NS_PER_S = 1_000_000_000


def answer(judgement: Judgement) -> str:
    """Verdict, name of the run and the four answers."""
    starts = datetime.datetime.fromtimestamp(judgement.start_ns // _NS_PER_S, datetime.UTC)
    ended = ": ".join(part for part in (judgement.ended.reason, judgement.ended.detail) if part)
    tags = "".join(f'<span class="tag">{escape(tag)}</span>' for tag in judgement.tags)
    under = f'<p class="under">Judged under other terms: {escape(judgement.judged_under)}</p>'
    cards = "".join((_noticed(judgement), _in_time(judgement), _false_alarms(judgement), _known(judgement)))
    return (
        f'<header><p class="verdict {judgement.verdict}">{escape(judgement.verdict)}</p>'
        f"<h1>{escape(judgement.scenario)} <small>{escape(judgement.case)} · seed {judgement.seed}</small></h1>"
        f"<p>{escape(judgement.description)}</p>"
        f'<p class="facts">{clock(judgement.ended.at_s)} simulated from {starts:%Y-%m-%d %H:%M} UTC; '
        f'{escape(ended)} {tags}</p>{under if judgement.judged_under else ""}<div class="cards">{cards}</div>'
        f"{_why(judgement)}</header>"
    )


def _why(judgement: Judgement) -> str:
    if not judgement.reasons:
        return ""
    items = "".join(f"<li>{escape(reason)}</li>" for reason in judgement.reasons)
    return f'<div class="why"><h2>Why the verdict is {escape(judgement.verdict)}</h2><ul>{items}</ul></div>'


def _card(question: str, reply: str, detail: str, mood: str) -> str:
    return f'<div class="card {mood}"><h2>{question}</h2><p class="reply">{reply}</p><p>{detail}</p></div>'


def _noticed(judgement: Judgement) -> str:
    asked = judgement.expectations
    if not asked:
        fired = len(judgement.alerts)
        detail = f"{len(judgement.forbids)} prohibitions; {_count(fired, 'alert')} fired."
        return _card("Did it notice?", "nothing to notice", detail, "plain")
    came = [one for one in asked if one.detected_at_s is not None]
    lacking = [one.label for one in asked if one.detected_at_s is None]
    detail = "Every alert and action that was demanded came."
    if lacking:
        more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
        detail = f"Not: {escape(', '.join(lacking[:3]))}{more}."
    return _card("Did it notice?", f"{len(came)} of {len(asked)}", detail, "pass" if not lacking else _worst(asked))


def _in_time(judgement: Judgement) -> str:
    timed = [(one.margin_s, one) for one in judgement.expectations if one.margin_s is not None]
    if not timed:
        return _card("In time?", "–", "No deadline ran against something that came.", "plain")
    margin_s, tightest = min(timed, key=lambda one: one[0])
    latency = "" if tightest.latency_s is None else f", {tightest.latency_s:.3f} s after it was due"
    allowed = f"{tightest.deadline_s:g} s of {escape(tightest.of)} allowed"
    reply = f"{margin_s:.3f} s to spare" if margin_s >= 0 else f"{-margin_s:.3f} s late"
    late = sum(margin < 0 for margin, _ in timed)
    others = f" {late} of {len(timed)} came late." if late else f" Tightest of {len(timed)}." if len(timed) > 1 else ""
    detail = f"{escape(tightest.label)}{latency}; {allowed}.{others}"
    return _card("In time?", reply, detail, "pass" if not late else "fail")


def _false_alarms(judgement: Judgement) -> str:
    count = len(judgement.false_alarms)
    names = sorted({f"{one.alert} {one.asset}" for one in judgement.false_alarms})
    detail = f"{_count(len(judgement.alerts), 'alert')} fired; each is held against the truth."
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        detail = f"{escape(', '.join(names[:3]))}{more}."
    return _card("False alarms?", str(count) if count else "none", detail, "fail" if count else "pass")


def _known(judgement: Judgement) -> str:
    total = len(judgement.checks)
    held = sum(check.verdict == "pass" for check in judgement.checks)
    effects = [one.took_effect_at_s for one in judgement.injections if one.took_effect_at_s is not None]
    if effects:
        detail = f"Run and control exchange the same bytes until {clock(min(effects))}, when harm first showed."
    elif judgement.injections:
        detail = "No injection showed on any wire."
    else:
        detail = "Nothing was injected."
    mood = "pass" if held == total else _worst(judgement.checks)
    link = '<a href="#trust">what was checked</a>'
    return _card("How do we know?", f"{held} of {total} checks hold", f"{detail} See {link}.", mood)


def _worst(judged: Sequence[Expectation] | Sequence[Check]) -> str:
    verdicts = [one.verdict for one in judged]
    return "fail" if "fail" in verdicts else "unknown" if "unknown" in verdicts else "pass"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
