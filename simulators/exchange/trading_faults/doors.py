"""Faults of an exchange's doors: it lets fewer requests in, or hangs up on streams."""

from __future__ import annotations

from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.harm_trading import DisconnectParams, ThrottlingParams
from simulators.exchange.trading_faults.life import TookEffect, TradingFault
from simulators.ports import Clock

_SECOND_NS = 10**9
_GOODBYE = "1001 Going away"


class Throttling(TradingFault):
    """``throttling``: request and order limits are a share of what the venue says they are: 429, and then 418.

    At the end nobody stays banned for what the stated limits allow.
    """

    def __init__(self, api: ExchangeApi, clock: Clock, params: ThrottlingParams, took_effect: TookEffect) -> None:
        super().__init__(api, clock, took_effect)
        self._params = params

    def _enter(self) -> None:
        self._tighten(None)

    def _leave(self) -> None:
        self._api.limiter.relax(self._report)

    def _tighten(self, _: object) -> None:
        if not self._is_in_force:
            return
        params, now_ns = self._params, self._clock.now_ns
        self._api.limiter.tighten(self._report, 1.0 - params.share * params.level(now_ns))
        fades_ns = params.ends_ns - params.ramp_down_ns
        if now_ns < params.starts_ns + params.ramp_ns or (params.ramp_down_ns and now_ns >= fades_ns):
            self._clock.call_at(now_ns + _SECOND_NS, self._tighten)
        elif params.ramp_down_ns:
            self._clock.call_at(fades_ns, self._tighten)


class Disconnect(TradingFault):
    """``disconnect``: the venue hangs up on streams, once or every so often; requests go on, and so does connecting."""

    def __init__(self, api: ExchangeApi, clock: Clock, params: DisconnectParams, took_effect: TookEffect) -> None:
        super().__init__(api, clock, took_effect)
        self._params = params

    def _enter(self) -> None:
        self._hang_up(None)

    def _leave(self) -> None:
        pass  # what still rings finds the fault ended

    def _hang_up(self, _: object) -> None:
        if not self._is_in_force:
            return
        api, params = self._api, self._params
        if params.streams != "account" and api.streams.is_connected:
            self._report("the venue closed its market streams")
            api.streams.close_all(_GOODBYE)
        if params.streams != "market" and api.ws_api.is_connected:
            self._report("the venue closed its account streams")
            api.ws_api.close_all(_GOODBYE)
        if params.every_ns:
            self._clock.call_at(self._clock.now_ns + params.every_ns, self._hang_up)
