"""What an event depends on, from the arms in which it is there and those in which it is gone."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from correlator.cause.graph import Influence
from correlator.cause.presence import UNKNOWN, Presence
from correlator.cause.removal import Removed, depend

S = 10**9
THERE, GONE = Presence("there", 0), Presence("gone")


def test_a_single_injection_is_necessary_for_what_the_control_does_not_have() -> None:
    found = depend("alert:0", ["slide"], {("slide",): GONE})
    assert (found.in_control, found.influences) == (False, [Influence("slide", "necessary")])
    assert (found.depends_on, found.removals, found.note) == (["slide"], [["slide"]], "")


def test_what_fires_in_the_control_is_credited_to_none_whatever_it_is_gone_without() -> None:
    found = depend("alert:0", ["a", "b"], {("a",): GONE, ("b",): THERE, ("a", "b"): THERE})
    assert found.in_control is True
    assert (found.depends_on, found.removals) == ([], [])
    assert found.influences == [Influence("a", "necessary"), Influence("b", "independent", 0.0)]


def test_of_two_each_of_which_would_do_either_is_said() -> None:
    found = depend("alert:0", ["a", "b"], {("a",): THERE, ("b",): Presence("there", -2 * S), ("a", "b"): GONE})
    assert found.influences == [Influence("a", "either", 0.0), Influence("b", "either", -2.0)]
    assert (found.depends_on, found.removals, found.note) == (["a", "b"], [["a", "b"]], "")


def test_of_three_without_larger_subsets_it_is_said_that_which_is_not_known() -> None:
    singles: dict[Removed, Presence] = {(name,): THERE for name in "abc"}
    found = depend("alert:0", ["a", "b", "c"], {**singles, ("a", "b", "c"): GONE})
    assert (found.depends_on, found.removals) == (["a", "b", "c"], [["a", "b", "c"]])
    assert found.note == (
        "none of a, b, c is needed by itself; runs without two of them tell more: lab run --removals all"
    )


def test_of_three_with_larger_subsets_the_idle_one_is_told_apart() -> None:
    arms: dict[Removed, Presence] = {(name,): THERE for name in "abc"}
    arms |= {("a", "b"): THERE, ("a", "c"): GONE, ("b", "c"): THERE, ("a", "b", "c"): GONE}
    found = depend("alert:0", ["a", "b", "c"], arms)
    assert (found.depends_on, found.removals, found.note) == (["a", "c"], [["a", "c"]], "")
    assert [one.strength for one in found.influences] == ["either", "independent", "either"]


def test_what_comes_at_another_time_is_shifted_and_by_how_much_is_told() -> None:
    arms = {("a",): GONE, ("b",): Presence("stood", 247 * S), ("c",): Presence("there", S - 1), ("a", "b", "c"): GONE}
    found = depend("alert:0", ["a", "b", "c"], arms)
    assert found.influences == [
        Influence("a", "necessary"), Influence("b", "shifted", 247.0), Influence("c", "independent", 1.0)
    ]  # fmt: skip
    assert found.depends_on == ["a"]


def test_what_would_come_only_later_depends_on_what_brought_it_forward() -> None:
    found = depend("alert:0", ["a", "b"], {("a",): GONE, ("b",): Presence("moved", -90 * S), ("a", "b"): GONE})
    assert found.influences == [Influence("a", "necessary"), Influence("b", "shifted", -90.0)]
    assert (found.depends_on, found.removals) == (["a", "b"], [["a"], ["b"]])


def test_an_arm_that_is_missing_or_unreadable_leaves_it_unknown() -> None:
    found = depend("alert:0", ["a", "b"], {("a",): UNKNOWN, ("a", "b"): GONE})
    assert found.influences == [Influence("a", "unknown"), Influence("b", "unknown")]
    assert found.note == "no run without a or b tells whether it comes without"


def test_without_a_control_nothing_is_credited() -> None:
    found = depend("alert:0", ["a", "b"], {("a",): GONE, ("b",): THERE})
    assert (found.in_control, found.depends_on) == (None, [])
    assert found.note == "no run without any injection tells whether it comes of itself"


NAMES = ("a", "b", "c", "d")
subsets = st.frozensets(st.sampled_from(NAMES), min_size=1)


@given(st.lists(subsets, min_size=1, max_size=4))
def test_with_every_subset_left_out_the_smallest_removals_are_those_that_strike_every_cause(
    causes: list[frozenset[str]],
) -> None:
    """An event comes if all injections of some cause are there: what does away with it strikes every cause."""
    removed = [left_out for size in range(1, 5) for left_out in combinations(NAMES, size)]
    arms = {left_out: THERE if any(not cause & set(left_out) for cause in causes) else GONE for left_out in removed}
    found = depend("alert:0", NAMES, arms)
    strikes = [set(one) for one in removed if all(cause & set(one) for cause in causes)]
    smallest = [sorted(one) for one in strikes if not any(other < one for other in strikes)]
    assert sorted(found.removals) == sorted(smallest)
    assert {one.injection for one in found.influences if one.strength == "necessary"} == {
        name for name in NAMES if all(name in cause for cause in causes)
    }
