"""Statistics of a suite: intervals that keep their promise for few observations, and rank tests.

Nothing is assumed of how latencies are distributed: they are bounded by polling, cut off by deadlines and tied where
the wire is quiet. Exact methods stand where a normal approximation would need more seeds than anybody runs.
scipy is imported where it is used, because it takes longer to load than most commands take to answer; and of it, where
they suffice, the special functions, which load in a quarter of the time of ``scipy.stats``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from statistics import median

CONFIDENCE = 0.95
"""Of every interval: both sides together err in one of twenty cases at most."""

_EXACT_UP_TO = 100  # observations of both sides together; beyond, the normal law is as good and faster


def rate_interval(successes: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The Clopper–Pearson interval of a proportion: exact, so at least as wide as ``confidence`` asks, for every n.

    Clopper and Pearson, *The use of confidence or fiducial limits illustrated in the case of the binomial*,
    Biometrika 26 (1934). ``n`` is at least 1.
    """
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def poisson_interval(count: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Garwood's exact interval of a Poisson mean of which ``count`` events were seen.

    Garwood, *Fiducial limits for the Poisson distribution*, Biometrika 28 (1936). Divide both ends by the time of
    observation to have those of a rate.
    """
    from scipy.special import gammaincinv

    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else float(gammaincinv(count, tail))
    return low, float(gammaincinv(count + 1, 1 - tail))


def quantile_of(
    ordered: Sequence[float], share: float, confidence: float = CONFIDENCE
) -> tuple[float | None, float | None, float | None]:
    """The quantile of sorted observations, and an interval between two of them; infinite ones stand for misses.

    The value is the observation of rank ⌈share·n⌉. It is None where n < 1 / (1 - share): it would be nothing but the
    longest. The interval is [x(l), x(u)] with the largest l for which P(B < l), and the smallest u for which
    P(B ≥ u), is at most half of 1 - confidence, B binomial (n, share); David and Nagaraja, *Order Statistics*, 3rd ed.,
    section 7.1. An end is None where n gives none or where it is a miss.
    """
    from scipy.special import bdtr, bdtrc

    n = len(ordered)
    tail = (1 - confidence) / 2
    value = None
    if n and n * (1 - share) >= 1 - 1e-9:
        value = ordered[max(math.ceil(share * n - 1e-9), 1) - 1]
    lows = [rank for rank in range(1, n + 1) if bdtr(rank - 1, n, share) <= tail]
    highs = [rank for rank in range(1, n + 1) if bdtrc(rank - 1, n, share) <= tail]
    low = ordered[lows[-1] - 1] if lows else None
    high = ordered[highs[0] - 1] if highs else None
    return _finite(value), _finite(low), _finite(high)


def grew_p(before: Sequence[float], after: Sequence[float]) -> float:
    """One-sided Mann–Whitney U: how probable so much growth is if both were drawn from the same distribution.

    Mann and Whitney, Annals of Mathematical Statistics 18 (1947). Ties get mean ranks. With up to 100 observations
    every way of dealing them out is counted; beyond, the normal approximation corrected for ties stands in. Neither is
    empty.
    """
    from scipy.stats import mannwhitneyu, rankdata

    old, new = _without_infinity(before, after)
    if len(old) + len(new) > _EXACT_UP_TO:
        return float(mannwhitneyu(new, old, alternative="greater", method="asymptotic").pvalue)
    doubled = [round(2 * float(rank)) for rank in rankdata([*new, *old])]  # mean ranks are halves
    return _share_of_sums_from(doubled, len(new), sum(doubled[: len(new)]))


def _share_of_sums_from(ranks: Sequence[int], size: int, least: int) -> float:
    """The share of all choices of ``size`` ranks whose sum is at least ``least``.

    Choices are counted by size and sum, one rank after another. scipy's exact test does not hold with ties, and its
    permutation test not with a single observation on one side.
    """
    import numpy as np

    counts = np.zeros((size + 1, sum(ranks) + 1))
    counts[0, 0] = 1.0
    for rank in ranks:
        counts[1:, rank:] += counts[:-1, : counts.shape[1] - rank].copy()
    return float(counts[size, least:].sum() / counts[size].sum())


def fell_p(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Fisher's exact test, one-sided: how probable it is that so many successes became so many by chance.

    Each side is (successes, failures). Fisher, *Statistical Methods for Research Workers*, 5th ed. (1934), 21.02.
    """
    import numpy as np
    from scipy.stats import fisher_exact

    return float(fisher_exact(np.array([before, after]), alternative="greater").pvalue)


def cliffs_delta(before: Sequence[float], after: Sequence[float]) -> float:
    """Effect size: the share of pairs that grew less the share that shrank, -1 to 1; the rank-biserial correlation.

    Cliff, *Dominance statistics*, Psychological Bulletin 114 (1993). Neither is empty.
    """
    grown = sum((new > old) - (new < old) for old, new in product(before, after))
    return grown / (len(before) * len(after))


def shift_of(before: Sequence[float], after: Sequence[float]) -> float:
    """By how much it grew: the median of all differences of pairs, after Hodges and Lehmann (1963); misses left out."""
    differences = [new - old for old, new in product(before, after) if math.isfinite(old) and math.isfinite(new)]
    return median(differences) if differences else 0.0


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _without_infinity(*samples: Sequence[float]) -> list[list[float]]:
    """The same order with misses at a finite last place, which a rank test cannot tell from infinity."""
    beyond = max((abs(one) for sample in samples for one in sample if math.isfinite(one)), default=0.0) + 1.0
    return [[one if math.isfinite(one) else beyond for one in sample] for sample in samples]
