"""Faults of a price source: it tells wrong prices, goes on telling old ones, or cannot be reached.

The markets that it looks at are sound. What it has told meanwhile stays in its history, and a reply that it keeps for a
minute is kept for a minute, as at the real one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from simulators.market_data.aggregator import Distortion, PriceAggregator
from simulators.market_data.harm_sources import SourceOutageParams, SourceStaleParams, SourceWrongParams
from simulators.market_data.web import Counter

TookEffect = Callable[[str], None]


class SourceApi(Protocol):
    """The production API of a price source."""

    name: str
    aggregator: PriceAggregator
    counter: Counter

    def hang_up(self, reason: str) -> bool: ...


class _Distortion:
    """What wrong and stale prices share: whose they are, and the first that a client is told."""

    def __init__(self, api: SourceApi, asset: str | None, took_effect: TookEffect) -> None:
        known = api.aggregator.assets
        if asset is not None and asset not in known:
            raise ValueError(f"{api.name} knows {', '.join(known)}, not {asset}")
        self._aggregator = api.aggregator
        self._assets = known if asset is None else (asset,)
        self._took_effect = took_effect
        self._has_taken_effect = False
        self._off: dict[str, bool] = {}  # asset → whether what it tells now is not what was found

    def tell(self, asset: str, rate: float, now_ns: int) -> float:
        if asset not in self._assets:
            return rate
        told = self.instead(asset, rate, now_ns)
        self._off[asset] = told != rate or not self.keeps_time(asset)
        return told

    def instead(self, asset: str, rate: float, now_ns: int) -> float:
        raise NotImplementedError

    def keeps_time(self, asset: str) -> bool:
        return True

    def was_told(self) -> None:
        if not self._has_taken_effect and any(self._off.values()):
            self._has_taken_effect = True
            wrong = ", ".join(asset for asset, is_off in self._off.items() if is_off)
            self._took_effect(f"prices of {wrong} were told that were not what the markets showed")

    def _enter(self, distortion: Distortion) -> None:
        self._aggregator.distortions += (distortion,)

    def _leave(self, distortion: Distortion) -> None:
        self._aggregator.distortions = tuple(one for one in self._aggregator.distortions if one is not distortion)


class SourceWrong(_Distortion):
    """``source_wrong``: prices are off from the next look at the markets on."""

    def __init__(self, api: SourceApi, params: SourceWrongParams, took_effect: TookEffect) -> None:
        super().__init__(api, params.asset, took_effect)
        self._params = params

    def begin(self, cause: int) -> None:
        """Be wrong."""
        self._enter(self)

    def end(self, cause: int) -> None:
        """Be right again, from the next look at the markets on."""
        self._leave(self)

    def instead(self, asset: str, rate: float, now_ns: int) -> float:
        return rate * self._params.factor(now_ns)


class SourceStale(_Distortion):
    """``source_stale``: the prices that were told last are told on."""

    def __init__(self, api: SourceApi, params: SourceStaleParams, took_effect: TookEffect) -> None:
        super().__init__(api, params.asset, took_effect)
        self._is_lying = params.timestamps == "lying"
        self._kept: dict[str, float] = {}

    def begin(self, cause: int) -> None:
        """Look at nothing any more."""
        self._kept = {asset: rate for asset, rate in self._aggregator.rates.items() if asset in self._assets}
        self._enter(self)

    def end(self, cause: int) -> None:
        """Tell what is so, from the next look at the markets on."""
        self._leave(self)

    def instead(self, asset: str, rate: float, now_ns: int) -> float:
        return self._kept.setdefault(asset, rate)

    def keeps_time(self, asset: str) -> bool:
        return self._is_lying or asset not in self._assets


class SourceOutage:
    """``source_outage``: the source cannot be reached; it goes on looking at the markets."""

    def __init__(self, api: SourceApi, params: SourceOutageParams, took_effect: TookEffect) -> None:
        self._api = api
        self._took_effect = took_effect
        self._has_taken_effect = False
        self.is_silent = params.mode == "silent"

    def begin(self, cause: int) -> None:
        """Go down; what is being served still leaves."""
        self._api.counter.outages += (self,)
        if not self.is_silent and self._api.hang_up("1001 Going away"):
            self.missed(None)

    def end(self, cause: int) -> None:
        """Come back. Who was hung up on must connect again."""
        self._api.counter.outages = tuple(one for one in self._api.counter.outages if one is not self)

    def missed(self, argument: object) -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect("the source did not serve a client")
