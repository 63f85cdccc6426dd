"""The exchange core, compiled and interpreted: the same journals, and never an old build in place of a new source."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from simulators.exchange import matching

ROOT = Path(__file__).parents[2]
SUFFIX = EXTENSION_SUFFIXES[0]
IS_COMPILED = str(matching.__file__).endswith(SUFFIX)
PACKAGES = ("correlator", "dashboards", "lab", "risk_monitor", "scenarios", "simulators", "tools")


@pytest.fixture
def interpreted(tmp_path: Path) -> Path:
    """A copy of the project that nothing was compiled in."""
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("*.so", "__pycache__")
        shutil.copytree(ROOT / package, tmp_path / "copy" / package, ignore=ignored)
    return tmp_path / "copy"


def python(*arguments: str, cwd: Path, cc: str = "cc") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=os.environ | {"CC": cc, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(not IS_COMPILED, reason="the core is not compiled here")
@pytest.mark.slow
def test_compiled_and_interpreted_runs_write_the_same_journals(interpreted: Path, tmp_path: Path) -> None:
    journals = []
    for tree in (ROOT, interpreted):
        where = python("-c", "from simulators.exchange import matching; print(matching.__file__)", cwd=tree)
        assert where.stdout.strip() == str(tree / "simulators/exchange/matching") + (SUFFIX if tree is ROOT else ".py")
        out = tmp_path / f"out{len(journals)}"
        run = ("-m", "lab.cli", "run", "scenarios/market_crash.yaml", "--case", "noticed", "--out", str(out))
        ran = python(*run, "--set", "duration=30 min", "--set", "timeline.crash.at=10 min", cwd=tree)
        assert ran.stderr == ""
        journals.append({path.name: path.read_bytes() for path in sorted(out.rglob("*.journal"))})
    assert list(journals[0]) == ["control.journal", "run.journal"]
    assert all(len(journal) > 100_000 for journal in journals[0].values())
    assert journals[0] == journals[1]


@pytest.mark.parametrize("module", ["ledger", "exchange/order"])
def test_a_source_that_changed_after_it_was_compiled_is_refused(interpreted: Path, module: str) -> None:
    source = interpreted / "simulators" / f"{module}.py"
    compiled = source.with_name(source.stem + SUFFIX)
    compiled.write_bytes(b"")
    os.utime(compiled, ns=(0, source.stat().st_mtime_ns - 1))
    ran = python("-c", "import simulators.exchange", cwd=interpreted)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] == (
        f"ImportError: {source} was changed after it was compiled; run `make compile`, or delete {compiled.name} and "
        "those beside it to run interpreted"
    )
    os.utime(compiled, ns=(0, source.stat().st_mtime_ns))
    assert python("-c", "import simulators.exchange", cwd=interpreted).returncode == 0


@pytest.mark.parametrize(
    ("cc", "why"),
    [("no-such-compiler", "there is no C compiler (no-such-compiler)"), ("false", "the C compiler failed")],
)
def test_without_a_c_compiler_the_old_build_goes_and_the_core_runs_interpreted(
    interpreted: Path, cc: str, why: str
) -> None:
    old = interpreted / "simulators" / f"ledger{SUFFIX}"
    old.write_bytes(b"")
    ran = python("tools/compile_core.py", cwd=interpreted, cc=cc)
    told = f"The exchange core runs interpreted, at half the speed: {why}.\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, told, "")
    assert not old.exists()
    assert python("-c", "import simulators.ledger", cwd=interpreted).returncode == 0
