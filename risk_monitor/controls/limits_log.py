"""Limits log: every change of the limits in force, with its reason and who approved it, chained by hashes so that no
entry can be altered, dropped or slipped in without it showing."""

from __future__ import annotations

import hashlib

import msgspec

from risk_monitor.agenda import Agenda
from risk_monitor.controls.commands import CommandBook, Procedure, Step
from risk_monitor.controls.config import LimitsLogConfig, Trigger
from risk_monitor.controls.deeds import Deed, DeedBook
from risk_monitor.controls.order_path import EVERY
from risk_monitor.controls.triggers import Alarm
from risk_monitor.effects import AlertState, Severity, Signal
from risk_monitor.limits import Limits, MandateLimits

CONTROL = "limits_log"
MAX_ENTRIES = 1_000
"""Changes of a running monitor; whoever changes limits more often needs no limits."""

_encode = msgspec.json.Encoder(order="sorted").encode


class LogEntry(msgspec.Struct, frozen=True):
    """One approved change. ``at`` is ms since the epoch, ``sha256`` that of the limits' text (hex), ``chain`` the
    SHA-256 (hex) of the previous entry's chain followed by the canonical JSON of the rest of this entry: keys sorted,
    no spaces."""

    number: int
    at: int
    sha256: str
    reason: str
    approver: str
    chain: str


class ChangeRefused(ValueError):
    """The limits are not changed; the message says why and what was expected."""


def chained(previous: str, number: int, at_ms: int, sha256: str, reason: str, approver: str) -> LogEntry:
    """The entry that follows one whose chain is ``previous`` (the first one: "")."""
    rest = {"number": number, "at": at_ms, "sha256": sha256, "reason": reason, "approver": approver}
    chain = hashlib.sha256(previous.encode() + _encode(rest)).hexdigest()
    return LogEntry(number, at_ms, sha256, reason, approver, chain)


def first_broken(log: tuple[LogEntry, ...]) -> int | None:
    """The position of the first entry that does not follow from those before it; None if the chain is whole. A change
    without a reason or an approver breaks it too."""
    previous = ""
    for position, entry in enumerate(log):
        follows = chained(previous, position + 1, entry.at, entry.sha256, entry.reason, entry.approver)
        if entry != follows or not entry.reason.strip() or not entry.approver.strip():
            return position
        previous = entry.chain
    return None


def digest(text: str) -> str:
    """SHA-256 of the limits' text, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


class LimitsLog:
    """The monitor's own log of changes since its start. Drift in the policy store is answered by restoring what was
    approved there."""

    def __init__(self, config: LimitsLogConfig, agenda: Agenda, commands: CommandBook, deeds: DeedBook) -> None:
        self._config = config
        self._agenda = agenda
        self._commands = commands
        self._deeds = deeds
        on = (Trigger("policy_drift", Severity.INFO),) if config.restores else ()
        self._alarm = Alarm(on)
        self._restoring: tuple[Deed, Procedure] | None = None
        self.entries: tuple[LogEntry, ...] = ()

    def append(self, now_ns: int, text: str, reason: str, approver: str) -> LogEntry:
        """Log an approved change, or refuse it. Raises ``ChangeRefused``."""
        if not reason.strip():
            raise ChangeRefused("limits change only for a reason: none was given")
        if approver not in self._config.approvers:
            known = ", ".join(self._config.approvers)
            raise ChangeRefused(f"{approver!r} may not approve a change of limits; expected one of {known}")
        if len(self.entries) >= MAX_ENTRIES:
            raise ChangeRefused(f"the log is full: {MAX_ENTRIES} changes since the monitor's start")
        previous = self.entries[-1].chain if self.entries else ""
        at_ms = now_ns // 1_000_000
        entry = chained(previous, len(self.entries) + 1, at_ms, digest(text), reason.strip(), approver)
        self.entries = (*self.entries, entry)
        return entry

    def on_signal(self, now_ns: int, signal: Signal) -> None:
        if self._alarm.rang(signal) and self._restoring is None:
            deed = self._deeds.take(CONTROL, signal.subject, signal.alert_id, "the approved limits are put back")
            steps = ((Step("restore_policy", EVERY, EVERY),),)
            procedure = Procedure(self._agenda, self._commands, deed, f"limits log: {signal.alert_id}", steps)
            self._restoring = (deed, procedure)
            procedure.begin(now_ns)
        elif signal.state is AlertState.RESOLVED and self._restoring is not None and not self._alarm.firing:
            deed, procedure = self._restoring
            procedure.drop()
            deed.ended("the limits are those that were approved")
            self._restoring = None


def check_change(old: Limits, new: Limits) -> None:
    """Bounds and ``for`` may change while the monitor runs; what is watched, and how, may not. Raises
    ``ChangeRefused``."""
    for field in ("firm", "base_currency", "stablecoins", "structural", "clusters", "whitelist", "profiles"):
        if getattr(old, field) != getattr(new, field):
            raise ChangeRefused(f"{field}: may not change while the monitor runs; expected {getattr(old, field)!r}")
    mandates = [mandate.spec.name for mandate in old.mandates]
    if sorted(mandates) != sorted(mandate.spec.name for mandate in new.mandates):
        raise ChangeRefused(
            f"limits: the mandates may not change while the monitor runs; expected {', '.join(mandates)}"
        )
    for mandate in old.mandates:
        other = new.mandate(mandate.spec.name)
        if other is None or _shape(mandate) != _shape(other):
            name = mandate.spec.name
            raise ChangeRefused(
                f"limits.{name}: only bounds and `for` may change while the monitor runs; "
                f"expected the same subjects, severities, window and quantile"
            )


def _shape(mandate: MandateLimits) -> tuple[object, ...]:
    subjects = sorted((one.subject, tuple(bound.severity for bound in one.bounds)) for one in mandate.subjects)
    return tuple(subjects), mandate.window_ns, mandate.quantile
