"""Agenda: the monitor's own deadlines, in order of time. It never reads a clock; it is told how late it is."""

from __future__ import annotations

import heapq
from collections.abc import Callable

NEVER_NS = 2**63 - 1
"""A time that does not come."""


class Job:
    """Something to be done at ``due_ns``. It may be put off at no cost: the agenda looks again when it wakes."""

    __slots__ = ("due_ns", "queued_ns", "run")

    def __init__(self, run: Callable[[int], None]) -> None:
        self.run = run
        self.due_ns = NEVER_NS
        self.queued_ns = NEVER_NS


class Agenda:
    """Jobs in order of their due time; of equal times, the one that was queued first goes first.

    ``deadline_ns`` is the next moment at which the agenda wants to be run. It may wake for a job that has been put
    off or cancelled since, and then does nothing. Each job stands in the queue once, plus once for each time it was
    brought forward, until the time it was brought forward from.
    """

    __slots__ = ("_heap", "_order", "deadline_ns", "now_ns")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Job]] = []
        self._order = 0
        self.deadline_ns = NEVER_NS
        self.now_ns = -1

    def arm(self, job: Job, at_ns: int) -> None:
        """Have ``job`` run at ``at_ns`` instead of whenever it was due; a time that has passed becomes now + 1 ns."""
        if at_ns <= self.now_ns:
            at_ns = self.now_ns + 1
        job.due_ns = at_ns
        if at_ns < job.queued_ns:
            self._push(job, at_ns)

    def cancel(self, job: Job) -> None:
        job.due_ns = NEVER_NS

    def run_due(self, now_ns: int) -> None:
        """Run every job that is due, including those that the jobs themselves bring about up to now."""
        self.now_ns = now_ns
        heap = self._heap
        while heap and heap[0][0] <= now_ns:
            at_ns, _, job = heapq.heappop(heap)
            if at_ns != job.queued_ns:
                continue
            job.queued_ns = NEVER_NS
            if job.due_ns <= now_ns:
                job.due_ns = NEVER_NS
                job.run(now_ns)
            elif job.due_ns != NEVER_NS:
                self._push(job, job.due_ns)
        self.deadline_ns = heap[0][0] if heap else NEVER_NS

    def _push(self, job: Job, at_ns: int) -> None:
        job.queued_ns = at_ns
        self._order += 1
        heapq.heappush(self._heap, (at_ns, self._order, job))
        self.deadline_ns = self._heap[0][0]
