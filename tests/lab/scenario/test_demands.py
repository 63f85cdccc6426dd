"""What a scenario demands beyond an alert: actions, containment, recovery, misses, assertions, stop conditions."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.scenario.any_file import check_file
from lab.scenario.errors import ScenarioError
from lab.scenario.model import Experiment
from lab.scenario.picture import Picture
from lab.scenario.resolve import load_scenario

CONTROLS = """\
schema: riskproof-controls/1
emergency_stop: {on: {stablecoin_peg: critical}, flattens: true}
"""
GOOD = """\
schema: riskproof-scenario/1
scenario: demanding
seed: 1
duration: 2h
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
controls: halts
operator: {acknowledges_after: 2 min, resets_after: 10 min}
steady_state: {from: 5 min, again_within: 15 min}
timeline:
  - {inject: slide, fault: stablecoin_depeg, at: 20 min, for: 30 min, scope: {asset: USDT}, intensity: 400 bp}
expect:
  - alert: stablecoin_peg
    asset: USDT
    severity: critical
    within: 15s
    escalates_within: 5 min
    resolves_within: 1 min
  - action: emergency_stop
    within: 20s
    contain: {within: 10s, loss_below: 50k USD, no_orders_after: 5s}
expect_miss:
  - {alert: stablecoin_exposure, asset: USDT, because: the vault is shown as it was}
assert:
  - {quantity: equity, at: 1h, above: 9.5M USD}
  - {quantity: spread_bp, of: "apex:BTC/USDT", from: 10 min, at_most: 20 bp}
  - {quantity: position, of: BTC, from: 0s, to: 1h, at_least: 90 BTC}
stop_when:
  - {quantity: open_orders, above: 5000}
  - {quantity: drawdown, above: 50 %}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "controls").mkdir()
    (tmp_path / "controls" / "halts.yaml").write_text(CONTROLS)
    return tmp_path


def load(text: str) -> Experiment:
    Path("demanding.yaml").write_text(text)
    return load_scenario("demanding.yaml").experiments[0]


def test_demands_are_resolved_as_the_journal_has_them(home: Path) -> None:
    resolved = load(GOOD).to_resolved()
    second = 1_000_000_000
    assert resolved["controls"] == "halts"
    assert resolved["operator"] == {
        "acknowledges_after_ns": 120 * second,
        "approves_after_ns": None,
        "escalates_after_ns": 300 * second,
        "resets_after_ns": 600 * second,
    }
    assert resolved["steady_state"]["again_within_ns"] == 900 * second
    alert, action = resolved["expect"]
    assert (alert["alert"], alert["action"], alert["contain"]) == ("stablecoin_peg", None, None)
    assert (alert["escalates_within_ns"], alert["resolves_within_ns"]) == (300 * second, 60 * second)
    assert (action["alert"], action["action"], action["within_ns"]) == (None, "emergency_stop", 20 * second)
    assert action["contain"] == {"within_ns": 10 * second, "loss_below_usd": 50_000.0, "no_orders_after_ns": 5 * second}
    assert list(resolved["expect_miss"]) == [
        {
            "alert": "stablecoin_exposure",
            "asset": "USDT",
            "severity": None,
            "because": "the vault is shown as it was",
            "line": 24,
        }
    ]
    book = {"quantity": "spread_bp", "of": "apex:BTC/USDT", "at_ns": None, "from_ns": 600 * second, "op": "at_most"}
    assert list(resolved["assertions"]) == [
        {"quantity": "equity", "of": None, "at_ns": 3600 * second, "from_ns": None, "to_ns": None, "op": "above",
         "value": 9_500_000.0, "line": 26},
        {**book, "to_ns": 7200 * second, "value": 20.0, "line": 27},
        {"quantity": "position", "of": "BTC", "at_ns": None, "from_ns": 0, "to_ns": 3600 * second, "op": "at_least",
         "value": 90.0, "line": 28},
    ]  # fmt: skip
    assert list(resolved["stop_when"]) == [
        {"quantity": "open_orders", "of": None, "op": "above", "value": 5000.0, "line": 30},
        {"quantity": "drawdown", "of": None, "op": "above", "value": 50.0, "line": 31},
    ]


def test_a_control_keeps_what_is_wired_in_and_is_asked_nothing(home: Path) -> None:
    experiment = load(GOOD)
    control = experiment.as_control()
    assert (control.controls, control.controls_text, control.operator) == ("halts", CONTROLS, experiment.operator)
    assert (control.expect, control.expect_miss, control.assertions, control.stop_when) == ((), (), (), ())


