"""Axes: ranges with units as people write them, and the errors of those that are none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.scenario.errors import ScenarioError
from lab.scenario.units import parse_duration, parse_share
from lab.tuning.vary import Axis, duration_text, number_text, parse_axis, share_text


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        (
            "timeline.slide.intensity=10bp..500bp",
            Axis(path="timeline.slide.intensity", least=0.001, most=0.05, dimension="share", scale="log"),
        ),
        (
            "timeline.slide.ramp=1m..2h",
            Axis(path="timeline.slide.ramp", least=60e9, most=7200e9, dimension="duration", scale="log", step=1e6),
        ),
        (
            "limit_overrides.drawdown.firm.high=5 %..8 %",
            Axis(path="limit_overrides.drawdown.firm.high", least=0.05, most=0.08, dimension="share"),
        ),
        (
            "limit_overrides.position_limit.BTC.high=100 BTC..2k BTC:linear",
            Axis(path="limit_overrides.position_limit.BTC.high", least=100, most=2000, dimension="number", unit="BTC"),
        ),
        ("a.intensity=1..100", Axis(path="a.intensity", least=1, most=100, dimension="number", scale="log")),
    ],
)  # fmt: skip
def test_range_is_read_with_its_units(text: str, axis: Axis) -> None:
    assert parse_axis(text) == axis


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timeline.slide.ramp", "cannot be read; expected path=least..most, such as"),
        ("timeline.slide.ramp=1min", "cannot be read; expected path=least..most, such as"),
        ("a.b=2h..1h", "a.b: `2h` is not below `1h`: the range is empty; expected the smaller value first"),
        ("a.b=10bp..1h", "a.b: `10bp` and `1h` are in different units; expected two values of one kind"),
        ("a.b=50 USD..60 BTC", "a.b: `50 USD` and `60 BTC` are in different units; expected two values of one kind"),
        ("a.b=0bp..50bp:log", "a.b: `0bp` has no logarithm; expected a least value above zero"),
        ("a.b=1bp..50bp:cubic", "a.b: `cubic` is no scale; expected log or linear"),
        ("a.b=many..50bp", "a.b: `many` is not a duration; expected two numbers, shares (10bp)"),
    ],
)
def test_what_is_no_range_is_told_with_its_option(text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_axis(text)
    assert str(caught.value).startswith(f"--vary {text}: {message}")


@given(
    least=st.integers(1, 10**6), factor=st.integers(2, 1000), place=st.floats(0, 1), log=st.booleans(),
    dimension=st.sampled_from(("duration", "share", "number")),
)  # fmt: skip
def test_value_lies_in_the_range_and_reads_back_as_it_was_written(
    least: int, factor: int, place: float, log: bool, dimension: str
) -> None:
    scale = 1e6 if dimension == "duration" else 1e-9 if dimension == "share" else 1.0
    axis = Axis(
        path="a.b", least=least * scale, most=least * factor * scale, dimension=dimension,  # type: ignore[arg-type]
        scale="log" if log else "linear", step=1e6 if dimension == "duration" else 0.0,
    )  # fmt: skip
    value = axis.value(place)
    assert axis.least <= value <= axis.most
    text = axis.text(value)
    read: Callable[[str], float] = {"duration": parse_duration, "share": parse_share}.get(dimension, float)
    assert read(text) == pytest.approx(value, rel=1e-6, abs=1e-9)
    assert abs(axis.position(value) - place) < 0.51 or axis.most - axis.least < 4 * axis.step


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_is_written_without_exponent_and_to_the_last_digit(value: float) -> None:
    text = number_text(value)
    assert "e" not in text.lower()
    assert float(text) == value


@given(st.floats(0, 1))
def test_share_is_written_to_the_last_digit(value: float) -> None:
    assert parse_share(share_text(value)) == value


@given(st.integers(0, 10**16))
def test_duration_reads_back_as_it_was(duration_ns: int) -> None:
    assert parse_duration(duration_text(duration_ns)) == duration_ns


def test_duration_says_its_seconds_as_a_decimal() -> None:
    texts = [duration_text(seconds) for seconds in (17_780_000_000, 64_320_000_000, 90_000_000_000, 60_200_000_000)]
    assert texts == ["17.78s", "1min4.32s", "1min30s", "1min200ms"]
