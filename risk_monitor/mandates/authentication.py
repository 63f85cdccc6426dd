"""Authentication: intents that were not what they claimed to be. Refusals by the gateway for one reason within
``window``."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.mandates.recent import Recent
from risk_monitor.watchtower import Watchtower

REASONS = ("bad_signature", "replayed_nonce", "expired_timestamp")


class Authentication:
    """One line per reason. While the gateway's stream is not open, more may be refused than is seen."""

    def __init__(self, tower: Watchtower, agenda: Agenda) -> None:
        self._refusals = {reason: Recent(tower, "authentication", reason, agenda) for reason in REASONS}

    def refused(self, now_ns: int, reason: str, note: str) -> bool:
        """The gateway refused an intent; False if the reason is not one of the known ones."""
        refusals = self._refusals.get(reason)
        if refusals is None:
            return False
        refusals.happened(now_ns, note)
        return True

    def regain(self, now_ns: int) -> None:
        for refusals in self._refusals.values():
            refusals.regain(now_ns)

    def lose_sight(self) -> None:
        for refusals in self._refusals.values():
            refusals.lose_sight()
