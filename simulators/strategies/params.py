"""What a strategy may be told: its allocation, its caps and the habits of its kind.

Fractions are of one, ``_bp`` are hundredths of a percent, ``_s`` are seconds. This module imports nothing heavy,
so that a scenario can be checked without loading what it would run.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Fraction = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
BasisPoints = Annotated[float, msgspec.Meta(ge=0.0, le=10_000.0)]
Seconds = Annotated[float, msgspec.Meta(gt=0.0, le=86_400.0)]
Bars = Annotated[int, msgspec.Meta(ge=2, le=1_440)]


ParamValue = bool | int | float | str | tuple[str, ...]
"""What a parameter may be."""


OWN_PATTERN = r"[A-Za-z0-9_./-]+:[A-Za-z_][A-Za-z0-9_]*"
"""How a user's own strategy is named: ``module:Class`` or ``path/file.py:Class``."""


def is_own(kind: str) -> bool:
    """Whether the kind names a user's own class."""
    return ":" in kind


class StrategyParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every strategy heeds, whatever its idea."""

    allocation: Fraction = 0.5
    """Share of the sub-account's equity at a venue that positions may reach; its pairs share that equally."""
    order_fraction: Fraction = 0.02
    """Share of that equity which one order may be worth."""
    loss_limit: Fraction = 0.25
    """Loss of equity since the start at which the strategy stops itself."""
    quote_age_limit_s: Seconds = 5.0
    """A quote older than this is not acted upon."""
    refresh_s: Seconds = 60.0
    """How often balances, prices and open orders are asked for again, whatever the streams say."""
    taker_fee_bp: BasisPoints = 10.0
    """Fee assumed where the account data does not state one."""


