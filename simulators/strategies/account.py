"""One sub-account at one exchange: its balances, what they are worth, and what may still be spent."""

from __future__ import annotations

from simulators.strategies.frames import MAX_NUMBER, AccountInfo, AccountPosition, BalanceUpdate, LastPrice
from simulators.strategies.pairs import UNITS, to_units

_DOLLAR = "USD"
_STABLECOINS = ("USDT", "USDC")


class Account:
    """Balances in integers of 1e-8, and prices in USD by which to value them.

    Prices are the exchange's last ones, asked for once a minute or so: good enough to size orders, never used to
    price them.
    """

    def __init__(self) -> None:
        self._free: dict[str, int] = {}
        self._locked: dict[str, int] = {}
        self._prices: dict[str, float] = {}
        self.taker_fee: float | None = None
        self.opening_equity_usd: float | None = None

    def take_snapshot(self, info: AccountInfo) -> None:
        """Replace all balances by those of ``GET /api/v3/account``. Raises ValueError if one of them is no number."""
        free = {each.asset: to_units(each.free) for each in info.balances}
        locked = {each.asset: to_units(each.locked) for each in info.balances}
        self._free, self._locked = free, locked
        if info.commission_rates is not None and 0.0 <= info.commission_rates.taker < 1.0:
            self.taker_fee = info.commission_rates.taker

    def take_event(self, event: AccountPosition | BalanceUpdate) -> None:
        """Take what the user-data stream tells. Raises ValueError, and changes nothing, if an amount is no number."""
        if isinstance(event, AccountPosition):
            self.take_position(event)
        else:
            self.take_flow(event)

    def take_position(self, event: AccountPosition) -> None:
        """Replace the balances that an account event names."""
        named = [(each.asset, to_units(each.free), to_units(each.locked)) for each in event.balances]
        for asset, free, locked in named:
            self._free[asset] = free
            self._locked[asset] = locked

    def take_flow(self, event: BalanceUpdate) -> None:
        """Let what was moved in or out shift the opening equity, so that it is neither gain nor loss."""
        price = self.price_usd(event.asset)
        if self.opening_equity_usd is not None and price is not None:
            self.opening_equity_usd += to_units(event.delta) / UNITS * price

    def take_prices(self, prices: list[LastPrice]) -> None:
        for each in prices:
            if 0.0 < each.price < MAX_NUMBER:
                self._prices[each.symbol] = each.price

    def free_units(self, asset: str) -> int:
        return self._free.get(asset, 0)

    def total_units(self, asset: str) -> int:
        return self._free.get(asset, 0) + self._locked.get(asset, 0)

    def price_usd(self, asset: str) -> float | None:
        """USD per unit of the asset: its own USD pair, else by way of a stablecoin. None: no price known."""
        if asset == _DOLLAR:
            return 1.0
        direct = self._prices.get(asset + _DOLLAR)
        if direct is not None:
            return direct
        if asset in _STABLECOINS:
            return 1.0  # an exchange without a dollar pair knows its stablecoin only at par
        for coin in _STABLECOINS:
            price = self._prices.get(asset + coin)
            if price is not None:
                return price * self._prices.get(coin + _DOLLAR, 1.0)
        return None

    def equity_usd(self) -> float | None:
        """Worth of all balances in USD; None while something held has no price."""
        total = 0.0
        for asset in self._free:
            units = self.total_units(asset)
            if units:
                price = self.price_usd(asset)
                if price is None:
                    return None
                total += units * price
        return total / UNITS
