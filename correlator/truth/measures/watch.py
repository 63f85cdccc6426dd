"""Watch: a measure of what the firm, its gateway and its venues did, followed record by record."""

from __future__ import annotations

from typing import ClassVar

from correlator.records import Record
from correlator.truth.gauge import GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.stretch import Books, Stretch


class Watch:
    """What every such measure has. It is made at the start of history if the firm keeps its mandate, else never.

    Subjects come to light as they are opened and listed; records of the types in ``takes`` then reach it in order.
    What hangs on prices waits for ``evaluate``, which is called for one stretch of moments after another, each after
    all its records.
    """

    mandate: ClassVar[str]
    takes: ClassVar[tuple[type[Record], ...]] = ()

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        self.board = board
        self.books = books
        self.ledger = ledger
        mandate = board.limits.mandate(self.mandate)
        self.window_ns = mandate.window_ns if mandate is not None else 0

    def open_account(self, venue: str, account: str) -> None:
        """The firm has an account at a venue that lists pairs; called once for each."""

    def open_vault(self, venue: str, account: str) -> None:
        """The firm has an account at a venue that lists none, a custodian; called once for each."""

    def enlist(self, venue: str, symbol: str) -> None:
        """A venue lists a pair."""

    def take(self, record: Record) -> None:
        """A record of one of the types in ``takes``."""

    def evaluate(self, stretch: Stretch) -> None:
        """Let time pass to the end of a stretch."""

    def is_firms(self, venue: str, account: str) -> bool:
        """Whether an account is one of the firm's own."""
        return self.ledger.owner(venue, account) == "firm"
