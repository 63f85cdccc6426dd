"""What removal showed, in words: they claim what was seen and no more."""

from __future__ import annotations

from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from correlator.cause.presence import Presence
from correlator.cause.removal import Removed, depend
from correlator.cause.removal_told import because, sentences

S = 10**9
THERE, GONE = Presence("there", 0), Presence("gone")


def told(names: str, arms: dict[Removed, Presence]) -> tuple[str, list[str]]:
    found = depend("alert:0", list(names), arms)
    return because(found), sentences(found, "it", list(arms))


def subsets(names: str) -> list[Removed]:
    return [removed for size in range(1, len(names) + 1) for removed in combinations(names, size)]


def test_of_two_each_would_do_where_each_was_seen_to() -> None:
    assert told("ab", {("a",): THERE, ("b",): THERE, ("a", "b"): GONE}) == (
        "because of a or b",
        ["It is gone where a and b are left out together: each of them would do."],
    )


def test_of_three_of_which_one_may_be_idle_none_is_said_to_do() -> None:
    text, steps = told("abc", {("a",): THERE, ("b",): THERE, ("c",): THERE, ("a", "b", "c"): GONE})
    assert text == "because of a, b or c"
    assert steps == [
        "It is gone where a, b and c are left out together.",
        "None of a, b, c is needed by itself; runs without two of them tell more: lab run --removals all.",
    ]


def test_of_three_each_would_do_where_every_pair_was_left_out() -> None:
    arms = dict.fromkeys(subsets("abc"), THERE) | {("a", "b", "c"): GONE}
    assert told("abc", arms)[1] == ["It is gone where a, b and c are left out together: each of them would do."]


def test_two_that_do_together_what_a_third_does_alone_would_not_do_each() -> None:
    """The event comes by c, or by a and b together."""
    arms = {one: GONE if "c" in one and len(one) > 1 else THERE for one in subsets("abc")}
    assert told("abc", arms) == (
        "because of a or c and of b or c",
        ["It is gone where a and c are left out together.", "It is gone where b and c are left out together."],
    )


def test_what_is_needed_is_not_one_of_several_that_would_do() -> None:
    """The event comes by a with b, or by a with c."""
    arms = {one: GONE if "a" in one or len(one) > 1 else THERE for one in subsets("abc")}
    assert told("abc", arms) == (
        "because of a and of b or c",
        ["It is gone where b and c are left out together: each of them would do.", "Without a it does not come."],
    )


def test_one_whose_own_arm_is_missing_is_not_said_to_do() -> None:
    assert told("ab", {("b",): THERE, ("a", "b"): GONE})[1] == [
        "It is gone where a and b are left out together.",
        "Whether it comes without a is not known.",
        "No run without a tells whether it comes without.",
    ]


def test_what_only_brought_it_forward_is_not_told_as_what_it_is_because_of() -> None:
    arms = {("a",): GONE, ("b",): Presence("moved", -90 * S), ("a", "b"): GONE}
    assert told("ab", arms) == (
        "because of a, brought forward by b",
        ["Without a it does not come.", "Without b it comes 90.000 s later."],
    )
    assert told("b", {("b",): Presence("moved", -90 * S)})[0] == "brought forward by b"


def test_what_nothing_tells_of_depends_on_what_is_not_known() -> None:
    assert told("ab", {("a",): GONE})[0] == "what it depends on is not known"


causes = st.lists(st.frozensets(st.sampled_from("abcd"), min_size=1), min_size=1, max_size=4)


@given(causes, st.sets(st.sampled_from(subsets("abcd"))))
def test_whatever_is_said_to_do_would_do(found: list[frozenset[str]], seen: set[Removed]) -> None:
    """An event comes if all injections of some cause are there. Some arms were played, the control among them."""

    def comes(without: set[str]) -> bool:
        return any(not cause & without for cause in found)

    arms = {one: THERE if comes(set(one)) else GONE for one in sorted({*seen, ("a", "b", "c", "d")})}
    dependence = depend("alert:0", list("abcd"), arms)
    lines = sentences(dependence, "it", list(arms))
    for removed in dependence.removals:
        if any(f"{removed[-1]} are left out together: each of them would do" in line for line in lines):
            assert all(comes(set(removed) - {one}) for one in removed), (removed, lines)


@given(causes)
def test_with_every_arm_what_it_is_because_of_is_what_it_takes(found: list[frozenset[str]]) -> None:
    """Of each clause at least one injection: together they are when the event comes."""
    arms = {one: GONE if all(cause & set(one) for cause in found) else THERE for one in subsets("abcd")}
    dependence = depend("alert:0", list("abcd"), arms)
    for there in product((True, False), repeat=4):
        present = {name for name, is_there in zip("abcd", there, strict=True) if is_there}
        assert any(cause <= present for cause in found) == all(set(one) & present for one in dependence.removals)
