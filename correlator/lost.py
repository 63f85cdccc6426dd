"""Lost: what harm cost the firm up to a moment, by removal: its equity in the control less its equity in the run.

Both are the true equity of the audit plane, all holdings at their marks, as ``correlator.truth`` computes it. The
market moves both alike; what is left is what the injections did.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from correlator.journal import Journal, Plane
from correlator.limits import Limits
from correlator.truth.gauge import GaugeBoard
from correlator.truth.series import Buckets
from correlator.truth.stretch import Stretch
from correlator.truth.world import World

_NO_LIMITS = Limits({}, (), {})
_STEP_NS = 100_000_000  # equity is compared ten times a second: no alert comes sooner after what it is about


class Lost(msgspec.Struct, frozen=True):
    """The most that was lost at one moment, USD, and when, in seconds since the run's start; a gain is no loss."""

    usd: float
    at_s: float


def lost_against_control(run: Path, control: Path, from_s: float, until_s: float) -> Lost | None:
    """The largest loss between two moments of a run; None while equity was undefined throughout.

    Raises:
        JournalError: a journal is foreign or damaged.
        OSError: one cannot be read.
    """
    header = Journal(run).header
    first, last = (round(moment_s * 1e9) // _STEP_NS for moment_s in (from_s, until_s))
    if last <= first:
        return Lost(0.0, from_s)
    ours, theirs = (_equity(journal, header.start_ns, last + 1)[first:] for journal in (run, control))
    gap = theirs - ours
    if np.isnan(gap).all():
        return None
    worst = int(np.nanargmax(gap))
    usd = round(max(0.0, float(gap[worst])), 2)
    return Lost(usd, round((first + worst) * _STEP_NS / 1e9, 3) if usd else from_s)


def _equity(path: Path, start_ns: int, steps: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Equity at each multiple of the step since the start; NaN before it is first defined."""
    at_ns = start_ns + np.arange(steps, dtype=np.int64) * _STEP_NS
    equity = np.full(steps, np.nan)
    until_ns = int(at_ns[-1])

    def on_stretch(stretch: Stretch) -> None:
        # Every later step has this stretch's last value until the next stretch says otherwise.
        since = int(np.searchsorted(at_ns, stretch.times[0]))
        places = np.searchsorted(stretch.times, at_ns[since:], side="right") - 1
        equity[since:] = stretch.equity[places]

    failures: dict[str, str] = {}
    world = World(_NO_LIMITS, GaugeBoard(_NO_LIMITS, Buckets(start_ns, until_ns)), start_ns, failures)
    world.watchers.append(on_stretch)
    for frame in Journal(path).frames():
        if frame.head.plane != Plane.AUDIT:
            continue
        if frame.head.first_ns > until_ns:
            break
        world.take(frame.audit())
    world.finish(until_ns)
    return equity
