"""Faults of settlement: it stands still, comes late, comes in part, is turned down, or rests for a holiday.

Each fault is constructed once per injection, begins and ends once, and reports its first production-visible
difference by calling ``took_effect`` with a sentence about it.
"""

from __future__ import annotations

from collections.abc import Callable

from simulators.custodian.calendar import DAY_NS
from simulators.custodian.core import Custodian
from simulators.custodian.harm import (
    ApprovalDelayParams,
    BankHolidayParams,
    PartialSettlementParams,
    SettlementDelayParams,
    SettlementHaltParams,
    TransferRejectParams,
)
from simulators.custodian.settlement import SettlementDesk
from simulators.custodian.transactions import Instruction, Status, Transaction
from simulators.ports import Clock


class _SettlementFault:
    """What they share: a scope, a life, and the first transaction that did not go on as it would have."""

    def __init__(
        self, custodian: Custodian, clock: Clock, counterparty: str | None, took_effect: Callable[[str], None]
    ) -> None:
        known = custodian.settlement.counterparties
        if counterparty is not None and counterparty not in known:
            raise ValueError(f"{custodian.name} settles with {', '.join(known) or 'nobody'}, not with {counterparty}")
        self._custodian = custodian
        self._desk: SettlementDesk = custodian.settlement
        self._clock = clock
        self._counterparty = counterparty
        self._took_effect = took_effect
        self._has_taken_effect = False
        self._cause = 0

    def _concerns(self, instruction: Instruction) -> bool:
        return self._counterparty is None or instruction.counterparty == self._counterparty

    def _report(self, transaction: Transaction, what: str = "was not processed in time") -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            party = f" of {transaction.counterparty}" if isinstance(transaction, Instruction) else ""
            self._took_effect(f"transaction {transaction.id}{party} {what}")

    def _tell(self, what: str, cause: int) -> None:
        self._custodian.audit.record("venue", self._custodian.name, cause, what, self._counterparty or "all")


class SettlementHalt(_SettlementFault):
    """``settlement_halt``: instructions are accepted but not processed, until the backlog is worked off.

    The backlog holds at most the transactions the custodian keeps open. It is worked off by contracted time, the
    oldest first, ties in the order the instructions were made.
    """

    def __init__(
        self, custodian: Custodian, clock: Clock, params: SettlementHaltParams, took_effect: Callable[[str], None]
    ) -> None:
        if params.backlog_interval_ns < 0:
            raise ValueError("backlog_interval_ns cannot be negative")
        super().__init__(custodian, clock, params.counterparty, took_effect)
        self._interval_ns = params.backlog_interval_ns
        self._backlog: list[Instruction] = []

    def begin(self, cause: int) -> None:
        self._desk.add_brake(self)
        self._tell("settlement_halted", cause)

    def end(self, cause: int) -> None:
        self._desk.remove_brake(self)
        self._tell("settlement_resumed", cause)
        self._cause = cause
        self._backlog.sort(key=lambda instruction: (instruction.contracted_ns, instruction.number))
        for place, instruction in enumerate(self._backlog):
            self._clock.call_at(self._clock.now_ns + place * self._interval_ns, self._release, instruction)
        self._backlog = []

    def withholds(self, instruction: Instruction, planned_ns: int) -> bool:
        """A ``ProcessingBrake``: keep the instruction until the end."""
        if not self._concerns(instruction):
            return False
        self._backlog.append(instruction)
        self._report(instruction)
        return True

    def _release(self, instruction: Instruction) -> None:
        self._desk.resume(instruction, self._cause)


class SettlementDelay(_SettlementFault):
    """``settlement_delay``: each step of processing that falls due happens later by a stated time.

    Delays do not add up: of several that overlap the longest counts. A delay below the custodian's processing margin
    makes nothing overdue.
    """

    def __init__(
        self, custodian: Custodian, clock: Clock, params: SettlementDelayParams, took_effect: Callable[[str], None]
    ) -> None:
        if params.delay_ns < 0:
            raise ValueError("delay_ns cannot be negative")
        super().__init__(custodian, clock, params.counterparty, took_effect)
        self._delay_ns = params.delay_ns
        self._direction = params.direction

    def begin(self, cause: int) -> None:
        self._cause = cause
        self._desk.add_brake(self)
        self._tell("settlement_delayed", cause)

    def end(self, cause: int) -> None:
        self._desk.remove_brake(self)
        self._tell("settlement_punctual", cause)

    def withholds(self, instruction: Instruction, planned_ns: int) -> bool:
        """A ``ProcessingBrake``: give the instruction back when the delay has passed."""
        until_ns = planned_ns + self._delay_ns
        if not self._concerns(instruction) or self._clock.now_ns >= until_ns:
            return False
        if self._direction not in ("both", "inward" if instruction.amount > 0 else "outward"):
            return False
        self._clock.call_at(until_ns, self._release, instruction)
        self._report(instruction)
        return True

    def _release(self, instruction: Instruction) -> None:
        self._desk.resume(instruction, self._cause)


