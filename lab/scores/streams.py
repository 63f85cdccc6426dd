"""Streams: how runs become what NAB scores, rows with windows and detections.

A row is a second. A stream is one demand of one run (mandate, asset, severity); a window reaches from the row in which
the alert was due to that of its deadline, and the alert that the correlator credits with the answer is the detection,
in the window's first row if it came before it was due. Windows of equal demands that overlap are one. A false alarm is
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
    """One demand of one run while it is put together."""

    windows: list[Window] = field(default_factory=list)
    detections: list[int] = field(default_factory=list)


def nab_scores(facts: Sequence[RunFacts]) -> NabScores:
    """The NAB score of runs under each of its three cost profiles."""
    streams = [(one, probation(_row(run.lasted_s) + 1)) for run in facts for one in _streams(run)]
    counted = [([window for window in one.windows if window.first >= first], one, first) for one, first in streams]
    windows = sum(len(kept) for kept, _, _ in counted)
    profiles = {}
    for name, profile in PROFILES.items():
        raw = sum(raw_score(kept, one.detections, profile, first) for kept, one, first in counted)
        profiles[name] = NabScore(score=normalised(raw, windows, profile), raw=raw)
    detections = [(row, kept) for kept, one, first in counted for row in one.detections if row >= first]
    return NabScores(
        profiles=profiles,
        windows=windows,
        windows_in_probation=sum(len(one.windows) for one, _ in streams) - windows,
        windows_detected=sum(any(_within(row, window) for row in one.detections) for kept, one, _ in counted
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
            stream.detections.append(max(span.first, _row(demand.detected_at_s)))
    for stream in streams.values():
        stream.windows = _merged(stream.windows)
    for alarm in run.false_alarms:
        fitting = next((key for key in streams if _fits(alarm, key)), (alarm.alert, alarm.asset, alarm.severity))
        streams.setdefault(fitting, _Stream()).detections.append(_row(alarm.at_s))
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
