"""Axis: a value of a scenario that a search varies, named by its path as ``--set`` names it, within a range.

``timeline.slide.intensity=10bp..500bp`` is one, and so is ``timeline.slide.ramp=1m..2h:log``. Positions on an axis are
from 0, its lower end, to 1, its upper end; values are nanoseconds, fractions or plain numbers.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Literal

import msgspec

from lab.scenario.errors import Mark, ScenarioError, problem, shortened
from lab.scenario.units import MULTIPLIER, NUMBER, format_duration, parse_duration, parse_share

Dimension = Literal["duration", "share", "number"]
Scale = Literal["linear", "log"]

_SCALES = ("linear", "log")
_LOG_FROM_RATIO = 10.0  # a range that spans this or more is read by factors
_SIGNIFICANT = 4  # digits of a value that a search tries: finer ones nobody can read
_NUMBER = re.compile(rf"(-?{NUMBER}) ?([kM]?)(?: ?([A-Z][A-Z0-9]*))?")
_MINUTES = re.compile(r"(?<=[0-9]) ?m(?![a-z])")
_FORM = "path=least..most, such as timeline.slide.intensity=10bp..500bp"
_MS, _S, _MIN = 1_000_000, 1_000_000_000, 60_000_000_000


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """A path with its range. ``unit`` is what numbers are written with (USD, BTC, nothing); ``step`` the finest
    difference that is written, in the axis's own measure."""

    path: str
    least: float
    most: float
    dimension: Dimension
    unit: str = ""
    scale: Scale = "linear"
    step: float = 0.0

    @property
    def name(self) -> str:
        """The last part of the path: ``intensity``."""
        return self.path.rsplit(".", 1)[-1]

    def value(self, position: float) -> float:
        """The value at a position, rounded to what is written; the ends are exact."""
        if position <= 0.0:
            return self.least
        if position >= 1.0:
            return self.most
        if self.scale == "log":
            exact = self.least * (self.most / self.least) ** position
        else:
            exact = self.least + (self.most - self.least) * position
        return min(max(self._rounded(exact), self.least), self.most)

    def position(self, value: float) -> float:
        """Where a value lies, from 0 to 1; one outside of the range at its nearer end."""
        value = min(max(value, self.least), self.most)
        if self.scale == "log":
            return math.log(value / self.least) / math.log(self.most / self.least)
        return (value - self.least) / (self.most - self.least)

    def text(self, value: float) -> str:
        """The value as a scenario file says it: ``50 bp``, ``1min30s``, ``120 BTC``."""
        if self.dimension == "duration":
            return duration_text(round(value))
        if self.dimension == "share":
            return share_text(round(value, 9))
        plain = number_text(round(value, 9))
        return f"{plain} {self.unit}" if self.unit else plain

    def setting(self, value: float) -> str:
        """The assignment that ``--set`` understands."""
        return f"{self.path}={self.text(value)}"

    def width(self, one: float, other: float) -> float:
        """How far two values are apart: relative to the smaller on a log axis, else as a part of the range."""
        near, far = sorted((one, other))
        return far / near - 1.0 if self.scale == "log" else (far - near) / (self.most - self.least)

    def describe(self) -> str:
        """``timeline.slide.intensity from 10 bp to 500 bp (log)``."""
        return f"{self.path} from {self.text(self.least)} to {self.text(self.most)} ({self.scale})"

    def _rounded(self, value: float) -> float:
        if value:
            digits = _SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))
            value = round(value, digits)
        return round(value / self.step) * self.step if self.step else value


def number_text(value: float) -> str:
    """The number without an exponent, to the last digit: it reads back as the same float."""
    return f"{Decimal(repr(value)).normalize():f}" if value else "0"


