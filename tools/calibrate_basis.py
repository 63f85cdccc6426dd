"""Measure the calm basis of a perpetual against its spot: ``python tools/calibrate_basis.py FILE SYMBOL``.

The basis of a minute is perpetual close ÷ spot close − 1. It is described as the market file's ``basis`` wants it: a
level (the median), a deviation (standard deviation about it, with the wildest thousandth on either side cut off) and a
half-life: after which lag half of the autocorrelation that outlasts a minute is gone. What does not outlast a minute is
two venues' trades not coinciding; it is no basis, and is shown as ``noise``.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np

from simulators.market_data.world.importers import load_file

_LAGS = 240


def main(arguments: list[str]) -> int:
    """Print the numbers for a parquet file that holds SYMBOL (BASE/QUOTE:QUOTE) and its spot pair."""
    if len(arguments) != 2:
        print(__doc__)
        return 2
    path, symbol = Path(arguments[0]), arguments[1]
    spot, perpetual = load_file(path, path.name, symbol.partition(":")[0]), load_file(path, path.name, symbol)
    basis = (perpetual.divided_by(spot).close - 1.0) * 1e4
    level = float(np.median(basis))
    calm = np.clip(basis, *np.quantile(basis, [0.001, 0.999])) - level
    variance = float(np.mean(calm * calm))
    correlation = np.array([np.mean(calm[lag:] * calm[:-lag]) / variance for lag in range(1, _LAGS + 1)])
    lasting = float(correlation[0])
    below = np.flatnonzero(correlation < lasting / 2)
    half_life = int(below[0]) if len(below) else math.inf
    print(f"{symbol}, {len(basis):,} minutes")
    lasts, noise = math.sqrt(variance * lasting), math.sqrt(variance * (1 - lasting))
    low, high = np.quantile(basis, [0.01, 0.99])
    print(f"level      {level:.2f} bp")
    print(f"deviation  {lasts:.2f} bp, lasting; noise {noise:.2f} bp")
    print(f"half-life  {half_life} min")
    print(f"1 % to 99 %: {low:.1f} to {high:.1f} bp, extremes {basis.min():.1f} to {basis.max():.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
