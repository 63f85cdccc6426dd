"""The coordinator begins what it must when it must, and whatever happens no fault outlives the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.laboratory.injections import Fault, InjectionCoordinator
from lab.laboratory.kernel import Kernel
from lab.scenario.model import After, Injection

END_NS = 1_000


class Journal:
    def __init__(self, kernel: Kernel) -> None:
        self.rows: list[tuple[int, str, str, str]] = []
        self._kernel = kernel

    def record(self, kind: str, source: str, cause: int, *body: Any) -> int:
        assert (kind, source) == ("injection", "coordinator")
        name, _, phase, _, _, _, detail = body
        self.rows.append((self._kernel.now_ns, name, phase, detail))
        return len(self.rows)


class Harm:
    """A fault that takes effect 5 ns after it began."""

    def __init__(self, kernel: Kernel, took_effect: Callable[[str], None], raises: str) -> None:
        self._kernel, self._took_effect, self._raises = kernel, took_effect, raises
        self.in_force = False

    def begin(self, cause: int) -> None:
        if self._raises == "begin":
            raise LookupError("there is no such account")
        self.in_force = True
        self._kernel.call_at(self._kernel.now_ns + 5, lambda _: self._took_effect("shown"))

    def end(self, cause: int) -> None:
        if self._raises == "end":
            raise RuntimeError("it would not go")
        self.in_force = False


class Room:
    """A kernel with a coordinator; ``raises``: name → begin, end or make."""

    def __init__(self, *timeline: Injection, **raises: str) -> None:
        self.kernel = Kernel(0)
        self.journal = Journal(self.kernel)
        self.harms: dict[str, Harm] = {}
        self._raises = raises
        self.coordinator = InjectionCoordinator(self.journal, self.kernel, self._make, lambda *_: None)
        self.coordinator.plan(timeline, 0, END_NS)

    def _make(self, injection: Injection, took_effect: Callable[[str], None]) -> Fault:
        raises = self._raises.get(injection.name, "")
        if raises == "make":
            raise ValueError("the firm has no custodian")
        self.harms[injection.name] = harm = Harm(self.kernel, took_effect, raises)
        return harm

    def history(self) -> list[tuple[int, str, str, str]]:
        return [row for row in self.journal.rows if row[2] != "planned"]


def injection(name: str, at_ns: int | None, for_ns: int = 100, after: After | None = None) -> Injection:
    return Injection(
        name=name, fault="feed_stall", at_ns=at_ns, after=after, for_ns=for_ns, scope={}, intensity=None, parameters={}
    )


def test_an_injection_that_follows_begins_so_long_after_the_phase_of_the_other() -> None:
    room = Room(
        injection("first", 100),
        injection("on_effect", None, 20, After("first", "took_effect", 10)),
        injection("on_end", None, 5_000, After("first", "ended")),
        injection("on_that", None, 10, After("on_effect", "began", 3)),
    )
    room.kernel.run_until(END_NS)
    assert room.coordinator.clear() == []
    assert [row[:3] for row in room.history()] == [
        (100, "first", "began"),
        (105, "first", "took_effect"),
        (115, "on_effect", "began"),
        (118, "on_that", "began"),
        (120, "on_effect", "took_effect"),
        (123, "on_that", "took_effect"),
        (128, "on_that", "ended"),
        (135, "on_effect", "ended"),
        (200, "first", "ended"),
        (200, "on_end", "began"),
        (205, "on_end", "took_effect"),
        (1000, "on_end", "ended"),
    ]


def test_what_would_follow_something_that_never_comes_says_so_at_the_end() -> None:
    room = Room(
        injection("refused", 100),
        injection("follower", None, after=After("refused", "took_effect")),
        injection("late", 950),
        injection("too_late", None, after=After("late", "began", 60)),
        refused="make",
    )
    room.kernel.run_until(END_NS)
    room.coordinator.clear()
    assert [row[1:] for row in room.history() if row[2] == "refused"] == [
        ("refused", "refused", "ValueError: the firm has no custodian"),
        ("follower", "refused", "refused never took effect"),
        ("too_late", "refused", "the run ended before its moment came"),
    ]


def test_a_run_that_ends_early_ends_every_fault_and_begins_no_other() -> None:
    room = Room(
        injection("one", 100, 800),
        injection("two", 200, 700),
        injection("three", 600),
        injection("follower", None, after=After("one", "ended")),
    )
    room.kernel.run_until(500)
    assert room.coordinator.clear() == []
    room.kernel.run_until(END_NS)
    assert [harm.in_force for harm in room.harms.values()] == [False, False]
    assert [row[:3] for row in room.history() if row[2] != "took_effect"] == [
        (100, "one", "began"),
        (200, "two", "began"),
        (500, "one", "ended"),
        (500, "two", "ended"),
        (500, "follower", "refused"),
    ]


def test_a_fault_that_will_not_end_is_told_and_keeps_no_other_from_ending() -> None:
    room = Room(injection("stuck", 100, 800), injection("other", 200, 700), stuck="end")
    room.kernel.run_until(500)
    assert room.coordinator.clear() == ["stuck: its end failed: RuntimeError: it would not go"]
    assert [row for row in room.history() if row[2] == "ended"] == [
        (500, "stuck", "ended", ""),
        (500, "stuck", "ended", "its end failed: RuntimeError: it would not go"),
        (500, "other", "ended", ""),
    ]
    assert not room.harms["other"].in_force


def test_a_fault_on_something_that_is_not_there_is_refused_and_the_run_goes_on() -> None:
    room = Room(injection("lost", 100), injection("found", 200), lost="begin")
    assert room.kernel.run_until(END_NS)
    assert room.coordinator.clear() == []
    assert [row[1:] for row in room.history() if row[1] == "lost"] == [
        ("lost", "began", ""),
        ("lost", "refused", "LookupError: there is no such account"),
    ]
    assert [row[2] for row in room.history() if row[1] == "found"] == ["began", "took_effect", "ended"]
