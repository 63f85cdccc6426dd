"""Labels: the truth of a run as rows: what was injected and when, what was owed and when, and what the monitor said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from correlator.header import Header
from correlator.records import Action, Signal
from correlator.verdict import AlertOutcome, Judgement
from lab.judging.without_harm import comes_without_harm

Values = tuple[Any, ...]

_ROUNDED_NS = 500  # a verdict gives moments to the microsecond


class _Market(msgspec.Struct):
    file: str


class _Injected(msgspec.Struct):
    inject: str
    ramp_ns: int
    ramp_down_ns: int
    intensity: float | None
    scope: msgspec.Raw
    parameters: msgspec.Raw = msgspec.field(name="with")


class _Scenario(msgspec.Struct):
    market: _Market
    timeline: list[_Injected]


class Labels:
    """The labels of one run. ``scenario`` is its ``scenario.json``.

    Raises:
        ValueError: that is no such file.
    """

    def __init__(self, run: int, header: Header, judgement: Judgement, scenario: bytes) -> None:
        self._run = run
        self._header = header
        self._judgement = judgement
        self._scenario = msgspec.json.decode(scenario, type=_Scenario)
        self._alerts: dict[str, list[tuple[AlertOutcome, bool | None]]] = {}
        labelled = zip(judgement.alerts, comes_without_harm(judgement), strict=True)
        for alert, in_control in sorted(labelled, key=lambda each: _first_seq(each[0])):
            self._alerts.setdefault(alert.alert_id, []).append((alert, in_control))

    def run(self) -> Values:
        """The row of ``runs``."""
        one, header, market = self._judgement, self._header, self._scenario.market.file
        world = f"{market} {header.start_ns} {one.seed}"
        return (
            self._run, world, one.scenario, one.case, one.seed, market, header.start_ns,
            header.end_ns - header.start_ns, _ns(one.ended.at_s), one.ended.reason, one.verdict, one.tags, one.code,
        )  # fmt: skip

    def windows(self) -> Iterator[Values]:
        """The rows of ``windows``, in the order of the timeline."""
        asked = {one.inject: one for one in self._scenario.timeline}
        for one in self._judgement.injections:
            meant = asked[one.name]
            yield (
                self._run, one.name, one.fault, _ns(one.planned_at_s), _ns(one.began_at_s), _ns(one.took_effect_at_s),
                _ns(one.ended_at_s), one.refused, meant.intensity, meant.ramp_ns, meant.ramp_down_ns,
                bytes(meant.scope).decode(), bytes(meant.parameters).decode(),
            )  # fmt: skip

    def due(self) -> Iterator[Values]:
        """The rows of ``due``: every breach in truth of every rule."""
        for rule in self._judgement.rules:
            for breach in rule.intervals:
                yield (
                    self._run, rule.alert, rule.asset, rule.severity, rule.bound, _ns(rule.for_s),
                    _ns(breach.began_at_s), _ns(breach.due_at_s), _ns(breach.ended_at_s), breach.peak, rule.unit,
                    breach.breaches,
                )  # fmt: skip

    def output(self, record: Signal | Action) -> Values:
        """The row of ``outputs`` for what the monitor said."""
        at_ns = record.at_ns - self._header.start_ns
        if isinstance(record, Action):
            return (
                self._run, at_ns, "action", record.control, record.subject, None, record.state, record.action_id, None,
                None, None, None, record.trigger, None, None,
            )  # fmt: skip
        truth, in_control = self._labels_of(record)
        return (
            self._run, at_ns, "alert", record.mandate, record.subject, record.severity, record.state, record.alert_id,
            record.observed, record.limit, record.unit, record.since_ns - self._header.start_ns, None, truth,
            in_control,
        )  # fmt: skip

    def _labels_of(self, signal: Signal) -> tuple[str | None, bool | None]:
        """Truth, and whether it is in the control, of the alert that fired of which a signal tells. A monitor that lost
        its memory gives its ids anew."""
        begun = [each for each in self._alerts.get(signal.alert_id, []) if _first_seq(each[0]) <= signal.seq]
        if not begun:
            return None, None
        alert, in_control = begun[-1]
        resolved_ns = _ns(alert.resolved_at_s)
        is_over = resolved_ns is not None and signal.at_ns - self._header.start_ns > resolved_ns + _ROUNDED_NS
        return (None, None) if is_over else (alert.truth, in_control)


def _first_seq(alert: AlertOutcome) -> int:
    """Of the first signal that told of an alert."""
    return min(alert.evidence, default=0)


def _ns(at_s: float | None) -> int | None:
    return None if at_s is None else round(at_s * 1e9)
