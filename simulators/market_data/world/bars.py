"""A bar sums up a minute of trading: the first, highest, lowest and last price, and the volume. Missing is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulators.market_data.world.errors import MarketError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MINUTE_MS = 60_000
_ENOUGH_TO_TELL = 10  # bars without two adjacent minutes among them: the file holds longer bars, not gaps
_LEAST_PRICE, _MOST_PRICE = 1e-12, 1e12  # no pair trades beyond; a slip of the keyboard does, and floods the arithmetic
MAX_BARS = 5_000_000  # nine years of minutes; 240 MB of arrays


@dataclass(frozen=True, slots=True)
class Bars:
    """Minute bars of one pair, oldest first.

    ``minute`` counts minutes since the Unix epoch, strictly increasing; a minute without trading has no entry.
    Prices are in the quote asset per unit of base, ``volume`` in base.
    """

    minute: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.minute)

    def inverted(self) -> Bars:
        """The same trading seen from the other asset: prices become 1 / price, highs become lows."""
        return Bars(self.minute, 1 / self.open, 1 / self.low, 1 / self.high, 1 / self.close, self.volume * self.close)

    def divided_by(self, other: Bars) -> Bars:
        """The price of this base in units of the other base, in the minutes that both have.

        Two bars do not tell how high or low their ratio went in between: its extremes are taken from open and close.
        """
        minute, here, there = np.intersect1d(self.minute, other.minute, assume_unique=True, return_indices=True)
        open_, close = self.open[here] / other.open[there], self.close[here] / other.close[there]
        return Bars(minute, open_, np.maximum(open_, close), np.minimum(open_, close), close, self.volume[here])


def checked_bars(
    file: str, at_ms: Ints, columns: dict[str, Floats], row_of: Callable[[int], int], ts_field: str = "ts"
) -> Bars:
    """Bars out of raw columns (``open``, ``high``, ``low``, ``close``, ``volume``), or the first thing wrong with them.

    ``row_of`` gives the line or row in the author's file of a position in the arrays. Raises ``MarketError``.
    """

    def refuse(wrong: Flags, field: str, expected: str, found: Callable[[int], str]) -> None:
        if wrong.any():
            first = int(np.argmax(wrong))
            raise MarketError(file, row_of(first), field, expected, found(first))

    if not len(at_ms):
        raise MarketError(file, None, ts_field, "at least one bar", "none")
    if len(at_ms) > MAX_BARS:
        raise MarketError(file, None, ts_field, f"at most {MAX_BARS:,} bars", f"{len(at_ms):,}")
    refuse(at_ms % MINUTE_MS != 0, ts_field, "the start of a minute", lambda i: f"{at_ms[i]} ms")
    steps = np.diff(at_ms, prepend=at_ms[0] - MINUTE_MS)
    refuse(steps == 0, ts_field, "each minute once", lambda i: f"{at_ms[i]} ms again")
    refuse(steps < 0, ts_field, "bars in order of time", lambda i: f"{at_ms[i]} ms after {at_ms[i - 1]} ms")
    if len(at_ms) >= _ENOUGH_TO_TELL and (shortest := int(steps[1:].min())) > MINUTE_MS:
        raise MarketError(file, None, ts_field, "bars of one minute", f"bars of {shortest // 1000} s")
    for name in ("open", "high", "low", "close"):
        column = columns[name]
        refuse(~np.isfinite(column), name, "a finite price", lambda i, c=column: f"{c[i]}")  # type: ignore[misc]
        refuse(column <= 0, name, "a positive price", lambda i, c=column: f"{c[i]:g}")  # type: ignore[misc]
        beyond = (column < _LEAST_PRICE) | (column > _MOST_PRICE)
        expected = f"a price from {_LEAST_PRICE:g} to {_MOST_PRICE:g}"
        refuse(beyond, name, expected, lambda i, c=column: f"{c[i]:g}")  # type: ignore[misc]
    volume = columns["volume"]
    refuse(~(np.isfinite(volume) & (volume >= 0)), "volume", "a volume of 0 or more", lambda i: f"{volume[i]:g}")
    high, low = columns["high"], columns["low"]
    refuse(high < low, "high", "no less than the low", lambda i: f"{high[i]:g} below {low[i]:g}")
    for name in ("open", "close"):
        column = columns[name]
        refuse(
            (column < low) | (column > high),
            name,
            "a price between low and high",
            lambda i, c=column: f"{c[i]:g} outside {low[i]:g} to {high[i]:g}",  # type: ignore[misc]
        )
    return Bars(at_ms // MINUTE_MS, columns["open"], high, low, columns["close"], volume)
