"""Assertions: every quantity by hand, and the probe against a look at every moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.judge import judge
from correlator.truth.probe import Probe
from correlator.verdict import AssertionOutcome

S = 10**9


@pytest.fixture
def asserted(new_story: Any, tmp_path: Path) -> Any:
    """What becomes of one assertion in a quiet run of ten minutes, plus what is told."""

    def asserted(tell: Any, ended_s: float | None = None, ending: str = "completed", **asked: Any) -> AssertionOutcome:
        story = new_story(assertions=[asked]).found_world(btc=100).alive()
        for at_s in range(0, 600, 5):
            story.quote(at_s, 0, 1.0)
            story.quote(at_s, 1, 24_000, tick=0.01)
        tell(story)
        path = story.write(tmp_path / "run.journal", ended_s=ended_s, ending=ending)
        (found,) = judge(path, None).assertions
        return found

    return asserted


def nothing(story: Any) -> None:
    """A quiet run."""


def dip(story: Any) -> None:
    """BTC falls to 23,900 USD for a second."""
    story.quote(301, 1, 23_900, tick=0.01)
    story.quote(302, 1, 24_000, tick=0.01)


LOW, BOOK = 4.395e6, "apex:BTC/USD"
EQUITY = 100 * 24_000 + 1_000_000 + 1_000_000


@pytest.mark.parametrize(
    ("tell", "asked", "verdict", "observed", "observed_at_s"),
    [
        (nothing, {"quantity": "equity", "at_ns": 300 * S, "op": "at_least", "value": EQUITY}, "pass", EQUITY, 300),
        (nothing, {"quantity": "equity", "at_ns": 300 * S, "op": "above", "value": EQUITY}, "fail", EQUITY, 300),
        (dip, {"quantity": "equity", "from_ns": 60 * S, "op": "above", "value": LOW}, "fail", 4.39e6, 301),
        (dip, {"quantity": "equity", "from_ns": 302 * S, "op": "above", "value": LOW}, "pass", EQUITY, 302),
        (dip, {"quantity": "equity", "from_ns": 0, "to_ns": 300 * S, "op": "above", "value": LOW}, "pass", EQUITY, 0),
        (dip, {"quantity": "drawdown", "from_ns": 0, "op": "at_most", "value": 0.2}, "fail", 100 / 440, 301),
        (dip, {"quantity": "mid", "of": BOOK, "from_ns": 0, "op": "above", "value": 23_900}, "fail", 23_900, 301),
        (nothing, {"quantity": "position", "of": "BTC", "at_ns": 9 * S, "op": "at_most", "value": 100}, "pass", 100, 9),
        (dip, {"quantity": "notional", "of": "BTC", "at_ns": 301 * S, "op": "below", "value": 3e6},
         "pass", 2.39e6, 301),
        (nothing, {"quantity": "unsettled", "at_ns": 9 * S, "op": "at_most", "value": 0}, "pass", 0, 9),
    ],
)  # fmt: skip
def test_what_hangs_on_prices(
    asserted: Any, tell: Any, asked: dict[str, Any], verdict: str, observed: float, observed_at_s: float
) -> None:
    found = asserted(tell, **asked)
    assert (found.verdict, found.observed_at_s) == (verdict, observed_at_s)
    assert found.observed == pytest.approx(observed)


def test_spread_in_basis_points_of_the_middle(asserted: Any) -> None:
    def wide(story: Any) -> None:
        story.audit("quote", 301, "apex", 1, 2_399_000, 5, 2_401_000, 5)

    asked = {"quantity": "spread_bp", "of": "apex:BTC/USD", "from_ns": 60 * S, "op": "below"}
    found = asserted(wide, **asked, value=8)
    assert (found.verdict, found.observed_at_s, found.unit) == ("fail", 301, "bp")
    assert found.observed == pytest.approx(2_000 / 2_400_000 * 10_000)
    assert asserted(wide, **asked, value=8.4).verdict == "pass"


def test_what_has_no_value_at_some_moment_proves_nothing(asserted: Any) -> None:
    def empty(story: Any) -> None:
        story.audit("quote", 301, "apex", 1, 2_400_000, 5, 0, 0)

    for quantity in ("mid", "spread_bp"):
        asked = {"quantity": quantity, "of": "apex:BTC/USD", "from_ns": 60 * S, "op": "at_least", "value": 0}
        found = asserted(empty, **asked)
        assert (found.verdict, found.reason) == (
            "unknown",
            "it had no value at 301.000 s: whether it was at least 0 bp cannot be told"
            if quantity == "spread_bp"
            else "it had no value at 301.000 s: whether it was at least 0 cannot be told",
        )


def trade(story: Any) -> None:
    """Two orders rest from 100 and 110 s on; one is filled at 120 s, one is cancelled at 130 s."""
    story.order(100, 1).order(110, 2)
    story.audit("fill", 120, "apex", 1, 1, 2_400_000, 100, "sell", "street", 0, "master", 1, 0, 0)
    story.order(130, 2, "cancelled").order(131, 3, account="street")


@pytest.mark.parametrize(
    ("of", "from_s", "to_s", "most"),
    [(None, 0, 99, 0), (None, 0, 600, 2), ("apex:master", 115, 118, 2), (None, 120, 129, 1), (None, 130, 600, 0),
     ("apex:other", 0, 600, 0)],
)  # fmt: skip
def test_open_orders_are_those_that_stand(asserted: Any, of: str | None, from_s: int, to_s: int, most: int) -> None:
    asked = {"quantity": "open_orders", "of": of, "from_ns": from_s * S, "to_ns": to_s * S, "op": "at_most"}
    found = asserted(trade, **asked, value=most)
    assert (found.verdict, found.observed) == ("pass", most)
    assert asserted(trade, **asked, value=most - 1).verdict == "fail"


@pytest.mark.parametrize(("at_s", "orders"), [(99, 0), (100, 1), (110, 2), (159, 2), (160, 1), (170, 0), (599, 0)])
def test_orders_per_minute_are_those_of_the_last_minute(asserted: Any, at_s: int, orders: int) -> None:
    asked = {"quantity": "orders_per_minute", "of": "apex:master", "at_ns": at_s * S, "op": "at_least", "value": orders}
    assert asserted(trade, **asked).observed == orders


def test_an_order_leaves_the_minute_in_the_moment_in_which_another_enters_it(asserted: Any) -> None:
    asked = {"quantity": "orders_per_minute", "of": "apex:master", "at_ns": 160 * S, "op": "at_most", "value": 1}
    assert asserted(lambda story: story.order(100, 1).order(160, 2), **asked).observed == 1


@pytest.mark.parametrize(("at_s", "firing"), [(99, 0), (100, 1), (149, 1), (150, 0)])
def test_alerts_that_fire_are_counted(asserted: Any, at_s: int, firing: int) -> None:
    asked = {"quantity": "alerts_firing", "at_ns": at_s * S, "op": "at_most", "value": 0}
    found = asserted(lambda story: story.alert(100, 150), **asked)
    assert (found.observed, found.verdict) == (firing, "fail" if firing else "pass")


def test_run_that_ended_before_the_bound_had_to_hold_is_unknown_unless_it_was_broken(asserted: Any) -> None:
    asked = {"quantity": "equity", "from_ns": 60 * S, "to_ns": 500 * S, "op": "above", "value": 4.395e6}
    found = asserted(nothing, ended_s=400, ending="stopped", **asked)
    assert (found.verdict, found.reason) == ("unknown", "the run ended at 400.000 s, before it had to hold no longer")
    assert asserted(dip, ended_s=400, ending="stopped", **asked).verdict == "fail"


VALUES = st.one_of(st.integers(-5, 5).map(float), st.just(float("nan")))


@settings(max_examples=300, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(1, 5), VALUES), min_size=1, max_size=20),
    op=st.sampled_from(("above", "below", "at_least", "at_most")),
    bound=st.integers(-5, 5),
    from_ns=st.integers(0, 60),
    lasts_ns=st.integers(0, 60),
    cut=st.integers(0, 20),
)
def test_the_probe_tells_what_a_look_at_every_moment_tells(
    steps: list[tuple[int, float]], op: str, bound: int, from_ns: int, lasts_ns: int, cut: int
) -> None:
    times, values, at_ns = [], [], 0
    for gap_ns, value in steps:
        times.append(at_ns)
        values.append(value)
        at_ns += gap_ns
    end_ns, to_ns = at_ns, from_ns + lasts_ns
    at_each = {
        moment: next(value for time, value in zip(reversed(times), reversed(values), strict=True) if time <= moment)
        for moment in range(from_ns, min(to_ns, end_ns - 1) + 1)
    }
    known = {moment: value for moment, value in at_each.items() if value == value}
    pick = min if op in ("above", "at_least") else max
    worst = pick(known.values(), default=None)
    holds = {"above": "__gt__", "below": "__lt__", "at_least": "__ge__", "at_most": "__le__"}[op]
    expected = (
        worst,
        next((moment for moment, value in known.items() if value == worst), None),
        next((moment for moment, value in at_each.items() if value != value), None),
        any(not getattr(value, holds)(float(bound)) for value in known.values()),
    )
    told, columns = Probe(op, bound, from_ns, to_ns), Probe(op, bound, from_ns, to_ns)
    for time, value in zip(times, values, strict=True):
        told.set(time, value)
    told.finish(end_ns - 1)
    ends = [*times[1:], end_ns]
    for part in (slice(None, cut), slice(cut, None)):
        if times[part]:
            columns.update(
                np.array(times[part], np.int64), np.array(ends[part], np.int64), np.array(values[part], np.float64)
            )
    for probe in (told, columns):
        assert (probe.worst, probe.worst_ns, probe.undefined_ns, probe.is_broken) == expected