class ApprovalDelay(_SettlementFault):
    """``approval_delay``: instructions and transfers wait longer for their approval, and then go on as usual."""

    def __init__(
        self, custodian: Custodian, clock: Clock, params: ApprovalDelayParams, took_effect: Callable[[str], None]
    ) -> None:
        if params.delay_ns < 0:
            raise ValueError("delay_ns cannot be negative")
        super().__init__(custodian, clock, params.counterparty, took_effect)
        self._delay_ns = params.delay_ns

    def begin(self, cause: int) -> None:
        self._cause = cause
        self._desk.add_brake(self)
        if self._counterparty is None:
            self._custodian.transfers.approval_delays.append(self)
        self._tell("approvals_slow", cause)

    def end(self, cause: int) -> None:
        self._desk.remove_brake(self)
        if self._counterparty is None:
            self._custodian.transfers.approval_delays.remove(self)
        self._tell("approvals_normal", cause)

    def withholds(self, instruction: Instruction, planned_ns: int) -> bool:
        """A ``ProcessingBrake``: the step out of PENDING_AUTHORIZATION comes later."""
        until_ns = planned_ns + self._delay_ns
        if instruction.status is not Status.PENDING_AUTHORIZATION or not self._concerns(instruction):
            return False
        if self._clock.now_ns >= until_ns:
            return False
        self._clock.call_at(until_ns, self._release, instruction)
        self._report(instruction, "was not approved in time")
        return True

    def approval_extra_ns(self, transfer: Transaction) -> int:
        """An ``ApprovalDelay`` of transfers."""
        if self._delay_ns:
            self._report(transfer, "is approved later")
        return self._delay_ns

    def _release(self, instruction: Instruction) -> None:
        self._desk.resume(instruction, self._cause)


class TransferReject(_SettlementFault):
    """``transfer_reject``: a share of the transactions that come up for approval is turned down.

    Which ones depends on their identifiers alone, so that a greater share turns down all that a smaller one does.
    """

    def __init__(
        self, custodian: Custodian, clock: Clock, params: TransferRejectParams, took_effect: Callable[[str], None]
    ) -> None:
        super().__init__(custodian, clock, params.counterparty, took_effect)
        self._params = params

    def begin(self, cause: int) -> None:
        if self._params.kinds != "transfers":
            self._desk.refusers.append(self)
        if self._params.kinds != "settlements" and self._counterparty is None:
            self._custodian.transfers.refusers.append(self)
        self._tell("rejecting", cause)

    def end(self, cause: int) -> None:
        if self in self._desk.refusers:
            self._desk.refusers.remove(self)
        if self in self._custodian.transfers.refusers:
            self._custodian.transfers.refusers.remove(self)
        self._tell("accepting", cause)

    def refuses(self, transaction: Transaction) -> str:
        """A ``Refuser``."""
        if isinstance(transaction, Instruction) and not self._concerns(transaction):
            return ""
        if int(transaction.id[:8], 16) >= self._params.intensity * 2**32:
            return ""
        self._report(transaction, "was rejected")
        return self._params.sub_status


class PartialSettlement(_SettlementFault):
    """``partial_settlement``: of an instruction no more than a share settles; the rest follows after the end."""

    def __init__(
        self, custodian: Custodian, clock: Clock, params: PartialSettlementParams, took_effect: Callable[[str], None]
    ) -> None:
        super().__init__(custodian, clock, params.counterparty, took_effect)
        self._share_kept_back = params.intensity

    def begin(self, cause: int) -> None:
        self._desk.portioners.append(self)
        self._tell("settling_in_part", cause)

    def end(self, cause: int) -> None:
        self._desk.portioners.remove(self)
        self._tell("settling_in_full", cause)

    def portion(self, instruction: Instruction) -> int:
        """A ``Portioner``."""
        whole = abs(instruction.amount)
        if not self._concerns(instruction):
            return whole
        self._report(instruction, "settles in part")
        return int(whole * (1.0 - self._share_kept_back))


class BankHoliday(_SettlementFault):
    """``bank_holiday``: no money moves on the days that the injection touches.

    Announced, it is in the calendar: what is instructed from its beginning on is contracted for the next business day.
    Sudden, the contracted times stay what they were and nothing is processed until it is over.
    """

    def __init__(
        self, custodian: Custodian, clock: Clock, params: BankHolidayParams, took_effect: Callable[[str], None]
    ) -> None:
        super().__init__(custodian, clock, None, took_effect)
        self._is_announced = params.announced
        self._days = range(params.starts_ns // DAY_NS, max(params.ends_ns - 1, params.starts_ns) // DAY_NS + 1)
        self._waiting: list[Instruction] = []

    def begin(self, cause: int) -> None:
        if self._is_announced:
            self._desk.calendar.close_on(self._days)
        self._desk.add_brake(self)
        self._tell("holiday", cause)

    def end(self, cause: int) -> None:
        self._desk.remove_brake(self)
        if self._is_announced:
            self._desk.calendar.open_on(self._days)
        self._tell("business_day", cause)
        self._waiting.sort(key=lambda instruction: (instruction.contracted_ns, instruction.number))
        for instruction in self._waiting:
            self._desk.resume(instruction, cause)
        self._waiting = []

    def withholds(self, instruction: Instruction, planned_ns: int) -> bool:
        """A ``ProcessingBrake``: what would be processed today waits."""
        self._waiting.append(instruction)
        self._report(instruction)
        return True
