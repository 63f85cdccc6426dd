"""The virtual shell: drives the monitor's state machine from links and the kernel's clock.

It is all that stands between the monitor and the simulated world, and it decides nothing: events go in as they
arrive, effects are carried out as they come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lab.journal.writer import JournalWriter
from lab.kernel import Kernel
from lab.link import Link
from lab.monitor_config import MONITOR
from risk_monitor.effects import (
    Action,
    CloseStream,
    Effect,
    OpenStream,
    RaiseAction,
    RaiseSignal,
    SendFrame,
    SendRequest,
    Signal,
)
from risk_monitor.events import Event, OperatorSaid, ReplyReceived, Started, StreamClosed, StreamOpened, TimerFired
from risk_monitor.machine import RiskMonitor
from simulators.ports import ClientStream, Reply, Request


class MonitorShell:
    """Runs one monitor in virtual time. ``on_signal`` is told of every signal, for whoever watches the run."""

    def __init__(
        self,
        monitor: RiskMonitor,
        links: Mapping[str, Link],
        kernel: Kernel,
        journal: JournalWriter,
        on_signal: Callable[[Signal], None],
    ) -> None:
        self._monitor = monitor
        self._links = links
        self._kernel = kernel
        self._journal = journal
        self._on_signal = on_signal
        self._timer = kernel.timer(self._ring)
        self._deadline_ns = 0  # what the timer is set to; 0: nothing
        self._streams: dict[int, ClientStream] = {}
        self.watchers: list[Callable[[Signal | Action, int], None]] = []
        """Told of every signal and control action, with its record's number."""

    def start(self) -> None:
        """Bring the monitor up, now."""
        self._step(Started(), 0)

    def tell(self, said: OperatorSaid, cause: int) -> None:
        """Somebody in charge decided something, now."""
        self._step(said, cause)

    def _step(self, event: Event, cause: int) -> None:
        self._perform(self._monitor.step(self._kernel.now_ns, event), cause)
        self._arm()

    def _ring(self) -> None:
        self._deadline_ns = 0
        self._step(TimerFired(), 0)

    def _arm(self) -> None:
        deadline_ns = self._monitor.next_deadline_ns()
        if deadline_ns == self._deadline_ns:
            return
        self._deadline_ns = deadline_ns
        self._timer.arm(max(deadline_ns, self._kernel.now_ns))

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
                    self._streams[stream_id].send(payload, cause)
                case CloseStream(stream_id):
                    self._streams.pop(stream_id).close()
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
                self._step(ReplyReceived(request_id, reply.status, reply.body), cause)

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
            self._step(StreamClosed(stream_id, reason), 0)

        self._streams[stream_id] = self._links[effect.venue].open_stream(
            effect.target, heard, closed, lambda: self._step(StreamOpened(stream_id), 0)
        )
