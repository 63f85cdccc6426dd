"""Frames: when the venue gets round to what a client sent on an open WebSocket."""

from __future__ import annotations

from collections.abc import Callable

from simulators.exchange.api.faultpoints import FaultPoints
from simulators.ports import Clock
from simulators.service_time import ServiceTimes

Frame = tuple[bytes, int]  # payload, cause


class FrameQueue:
    """Serves each frame after its own service time (operation ``stream``), unless a fault delays or loses it."""

    def __init__(self, clock: Clock, service_times: ServiceTimes, faults: FaultPoints) -> None:
        self.clock = clock
        self._service_times = service_times
        self._faults = faults

    def serve_later(self, serve: Callable[[Frame], None], payload: bytes, cause: int) -> None:
        now_ns = self.clock.now_ns
        service_ns = self._service_times.service_ns("stream", now_ns, "")
        fate = self._faults.fate("stream", "", service_ns)
        if not fate.is_lost:
            self.clock.call_at(now_ns + service_ns + fate.extra_ns, serve, (payload, cause))