def test_demands_are_shown_in_words(home: Path) -> None:
    lines = Picture(load(GOOD), 80).lines()
    text = " ".join(" ".join(lines).split())
    assert "controls halts (controls/halts.yaml)" in text
    assert "operator acknowledges after 2min, resets after 10min" in text
    assert "and again within 15min of the last one's end" in text
    assert "escalates within 5min, resolves within 1min" in text
    assert (
        "action emergency_stop within 20s of the breach, contained within 10s, losing less than 50,000 USD, no orders "
        "after 5s" in text
    )
    assert "miss stablecoin_exposure USDT: the vault is shown as it was" in text
    assert "assert equity above 9,500,000 USD at 1h" in text
    assert "assert spread_bp of apex:BTC/USDT at most 20 bp from 10min to 2h" in text
    assert "assert position at least 90 BTC from 0s to 1h" in text
    assert "stop when drawdown above 50 %" in text
    assert max(map(len, lines)) <= 80


def test_a_controls_file_is_checked_by_itself(home: Path) -> None:
    assert check_file("controls/halts.yaml") == "controls: emergency_stop"


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "controls: halts",
            "controls: haltz",
            "demanding.yaml:8:11: controls: no `haltz` in controls; expected ",
        ),
        (
            "controls: halts\n",
            "",
            "demanding.yaml:19:13: expect[1].action: no controls are wired in, so no emergency_stop can act; expected "
            "`controls: NAME` above",
        ),
        (
            "controls: halts\n",
            "",
            "demanding.yaml:8:53: operator.resets_after: no controls are wired in that would wait for it; expected "
            "`controls: NAME` above",
        ),
        (
            "operator: {acknowledges_after: 2 min, resets_after: 10 min}\n",
            "",
            "demanding.yaml:17:23: expect[0].escalates_within: nobody is there whose silence could escalate it; "
            "expected `operator: {…}` above",
        ),
        (
            "expect_miss:",
            "forbid: [{action: emergency_stop}]\nexpect_miss:",
            "demanding.yaml:23:19: forbid[0].action: forbids the emergency_stop that `expect` requires in line 20; "
            "expected actions that the scenario does not require",
        ),
        (
            "expect_miss:",
            "forbid: [{action: breaker}]\nexpect_miss:",
            "demanding.yaml:23:19: forbid[0].action: controls/halts.yaml configures no breaker; expected "
            "emergency_stop",
        ),
        (
            "expect_miss:",
            "forbid: [{action: emergency_stop, severity: high}]\nexpect_miss:",
            "demanding.yaml:23:10: forbid[0]: an action has no severity",
        ),
        (
            "action: emergency_stop",
            "action: emergency_stp",
            "demanding.yaml:20:13: expect[1].action: `emergency_stp` is unknown; expected gate, breaker, "
            "emergency_stop, defensive, defcon, approval, failover or limits_log; did you mean emergency_stop?",
        ),
        (
            "action: emergency_stop",
            "action: gate",
            "demanding.yaml:20:13: expect[1].action: controls/halts.yaml configures no gate; expected emergency_stop",
        ),
        (
            "action: emergency_stop",
            "action: emergency_stop\n    alert: drawdown",
            "demanding.yaml:20:5: expect[1]: names both: expected an alert or an action",
        ),
        ("  - action: emergency_stop\n    within", "  - within", "demanding.yaml:20:5: expect[1]: names neither"),
        (
            "action: emergency_stop",
            "action: emergency_stop\n    severity: high",
            "demanding.yaml:20:5: expect[1]: an action has no severity",
        ),
        (
            "{within: 10s, loss_below: 50k USD, no_orders_after: 5s}",
            "{}",
            "demanding.yaml:22:14: expect[1].contain: demands nothing: expected within, loss_below or no_orders_after",
        ),
        (
            "loss_below: 50k USD",
            "loss_below: 50k",
            "demanding.yaml:22:40: expect[1].contain.loss_below: `50k` has no unit; expected an amount in USD, such as "
            "50k USD; did you mean 50k USD?",
        ),
        (
            "because: the vault is shown as it was",
            "because: so",
            "demanding.yaml:24:56: expect_miss[0].because: `so` does not fit; expected a text of at least ten signs",
        ),
        (
            "{alert: stablecoin_exposure, asset: USDT, because",
            "{alert: stablecoin_peg, asset: USDT, severity: critical, because",
            "demanding.yaml:24:13: expect_miss[0].alert: misses the stablecoin_peg that `expect` requires in line 14; "
            "expected one of the two",
        ),
        (
            "quantity: equity",
            "quantity: equty",
            "demanding.yaml:26:16: assert[0].quantity: `equty` is unknown; expected QUANTITIES; did you mean equity?",
        ),
        (
            "above: 9.5M USD",
            "above: 9.5M",
            "demanding.yaml:26:39: assert[0].above: `9.5M` has no unit; expected a number of USD; "
            "did you mean 9.5M USD?",
        ),
        (
            "above: 9.5M USD",
            "above: 5 %",
            "demanding.yaml:26:39: assert[0].above: `5 %` is in %; expected a number of USD",
        ),
        (
            "above: 9.5M USD",
            "above: 9.5M USD, below: 1M USD",
            "demanding.yaml:26:5: assert[0]: compares twice; expected one of above, below, at_least or at_most",
        ),
        (
            ", above: 9.5M USD",
            "",
            "demanding.yaml:26:5: assert[0]: compares with nothing; expected one of above, below, at_least or at_most",
        ),
        (
            "at: 1h,",
            "at: 3h,",
            "demanding.yaml:26:28: assert[0].at: 3h is past the run's end; expected at most the duration, 2h",
        ),
        ("at: 1h, ", "", "demanding.yaml:26:5: assert[0]: says no time; expected `at`, or `from` and `to`"),
        (
            "at: 1h,",
            "at: 1h, from: 5 min,",
            "demanding.yaml:26:5: assert[0]: says its time twice; expected `at`, or `from` and `to`",
        ),
        (
            "to: 1h",
            "to: 0s",
            "demanding.yaml:28:49: assert[2].to: is not after `from`; expected a later moment",
        ),
        (
            '"apex:BTC/USDT"',
            '"apexx:BTC/USDT"',
            "demanding.yaml:27:31: assert[1].of: `apexx:BTC/USDT` is no venue and pair of the firm; expected BOOKS; "
            "did you mean apex:BTC/USDT?",
        ),
        (
            'of: "apex:BTC/USDT", ',
            "",
            "demanding.yaml:27:5: assert[1].of: is missing; expected a venue and a pair, such as apex:BTC/USDT",
        ),
        (
            "{quantity: drawdown, above",
            "{quantity: drawdown, of: firm, above",
            "demanding.yaml:31:30: stop_when[1].of: drawdown is the firm's; expected no such key",
        ),
        (
            "{quantity: drawdown, above: 50 %}",
            "{quantity: drawdown, at: 1h, above: 50 %}",
            "demanding.yaml:31:26: stop_when[1].at: unknown key; expected quantity, of, above, below, at_least or "
            "at_most",
        ),
        (
            "emergency_stop\n",
            "emergency_stop\n    asset: maker\n",
            "demanding.yaml:21:12: expect[1].asset: `maker` is no subject of emergency_stop; expected *",
        ),
        (
            "emergency_stop\n",
            "emergency_stop\n    asset: level 7\n",
            "demanding.yaml:21:12: expect[1].asset: `level 7` does not fit; expected a subject of the alert or the "
            "action, such as USDT, maker, * or level 3",
        ),
        (
            "{acknowledges_after",
            "{acknowledge_after",
            "demanding.yaml:9:12: operator.acknowledge_after: unknown key; expected acknowledges_after, "
            "approves_after, escalates_after or resets_after; did you mean acknowledges_after?",
        ),
    ],
)
def test_a_wrong_demand_is_told_with_its_place_and_its_remedy(right: str, wrong: str, message: str, home: Path) -> None:
    assert right in GOOD
    with pytest.raises(ScenarioError) as caught:
        load(GOOD.replace(right, wrong, 1))
    words = ("QUANTITIES", "BOOKS")
    before, _, after = message.partition(next((word for word in words if word in message), "\n"))
    assert any(line.startswith(before) and line.endswith(after) for line in caught.value.lines()), caught.value.lines()


def test_an_action_may_be_asked_of_everything_at_once(home: Path) -> None:
    text = GOOD.replace("emergency_stop\n", "emergency_stop\n    asset: '*'\n", 1)
    assert load(text).expect[1].asset == "*"


def test_a_mistake_in_a_controls_file_is_told_in_that_file(home: Path) -> None:
    (home / "controls" / "halts.yaml").write_text(CONTROLS.replace("flattens: true", "flaten: true"))
    with pytest.raises(ScenarioError) as caught:
        load(GOOD)
    assert caught.value.lines()[0].startswith("controls/halts.yaml:2:")
    assert "did you mean flattens?" in caught.value.lines()[0]


def test_recovery_cannot_be_asked_of_a_run_in_which_nothing_is_injected(home: Path) -> None:
    calm = GOOD.partition("timeline:")[0] + "forbid: [{alert: any}]\n"
    with pytest.raises(ScenarioError) as caught:
        load(calm)
    assert caught.value.lines() == [
        "demanding.yaml:10:43: steady_state.again_within: nothing is injected that could disturb it; "
        "expected no such key"
    ]
