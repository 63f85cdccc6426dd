"""Without harm: whether an alert comes where nothing is injected too, as far as anybody knows."""

from __future__ import annotations

from correlator.verdict import Judgement


def comes_without_harm(judgement: Judgement) -> list[bool | None]:
    """For each alert of a judgement, in its order. None: no control tells; where no harm began, all of them do."""
    if all(one.began_at_s is None for one in judgement.injections):
        return [True for _ in judgement.alerts]
    untold = {found.node for found in judgement.causes.dependences if found.in_control is None}
    return [None if f"alert:{place}" in untold else one.in_control for place, one in enumerate(judgement.alerts)]
