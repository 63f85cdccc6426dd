"""The picture of a timeline shows what will happen when, in 80 columns, with or without block characters."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.scenario.model import Experiment
from lab.scenario.picture import Picture
from lab.scenario.reference import placed
from lab.scenario.resolve import SHIPPED, load_scenario, scenario_files

SCENARIO = """\
schema: riskproof-scenario/1
scenario: busy
seed: 1
duration: 12h
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-20T00:00:00Z}
firm: meridian
limits: meridian
steady_state: {from: 10 min, feeds_live: false}
timeline:
  - {inject: slide, fault: stablecoin_depeg, at: 2h, for: 8h, ramp: 4h, ramp_down: 2h,
     scope: {asset: USDT}, intensity: 12 %, with: {shape: stepwise, steps: 3}}
  - {inject: blip, fault: exchange_outage, at: 6h, for: 1s, scope: {venue: apex, operations: [account, general]}}
  - {inject: a_name_longer_than_the_margin, fault: settlement_delay, at: 8h, intensity: 90 min}
expect:
  - {alert: stablecoin_peg, asset: USDT, severity: high, within: 15s, injection: slide}
  - {alert: api_outage, asset: apex, within: 2h, of: injection, injection: blip}
forbid: [{alert: any, severity: warning}, {alert: drawdown}]
judge_all: {within: 1 min}
"""

GOLDEN = """\

                          0            3h           6h           9h          12h
                          ┬────────────┬────────────┬────────────┬────────────┬
steady state              ═════════
slide                             ▃▃▃▃▃▃▃▆▆▆▆▆▆███████████████▇▇▆▅▄▃▂▁▁
blip                                                █
a_name_longer_than_the_…                                     ██████████████████
expect 1                          ·············································
expect 2                                            ·········▼
                          · may become due  ▼ deadline

slide       stablecoin_depeg of USDT, 12 %, from 2h for 8h, ramp 4h, ramp down
            2h (shape stepwise, steps 3, volatility 0.05, direction down)
blip        exchange_outage of apex, account, general, from 6h for 1s (mode
            unavailable, streams closed)
a_name_longer_than_the_margin settlement_delay, 1h30min, from 8h for 4h
            (direction both)
steady      no alerts from 10min until the first injection
expect 1    stablecoin_peg USDT high within 15s of the breach (slide)
expect 2    api_outage apex within 2h of the injection (blip)
forbid      any warning alert
forbid      drawdown
judge all   every rule that the truth breaches is alerted within 1min
"""


@pytest.fixture
def busy(tmp_path: Path) -> Experiment:
    path = tmp_path / "busy.yaml"
    path.write_text(SCENARIO)
    return load_scenario(path).experiments[0]


def test_a_busy_timeline_is_drawn(busy: Experiment) -> None:
    lines = Picture(busy, 80).lines()
    drawn = lines[next(number for number, line in enumerate(lines) if line.startswith("limits")) + 1 :]
    assert "\n".join(drawn) + "\n" == GOLDEN


def test_a_terminal_without_block_characters_gets_plain_ones(busy: Experiment) -> None:
    lines = Picture(busy, 80, unicode=False).lines()
    drawn = [line[26:] for line in lines if line.startswith(("slide  ", "blip  ", "expect 2 ", "steady state"))]
    assert drawn[:4] == [
        "=========",
        "        -------++++++###############**+=~-.__",
        "                          #",
        "                          .........v",
    ]


@pytest.mark.parametrize("width", [60, 80, 137])
def test_no_line_is_wider_than_asked(width: int) -> None:
    for path in scenario_files(SHIPPED):
        for experiment in load_scenario(path).experiments:
            for line in Picture(experiment, width).lines():
                unbroken = max(map(len, line.split()), default=0) + 12
                assert len(line) <= max(width, unbroken), line


def test_the_tables_of_the_reference_are_those_of_the_declarations() -> None:
    page = (SHIPPED.parent / "docs" / "reference" / "scenario.md").read_text(encoding="utf-8")
    assert placed(page) == page, "run: python -m lab.scenario.reference docs/reference/scenario.md"
