"""Compile the exchange core, the laboratory's busiest code, to C with mypyc: ``make compile``.

The compiled modules lie beside their sources and are imported in their place. They do the same thing in half the time;
where there is no C compiler the sources run as they are, and every journal is the same to the byte.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

MODULES = (
    "simulators/ledger.py",
    "simulators/exchange/book.py",
    "simulators/exchange/core.py",
    "simulators/exchange/instrument.py",
    "simulators/exchange/market.py",
    "simulators/exchange/matching.py",
    "simulators/exchange/order.py",
    "simulators/exchange/order_entry.py",
    "simulators/exchange/seat.py",
    "simulators/exchange/street.py",
)
"""What is compiled: together, so that they call one another as C functions."""

_LIBRARY = "simulators.compiled"  # mypyc puts the code of all modules into one library of this name


def main() -> int:
    """Compile, or say in one line why the core stays interpreted, which is no failure."""
    os.chdir(ROOT)
    obstacle = _obstacle() or _compile()
    if obstacle:
        _remove(_compiled(ROOT))
        print(f"The exchange core runs interpreted, at half the speed: {obstacle}.")
    return 0


def _obstacle() -> str:
    """What is missing for compiling; empty if nothing is known to be."""
    if sys.implementation.name != "cpython":
        return f"{sys.implementation.name} needs no C extensions"
    compiler = (os.environ.get("CC") or str(sysconfig.get_config_var("CC") or "")).split()
    if compiler and shutil.which(compiler[0]) is None:
        return f"there is no C compiler ({compiler[0]})"
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "Python's C headers (Python.h) are not installed"
    return ""


def _compile() -> str:
    """Build elsewhere and put the results beside the sources, each in one step; return why that failed, if it did."""
    from mypyc.build import mypycify
    from setuptools import Distribution  # type: ignore[import-untyped]  # ships no type information
    from setuptools.errors import BaseError, CompileError, LinkError  # type: ignore[import-untyped]

    with tempfile.TemporaryDirectory() as directory:
        built = Path(directory) / "built"
        extensions = mypycify([*MODULES], group_name=_LIBRARY, target_dir=directory)
        if os.name == "posix":
            for extension in extensions:  # a fused multiply-add would round once where Python rounds twice
                extension.extra_compile_args = [*extension.extra_compile_args, "-Wno-error", "-ffp-contract=off"]
        distribution = Distribution({"name": "riskproof-core", "ext_modules": extensions})
        command = distribution.get_command_obj("build_ext")
        command.build_lib, command.build_temp = str(built), directory
        try:
            command.ensure_finalized()
            command.run()
        except (BaseError, CompileError, LinkError):
            return "the C compiler failed"
        results = {ROOT / module.relative_to(built): module for module in _compiled(built)}
        for target, module in results.items():
            beside = target.with_name(target.name + ".new")
            shutil.copyfile(module, beside)
            beside.replace(target)  # whoever has the old one loaded keeps it
        _remove(path for path in _compiled(ROOT) if path not in results)
    print(f"compiled {len(MODULES)} modules of the exchange core")
    return ""


def _compiled(root: Path) -> list[Path]:
    return sorted((root / "simulators").rglob(f"*{EXTENSION_SUFFIXES[0]}"))


def _remove(modules: Iterable[Path]) -> None:
    for module in modules:
        module.unlink()


if __name__ == "__main__":
    sys.exit(main())
