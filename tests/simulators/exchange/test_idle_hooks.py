"""An exchange to which nothing is done says what one says to which nothing can be done."""

from __future__ import annotations

from benchmarks.fault_hooks import measure


def test_idle_fault_hooks_change_no_reply_and_no_report() -> None:
    names = [figure.name for figure in measure(rounds=1)]  # raises where the two say different things
    assert names == [
        "exchange core",
        "a client's request, with idle fault hooks",
        "the same without them",
        "what the idle hooks cost",
    ]
