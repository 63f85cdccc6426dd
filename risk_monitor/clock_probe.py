"""Clock probe: the request for a venue's time. Its answer shows that the venue can be reached, and how far its clock is
off ours; what was signed by a clock that is off would be refused."""

from __future__ import annotations

from risk_monitor.config import MonitorConfig, VenueConfig
from risk_monitor.connectors import binance
from risk_monitor.mandates.clock_drift import ClockDrift
from risk_monitor.transport import Task, Transport, VenueLine

_NS_PER_MS = 1_000_000


class ClockProbe:
    """Asks one venue for its time, again and again, and sooner where the answer is suspicious.

    ``weight`` and ``target`` are those of the request; the replies of all its exchanges read alike.
    """

    def __init__(
        self,
        venue: VenueConfig,
        line: VenueLine,
        config: MonitorConfig,
        transport: Transport,
        clock: ClockDrift,
        weight: int,
        target: str,
    ) -> None:
        self._line = line
        self._transport = transport
        self._clock = clock
        self._suspicion_ns = config.cadences.clock_suspicion_ms * _NS_PER_MS
        self._task = Task(
            "time",
            line,
            venue.accounts[0].name,
            (),
            weight,
            config.cadences.exchange_time_ms * _NS_PER_MS,
            lambda now_ns: target,
            self._on_time,
            is_probe=True,
        )

    def start(self, now_ns: int) -> None:
        """Ask for the first time."""
        self._transport.schedule(self._task, now_ns)

    def _on_time(self, now_ns: int, departed_ns: int, body: bytes) -> int | None:
        server_ms = binance.read_time(body)
        self._line.told_time(now_ns, departed_ns, server_ms)
        return self._suspicion_ns if self._clock.told(now_ns, departed_ns, server_ms) else None
