"""The board: all mandates that are measured on the portfolio, looked at together whenever it has been valued."""

from __future__ import annotations

from risk_monitor.alerts import Evidence
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.mandates.concentration import Concentration
from risk_monitor.mandates.correlation_cluster import CorrelationCluster
from risk_monitor.mandates.daily_loss import DailyLoss
from risk_monitor.mandates.delta_exposure import DeltaExposure
from risk_monitor.mandates.drawdown import Drawdown
from risk_monitor.mandates.notional_limit import NotionalLimit
from risk_monitor.mandates.portfolio_lines import EvidenceOf
from risk_monitor.mandates.position_limit import PositionLimit
from risk_monitor.mandates.rapid_drawdown import RapidDrawdown
from risk_monitor.mandates.stablecoin_exposure import StablecoinExposure
from risk_monitor.mandates.weekly_loss import WeeklyLoss
from risk_monitor.watchtower import Watchtower


class PortfolioBoard:
    """Looks at holdings once all places have been seen, and at equity once it can be computed."""

    def __init__(self, tower: Watchtower, portfolio: Portfolio, evidence_of: EvidenceOf, evidence: Evidence) -> None:
        assets = tuple(enumerate(portfolio.marks.assets))
        stablecoins = tower.limits.stablecoins
        traded = tuple(line for line in assets if line[1] != "USD" and line[1] not in stablecoins)
        coins = tuple(line for line in assets if line[1] in stablecoins)
        self._portfolio = portfolio
        self._mandates = (
            PositionLimit(tower, traded, evidence_of),
            NotionalLimit(tower, traded, evidence_of, evidence),
            DeltaExposure(tower, traded, evidence_of),
            StablecoinExposure(tower, coins, evidence_of),
            CorrelationCluster(tower, portfolio.marks.index, evidence_of),
        )
        self._concentration = Concentration(tower, traded, evidence_of)
        equity = (
            Drawdown(tower, portfolio.history, evidence),
            RapidDrawdown(tower, portfolio.history, evidence),
            DailyLoss(tower, portfolio.history, evidence),
            WeeklyLoss(tower, portfolio.history, evidence),
        )
        self._equity = tuple((mandate.watch, mandate.measure) for mandate in equity if mandate.watch is not None)

    def evaluate(self, now_ns: int) -> None:
        portfolio = self._portfolio
        if not portfolio.holdings.are_known:
            return
        amounts = portfolio.exposures
        marks = portfolio.marks.marks
        for mandate in self._mandates:
            mandate.evaluate(now_ns, amounts, marks)
        self._concentration.evaluate(now_ns, amounts, marks, portfolio.equity)
        for watch, measure in self._equity:
            if portfolio.equity is None:
                watch.lose_sight()
            else:
                watch.observe(now_ns, measure())
