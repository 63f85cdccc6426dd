"""The statistics board: all mandates that are measured on minute returns, looked at together once a minute."""

from __future__ import annotations

from itertools import combinations

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Evidence
from risk_monitor.books.freshness import FreshMark
from risk_monitor.books.minute_returns import MinuteReturns
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.mandates.correlation_breakdown import CorrelationBreakdown
from risk_monitor.mandates.expected_shortfall import ExpectedShortfall
from risk_monitor.mandates.portfolio_lines import EvidenceOf
from risk_monitor.mandates.tail_exponent import TailExponent
from risk_monitor.mandates.volatility_regime import VolatilityRegime
from risk_monitor.watchtower import Watchtower


class StatisticsBoard:
    """Of every traded asset that some market prices. What no rule asks for is not sampled either."""

    def __init__(
        self, tower: Watchtower, portfolio: Portfolio, agenda: Agenda, evidence_of: EvidenceOf, evidence: Evidence
    ) -> None:
        marks = portfolio.marks
        self._returns = returns = MinuteReturns(marks, agenda)
        coins = ("USD", *tower.limits.stablecoins)
        traded = sorted(asset for asset in marks.assets if asset not in coins and FreshMark(marks, asset).is_priceable)
        ExpectedShortfall(tower, portfolio, returns, evidence)
        for asset in traded:
            TailExponent(tower, asset, returns, evidence_of)
            VolatilityRegime(tower, asset, returns, evidence_of)
        for first, second in combinations(traded, 2):
            CorrelationBreakdown(tower, first, second, returns, evidence_of)

    def start(self, now_ns: int) -> None:
        self._returns.start(now_ns)
