"""Policy reader: the limits in the firm's policy store and the log that approves them, read one after the other."""

from __future__ import annotations

from risk_monitor.config import Account
from risk_monitor.connectors import gateway
from risk_monitor.mandates.policy_drift import PolicyDrift
from risk_monitor.transport import AT_ONCE_NS, Task, Transport, VenueLine


class PolicyReader:
    """Reads every ``interval_ns``, or sooner if asked to hurry."""

    def __init__(
        self, drift: PolicyDrift, line: VenueLine, account: Account, interval_ns: int, transport: Transport
    ) -> None:
        self._drift = drift
        self._transport = transport
        self._stored: str | None = None
        self._must_repeat = False
        self._task = Task(
            "policy",
            line,
            account.name,
            gateway.headers_of(account),
            gateway.REQUEST_WEIGHT,
            interval_ns,
            lambda now_ns: gateway.POLICY_LIMITS_TARGET if self._stored is None else gateway.POLICY_LOG_TARGET,
            self._deliver,
            self._abandon,
        )

    def hurry(self, now_ns: int) -> None:
        """Read now; if a reading is under way, once more after it."""
        if not self._drift.is_kept:
            return
        if self._task.in_flight or self._stored is not None:
            self._must_repeat = True
        else:
            self._transport.schedule(self._task, now_ns)

    def lose_sight(self, now_ns: int) -> None:
        """The gateway cannot be asked."""
        self._drift.lose_sight(now_ns)

    def _deliver(self, now_ns: int, departed_ns: int, body: bytes) -> int | None:
        if self._stored is None:
            self._stored = gateway.read_policy_limits(body)
            return AT_ONCE_NS
        log = gateway.read_policy_log(body)
        stored, self._stored = self._stored, None
        must_confirm = self._drift.read(now_ns, stored, log)
        must_repeat, self._must_repeat = self._must_repeat, False
        return AT_ONCE_NS if must_confirm or must_repeat else None

    def _abandon(self, now_ns: int) -> None:
        self._stored = None
        self._drift.lose_sight(now_ns)
