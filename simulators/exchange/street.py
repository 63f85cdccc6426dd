"""Street: the rest of the market in one listing, a ladder of finite liquidity around the reference price.

Each side has a fixed number of ranks. Rank 0 stands half a spread from the reference price, each further rank one step
further out, and each offers its capacity less its deficit. A deficit is what was taken from the rank and has not grown
back: it belongs to the rank, not to a price, so moving the ladder does not bring sold liquidity back. It shrinks
linearly, at a stated share of the rank's nominal capacity per second, counted from the moment of the last taking.

Recovery is seen when the street is looked at again: with the next requote, or before the next order is matched.
"""

from __future__ import annotations

from typing import Final

from simulators.exchange.config import StreetConfig
from simulators.ledger import UNITS

_NANO: Final = 1_000_000_000
_BP: Final = 10_000
NOTHING: Final = -(1 << 62)  # the best key of a ladder that offers nothing: worse than any price or limit
_ROUNDING: Final = 1e-6  # of a tick or lot: what is whole up to float error is whole


class Ladder:
    """One side of the street. Prices are also kept as keys, ``price × sign``: the larger is the better."""

    __slots__ = (
        "_anchors_ns",
        "_deficits_nanolots",
        "_growth",
        "_missing_lots",
        "_rates",
        "best_key",
        "best_lots",
        "best_rank",
        "best_ticks",
        "capacity_lots",
        "is_wounded",
        "sign",
        "since_order",
        "step_ticks",
        "top_ticks",
    )

    def __init__(self, sign: int, growth: tuple[float, ...]) -> None:
        self.sign = sign
        self.top_ticks = 0
        self.step_ticks = 1
        self.capacity_lots = 0
        self.since_order = 0  # the last order that was placed before the ladder took its present prices
        self.best_rank = 0
        self.best_ticks = 0
        self.best_key = NOTHING
        self.best_lots = 0
        self.is_wounded = False
        self._growth = growth
        ranks = len(growth)
        self._missing_lots = [0] * ranks
        self._deficits_nanolots = [0] * ranks
        self._anchors_ns = [0] * ranks
        self._rates = [0] * ranks

    def price_ticks(self, rank: int) -> int:
        """The price at which a rank stands; below one tick nothing can be offered."""
        return self.top_ticks - self.sign * rank * self.step_ticks

    def lots(self, rank: int) -> int:
        """What a rank offers, as of the last recovery."""
        if self.price_ticks(rank) < 1:
            return 0
        lots = int(self.capacity_lots * self._growth[rank] + _ROUNDING) - self._missing_lots[rank]
        return lots if lots > 0 else 0

    def levels(self) -> list[tuple[int, int]]:
        """``(ticks, lots)`` of every rank that offers something, the best first."""
        return [(self.price_ticks(rank), lots) for rank in range(len(self._growth)) if (lots := self.lots(rank))]

    def worst_ticks(self) -> int:
        """The price of the last rank; 0 if the ladder stands nowhere yet."""
        return self.price_ticks(len(self._growth) - 1) if self.top_ticks else 0

    def find_best(self, from_rank: int = 0) -> None:
        """Set the ``best_…`` fields from the ranks as they now stand; those before ``from_rank`` are known empty."""
        capacity_lots, growth, missing = self.capacity_lots, self._growth, self._missing_lots
        for rank in range(from_rank, len(growth)):
            lots = int(capacity_lots * growth[rank] + _ROUNDING) - missing[rank]
            if lots > 0:
                ticks = self.top_ticks - self.sign * rank * self.step_ticks
                if ticks < 1:
                    break
                self.best_rank = rank
                self.best_ticks = ticks
                self.best_key = ticks * self.sign
                self.best_lots = lots
                return
        self.best_rank = self.best_ticks = self.best_lots = 0
        self.best_key = NOTHING

    def take(self, lots: int, now_ns: int, nominal_lots_per_second: float) -> None:
        """Sell ``lots`` (at most ``best_lots``) from the best rank.

        ``nominal_lots_per_second`` is what rank 0 recovers at full capacity; this rank recovers in its proportion.
        """
        rank = self.best_rank
        self._deficits_nanolots[rank] = self._deficit_nanolots(rank, now_ns) + lots * _NANO
        self._anchors_ns[rank] = now_ns
        self._rates[rank] = int(nominal_lots_per_second * self._growth[rank] * _NANO)
        self._missing_lots[rank] += lots
        self.is_wounded = True
        self.best_lots -= lots
        if not self.best_lots:
            self.find_best(rank + 1)

    def recover(self, now_ns: int) -> None:
        """Let every rank grow back what it has by now."""
        is_wounded = False
        missing = self._missing_lots
        for rank, lots in enumerate(missing):
            if lots:
                deficit = self._deficit_nanolots(rank, now_ns)
                missing[rank] = -(-deficit // _NANO)  # a lot that is not whole yet is not offered
                if deficit:
                    is_wounded = True
        self.is_wounded = is_wounded
        self.find_best()

    def _deficit_nanolots(self, rank: int, now_ns: int) -> int:
        if not self._missing_lots[rank]:
            return 0
        regrown = self._rates[rank] * (now_ns - self._anchors_ns[rank]) // _NANO
        return max(0, self._deficits_nanolots[rank] - regrown)


class Street:
    """Both ladders of one listing, and where they stand."""

    __slots__ = (
        "_ask_factor",
        "_bid_factor",
        "_capacity_multiplier",
        "_config",
        "_lots_factor",
        "_nominal_factor",
        "_recovered_ns",
        "_step_factor",
        "_tick_size",
        "asks",
        "bids",
        "is_wounded",
        "reference_price",
    )

    def __init__(self, config: StreetConfig, tick_size: float, lot_size: float) -> None:
        growth = tuple(config.growth**rank for rank in range(config.levels))
        self.bids = Ladder(1, growth)
        self.asks = Ladder(-1, growth)
        self.reference_price = 0.0  # 0: not quoted yet
        self.is_wounded = False
        self._recovered_ns = -1
        self._config = config
        self._tick_size = tick_size
        self._step_factor = config.step_bp / _BP / tick_size
        self._nominal_factor = config.top_notional / lot_size
        self.adjust(1.0, 1.0)

    def adjust(self, half_spread_multiplier: float, capacity_multiplier: float) -> None:
        """Widen the spread or scale the capacity; seen with the next ``move``. Deficits recover as ever."""
        half_spread = self._config.half_spread_bp / _BP * half_spread_multiplier
        if not (0 <= half_spread < 1 and 0 <= capacity_multiplier <= UNITS):
            raise ValueError(
                f"half spread × {half_spread_multiplier} must stay within 0 and 10000 bp, and the capacity multiplier "
                f"{capacity_multiplier} must not be negative"
            )
        self._bid_factor = (1 - half_spread) / self._tick_size
        self._ask_factor = (1 + half_spread) / self._tick_size
        self._lots_factor = self._nominal_factor * capacity_multiplier

    @property
    def half_spread(self) -> float:
        """Its nominal half spread, as a fraction of the reference price."""
        return self._config.half_spread_bp / _BP

    def move(self, reference_price: float, last_order_id: int) -> None:
        """Put the ladders around a reference price. Bids round down and asks up, so they never meet."""
        if not 0 < reference_price < 1e15:
            raise ValueError(f"a reference price must be positive and finite, not {reference_price}")
        self.reference_price = reference_price
        bids, asks = self.bids, self.asks
        bid_ticks = int(reference_price * self._bid_factor + _ROUNDING)
        ask_ticks = int(reference_price * self._ask_factor - _ROUNDING) + 1
        if ask_ticks <= bid_ticks:
            ask_ticks = bid_ticks + 1
        step_ticks = int(reference_price * self._step_factor) or 1
        if bid_ticks != bids.top_ticks:
            bids.top_ticks = bid_ticks
            bids.since_order = last_order_id
            bids.step_ticks = step_ticks
        if ask_ticks != asks.top_ticks:
            asks.top_ticks = ask_ticks
            asks.since_order = last_order_id
            asks.step_ticks = step_ticks
        bids.capacity_lots = asks.capacity_lots = lots = int(self._lots_factor / reference_price + _ROUNDING)
        if bids.is_wounded or not lots or not bid_ticks:
            bids.find_best()
        else:
            bids.best_rank = 0
            bids.best_ticks = bids.best_key = bid_ticks
            bids.best_lots = lots
        if asks.is_wounded or not lots:
            asks.find_best()
        else:
            asks.best_rank = 0
            asks.best_ticks = ask_ticks
            asks.best_key = -ask_ticks
            asks.best_lots = lots

    def take(self, ladder: Ladder, lots: int, now_ns: int) -> None:
        """Sell ``lots`` of the best rank of one of the two ladders."""
        nominal_lots = self._nominal_factor / self.reference_price
        ladder.take(lots, now_ns, nominal_lots * self._config.recovery_per_second)
        self.is_wounded = True

    def recover(self, now_ns: int) -> bool:
        """Let both ladders grow back what they have by now; False if they have done so at this very moment."""
        if now_ns == self._recovered_ns:
            return False
        self._recovered_ns = now_ns
        self.bids.recover(now_ns)
        self.asks.recover(now_ns)
        self.is_wounded = self.bids.is_wounded or self.asks.is_wounded
        return True
