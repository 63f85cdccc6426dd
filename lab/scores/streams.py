"""Streams: how runs become what NAB scores, rows with windows and detections.

A row is a second. A stream is one demand of one run (mandate, asset, severity); a window reaches from the row in which
the alert was due to that of its deadline, and the alert that the correlator credits with the answer is the detection,
in the window's first row if it came before it was due. Windows of equal demands that overlap are one; one that begins
in probation is left out, and so is what answers it. A false alarm is
a detection in a stream that it would fit, else in one of its own, without a window. Alerts that the truth justifies and
nobody demanded are in no stream: NAB has no word for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lab.coverage.facts import Demand, Fired, RunFacts
from lab.scores.nab import PROFILES, Window, normalised, probation, raw_score
from lab.scores.result import NabScore, NabScores

_SEVERITIES = ("info", "warning", "high", "critical")
_Key = tuple[str, str | None, str | None]


@dataclass(slots=True)
class _Stream:
    """One demand of one run while it is put together. ``answers`` are rows of alerts, each with the first row of the
    window that it answers; ``false`` those of false alarms."""

    windows: list[Window] = field(default_factory=list)
    answers: list[tuple[int, int]] = field(default_factory=list)
    false: list[int] = field(default_factory=list)

    def counted(self, first_row: int) -> tuple[list[Window], list[int]]:
        """Its windows and detections from the first row that counts on."""
        kept = [window for window in self.windows if window.first >= first_row]
        left_out = [window for window in self.windows if window.first < first_row]
        answers = [row for row, of in self.answers if not any(_within(of, window) for window in left_out)]
        return kept, [row for row in (*answers, *self.false) if row >= first_row]


def nab_scores(facts: Sequence[RunFacts]) -> NabScores:
    """The NAB score of runs under each of its three cost profiles."""
    streams = [(one, probation(_row(run.lasted_s) + 1)) for run in facts for one in _streams(run)]
    counted = [(*one.counted(first), first) for one, first in streams]
    windows = sum(len(kept) for kept, _, _ in counted)
    profiles = {}
    for name, profile in PROFILES.items():
        raw = sum(raw_score(kept, found, profile, first) for kept, found, first in counted)
        profiles[name] = NabScore(score=normalised(raw, windows, profile), raw=raw)
    detections = [(row, kept) for kept, found, _ in counted for row in found]
    return NabScores(
        profiles=profiles,
        windows=windows,
        windows_in_probation=sum(len(one.windows) for one, _ in streams) - windows,
        windows_detected=sum(any(_within(row, window) for row in found) for kept, found, _ in counted
                             for window in kept),
        detections_outside=sum(not any(_within(row, window) for window in kept) for row, kept in detections),
    )  # fmt: skip


def _streams(run: RunFacts) -> list[_Stream]:
    streams: dict[_Key, _Stream] = {}
    for demand in run.demands:
        span = _window(demand, run)
        if span is None or demand.alert is None:
            continue
        stream = streams.setdefault((demand.alert, demand.asset, demand.severity), _Stream())
        stream.windows.append(span)
        if demand.found in ("detected", "late") and demand.detected_at_s is not None:
            stream.answers.append((max(span.first, _row(demand.detected_at_s)), span.first))
    for stream in streams.values():
        stream.windows = _merged(stream.windows)
    for alarm in run.false_alarms:
        fitting = next((key for key in streams if _fits(alarm, key)), (alarm.alert, alarm.asset, alarm.severity))
        streams.setdefault(fitting, _Stream()).false.append(_row(alarm.at_s))
    return list(streams.values())


def _window(demand: Demand, run: RunFacts) -> Window | None:
    """From due to the deadline, within the run; None where the truth owed nothing."""
    if not demand.owed or demand.due_at_s is None or demand.deadline_at_s is None:
        return None
    first, last = _row(demand.due_at_s), _row(min(demand.deadline_at_s, run.lasted_s))
    return Window(first, last) if first <= last else None


def _merged(windows: list[Window]) -> list[Window]:
    merged: list[Window] = []
    for window in sorted(windows):
        if merged and window.first <= merged[-1].last:
            merged[-1] = Window(merged[-1].first, max(merged[-1].last, window.last))
        else:
            merged.append(window)
    return merged


def _fits(alarm: Fired, key: _Key) -> bool:
    alert, asset, severity = key
    grave_enough = severity is None or _SEVERITIES.index(alarm.severity) >= _SEVERITIES.index(severity)
    return alarm.alert == alert and asset in (None, alarm.asset) and grave_enough


def _within(row: int, window: Window) -> bool:
    return window.first <= row <= window.last


def _row(at_s: float) -> int:
    return max(0, int(at_s))
