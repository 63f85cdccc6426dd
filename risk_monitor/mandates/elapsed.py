"""Elapsed: a measure that grows by itself, the time since something last happened."""

from __future__ import annotations

from risk_monitor.agenda import Agenda, Job
from risk_monitor.alerts import Watch


class Elapsed:
    """Watches ``now − since``. Looks at each bound the moment it is passed (a breach is strictly above its bound), and
    again when it is restarted. ``since_ns`` may also be moved on without a restart while nothing is astir, which costs
    nothing: the job finds out when it wakes."""

    __slots__ = ("_agenda", "_job", "_watch", "since_ns")

    def __init__(self, watch: Watch, agenda: Agenda) -> None:
        self._watch = watch
        self._agenda = agenda
        self._job = Job(self._look)
        watch.on_rebound = self._look
        self.since_ns: int | None = None

    def restart(self, now_ns: int, since_ns: int | None) -> None:
        """The thing happened again at ``since_ns``; None: nothing has to happen now, and the measure is 0."""
        self.since_ns = since_ns
        if since_ns is None:
            self._agenda.cancel(self._job)
            self._watch.observe(now_ns, 0.0)
        else:
            self._look(now_ns)

    @property
    def is_astir(self) -> bool:
        return not self._watch.quiet

    def _look(self, now_ns: int) -> None:
        since_ns = self.since_ns
        if since_ns is None:
            return
        elapsed_ns = max(now_ns - since_ns, 0)
        self._watch.observe(now_ns, elapsed_ns)
        bound_ns = self._watch.next_bound(elapsed_ns)
        if bound_ns is not None:
            self._agenda.arm(self._job, since_ns + int(bound_ns) + 1)
