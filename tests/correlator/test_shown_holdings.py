"""Since when the firm was shown to hold something: the same, whichever venue's replies are looked at first."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from correlator.limits import read_limits
from correlator.truth.elapsed import Elapsed
from correlator.truth.gauge import GaugeBoard
from correlator.truth.intervals import Interval
from correlator.truth.measures.visibility import Holdings
from correlator.truth.series import Buckets
from correlator.truth.shown.spells import Spells

END_NS = 1_000
shown = st.lists(
    st.tuples(st.integers(1, END_NS - 1), st.sampled_from(("apex", "boreal")), st.booleans(), st.booleans()),
    max_size=12,
).map(lambda drawn: sorted(drawn, key=lambda each: each[0]))


def held_by_definition(told: list[tuple[int, str, bool, bool]]) -> Spells:
    """When any venue's last word was that BTC is held, moment by moment."""
    inside = []
    for at_ns in range(END_NS):
        last = {venue: is_held for told_ns, venue, is_held, _ in told if told_ns <= at_ns}
        inside.append(any(last.values()))
    edges = [at_ns for at_ns, (before, now) in enumerate(pairwise([False, *inside, False])) if before != now]
    return list(zip(edges[::2], edges[1::2], strict=True))


@given(told=shown, first=st.sampled_from(("apex", "boreal")), rolls_ns=st.integers(1, END_NS))
def test_what_is_held_does_not_depend_on_whose_replies_come_first(told: Any, first: str, rolls_ns: int) -> None:
    holdings = Holdings()
    found: Spells = []
    for from_ns, to_ns in ((0, rolls_ns), (rolls_ns, END_NS)):
        of_batch = [each for each in told if from_ns < each[0] <= to_ns]
        for at_ns, venue, is_held, is_whole in sorted(of_batch, key=lambda each: each[1] != first):
            holdings.shown(at_ns, venue, "master", {"BTC": is_held}, is_whole=is_whole)
        holdings.settle()
        found += [(max(begin_ns, from_ns), end_ns) for begin_ns, end_ns in holdings.held("BTC", to_ns)]
        holdings.roll()
    joined: Spells = []
    for begin_ns, end_ns in found:
        if begin_ns >= end_ns:
            continue
        if joined and joined[-1][1] == begin_ns:
            joined[-1] = (joined[-1][0], end_ns)
        else:
            joined.append((begin_ns, end_ns))
    assert joined == held_by_definition(told)


@given(
    spans=st.lists(st.integers(1, 5_000), min_size=1, max_size=8),
    looks=st.lists(st.integers(1, 40_000), max_size=30),
)
def test_what_is_drawn_does_not_depend_on_how_often_one_looks(spans: list[int], looks: list[int]) -> None:
    limits = read_limits("schema: riskproof-limits/1\nlimits: {visibility: {firm: {high: 0 s}}}\n")

    def draw(moments: list[int]) -> tuple[list[tuple[float, float, float]], list[Interval]]:
        gauge = GaugeBoard(limits, Buckets(0, 40_000)).bound("visibility", "firm", default="firm")
        assert gauge is not None
        elapsed, at_ns = Elapsed(gauge), 0
        for place, span in enumerate(spans):
            if place % 2 == 0:
                elapsed.begin(at_ns, at_ns)
            for moment in moments:
                if at_ns <= moment < at_ns + span:
                    elapsed.advance(moment)
            at_ns += span
            if place % 2 == 0 and at_ns < sum(spans):
                elapsed.end(at_ns)
        elapsed.finish(at_ns)
        gauge.finish(at_ns)
        return gauge.envelope.points(at_ns), gauge.rules[0].tracker.intervals

    assert draw(sorted(looks)) == draw([])
