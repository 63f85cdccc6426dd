"""The strategies there are, by the name a firm file gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulators.ports import Audit, Clock, Wire
from simulators.strategies.arbitrage import ArbitrageStrategy
from simulators.strategies.base import Strategy
from simulators.strategies.market_making import MarketMakingStrategy
from simulators.strategies.mean_reversion import MeanReversionStrategy
from simulators.strategies.momentum import MomentumStrategy
from simulators.strategies.params import KINDS, StrategyParams
from simulators.strategies.rest import Key
from simulators.strategies.triangular import TriangularArbitrageStrategy

if TYPE_CHECKING:
    from numpy.random import Generator

STRATEGIES: dict[str, type[Strategy[Any]]] = {
    strategy.kind: strategy
    for strategy in (
        ArbitrageStrategy,
        MarketMakingStrategy,
        MeanReversionStrategy,
        MomentumStrategy,
        TriangularArbitrageStrategy,
    )
}


def make_strategy(
    kind: str,
    name: str,
    params: StrategyParams,
    *,
    pairs: Sequence[str],
    wires: Mapping[str, Wire],
    keys: Mapping[str, Key],
    clock: Clock,
    audit: Audit,
    rng: Generator,
) -> Strategy[Any]:
    """A strategy of ``kind``, not yet started. Raises ValueError if the kind is unknown or the params are another's."""
    if kind not in STRATEGIES:
        raise ValueError(f"no strategy is called {kind!r}; there are {', '.join(sorted(STRATEGIES))}")
    if not isinstance(params, KINDS[kind]):
        raise ValueError(f"{kind} takes {KINDS[kind].__name__}, not {type(params).__name__}")
    return STRATEGIES[kind](name, params, pairs=pairs, wires=wires, keys=keys, clock=clock, audit=audit, rng=rng)
