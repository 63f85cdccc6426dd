"""What a stored run is held against when it is judged again under other deadlines."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest

from correlator.expectations import Containment, Expectation, Resolved
from lab.judging.rescoring import (
    RescoringError,
    parse_factor,
    parse_within,
    refuse_unknown,
    scale,
    set_deadline,
    told_deadline,
    told_factor,
)

S = 1_000_000_000
PEG = Expectation(alert="stablecoin_peg", within_ns=15 * S, asset="USDT", severity="high", resolves_within_ns=60 * S)
BREAKER = Expectation(
    alert=None, action="breaker", within_ns=30 * S, asset="maker", contain=Containment(20 * S, 1_000.0, 10 * S)
)
ASKED = Resolved(expect=[PEG, BREAKER], judge_all_ns=60 * S)


def test_a_factor_scales_every_deadline_and_no_sum_of_money() -> None:
    scaled = scale(ASKED, parse_factor("x0.5"))
    assert scaled.expect == [
        msgspec.structs.replace(PEG, within_ns=7_500_000_000, resolves_within_ns=30 * S),
        msgspec.structs.replace(BREAKER, within_ns=15 * S, contain=Containment(10 * S, 1_000.0, 5 * S)),
    ]
    assert scaled.judge_all_ns == 30 * S
    assert told_factor(Fraction(1, 2)) == "every deadline × 0.5"


def test_a_factor_of_one_changes_nothing() -> None:
    assert scale(ASKED, parse_factor("x1")) == ASKED


@pytest.mark.parametrize("text", ["0.5", "x0", "x-1", "xfast", "x", "x1/0", "x1e99"])
def test_a_factor_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RescoringError, match=r"expected x and a factor of more than 0, such as x0\.5"):
        parse_factor(text)


@pytest.mark.parametrize("text", ["stablecoin_peg=1min", "stablecoin_peg USDT=1min", "stablecoin_peg high USDT=1min"])
def test_a_deadline_is_set_for_what_it_names_only(text: str) -> None:
    changed = set_deadline(ASKED, parse_within(text))
    assert changed is not None
    assert [one.within_ns for one in changed.expect] == [60 * S, 30 * S]
    assert changed.judge_all_ns == 60 * S


def test_the_deadline_of_judge_all_is_set_by_its_name() -> None:
    changed = set_deadline(ASKED, parse_within("judge_all=5s"))
    assert changed is not None
    assert (changed.expect, changed.judge_all_ns) == (ASKED.expect, 5 * S)
    assert told_deadline(parse_within("stablecoin_peg  USDT=90s")) == "stablecoin_peg USDT within 1min30s"


@pytest.mark.parametrize("text", ["drawdown=10s", "stablecoin_peg BTC=10s", "judge_all USDT=10s"])
def test_a_deadline_of_what_is_not_expected_changes_nothing(text: str) -> None:
    assert set_deadline(ASKED, parse_within(text)) is None


def test_a_deadline_of_nothing_that_is_expected_is_refused_with_the_nearest_name() -> None:
    error = refuse_unknown(parse_within("stablecoin_pge=10s"), [ASKED])
    assert str(error) == (
        "--within stablecoin_pge=10s: no run expects stablecoin_pge; "
        "expected one of stablecoin_peg USDT high, breaker maker or judge_all; did you mean stablecoin_peg?"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stablecoin_peg", "expected NAME=DURATION"),
        ("=10s", "expected NAME=DURATION"),
        ("stablecoin_peg=10", "'10' has no unit; expected a duration such as 10s"),
        ("stablecoin_peg=0s", "expected a deadline of more than 0 s"),
    ],
)
def test_a_deadline_that_is_none_is_refused(text: str, told: str) -> None:
    with pytest.raises(RescoringError) as refused:
        parse_within(text)
    assert told in str(refused.value)
