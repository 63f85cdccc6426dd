"""Quantities of the world while a run goes on, read from the audit side: ledgers, books, instructions under way.

Definitions are those of ``docs/reference/mandates.md`` (holding, mark, equity, position); reading changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.scenario.firm import Firm
from risk_monitor.effects import AlertState, Signal
from simulators.custodian.core import Custodian
from simulators.custodian.transactions import Instruction
from simulators.exchange.core import Exchange
from simulators.exchange.perpetual.books import MarginBooks
from simulators.ledger import EXTERNAL, UNITS
from simulators.ports import Audit, Clock

_DOLLAR, _TETHER = "USD", "USDT"
_SECOND_NS = 1_000_000_000
_SECONDS = 60
_ORDER_EVENT = 9  # place of `event` in the body of an `order` record


class FiringAlerts:
    """Which alerts of the monitor are firing; passes every signal on."""

    def __init__(self, pass_on: Callable[[Signal], None]) -> None:
        self._pass_on = pass_on
        self._firing: set[str] = set()

    def __len__(self) -> int:
        return len(self._firing)

    def hear(self, signal: Signal) -> None:
        if signal.state is AlertState.FIRING:
            self._firing.add(signal.alert_id)
        elif signal.state is AlertState.RESOLVED:
            self._firing.discard(signal.alert_id)
        self._pass_on(signal)


class OrderTap:
    """Counts the orders that exchanges accept, by account and second, on their way into the journal."""

    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._counts: dict[str, list[tuple[int, int]]] = {}  # venue:account → (second, orders), at most a minute's

    def record(self, kind: str, source: str, cause: int, *body: Any) -> int:
        if kind == "order" and body[_ORDER_EVENT] == "accepted":
            counts = self._counts.setdefault(f"{source}:{body[0]}", [])
            second = self._clock.now_ns // _SECOND_NS
            if counts and counts[-1][0] == second:
                counts[-1] = (second, counts[-1][1] + 1)
            else:
                counts.append((second, 1))
                while counts[0][0] <= second - _SECONDS:
                    del counts[0]
        return self._audit.record(kind, source, cause, *body)

    def last_minute(self, account: str) -> int:
        """Orders accepted in this second and the 59 before it."""
        since = self._clock.now_ns // _SECOND_NS - _SECONDS
        return sum(orders for second, orders in self._counts.get(account, ()) if second > since)


class LiveQuantities:
    """Reads the quantities of ``lab.scenario.quantities``.

    ``drawdown`` must be read regularly from the start: its high-water mark is the largest equity that was read.
    ``orders`` is None where nobody asks for ``orders_per_minute``.
    """

    def __init__(
        self,
        firm: Firm,
        exchanges: Mapping[str, Exchange],
        custodian: Custodian | None,
        margins: Sequence[MarginBooks],
        alerts: FiringAlerts,
        orders: OrderTap | None,
    ) -> None:
        self._exchanges = exchanges
        self._custodian = custodian
        self._margins = margins
        self._alerts = alerts
        self._orders = orders
        self._assets = tuple(asset for asset in firm.assets if ":" not in asset)
        self._accounts = [
            (exchanges[account.venue].ledger, account.name) for account in firm.accounts if account.venue in exchanges
        ]
        self._own = {name: [account.name for account in firm.accounts if account.venue == name] for name in exchanges}
        if custodian is not None:
            self._accounts += [(custodian.ledger, vault.name) for vault in custodian.vaults]
        self._ledgers = [exchange.ledger for exchange in exchanges.values()]
        self._ledgers += [] if custodian is None else [custodian.ledger]
        self._index = {
            f"{name}:{listing.symbol}": (name, index)
            for name, exchange in exchanges.items()
            for index, listing in enumerate(exchange.listings)
        }
        self._ticks = {
            f"{name}:{listing.symbol}": float(listing.tick_size)
            for name, exchange in exchanges.items()
            for listing in exchange.listings
        }
        self._high_water: float | None = None
        self._outside: dict[str, int] = {}  # what the outside world had, when drawdown was read last

    def read(self, quantity: str, of: str | None) -> float | None:
        """The quantity now, in its unit; None while it cannot be told (a book has no two sides, an asset no mark)."""
        match quantity:
            case "equity":
                return self.equity_usd()
            case "drawdown":
                return self.drawdown_percent()
            case "mid":
                return self._mid(of or "")
            case "spread_bp":
                return self._spread_bp(of or "")
            case "open_orders":
                return float(self._open_orders(of))
            case "position":
                return self.position(of or "")
            case "notional":
                mark = self._mark(of or "")
                return None if mark is None else abs(self.position(of or "")) * mark
            case "unsettled":
                return self._unsettled_usd()
            case "alerts_firing":
                return float(len(self._alerts))
            case "orders_per_minute" if self._orders is not None:
                return float(self._orders.last_minute(of or ""))
        raise ValueError(f"{quantity} is no quantity that can be read here")

    def equity_usd(self) -> float | None:
        """Σ holding × mark, plus the unrealised profit of perpetual positions."""
        total = 0.0
        for asset in self._assets:
            held = self._holding(asset)
            if held:
                mark = self._mark(asset)
                if mark is None:
                    return None
                total += held / UNITS * mark
        for books in self._margins:
            for asset in books.assets:
                mark = self._mark(asset)
                if mark is None:
                    return None
                profit = sum(account.unrealised(books.contracts, asset) for account in books.accounts.values())
                total += profit / UNITS * mark
        return total

    def drawdown_percent(self) -> float | None:
        """How far equity stands below its high-water mark; what came from or went outside shifts the mark."""
        equity = self.equity_usd()
        if equity is None:
            return None
        outside = {
            asset: sum(sum(ledger.balance(EXTERNAL, asset)) for ledger in self._ledgers) for asset in self._assets
        }
        if self._high_water is None:
            self._high_water = equity
        else:
            for asset, amount in outside.items():
                if amount != self._outside[asset]:
                    self._high_water -= (amount - self._outside[asset]) / UNITS * (self._mark(asset) or 0.0)
            self._high_water = max(self._high_water, equity)
        self._outside = outside
        return 100.0 * (self._high_water - equity) / self._high_water if self._high_water > 0 else 0.0

    def position(self, asset: str) -> float:
        """Holding plus perpetual contracts of the asset, in the asset; short negative."""
        units = float(self._holding(asset))
        for books in self._margins:
            for place, contract in enumerate(books.contracts):
                if contract.base == asset:
                    lots = sum(account.positions[place].lots for account in books.accounts.values())
                    units += lots * contract.instrument.lot_units
        return units / UNITS

    def _holding(self, asset: str) -> int:
        total = sum(sum(ledger.balance(account, asset)) for ledger, account in self._accounts)
        return total + sum(one.outstanding for one in self._instructions() if one.asset == asset)

    def _instructions(self) -> list[Instruction]:
        if self._custodian is None:
            return []
        return [one for one in self._custodian.transactions.open() if isinstance(one, Instruction)]

    def _unsettled_usd(self) -> float | None:
        total = 0.0
        for one in self._instructions():
            mark = self._mark(one.asset)
            if mark is None:
                return None
            total += abs(one.outstanding) / UNITS * mark
        return total

    def _open_orders(self, of: str | None) -> int:
        venue, _, account = (of or "").partition(":")
        return sum(
            len(exchange.open_orders(own))
            for name, exchange in self._exchanges.items()
            for own in self._own[name]
            if of is None or (name, own) == (venue, account)
        )

    def _mark(self, asset: str) -> float | None:
        if asset == _DOLLAR:
            return 1.0
        mids = self._mids(f"{asset}/{_DOLLAR}")
        if mids:
            return sum(mids) / len(mids)
        mids = self._mids(f"{asset}/{_TETHER}") if asset != _TETHER else []
        tether = self._mark(_TETHER) if mids else None
        return None if tether is None else sum(mids) / len(mids) * tether

    def _mids(self, pair: str) -> list[float]:
        found = (self._mid(f"{name}:{pair}") for name in self._exchanges if f"{name}:{pair}" in self._index)
        return [mid for mid in found if mid is not None]

    def _mid(self, book: str) -> float | None:
        bid, ask = self._best(book)
        return (bid + ask) / 2 * self._ticks[book] if bid and ask else None

    def _spread_bp(self, book: str) -> float | None:
        bid, ask = self._best(book)
        return (ask - bid) / ((bid + ask) / 2) * 10_000 if bid and ask else None

    def _best(self, book: str) -> tuple[int, int]:
        """Best bid and ask in ticks; 0 where a side is empty."""
        name, index = self._index[book]
        bid_ticks, bid_lots, ask_ticks, ask_lots = self._exchanges[name].top(index)
        return (bid_ticks if bid_lots else 0, ask_ticks if ask_lots else 0)
