"""Templates add to a scenario what their body says, with arguments of the right types, and mistakes are told where
they were made: in the template's file, or where it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.scenario.any_file import check_file
from lab.scenario.errors import ScenarioError
from lab.scenario.model import Experiment
from lab.scenario.resolve import load_scenario

MIN_NS = 60_000_000_000
TEMPLATE = """\
schema: riskproof-template/1
template: slide_and_lag
description: A stablecoin slides, and an exchange is slow while it does.
parameters:
  coin: {type: asset, default: USDT, doc: which}
  depth: {type: share, doc: how far}
  venue: {type: venue, default: apex}
  shape: {type: choice, of: [linear, cascade], default: linear}
  lasts: {type: duration, default: 10 min}
body:
  timeline:
    - {inject: slide, fault: stablecoin_depeg, at: 20 min, for: "${lasts}", scope: {asset: "${coin}"},
       intensity: "${depth}", with: {shape: "${shape}"}}
    - {inject: lag, fault: exchange_latency, after: slide began + 1 min, scope: {venue: "${venue}"}, intensity: 800 ms}
  expect:
    - {alert: stablecoin_peg, asset: "${coin}", severity: warning, within: 15s, injection: slide}
"""
GOOD = """\
schema: riskproof-scenario/1
scenario: used
seed: 1
duration: 2h
variables: {depth: 90 bp}
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
use:
  - {template: slide_and_lag, with: {depth: "${depth}", lasts: 5 min}, as: first}
  - {template: drop, with: {at: 1h}}
templates:
  drop:
    parameters: {at: {type: duration}}
    body:
      timeline: [{inject: drop, fault: price_shock, at: "${at}", scope: {assets: [BTC]}, intensity: 5 %}]
forbid: [{alert: api_outage}]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "slide_and_lag.yaml").write_text(TEMPLATE)
    return tmp_path


def load(text: str, *sets: str) -> Experiment:
    Path("used.yaml").write_text(text)
    return load_scenario("used.yaml", sets=sets).experiments[0]


def test_a_use_adds_what_the_body_says_with_its_arguments(home: Path) -> None:
    experiment = load(GOOD)
    first, lag, drop = experiment.timeline
    assert (first.name, lag.name, drop.name) == ("first_slide", "first_lag", "drop")
    assert (first.intensity, first.for_ns, first.scope) == (0.009, 5 * MIN_NS, {"asset": "USDT"})
    assert lag.after is not None
    assert (lag.after.injection, lag.scope["venue"]) == ("first_slide", "apex")
    assert drop.at_ns == 60 * MIN_NS
    assert [(each.alert, each.injection) for each in experiment.expect] == [("stablecoin_peg", "first_slide")]
    assert [each.alert for each in experiment.forbid] == ["api_outage"]


def test_a_template_may_be_used_twice_under_two_prefixes(home: Path) -> None:
    again = "\n  - {template: slide_and_lag, with: {depth: 60 bp}, as: second}\n  - {template: drop"
    assert [one.name for one in load(GOOD.replace("\n  - {template: drop", again)).timeline] == [
        *("first_slide", "first_lag", "second_slide", "second_lag", "drop")
    ]


def test_an_argument_is_set_from_outside_by_the_name_of_its_use(home: Path) -> None:
    assert load(GOOD, "use.first.with.depth=70 bp").timeline[0].intensity == 0.007


def test_an_argument_may_be_a_distribution(home: Path) -> None:
    slide = load(GOOD.replace('depth: "${depth}"', "depth: {uniform: [60 bp, 90 bp]}")).timeline[0]
    assert slide.drawn == {"intensity": "uniform 60 bp to 90 bp"}


def test_a_template_file_is_checked_by_itself(home: Path) -> None:
    assert check_file("templates/slide_and_lag.yaml") == (
        "template slide_and_lag, parameters: coin, depth, venue, shape, lasts"
    )


