"""An experiment as text: what it is made of, and its timeline as a picture that a terminal or a pipe can show."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from decimal import Decimal

import msgspec
import numpy as np

from lab.scenario.demands import Expectation
from lab.scenario.description import (
    describe_assertion,
    describe_condition,
    describe_expectation,
    describe_forbidden,
    describe_injection,
    describe_miss,
    describe_operator,
)
from lab.scenario.faults import FAULTS
from lab.scenario.model import Experiment, Injection
from lab.scenario.order import earliest_ns
from lab.scenario.units import DURATION_UNITS_NS, format_duration, format_instant
from simulators.market_data.world.harm import HarmParams
from simulators.market_data.world.overlays import envelope

_TICKS_NS = tuple(
    count * DURATION_UNITS_NS[unit]
    for count, unit in (
        *((1, "s"), (2, "s"), (5, "s"), (10, "s"), (30, "s"), (1, "min"), (2, "min"), (5, "min"), (10, "min")),
        *((30, "min"), (1, "h"), (2, "h"), (3, "h"), (6, "h"), (12, "h"), (1, "d"), (2, "d"), (5, "d"), (10, "d")),
        *((30, "d"), (90, "d"), (365, "d")),
    )
)
_BLOCKS, _PLAIN_BLOCKS = "▁▂▃▄▅▆▇█", "_.-~=+*#"


class Picture:
    """Draws one experiment, ``width`` columns wide; ``unicode`` says whether block characters may be used."""

    def __init__(self, experiment: Experiment, width: int, *, unicode: bool = True) -> None:
        self._experiment = experiment
        self._width = max(width, 60)
        self._blocks = _BLOCKS if unicode else _PLAIN_BLOCKS
        signs = tuple("─┬·▼═╌" if unicode else "-+.v=~")
        self._bar, self._tick, self._dot, self._deadline, self._steady, self._phase = signs
        names = [injection.name for injection in experiment.timeline]
        names += [phase.phase for phase in experiment.phases]
        self._margin = min(max(len(name) for name in (*names, "steady state")), 24) + 2
        self._cells = self._width - self._margin - 1

    def lines(self) -> list[str]:
        """The whole text, without colour, no line longer than the width."""
        return [*self._head(), "", *self._timeline(), *self._demands()]

    def _head(self) -> Iterator[str]:
        experiment = self._experiment
        firm = experiment.firm
        yield f"{experiment.scenario} · {experiment.case}"
        yield from textwrap.wrap(experiment.description, self._width)
        yield ""
        starts = "the market's first bar" if experiment.start_ns is None else format_instant(experiment.start_ns)
        custodian = f", {firm.custodian.name} (custodian)" if firm.custodian else ""
        sources = "".join(f", {source.name} (prices)" for source in firm.price_sources)
        exchanges = ", ".join(f"{exchange.name} ({len(exchange.pairs)} pairs)" for exchange in firm.exchanges)
        rows = {
            "file": experiment.file,
            "tags": ", ".join(experiment.tags) or "none",
            "run": f"{format_duration(experiment.duration_ns)} from {starts}, seed {experiment.seed}",
            "market": f"{experiment.market.name} ({experiment.market.file})",
            "firm": f"{firm.name}: {exchanges}{custodian}{sources}",
            "accounts": f"{len(firm.accounts)}, holding {_holdings(experiment)}",
            "strategies": ", ".join(f"{one.name} ({one.kind})" for one in firm.strategies) or "none",
            "limits": experiment.limits_file,
        }
        if experiment.controls is not None:
            rows["controls"] = f"{experiment.controls} ({experiment.controls_file})"
        if experiment.operator is not None:
            rows["operator"] = describe_operator(experiment.operator)
        for label, text in rows.items():
            yield from self._row(label, text)

    def _row(self, label: str, text: str) -> list[str]:
        return textwrap.wrap(
            text,
            self._width,
            initial_indent=label.ljust(12),
            subsequent_indent=" " * 12,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _timeline(self) -> Iterator[str]:
        experiment = self._experiment
        ticks_ns = self._ticks_ns()
        numbers = [" "] * (self._width - self._margin)
        axis = [self._bar] * self._cells
        for at_ns in ticks_ns:
            cell = self._cell(at_ns)
            axis[cell] = self._tick
            label = format_duration(at_ns) if at_ns else "0"
            cell = min(cell, len(numbers) - len(label))
            numbers[cell : cell + len(label)] = label
        yield " " * self._margin + "".join(numbers).rstrip()
        yield " " * self._margin + "".join(axis)
        for phase in experiment.phases:
            yield self._span(phase.phase, phase.from_ns, phase.to_ns, self._phase)
        steady = experiment.steady_state
        if steady is not None:
            known_ns = [injection.at_ns for injection in experiment.timeline if injection.at_ns is not None]
            first_ns = min(known_ns, default=experiment.duration_ns)
            yield self._span("steady state", steady.from_ns, first_ns, self._steady)
        for injection in experiment.timeline:
            yield self._label(injection.name) + self._shape(injection)
        if not experiment.timeline:
            yield "nothing is injected"
        for number, expectation in enumerate(experiment.expect, 1):
            yield self._expectation(number, expectation)
        if experiment.expect:
            yield (" " * self._margin + f"{self._dot} may become due  {self._deadline} deadline")
        yield ""
        for injection in experiment.timeline:
            yield from self._row(injection.name + " ", describe_injection(injection))

    def _ticks_ns(self) -> list[int]:
        duration_ns = self._experiment.duration_ns
        room = max(self._cells // 9, 1)
        step_ns = next((step for step in _TICKS_NS if duration_ns / step <= room), _TICKS_NS[-1])
        return list(range(0, duration_ns + 1, step_ns))

    def _cell(self, at_ns: int) -> int:
        return min(at_ns * self._cells // self._experiment.duration_ns, self._cells - 1)

    def _label(self, name: str) -> str:
        shown = name if len(name) <= 24 else name[:23] + "…"
        return shown.ljust(self._margin)

    def _span(self, name: str, from_ns: int, until_ns: int, mark: str) -> str:
        first, last = self._cell(from_ns), self._cell(max(until_ns - 1, from_ns))
        return self._label(name) + " " * first + mark * (last - first + 1)

    def _shape(self, injection: Injection) -> str:
        """How much of the injection is in force, cell by cell; whatever is shorter than a cell still shows."""
        cell_ns = self._experiment.duration_ns / self._cells
        middles_ns = ((np.arange(self._cells) + 0.5) * cell_ns).astype(np.int64)
        at_ns = self._begins_ns(injection)
        ends_ns = min(at_ns + injection.for_ns, self._experiment.duration_ns)
        within_ns = np.clip(middles_ns, at_ns, ends_ns - 1)
        levels = envelope(_as_harm(injection, at_ns), within_ns)
        first, last = self._cell(at_ns), self._cell(ends_ns - 1)
        drawn = ""
        for cell in range(last + 1):
            level = min(int(levels[cell] * len(self._blocks)), len(self._blocks) - 1)
            drawn += " " if cell < first else self._blocks[level]
        return drawn

    def _begins_ns(self, injection: Injection) -> int:
        """When it begins; at the earliest, where that hangs on another one."""
        by_name = {one.name: one for one in self._experiment.timeline}
        return earliest_ns(injection, by_name) or 0

    def _expectation(self, number: int, expectation: Expectation) -> str:
        experiment = self._experiment
        cause = next((one for one in experiment.timeline if expectation.injection in (None, one.name)), None)
        from_ns = self._begins_ns(cause) if cause else 0
        label = f"expect {number}"
        if expectation.of != "injection":
            return self._span(label, from_ns, experiment.duration_ns, self._dot)
        deadline_ns = from_ns + expectation.within_ns
        drawn = self._span(label, from_ns, deadline_ns, self._dot)
        return (
            drawn[: self._margin + self._cell(deadline_ns)].ljust(self._margin + self._cell(deadline_ns))
            + self._deadline
        )

    def _demands(self) -> Iterator[str]:
        experiment = self._experiment
        steady = experiment.steady_state
        if steady is not None:
            held = [
                text for holds, text in ((steady.no_alerts, "no alerts"), (steady.feeds_live, "feeds live")) if holds
            ]
            span = f"from {format_duration(steady.from_ns)} until the first injection"
            if steady.again_within_ns is not None:
                span += f", and again within {format_duration(steady.again_within_ns)} of the last one's end"
            yield from self._row("steady", f"{', '.join(held) or 'nothing'} {span}")
        for number, expectation in enumerate(experiment.expect, 1):
            yield from self._row(f"expect {number}", describe_expectation(expectation))
        for miss in experiment.expect_miss:
            yield from self._row("miss", describe_miss(miss))
        for forbidden in experiment.forbid:
            yield from self._row("forbid", describe_forbidden(forbidden))
        for assertion in experiment.assertions:
            yield from self._row("assert", describe_assertion(assertion))
        for condition in experiment.stop_when:
            yield from self._row("stop when", describe_condition(condition))
        if experiment.judge_all_ns is not None:
            within = format_duration(experiment.judge_all_ns)
            yield from self._row("judge all", f"every rule that the truth breaches is alerted within {within}")


def _as_harm(injection: Injection, at_ns: int) -> HarmParams:
    """The parameters by which prices are harmed; other faults grow and fade along straight ramps."""
    params = FAULTS[injection.fault].build(msgspec.structs.replace(injection, at_ns=at_ns), 0)
    if isinstance(params, HarmParams):
        return params
    return HarmParams(
        injection=injection.name,
        starts_ns=at_ns,
        ends_ns=at_ns + injection.for_ns,
        ramp_ns=injection.ramp_ns,
        ramp_down_ns=injection.ramp_down_ns,
        intensity=0.0,
    )


def _holdings(experiment: Experiment) -> str:
    totals: dict[str, Decimal] = {}
    for account in experiment.firm.accounts:
        for asset, amount in account.opening.items():
            totals[asset] = totals.get(asset, Decimal(0)) + Decimal(amount)
    return ", ".join(f"{total:,f} {asset}" for asset, total in totals.items()) or "nothing"
