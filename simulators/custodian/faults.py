"""Faults of a custodian: it stops settling, settles late, or cannot be reached.

Each fault is constructed once per injection, begins and ends once, and reports its first production-visible
difference by calling ``took_effect`` with a sentence about it.
"""

from __future__ import annotations

from collections.abc import Callable

from simulators.custodian.api import CustodianApi, error_reply
from simulators.custodian.core import Custodian
from simulators.custodian.harm import CustodianOutageParams, SettlementDelayParams, SettlementHaltParams
from simulators.custodian.settlement import SettlementDesk
from simulators.custodian.transactions import Instruction
from simulators.ports import Clock, Reply


class _SettlementFault:
    """What halt and delay share: a scope, a life, and the first instruction that did not go on."""

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

    def _report(self, instruction: Instruction) -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(f"instruction {instruction.id} of {instruction.counterparty} was not processed in time")

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
        self._clock.call_at(until_ns, self._release, instruction)
        self._report(instruction)
        return True

    def _release(self, instruction: Instruction) -> None:
        self._desk.resume(instruction, self._cause)


class CustodianOutage:
    """``custodian_outage``: the API is down. Takes effect with the first request that is not served."""

    def __init__(
        self, api: CustodianApi, clock: Clock, params: CustodianOutageParams, took_effect: Callable[[str], None]
    ) -> None:
        self._api = api
        self._silent = params.mode == "silent"
        self._took_effect = took_effect
        self._has_taken_effect = False

    def begin(self, cause: int) -> None:
        self._api.outages.append(self)
        self._api.custodian.audit.record("venue", self._api.name, cause, "down", "api")

    def end(self, cause: int) -> None:
        self._api.outages.remove(self)
        self._api.custodian.audit.record("venue", self._api.name, cause, "up", "api")

    def answer(self, cause: int) -> Reply | None:
        """An ``Outage``: what a client gets instead of an answer."""
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(f"request to {self._api.name} was {'not answered' if self._silent else 'refused'}")
        return None if self._silent else error_reply(503, 503, "Service Unavailable")
