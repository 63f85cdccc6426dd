"""Margin: what stands behind an account's positions. One wallet per margin asset, shared by all its contracts (cross).

Amounts are floats of smallest units: they decide, they move nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulators.exchange.perpetual.contract import Contract
from simulators.exchange.perpetual.position import Position
from simulators.ledger import Account


class MarginAccount:
    """An account's positions, leverage settings and realised profit (since it was opened, smallest units) by contract.

    ``is_called``: it has been warned of liquidation.
    """

    __slots__ = ("account", "is_called", "leverage", "name", "positions", "realised")

    def __init__(self, account: Account, contracts: int, leverage: int) -> None:
        self.account = account
        self.name = account.name
        self.positions = [Position() for _ in range(contracts)]
        self.leverage = [leverage] * contracts
        self.realised = [0] * contracts
        self.is_called = False

    @property
    def has_position(self) -> bool:
        return any(position.lots for position in self.positions)

    def wallet(self, asset: str) -> int:
        """What it has of a margin asset, without unrealised profit; smallest units."""
        holding = self.account.holdings.get(asset)
        return holding.free + holding.held if holding is not None else 0

    def unrealised(self, contracts: Sequence[Contract], asset: str) -> float:
        return sum(
            position.unrealised(contract.mark_value)
            for contract, position in zip(contracts, self.positions, strict=True)
            if position.lots and contract.asset == asset
        )

    def margin_balance(self, contracts: Sequence[Contract], asset: str) -> float:
        """Wallet plus unrealised profit."""
        return self.wallet(asset) + self.unrealised(contracts, asset)

    def maintenance(self, contracts: Sequence[Contract], asset: str) -> float:
        """The least that the margin balance must be."""
        return sum(
            abs(position.lots) * contract.mark_value * contract.terms.maintenance_margin
            for contract, position in zip(contracts, self.positions, strict=True)
            if position.lots and contract.asset == asset
        )

    def initial(self, contract: Contract, worst_lots: int, lot_value: float) -> float:
        """Margin that ``worst_lots`` of a contract, long or short, bind at the account's leverage."""
        return worst_lots * lot_value / self.leverage[contract.index]


def worst_lots(position: int, open_buys: int, open_sells: int) -> int:
    """The largest position, either way, that open orders could still lead to."""
    return max(abs(position + open_buys), abs(position - open_sells))
