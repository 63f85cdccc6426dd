"""Authentication: intents that the gateway refused because they were not what they claimed to be, by reason."""

from __future__ import annotations

from correlator.records import Record, Security
from correlator.truth.gauge import GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.watch import Watch
from correlator.truth.sliding import SlidingSum
from correlator.truth.stretch import Books, Stretch

REASONS = ("bad_signature", "replayed_nonce", "expired_timestamp")


class Authentication(Watch):
    """Refusals by the gateway within ``window``, per reason."""

    mandate = "authentication"
    takes = (Security,)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        gauges = {reason: board.bound(self.mandate, reason) for reason in REASONS}
        self._sums = {
            reason: SlidingSum(gauge, self.window_ns) for reason, gauge in gauges.items() if gauge is not None
        }

    def take(self, record: Record) -> None:
        assert isinstance(record, Security)
        if record.reason in self._sums:
            self._sums[record.reason].add(record.at_ns, 1.0, record.seq)

    def evaluate(self, stretch: Stretch) -> None:
        for total in self._sums.values():
            total.advance(int(stretch.ends[-1]) - 1)
