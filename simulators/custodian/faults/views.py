"""Faults of what a custodian shows: balances that are not so, and settlements reported done that were not.

The ledger stays true; only replies are touched.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import msgspec

from simulators.custodian.api import CustodianApi
from simulators.custodian.core import AssetPosition, Vault
from simulators.custodian.harm import BalanceMisreportedParams, FalseCompletionParams
from simulators.custodian.transactions import Instruction, Status, Transaction
from simulators.ports import Clock


class _View:
    """What they share: an API whose replies they touch up, and the first reply that was."""

    def __init__(self, api: CustodianApi, took_effect: Callable[[str], None]) -> None:
        self._api = api
        self._took_effect = took_effect
        self._has_taken_effect = False

    def _report(self, detail: str) -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(detail)

    def _tell(self, what: str, detail: str, cause: int) -> None:
        self._api.custodian.audit.record("venue", self._api.name, cause, what, detail)

    def position(self, vault: Vault, position: AssetPosition) -> AssetPosition:
        """A ``Retouch``: unless a fault says otherwise, positions are shown as they are."""
        return position

    def transaction(self, transaction: Transaction) -> Transaction:
        """A ``Retouch``: unless a fault says otherwise, transactions are shown as they are."""
        return transaction


class BalanceMisreported(_View):
    """``balance_misreported``: what a vault holds is shown too high or too low by a share."""

    def __init__(
        self, api: CustodianApi, clock: Clock, params: BalanceMisreportedParams, took_effect: Callable[[str], None]
    ) -> None:
        super().__init__(api, took_effect)
        held = api.custodian.config.assets
        if params.asset is not None and params.asset not in held:
            raise ValueError(f"{api.name} holds {', '.join(held)}, not {params.asset}")
        self._clock = clock
        self._params = params

    def begin(self, cause: int) -> None:
        self._api.retouches.append(self)
        self._tell("misreports", self._params.asset or "all assets", cause)

    def end(self, cause: int) -> None:
        self._api.retouches.remove(self)
        self._tell("reports_truly", self._params.asset or "all assets", cause)

    def position(self, vault: Vault, position: AssetPosition) -> AssetPosition:
        if self._params.asset not in (None, position.asset):
            return position
        sign = 1 if self._params.shown == "too_high" else -1
        off = sign * int(position.free * self._params.intensity * self._params.level(self._clock.now_ns))
        if not off:
            return position
        self._report(f"{position.asset} of {vault.name} was shown off by {self._params.intensity:.4%}")
        return msgspec.structs.replace(position, free=position.free + off)


class FalseCompletion(_View):
    """``false_completion``: instructions that come up for processing are shown as settled, and nothing moves.

    After the end they are shown as they are, and processed.
    """

    def __init__(
        self, api: CustodianApi, clock: Clock, params: FalseCompletionParams, took_effect: Callable[[str], None]
    ) -> None:
        super().__init__(api, took_effect)
        known = api.custodian.settlement.counterparties
        if params.counterparty is not None and params.counterparty not in known:
            raise ValueError(f"{api.name} settles with {', '.join(known) or 'nobody'}, not with {params.counterparty}")
        self._counterparty = params.counterparty
        self._kept: dict[str, tuple[Instruction, int]] = {}  # by id, with the moment it is shown to have settled

    def begin(self, cause: int) -> None:
        self._api.custodian.settlement.add_brake(self)
        self._api.retouches.append(self)
        self._tell("reports_settled", self._counterparty or "all", cause)

    def end(self, cause: int) -> None:
        self._api.custodian.settlement.remove_brake(self)
        self._api.retouches.remove(self)
        self._tell("settles", self._counterparty or "all", cause)
        kept, self._kept = self._kept, {}
        for instruction, _ in kept.values():
            self._api.custodian.settlement.resume(instruction, cause)

    def withholds(self, instruction: Instruction, planned_ns: int) -> bool:
        """A ``ProcessingBrake``: it is not processed, and shown as if it had been."""
        if self._counterparty not in (None, instruction.counterparty):
            return False
        self._kept[instruction.id] = (instruction, planned_ns)
        return True

    def transaction(self, transaction: Transaction) -> Transaction:
        if transaction.id not in self._kept:
            return transaction
        self._report(f"instruction {transaction.id} was shown as settled")
        return dataclasses.replace(
            transaction,
            status=Status.COMPLETED,
            sub_status="CONFIRMED",
            settled=transaction.amount,
            updated_ns=max(transaction.updated_ns, self._kept[transaction.id][1]),
        )
