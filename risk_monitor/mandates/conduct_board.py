"""The conduct board: all mandates that are measured on what the accounts' orders did."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.books.marks import Quote
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.mandates.instrument_whitelist import InstrumentWhitelist
from risk_monitor.mandates.message_rate import MessageRate
from risk_monitor.mandates.order_rate import OrderRate
from risk_monitor.mandates.repeated_execution import RepeatedExecution
from risk_monitor.mandates.single_trade_risk import SingleTradeRisk
from risk_monitor.mandates.slippage import Slippage
from risk_monitor.tape import AccountTape
from risk_monitor.watchtower import Watchtower


class ConductBoard:
    """Listens to every account's tape; ``quotes`` are those of all exchanges."""

    def __init__(
        self,
        tower: Watchtower,
        tapes: tuple[AccountTape, ...],
        quotes: tuple[Quote, ...],
        portfolio: Portfolio,
        agenda: Agenda,
    ) -> None:
        InstrumentWhitelist(tower, tapes, portfolio.marks, agenda)
        for tape in tapes:
            SingleTradeRisk(tower, tape, portfolio, agenda)
            RepeatedExecution(tower, tape, agenda)
            OrderRate(tower, tape, agenda)
            Slippage(
                tower, tape, tuple(quote for quote in quotes if quote.venue == tape.venue), portfolio.marks, agenda
            )
        venues = dict.fromkeys(tape.venue for tape in tapes)
        self._rates = tuple(
            MessageRate(tower, venue, tuple(tape for tape in tapes if tape.venue == venue), agenda) for venue in venues
        )

    def start(self, now_ns: int) -> None:
        for rate in self._rates:
            rate.start(now_ns)
