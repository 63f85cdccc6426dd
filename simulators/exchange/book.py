"""Order book: the clients' resting orders of one listing, by price and then by time.

A side keeps its price levels in a dictionary and its prices in a sorted list whose end is the best. Prices are stored
as keys, ``price × sign``, so that on either side the larger key is the better price. The orders of a level form a
linked list through the orders themselves: joining and leaving cost the same however many wait.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from simulators.exchange.order import Order


class Level:
    """All orders that rest at one price, the earliest first, and the lots they still want."""

    __slots__ = ("first", "key", "last", "lots", "price_ticks")

    def __init__(self, key: int, order: Order) -> None:
        self.key = key
        self.price_ticks = order.price_ticks
        self.first = order
        self.last = order
        self.lots = order.open_lots


class BookSide:
    """One side of the book: the bids (``sign`` +1) or the asks (``sign`` -1)."""

    __slots__ = ("best", "keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}
        self.best: Level | None = None

    def add(self, order: Order) -> bool:
        """Let an order rest behind those that came before it at its price; return whether that is the best price."""
        key = order.price_ticks * self.sign
        level = self.levels.get(key)
        if level is None:
            self.levels[key] = level = Level(key, order)
            keys = self.keys
            if not keys or key > keys[-1]:
                keys.append(key)
                self.best = level
                return True
            insort(keys, key)
            return False
        last = level.last
        last.later = order
        order.earlier = last
        level.last = order
        level.lots += order.open_lots
        return level is self.best

    def remove(self, order: Order) -> bool:
        """Take a resting order out, with whatever of it is not filled; return whether it stood at the best price."""
        key = order.price_ticks * self.sign
        level = self.levels[key]
        was_best = level is self.best
        earlier, later = order.earlier, order.later
        if earlier is None:
            if later is None:
                if was_best:
                    self._drop_best(key)
                else:
                    del self.levels[key]
                    keys = self.keys
                    del keys[bisect_left(keys, key)]
                return was_best
            level.first = later
            later.earlier = None
            order.later = None
        else:
            earlier.later = later
            order.earlier = None
            if later is None:
                level.last = earlier
            else:
                later.earlier = earlier
                order.later = None
        level.lots -= order.open_lots
        return was_best

    def remove_first(self, level: Level) -> None:
        """Take the earliest order of the best level out; the same as ``remove``, with less to look up."""
        order = level.first
        later = order.later
        if later is None:
            self._drop_best(level.key)
            return
        level.first = later
        later.earlier = None
        order.later = None
        level.lots -= order.open_lots

    def _drop_best(self, key: int) -> None:
        levels, keys = self.levels, self.keys
        del levels[key]
        keys.pop()
        self.best = levels[keys[-1]] if keys else None
