"""Portfolio: the firm valued at the marks, as the mandates on positions and equity read it."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.agenda import Agenda, Job
from risk_monitor.books.equity import EquityHistory
from risk_monitor.books.holdings import Holdings
from risk_monitor.books.marks import MarkBook
from risk_monitor.books.perpetuals import PerpetualBook
from risk_monitor.books.suspense import Suspense
from risk_monitor.timestamps import NS_PER_DAY

MAX_POSTPONED = 5
SILENT_PERIODS = 3
"""Quotes come many times a second and bring the next look with them; without them it comes after this many periods."""


class Portfolio:
    """Holdings × marks, once per ``evaluation_ns`` while quotes come, and soon after the holdings have changed.

    ``amounts`` (holdings), ``exposures`` (holdings and the positions in perpetuals, ``e[a]``) and ``marks`` go by the
    index of ``marks.assets``. ``is_priced``: every asset of the universe that the firm holds has a mark. ``equity`` is
    ``Σ h[a] × mark[a]`` plus the unrealised profit of the perpetuals, without what stands in the suspense account; None
    until every account has been seen and while a mark is missing. Assets outside the universe count nothing and are
    listed by ``unpriced``.
    """

    def __init__(
        self,
        holdings: Holdings,
        marks: MarkBook,
        history: EquityHistory,
        agenda: Agenda,
        evaluation_ns: int,
        quiet_ns: int,
        on_opening: Callable[[], None],
        perpetuals: PerpetualBook,
    ) -> None:
        self.holdings = holdings
        self.perpetuals = perpetuals
        self.marks = marks
        self.history = history
        self.amounts = [0.0] * len(marks.assets)
        self.exposures = [0.0] * len(marks.assets)
        self.equity: float | None = None
        self.suspense: Suspense | None = None
        self.evaluations: list[Callable[[int], None]] = []
        self.due_ns = -1
        self._agenda = agenda
        self._evaluation_ns = evaluation_ns
        self._quiet_ns = quiet_ns
        self._on_opening = on_opening
        self._job = Job(self._evaluate_when_quiet)
        self._midnight_job = Job(self._on_midnight)
        self._postponed = 0
        self._is_opened = False  # valued at least once since the process is up
        self._amounts_version = -1
        self._positions_version = -1
        self._pending_version = -1
        self._pending: tuple[tuple[int, float], ...] = ()

    def start(self, now_ns: int) -> None:
        self._agenda.arm(self._midnight_job, (now_ns // NS_PER_DAY + 1) * NS_PER_DAY)
        self._agenda.arm(self._job, now_ns + self._evaluation_ns)

    def touch(self, now_ns: int) -> None:
        """Holdings, promises or the suspense account may have changed: look as soon as the cadence allows."""
        at_ns = max(self.due_ns, now_ns + self._quiet_ns)
        if at_ns < self._job.due_ns:
            self._agenda.arm(self._job, at_ns)

    def requote(self, now_ns: int) -> None:
        """A quote has come, and the last look is at least an evaluation period old: look now."""
        if now_ns - self.holdings.changed_ns >= self._quiet_ns:
            self.evaluate(now_ns)

    def unpriced(self) -> tuple[str, ...]:
        """Assets held that no watched market can price."""
        index = self.marks.index
        return tuple(asset for asset in self.holdings.assets() if asset not in index and self.holdings.total(asset))

    def evaluate(self, now_ns: int) -> None:
        """Value the firm now and let the mandates look."""
        self.due_ns = now_ns + self._evaluation_ns
        self._agenda.arm(self._job, now_ns + self._evaluation_ns * SILENT_PERIODS)
        self.marks.refresh()
        self._value(now_ns)
        for evaluation in self.evaluations:
            evaluation(now_ns)

    def _value(self, now_ns: int) -> None:
        holdings = self.holdings
        amounts = self.amounts
        marks = self.marks.marks
        perpetuals = self.perpetuals
        if holdings.version != self._amounts_version or perpetuals.version != self._positions_version:
            self._amounts_version = holdings.version
            self._positions_version = perpetuals.version
            for index, asset in enumerate(self.marks.assets):
                amounts[index] = float(holdings.total(asset))
                self.exposures[index] = amounts[index] + perpetuals.exposure(asset)
        if holdings.places_unknown:
            return
        equity = 0.0
        for amount, mark in zip(amounts, marks, strict=True):
            if amount:
                if mark <= 0.0:
                    self.equity = None
                    return
                equity += amount * mark
        unrealised = perpetuals.unrealised_usd(self.marks)
        if unrealised is None:
            self.equity = None
            return
        equity += unrealised
        if not self._is_opened:
            self._is_opened = True
            if self.suspense is not None:
                self.suspense.clear()
            self._on_opening()
        self.equity = equity = equity - self._pending_usd()
        self.history.update(now_ns, equity)

    def _pending_usd(self) -> float:
        suspense = self.suspense
        if suspense is None:
            return 0.0
        if suspense.version != self._pending_version:
            self._pending_version = suspense.version
            index = self.marks.index
            self._pending = tuple(
                (index[asset], float(amount)) for asset, amount in suspense.pending().items() if asset in index
            )
        marks = self.marks.marks
        return sum(amount * marks[position] for position, amount in self._pending) if self._pending else 0.0

    def _evaluate_when_quiet(self, now_ns: int) -> None:
        """One cause (a transfer, a trade between two accounts) makes several account events within milliseconds; a
        look between them would see value twice or not at all."""
        if now_ns - self.holdings.changed_ns < self._quiet_ns and self._postponed < MAX_POSTPONED:
            self._postponed += 1
            self._agenda.arm(self._job, now_ns + self._quiet_ns)
        else:
            self._postponed = 0
            self.evaluate(now_ns)

    def _on_midnight(self, now_ns: int) -> None:
        """The day's opening equity is that of midnight itself, not of the next look."""
        self._agenda.arm(self._midnight_job, now_ns + NS_PER_DAY)
        self.evaluate(now_ns)
