"""A scenario file becomes experiments with nothing left open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import correlator.expectations
import correlator.limits
from lab.scenario.document import SCENARIO
from lab.scenario.errors import ScenarioError, one_of
from lab.scenario.faults import FAULTS
from lab.scenario.mandates import MANDATES, SEVERITIES
from lab.scenario.model import Injection
from lab.scenario.resolve import SHIPPED, load_scenario, scenario_files
from risk_monitor.limits import parse_limits
from simulators.market_data.world.harm import StablecoinDepegParams

HOUR_NS = 3_600_000_000_000
DEPEG = SHIPPED / "stablecoin_depeg.yaml"


@pytest.mark.parametrize("path", scenario_files(SHIPPED), ids=lambda path: path.stem)
def test_every_scenario_that_ships_is_sound(path: Path) -> None:
    experiments = load_scenario(path).experiments
    assert experiments
    for experiment in experiments:
        json.dumps(experiment.to_resolved(), allow_nan=False)
        parse_limits(experiment.limits_text, experiment.limits_file)
        for injection in experiment.timeline:
            FAULTS[injection.fault].build(injection, experiment.start_ns or 0)


def test_the_scenarios_of_the_issue_ship_with_a_case_to_notice_and_one_to_leave_alone() -> None:
    cases = {path.stem: [each.case for each in load_scenario(path).experiments] for path in scenario_files(SHIPPED)}
    for name in ("stablecoin_depeg", "market_crash", "settlement_failure"):
        assert {"noticed", "too_small"} <= set(cases[name])
    assert {"quiet_day", "usdc_depeg_2023_03", "crash_2021_05_19"} <= cases.keys()


def test_the_resolved_form_is_complete_and_plain() -> None:
    experiment = load_scenario(DEPEG, case="noticed").experiments[0]
    resolved = experiment.to_resolved()
    market, firm = resolved.pop("market"), resolved.pop("firm")
    assert market["market"] == "calm_2023_02_kucoin_1m"
    assert firm["name"] == "meridian"
    assert list(resolved) == [
        *("scenario", "case", "description", "tags", "seed", "start_ns", "duration_ns"),
        *("controls", "operator", "phases", "timeline", "expect", "expect_miss", "forbid", "assertions", "stop_when"),
        *("steady_state", "judge_all_ns"),
    ]
    assert resolved["start_ns"] == 1_676_851_200_000_000_000
    assert resolved["duration_ns"] == 36 * HOUR_NS
    assert resolved["timeline"] == [
        {
            "inject": "slide",
            "fault": "stablecoin_depeg",
            "at_ns": HOUR_NS,
            "after": None,
            "for_ns": 35 * HOUR_NS,
            "ramp_ns": 35 * HOUR_NS,
            "ramp_down_ns": 0,
            "scope": {"asset": "USDT"},
            "intensity": 0.05,
            "with": {"shape": "linear", "steps": 6, "volatility": 0.05, "direction": "down"},
            "drawn": {},
            "line": _line_of("- inject: slide"),
        }
    ]
    assert resolved["expect"][0] == {
        "alert": "stablecoin_peg",
        "action": None,
        "asset": "USDT",
        "severity": "warning",
        "within_ns": 15_000_000_000,
        "of": "breach",
        "injection": None,
        "escalates_within_ns": None,
        "resolves_within_ns": None,
        "contain": None,
        "line": _line_of("- {alert: stablecoin_peg, asset: USDT, severity: warning"),
    }
    assert resolved["steady_state"] == {
        "from_ns": 300_000_000_000,
        "no_alerts": True,
        "feeds_live": True,
        "again_within_ns": None,
    }
    assert resolved["judge_all_ns"] is None


def _line_of(text: str) -> int:
    return 1 + next(number for number, line in enumerate(DEPEG.read_text().splitlines()) if text in line)


def test_a_case_differs_by_its_variables_alone() -> None:
    noticed, too_small = load_scenario(DEPEG).experiments
    assert [each.timeline[0].intensity for each in (noticed, too_small)] == [0.05, 0.002]
    assert [each.expect == () for each in (noticed, too_small)] == [False, True]
    assert noticed.firm == too_small.firm
    assert noticed.limits_text == too_small.limits_text == (SHIPPED / "limits" / "meridian.yaml").read_text()


def test_set_lays_values_over_every_case() -> None:
    sets = ["timeline.slide.intensity=7 %", "expect.0.within=20s", "seed=7", "timeline.slide.with.shape=cascade"]
    noticed = load_scenario(DEPEG, case="noticed", sets=sets, seed=8).experiments[0]
    assert (noticed.timeline[0].intensity, noticed.expect[0].within_ns, noticed.seed) == (0.07, 20_000_000_000, 8)
    assert noticed.timeline[0].parameters["shape"] == "cascade"


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("seed", "--set seed: cannot be read; expected path=value, such as variables.depth=20 bp"),
        (
            "variables.dept=2 bp",
            "--set variables.dept=2 bp: variables: `dept` is no variable of it; expected depth; did you mean depth?",
        ),
        (
            "timeline.slid.at=2h",
            "--set timeline.slid.at=2h: timeline: has no entry `slid`; expected slide; did you mean slide?",
        ),
        ("seed.x=1", "--set seed.x=1: seed: is `42`, with nothing inside; expected the path of a field"),
        (
            "duration=5",
            "--set duration=5: duration: `5` has no unit; expected a duration above zero with a unit, "
            "such as 90s, 5 min or 1h30min; did you mean 5s?",
        ),
        ("scenario=x", "--set scenario=x: scenario: cannot be set from outside; expected a key of the experiment"),
        (
            "sede=1",
            f"--set sede=1: sede: unknown key; expected {one_of(SCENARIO.names)}; did you mean seed?",
        ),
    ],
)
def test_a_wrong_set_is_told_as_such(assignment: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(DEPEG, case="noticed", sets=[assignment])
    assert caught.value.lines() == [message]


def test_an_unknown_case_is_told_with_those_there_are() -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(DEPEG, case="notised")
    message = f"{DEPEG}: cases: `notised` is no case of it; expected noticed or too_small; did you mean noticed?"
    assert caught.value.lines() == [message]


def test_a_file_extends_another_key_by_key(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "depeg.yaml").write_text(DEPEG.read_text())
    child = tmp_path / "deeper.yaml"
    child.write_text(
        "extends: base/depeg.yaml\nscenario: deeper\nvariables: {depth: 8 %}\n"
        "limit_overrides: {stablecoin_peg: {USDT: {warning: 40 bp, high: 90 bp, critical: 3 %}}}\n"
        "cases: {too_small: {variables: {depth: 10 bp}}}\n"
    )
    noticed, too_small = load_scenario(child).experiments
    assert [each.timeline[0].intensity for each in (noticed, too_small)] == [0.08, 0.001]
    assert noticed.scenario == "deeper"
    kept = parse_limits(noticed.limits_text, "merged").mandate("stablecoin_peg")
    assert kept is not None
    assert [(bound.severity.value, bound.text) for bound in kept.bounds("USDT")] == [
        ("warning", "40 bp"),
        ("high", "90 bp"),
        ("critical", "3 %"),
    ]
    assert [bound.text for bound in kept.bounds("USDC")] == ["50 bp", "100 bp", "300 bp"]


def test_overrides_leave_every_other_rule_as_it_was(tmp_path: Path) -> None:
    original = parse_limits((SHIPPED / "limits" / "meridian.yaml").read_text(), "original")
    child = tmp_path / "calm.yaml"
    child.write_text(
        (SHIPPED / "quiet_day.yaml").read_text().replace("quiet_day", "calm")
        + ("limit_overrides: {drawdown: {firm: {warning: 9 %}}}\n")
    )
    merged = parse_limits(load_scenario(child).experiments[0].limits_text, "merged")
    assert [each for each in merged.mandates if each.spec.name != "drawdown"] == [
        each for each in original.mandates if each.spec.name != "drawdown"
    ]
    assert (merged.stablecoins, merged.structural) == (original.stablecoins, original.structural)


def test_a_firm_and_its_venues_are_typed_through_and_through() -> None:
    firm = load_scenario(DEPEG).experiments[0].firm
    assert firm.venues == ("apex", "boreal", "keystone", "pricebook", "refrate")
    apex = firm.exchanges[0]
    assert apex.pairs == ("BTC/USD", "ETH/USD", "BTC/USDT", "ETH/USDT", "ETH/BTC", "USDT/USD")
    assert apex.config.street["ETH/BTC"].top_notional == 1.5
    assert apex.config.street["ETH/BTC"].levels == 12
    assert apex.config.listings[5].maker_fee_bp == 0.0
    assert firm.custodian is not None
    assert firm.custodian.config.notice_ns == 4 * HOUR_NS
    held = [account.opening.get("BTC", "0") for account in firm.accounts]
    assert sum(map(float, held)) == 100.0


def test_a_simulator_gets_its_parameters_as_it_declares_them() -> None:
    experiment = load_scenario(DEPEG, case="noticed").experiments[0]
    params = FAULTS["stablecoin_depeg"].build(experiment.timeline[0], 1_000)
    assert params == StablecoinDepegParams(
        injection="slide",
        starts_ns=1_000 + HOUR_NS,
        ends_ns=1_000 + 36 * HOUR_NS,
        ramp_ns=35 * HOUR_NS,
        intensity=0.05,
        asset="USDT",
    )


@pytest.mark.parametrize("spec", FAULTS.values(), ids=lambda spec: spec.name)
def test_the_example_of_each_fault_is_a_sound_injection(spec: object, tmp_path: Path) -> None:
    from lab.scenario.faults import FaultSpec

    assert isinstance(spec, FaultSpec)
    path = tmp_path / "example.yaml"
    quiet = (SHIPPED / "quiet_day.yaml").read_text().replace("quiet_day", "example").replace("24h", "48h")
    if "USDT:USDT" in spec.example:
        quiet = quiet.replace("firm: meridian\n", "firm: meridian_perp\n")
    path.write_text(quiet + f"timeline: [{spec.example.replace('{', '{inject: it, ', 1)}]\n")
    injection = load_scenario(path).experiments[0].timeline[0]
    assert isinstance(injection, Injection)
    assert injection.fault == spec.name
    built = spec.build(injection, 0)
    assert set(spec.scope) <= {*built.__struct_fields__, "venue", "source"}


def test_the_correlator_knows_the_words_that_a_scenario_may_use() -> None:
    assert sorted(correlator.limits._DIMENSIONS) == sorted(MANDATES)
    assert correlator.expectations.SEVERITIES == SEVERITIES
