"""A firm with a margin book, in the whole laboratory: what the monitor believes is what the venues hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.laboratory.assembly import Laboratory
from lab.laboratory.market import settle_times
from lab.scenario.resolve import load_scenario

SECOND_NS = 10**9
SYMBOL = "BTC/USDT:USDT"
TEXT = """
schema: riskproof-scenario/1
scenario: eight_o_clock
seed: 3
duration: 6 min
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T07:56:00Z}
firm: meridian_perp
limits: meridian
timeline:
  - {inject: dear, fault: funding_spike, at: 1 min, for: 4 min, scope: {pair: "BTC/USDT:USDT"}, intensity: 50 bp}
  - {inject: part, fault: basis_shift, at: 2 min, for: 2 min, scope: {pair: "BTC/USDT:USDT"}, intensity: 100 bp}
"""


class Run:
    def __init__(self, directory: Path) -> None:
        path = directory / "eight_o_clock.yaml"
        path.write_text(TEXT)
        experiment = settle_times(load_scenario(path).experiments[0])
        self.happened: list[tuple[str, str]] = []
        self.starts_ns = experiment.start_ns or 0
        self.lab = Laboratory(experiment, "run", directory / "run.journal", self._note, lambda _: None)
        self.lab.start()
        self.house = self.lab.clearing_houses["apexf"]
        self.contract = self.house.contracts[0]

    def _note(self, name: str, phase: str, _: str) -> None:
        self.happened.append((name, phase))

    def to(self, seconds: float) -> None:
        self.lab.kernel.run_until(self.starts_ns + round(seconds * SECOND_NS))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("perpetual"))


def test_the_day_of_a_carry(run: Run) -> None:
    lab, contract = run.lab, run.contract
    carry = run.house.account("carry")
    run.to(59)
    assert carry.positions[0].lots < 0
    assert contract.rate == pytest.approx(0.0001)
    calm_basis = contract.mark_ticks / contract.index_ticks - 1

    run.to(119)
    assert contract.rate == pytest.approx(0.0051)

    run.to(200)
    assert contract.mark_ticks / contract.index_ticks - 1 == pytest.approx(calm_basis + 0.01, abs=0.0015)
    wallet, lots = carry.wallet("USDT"), carry.positions[0].lots

    run.to(239.5)
    wallet, lots = carry.wallet("USDT"), carry.positions[0].lots
    run.to(240.5)  # 08:00, at a rate of 51 bp
    assert carry.positions[0].lots == lots
    settled = contract.settled[-1]
    paid = -lots * 0.001 * settled.mark_price * settled.rate * 1e8
    assert carry.wallet("USDT") - wallet == pytest.approx(paid, abs=1)

    run.to(359)
    assert contract.rate == pytest.approx(0.0001, abs=1e-5)
    assert [phase for name, phase in run.happened if name == "dear"] == ["planned", "began", "took_effect", "ended"]
    assert [phase for name, phase in run.happened if name == "part"] == ["planned", "began", "took_effect", "ended"]

    monitor = lab.shell._monitor
    status = monitor.status()
    assert status.equity_usd == pytest.approx(lab.quantities.read("equity", None), rel=2e-5)
    held = dict(status.holdings)["USDT"]
    wallets = sum(one.wallet("USDT") for one in run.house.accounts.values()) / 1e8
    spot = sum(
        sum(core.balance(account.name, "USDT")) / 1e8
        for name, core in lab.spot_exchanges.items()
        for account in core.ledger.accounts()
        if account.owner == "firm"
    )
    assert held == pytest.approx(wallets + spot + 150_000, abs=1_000)  # fills may be on their way; 150 k in custody
    perpetuals = monitor._portfolio.perpetuals
    assert perpetuals.exposure("BTC") == pytest.approx(carry.positions[0].lots * 0.001, abs=0.25)
    ledger = run.house.exchange.ledger
    assert {asset: ledger.total(asset) for asset in ledger.assets()} == dict.fromkeys(ledger.assets(), 0)
