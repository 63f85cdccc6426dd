"""Stretch: the columns of one run of moments, computed once and shared by the measures that need them."""

from __future__ import annotations

from functools import cached_property

import msgspec
import numpy as np

from correlator.limits import Limits
from correlator.truth.intervals import Times, Values
from correlator.truth.perpetuals import Key, Perpetuals
from correlator.truth.prices import QuoteTape, mean_of_defined
from correlator.truth.series import Buckets
from correlator.truth.timeline import Changes, Step

USD = "USD"


class Flow(msgspec.Struct, frozen=True, gc=False):
    """Value that came to the firm from outside (negative: that left it), in whole units of the asset."""

    at_ns: int
    asset: str
    amount: float


class Books:
    """What the columns are made of: quotes, holdings and flows, as they stand across stretches."""

    def __init__(self, limits: Limits, perpetuals: Perpetuals) -> None:
        self.limits = limits
        self.scales: dict[str, int] = {}  # decimals of each asset's smallest unit
        self.perpetuals = perpetuals
        self.wallets: dict[tuple[str, str], dict[str, Step]] = {}  # (venue, account) of margin accounts → asset
        self.tape = QuoteTape()
        self.changes = Changes()
        self.holdings: dict[str, Step] = {}
        self.unsettled: dict[str, Step] = {}
        self.flows: list[Flow] = []
        self.flowed_usd = 0.0
        self.last_marks: dict[str, float] = {}
        # Listings decide once how an asset is marked: against USD, or through USDT.
        self.marked_by: dict[str, tuple[list[int], bool]] = {}

    def risk_assets(self) -> list[str]:
        """Assets whose price is the firm's risk: neither USD nor a stablecoin."""
        return [asset for asset in self.holdings if asset != USD and asset not in self.limits.stablecoins]

    def mark_places(self, asset: str) -> tuple[list[int], bool]:
        """The books that mark an asset, and whether they quote in USDT."""
        known = self.marked_by.get(asset)
        if known is None:
            direct = [place for place, book in enumerate(self.tape.books) if book.symbol == f"{asset}/{USD}"]
            crossed = [place for place, book in enumerate(self.tape.books) if book.symbol == f"{asset}/USDT"]
            known = self.marked_by[asset] = (direct, False) if direct else (crossed, True)
        return known


