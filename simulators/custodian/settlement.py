"""Settlement: turning what the firm won or lost at an exchange into money that moves by a contracted time."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from simulators.custodian.calendar import MINUTE_NS, SettlementCalendar, format_date, parse_terms
from simulators.custodian.config import SECOND_NS, CustodianConfig
from simulators.custodian.transactions import Instruction, Peer, Status, TransactionBook
from simulators.custodian.transfers import Refuser
from simulators.ledger import Ledger, to_units
from simulators.ports import Audit, Clock

_SETTLED_IN = "USD"
_OPENING_RETRY_NS = SECOND_NS

_JOURNAL_STATUS = {
    Status.SUBMITTED: "instructed",
    Status.PENDING_AUTHORIZATION: "pending",
    Status.CONFIRMING: "pending",
    Status.COMPLETED: "settled",
    Status.REJECTED: "rejected",
}


class SettlingExchange(Protocol):
    """What the settlement of an exchange asks of it. Amounts are smallest units of USD, above zero toward the firm."""

    def open_session(self) -> bool:
        """Take the firm's worth as the session's opening; False while it cannot be valued yet."""

    def session_profit(self) -> int:
        """What the firm has won since the session opened, with what earlier cut-offs left unsettled."""

    def book_settlement(self, amount: int, cause: int) -> int:
        """Take a profit from the firm's account there (or credit a loss) into transit, and open the next session.

        Returns what could be booked: less than a profit whose money is not free. The rest is carried over.
        """

    def complete_settlement(self, amount: int, cause: int) -> None:
        """Pass what was in transit on to the custodian (or a loss from the custodian on into transit)."""

    def return_settlement(self, amount: int, cause: int) -> bool:
        """Give back what was booked and will not be settled; it counts for the next cut-off.

        False, and nothing is moved, if a loss that was credited is no longer free to be taken back.
        """


class ProcessingBrake(Protocol):
    """Something that can keep an instruction from being processed: the place where settlement faults act."""

    def withholds(self, instruction: Instruction, planned_ns: int) -> bool:
        """Whether the step that was planned for ``planned_ns`` must not happen now.

        Who answers True has taken charge of the instruction, and gives it back with ``SettlementDesk.resume``.
        """


class Portioner(Protocol):
    """Something that has an instruction settled in part only."""

    def portion(self, instruction: Instruction) -> int:
        """The most of ``amount``, without its sign, that may have settled by now."""


class _Counterparty:
    """An exchange that settles here, under its terms, with draws of its own."""

    __slots__ = ("exchange", "name", "rng", "session_open", "terms")

    def __init__(self, name: str, exchange: SettlingExchange, terms: str, rng: np.random.Generator) -> None:
        self.name = name
        self.exchange = exchange
        self.terms = terms
        self.rng = rng
        self.session_open = False


class SettlementDesk:
    """Makes one instruction per exchange and cut-off, and processes each one before its contracted time.

    An instruction is SUBMITTED at the cut-off, PENDING_AUTHORIZATION soon after, CONFIRMING when processing begins
    and COMPLETED when all of it has moved. A custody account that cannot pay a loss in full pays what it has; the
    rest is tried again and again, and the instruction is partially settled until then.
    """

    def __init__(
        self, config: CustodianConfig, calendar: SettlementCalendar, clock: Clock, audit: Audit, ledger: Ledger,
        book: TransactionBook, rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self._config = config
        self._work = config.processing
        self.calendar = calendar
        self._clock = clock
        self._audit = audit
        self._ledger = ledger
        self._book = book
        self._rng = rng
        self._dust = to_units(config.dust_minimum)
        self._counterparties: dict[str, _Counterparty] = {}
        self._brakes: list[ProcessingBrake] = []
        self.portioners: list[Portioner] = []
        self.refusers: list[Refuser] = []
        self._vault = ""
        self._vault_peer = Peer("VAULT_ACCOUNT", "")
        self._until_ns = 0

    def connect(self, name: str, exchange: SettlingExchange, terms: str) -> None:
        """Settle with an exchange from the next cut-off on, under terms ``T+0`` to ``T+2``."""
        if name in self._counterparties:
            raise ValueError(f"exchange {name!r} is connected already")
        parse_terms(terms)
        self._ledger.open_account(name, "transit")
        self._counterparties[name] = _Counterparty(name, exchange, terms, self._rng.spawn(1)[0])

    @property
    def counterparties(self) -> tuple[str, ...]:
        return tuple(self._counterparties)

    def start(self, until_ns: int, vault: str, vault_peer: Peer) -> None:
        """Open every session and hold cut-offs until ``until_ns``, into the custody account ``vault``."""
        self._until_ns = until_ns
        self._vault = vault
        self._vault_peer = vault_peer
        for party in self._counterparties.values():
            self._open_session(party)
        self._await_cut_off()

    def add_brake(self, brake: ProcessingBrake) -> None:
        self._brakes.append(brake)

    def remove_brake(self, brake: ProcessingBrake) -> None:
        self._brakes.remove(brake)

    def resume(self, instruction: Instruction, cause: int) -> None:
        """Take an instruction back from a brake and go on with it, because of the record ``cause``."""
        instruction.cause = cause
        self._process(instruction)

    def _open_session(self, party: _Counterparty) -> None:
        party.session_open = party.exchange.open_session()
        if not party.session_open and self._clock.now_ns + _OPENING_RETRY_NS <= self._until_ns:
            # A market without its first quotes has no value yet; it has within seconds.
            self._clock.call_at(self._clock.now_ns + _OPENING_RETRY_NS, self._open_session, party)

    def _await_cut_off(self) -> None:
        at_ns = self.calendar.next_cut_off_ns(self._clock.now_ns)
        if at_ns <= self._until_ns:
            self._clock.call_at(at_ns, self._hold_cut_off, at_ns)

    def _hold_cut_off(self, cut_off_ns: int) -> None:
        for party in self._counterparties.values():
            self._settle_session(party, cut_off_ns)
        self._await_cut_off()

    def _settle_session(self, party: _Counterparty, cut_off_ns: int) -> None:
        # Drawn for every cut-off, settled or not: a run must draw what its control draws, whatever it earned.
        authorization_ns = _draw(party.rng, self._work.authorization_ns)
        confirmation_ns = _draw(party.rng, self._work.confirmation_ns)
        window_ns = _draw(party.rng, (0, self._work.window_ns))
        if not party.session_open or self._book.is_full:
            return
        profit = party.exchange.session_profit()
        if abs(profit) < max(self._dust, 1):
            return
        cause = self._audit.record("venue", self._config.name, 0, "cut_off", party.name)
        booked = party.exchange.book_settlement(profit, cause)
        if not booked:
            return
        contracted_ns = self.calendar.contracted_ns(cut_off_ns, parse_terms(party.terms))
        trade_day = self.calendar.trade_day(cut_off_ns)
        exchange_peer = Peer("EXCHANGE_ACCOUNT", party.name, party.name)
        outwards = booked < 0
        minutes = cut_off_ns // MINUTE_NS % (24 * 60)
        instruction = Instruction(
            id=self._book.name_of(f"settlement {party.name} {cut_off_ns}"),
            vault=self._vault,
            asset=_SETTLED_IN,
            amount=booked,
            source=self._vault_peer if outwards else exchange_peer,
            destination=exchange_peer if outwards else self._vault_peer,
            created_ns=cut_off_ns,
            updated_ns=cut_off_ns,
            external_id=f"{party.name}-{format_date(trade_day)}-{minutes // 60:02d}{minutes % 60:02d}",
            cause=cause,
            counterparty=party.name,
            trade_day=trade_day,
            terms=party.terms,
            contracted_ns=contracted_ns,
            complete_ns=contracted_ns - self._work.margin_ns - window_ns,
            confirmation_ns=confirmation_ns,
        )
        self._book.add(instruction)
        self._record(instruction)
        self._clock.call_at(cut_off_ns + authorization_ns, self._authorize, instruction)

    def _authorize(self, instruction: Instruction) -> None:
        self._pass_to(instruction, Status.PENDING_AUTHORIZATION)
        self._clock.call_at(instruction.complete_ns - instruction.confirmation_ns, self._process, instruction)

    def _process(self, instruction: Instruction) -> None:
        """Take the next step of processing, unless a brake withholds it."""
        begins = instruction.status is Status.PENDING_AUTHORIZATION
        planned_ns = instruction.complete_ns - (instruction.confirmation_ns if begins else 0)
        for brake in self._brakes:
            if brake.withholds(instruction, planned_ns):
                return
        if begins:
            for refuser in self.refusers:
                if (sub_status := refuser.refuses(instruction)) and self._reject(instruction, sub_status):
                    return
            self._pass_to(instruction, Status.CONFIRMING, "PENDING_BLOCKCHAIN_CONFIRMATIONS")
            self._clock.call_at(self._clock.now_ns + instruction.confirmation_ns, self._process, instruction)
        else:
            self._settle(instruction)

    def _reject(self, instruction: Instruction, sub_status: str) -> bool:
        """Nothing of it will move: the exchange undoes what it has booked. False if it cannot."""
        exchange = self._counterparties[instruction.counterparty].exchange
        if not exchange.return_settlement(instruction.outstanding, instruction.cause):
            return False
        self._pass_to(instruction, Status.REJECTED, sub_status)
        self._book.close(instruction)
        return True

    def _settle(self, instruction: Instruction) -> None:
        """Move what can be moved now; what cannot is tried again later."""
        outstanding = instruction.outstanding
        for portioner in self.portioners:
            may_move = max(0, portioner.portion(instruction) - abs(instruction.settled))
            outstanding = min(outstanding, may_move) if outstanding > 0 else max(outstanding, -may_move)
        party = self._counterparties[instruction.counterparty]
        if outstanding > 0:
            moved = outstanding
            self._ledger.move(_SETTLED_IN, party.name, instruction.vault, moved, "settlement", instruction.cause)
        else:
            free, _ = self._ledger.balance(instruction.vault, _SETTLED_IN)
            moved = -min(free, -outstanding)
            if moved:
                self._ledger.move(_SETTLED_IN, instruction.vault, party.name, -moved, "settlement", instruction.cause)
        if moved:
            party.exchange.complete_settlement(moved, instruction.cause)
            instruction.settled += moved
        if instruction.outstanding:
            if moved:
                self._pass_to(instruction, Status.CONFIRMING, "PARTIALLY_SETTLED")
            self._clock.call_at(self._clock.now_ns + self._work.retry_ns, self._process, instruction)
        else:
            self._pass_to(instruction, Status.COMPLETED, "CONFIRMED")
            self._book.close(instruction)

    def _pass_to(self, instruction: Instruction, status: Status, sub_status: str = "") -> None:
        instruction.status = status
        instruction.sub_status = sub_status
        instruction.updated_ns = self._clock.now_ns
        self._record(instruction)

    def _record(self, instruction: Instruction) -> None:
        partial = instruction.settled and instruction.outstanding
        instruction.cause = self._audit.record(
            "settlement",
            self._config.name,
            instruction.cause,
            instruction.id,
            instruction.counterparty,
            instruction.asset,
            instruction.amount,
            instruction.settled,
            "partial" if partial else _JOURNAL_STATUS[instruction.status],
            instruction.contracted_ns,
        )


def _draw(rng: np.random.Generator, span: tuple[int, int]) -> int:
    """A whole number of nanoseconds between the two, both possible."""
    return int(rng.integers(span[0], span[1], endpoint=True))
