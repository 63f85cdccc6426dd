"""Watchtower: every watch that the limits call for, in one place: other bounds, acknowledgements and restarts reach the
alerts through it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Emit, Evidence, RuleStatus, SavedAlert, Timing, Watch
from risk_monitor.effects import AlertState, Signal
from risk_monitor.limits import Limits

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[SavedAlert])


class Watchtower:
    """Makes the watches that the limits call for, and keeps them in the order in which they were made."""

    def __init__(self, limits: Limits, agenda: Agenda, timing: Timing, emit: Emit) -> None:
        self.limits = limits
        self.agenda = agenda
        self.watches: list[Watch] = []
        self.on_change: list[Callable[[int], None]] = []
        """Told when other limits are in force: for whoever has taken more from them than a watch."""
        self._rules_of: list[str] = []
        self._timing = timing
        self._emit = emit

    def watch(self, mandate: str, subject: str, evidence: Evidence, rules_of: str = "") -> Watch | None:
        """The watch of a mandate on a subject, under the rules of that subject (or of ``rules_of``); None if no rule
        of the limits file applies to it."""
        kept = self.limits.mandate(mandate)
        if kept is None:
            return None
        spec = kept.spec
        bounds = kept.bounds(rules_of or subject, self.limits.profile(subject) if spec.by_profile else "")
        if not bounds:
            return None
        watch = Watch(mandate, subject, spec.unit or subject, self._timing, self._emit, evidence, spec.below)
        for bound in bounds:
            watch.add(self.agenda, bound.severity, float(bound.value), kept.for_ns)
        self.watches.append(watch)
        self._rules_of.append(rules_of)
        return watch

    def acknowledge(self, alert_id: str) -> bool:
        """Somebody has taken an alert on. False if no such alert fires."""
        for watch in self.watches:
            if alert_id.startswith(f"{watch.mandate}/{watch.subject}/"):
                for alert in watch.alerts:
                    if alert.state is AlertState.FIRING and watch.id_of(alert) == alert_id:
                        if not alert.is_acknowledged:
                            alert.acknowledge()
                        return True
        return False

    def firing(self) -> tuple[Signal, ...]:
        """Every alert that fires now, as it would be told."""
        return tuple(
            watch.signal_of(alert, AlertState.FIRING)
            for watch in self.watches
            for alert in watch.alerts
            if alert.state is AlertState.FIRING
        )

    def change_limits(self, now_ns: int, limits: Limits) -> None:
        """Hold the firm to other bounds from now on. ``limits`` differ from those in force in bounds and ``for`` only
        (``risk_monitor.controls.limits_log`` sees to that)."""
        self.limits = limits
        for watch, rules_of in zip(self.watches, self._rules_of, strict=True):
            kept = limits.mandate(watch.mandate)
            if kept is not None:
                profile = limits.profile(watch.subject) if kept.spec.by_profile else ""
                watch.rebound(now_ns, kept.bounds(rules_of or watch.subject, profile), kept.for_ns)
        for listener in self.on_change:
            listener(now_ns)

    def save_state(self) -> bytes:
        """Every alert that has ever been told of."""
        return _encoder.encode([alert.save() for watch in self.watches for alert in watch.alerts if alert.episode])

    def restore_state(self, now_ns: int, content: bytes) -> None:
        """Take up the alerts where they were; those whose rule is gone are forgotten."""
        saved = {(one.mandate, one.subject, one.severity): one for one in _decoder.decode(content)}
        for watch in self.watches:
            for alert in watch.alerts:
                one = saved.get((watch.mandate, watch.subject, alert.severity))
                if one is not None:
                    alert.resume(now_ns, one)

    def status(self) -> tuple[RuleStatus, ...]:
        return tuple(status for watch in self.watches for status in watch.status())
