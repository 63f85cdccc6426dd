"""Triggers: which alerts set a control off, and which strategies an alert speaks of."""

from __future__ import annotations

from risk_monitor.controls.config import RANK, Trigger
from risk_monitor.controls.order_path import OrderPath
from risk_monitor.effects import AlertState, Signal


class Alarm:
    """The alerts of some triggers that fire now, in the order in which they began. There are at most as many as there
    are rules."""

    def __init__(self, on: tuple[Trigger, ...]) -> None:
        self._least = {trigger.mandate: RANK[trigger.severity] for trigger in on}
        self.firing: dict[str, Signal] = {}

    def resume(self, firing: tuple[Signal, ...]) -> None:
        """These fired before a restart already, and have been reacted to."""
        for signal in firing:
            if self.counts(signal):
                self.firing[signal.alert_id] = signal

    def rang(self, signal: Signal) -> bool:
        """Whether the signal is the beginning of an alert that counts."""
        if not self.counts(signal):
            return False
        if signal.state is AlertState.FIRING:
            self.firing[signal.alert_id] = signal
            return True
        if signal.state is AlertState.RESOLVED:
            self.firing.pop(signal.alert_id, None)
        return False

    def counts(self, signal: Signal) -> bool:
        """Whether the signal is of an alert that sets this off."""
        least = self._least.get(signal.mandate)
        return least is not None and RANK[signal.severity] >= least


class Roster:
    """Who trades where, as far as the gateway has told."""

    def __init__(self, path: OrderPath) -> None:
        self._path = path

    def strategies_of(self, subject: str) -> tuple[str, ...]:
        """The strategies that an alert's subject speaks of: itself, or those that trade the account it names
        (``venue:account``). Empty if it speaks of none."""
        strategies = self._path.strategies
        named = tuple(one.name for one in strategies if one.name == subject)
        if named:
            return named
        venue, _, account = subject.partition(":")
        return tuple(one.name for one in strategies if (venue, account) in one.accounts)
