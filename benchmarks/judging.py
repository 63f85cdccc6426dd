"""How long one waits for a verdict on a stored run of 36 hours: read for the first time, and under other deadlines.

python -m benchmarks.judging [HOURS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, table
from lab.scenario.resolve import SHIPPED

_ROUNDS = 3


def measure(hours: int = 36) -> list[Figure]:
    """Simulate the depeg with its control, as ``lab run`` does, and judge it as ``lab judge`` does; wall time."""
    with tempfile.TemporaryDirectory() as out:
        sets = ("--set", f"duration={hours}h", "--set", f"timeline.slide.ramp={hours - 1}h")
        _lab("run", str(SHIPPED / "stablecoin_depeg.yaml"), "--case", "noticed", *sets, "--out", out)
        (run,) = (path.parent for path in Path(out).rglob("run.journal"))
        fresh_s = _lab("judge", str(run), "--fresh")
        kept_s = min(_lab("judge", str(run), "--deadlines", "x0.5") for _ in range(_ROUNDS))
        size_mb = sum(path.stat().st_size for path in run.glob("*.journal")) / 1e6
    journals = f"journals of {size_mb:.0f} MB"
    return [
        Figure(f"lab judge --fresh, a run of {hours} h", f"{fresh_s:.1f} s, {journals}"),
        Figure(f"lab judge --deadlines, a run of {hours} h", f"{kept_s:.1f} s"),
    ]


def _lab(*arguments: str) -> float:
    """Seconds that a command takes, whatever its verdict."""
    began_s = time.perf_counter()
    code = subprocess.run([sys.executable, "-m", "lab.cli", *arguments], stdout=subprocess.DEVNULL).returncode
    if code not in (0, 1, 3):
        raise RuntimeError(f"lab {' '.join(arguments)} ended with code {code}")
    return time.perf_counter() - began_s


def main() -> None:
    """Print the figures."""
    print(table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 36)))


if __name__ == "__main__":
    main()
