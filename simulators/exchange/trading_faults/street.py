"""Faults of the street: it asks for more, or offers less."""

from __future__ import annotations

from abc import abstractmethod

from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.harm_trading import LiquidityWithdrawalParams, SpreadWideningParams
from simulators.exchange.trading_faults.life import TookEffect, TradingFault, indices_of
from simulators.ports import Clock

_SECOND_NS = 10**9
_LEVELS = 5  # that are compared to see whether the book has become another


class _StreetFault(TradingFault):
    """Presses on the street: at once, and once a second while the pressure grows or fades."""

    def __init__(
        self,
        api: ExchangeApi,
        clock: Clock,
        params: SpreadWideningParams | LiquidityWithdrawalParams,
        took_effect: TookEffect,
    ) -> None:
        super().__init__(api, clock, took_effect)
        self._ramp = params
        self._indices = indices_of(api.exchange, params.pairs)

    def _enter(self) -> None:
        self._api.street_pressure.add(self)
        self._press(None)

    def _leave(self) -> None:
        pressure = self._api.street_pressure
        pressure.remove(self)
        for index in self._indices:
            pressure.apply(index, self._cause)

    def _press(self, _: object) -> None:
        if not self._is_in_force:
            return
        exchange = self._api.exchange
        for index in self._indices:
            before = exchange.depth(index, _LEVELS)
            self._api.street_pressure.apply(index, self._cause)
            if self._has_taken_effect or self.multipliers(index) == (1.0, 1.0):
                continue
            if exchange.depth(index, _LEVELS) != before or self._shows(index):
                self._report(self._told(index))
        next_ns = self._next_ns()
        if next_ns:
            self._clock.call_at(next_ns, self._press)

    def _next_ns(self) -> int:
        """When to press again; 0 for never."""
        now_ns, ramp = self._clock.now_ns, self._ramp
        fades_ns = ramp.ends_ns - ramp.ramp_down_ns
        if (
            not self._has_taken_effect
            or now_ns < ramp.starts_ns + ramp.ramp_ns
            or (ramp.ramp_down_ns and now_ns >= fades_ns)
        ):
            return now_ns + _SECOND_NS
        return fades_ns if ramp.ramp_down_ns else 0

    @abstractmethod
    def multipliers(self, index: int) -> tuple[float, float]: ...

    @abstractmethod
    def _shows(self, index: int) -> bool:
        """Whether the book, as it stands, is surely another than it would be."""

    @abstractmethod
    def _told(self, index: int) -> str: ...


class SpreadWidening(_StreetFault):
    """``spread_widening``: the street stands further from the reference price."""

    def __init__(self, api: ExchangeApi, clock: Clock, params: SpreadWideningParams, took_effect: TookEffect) -> None:
        super().__init__(api, clock, params, took_effect)
        self._params = params

    def multipliers(self, index: int) -> tuple[float, float]:
        if index not in self._indices:
            return 1.0, 1.0
        params = self._params
        return 1.0 + (params.factor - 1.0) * params.level(self._clock.now_ns), 1.0

    def _shows(self, index: int) -> bool:
        exchange = self._api.exchange
        bid_ticks, _, ask_ticks, _ = exchange.top(index)
        moved_ticks = (bid_ticks + ask_ticks) / 2 * exchange.half_spread(index) * (self.multipliers(index)[0] - 1.0)
        return moved_ticks >= 1.0

    def _told(self, index: int) -> str:
        factor = self.multipliers(index)[0]
        return f"the spread of {self._api.exchange.listings[index].symbol} is {factor:.4g} times as wide"


class LiquidityWithdrawal(_StreetFault):
    """``liquidity_withdrawal``: the street offers less at each of its levels."""

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: LiquidityWithdrawalParams, took_effect: TookEffect
    ) -> None:
        super().__init__(api, clock, params, took_effect)
        self._params = params

    def multipliers(self, index: int) -> tuple[float, float]:
        if index not in self._indices:
            return 1.0, 1.0
        params = self._params
        return 1.0, 1.0 - params.share * params.level(self._clock.now_ns)

    def _shows(self, index: int) -> bool:
        left = self.multipliers(index)[1]
        _, bid_lots, _, ask_lots = self._api.exchange.top(index)
        return max(bid_lots, ask_lots) * (1.0 - left) >= 1.0

    def _told(self, index: int) -> str:
        gone = 1.0 - self.multipliers(index)[1]
        return f"{gone:.4%} of the street's depth in {self._api.exchange.listings[index].symbol} are gone"
