"""Whether something that happened in the run happens in an arm too, and by how much it moved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.cause.presence import Presence, Stand, compare

S = 10**9


def stand(from_s: float, to_s: float | None) -> Stand:
    return Stand(round(from_s * S), None if to_s is None else round(to_s * S))


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ([(1_000, 1_200)], Presence("there", 0)),
        ([(1_030, 1_200)], Presence("there", -30 * S)),
        ([(1_060, 1_200)], Presence("there", -60 * S)),
        ([(970, 980)], Presence("there", 30 * S)),
        ([(500, None)], Presence("stood", 500 * S)),
        ([(500, 939)], Presence("gone")),
        ([(500, 940)], Presence("stood", 500 * S)),
        ([(1_061, 1_200)], Presence("moved", -61 * S)),
        ([(1_101, 1_200)], Presence("gone")),
        ([(500, None), (990, 1_000)], Presence("there", 10 * S)),
        ([], Presence("gone")),
    ],
)
def test_what_stood_from_1000_to_1100_s_in_the_run(
    theirs: list[tuple[float, float | None]], expected: Presence
) -> None:
    assert compare(stand(1_000, 1_100), [stand(*one) for one in theirs]) == expected


def test_what_stands_to_the_end_of_the_run_may_come_at_any_time_later() -> None:
    assert compare(stand(1_000, None), [stand(9_000, None)]) == Presence("moved", -8_000 * S)


def test_what_an_arm_that_ended_early_could_not_show_is_unknown_unless_it_was_there() -> None:
    assert compare(stand(1_000, None), [], 1_059 * S) == Presence("unknown")
    assert compare(stand(1_000, None), [], 1_060 * S) == Presence("gone")
    assert compare(stand(1_000, None), [stand(995, None)], 1_001 * S) == Presence("there", 5 * S)


times = st.integers(0, 3_000)
stands = st.lists(st.tuples(times, st.one_of(st.none(), times)), max_size=5).map(
    lambda ends: sorted(
        (stand(from_s, None if lasts_s is None else from_s + lasts_s) for from_s, lasts_s in ends),
        key=lambda one: one.from_ns,
    )
)


@given(stands.filter(bool), st.integers(0, 4))
def test_an_arm_in_which_the_same_happened_has_everything_there_at_its_moment(ours: list[Stand], which: int) -> None:
    one = ours[which % len(ours)]
    assert compare(one, ours) == Presence("there", 0)


@given(stands.filter(bool), stands, st.integers(1, 10**6))
def test_what_time_it_is_does_not_matter(ours: list[Stand], theirs: list[Stand], later_s: int) -> None:
    def later(one: Stand) -> Stand:
        return Stand(one.from_ns + later_s * S, None if one.to_ns is None else one.to_ns + later_s * S)

    assert compare(later(ours[0]), map(later, theirs)) == compare(ours[0], theirs)