class MarketMakerParams(StrategyParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Quotes both sides and earns the spread."""

    half_spread_bp: BasisPoints = 4.0
    """Distance of each quote from the fair price."""
    requote_bp: BasisPoints = 2.0
    """A resting quote is replaced when it stands further than this from where it should."""
    requote_interval_s: Seconds = 15.0
    """How often the quotes are looked at."""
    urgent_move_bp: BasisPoints = 10.0
    """A move of the mid since the last look that cuts the wait short."""
    urgent_gap_s: Seconds = 3.0
    """The least time between two looks."""
    skew_bp: BasisPoints = 4.0
    """How far the fair price is lowered with the inventory at its cap, and raised when it is short by as much."""
    fair_half_life_s: Annotated[float, msgspec.Meta(ge=0.0, le=864_000.0)] = 0.0
    """Half-life of the average of the mid that is taken as the fair price; 0 takes the mid itself. A desk that believes
    a price returns (a stablecoin to its peg) sets hours, and buys while it slides."""


class MomentumParams(StrategyParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goes with the trend of two moving averages of minute closes."""

    fast_bars: Bars = 15
    slow_bars: Bars = 90
    entry_bp: BasisPoints = 15.0
    """Distance between the averages that counts as a trend."""
    exit_bp: BasisPoints = 3.0
    """Distance below which the trend is over."""
    max_slippage_bp: BasisPoints = 10.0
    """How far from the bar's close an order may trade."""
    cooldown_bars: Annotated[int, msgspec.Meta(ge=1, le=1_440)] = 3


class MeanReversionParams(StrategyParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Buys what is low and sells what is high against its own moving average."""

    window_bars: Bars = 60
    entry_deviations: Annotated[float, msgspec.Meta(gt=0.0, le=20.0)] = 2.0
    """Standard deviations from the average at which a position is taken."""
    exit_deviations: Annotated[float, msgspec.Meta(ge=0.0, le=20.0)] = 0.5
    max_slippage_bp: BasisPoints = 10.0
    cooldown_bars: Annotated[int, msgspec.Meta(ge=1, le=1_440)] = 3


class ArbitrageParams(StrategyParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Buys a pair where it is cheap and sells it where it is dear, on two exchanges at once."""

    min_edge_bp: BasisPoints = 5.0
    """Profit that must remain after both fees."""
    cooldown_s: Seconds = 5.0
    max_slippage_bp: BasisPoints = 30.0
    """How far from the mid what is left of a lame leg may be unwound."""


class CarryParams(StrategyParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Holds an asset and is short the perpetual on it, to be paid the funding without a view on the price."""

    leverage: Annotated[float, msgspec.Meta(gt=0.0, le=10.0)] = 1.0
    """How many times its margin the short may be worth."""
    entry_discount_bp: BasisPoints = 15.0
    """How far below spot the perpetual may trade for more of it to be sold."""
    interval_s: Seconds = 10.0
    """How often it looks."""
    max_slippage_bp: BasisPoints = 10.0
    """How far beyond the best price an order may trade."""


class TriangularParams(StrategyParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Walks three pairs of one exchange back to where it began, when that pays after three fees."""

    min_edge_bp: BasisPoints = 5.0
    cooldown_s: Seconds = 5.0
    max_slippage_bp: BasisPoints = 30.0


class MalfunctionParams(StrategyParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a strategy that harms its firm is told. It heeds neither position cap nor loss limit."""

    scale: Annotated[float, msgspec.Meta(ge=0.0, le=1_000.0)] = 1.0
    """Factor on its size; of a runaway, on its rate."""
    slippage_bp: BasisPoints = 50.0
    """How far beyond the best price an order may trade."""
    leverage: Annotated[float, msgspec.Meta(gt=0.0, le=125.0)] = 10.0
    """How many times its margin an order may be worth, where it trades contracts. The venue may lend less."""


class RunawayParams(MalfunctionParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sends order after order, through the book and back again."""

    order_fraction: Fraction = 0.05
    orders_per_minute: Annotated[int, msgspec.Meta(ge=1, le=6_000)] = 240


class RiskIgnorantParams(MalfunctionParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Buys more of what it is losing on, each time more."""

    order_fraction: Fraction = 0.05
    interval_s: Seconds = 30.0
    """How often it looks whether it is losing."""
    growth: Annotated[float, msgspec.Meta(ge=1.0, le=10.0)] = 1.5
    """How much larger each addition is than the one before."""


class VolatilityAmplifierParams(MalfunctionParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Runs after every move, with larger orders the wilder the market is."""

    interval_s: Seconds = 5.0
    window: Annotated[int, msgspec.Meta(ge=3, le=720)] = 24
    """Intervals over which volatility is measured."""
    calm_bp: Annotated[float, msgspec.Meta(gt=0.0, le=1_000.0)] = 1.0
    """Root mean square of the returns over an interval at which its orders have their stated size."""
    entry_bp: BasisPoints = 0.5
    """The least move over an interval that it runs after."""


class CorrelationBreakerParams(MalfunctionParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Buys the first of its pairs and sells the last, though they have always moved together."""

    interval_s: Seconds = 5.0


class SlowLeakParams(MalfunctionParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Buys at the ask and sells at the bid, all day."""

    order_fraction: Fraction = 0.05
    interval_s: Seconds = 60.0


MALFUNCTIONS: dict[str, type[MalfunctionParams]] = {
    "correlation_breaker": CorrelationBreakerParams,
    "risk_ignorant": RiskIgnorantParams,
    "runaway": RunawayParams,
    "slow_leak": SlowLeakParams,
    "volatility_amplifier": VolatilityAmplifierParams,
}
"""Strategies that do harm: to be named in a firm file as any other, or injected into one that is sound."""

KINDS: dict[str, type[StrategyParams]] = {
    "arbitrage": ArbitrageParams,
    "carry": CarryParams,
    "market_making": MarketMakerParams,
    "mean_reversion": MeanReversionParams,
    "momentum": MomentumParams,
    "triangular_arbitrage": TriangularParams,
    **MALFUNCTIONS,
}
