"""Wire faults on a link, each against what a client and the journal must see, and all of them together."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.journal.writer import JournalWriter
from lab.laboratory.kernel import Kernel, Streams
from lab.laboratory.link import Link
from lab.scenario.firm import LinkLatency
from lab.wire.cuts import WireBlackhole, WireHalfOpen, WireReset
from lab.wire.draws import Draws
from lab.wire.fault import WireFault
from lab.wire.garbling import WireCorrupt, WireDuplicate, WireReorder, WireTruncate
from lab.wire.params import (
    BandwidthParams,
    CorruptParams,
    DelayParams,
    DuplicateParams,
    HalfOpenParams,
    LossParams,
    ReorderParams,
    ResetParams,
    TruncateParams,
    WireParams,
)
from lab.wire.slowness import WireBandwidth, WireDelay, WireLoss
from simulators.ports import Reply, Request, Stream

MS = 1_000_000
S = 1_000 * MS
TRAVEL = 21 * MS


class Ticker:
    """Answers a request with its own target; on a stream, says a number every 100 ms and repeats what it is told."""

    name = "apex"

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.heard: list[bytes] = []
        self.closed = 0

    def handle(self, request: Request, respond: Callable[[Reply, int], None], cause: int) -> None:
        self.heard.append(request.target.encode())
        respond(Reply(200, request.target.encode()), cause)

    def open_stream(
        self, target: str, push: Callable[[bytes, int], None], closed: Callable[[str], None]
    ) -> Stream | None:
        venue = self

        class Tick:
            is_open = True
            count = 0

            def receive(self, payload: bytes, cause: int) -> None:
                venue.heard.append(payload)

            def close(self) -> None:
                if self.is_open:
                    self.is_open = False
                    venue.closed += 1

            def tick(self, _: Any) -> None:
                if self.is_open:
                    self.count += 1
                    push(b"%d" % self.count, 0)
                    venue.kernel.call_at(venue.kernel.now_ns + 100 * MS, self.tick)

        tick = Tick()
        self.kernel.call_at(self.kernel.now_ns + 100 * MS, tick.tick)
        return tick


class Rig:
    """A client with one stream over one link; ``heard`` has (ms, frame) of it, ``ended`` why it ended."""

    def __init__(self, directory: Path) -> None:
        self.kernel = Kernel(0)
        self.journal = JournalWriter(directory / "run.journal", self.kernel, {})
        self.journal.flush_at = 1 << 40  # the records stay here to be looked at
        self.venue = Ticker(self.kernel)
        latency = LinkLatency(floor_ms=1.0, median_ms=20.0, sigma=0.0)
        self.link = Link("monitor", self.venue, self.kernel, self.journal, latency, Streams(1)("monitor>apex"))
        self.effects: list[str] = []
        self.draws = Draws(Streams(1)("injection/harm"))
        self.heard: list[tuple[float, bytes]] = []
        self.ended: list[tuple[float, str]] = []
        self.replies: list[tuple[float, bytes | None]] = []

    @property
    def now_ms(self) -> float:
        return self.kernel.now_ns / MS

    def open(self) -> Any:
        return self.link.open_stream(
            "/stream",
            lambda payload, _: self.heard.append((self.now_ms, payload)),
            lambda reason: self.ended.append((self.now_ms, reason)),
        )

    def ask(self, target: str, timeout_ns: int = 0) -> None:
        self.link.request(
            Request("GET", target),
            lambda reply, _: self.replies.append((self.now_ms, None if reply is None else reply.body)),
            timeout_ns,
        )

    def make(self, fault: type[Any], params: Any) -> WireFault:
        with_draws = (self.draws,) if hasattr(params, "starts_ns") else ()
        made: WireFault = fault([self.link], self.kernel, params, self.effects.append, *with_draws)
        return made

    def during(self, fault: WireFault, from_ns: int, to_ns: int) -> None:
        self.kernel.call_at(from_ns, fault.begin, 0)
        self.kernel.call_at(to_ns, fault.end, 0)

    def wire(self, kind: str) -> list[tuple[Any, ...]]:
        return [record for record in self.journal.wire if record[0] == kind]


def test_delay_is_added_keeps_the_order_of_a_stream_and_ends(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.open()
    rig.during(rig.make(WireDelay, DelayParams(added_ns=250 * MS)), 1_000 * MS, 2_000 * MS)
    for at_ms in (500, 1_500, 2_500):
        rig.kernel.call_at(at_ms * MS, lambda _: rig.ask("/ping"))
    rig.kernel.run_until(3 * S)
    assert [body for _, body in rig.heard] == [b"%d" % number for number in range(1, len(rig.heard) + 1)]
    late = [at_ms - (TRAVEL / MS + int(body) * 100) for at_ms, body in rig.heard]
    assert sorted(set(late)) == [21, 71, 171, 271]  # to the venue, and late by 250, or waiting behind one that is
    assert rig.replies == [(542, b"/ping"), (2_042, b"/ping"), (2_542, b"/ping")]
    assert rig.effects == ["monitor>apex: a message is 250 ms late"]


def test_lost_requests_never_come_and_lost_frames_come_late(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.open()
    rig.during(rig.make(WireLoss, LossParams(share=0.5)), 1 * S, 20 * S)
    for number in range(100):
        rig.kernel.call_at(S + number * 100 * MS, lambda _: rig.ask("/ping", 5 * S))
    rig.kernel.run_until(60 * S)
    lost = [body for _, body in rig.replies].count(None)
    assert 60 <= lost <= 90  # three of four: there and back
    assert len(rig.replies) == 100
    assert [body for _, body in rig.heard] == [b"%d" % number for number in range(1, len(rig.heard) + 1)]
    assert len(rig.heard) > 590
    assert rig.ended == []


def test_a_stream_that_loses_everything_is_reset_when_patience_ends(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.open()
    rig.during(rig.make(WireLoss, LossParams(share=1.0, patience_ns=3 * S)), 1 * S, 20 * S)
    rig.kernel.run_until(30 * S)
    assert rig.heard[-1][1] == b"9"
    assert rig.ended == [(4_021, "reset")]
    assert (rig.venue.closed, rig.link.streams()) == (1, ())


def test_frames_and_requests_arrive_twice_and_replies_once(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.open()
    rig.during(rig.make(WireDuplicate, DuplicateParams(share=1.0)), 1 * S, 2 * S)
    rig.kernel.call_at(1_500 * MS, lambda _: rig.ask("/order"))
    rig.kernel.run_until(3 * S)
    assert rig.venue.heard == [b"/order", b"/order"]
    assert rig.replies == [(1_542, b"/order")]
    counts = [[body for _, body in rig.heard].count(b"%d" % number) for number in range(1, 29)]
    assert counts == [1] * 9 + [2] * 10 + [1] * 9
    pushes = [record for record in rig.wire("push") if S <= record[2] < 2 * S]
    arrivals = [record for record in rig.wire("arrival") if record[6] == "push"]
    assert {record[7] for record in pushes} == {0}
    assert {record[6] for record in rig.wire("arrival")} == {"push", "request"}
    assert [record[5] for record in arrivals] == [record[1] for record in pushes for _ in range(2)]


def test_a_message_held_back_is_overtaken(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.open()
    rig.during(rig.make(WireReorder, ReorderParams(share=0.3, hold_ns=250 * MS)), 1 * S, 9 * S)
    rig.kernel.run_until(12 * S)
    numbers = [int(body) for _, body in rig.heard]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    overtaken = [later for earlier, later in itertools.pairwise(numbers) if later < earlier]
    assert 10 <= len(overtaken) <= 40


@pytest.mark.parametrize(("fault", "params"), [(WireCorrupt, CorruptParams), (WireTruncate, TruncateParams)])
def test_what_arrives_altered_is_in_the_journal_as_it_arrived(tmp_path: Path, fault: Any, params: Any) -> None:
    rig = Rig(tmp_path)
    rig.open()
    rig.during(rig.make(fault, params(share=0.5)), 1 * S, 9 * S)
    rig.kernel.run_until(12 * S)
    arrivals = {record[10]: record[9] for record in rig.wire("arrival")}
    sent = {record[7]: record[6] for record in rig.wire("push") if record[7]}
    assert [(at_ms, body) for at_ms, body in rig.heard] == [
        (at_ns / MS, body) for at_ns, body in sorted({**sent, **arrivals}.items()) if at_ns <= 12 * S
    ]
    assert 20 <= len(arrivals) <= 60
    altered = [record for record in rig.wire("push") if not record[7]]
    assert [record[9] != original[6] for record, original in zip(rig.wire("arrival"), altered, strict=True)] == [
        True
    ] * len(altered)


def test_a_narrow_line_queues_and_a_full_queue_costs_the_connection(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.open()
    narrow = BandwidthParams(bytes_per_s=10.0, queue_bytes=20)  # ten frames of two bytes each come in a second
    rig.during(rig.make(WireBandwidth, narrow), 1 * S, 30 * S)
    rig.kernel.run_until(40 * S)
    waits = [at_ms - (42 + int(body) * 100 - TRAVEL / MS) for at_ms, body in rig.heard]
    assert max(waits) <= 2_000
    assert waits == sorted(waits)
    assert [reason for _, reason in rig.ended] == ["reset"]


def test_a_full_queue_may_drop_instead(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.open()
    narrow = BandwidthParams(bytes_per_s=10.0, queue_bytes=20, when_full="drop", carries="streams")
    rig.during(rig.make(WireBandwidth, narrow), 1 * S, 30 * S)
    rig.kernel.run_until(40 * S)
    numbers = [int(body) for _, body in rig.heard]
    assert rig.ended == []
    assert numbers == sorted(set(numbers))
    assert len(numbers) < 300


def test_a_half_open_stream_says_nothing_and_requests_go_on(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.open()
    rig.during(rig.make(WireHalfOpen, HalfOpenParams()), 1 * S, 5 * S)
    rig.kernel.call_at(2 * S, lambda _: (rig.ask("/ping"), rig.open()))
    rig.kernel.run_until(4 * S)
    assert rig.replies == [(2_042, b"/ping")]
    assert next(body for at_ms, body in rig.heard if at_ms > 1_021) == b"1"  # the new stream speaks
    assert rig.ended == []
    rig.kernel.run_until(6 * S)
    assert rig.ended == [(5_000, "reset")]  # the old one is found out; the new one goes on
    assert len(rig.link.streams()) == 1


def test_a_reset_ends_streams_and_requests_at_both_ends_at_once(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.open()
    rig.during(rig.make(WireReset, ResetParams(every_ns=3 * S)), 1_010 * MS, 5 * S)
    rig.kernel.call_at(1 * S, lambda _: rig.ask("/ping"))
    rig.kernel.call_at(2 * S, lambda _: rig.open())
    rig.kernel.run_until(6 * S)
    assert rig.replies == [(1_010, None)]
    assert rig.ended == [(1_010, "reset"), (4_010, "reset")]
    assert [record[5:] for record in rig.wire("broken")] == [(1, "reset")]
    assert [record[8] for record in rig.wire("reply")] == [0]  # nobody waits for it any more


def test_a_blackhole_tells_nobody_and_no_stream_survives_it(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.open()
    rig.during(rig.make(WireBlackhole, WireParams()), 1 * S, 5 * S)
    rig.kernel.call_at(2 * S, lambda _: rig.ask("/ping"))
    rig.kernel.call_at(3 * S, lambda _: rig.open())
    rig.kernel.run_until(4_999 * MS)
    assert (rig.heard[-1][1], rig.ended, rig.replies, rig.venue.heard) == (b"9", [], [], [])
    rig.kernel.run_until(8 * S)
    assert rig.ended == [(5_000, "reset"), (5_000, "reset")]
    assert (rig.replies, rig.link.harms, rig.link.streams()) == ([], (), ())


def test_overlapping_faults_compose_and_the_end_of_one_leaves_the_other(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.during(rig.make(WireDelay, DelayParams(added_ns=100 * MS)), 1 * S, 4 * S)
    rig.during(rig.make(WireDelay, DelayParams(added_ns=30 * MS, direction="to_client")), 2 * S, 3 * S)
    for at_ms in (500, 1_500, 2_500, 3_500, 4_500):
        rig.kernel.call_at(at_ms * MS, lambda _: rig.ask("/ping"))
    rig.kernel.run_until(6 * S)
    assert [at_ms for at_ms, _ in rig.replies] == [542, 1_742, 2_772, 3_742, 4_542]


def test_a_ramp_grows_and_fades(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    params = DelayParams(added_ns=1 * S, starts_ns=1 * S, ends_ns=5 * S, ramp_ns=2 * S, ramp_down_ns=1 * S)
    fault = rig.make(WireDelay, msgspec.structs.replace(params, direction="to_client"))
    rig.during(fault, 1 * S, 5 * S)
    for at_ms in (979, 1_979, 3_979, 4_479):  # 21 ms later they are answered
        rig.kernel.call_at(at_ms * MS, lambda _: rig.ask("/ping"))
    rig.kernel.run_until(10 * S)
    assert [at_ms for at_ms, _ in rig.replies] == [1_021, 2_521, 5_021, 5_021]


TCP_FAULTS: list[tuple[type[Any], Any]] = [
    (WireDelay, DelayParams(added_ns=300 * MS, jitter_ns=300 * MS)),
    (WireLoss, LossParams(share=0.5, patience_ns=1 * S)),
    (WireBandwidth, BandwidthParams(bytes_per_s=10.0, queue_bytes=30)),
    (WireHalfOpen, HalfOpenParams()),
    (WireBlackhole, WireParams()),
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 60), st.integers(1, 30)), min_size=1, max_size=4))
def test_what_runs_on_tcp_never_skips_a_frame(
    tmp_path_factory: pytest.TempPathFactory, chosen: list[tuple[int, int, int]]
) -> None:
    rig = Rig(tmp_path_factory.mktemp("tcp"))
    for which, starts, lasts in chosen:
        rig.during(rig.make(*TCP_FAULTS[which]), starts * 100 * MS, (starts + lasts) * 100 * MS)
    rig.open()
    rig.kernel.run_until(15 * S)
    assert [int(body) for _, body in rig.heard] == list(range(1, len(rig.heard) + 1))
    assert rig.ended or len(rig.heard) > 145


FAULTS: list[tuple[type[Any], Any]] = [
    (WireDelay, DelayParams(added_ns=300 * MS, jitter_ns=200 * MS)),
    (WireLoss, LossParams(share=0.4, patience_ns=2 * S)),
    (WireDuplicate, DuplicateParams(share=0.5)),
    (WireReorder, ReorderParams(share=0.5)),
    (WireCorrupt, CorruptParams(share=0.5, flips=3)),
    (WireTruncate, TruncateParams(share=0.5)),
    (WireBandwidth, BandwidthParams(bytes_per_s=400.0, queue_bytes=1_000)),
    (WireHalfOpen, HalfOpenParams(new_streams=True)),
    (WireReset, ResetParams(every_ns=700 * MS)),
    (WireBlackhole, WireParams(direction="to_venue")),
    (WireBlackhole, WireParams()),
]
spans = st.tuples(st.integers(0, len(FAULTS) - 1), st.integers(1, 80), st.integers(1, 40))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(spans, max_size=5), st.integers(0, 3))
def test_whatever_overlaps_is_gone_without_trace_afterwards(
    tmp_path_factory: pytest.TempPathFactory, chosen: list[tuple[int, int, int]], streams: int
) -> None:
    rig = Rig(tmp_path_factory.mktemp("wire"))
    for which, starts, lasts in chosen:
        rig.during(rig.make(*FAULTS[which]), starts * 100 * MS, (starts + lasts) * 100 * MS)
    for number in range(streams):
        rig.kernel.call_at(number * 500 * MS, lambda _: rig.open())
    for number in range(100):
        rig.kernel.call_at(number * 137 * MS, lambda _: rig.ask("/ping", 5 * S))
    rig.kernel.run_until(30 * S)
    assert len(rig.replies) == 100  # each request has one outcome
    assert rig.link.harms == ()
    assert len(rig.link.streams()) + len(rig.ended) == streams  # none is lost without its client being told
    told = [(record[9], record[10]) for record in rig.wire("arrival") if record[6] == "push"]
    told += [(record[6], record[7]) for record in rig.wire("push") if record[7]]
    heard = [(body, round(at_ms * MS)) for at_ms, body in rig.heard]
    missing = [one for one in heard if one not in told]
    assert missing == []  # what a client heard, the journal says that it arrived
    before = len(rig.heard)
    rig.open()
    rig.ask("/ping")
    rig.kernel.run_until(31 * S)
    assert rig.replies[-1] == (30_042, b"/ping")
    assert len(rig.heard) - before == 10 * len(rig.link.streams()) - 1