def duration_text(duration_ns: int) -> str:
    """The duration with its seconds as a decimal: ``1min4.32s``, where ``format_duration`` says ``1min4s320ms``."""
    minutes, rest_ns = divmod(duration_ns, _MIN)
    if duration_ns < _S or rest_ns % _S == 0 or rest_ns < _S:
        return format_duration(duration_ns)
    seconds = f"{number_text(rest_ns / 1e9)}s"
    return f"{format_duration(minutes * _MIN)}{seconds}" if minutes else seconds


def share_text(share: float) -> str:
    """The share in basis points, in percent from ten percent on, to the last digit: it reads back as the same float."""
    percent = abs(share) >= 0.1
    plain = f"{(Decimal(repr(share)) * (100 if percent else 10_000)).normalize():f}" if share else "0"
    return f"{plain} {'%' if percent else 'bp'}"


def parse_axis(text: str, option: str = "--vary") -> Axis:
    """The axis that ``path=least..most[:log|:linear]`` means. Raises ScenarioError, which names the option."""
    shown = shortened(f"{option} {text}", 80)
    path, equals, written = text.partition("=")
    body, colon, word = written.rpartition(":")
    scale = word.strip() if colon else ""
    if not colon:
        body = written
    first, dots, second = body.partition("..")
    path = path.strip()
    if not (equals and dots and path and first.strip() and second.strip()):
        raise problem(Mark(shown, 0, 0), "", "cannot be read", _FORM)
    if colon and scale not in _SCALES:
        raise problem(Mark(shown, 0, 0), path, f"`{shortened(scale, 40)}` is no scale", "log or linear")
    least, kind, unit = _measured(first, path, shown)
    most, other_kind, other_unit = _measured(second, path, shown)
    if (kind, unit) != (other_kind, other_unit):
        found = f"`{first.strip()}` and `{second.strip()}` are in different units"
        raise problem(Mark(shown, 0, 0), path, found, "two values of one kind")
    if least >= most:
        found = f"`{first.strip()}` is not below `{second.strip()}`: the range is empty"
        raise problem(Mark(shown, 0, 0), path, found, "the smaller value first")
    if scale == "log" and least <= 0:
        raise problem(Mark(shown, 0, 0), path, f"`{first.strip()}` has no logarithm", "a least value above zero")
    if not scale:
        scale = "log" if least > 0 and most / least >= _LOG_FROM_RATIO else "linear"
    return Axis(
        path=path, least=least, most=most, dimension=kind, unit=unit, scale="log" if scale == "log" else "linear",
        step=float(_MS) if kind == "duration" else 0.0,
    )  # fmt: skip


def coarser(axis: Axis) -> list[Axis]:
    """The axis as it is, and with coarser steps, for fields that take whole numbers, seconds or minutes only."""
    steps = {"duration": (_MS, _S, _MIN), "number": (0, 1), "share": (0,)}[axis.dimension]
    return [msgspec.structs.replace(axis, step=float(step)) for step in steps if step >= axis.step]


def told_of_axis(error: ScenarioError, axis: Axis, shown: str) -> ScenarioError:
    """The error of a setting, with the option that the user gave as its place."""
    told = []
    for one in error.problems:
        is_ours = one.file.startswith(f"--set {axis.path}"[:70])
        told.append(msgspec.structs.replace(one, file=shown, line=0, column=0) if is_ours else one)
    return ScenarioError(told)


def _measured(text: str, path: str, shown: str) -> tuple[float, Dimension, str]:
    """The value, what it measures, and the unit that numbers are written with."""
    text = text.strip()
    found = _NUMBER.fullmatch(text)
    if found:
        return float(found[1]) * MULTIPLIER[found[2]], "number", found[3] or ""
    try:
        return parse_share(text), "share", ""
    except ValueError:
        pass
    try:
        return float(parse_duration(_MINUTES.sub("min", text))), "duration", ""
    except ValueError as error:
        message = f"`{shortened(text, 60)}` {error}"
        expected = "two numbers, shares (10bp), durations (5min) or amounts (50k USD)"
        raise problem(Mark(shown, 0, 0), path, message, expected) from error
