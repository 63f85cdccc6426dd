"""``clock_drift`` against exact arithmetic: two clocks that run straight on between the moments at which they are set.

From ``docs/reference/mandates.md``: |the venue's clock − the monitor's|, beyond its bound and the two others.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from correlator import records
from correlator.limits import read_limits
from correlator.truth.gauge import GaugeBoard
from correlator.truth.series import Buckets
from correlator.truth.world import World

SECOND_NS = 10**9
START_NS = 1_676_851_200_000_000_000
LIMITS = """
schema: riskproof-limits/1
limits: {clock_drift: {each: {warning: 30 ms, high: 100 ms}, boreal: {high: 0 ms}, for: 2 s}}
"""
Spans = list[tuple[Fraction, Fraction]]
changes = st.lists(
    st.tuples(
        st.sampled_from((0, 1_000_003, SECOND_NS // 3, SECOND_NS, 7 * SECOND_NS)),
        st.sampled_from(("apex", "boreal", "monitor")),
        st.integers(-300, 300).map(lambda tenths: tenths * 1_000_003),
        st.sampled_from((0, 0, 7_000_000, -7_000_000, 60_000_001, -60_000_001)),
    ),
    max_size=12,
)


def beyond(told: list[tuple[int, str, int, int]], venue: str, bound_ns: int, end_ns: int) -> Spans:
    """When the two clocks were more than a bound apart; from one moment to the next they part in a straight line."""
    spans: Spans = []
    moments = sorted({START_NS, end_ns, *(at_ns for at_ns, *_ in told)})
    for from_ns, to_ns in zip(moments, [*moments[1:], end_ns], strict=True):
        offset, slope = Fraction(0), Fraction(0)
        for sign, source in ((1, venue), (-1, "monitor")):
            latest = [each for each in told if each[1] == source and each[0] <= from_ns][-1:]
            for at_ns, _, offset_ns, drift_ppb in latest:
                offset += sign * (offset_ns + Fraction(drift_ppb * (from_ns - at_ns), SECOND_NS))
                slope += sign * Fraction(drift_ppb, SECOND_NS)
        crossings = [(side * bound_ns - offset) / slope for side in (1, -1)] if slope else []
        inner = sorted(at for at in {*crossings} if 0 < at < to_ns - from_ns)
        edges = [Fraction(0), *inner, Fraction(to_ns - from_ns)]
        for begins, ends in pairwise(edges):
            if abs(offset + slope * (begins + ends) / 2) <= bound_ns or begins == ends:
                continue
            if spans and spans[-1][1] == from_ns + begins:
                spans[-1] = (spans[-1][0], from_ns + ends)
            else:
                spans.append((from_ns + begins, from_ns + ends))
    return spans


@settings(max_examples=200, deadline=None)
@given(drawn=changes, batch=st.sampled_from((1, 3, 100)))
def test_clock_drift_equals_exact_arithmetic(drawn: Any, batch: int) -> None:
    told: list[tuple[int, str, int, int]] = []
    at_ns = START_NS
    for wait_ns, source, offset_ns, drift_ppb in drawn:
        at_ns += wait_ns
        told.append((at_ns, source, offset_ns, drift_ppb))
    end_ns = at_ns + 9 * SECOND_NS
    board = GaugeBoard(read_limits(LIMITS), Buckets(START_NS, end_ns))
    failures: dict[str, str] = {}
    world = World(board.limits, board, START_NS, failures)
    history: list[records.AuditRecord] = []
    for asset in ("USD", "BTC"):
        history.append(records.Asset(len(history) + 1, START_NS, "world", 0, asset, 8))
    for venue in ("apex", "boreal"):
        history.append(records.Account(len(history) + 1, START_NS, venue, 0, "master", "firm"))
        history.append(records.Listing(len(history) + 1, START_NS, venue, 0, "BTC/USD", 0, "BTC", "USD", "1", "1"))
    world.take(history)
    clocks = [
        records.Clock(len(history) + place, moment_ns, source, 0, offset_ns, drift_ppb)
        for place, (moment_ns, source, offset_ns, drift_ppb) in enumerate(told, start=1)
    ]
    for place in range(0, len(clocks), batch):
        world.take(clocks[place : place + batch])
    world.finish(end_ns)
    board.finish(end_ns)
    assert failures == {}
    rules = [rule for rule in board.rules() if rule.mandate == "clock_drift"]
    assert [(rule.subject, rule.severity) for rule in rules] == [
        ("apex", "warning"),
        ("apex", "high"),
        ("boreal", "high"),
    ]
    for rule in rules:
        for tracker, doubt_ns in zip((rule.tracker, rule.near, rule.far), (0, -20_000_000, 20_000_000), strict=True):
            assert tracker is not None
            bound_ns = round(rule.tracker.bound * 1e9) + doubt_ns
            if bound_ns < 0:
                continue  # always beyond it
            expected = [span for span in beyond(told, rule.subject, bound_ns, end_ns) if span[1] - span[0] > 200]
            found = [
                (one.begins_ns, one.ends_ns or end_ns, one.due_ns)
                for one in tracker.intervals
                if (one.ends_ns or end_ns) - one.begins_ns > 200
            ]
            assert len(found) == len(expected), (rule.subject, rule.severity, doubt_ns, found, expected)
            for (begins_ns, ends_ns, due_ns), (begins, ends) in zip(found, expected, strict=True):
                assert abs(begins_ns - begins) <= 200
                assert abs(ends_ns - ends) <= 200
                if abs(ends_ns - begins_ns - 2 * SECOND_NS) > 400:
                    assert due_ns == (begins_ns + 2 * SECOND_NS if ends_ns - begins_ns > 2 * SECOND_NS else None)