IN_THE_SCENARIO = [
    (
        "template: slide_and_lag",
        "template: slide_and_lagg",
        "used.yaml:10:16: use.first.template: no `slide_and_lagg` in templates; expected drop or slide_and_lag; "
        "did you mean slide_and_lag?",
    ),
    (
        "template: drop,",
        "template: dorp,",
        "used.yaml:11:16: use[1].template: no `dorp` in templates; expected drop or slide_and_lag; did you mean drop?",
    ),
    (
        "lasts: 5 min",
        "last: 5 min",
        "used.yaml:10:57: use.first.with.last: slide_and_lag has no such parameter; expected coin, depth, venue, shape "
        "or lasts; did you mean lasts?",
    ),
    (
        "lasts: 5 min",
        "lasts: 5",
        "used.yaml:10:64: use.first.with.lasts: `5` has no unit; expected a duration with a unit, such as 90s, 5 min "
        "or 1h30min; did you mean 5s?",
    ),
    (
        'depth: "${depth}", ',
        "",
        "used.yaml:10:37: use.first.with.depth: is missing; expected basis points or percent, such as 50 bp or 5 %, "
        "from 0 bp to 10000 %",
    ),
    (
        "lasts: 5 min",
        "shape: round",
        "used.yaml:10:64: use.first.with.shape: `round` is unknown; expected linear or cascade",
    ),
    (
        "lasts: 5 min",
        "venue: apexx",
        "used.yaml:10:64: use.first.with.venue: `apexx` is no venue of the firm; expected VENUES; did you mean apex?",
    ),
    (
        "as: first",
        "ass: first",
        "used.yaml:10:72: use[0].ass: unknown key; expected template, with or as; did you mean as?",
    ),
    (
        "{at: {type: duration}}",
        "{at: {type: durations}}",
        "used.yaml:14:29: templates.drop.parameters.at.type: `durations` is unknown; expected TYPES; "
        "did you mean duration?",
    ),
    (
        "{at: {type: duration}}",
        "{at: {type: duration, default: 5}}",
        "used.yaml:14:48: templates.drop.parameters.at.default: `5` has no unit; expected a duration with a unit, such "
        "as 90s, 5 min or 1h30min; did you mean 5s?",
    ),
    (
        'at: "${at}"',
        'at: "${att}"',
        "used.yaml:16:57: templates.drop.body.timeline.drop.at: `att` is no parameter of the template; expected at; "
        "did you mean at?",
    ),
    (
        "      timeline: [{inject: drop",
        "      timelin: [{inject: drop",
        "used.yaml:16:7: templates.drop.body.timelin: unknown key; expected timeline, expect, expect_miss, forbid, "
        "assert or stop_when; did you mean timeline?",
    ),
    (
        "intensity: 5 %}]",
        "intensity: 500 %}]",
        "used.yaml:16:101: timeline.drop.intensity: `500 %` is out of range; expected basis points or percent, such as "
        "50 bp or 5 %, from 0 bp to 99 %",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "message"), IN_THE_SCENARIO)
def test_a_mistake_in_a_use_is_told_in_the_scenario(right: str, wrong: str, message: str, home: Path) -> None:
    assert right in GOOD
    with pytest.raises(ScenarioError) as caught:
        load(GOOD.replace(right, wrong, 1))
    line = caught.value.lines()[0]
    before, _, after = message.partition("VENUES" if "VENUES" in message else "TYPES")
    assert line.startswith(before)
    assert line.endswith(after)


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "fault: stablecoin_depeg",
            "fault: stablecoin_depegg",
            "templates/slide_and_lag.yaml:12:30: timeline.first_slide.fault: `stablecoin_depegg` is unknown; expected",
        ),
        (
            'scope: {asset: "${coin}"}',
            "scope: {asset: BTC}",
            "templates/slide_and_lag.yaml:12:92: timeline.first_slide.scope.asset: `BTC` is no stablecoin of the firm; "
            "expected USDT",
        ),
        (
            "after: slide began",
            "after: slidee began",
            "templates/slide_and_lag.yaml:14:53: timeline.first_lag.after: `slidee` is no other injection; expected "
            "first_slide or drop",
        ),
        (
            "default: 10 min",
            "default: 10 mins",
            "templates/slide_and_lag.yaml:9:36: parameters.lasts.default: `10 mins` is not a duration",
        ),
        ("body:", "boddy:", "templates/slide_and_lag.yaml:10:1: boddy: unknown key"),
        (
            "template: slide_and_lag",
            "template: other",
            "templates/slide_and_lag.yaml:2:11: template: `other` is not the name of its file; expected slide_and_lag",
        ),
        (
            "riskproof-template/1",
            "riskproof-limits/1",
            "templates/slide_and_lag.yaml:1:9: schema: this is a limits file; expected a file with "
            "riskproof-template/1",
        ),
        (
            "{type: choice, of: [linear, cascade], default: linear}",
            "{type: choice, default: linear}",
            "templates/slide_and_lag.yaml:8:10: parameters.shape: `of` lists the words of a choice",
        ),
    ],
)
def test_a_mistake_in_a_template_is_told_in_its_file(right: str, wrong: str, message: str, home: Path) -> None:
    assert right in TEMPLATE
    (home / "templates" / "slide_and_lag.yaml").write_text(TEMPLATE.replace(right, wrong, 1))
    with pytest.raises(ScenarioError) as caught:
        load(GOOD)
    assert any(line.startswith(message) for line in caught.value.lines()), caught.value.lines()


def test_a_scenario_that_extends_another_is_told_its_mistakes_in_the_file_they_are_in(home: Path) -> None:
    Path("under.yaml").write_text(GOOD.replace("scenario: used", "scenario: used").replace("lasts: 5 min", "lasts: 5"))
    with pytest.raises(ScenarioError) as caught:
        load("extends: under.yaml\nschema: riskproof-scenario/1\nscenario: used\nseed: 2\n")
    assert caught.value.lines()[0].startswith("under.yaml:10:64: use.first.with.lasts: `5` has no unit")
