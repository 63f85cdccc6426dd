"""The strategies there are, by the name a firm file gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from simulators.ports import Audit, Clock, Wire
from simulators.strategies.arbitrage import ArbitrageStrategy
from simulators.strategies.base import Positions, Strategy
from simulators.strategies.carry import CarryStrategy
from simulators.strategies.correlation_breaker import CorrelationBreakerStrategy
from simulators.strategies.market_making import MarketMakingStrategy
from simulators.strategies.mean_reversion import MeanReversionStrategy
from simulators.strategies.momentum import MomentumStrategy
from simulators.strategies.own import find_own
from simulators.strategies.params import KINDS, ParamValue, StrategyParams, is_own
from simulators.strategies.rest import Key
from simulators.strategies.risk_ignorant import RiskIgnorantStrategy
from simulators.strategies.runaway import RunawayStrategy
from simulators.strategies.slow_leak import SlowLeakStrategy
from simulators.strategies.triangular import TriangularArbitrageStrategy
from simulators.strategies.volatility_amplifier import VolatilityAmplifierStrategy

if TYPE_CHECKING:
    from numpy.random import Generator

STRATEGIES: dict[str, type[Strategy[Any]]] = {
    strategy.kind: strategy
    for strategy in (
        ArbitrageStrategy,
        CarryStrategy,
        CorrelationBreakerStrategy,
        MarketMakingStrategy,
        MeanReversionStrategy,
        MomentumStrategy,
        RiskIgnorantStrategy,
        RunawayStrategy,
        SlowLeakStrategy,
        TriangularArbitrageStrategy,
        VolatilityAmplifierStrategy,
    )
}


def make_strategy(
    kind: str,
    name: str,
    params: StrategyParams | Mapping[str, ParamValue],
    *,
    pairs: Sequence[str],
    wires: Mapping[str, Wire],
    keys: Mapping[str, Key],
    clock: Clock,
    audit: Audit,
    rng: Generator,
    directory: str = "",
    order_prefix: str = "",
    positions: Positions | None = None,
) -> Strategy[Any]:
    """A strategy of ``kind``, not yet started. A user's own is looked for from ``directory``, its params given by name.

    Raises ValueError if the kind is unknown or the params are another's.
    """
    if is_own(kind):
        own = find_own(kind, Path(directory))
        found, expected = own.strategy, own.params
        if not isinstance(params, StrategyParams):
            params = msgspec.convert(dict(params), expected)
    elif kind in STRATEGIES:
        found, expected = STRATEGIES[kind], KINDS[kind]
    else:
        raise ValueError(f"no strategy is called {kind!r}; there are {', '.join(sorted(STRATEGIES))}")
    if not isinstance(params, expected):
        raise ValueError(f"{kind} takes {expected.__name__}, not {type(params).__name__}")
    return found(
        name,
        params,
        pairs=pairs,
        wires=wires,
        keys=keys,
        clock=clock,
        audit=audit,
        rng=rng,
        order_prefix=order_prefix,
        positions=positions,
    )
