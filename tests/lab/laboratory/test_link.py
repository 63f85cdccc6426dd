"""Links: latency, order within a stream, timeouts, and a record of everything that travelled."""

from collections.abc import Callable
from pathlib import Path

from lab.journal.writer import JournalWriter
from lab.laboratory.kernel import Kernel, Streams
from lab.laboratory.link import Link
from lab.scenario.firm import LinkLatency
from simulators.ports import Reply, Request, Stream

MS = 1_000_000


class EchoVenue:
    """Answers a request with its own target; on a stream, repeats every frame three times."""

    name = "echo"

    def __init__(self) -> None:
        self.closed: list[str] = []
        self.hang_up: Callable[[str], None] | None = None

    def handle(self, request: Request, respond: Callable[[Reply, int], None], cause: int) -> None:
        if request.target != "/dead":
            respond(Reply(200, request.target.encode()), cause)

    def open_stream(
        self, target: str, push: Callable[[bytes, int], None], closed: Callable[[str], None]
    ) -> Stream | None:
        if target == "/forbidden":
            return None
        venue = self
        venue.hang_up = closed

        class Echo:
            def receive(self, payload: bytes, cause: int) -> None:
                for copy in range(3):
                    push(payload + str(copy).encode(), cause)

            def close(self) -> None:
                venue.closed.append(target)

        return Echo()


class Rig:
    def __init__(self, directory: Path, sigma: float = 1.5) -> None:
        self.kernel = Kernel(0)
        self.journal = JournalWriter(directory / "run.journal", self.kernel, {})
        self.venue = EchoVenue()
        self.link = Link(
            "monitor",
            self.venue,
            self.kernel,
            self.journal,
            LinkLatency(floor_ms=1.0, median_ms=20.0, sigma=sigma),
            Streams(1)("monitor>echo"),
        )


def test_a_request_comes_back_after_two_journeys(tmp_path: Path) -> None:
    rig = Rig(tmp_path, sigma=0.0)
    got: list[tuple[int, Reply | None, int]] = []
    rig.link.request(Request("GET", "/ping"), lambda reply, cause: got.append((rig.kernel.now_ns, reply, cause)))
    rig.kernel.run_until(1_000 * MS)
    assert got == [(42 * MS, Reply(200, b"/ping"), 2)]
    assert rig.link.messages == 2


def test_no_reply_in_time_is_reported_once(tmp_path: Path) -> None:
    rig = Rig(tmp_path, sigma=0.0)
    got: list[tuple[int, Reply | None]] = []
    for target, timeout_ns in (("/dead", 100 * MS), ("/slow", 30 * MS), ("/fast", 50 * MS)):
        rig.link.request(
            Request("GET", target), lambda reply, _: got.append((rig.kernel.now_ns, reply)), timeout_ns=timeout_ns
        )
    rig.kernel.run_until(1_000 * MS)
    assert got == [(30 * MS, None), (42 * MS, Reply(200, b"/fast")), (100 * MS, None)]


def test_frames_of_one_stream_keep_their_order_however_jittery_the_link(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    heard: list[str] = []
    opened: list[int] = []
    stream = rig.link.open_stream(
        "/stream", lambda payload, _: heard.append(payload.decode()), heard.append, lambda: opened.append(1)
    )
    for number in range(50):
        stream.send(f"{number:02d}.".encode())
    rig.kernel.run_until(60_000 * MS)
    assert heard == [f"{number:02d}.{copy}" for number in range(50) for copy in range(3)]
    assert opened == [1]


def test_a_refused_stream_and_a_hung_up_one_are_reported(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    heard: list[str] = []
    rig.link.open_stream("/forbidden", lambda *_: None, heard.append)
    rig.link.open_stream("/stream", lambda *_: None, heard.append)
    rig.kernel.run_until(10_000 * MS)
    assert heard == ["refused"]
    assert rig.venue.hang_up is not None
    rig.venue.hang_up("maintenance")
    rig.kernel.run_until(20_000 * MS)
    assert heard == ["refused", "maintenance"]


def test_nothing_is_heard_after_the_client_hung_up_and_the_venue_learns_of_it(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    heard: list[bytes] = []
    stream = rig.link.open_stream("/stream", lambda payload, _: heard.append(payload), lambda _: None)
    stream.send(b"x")
    stream.close()
    rig.kernel.run_until(10_000 * MS)
    assert (heard, rig.venue.closed) == ([], ["/stream"])
