"""The kernel: order of calls, timers that move, named streams, and peace with plain simpy."""

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from lab.laboratory.kernel import Kernel, Streams

START_NS = 1_676_764_800_000_000_000


@given(st.lists(st.integers(0, 50), max_size=60))
def test_calls_run_by_time_and_then_in_the_order_of_asking(delays: list[int]) -> None:
    kernel = Kernel(START_NS)
    seen: list[tuple[int, int]] = []
    for number, delay in enumerate(delays):
        kernel.call_at(START_NS + delay, lambda number: seen.append((kernel.now_ns, number)), number)

    reached_end = kernel.run_until(START_NS + 100)

    assert seen == sorted((START_NS + delay, number) for number, delay in enumerate(delays))
    assert (reached_end, kernel.now_ns) == (True, START_NS + 100)


def test_a_call_in_the_past_is_refused() -> None:
    kernel = Kernel(START_NS)
    kernel.run_until(START_NS + 10)
    with pytest.raises(ValueError, match="has passed"):
        kernel.call_at(START_NS + 9, print)


def test_simpy_processes_and_calls_share_one_order() -> None:
    kernel = Kernel(0)
    seen: list[str] = []

    def process(env: simpy.Environment):  # type: ignore[no-untyped-def]
        for _ in range(3):
            yield env.timeout(10)
            seen.append(f"process {env.now}")

    kernel.process(process(kernel))
    for at_ns in (5, 10, 25):
        kernel.call_at(at_ns, lambda at_ns: seen.append(f"call {at_ns}"), at_ns)
    kernel.run_until(30)

    assert seen == ["call 5", "call 10", "process 10", "process 20", "call 25", "process 30"]


def test_simpys_own_run_and_step_accept_calls() -> None:
    kernel = Kernel(0)
    seen: list[int] = []
    for at_ns in (3, 7):
        kernel.call_at(at_ns, seen.append, at_ns)
    kernel.run(until=5)
    assert seen == [3]
    kernel.run(until=8)
    assert seen == [3, 7]
    kernel.step()  # what is left of run(until=8)
    with pytest.raises(simpy.core.EmptySchedule):
        kernel.step()


def test_stop_ends_the_run_after_the_present_entry() -> None:
    kernel = Kernel(0)
    seen: list[int] = []
    for at_ns in (1, 2, 3):
        kernel.call_at(at_ns, seen.append, at_ns)
    kernel.call_at(2, lambda _: kernel.stop())
    assert kernel.run_until(10) is False
    assert (seen, kernel.now_ns) == ([1, 2], 2)


def test_messages_calls_and_events_of_one_moment_keep_the_order_of_asking() -> None:
    kernel = Kernel(0)
    seen: list[object] = []
    kernel.message_at(5, lambda payload, cause: seen.append((payload, cause)), b"first", 7)
    kernel.call_at(5, seen.append, "second")
    kernel.timeout(5).callbacks.append(lambda _: seen.append("third"))
    kernel.message_at(5, lambda payload, cause: seen.append((payload, cause)), b"fourth", 8)
    assert kernel.run_until(5) is True
    assert seen == [(b"first", 7), "second", "third", (b"fourth", 8)]


def test_a_run_goes_on_after_a_stop_and_after_an_error_as_if_nothing_had_been() -> None:
    kernel = Kernel(0)
    seen: list[int] = []
    for at_ns in (1, 2, 3, 4):
        kernel.call_at(at_ns, seen.append, at_ns)

    def stop_twice(_: object) -> None:
        kernel.stop()
        kernel.stop()

    def fail(_: object) -> None:
        raise ZeroDivisionError

    kernel.call_at(1, stop_twice)
    kernel.call_at(2, fail)
    assert kernel.run_until(10) is False
    with pytest.raises(ZeroDivisionError):
        kernel.run_until(10)
    assert (seen, kernel.now_ns) == ([1, 2], 2)
    assert kernel.run_until(12) is True
    assert (seen, kernel.now_ns, kernel._queue) == ([1, 2, 3, 4], 12, [])


def test_a_stop_before_the_run_ends_it_before_it_begins() -> None:
    kernel = Kernel(0)
    seen: list[int] = []
    kernel.call_at(0, seen.append, 0)
    kernel.stop()
    assert (kernel.run_until(10), seen, kernel.now_ns) == (False, [], 0)
    assert (kernel.run_until(10), seen, kernel.now_ns) == (True, [0], 10)


@given(st.lists(st.tuples(st.integers(0, 40), st.one_of(st.none(), st.integers(1, 40))), max_size=40))
def test_a_timer_rings_only_at_its_last_arming(moves: list[tuple[int, int | None]]) -> None:
    """Against the obvious model: remember the wanted time, ring when the clock gets there."""
    kernel = Kernel(1)
    rung: list[int] = []
    timer = kernel.timer(lambda: rung.append(kernel.now_ns))
    expected: list[int] = []
    wanted: int | None = None
    now_ns = 1
    for pause, ahead in moves:
        if wanted is not None and wanted <= now_ns + pause:
            expected.append(wanted)
            wanted = None
        now_ns += pause
        kernel.run_until(now_ns)
        if ahead is None:
            timer.cancel()
            wanted = None
        else:
            timer.arm(now_ns + ahead)
            wanted = now_ns + ahead
    kernel.run_until(now_ns + 1_000)
    if wanted is not None:
        expected.append(wanted)
    assert rung == expected


def test_a_timer_moved_with_every_message_costs_no_queue_entry_each() -> None:
    kernel = Kernel(0)
    timer = kernel.timer(lambda: None)
    for later_ns in range(1_000, 2_000):
        timer.arm(later_ns)
    assert len(kernel._queue) == 1


def test_a_stream_depends_on_seed_and_name_only() -> None:
    alone = Streams(7)("apex").integers(0, 1 << 30, 5).tolist()
    streams = Streams(7)
    streams("somebody else").random(1_000)
    assert streams("apex").integers(0, 1 << 30, 5).tolist() == alone
    assert streams("boreal").integers(0, 1 << 30, 5).tolist() != alone
    assert Streams(8)("apex").integers(0, 1 << 30, 5).tolist() != alone
