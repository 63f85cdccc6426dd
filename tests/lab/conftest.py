"""One short run with harm and control, played once for all tests that only look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.cli import main

TINY = """
schema: riskproof-scenario/1
scenario: tiny_outage
description: An exchange falls silent for a minute and a half; somebody must say so.
tags: [rts6-art-17, rts6-art-16-5]
seed: 7
duration: 4 min
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
timeline:
  - {inject: down, fault: exchange_outage, at: 90 s, for: 90 s, scope: {venue: apex}}
expect:
  - {alert: api_outage, asset: apex, severity: critical, within: 5 s}
"""


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ``tiny_outage.yaml`` and, below ``runs``, the one run of it. Nobody may change what is there."""
    place = tmp_path_factory.mktemp("tiny")
    (place / "tiny_outage.yaml").write_text(TINY)
    assert main(["run", str(place / "tiny_outage.yaml"), "--out", str(place / "runs"), "--json"]) == 0
    return place
