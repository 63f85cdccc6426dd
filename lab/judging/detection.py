"""Detection: what became of an expected alert or action itself, whatever had to follow it."""

from __future__ import annotations

from correlator.verdict import ExpectationOutcome, Outcome

_FOLLOWED = ("not_escalated", "not_resolved", "not_contained", "lost_too_much", "orders_went_on")


def detection_of(one: ExpectationOutcome) -> Outcome:
    """The outcome of the alert or action. A judged expectation tells that of its worst part, which may be that the
    alert did not resolve, or had nothing to resolve; then the alert itself fared better.

    Where what followed failed, and nothing came, it was in doubt whether anything had to.
    """
    followed = [each for each in (one.escalated, one.resolved, one.contained) if each is not None]
    worst = (one.verdict, one.outcome, one.reason)
    if one.outcome not in _FOLLOWED and all((each.verdict, each.outcome, each.reason) != worst for each in followed):
        return one.outcome
    if one.verdict == "unknown" or one.detected_at_s is not None:
        return "detected" if one.action is None else "taken"
    return "never_due" if one.due_at_s is None else "doubtful"
