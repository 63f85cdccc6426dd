"""All benchmarks, or those that are named, each in a process of its own, in one Markdown table.

python -m benchmarks [PART …]
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

from benchmarks.figures import Figure, table
from benchmarks.parts import PARTS


def main() -> None:
    """Run the parts one after another and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, as multiples of bare simpy.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if none is named")
    parts = parser.parse_args().parts or list(PARTS)
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]}; choose of {', '.join(PARTS)}")
    figures: list[Figure] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as fresh:
        for part in parts:
            print(f"measuring {part} …", file=sys.stderr, flush=True)
            figures += fresh.submit(PARTS[part]).result()
    print(table(figures))


if __name__ == "__main__":
    main()
