"""A synthetic market: minute bars out of formulas, correlated, fat-tailed, with volatility that clusters.

The return of asset i in minute t, with one factor shared by all assets:

    r[i, t]   = s[i] * h[t]^0.5 * x[i, t]
    x[i, t]   = (c[i] * f[t] + (1 - c[i]^2)^0.5 * e[i, t]) * m[t]        f, e: standard normal
    m[t]      = ((v - 2) / chi2_v[t])^0.5                                multivariate Student's t with unit variance
    h[t + 1]  = (1 - a - b) + a * g[t]^2 * h[t] + b * h[t]               GARCH(1,1) with mean 1, g = f * m

with s[i] the standard deviation of a minute, c[i] the correlation with the factor, v the degrees of freedom, a the
weight of a shock, b the persistence. All assets share m and h, because violent minutes are violent for all.
The stablecoin's distance from a dollar reverts to zero: d[t + 1] = k * d[t] + (1 - k^2)^0.5 * D * e[t], an
Ornstein-Uhlenbeck process sampled by the minute.

Sources: Bollerslev (1986), Generalized autoregressive conditional heteroskedasticity, J. Econometrics 31; Bollerslev
(1987), A conditionally heteroskedastic time series model, Rev. Econ. Stat. 69 (Student's t); Kotz and Nadarajah
(2004), Multivariate t Distributions, ch. 1; Uhlenbeck and Ornstein (1930), Phys. Rev. 36.
"""

from __future__ import annotations

import math

import numpy as np

from simulators.market_data.world.bars import Bars, Floats
from simulators.market_data.world.config import MINUTE_NS, MarketConfig, SyntheticConfig, window_ns

_STEPS = 12  # trades inside a minute, out of which its bar is made
_MINUTES_PER_YEAR = 525_960
_LARGEST_RETURN = 0.25  # of one minute; no formula with fat tails is trusted beyond that
_STABLE_MEMORY = 0.98  # k: half of a stablecoin's deviation is gone after 34 minutes
_MINUTE_VOLUME_USD = 250_000.0  # of an asset in an ordinary minute


def synthetic_bars(config: MarketConfig, generator: np.random.Generator) -> tuple[Bars, ...]:
    """Bars of each asset against the stablecoin, then of the stablecoin against the dollar."""
    synthetic = config.synthetic
    starts_ns, _ = window_ns(config)
    if synthetic is None or starts_ns is None:
        raise ValueError("a market without formulas, or without a start, has no synthetic bars")
    minutes = synthetic.days * 1440
    at = starts_ns // MINUTE_NS + np.arange(minutes, dtype=np.int64)
    factor = generator.standard_normal(minutes)
    mixing = _mixing(synthetic, generator, minutes)
    wildness = np.sqrt(_variances(synthetic, factor * mixing))
    stable = _stable_path(synthetic, generator, minutes)

    made = []
    for one in synthetic.assets:
        minute_sd = one.volatility_per_year * _MINUTES_PER_YEAR**-0.5
        own = math.sqrt(1 - one.correlation**2) * generator.standard_normal(minutes)
        returns = minute_sd * wildness * mixing * (one.correlation * factor + own)
        returns = np.clip(returns, -_LARGEST_RETURN, _LARGEST_RETURN)
        spread = minute_sd * wildness
        dollars = _minute_prices(generator, one.price_usd, returns, spread)
        made.append(_bars(at, dollars / stable, wildness * _MINUTE_VOLUME_USD / one.price_usd))
    made.append(_bars(at, stable, wildness * _MINUTE_VOLUME_USD))
    return tuple(made)


def _mixing(synthetic: SyntheticConfig, generator: np.random.Generator, minutes: int) -> Floats:
    freedom = synthetic.tail_degrees_of_freedom
    return np.asarray(np.sqrt((freedom - 2) / generator.chisquare(freedom, minutes)))


def _variances(synthetic: SyntheticConfig, shocks: Floats) -> Floats:
    """GARCH(1,1) about a mean of 1, one value a minute."""
    weight, persistence = synthetic.shock_weight, synthetic.persistence
    rest = 1 - weight - persistence
    variance, variances = 1.0, []
    for shock in shocks.tolist():
        variances.append(variance)
        variance = rest + (weight * shock * shock + persistence) * variance
    return np.array(variances)


def _stable_path(synthetic: SyntheticConfig, generator: np.random.Generator, minutes: int) -> Floats:
    """The stablecoin's price, shape (minutes, steps + 1): each minute begins where the one before ended."""
    scale = synthetic.stablecoin_deviation_bp * 1e-4 * math.sqrt(1 - _STABLE_MEMORY**2)
    deviation, deviations = 0.0, [0.0]
    for surprise in generator.standard_normal(minutes).tolist():
        deviation = _STABLE_MEMORY * deviation + scale * surprise
        deviations.append(max(-0.5, min(0.5, deviation)))
    ends = 1 + np.array(deviations)
    share = np.linspace(0, 1, _STEPS + 1)
    return np.asarray(ends[:-1, np.newaxis] * (1 - share) + ends[1:, np.newaxis] * share)


def _minute_prices(generator: np.random.Generator, first: float, returns: Floats, spread: Floats) -> Floats:
    """Prices at the steps of each minute, shape (minutes, steps + 1): a Brownian bridge from open to close."""
    closes = first * np.cumprod(1 + returns)
    opens = np.concatenate((np.array([first]), closes[:-1]))
    walk = np.cumsum(generator.standard_normal((len(returns), _STEPS)), axis=1) * _STEPS**-0.5
    share = np.arange(1, _STEPS + 1) / _STEPS
    bridge = (walk - walk[:, -1:] * share) * spread[:, np.newaxis]
    inner = opens[:, np.newaxis] * (1 + returns[:, np.newaxis] * share + np.clip(bridge, -0.2, 0.2))
    inner[:, -1] = closes
    return np.concatenate((opens[:, np.newaxis], inner), axis=1)


def _bars(at: np.ndarray[tuple[int], np.dtype[np.int64]], steps: Floats, volume: Floats) -> Bars:
    return Bars(at, steps[:, 0].copy(), steps.max(axis=1), steps.min(axis=1), steps[:, -1].copy(), volume)
