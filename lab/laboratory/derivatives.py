"""Derivatives exchanges of a run: the matching core with its clearing house, what it follows, and its accounts."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lab.scenario.firm import Account, Exchange, Firm
from simulators.exchange.core import Exchange as Core
from simulators.exchange.perpetual.books import DEFAULT_LEVERAGE
from simulators.exchange.perpetual.clearing import ClearingHouse
from simulators.exchange.perpetual.terms import PROFILE_LEVERAGE
from simulators.ports import Audit, Clock


def make_clearing_house(
    exchange: Exchange, firm: Firm, spot: Mapping[str, Core], clock: Clock, audit: Audit
) -> ClearingHouse:
    """A venue of perpetuals with the firm's accounts, not yet started. Its index is made of the ``spot`` exchanges."""
    core = Core(exchange.config, clock, audit)
    house = ClearingHouse(core, exchange.contracts, clock, audit, SpotIndex(spot))
    for account in firm.accounts:
        if account.venue == exchange.name:
            house.open_account(account.name, account.opening, _leverage(account))
    return house


class SpotIndex:
    """The index price of a pair: the mean of its mids at the exchanges that list it and quote both sides."""

    def __init__(self, spot: Mapping[str, Core]) -> None:
        self._books: dict[str, list[tuple[Core, int, float]]] = {}
        for core in spot.values():
            for index, listing in enumerate(core.listings):
                self._books.setdefault(listing.symbol, []).append((core, index, float(listing.tick_size) * 0.5))

    def __call__(self, pair: str) -> float:
        """Quote per base; 0.0 where nobody quotes it."""
        total, count = 0.0, 0
        for core, index, half_tick in self._books.get(pair, ()):
            bid_ticks, bid_lots, ask_ticks, ask_lots = core.top(index)
            if bid_lots and ask_lots:
                total += (bid_ticks + ask_ticks) * half_tick
                count += 1
        return total / count if count else 0.0


def _leverage(account: Account) -> int:
    """The leverage that the firm has set for an account: what its capital profile allows, in whole numbers."""
    return DEFAULT_LEVERAGE if account.profile is None else math.ceil(PROFILE_LEVERAGE[account.profile])
