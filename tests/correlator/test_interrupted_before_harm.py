"""A run that is over before its first injection says so, and does not blame the injection."""

from __future__ import annotations

from correlator.injections import InjectionFacts, why_idle


def test_a_run_that_ends_before_its_injection_says_how_long_before(play) -> None:
    judged = play(ended_s=40, ending="interrupted", alert_at=None)
    assert judged.verdict == "unknown"
    assert judged.reasons[:2] == [
        "unknown: history: the run was interrupted after 40 s",
        "unknown: effects: never took effect: slide (the run was over 60 s before it was to begin)",
    ]
    assert judged.expectations[0].reason == "no injection began: slide: the run was over 60 s before it was to begin"


def test_an_injection_that_hangs_on_another_names_what_did_not_call_it(play) -> None:
    slide = {"inject": "slide", "fault": "stablecoin_depeg", "at_ns": 100 * 10**9, "for_ns": 500 * 10**9}
    after = {"injection": "slide", "phase": "ended"}
    timeline = [slide, {"inject": "next", "fault": "stablecoin_depeg", "at_ns": None, "after": after}]
    judged = play(ended_s=40, ending="interrupted", alert_at=None, timeline=timeline)
    effects = next(check for check in judged.checks if check.name == "effects")
    assert effects.reason == (
        "never took effect: slide (the run was over 60 s before it was to begin); "
        "next (the run was over before slide called it)"
    )


def test_in_a_run_that_reached_its_end_it_just_never_began() -> None:
    assert why_idle(InjectionFacts("slide", "stablecoin_depeg", 100, 200), None) == "it never began"
