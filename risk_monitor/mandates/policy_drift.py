"""Policy drift: limits in force that nobody approved. 1 while the limits that the policy store holds are not those that
its hash-chained log approved last, or the log's chain is broken; else 0."""

from __future__ import annotations

from risk_monitor.connectors.gateway import PolicyLog
from risk_monitor.watchtower import Watchtower


class PolicyDrift:
    """The firm's policy store. A log that no longer holds the entries it once held is a broken one, however well the
    new ones are chained."""

    def __init__(self, tower: Watchtower, gateway: str) -> None:
        self._gateway = gateway
        self._watch = tower.watch("policy_drift", "limits", self._evidence)
        self._entries = 0
        self._head = ""
        self._stored = ""
        self._log = PolicyLog((), True, "")
        self._is_rewritten = False
        self._is_suspected = False

    @property
    def is_kept(self) -> bool:
        return self._watch is not None

    def read(self, now_ns: int, stored: str, log: PolicyLog) -> bool:
        """Take a reading: the SHA-256 of the limits in the store, then the log. True if it has to be confirmed by
        another: an approved change between the two looks like drift as well."""
        watch = self._watch
        if watch is None:
            return False
        self._stored, self._log = stored, log
        self._is_rewritten = self._entries > 0 and log.chains[self._entries - 1 : self._entries] != (self._head,)
        if log.chains and stored == log.approved and log.is_whole and not self._is_rewritten:
            self._entries, self._head = len(log.chains), log.chains[-1]
            self._is_suspected = False
            watch.observe(now_ns, 0.0)
            return False
        if not self._is_suspected:
            self._is_suspected = True
            return True
        watch.observe(now_ns, 1.0)
        return False

    def lose_sight(self, now_ns: int) -> None:
        """The store or its log could not be read."""
        self._is_suspected = False
        if self._watch is not None:
            self._watch.lose_sight()

    def _evidence(self) -> tuple[str, ...]:
        log = self._log
        state = "rewritten" if self._is_rewritten else "whole" if log.is_whole else "broken"
        approved = f"approved={log.approved or 'nothing'}, {len(log.chains)} entries, {state}"
        return (
            f"{self._gateway} GET /v1/policy/limits sha256={self._stored}",
            f"{self._gateway} GET /v1/policy/log {approved}",
        )
