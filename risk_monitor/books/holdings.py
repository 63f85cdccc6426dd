"""Holdings: how much of each asset the firm has, over all places where it has any."""

from __future__ import annotations

from decimal import Decimal

ZERO = Decimal(0)
MAX_ASSETS = 1_000
"""Venues can credit anything to anyone; beyond this many assets, unknown ones are no longer kept apart."""


class Holdings:
    """Sums per asset over accounts at exchanges (free + locked), custody totals and settlements in transit.

    ``places_unknown`` counts the accounts and custodians that have not been seen yet: until it is 0, a sum is not the
    firm's holding. ``version`` grows with every change.
    """

    __slots__ = ("_sums", "changed_ns", "places_unknown", "version")

    def __init__(self, places: int) -> None:
        self._sums: dict[str, Decimal] = {}
        self.places_unknown = places
        self.version = 0
        self.changed_ns = -1

    @property
    def are_known(self) -> bool:
        return self.places_unknown == 0

    def shift(self, now_ns: int, asset: str, change: Decimal) -> None:
        sums = self._sums
        if asset in sums or len(sums) < MAX_ASSETS:
            sums[asset] = sums.get(asset, ZERO) + change
        self.version += 1
        self.changed_ns = now_ns

    def total(self, asset: str) -> Decimal:
        return self._sums.get(asset, ZERO)

    def assets(self) -> tuple[str, ...]:
        """Assets of which there is or was something, in the order in which they were first seen."""
        return tuple(self._sums)

    def place_seen(self, now_ns: int) -> None:
        self.places_unknown -= 1
        self.version += 1
        self.changed_ns = now_ns
