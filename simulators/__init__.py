"""The simulated counterparties of a trading firm.

The exchange core may have been compiled (``make compile``); Python then takes the compiled module and never looks at
the source beside it. An edit would silently do nothing, so a module that is older than its source is refused.
"""

from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path


def _refuse_stale(directory: Path) -> None:
    suffix = EXTENSION_SUFFIXES[0]
    for compiled in directory.glob(f"*{suffix}"):
        name = compiled.name.removesuffix(suffix)
        source = directory / f"{name}.py"
        if name.endswith("__mypyc"):  # what all of them share; it has no source of its own
            continue
        if not source.exists() or source.stat().st_mtime_ns > compiled.stat().st_mtime_ns:
            raise ImportError(
                f"{source} was changed after it was compiled; run `make compile`, or delete {compiled.name} and those "
                "beside it to run interpreted"
            )


for _directory in (Path(__file__).parent, Path(__file__).parent / "exchange"):
    _refuse_stale(_directory)