class Stretch:
    """Moments ``times``, each lasting until the same place of ``ends``, and the columns over them."""

    def __init__(self, books: Books, times: Times, ends: Times, buckets: Buckets) -> None:
        self.books = books
        self.times = times
        self.ends = ends
        self.edges = buckets.edges(times)
        self._mids: dict[int, Values] = {}
        self._marks: dict[str, Values] = {}
        self._holdings: dict[str, Values] = {}

    def seq_at(self, at_ns: int) -> int:
        """The record that made the state at a time of this stretch what it was."""
        times, seqs, before = self._seqs
        found = int(np.searchsorted(times, at_ns, side="right"))
        return int(seqs[found - 1]) if found else before

    @cached_property
    def _seqs(self) -> tuple[Times, Times, int]:
        return self.books.changes.seq_finder()

    def mid(self, place: int) -> Values:
        """Mid of a book, quote per base."""
        column = self._mids.get(place)
        if column is None:
            column = self._mids[place] = self.books.tape.mid_column(place, self.times)
        return column

    def fresh_mid(self, place: int, age_ns: int | None) -> Values:
        """Mid of a book while its last quote is not older than ``age_ns`` (None: of whatever age)."""
        if age_ns is None:
            return self.mid(place)
        quoted = self.books.tape.quoted_column(place, self.times)
        fresh = self.times - quoted <= age_ns
        return self.mid(place) if fresh.all() else np.where(fresh, self.mid(place), np.nan)

    def mark(self, asset: str) -> Values:
        """Mark of an asset, USD."""
        column = self._marks.get(asset)
        if column is None:
            column = self._marks[asset] = self._mark(asset)
        return column

    def _mark(self, asset: str) -> Values:
        if asset == USD:
            return np.ones(len(self.times))
        places, crossed = self.books.mark_places(asset)
        if not places or (crossed and asset == "USDT"):
            return np.full(len(self.times), np.nan)
        mean = mean_of_defined([self.mid(place) for place in places])
        return mean * self.mark("USDT") if crossed else mean

    def holding(self, asset: str) -> Values:
        """What the firm holds of an asset, in whole units."""
        column = self._holdings.get(asset)
        if column is None:
            column = self._holdings[asset] = self.books.holdings[asset].column(self.times)
        return column

    def exposure(self, asset: str) -> Values:
        """What the firm gains or loses by: its holding of an asset and its positions in perpetuals on it."""
        column = self.holding(asset)
        for key in self.books.perpetuals.of_asset(asset):
            column = column + self.position(key)
        return column

    def position(self, key: Key) -> Values:
        """A perpetual position, in the base asset, short negative."""
        return self.books.perpetuals.positions[key].amount.column(self.times)

    def mark_price(self, venue: str, symbol: str) -> Values:
        """A perpetual's mark price, quote per base; NaN before the first."""
        step = self.books.perpetuals.mark_prices.get((venue, symbol))
        return np.full(len(self.times), np.nan) if step is None else step.column(self.times)

    def unrealised(self, key: Key) -> Values:
        """What closing a perpetual position at its mark price would bring, USD."""
        steps = self.books.perpetuals.positions[key]
        amount = self.position(key)
        profit = amount * self.mark_price(key[0], key[2]) - steps.cost.column(self.times)
        return self.worth(np.where(amount == 0.0, 0.0, profit), steps.book.quote)

    def position_notional(self, venue: str, account: str) -> Values:
        """Sum of |position| × mark price of a margin account, USD."""
        total = np.zeros(len(self.times))
        for key in self.books.perpetuals.of_account(venue, account):
            amount = np.abs(self.position(key))
            value = np.where(amount == 0.0, 0.0, amount * self.mark_price(venue, key[2]))
            total = total + self.worth(value, self.books.perpetuals.positions[key].book.quote)
        return total

    def margin_balance(self, venue: str, account: str) -> Values:
        """A margin account's wallet plus the unrealised profit of its positions, USD."""
        total = np.zeros(len(self.times))
        for asset, wallet in self.books.wallets.get((venue, account), {}).items():
            total = total + self.worth(wallet.column(self.times), asset)
        for key in self.books.perpetuals.of_account(venue, account):
            total = total + self.unrealised(key)
        return total

    def worth(self, amounts: Values, asset: str) -> Values:
        """Amounts of an asset in USD. Nothing is worth nothing, whether or not it has a mark."""
        return np.where(amounts == 0.0, 0.0, amounts * self.mark(asset))

    @cached_property
    def equity(self) -> Values:
        """Σ holding × mark over all assets, plus the unrealised profit of perpetual positions, USD."""
        total = np.zeros(len(self.times))
        for asset in self.books.holdings:
            total = total + self.worth(self.holding(asset), asset)
        for key in self.books.perpetuals.positions:
            total = total + self.unrealised(key)
        return total

    @cached_property
    def flowed(self) -> Values:
        """What had come in from outside so far, each flow at its mark when it came, USD."""
        column = np.full(len(self.times), self.books.flowed_usd)
        for flow in self.books.flows:
            place = int(np.searchsorted(self.times, flow.at_ns))
            if place < len(column):
                column[place:] += flow.amount * self.last_mark(flow.asset, place)
        return column

    @cached_property
    def earned(self) -> Values:
        """Equity without what came in from outside: only gain and loss move it, USD."""
        return self.equity - self.flowed

    def last_mark(self, asset: str, place: int) -> float:
        """The mark of an asset at a moment, or the last one it had before; 0 if it never had one."""
        known = self.mark(asset)[: place + 1]
        if (latest := float(known[-1])) == latest:
            return latest
        defined = known[~np.isnan(known)]
        return float(defined[-1]) if len(defined) else self.books.last_marks.get(asset, 0.0)

    def close(self) -> None:
        """Hand over to the next stretch what it must know of this one."""
        books = self.books
        books.flowed_usd = float(self.flowed[-1])
        end_ns = int(self.times[-1])
        books.flows = [flow for flow in books.flows if flow.at_ns > end_ns]
        for asset in books.holdings:
            books.last_marks[asset] = self.last_mark(asset, len(self.times) - 1)
