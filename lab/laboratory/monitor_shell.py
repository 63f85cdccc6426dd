"""The virtual shell: drives the monitor's state machine from links and the kernel's clock.

It is all that stands between the monitor and the simulated world, and it decides nothing: events go in as they
arrive, effects are carried out as they come. While the host is ill, events wait for the processor, the monitor is told
what the host's clock shows, and a monitor that has died is told nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from lab.journal.writer import JournalWriter
from lab.laboratory.kernel import Kernel
from lab.laboratory.link import Link
from lab.laboratory.link_stream import LinkStream
from lab.laboratory.monitor_config import MONITOR
from lab.laboratory.monitor_host import MonitorHost
from risk_monitor.effects import (
    Action,
    CloseStream,
    Effect,
    OpenStream,
    RaiseAction,
    RaiseSignal,
    SaveState,
    SendFrame,
    SendRequest,
    Signal,
)
from risk_monitor.events import (
    Event,
    OperatorSaid,
    ReplyReceived,
    RequestFailed,
    Started,
    StreamClosed,
    StreamMessage,
    StreamOpened,
    TimerFired,
)
from risk_monitor.machine import RiskMonitor
from simulators.ports import Reply, Request

_MOST_WAITING = 100_000
"""Events that may wait for a slow processor. A frame that finds as many before it is lost and its stream closed: the
receive buffer is full, and no venue keeps a consumer that does not read."""
_MOST_ALARMS = 10_000
"""That may ring at one moment."""
_NS_PER_MS = 1_000_000


class MonitorStuckError(Exception):
    """The monitor wants to be woken again and again without time going on: a real one would burn its processor."""


class MonitorShell:
    """Runs one monitor in virtual time. ``on_signal`` is told of every signal, for whoever watches the run."""

    def __init__(
        self,
        make_monitor: Callable[[], RiskMonitor],
        links: Mapping[str, Link],
        kernel: Kernel,
        journal: JournalWriter,
        on_signal: Callable[[Signal], None],
    ) -> None:
        self._make_monitor = make_monitor
        self._monitor = make_monitor()
        self._links = links
        self._kernel = kernel
        self._journal = journal
        self._on_signal = on_signal
        self._timer = kernel.timer(self._ring)
        self._deadline_ns = 0  # what the timer is set to; 0: nothing
        self._streams: dict[int, LinkStream] = {}
        self._plain: dict[int, Callable[[bytes, int], None]] = {}  # stream → what hears it while the host is sound
        self._waiting: deque[tuple[Event, int]] = deque()
        self._is_busy = False
        self._is_ringing = False
        self._rang_ns = self._alarms = 0
        self._life = 1  # of the monitor's process; 0 while it is down
        self._lives = 1
        self._saved = b""
        self.host = MonitorHost(kernel, self._clock_told, self._host_changed)
        self.watchers: list[Callable[[Signal | Action, int], None]] = []
        """Told of every signal and control action, with its record's number."""

    def start(self) -> None:
        """Bring the monitor up, now."""
        self._step(Started(), 0)

    @property
    def is_up(self) -> bool:
        """Whether the monitor's process is alive."""
        return bool(self._life)

    def die(self, cause: int, *, keeps_state: bool) -> None:
        """The monitor's process ends, now: what it held in memory is gone, and its connections with it. What it has
        saved stays, unless that is lost too."""
        self._life = 0
        if not keeps_state:
            self._saved = b""
        self._timer.cancel()
        self._deadline_ns = 0
        self._waiting.clear()
        self._is_busy = self._is_ringing = False
        self._plain.clear()
        self._journal.record("venue", MONITOR, cause, "down", "state kept" if self._saved else "state lost")
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()
        for link in self._links.values():
            link.break_requests("client_died", is_told=False)

    def revive(self, cause: int) -> None:
        """A new process comes up, now, with what is saved."""
        self._lives += 1
        self._life = self._lives
        self._monitor = self._make_monitor()
        self._journal.record("venue", MONITOR, cause, "up", "")
        self._step(Started(self._saved), cause)

    def tell(self, said: OperatorSaid, cause: int) -> None:
        """Somebody in charge decided something, now. A monitor that is down does not hear it."""
        if self._life:
            self._step(said, cause)

    def _step(self, event: Event, cause: int) -> None:
        host = self.host
        if self._is_busy or (not host.is_sound and host.is_slow):
            self._wait(event, cause)
            return
        effects = self._monitor.step(self._kernel.now_ns if host.is_sound else host.now_ns(), event)
        if effects:
            self._perform(effects, cause)
        self._arm()

    def _wait(self, event: Event, cause: int) -> None:
        """Let an event wait until the processor is free."""
        if len(self._waiting) >= _MOST_WAITING and isinstance(event, StreamMessage):
            stream = self._streams.pop(event.stream_id, None)
            if stream is None:
                return
            stream.close()
            event = StreamClosed(event.stream_id, "the receive buffer is full")
        self._waiting.append((event, cause))
        if not self._is_busy:
            self._work(self._life)

    def _work(self, life: int) -> None:
        """Take up the next event; its effects leave when the processor is done with it."""
        if life != self._life:
            return
        self._is_busy = bool(self._waiting)
        if self._is_busy:
            event, cause = self._waiting.popleft()
            if isinstance(event, TimerFired):
                self._is_ringing = False
            effects = self._monitor.step(self.host.now_ns(), event)
            done_ns = self._kernel.now_ns + self.host.step_takes_ns()
            self._kernel.call_at(done_ns, self._done, (life, effects, cause))
        elif self.host.is_sound:
            self._choose_ways()  # what had piled up is worked off

    def _done(self, work: tuple[int, Sequence[Effect], int]) -> None:
        life, effects, cause = work
        if life == self._life:
            self._perform(effects, cause)
            self._arm()
            self._work(life)

    def _ring(self) -> None:
        self._deadline_ns = 0
        if self._kernel.now_ns != self._rang_ns:
            self._rang_ns = self._kernel.now_ns
            self._alarms = 0
        self._alarms += 1
        if self._alarms > _MOST_ALARMS:
            raise MonitorStuckError(f"the monitor's timer rang {_MOST_ALARMS} times at one moment")
        if self.host.is_sound and not self._is_busy:
            effects = self._monitor.on_timer(self._kernel.now_ns)
            if effects:
                self._perform(effects, 0)
            self._arm()
        elif not self.host.is_sound and self.host.now_ns() < self._monitor.next_deadline_ns():
            self._arm()  # the clock has been slower than was thought
        elif not self._is_ringing:
            self._is_ringing = self._is_busy or self.host.is_slow
            self._step(TimerFired(), 0)

    def _arm(self) -> None:
        deadline_ns = self._monitor.next_deadline_ns()
        if deadline_ns == self._deadline_ns or self._is_ringing:
            return
        self._deadline_ns = deadline_ns
        now_ns = self._kernel.now_ns
        if self.host.is_sound:
            self._timer.arm(max(deadline_ns, now_ns))
        else:
            ahead_ns = deadline_ns - self.host.now_ns()
            # A clock that stands still would have the alarm ring without end.
            self._timer.arm(now_ns + (max(ahead_ns, _NS_PER_MS) if ahead_ns > 0 else 0))

    def _clock_told(self, offset_ns: int, drift_ppb: int) -> None:
        self._journal.record("clock", MONITOR, 0, offset_ns, drift_ppb)

    def _host_changed(self) -> None:
        """The host has fallen ill or recovered: frames take the way that suits it, and alarms are set anew."""
        self._choose_ways()
        if self._life:
            self._deadline_ns = 0
            self._arm()

    def _choose_ways(self) -> None:
        for stream_id, stream in self._streams.items():
            stream.listen(self._hearer(stream_id))

    def _hearer(self, stream_id: int) -> Callable[[bytes, int], None]:
        if self.host.is_sound and not self._is_busy:
            return self._plain[stream_id]
        return lambda payload, cause: self._step(StreamMessage(stream_id, payload), cause)

    def _perform(self, effects: Sequence[Effect], cause: int) -> None:
        for effect in effects:
            match effect:
                case RaiseSignal(signal):
                    self._raise(signal, cause)
                case SendRequest():
                    self._send(effect, cause)
                case OpenStream():
                    self._open(effect)
                case SendFrame(stream_id, payload):
                    if stream := self._streams.get(stream_id):  # else it has closed, and the monitor will hear of it
                        stream.send(payload, cause)
                case CloseStream(stream_id):
                    self._plain.pop(stream_id, None)
                    if stream := self._streams.pop(stream_id, None):
                        stream.close()
                case SaveState(content):
                    self._saved = content
                case RaiseAction(action):
                    self._act(action, cause)

    def _act(self, action: Action, cause: int) -> None:
        number = self._journal.record(
            "action",
            MONITOR,
            cause,
            action.action_id,
            action.control,
            action.state.value,
            action.subject,
            action.trigger,
            action.detail,
        )
        for watcher in self.watchers:
            watcher(action, number)

    def _raise(self, signal: Signal, cause: int) -> None:
        number = self._journal.record(
            "signal",
            MONITOR,
            cause,
            signal.alert_id,
            signal.state.value,
            signal.mandate,
            signal.subject,
            signal.severity.value,
            signal.observed,
            signal.limit,
            signal.unit,
            signal.since_ns,
            signal.evidence,
        )
        self._on_signal(signal)
        for watcher in self.watchers:
            watcher(signal, number)

    def _send(self, effect: SendRequest, cause: int) -> None:
        request_id = effect.request_id

        def arrived(reply: Reply | None, cause: int) -> None:
            if reply is not None:
                arrived_ns = self.host.now_ns() if self._is_busy or self.host.is_slow else 0
                self._step(ReplyReceived(request_id, reply.status, reply.body, arrived_ns), cause)
            else:
                self._step(RequestFailed(request_id), cause)

        self._links[effect.venue].request(
            Request(effect.method, effect.target, effect.headers, effect.body), arrived, cause=cause
        )

    def _open(self, effect: OpenStream) -> None:
        stream_id = effect.stream_id
        kernel = self._kernel
        hear = self._monitor.on_stream_message
        next_deadline_ns = self._monitor.next_deadline_ns

        def heard(payload: bytes, cause: int) -> None:
            effects = hear(kernel.now_ns, stream_id, payload)
            if effects:
                self._perform(effects, cause)
            if next_deadline_ns() != self._deadline_ns:
                self._arm()

        def closed(reason: str) -> None:
            self._streams.pop(stream_id, None)
            self._plain.pop(stream_id, None)
            self._step(StreamClosed(stream_id, reason), 0)

        self._plain[stream_id] = heard
        self._streams[stream_id] = self._links[effect.venue].open_stream(
            effect.target, self._hearer(stream_id), closed, lambda: self._step(StreamOpened(stream_id), 0)
        )
