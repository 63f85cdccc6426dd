"""Units: what is written is what is meant, exactly, and comes back as it was."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.scenario import units

MICROSECONDS = st.integers(min_value=0, max_value=units.LONGEST_NS // 1_000).map(lambda count: count * 1_000)


@given(MICROSECONDS)
def test_a_duration_comes_back_as_it_was(duration_ns: int) -> None:
    assert units.parse_duration(units.format_duration(duration_ns)) == duration_ns


@given(st.integers(min_value=1, max_value=9_900))
def test_a_share_comes_back_as_it_was(basis_points: int) -> None:
    share = units.parse_share(f"{basis_points} bp")
    assert units.parse_share(units.format_share(share)) == share
    assert share == basis_points / 10_000


@given(st.integers(min_value=4 * 10**13, max_value=7 * 10**15).map(lambda count: count * 1_000))
def test_an_instant_comes_back_as_it_was(instant_ns: int) -> None:
    assert units.parse_instant(units.format_instant(instant_ns)) == instant_ns


@given(st.decimals(min_value=0, max_value=10**9, places=4), st.sampled_from(["", "k", "M"]))
def test_an_amount_is_exact(number: Decimal, multiplier: str) -> None:
    factor = {"": 1, "k": 1_000, "M": 1_000_000}[multiplier]
    assert Decimal(units.parse_amount(f"{number}{multiplier}")) == number * factor


@pytest.mark.parametrize(
    ("text", "duration_ns"),
    [
        ("0s", 0),
        ("250 ms", 250_000_000),
        ("1h30min", 5_400_000_000_000),
        ("1.5h", 5_400_000_000_000),
        ("1d 2h", 93_600_000_000_000),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, duration_ns: int) -> None:
    assert units.parse_duration(text) == duration_ns


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("36", "has no unit"),
        ("-3h", "is negative"),
        ("3 hours", "is not a duration"),
        ("30min1h", "has its units out of order"),
        ("1h1h", "has its units out of order"),
        ("0.0000001 ms", "is finer than a nanosecond"),
        ("4000d", "is longer than ten years"),
        ("nan s", "is not a duration"),
        ("", "is not a duration"),
    ],
)
def test_what_is_no_duration_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        units.parse_duration(text)


def test_runs_are_spoken_of_in_hours_and_markets_in_days() -> None:
    hour_ns = 3_600 * units.NS_PER_SECOND
    assert [units.format_duration(hours * hour_ns) for hours in (36, 48, 95, 96, 18 * 24)] == [
        "36h",
        "48h",
        "95h",
        "4d",
        "18d",
    ]
