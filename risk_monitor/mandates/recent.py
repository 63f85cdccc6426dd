"""Recent: a measure that adds up what happened within a window, looked at when something happens and when it leaves."""

from __future__ import annotations

from collections import deque

from risk_monitor.agenda import Agenda, Job
from risk_monitor.alerts import MAX_EVIDENCE, Evidence
from risk_monitor.watchtower import Watchtower

MAX_HAPPENINGS = 4_096
"""Beyond this many within the window, what happens is added to the latest and leaves the window with it."""


class Recent:
    """One subject's sum over the last ``window``. Without a rule for the subject it does nothing.

    Before ``start``, and between ``lose_sight`` and ``regain``, the sum is kept but not believed to be all.
    """

    __slots__ = ("_agenda", "_happened", "_in_sight", "_job", "_notes", "_sum", "_watch", "_window_ns", "subject")

    def __init__(
        self, tower: Watchtower, mandate: str, subject: str, agenda: Agenda, evidence: Evidence | None = None
    ) -> None:
        kept = tower.limits.mandate(mandate)
        self.subject = subject
        self._agenda = agenda
        self._window_ns = kept.window_ns if kept else 0
        self._happened: deque[tuple[int, float]] = deque()
        self._notes: deque[str] = deque(maxlen=MAX_EVIDENCE)
        self._sum = 0.0
        self._in_sight = False
        self._job = Job(self._look)
        self._watch = tower.watch(mandate, subject, evidence or self._evidence)

    @property
    def is_kept(self) -> bool:
        return self._watch is not None

    def happened(self, now_ns: int, note: str, amount: float = 1.0, at_ns: int | None = None) -> None:
        """Something happened, now or at ``at_ns`` before; ``note`` says what showed it."""
        if self._watch is None:
            return
        happened = self._happened
        at_ns = now_ns if at_ns is None else min(at_ns, now_ns)
        if happened:
            last_ns, last = happened[-1]
            at_ns = max(at_ns, last_ns)
            if len(happened) >= MAX_HAPPENINGS:
                happened.pop()
                amount += last
                self._sum -= last
        happened.append((at_ns, amount))
        self._notes.append(note)
        self._sum += amount
        self._look(now_ns)

    def regain(self, now_ns: int) -> None:
        """From now on the sum is known to be all."""
        if not self._in_sight:
            self._in_sight = True
            self._look(now_ns)

    def lose_sight(self) -> None:
        """More may have happened than was shown."""
        self._in_sight = False
        if self._watch is not None:
            self._watch.lose_sight()

    def _look(self, now_ns: int) -> None:
        watch = self._watch
        if watch is None:
            return
        happened = self._happened
        oldest_ns = now_ns - self._window_ns
        while happened and happened[0][0] <= oldest_ns:
            self._sum -= happened.popleft()[1]
        if not happened:
            self._sum = 0.0  # sums of floats leave crumbs
        if self._in_sight or self._sum > watch.lowest:
            watch.observe(now_ns, self._sum)
        else:
            watch.lose_sight()
        if happened:
            self._agenda.arm(self._job, happened[0][0] + self._window_ns)

    def _evidence(self) -> tuple[str, ...]:
        """The latest happenings, the newest first."""
        return tuple(reversed(self._notes)) or (f"nothing within {self._window_ns // 1_000_000_000} s",)
