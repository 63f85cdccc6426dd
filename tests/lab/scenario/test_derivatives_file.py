"""A derivatives exchange in a firm file: what it may say, and what is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.laboratory.monitor_config import monitor_config
from lab.scenario.any_file import check_file
from lab.scenario.errors import ScenarioError
from lab.scenario.resolve import SHIPPED, load_scenario

FIRM = (SHIPPED / "firms" / "meridian_perp.yaml").read_text()


def refusal(tmp_path: Path, old: str, new: str) -> list[str]:
    assert old in FIRM
    path = tmp_path / "meridian_perp.yaml"
    path.write_text(FIRM.replace(old, new).replace("extends: meridian.yaml", f"extends: {SHIPPED}/firms/meridian.yaml"))
    with pytest.raises(ScenarioError) as caught:
        check_file(path)
    return [line.partition(": ")[2] for line in caught.value.lines()]


def test_the_shipped_firm_trades_its_perpetual_on_terms_profiles_and_a_dialect_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "q.yaml"
    path.write_text(
        (SHIPPED / "quiet_day.yaml").read_text().replace("quiet_day", "q").replace("meridian\n", "meridian_perp\n", 1)
    )
    firm = load_scenario(path).experiments[0].firm
    (venue,) = [exchange for exchange in firm.exchanges if exchange.is_derivatives]
    assert (venue.name, venue.pairs, firm.perpetuals) == ("apexf", ("BTC/USDT:USDT",), ("BTC/USDT:USDT",))
    assert venue.contracts["BTC/USDT:USDT"].funding_interval_ns == 8 * 3_600 * 10**9
    assert {account.name: account.profile for account in firm.margin_accounts} == {
        "master": "micro",
        "carry": "low",
        "swing": "medium",
        "tactical": "high",
        "punter": "aggressive",
    }
    assert "USDT:USDT" not in firm.assets
    assert {one.name: one.dialect for one in monitor_config(firm).venues}["apexf"] == "binance_futures"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"BTC/USDT:USDT":', "BTC/USDT:", "`BTC/USDT` does not fit; expected a perpetual, such as BTC/USDT:USDT"),
        (
            "maintenance_margin: 40 bp",
            "maintenance_margin: 90 bp",
            "maintenance_margin must be less than 1 ÷ max_leverage",
        ),
        ("funding_interval: 8h", "funding_interval: 7h", "funding_interval must be a whole number of hours"),
        ("profile: micro", "profile: micr", "did you mean micro?"),
        ("opening: {USDT: 60k}, profile: medium", "opening: {BTC: 1}, profile: medium", "`BTC` is no asset at apexf"),
        (
            "opening: {USDT: 200k}}\n  apexf",
            "opening: {USDT: 200k}, profile: low}\n  apexf",
            "`apex` trades nothing on margin",
        ),
        ("leverage: 1.5", "leverage: 11", "leverage"),
    ],
)
def test_mistakes_are_told_with_what_was_expected(tmp_path: Path, old: str, new: str, message: str) -> None:
    told = refusal(tmp_path, old, new)
    assert any(message in line for line in told), told
