"""An experiment as text: what it is made of, and its timeline as a picture that a terminal or a pipe can show."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from decimal import Decimal
from typing import cast

import numpy as np

from lab.scenario.faults import FAULTS
from lab.scenario.model import Expectation, Experiment, Forbidden, Injection, Value
from lab.scenario.records import Field
from lab.scenario.scalars import Duration, Share
from lab.scenario.units import DURATION_UNITS_NS, format_duration, format_instant, format_share
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
        self._bar, self._tick, self._dot, self._deadline, self._steady = "─┬·▼═" if unicode else "-+.v="
        names = [injection.name for injection in experiment.timeline]
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
        steady = experiment.steady_state
        if steady is not None:
            first_ns = min((injection.at_ns for injection in experiment.timeline), default=experiment.duration_ns)
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
        within_ns = np.clip(middles_ns, injection.at_ns, injection.ends_ns - 1)
        levels = envelope(_as_harm(injection), within_ns)
        first, last = self._cell(injection.at_ns), self._cell(injection.ends_ns - 1)
        drawn = ""
        for cell in range(last + 1):
            level = min(int(levels[cell] * len(self._blocks)), len(self._blocks) - 1)
            drawn += " " if cell < first else self._blocks[level]
        return drawn

    def _expectation(self, number: int, expectation: Expectation) -> str:
        experiment = self._experiment
        cause = next((one for one in experiment.timeline if expectation.injection in (None, one.name)), None)
        from_ns = cause.at_ns if cause else 0
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
            yield from self._row("steady", f"{', '.join(held) or 'nothing'} {span}")
        for number, expectation in enumerate(experiment.expect, 1):
            yield from self._row(f"expect {number}", describe_expectation(expectation))
        for forbidden in experiment.forbid:
            yield from self._row("forbid", describe_forbidden(forbidden))
        if experiment.judge_all_ns is not None:
            within = format_duration(experiment.judge_all_ns)
            yield from self._row("judge all", f"every rule that the truth breaches is alerted within {within}")


def _as_harm(injection: Injection) -> HarmParams:
    """The parameters by which prices are harmed; other faults grow and fade along straight ramps."""
    params = FAULTS[injection.fault].build(injection, 0)
    if isinstance(params, HarmParams):
        return params
    return HarmParams(
        injection=injection.name,
        starts_ns=injection.at_ns,
        ends_ns=injection.ends_ns,
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


def describe_injection(injection: Injection) -> str:
    """``stablecoin_depeg of USDT, 500 bp, from 1h for 35h, ramp 35h (shape linear, …)``."""
    spec = FAULTS[injection.fault]
    scope = [value if isinstance(value, str) else ", ".join(value) for value in injection.scope.values()]
    text = injection.fault + (f" of {', '.join(scope)}" if scope else "")
    if injection.intensity is not None:
        text += f", {_intensity(injection)}"
    text += f", from {format_duration(injection.at_ns)} for {format_duration(injection.for_ns)}"
    if injection.ramp_ns:
        text += f", ramp {format_duration(injection.ramp_ns)}"
    if injection.ramp_down_ns:
        text += f", ramp down {format_duration(injection.ramp_down_ns)}"
    given = []
    for field in spec.parameter_fields():
        value = injection.parameters.get(field.attribute)
        if value not in (None, ()):
            given.append(f"{field.name} {_shown(field, value)}")
    return text + (f" ({', '.join(given)})" if given else "")


def _shown(field: Field, value: Value) -> str:
    if isinstance(field.kind, Duration):
        return format_duration(cast(int, value))
    if isinstance(field.kind, Share):
        return format_share(cast(float, value))
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _intensity(injection: Injection) -> str:
    kind = FAULTS[injection.fault].intensity
    assert injection.intensity is not None
    if isinstance(kind, Duration):
        return format_duration(int(injection.intensity))
    return format_share(injection.intensity)


def describe_expectation(expectation: Expectation) -> str:
    """``stablecoin_peg USDT warning within 15s of the breach``."""
    parts = (
        expectation.alert,
        expectation.asset,
        expectation.severity,
        f"within {format_duration(expectation.within_ns)}",
    )
    cause = f" ({expectation.injection})" if expectation.injection else ""
    return " ".join(part for part in parts if part) + f" of the {expectation.of}{cause}"


def describe_forbidden(forbidden: Forbidden) -> str:
    """``any alert``, or the alert in the words of the file."""
    if forbidden.alert == "any":
        return " ".join(part for part in ("any", forbidden.severity, "alert") if part)
    return " ".join(part for part in (forbidden.alert, forbidden.asset, forbidden.severity) if part)
