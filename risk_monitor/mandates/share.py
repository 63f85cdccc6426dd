"""Share: how many of the cases within a window were bad ones, once there are enough of them to say so."""

from __future__ import annotations

from collections import deque

from risk_monitor.agenda import Agenda, Job
from risk_monitor.watchtower import Watchtower

MAX_CASES = 8_192
"""Beyond this many within the window the oldest are left out."""


class Share:
    """One subject. ``at_least`` cases within the window make a measure; ``of_what`` names them for people.

    ``keeps_latest``: if fewer fall within the window, the latest ``at_least`` are measured instead.
    """

    __slots__ = (
        "_agenda",
        "_at_least",
        "_bad",
        "_cases",
        "_job",
        "_kept_cases",
        "_latest_bad",
        "_of_what",
        "_watch",
        "_window_ns",
    )

    def __init__(
        self,
        tower: Watchtower,
        mandate: str,
        subject: str,
        at_least: int,
        of_what: str,
        agenda: Agenda,
        *,
        keeps_latest: bool = False,
    ) -> None:
        kept = tower.limits.mandate(mandate)
        self._agenda = agenda
        self._at_least = at_least
        self._kept_cases = at_least if keeps_latest else 0
        self._of_what = of_what
        self._window_ns = kept.window_ns if kept else 0
        self._cases: deque[tuple[int, bool]] = deque()
        self._bad = 0
        self._latest_bad = ""
        self._job = Job(self._look)
        self._watch = tower.watch(mandate, subject, self._evidence)

    @property
    def is_kept(self) -> bool:
        return self._watch is not None

    def ended(self, now_ns: int, is_bad: bool, note: str = "") -> None:
        """A case has its outcome; ``note`` says what showed a bad one."""
        if self._watch is None:
            return
        if len(self._cases) >= MAX_CASES:
            self._forget()
        self._cases.append((now_ns, is_bad))
        if is_bad:
            self._bad += 1
            self._latest_bad = note
        self._look(now_ns)

    def _look(self, now_ns: int) -> None:
        watch = self._watch
        if watch is None:
            return
        cases = self._cases
        oldest_ns = now_ns - self._window_ns
        while len(cases) > self._kept_cases and cases[0][0] <= oldest_ns:
            self._forget()
        if len(cases) >= self._at_least:
            watch.observe(now_ns, self._bad / len(cases))
        elif watch.value is not None:
            watch.observe(now_ns, 0.0)  # whoever has fallen silent is not known to do wrong: no alert may stand for it
        if (self._bad or not watch.quiet) and len(cases) > self._kept_cases:  # good ones that leave make it larger
            self._agenda.arm(self._job, cases[0][0] + self._window_ns)

    def _forget(self) -> None:
        _, was_bad = self._cases.popleft()
        self._bad -= was_bad

    def _evidence(self) -> tuple[str, ...]:
        window_s = self._window_ns // 1_000_000_000
        counted = f"{self._bad} of {len(self._cases)} {self._of_what} within {window_s} s"
        return (counted, f"the latest: {self._latest_bad}") if self._latest_bad else (counted,)
