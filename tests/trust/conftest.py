"""Short runs of several kinds of harm, played once for all tests that give them to other monitors."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.playing.trials import play, settled
from lab.scenario.resolve import load_scenario
from tests.trust.doctoring import Arms

SCENARIO = """
schema: riskproof-scenario/1
scenario: trusted
description: Harm of each kind, short.
seed: 42
duration: 4 min
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
steady_state: {from: 30 s, no_alerts: true, feeds_live: true}
cases:
  absent:
    forbid: [{alert: any}]
  depeg:
    timeline:
      - {inject: print, fault: stablecoin_depeg, at: 80 s, for: 40 s, scope: {asset: USDT}, intensity: 150 bp}
    expect:
      - {alert: stablecoin_peg, asset: USDT, severity: warning, within: 5s, resolves_within: 2 min}
      - {alert: stablecoin_peg, asset: USDT, severity: high, within: 5s, resolves_within: 2 min}
    forbid: [{alert: stablecoin_peg, severity: critical}, {alert: feed_staleness}]
  stall:
    timeline:
      - {inject: stall, fault: feed_stall, at: 80 s, for: 80 s, scope: {venue: apex}}
    expect: [{alert: feed_staleness, asset: "apex:BTC/USD", severity: high, within: 1s}]
    forbid: [{alert: feed_staleness, asset: "boreal:BTC/USD"}, {alert: api_outage}]
  outage:
    timeline:
      - {inject: down, fault: exchange_outage, at: 80 s, for: 80 s, scope: {venue: apex}}
    expect: [{alert: api_outage, asset: apex, severity: critical, within: 5 s}]
    forbid: [{alert: api_outage, asset: boreal}]
  forgery:
    timeline:
      - inject: forgery
        fault: bad_signature
        at: 80 s
        for: 80 s
        scope: {strategy: maker}
        with: {per_minute: 6}
    expect: [{alert: authentication, asset: bad_signature, severity: warning, within: 5s}]
    forbid: [{alert: unauthorised_orders}]
  cut_off:
    timeline:
      - inject: split
        fault: wire_partition
        at: 80 s
        for: 80 s
        scope: {clients: [monitor, maker], venues: [apex, boreal]}
    expect: [{alert: feed_staleness, asset: "boreal:BTC/USD", severity: high, within: 5s}]
    forbid: [{alert: position_limit}, {alert: rapid_drawdown}]
  two_at_once:
    timeline:
      - {inject: print, fault: stablecoin_depeg, at: 80 s, for: 40 s, scope: {asset: USDT}, intensity: 150 bp}
      - {inject: down, fault: exchange_outage, at: 100 s, for: 80 s, scope: {venue: boreal}}
    expect:
      - {alert: stablecoin_peg, asset: USDT, severity: high, within: 5s, injection: print}
      - {alert: api_outage, asset: boreal, severity: critical, within: 5 s, injection: down}
"""
CASES = ("absent", "depeg", "stall", "outage", "forgery", "cut_off", "two_at_once")
HARMS = CASES[1:]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all cases were played, one directory each. Nobody may change what is there."""
    place = tmp_path_factory.mktemp("trusted")
    (place / "trusted.yaml").write_text(SCENARIO)
    experiments = settled(load_scenario(place / "trusted.yaml").experiments)
    trials = list(play(experiments, place / "runs", jobs=1))
    assert {trial.experiment.case: (trial.verdict, trial.trouble) for trial in trials} == dict.fromkeys(
        CASES, ("pass", "")
    ), [trial.judgement.reasons for trial in trials if trial.judgement is not None]
    return place / "runs" / "trusted"


class Played:
    """The cases, each read when it is first asked for."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._arms: dict[str, Arms] = {}

    def __getitem__(self, case: str) -> Arms:
        if case not in self._arms:
            self._arms[case] = Arms(self.directory(case))
        return self._arms[case]

    def directory(self, case: str) -> Path:
        """The run directory of a case."""
        return self._place / case / "seed-42"


@pytest.fixture(scope="session")
def played(place: Path) -> Played:
    """What was played, by case."""
    return Played(place)
