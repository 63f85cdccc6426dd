"""A strategy's life: it starts, learns what it may trade, decides on what it sees, and stays within its allocation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from simulators.ports import Audit, Clock, Wire
from simulators.strategies.client import ExchangeClient, Quote
from simulators.strategies.orders import BUY, OwnOrder
from simulators.strategies.pairs import UNITS, Pair, to_text
from simulators.strategies.params import StrategyParams
from simulators.strategies.rest import SECOND_NS, Key

if TYPE_CHECKING:
    from numpy.random import Generator

P = TypeVar("P", bound=StrategyParams)

Positions = dict[tuple[str, str], int]
"""Bought less sold, in integers of 1e-8 of the base asset, by (venue, symbol)."""

_START_SPREAD_NS = 2 * SECOND_NS


class Strategy(Generic[P]):
    """Trades a sub-account of one or several exchanges through their production APIs.

    Positions are counted from the strategy's own fills, so that what the account held at the start, or what moves
    in and out of it, is not mistaken for a trade. A subclass decides in the ``on_…`` methods; whatever it places passes
    through ``place``, which heeds pause, position cap, order size and balance.
    """

    kind: ClassVar[str]
    wants_quotes: ClassVar[bool] = False

    def __init__(
        self,
        name: str,
        params: P,
        *,
        pairs: Sequence[str],
        wires: Mapping[str, Wire],
        keys: Mapping[str, Key],
        clock: Clock,
        audit: Audit,
        rng: Generator,
        order_prefix: str = "",
        positions: Positions | None = None,
    ) -> None:
        """``wires`` and ``keys`` go by venue; ``pairs`` are written BASE/QUOTE.

        ``order_prefix`` begins the names of its orders (default: its own name). ``positions`` are those of an instance
        that it takes over from, or shares with; they go on being counted there.
        """
        self.name = name
        self.params = params
        self.clock = clock
        self.rng = rng
        self._audit = audit
        self._pair_names = tuple(pairs)
        self._quote_age_ns = round(params.quote_age_limit_s * SECOND_NS)
        self.positions: Positions = {} if positions is None else positions
        self._pauses: dict[str, str] = {}  # who had it paused, and why
        self._is_running = False
        self.clients: dict[str, ExchangeClient] = {
            venue: ExchangeClient(
                venue,
                order_prefix or name,
                wire,
                keys[venue],
                clock,
                self,
                pairs=pairs,
                refresh_ns=round(params.refresh_s * SECOND_NS),
                wants_quotes=self.wants_quotes,
                bars_wanted=self.bars_wanted(),
            )
            for venue, wire in wires.items()
        }

    def start(self) -> None:
        """Prepare, and begin within two seconds: strategies that start together do not knock at once."""
        self.set_up()
        self._is_running = True
        self.note("started", f"{self.kind} on {', '.join(self._pair_names)} at {', '.join(self.clients)}")
        self.clock.call_at(self.clock.now_ns + int(self.rng.random() * _START_SPREAD_NS), self._begin)

    def stop(self) -> None:
        """Cancel what rests in the market and hang up. Positions stay as they are."""
        if self._is_running:
            self._is_running = False
            self.note("stopped", "")
            for client in self.clients.values():
                client.stop()

    def pause(self, reason: str, cause: int = 0, by: str = "itself") -> None:
        """Cancel everything and place nothing more until whoever paused it resumes it: where a control takes hold."""
        if by in self._pauses:
            return
        was_trading = not self._pauses
        self._pauses[by] = reason
        seq = self.note("paused", reason, cause)
        if was_trading:
            for client in self.clients.values():
                for order in client.desk:
                    client.desk.cancel(order, seq)

    def resume(self, cause: int = 0, by: str = "itself") -> None:
        """Lift the pause that ``by`` set. It trades again once no other stands."""
        reason = self._pauses.pop(by, None)
        if reason is not None:
            self.note("resumed", reason, cause)

    @property
    def is_running(self) -> bool:
        return self._is_running

    @property
    def may_trade(self) -> bool:
        return self._is_running and not self._pauses

    def _begin(self, _: object) -> None:
        if self._is_running:
            for client in self.clients.values():
                client.start()

    def set_up(self) -> None:
        """The last step of construction: prepare what the idea keeps in mind."""

    def bars_wanted(self) -> int:
        """How many past minute bars the idea needs; 0: it does not look at bars."""
        return 0

    def on_trading_begins(self, client: ExchangeClient) -> None:
        """The client of one venue is ready."""

    def on_quote(self, quote: Quote) -> None:
        """A best bid or ask changed."""

    def on_bar(self, client: ExchangeClient, pair: Pair, close: float, is_past: bool, cause: int) -> None:
        """A minute bar closed; one that ``is_past`` is there to learn from, not to trade on."""

    def on_order_closed(self, order: OwnOrder, cause: int) -> None:
        """An order of ours reached its end."""

    def place(
        self, client: ExchangeClient, pair: Pair, side: int, ticks: int, lots: int, time_in_force: str, cause: int
    ) -> OwnOrder | None:
        """Send a limit order if the strategy may trade and the exchange would take that size; else None."""
        if not self.may_trade or not client.is_ready or not pair.tradable(ticks, lots):
            return None
        return client.desk.place(pair, side, ticks, lots, time_in_force, cause)

    def order_lots(self, client: ExchangeClient, pair: Pair, side: int, price: float, wanted_units: int) -> int:
        """Lots for an order that wants ``wanted_units`` of base: at most one order's share, the room under the position
        cap, and what the balance pays for. 0 if nothing fits or the account's worth is not known."""
        limit = min(wanted_units, self.order_cap_units(client, pair), self.room_units(client, pair, side))
        return max(0, min(pair.lots(limit), self.affordable_lots(client, pair, side, price)))

    def affordable_lots(self, client: ExchangeClient, pair: Pair, side: int, price: float) -> int:
        """Lots that the free balance pays for at that price."""
        if side == BUY:
            return pair.lots(int(client.free_units(pair.quote) / price)) if price > 0.0 else 0
        return pair.lots(client.free_units(pair.base))

    def order_cap_units(self, client: ExchangeClient, pair: Pair) -> int:
        """The most of the base asset that one order may be for."""
        return self._share_units(client, pair, self.params.order_fraction)

    def position_cap_units(self, client: ExchangeClient, pair: Pair) -> int:
        """The most of the base asset that a pair's position may reach, either way."""
        return self._share_units(client, pair, self.params.allocation / max(1, len(client.pairs)))

    def room_units(self, client: ExchangeClient, pair: Pair, side: int) -> int:
        """How much more may be bought or sold before the position stands at its cap."""
        return self.position_cap_units(client, pair) - side * self.position_units(client, pair)

    def position_units(self, client: ExchangeClient, pair: Pair) -> int:
        """Bought less sold since the start, in integers of 1e-8 of the base asset."""
        return self.positions.get((client.venue, pair.symbol), 0)

    def is_usable(self, quote: Quote) -> bool:
        return quote.is_usable(self.clock.now_ns, self._quote_age_ns)

    def taker_fee(self, client: ExchangeClient) -> float:
        """Fraction of what is received that a taker pays."""
        stated = client.account.taker_fee
        return self.params.taker_fee_bp * 1e-4 if stated is None else stated

    def note(self, event: str, detail: str, cause: int = 0) -> int:
        """Record a decision on the audit plane; its number is the cause of what follows from it."""
        return self._audit.record("strategy", self.name, cause, event, detail)

    def _share_units(self, client: ExchangeClient, pair: Pair, fraction: float) -> int:
        equity_usd = client.account.equity_usd()
        price_usd = client.account.price_usd(pair.base)
        if equity_usd is None or not price_usd or equity_usd <= 0.0:
            return 0
        return int(equity_usd * fraction / price_usd * UNITS)

    def on_ready(self, client: ExchangeClient) -> None:
        missing = [name for name in self._pair_names if name not in client.pairs]
        equity_usd = client.account.opening_equity_usd or 0.0
        lacks = f"; not listed there: {', '.join(missing)}" if missing else ""
        self.note("ready", f"{client.venue}: equity {equity_usd:.0f} USD{lacks}")
        self.on_trading_begins(client)

    def on_refreshed(self, client: ExchangeClient) -> None:
        """Stop for good when the loss limit is reached: a sub-account answers for its own losses."""
        opening, equity_usd = client.account.opening_equity_usd, client.account.equity_usd()
        if (
            self.may_trade
            and opening is not None
            and equity_usd is not None
            and equity_usd < opening * (1.0 - self.params.loss_limit)
        ):
            self.pause(f"loss limit at {client.venue}: equity {equity_usd:.0f} of {opening:.0f} USD")

    def on_fill(self, order: OwnOrder, units: int, quote_units: int, cause: int) -> None:
        key = (order.venue, order.pair.symbol)
        self.positions[key] = self.positions.get(key, 0) + order.side * units

    def on_closed(self, order: OwnOrder, cause: int) -> None:
        if order.outcome in ("REJECTED", "NEVER_ARRIVED"):
            self.note("order failed", f"{describe(order)}: {order.outcome} {order.error_code or ''}".rstrip(), cause)
        self.on_order_closed(order, cause)


def describe(order: OwnOrder) -> str:
    """An order in the words of the trade: ``buy 0.01000000 BTC/USD at 24500.00000000``."""
    side = "buy" if order.side == BUY else "sell"
    pair = order.pair
    return f"{side} {to_text(order.lots * pair.lot_units)} {pair.name} at {to_text(order.ticks * pair.tick_units)}"
