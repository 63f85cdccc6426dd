"""Rejected transfer: transfers and settlement instructions of a custodian that were rejected or failed within
``window``."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.books.custody import CustodyView
from risk_monitor.connectors.fireblocks import REJECTED_STATUSES
from risk_monitor.mandates.recent import Recent
from risk_monitor.watchtower import Watchtower

MAX_COUNTED = 4_096

_NS_PER_MS = 1_000_000


class RejectedTransfer:
    """One custodian; each transaction counts once. What the first view shows counts from when it was last updated."""

    def __init__(self, tower: Watchtower, custodian: str, agenda: Agenda) -> None:
        self._custodian = custodian
        self._recent = Recent(tower, "rejected_transfer", custodian, agenda)
        self._counted: dict[str, None] = {}

    def on_view(self, now_ns: int, view: CustodyView, first: bool) -> None:
        rejected = [
            (entry.updated_ms, entry.instruction_id, entry.status, entry.asset, entry.amount)
            for entry in view.settlements
            if entry.status in REJECTED_STATUSES
        ]
        rejected += [
            (entry.updated_ms, entry.transfer_id, entry.status, entry.asset, entry.amount)
            for entry in view.transfers
            if entry.status in REJECTED_STATUSES
        ]
        for updated_ms, name, status, asset, amount in sorted(rejected):
            if name in self._counted:
                continue
            self._counted[name] = None
            if len(self._counted) > MAX_COUNTED:
                del self._counted[next(iter(self._counted))]
            note = f"{self._custodian} transaction id={name} status={status} {amount} {asset}"
            self._recent.happened(now_ns, note, at_ns=updated_ms * _NS_PER_MS if first else None)
        self._recent.regain(now_ns)
