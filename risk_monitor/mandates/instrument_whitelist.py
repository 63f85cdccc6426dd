"""Instrument whitelist: value that the firm traded in a pair which it does not allow, Σ quantity × price × mark[quote]
over its fills within ``window``, USD."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.books.marks import MarkBook
from risk_monitor.books.perpetuals import legs_of
from risk_monitor.connectors.domain import Fill
from risk_monitor.mandates.recent import Recent
from risk_monitor.tape import AccountTape, OnFill
from risk_monitor.watchtower import Watchtower


class InstrumentWhitelist:
    """All accounts together, one measure per pair that is listed somewhere and not in the whitelist."""

    def __init__(self, tower: Watchtower, tapes: tuple[AccountTape, ...], marks: MarkBook, agenda: Agenda) -> None:
        self._tapes = tapes
        self._marks = marks
        allowed = tower.limits.whitelist
        pairs = dict.fromkeys(pair for tape in tapes for pair in tape.pairs.values())
        self._sums = {
            pair: Recent(tower, "instrument_whitelist", pair, agenda) for pair in pairs if pair not in allowed
        }
        self._sums = {pair: recent for pair, recent in self._sums.items() if recent.is_kept}
        if self._sums:
            for tape in tapes:
                tape.fills += (self._listener(tape),)
                tape.sights += (self._on_sight,)

    def _listener(self, tape: AccountTape) -> OnFill:
        def on_fill(now_ns: int, fill: Fill) -> None:
            pair = tape.pairs[fill.symbol]
            recent = self._sums.get(pair)
            if recent is not None:
                value_usd = float(fill.quote_quantity) * self._marks.mark(legs_of(pair)[1])
                side = "BUY" if fill.is_buy else "SELL"
                note = f"{tape.subject} executionReport TRADE {fill.symbol} {side} i={fill.order_id} t={fill.trade_id}"
                recent.happened(now_ns, f"{note} {value_usd:.2f} USD", value_usd)

        return on_fill

    def _on_sight(self, now_ns: int, is_live: bool) -> None:
        all_live = all(tape.is_live for tape in self._tapes)
        for recent in self._sums.values():
            if all_live:
                recent.regain(now_ns)
            else:
                recent.lose_sight()
