"""Faults of account views: balances that stand still, or that contradict one another."""

from __future__ import annotations

from abc import abstractmethod

from simulators.exchange.api.account_views import Where
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.harm_trading import ContradictingBalancesParams, FrozenAccountParams
from simulators.exchange.trading_faults.life import TookEffect, TradingFault, accounts_of
from simulators.ledger import to_text
from simulators.ports import Clock


class _ViewFault(TradingFault):
    """Paints over the balances that some accounts are shown. ValueError where accounts hold positions instead."""

    def __init__(self, api: ExchangeApi, clock: Clock, accounts: tuple[str, ...], took_effect: TookEffect) -> None:
        super().__init__(api, clock, took_effect)
        if not api.shows_balances:
            raise ValueError(f"{api.name} trades contracts and shows no balances of assets; name a spot exchange")
        self._accounts = accounts_of(api.exchange, accounts)

    def _leave(self) -> None:
        self._api.user_data.views.remove_painter(self)

    @abstractmethod
    def paint(self, account: str, asset: str, free: int, held: int, where: Where) -> tuple[int, int]: ...

    def updated_ms(self, account: str, at_ms: int) -> int:
        return at_ms

    def _shown(self, account: str, asset: str, shown: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
        if shown != other:
            parts = " + ".join(map(to_text, shown)), " + ".join(map(to_text, other))
            self._report(f"{account} is shown {parts[0]} {asset} and has {parts[1]}")
        return shown


class FrozenAccount(_ViewFault):
    """``frozen_account``: balances are shown as they were when it began, in replies and on the stream, while fills and
    orders are told as they come. At the end the next view is true."""

    def __init__(self, api: ExchangeApi, clock: Clock, params: FrozenAccountParams, took_effect: TookEffect) -> None:
        super().__init__(api, clock, params.accounts, took_effect)
        self._frozen: dict[str, dict[str, tuple[int, int]]] = {}
        self._updated_ms: dict[str, int] = {}

    def _enter(self) -> None:
        exchange, user_data = self._api.exchange, self._api.user_data
        for account in self._accounts:
            self._frozen[account] = {asset: (free, held) for asset, free, held in exchange.balances(account)}
            self._updated_ms[account] = user_data.updated_ms(account)
        user_data.views.add_painter(self)

    def paint(self, account: str, asset: str, free: int, held: int, where: Where) -> tuple[int, int]:
        frozen = self._frozen.get(account)
        if frozen is None:
            return free, held
        return self._shown(account, asset, frozen.get(asset, (0, 0)), (free, held))

    def updated_ms(self, account: str, at_ms: int) -> int:
        return self._updated_ms.get(account, at_ms)


class ContradictingBalances(_ViewFault):
    """``contradicting_balances``: replies and stream disagree, or what is held agrees with no order."""

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: ContradictingBalancesParams, took_effect: TookEffect
    ) -> None:
        super().__init__(api, clock, params.accounts, took_effect)
        assets = api.pairs.assets
        for asset in params.assets:
            if asset not in assets:
                raise ValueError(f"{api.name} trades {', '.join(assets)}, not {asset}")
        self._assets = params.assets or assets
        self._params = params

    def _enter(self) -> None:
        self._api.user_data.views.add_painter(self)

    def paint(self, account: str, asset: str, free: int, held: int, where: Where) -> tuple[int, int]:
        params = self._params
        if account not in self._accounts or asset not in self._assets or params.lie not in (where, "locked"):
            return free, held
        sign = 1 if params.direction == "more" else -1
        share = sign * params.share * params.level(self._clock.now_ns)
        if params.lie == "locked":
            shown = free, max(0, held + round((free + held) * share))
        else:
            shown = max(0, free + round(free * share)), held
        return self._shown(account, asset, shown, (free, held))
