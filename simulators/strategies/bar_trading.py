"""Trading on closed minute bars: an idea says what position it wants, orders take the position there step by step."""

from __future__ import annotations

from typing import TypeVar

from simulators.strategies.base import Strategy, describe
from simulators.strategies.client import ExchangeClient
from simulators.strategies.orders import BUY, SELL, OwnOrder
from simulators.strategies.pairs import Pair
from simulators.strategies.params import MeanReversionParams, MomentumParams

Q = TypeVar("Q", MomentumParams, MeanReversionParams)


class BarStrategy(Strategy[Q]):
    """Holds one target per pair, as a part of the position cap between -1 and 1, and trades toward it.

    One order at a time and pair, immediate-or-cancel within a stated slippage from the close, then a pause of some
    bars: a position is built and left in slices. Below zero, what the account held at the start is sold.
    """

    def set_up(self) -> None:
        self._targets: dict[tuple[str, str], float] = {}
        self._bars_to_wait: dict[tuple[str, str], int] = {}
        self._in_flight: dict[tuple[str, str], OwnOrder] = {}

    def signal(self, key: tuple[str, str], close: float, target: float) -> float | None:
        """Take a close of the pair ``key`` (venue, symbol) and say which target follows the present one.

        None: too few bars to say.
        """
        raise NotImplementedError

    def on_bar(self, client: ExchangeClient, pair: Pair, close: float, is_past: bool, cause: int) -> None:
        key = (client.venue, pair.symbol)
        before = self._targets.get(key, 0.0)
        target = self.signal(key, close, before)
        if target is None or is_past:
            return
        if target != before:
            self._targets[key] = target
            cause = self.note("target", f"{client.venue} {pair.name}: {before:+.2f} to {target:+.2f} of cap", cause)
        wait = self._bars_to_wait.get(key, 0)
        if wait > 0:
            self._bars_to_wait[key] = wait - 1
        elif key not in self._in_flight:
            self._step(client, pair, close, target, cause)

    def on_order_closed(self, order: OwnOrder, cause: int) -> None:
        key = (order.venue, order.pair.symbol)
        if self._in_flight.get(key) is order:
            del self._in_flight[key]

    def _step(self, client: ExchangeClient, pair: Pair, close: float, target: float, cause: int) -> None:
        wanted = int(target * self.position_cap_units(client, pair)) - self.position_units(client, pair)
        side = BUY if wanted > 0 else SELL
        slippage = self.params.max_slippage_bp * 1e-4
        ticks = (
            pair.ticks_above(close * (1.0 + slippage)) if side == BUY else pair.ticks_below(close * (1.0 - slippage))
        )
        lots = self.order_lots(client, pair, side, pair.price(ticks), abs(wanted))
        order = self.place(client, pair, side, ticks, lots, "IOC", cause)
        if order is not None:
            key = (client.venue, pair.symbol)
            self._bars_to_wait[key] = self.params.cooldown_bars
            if not order.is_closed:
                self._in_flight[key] = order
            self.note("order", f"{client.venue}: {describe(order)}", cause)
