"""False alarms of a suite: alerts without a true breach, per day of simulated time, by mandate.

Runs of one scenario and seed share their market, so an alarm that this market brings on is counted in each of them: the
interval, which takes alarms for independent, is then narrower than it should be. Rates of *quiet* runs (nothing
injected) are those to quote; those of all runs say what harm does besides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lab.suite.observation import Observation
from lab.suite.result import FalseAlarms, MandateAlarms, Rate
from lab.suite.statistics import poisson_interval

_S_PER_DAY = 86_400


def false_alarms(observations: Sequence[Observation]) -> FalseAlarms:
    """Of observations in a fixed order; those without a verdict have no simulated time and count for nothing."""
    mandates = sorted({name for one in observations for name in (*one.mandates, *one.seed.false_alarms)})
    return FalseAlarms(
        all=_rate(observations, None),
        quiet=_rate([one for one in observations if not one.faults], None),
        by_mandate=[_of_mandate(observations, mandate) for mandate in mandates],
        forbidden_true=sum(one.forbidden_true for one in observations),
    )


def _of_mandate(observations: Sequence[Observation], mandate: str) -> MandateAlarms:
    keeping = [one for one in observations if mandate in one.mandates or mandate in one.seed.false_alarms]
    return MandateAlarms(
        mandate=mandate,
        all=_rate(keeping, mandate),
        quiet=_rate([one for one in keeping if not one.faults], mandate),
        forbidden=sum(one.forbidden_false.get(mandate, 0) for one in keeping),
    )


def _rate(observations: Sequence[Observation], mandate: str | None) -> Rate:
    """Of one mandate, or of all together."""
    count = sum(
        number for one in observations for name, number in one.seed.false_alarms.items() if mandate in (None, name)
    )
    days = math.fsum(one.seed.simulated_s for one in observations) / _S_PER_DAY
    if not days:
        return Rate(count, 0.0, None, None, None)
    low, high = poisson_interval(count)
    return Rate(count, round(days, 9), count / days, low / days, high / days)
