"""Repeated executions by hand: what counts, and what begins the count anew."""

from __future__ import annotations

from correlator.limits import read_limits
from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.repeated_execution import _Row
from correlator.truth.series import Buckets

SECOND_NS = 1_000_000_000
LIMITS = """
schema: riskproof-limits/1
limits:
  repeated_execution: {each: {high: 1 times}, window: 60 s}
"""


def test_an_order_that_was_counted_does_not_count_again_after_another_fill_came_between() -> None:
    board = GaugeBoard(read_limits(LIMITS), Buckets(0, 100 * SECOND_NS))
    gauge = board.bound("repeated_execution", "apex:maker")
    assert gauge is not None
    row = _Row(gauge, 60 * SECOND_NS)
    buy, sell = (0, "buy", 5), (0, "sell", 5)
    for second, order, kind in (
        (1, 1, buy),
        (2, 2, buy),
        (3, 3, sell),
        (4, 1, buy),
        (5, 2, buy),
        (6, 4, buy),
        (7, 5, buy),
    ):
        row.execute(second * SECOND_NS, second, order, kind)
    board.finish(8 * SECOND_NS)
    (rule,) = board.rules()
    assert [
        (one.begins_ns // SECOND_NS, one.ends_ns and one.ends_ns // SECOND_NS) for one in rule.tracker.intervals
    ] == [
        (2, 3),
        (7, None),
    ]
