import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.custodian.calendar import (
    DAY_NS,
    MINUTE_NS,
    SettlementCalendar,
    format_date,
    parse_date,
    parse_terms,
    parse_time_of_day,
)

HOUR_NS = 60 * MINUTE_NS
CUT_OFFS = ("00:00", "08:00", "16:00")


def moment(text: str) -> int:
    """Nanoseconds of ``YYYY-MM-DD HH:MM`` UTC, by the standard library's own arithmetic."""
    then = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
    return int(then.timestamp()) * 1_000_000_000


def calendar(**options: object) -> SettlementCalendar:
    return SettlementCalendar(CUT_OFFS, "18:00", 4 * HOUR_NS, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2023-02-20 00:00", "2023-02-20 08:00"),
        ("2023-02-20 07:59", "2023-02-20 08:00"),
        ("2023-02-20 08:00", "2023-02-20 16:00"),
        ("2023-02-20 16:00", "2023-02-21 00:00"),
        ("2023-02-28 23:59", "2023-03-01 00:00"),
    ],
)
def test_the_next_cut_off_is_strictly_later(now: str, expected: str) -> None:
    assert calendar().next_cut_off_ns(moment(now)) == moment(expected)


@pytest.mark.parametrize(
    ("cut_off", "terms", "contracted"),
    [
        ("2023-02-20 08:00", 0, "2023-02-20 18:00"),  # Monday, the same day
        ("2023-02-20 16:00", 0, "2023-02-20 20:00"),  # not less than 4 h after the cut-off
        ("2023-02-21 00:00", 0, "2023-02-21 04:00"),  # Monday's last session: Monday's time has passed
        ("2023-02-20 08:00", 1, "2023-02-21 18:00"),
        ("2023-02-21 00:00", 1, "2023-02-21 18:00"),  # still Monday's session
        ("2023-02-20 08:00", 2, "2023-02-22 18:00"),
        ("2023-02-24 16:00", 1, "2023-02-27 18:00"),  # Friday to Monday
        ("2023-02-25 08:00", 0, "2023-02-27 18:00"),  # Saturday
        ("2023-02-25 08:00", 1, "2023-02-27 18:00"),
        ("2023-02-23 08:00", 2, "2023-02-27 18:00"),
    ],
)
def test_contracted_times_on_weekdays(cut_off: str, terms: int, contracted: str) -> None:
    assert calendar(weekends_off=True).contracted_ns(moment(cut_off), terms) == moment(contracted)


def test_desks_that_settle_on_all_days_settle_on_saturdays() -> None:
    assert calendar().contracted_ns(moment("2023-02-24 16:00"), 1) == moment("2023-02-25 18:00")


def test_holidays_are_skipped_like_weekends() -> None:
    closed = calendar(weekends_off=True, holidays=("2023-02-27", "2023-02-28"))
    assert closed.contracted_ns(moment("2023-02-24 16:00"), 1) == moment("2023-03-01 18:00")
    assert calendar(holidays=("2023-02-20",)).contracted_ns(moment("2023-02-20 08:00"), 0) == moment("2023-02-21 18:00")


@given(
    cut_off_minutes=st.integers(min_value=0, max_value=60 * 365 * 24 * 60),
    terms=st.integers(min_value=0, max_value=2),
    weekends_off=st.booleans(),
)
def test_contracted_times_agree_with_the_standard_library(cut_off_minutes: int, terms: int, weekends_off: bool) -> None:
    cut_off_ns = cut_off_minutes * MINUTE_NS
    contracted_ns = calendar(weekends_off=weekends_off).contracted_ns(cut_off_ns, terms)
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    ended = epoch + datetime.timedelta(minutes=cut_off_minutes) - datetime.timedelta(microseconds=1)
    day = ended.date()
    left = terms
    while left or (terms == 0 and weekends_off and day.weekday() >= 5):
        day += datetime.timedelta(days=1)
        if left and not (weekends_off and day.weekday() >= 5):
            left -= 1
    usual_ns = moment(f"{day.isoformat()} 18:00") if day.year >= 1970 else 0
    assert contracted_ns == max(usual_ns, cut_off_ns + 4 * HOUR_NS)


@given(st.integers(min_value=-3000, max_value=80_000))
def test_dates_read_back_as_written(day: int) -> None:
    assert parse_date(format_date(day)) == day
    assert moment(f"{format_date(day)} 00:00") == day * DAY_NS


@pytest.mark.parametrize("text", ["24:00", "8:00", "08:60", "0800", "", "noon"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time of day"):
        parse_time_of_day(text)


@pytest.mark.parametrize("text", ["T+3", "T", "T-1", "t+1"])
def test_what_are_no_terms_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="are not settlement terms"):
        parse_terms(text)
