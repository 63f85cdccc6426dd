"""Position: contracts that an account has bought (or sold) and not closed, and what was paid for them."""

from __future__ import annotations


class Position:
    """``lots`` is signed, short negative; ``cost`` is what they cost, in smallest units of the margin asset, same sign.

    Average-cost method: contracts that close realise their proceeds less the average cost of what they close. Every
    number is a whole one, so that over both sides of every trade profit and cost add up to zero.
    """

    __slots__ = ("cost", "lots")

    def __init__(self) -> None:
        self.lots = 0
        self.cost = 0

    def trade(self, lots: int, value: int) -> int:
        """Take on ``lots`` for ``value`` (both signed alike: a sale brings negative lots and negative value).

        Returns the profit that this realised, in smallest units.
        """
        held = self.lots
        if held * lots >= 0:
            self.lots = held + lots
            self.cost += value
            return 0
        if abs(lots) <= abs(held):
            closed_cost = _share(self.cost, -lots, held)
            self.lots = held + lots
            self.cost -= closed_cost
            return -value - closed_cost
        # The older contracts close at this price, the rest opens on the other side.
        closing_value = _share(value, -held, lots)
        profit = -closing_value - self.cost
        self.lots = held + lots
        self.cost = value - closing_value
        return profit

    def unrealised(self, mark_value: float) -> float:
        """Profit that closing would bring at ``mark_value`` smallest units a lot."""
        return self.lots * mark_value - self.cost

    def entry_value(self) -> float:
        """Average cost of one lot, smallest units; 0.0 without a position."""
        return self.cost / self.lots if self.lots else 0.0


def _share(amount: int, part: int, whole: int) -> int:
    """``amount × part ÷ whole``, rounded towards zero; the same whichever the sign of the position."""
    share = abs(amount) * abs(part) // abs(whole)
    return share if amount >= 0 else -share
