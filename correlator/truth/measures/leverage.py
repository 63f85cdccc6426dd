"""Leverage: how many times a margin account's own money its positions are worth."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.stretch import Books, Stretch

RUINED = 1_000.0
"""What counts as the leverage of an account that has a position open and nothing left to carry it."""


class Leverage:
    """Σ |position| × mark price ÷ (wallet + unrealised profit), per account that holds or held perpetual positions."""

    mandate = "leverage"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        self._board = board
        self._books = books
        self._gauges: dict[tuple[str, str], Gauge | None] = {}

    def evaluate(self, stretch: Stretch) -> None:
        for venue, account in dict.fromkeys((*self._books.wallets, *self._books.perpetuals.accounts())):
            if (venue, account) not in self._gauges:
                gauge = self._board.bound_account(self.mandate, f"{venue}:{account}")
                self._gauges[venue, account] = gauge
            gauge = self._gauges[venue, account]
            if gauge is None:
                continue
            notional = stretch.position_notional(venue, account)
            balance = stretch.margin_balance(venue, account)
            ruined = np.where(notional > 0.0, RUINED, 0.0)
            positive = balance > 0.0
            leverage = np.where(positive, notional / np.where(positive, balance, 1.0), ruined)
            show(gauge, stretch, np.where(np.isnan(notional + balance), np.nan, leverage))
