"""What is wrong with a market, said so that its author can mend it."""

from __future__ import annotations


class MarketError(Exception):
    """A market file or definition that cannot be played.

    ``file`` is the name as the author wrote it; ``row`` the line of a text file or the row of a table, counted from 1
    (None: the whole file); ``field`` the column or key; ``expected`` and ``found`` complete the sentence.
    """

    def __init__(self, file: str, row: int | None, field: str, expected: str, found: str) -> None:
        place = file if row is None else f"{file}:{row}"
        super().__init__(f"{place}: {field}: expected {expected}, found {found}")
        self.file = file
        self.row = row
        self.field = field
        self.expected = expected
        self.found = found
