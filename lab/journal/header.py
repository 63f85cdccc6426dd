"""The journal's header: all that a judge must know of a run before its first record."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import msgspec

from lab.laboratory.monitor_config import MONITOR
from lab.playing.arms import as_played
from lab.scenario.model import AS_MEANT, Experiment
from risk_monitor.config import MonitorConfig
from risk_monitor.limits import parse_limits

FORMAT = "riskproof-journal/1"
REQUEST_TIMEOUT_NS = 10_000_000_000
"""How long the firm means its monitor to wait for a reply: what is unanswered by then has failed. It is not the
monitor's to say, or one that waits too long would have the truth wait with it."""
_DISTRIBUTIONS = ("riskproof", "riskproof-monitor", "simpy", "numpy", "msgspec", "zstandard")
_PACKAGES = ("lab", "simulators", "risk_monitor", "correlator")


def header_of(experiment: Experiment, arm: str, monitor: MonitorConfig) -> dict[str, Any]:
    """Header of one arm. Only the run names its case; any other serves every case of its scenario."""
    experiment = as_played(experiment, arm)
    assert experiment.start_ns is not None
    setup = experiment.monitor_setup
    return {
        "format": FORMAT,
        "arm": arm,
        "scenario": experiment.scenario,
        "case": experiment.case,
        "seed": experiment.seed,
        "start_ns": experiment.start_ns,
        "end_ns": experiment.start_ns + experiment.duration_ns,
        "resolved": experiment.to_resolved(),
        "limits": experiment.limits_text,
        "controls": experiment.controls_text,
        "stablecoins": list(parse_limits(experiment.limits_text, experiment.limits_file).stablecoins),
        "monitor": {
            "reads": {
                venue.name: {
                    "accounts": [account.name for account in venue.accounts],
                    "links": [f"{MONITOR}>{venue.name}"],
                    "keys": {account.api_key: account.name for account in venue.accounts},
                    "strategies": list(venue.strategies),
                }
                for venue in monitor.venues
            },
            "request_timeout_ns": REQUEST_TIMEOUT_NS,
            # Only where the monitor under test is set up otherwise than the firm means it; the judge goes by the above.
            **({} if setup == AS_MEANT else {"given": msgspec.to_builtins(setup)}),
        },
        "versions": versions(),
        "code": code_hash(),
    }


def versions() -> dict[str, str]:
    """Versions of everything whose arithmetic or format the journal depends on."""
    return {"python": platform.python_version()} | {name: _version(name) for name in _DISTRIBUTIONS}


@cache
def _version(distribution: str) -> str:
    return metadata.version(distribution)


@cache
def code_hash() -> str:
    """A digest of the source of laboratory, simulators, monitor and correlator, the same on any machine."""
    digest = hashlib.blake2b(digest_size=16)
    for package in _PACKAGES:
        root = Path(str(resources.files(package)))
        for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
            digest.update(f"{package}/{path.relative_to(root).as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
