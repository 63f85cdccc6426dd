"""Each kind of mistake in a scenario gets its own message: file, line, field, what was expected, the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.scenario.document import SCENARIO
from lab.scenario.errors import ScenarioError, one_of
from lab.scenario.faults import FAULTS
from lab.scenario.resolve import SHIPPED, load_scenario

GOOD = """\
schema: riskproof-scenario/1
scenario: slide
description: USDT slides.
tags: [E]
seed: 42
duration: 36h
variables: {depth: 500 bp}
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-20T00:00:00Z}
firm: meridian
limits: meridian
steady_state: {from: 5 min}
timeline:
  - inject: slide
    fault: stablecoin_depeg
    at: 1h
    ramp: 35h
    scope: {asset: USDT}
    intensity: ${depth}
expect:
  - {alert: stablecoin_peg, asset: USDT, severity: warning, within: 15s}
forbid:
  - {alert: drawdown}
"""

MISTAKES = [
    pytest.param(
        "seed: 42",
        "sede: 42",
        [
            ("slide.yaml:5:1: sede: unknown key; expected KEYS; did you mean seed?"),
            "slide.yaml:1:1: seed: is missing; expected a whole number from 0 to 9223372036854775807",
        ],
        id="a misspelt key",
    ),
    pytest.param(
        "    ramp: 35h",
        "    rampp: 35h",
        [
            (
                "slide.yaml:16:5: timeline.slide.rampp: unknown key; expected inject, fault, at, after, for, ramp, "
                "ramp_down, scope, intensity or with; did you mean ramp?"
            ),
        ],
        id="a misspelt key of an injection",
    ),
    pytest.param(
        "stablecoin_depeg",
        "stablecoin_depg",
        [
            (
                "slide.yaml:14:12: timeline.slide.fault: `stablecoin_depg` is unknown; expected FAULTS; "
                "did you mean stablecoin_depeg?"
            ),
        ],
        id="an unknown fault",
    ),
    pytest.param(
        "{asset: USDT}\n    int",
        "{asset: USDC}\n    int",
        [
            (
                "slide.yaml:17:20: timeline.slide.scope.asset: `USDC` is no stablecoin of the firm; expected USDT; "
                "did you mean USDT?"
            ),
        ],
        id="an asset the firm does not have",
    ),
    pytest.param(
        "{asset: USDT}\n    int",
        "{asset: USTD}\n    int",
        [
            (
                "slide.yaml:17:20: timeline.slide.scope.asset: `USTD` is no stablecoin of the firm; expected USDT; "
                "did you mean USDT?"
            ),
        ],
        id="an unknown asset",
    ),
    pytest.param(
        "{asset: USDT}\n    int",
        "{asset: BTC}\n    int",
        [
            "slide.yaml:17:20: timeline.slide.scope.asset: `BTC` is no stablecoin of the firm; expected USDT",
        ],
        id="an asset that is no stablecoin",
    ),
    pytest.param(
        "{asset: USDT}\n    int",
        "{aset: USDT}\n    int",
        [
            ("slide.yaml:17:13: timeline.slide.scope.aset: unknown key; expected asset or venue; did you mean asset?"),
            "slide.yaml:17:12: timeline.slide.scope.asset: is missing; expected an asset's name, such as BTC",
        ],
        id="a misspelt key of a scope",
    ),
    pytest.param(
        "{asset: USDT}\n    int",
        "{}\n    int",
        [
            "slide.yaml:17:12: timeline.slide.scope.asset: is missing; expected an asset's name, such as BTC",
        ],
        id="an empty scope",
    ),
    pytest.param(
        "    scope: {asset: USDT}\n",
        "",
        [
            "slide.yaml:13:5: timeline.slide.scope.asset: is missing; expected an asset's name, such as BTC",
        ],
        id="no scope",
    ),
    pytest.param(
        "alert: stablecoin_peg",
        "alert: stablecoin_pag",
        [
            (
                "slide.yaml:20:13: expect[0].alert: `stablecoin_pag` is unknown; expected position_limit, "
                "notional_limit, delta_exposure, drawdown, rapid_drawdown, daily_loss, stablecoin_peg, "
                "stablecoin_exposure, price_divergence, triangular_divergence, feed_staleness, api_outage, "
                "api_latency, overdue_settlement, unsettled_exposure, concentration, leverage, correlation_cluster, "
                "instrument_whitelist, weekly_loss, …; did you mean stablecoin_peg?"
            ),
        ],
        id="an unknown mandate",
    ),
    pytest.param(
        "severity: warning",
        "severity: waring",
        [
            (
                "slide.yaml:20:52: expect[0].severity: `waring` is unknown; expected info, warning, high or "
                "critical; did you mean warning?"
            ),
        ],
        id="an unknown severity",
    ),
    pytest.param(
        "severity: warning",
        "severity: info",
        [
            (
                "slide.yaml:20:52: expect[0].severity: SHIPPED/limits/meridian.yaml sets no `info` bound for "
                "stablecoin_peg of USDT; expected warning, high or critical"
            ),
        ],
        id="a severity without a rule",
    ),
    pytest.param(
        "asset: USDT, severity",
        "asset: BTC, severity",
        [
            "slide.yaml:20:36: expect[0].asset: `BTC` is no subject of stablecoin_peg; expected USDT",
        ],
        id="a subject the mandate does not have",
    ),
    pytest.param(
        "duration: 36h",
        "duration: 36",
        [
            (
                "slide.yaml:6:11: duration: `36` has no unit; expected a duration above zero with a unit, such as "
                "90s, 5 min or 1h30min; did you mean 36s?"
            ),
        ],
        id="a duration without a unit",
    ),
    pytest.param(
        "duration: 36h",
        "duration: 0s",
        [
            (
                "slide.yaml:6:11: duration: `0s` is no time at all; expected a duration above zero with a unit, such "
                "as 90s, 5 min or 1h30min"
            ),
        ],
        id="no duration at all",
    ),
    pytest.param(
        "duration: 36h",
        "duration: -3h",
        [
            (
                "slide.yaml:6:11: duration: `-3h` is negative; expected a duration above zero with a unit, such as "
                "90s, 5 min or 1h30min"
            ),
        ],
        id="a negative duration",
    ),
    pytest.param(
        "duration: 36h",
        "duration: 36 hours",
        [
            (
                "slide.yaml:6:11: duration: `36 hours` is not a duration; expected a duration above zero with a "
                "unit, such as 90s, 5 min or 1h30min"
            ),
        ],
        id="a unit that does not exist",
    ),
    pytest.param(
        "duration: 36h",
        "duration: 60d",
        [
            "slide.yaml:6:11: duration: 60d from 2023-02-20T00:00:00Z outlast the market; expected at most 17d",
        ],
        id="a run that outlasts the market",
    ),
    pytest.param(
        "at: 1h",
        "at: 36h",
        [
            (
                "slide.yaml:15:9: timeline.slide.at: 36h is not before the run's end; expected less than the "
                "duration, 36h"
            ),
        ],
        id="an injection at the end",
    ),
    pytest.param(
        "at: 1h",
        "at: 1h\n    for: 40h",
        [
            ("slide.yaml:16:10: timeline.slide.for: it would last until 41h, past the run's end; expected at most 35h"),
        ],
        id="an injection past the end",
    ),
    pytest.param(
        "at: 1h",
        "at: 1h\n    for: 3h",
        [
            "slide.yaml:17:11: timeline.slide.ramp: the ramps take 35h; expected at most `for`, 3h",
        ],
        id="a ramp longer than its injection",
    ),
    pytest.param(
        "within: 15s",
        "within: 36h",
        [
            (
                "slide.yaml:20:69: expect[0].within: no deadline can fall into the run: slide begins at 1h; expected "
                "at most 35h"
            ),
        ],
        id="a deadline past the end",
    ),
    pytest.param(
        "within: 15s",
        "within: 15",
        [
            (
                "slide.yaml:20:69: expect[0].within: `15` has no unit; expected a duration above zero with a unit, "
                "such as 90s, 5 min or 1h30min; did you mean 15s?"
            ),
        ],
        id="a deadline without a unit",
    ),
    pytest.param(
        "within: 15s}",
        "within: 15s, of: effct}",
        [
            (
                "slide.yaml:20:78: expect[0].of: `effct` is unknown; expected breach, effect or injection; did you "
                "mean effect?"
            ),
        ],
        id="a misspelt origin of a deadline",
    ),
    pytest.param(
        "within: 15s}",
        "within: 15s, injection: slid}",
        [
            "slide.yaml:20:85: expect[0].injection: `slid` is no injection; expected slide; did you mean slide?",
        ],
        id="an unknown injection",
    ),
    pytest.param(
        "seed: 42",
        "seed: -1",
        [
            "slide.yaml:5:7: seed: `-1` is out of range; expected a whole number from 0 to 9223372036854775807",
        ],
        id="a negative seed",
    ),
    pytest.param(
        "seed: 42",
        "seed: 4.2",
        [
            (
                "slide.yaml:5:7: seed: `4.2` is not a whole number; expected a whole number from 0 to "
                "9223372036854775807"
            ),
        ],
        id="a seed that is no whole number",
    ),
    pytest.param(
        "seed: 42",
        "seed: 99999999999999999999",
        [
            (
                "slide.yaml:5:7: seed: `99999999999999999999` is out of range; expected a whole number from 0 to "
                "9223372036854775807"
            ),
        ],
        id="a seed beyond 64 bits",
    ),
    pytest.param(
        "${depth}",
        "${dept}",
        [
            ("slide.yaml:18:16: timeline.slide.intensity: `dept` is no variable; expected depth; did you mean depth?"),
        ],
        id="an unknown variable",
    ),
    pytest.param(
        "${depth}",
        ".nan",
        [
            (
                "slide.yaml:18:16: timeline.slide.intensity: `.nan` is not a share; expected basis points or "
                "percent, such as 50 bp or 5 %, from 0 bp to 99 %"
            ),
        ],
        id="an intensity that is no number",
    ),
    pytest.param(
        "${depth}",
        "500",
        [
            (
                "slide.yaml:18:16: timeline.slide.intensity: `500` has no unit; expected basis points or percent, "
                "such as 50 bp or 5 %, from 0 bp to 99 %; did you mean 500 bp?"
            ),
        ],
        id="an intensity without a unit",
    ),
    pytest.param(
        "${depth}",
        "500 %",
        [
            (
                "slide.yaml:18:16: timeline.slide.intensity: `500 %` is out of range; expected basis points or "
                "percent, such as 50 bp or 5 %, from 0 bp to 99 %"
            ),
        ],
        id="an intensity out of range",
    ),
    pytest.param(
        "${depth}",
        "-5 bp",
        [
            (
                "slide.yaml:18:16: timeline.slide.intensity: `-5 bp` is out of range; expected basis points or "
                "percent, such as 50 bp or 5 %, from 0 bp to 99 %"
            ),
        ],
        id="a negative intensity",
    ),
    pytest.param(
        "    intensity: ${depth}\n",
        "",
        [
            (
                "slide.yaml:13:5: timeline.slide.intensity: is missing; expected basis points or percent, such as 50 "
                "bp or 5 %, from 0 bp to 99 %"
            ),
        ],
        id="no intensity",
    ),
    pytest.param(
        "firm: meridian",
        "firm: meridan",
        [
            ("slide.yaml:9:7: firm: no `meridan` in firms; expected FIRMS; did you mean meridian?"),
        ],
        id="an unknown firm",
    ),
    pytest.param(
        "limits: meridian",
        "limits: meridan",
        [
            "slide.yaml:10:9: limits: no `meridan` in limits; expected LIMITS; did you mean meridian?",
        ],
        id="unknown limits",
    ),
    pytest.param(
        "calm_2023_02_kucoin_1m",
        "calm_2023_02_kucoin",
        [
            (
                "slide.yaml:8:18: market.source: no `calm_2023_02_kucoin` in markets; expected MARKETS; did you mean "
                "calm_2023_02_kucoin_1m?"
            ),
        ],
        id="an unknown market",
    ),
    pytest.param(
        "calm_2023_02_kucoin_1m",
        "usdc_depeg_2023_03",
        [
            (
                "slide.yaml:8:45: market.start: 2023-02-20T00:00:00Z is before the market begins; expected "
                "2023-03-10T20:00:00Z or later"
            ),
        ],
        id="a start before the market of another year",
    ),
    pytest.param(
        "2023-02-20T00:00:00Z",
        "2023-02-20",
        [
            (
                "slide.yaml:8:49: market.start: `2023-02-20` has no time zone; expected a moment with its time zone, "
                "such as 2023-02-20T00:00:00Z"
            ),
        ],
        id="a start without a time zone",
    ),
    pytest.param(
        "2023-02-20T00:00:00Z",
        "2022-02-20T00:00:00Z",
        [
            (
                "slide.yaml:8:49: market.start: 2022-02-20T00:00:00Z is before the market begins; expected "
                "2023-02-19T00:00:00Z or later"
            ),
        ],
        id="a start before the market",
    ),
    pytest.param(
        "2023-02-20T00:00:00Z",
        "2024-02-20T00:00:00Z",
        [
            (
                "slide.yaml:8:49: market.start: 2024-02-20T00:00:00Z is after the market ends; expected a moment "
                "before 2023-03-09T00:00:00Z"
            ),
        ],
        id="a start after the market",
    ),
    pytest.param(
        "{alert: drawdown}",
        "{alert: any}",
        [
            (
                "slide.yaml:22:13: forbid[0].alert: forbids the stablecoin_peg that `expect` requires in line 20; "
                "expected alerts that the scenario does not require"
            ),
        ],
        id="forbidding all that is expected",
    ),
    pytest.param(
        "{alert: drawdown}",
        "{alert: stablecoin_peg, asset: USDT}",
        [
            (
                "slide.yaml:22:13: forbid[0].alert: forbids the stablecoin_peg that `expect` requires in line 20; "
                "expected alerts that the scenario does not require"
            ),
        ],
        id="forbidding what is expected",
    ),
    pytest.param(
        "{alert: drawdown}",
        "{alert: drawdown, severity: critical}",
        [
            (
                "slide.yaml:22:33: forbid[0].severity: SHIPPED/limits/meridian.yaml sets no `critical` bound for "
                "drawdown of firm; expected warning or high"
            ),
        ],
        id="forbidding what has no rule",
    ),
    pytest.param(
        "scenario: slide",
        "scenario: slides",
        [
            "slide.yaml:2:11: scenario: `slides` is not the name of its file; expected slide",
        ],
        id="a name that is not the file's",
    ),
    pytest.param(
        "scenario: slide\n",
        "",
        [
            "slide.yaml:1:1: scenario: is missing; expected a name of small letters, digits and _",
        ],
        id="no name",
    ),
    pytest.param(
        "schema: riskproof-scenario/1",
        "schema: riskproof-scenario/2",
        [
            (
                "slide.yaml:1:9: schema: `riskproof-scenario/2` is unknown; expected riskproof-scenario/1; did you "
                "mean riskproof-scenario/1?"
            ),
        ],
        id="a version that does not exist",
    ),
    pytest.param(
        "seed: 42",
        "seed: 42\nseed: 43",
        [
            "slide.yaml:6:1: seed: written twice, first in line 5; expected each key once",
        ],
        id="a duplicate key",
    ),
    pytest.param(
        "tags: [E]",
        "tags: [E",
        [
            ("slide.yaml:5:5: not YAML: while parsing a flow sequence did not find expected ',' or ']'; expected YAML"),
        ],
        id="an unclosed list",
    ),
    pytest.param(
        "tags: [E]",
        "tags: E",
        [
            "slide.yaml:4:7: tags: is `E`; expected a list, each item a tag of letters, digits, dots and dashes",
        ],
        id="a word where a list belongs",
    ),
    pytest.param(
        "tags: [E]",
        "? [a]\n: b",
        [
            "slide.yaml:4:3: a key is not a name; expected a plain name before the colon",
        ],
        id="a key that is no name",
    ),
    pytest.param(
        "forbid:",
        "---\nforbid:",
        [
            "slide.yaml:21:1: a second document begins; expected one YAML document",
        ],
        id="two documents",
    ),
    pytest.param(
        "timeline:\n",
        "timeline:\n  - {inject: slide, fault: price_shock, at: 2h, scope: {assets: [BTC]}, intensity: 3 %}\n",
        [
            (
                "slide.yaml:14:13: timeline.slide.inject: `slide` names two injections, first in line 13; expected "
                "each name once"
            ),
        ],
        id="two injections of one name",
    ),
    pytest.param(
        "timeline:\n",
        "timeline:\n  - {inject: other, fault: price_shock, at: 2h, scope: {assets: [BTC]}, intensity: 3 %}\n",
        [
            ("slide.yaml:21:5: expect[0].injection: is missing, and the timeline has several; expected other or slide"),
        ],
        id="an expectation that several injections may answer",
    ),
    pytest.param(
        "timeline:\n",
        "timeline:\n  - {inject: other, fault: exchange_outage, at: 2h, scope: {venue: apx}}\n",
        [
            (
                "slide.yaml:13:68: timeline.other.scope.venue: `apx` is no venue of that kind; expected apex or "
                "boreal; did you mean apex?"
            ),
            ("slide.yaml:21:5: expect[0].injection: is missing, and the timeline has several; expected other or slide"),
        ],
        id="an unknown venue",
    ),
    pytest.param(
        "timeline:\n",
        (
            "timeline:\n  - {inject: other, fault: exchange_outage, at: 2h, ramp: 3h, intensity: 3, scope: "
            "{venue: apex}, with: {mode: silentt}}\n"
        ),
        [
            (
                "slide.yaml:13:112: timeline.other.with.mode: `silentt` is unknown; expected unavailable or silent; "
                "did you mean silent?"
            ),
            "slide.yaml:13:74: timeline.other.intensity: exchange_outage has no degrees; expected no such key",
            "slide.yaml:13:53: timeline.other.ramp: exchange_outage has no degrees",
        ],
        id="degrees of a fault that has none",
    ),
    pytest.param(
        "forbid:",
        "limit_overrides: {stablecoin_peg: {USDT: {warning: -40 bp}}}\nforbid:",
        [
            (
                "slide.yaml:21:52: limit_overrides.stablecoin_peg.USDT.warning: '-40 bp' is negative or not a finite "
                "number; expected a share, such as 10 % or 50 bp"
            ),
        ],
        id="a negative limit",
    ),
    pytest.param(
        "forbid:",
        "limit_overrides: {stablecoin_peg: {USDT: {warning: .nan}}}\nforbid:",
        [
            (
                "slide.yaml:21:52: limit_overrides.stablecoin_peg.USDT.warning: '.nan' is negative or not a finite "
                "number; expected a share, such as 10 % or 50 bp"
            ),
        ],
        id="a limit that is no number",
    ),
    pytest.param(
        "forbid:",
        "limit_overrides: {stablecoin_peg: {USTD: {warning: 40 bp}}}\nforbid:",
        [
            (
                "slide.yaml:21:36: limit_overrides.stablecoin_peg.USTD: 'USTD' is not a subject or option of it; "
                "expected one of USDT, USDC, each, for; did you mean USDT?"
            ),
        ],
        id="a limit of an unknown asset",
    ),
    pytest.param(
        "forbid:",
        "limit_overrides: {stablecoin_pg: {USDT: {warning: 40 bp}}}\nforbid:",
        [
            (
                "slide.yaml:21:19: limit_overrides.stablecoin_pg: unknown key; expected position_limit, "
                "notional_limit, delta_exposure, drawdown, rapid_drawdown, daily_loss, stablecoin_peg, "
                "stablecoin_exposure, price_divergence, triangular_divergence, feed_staleness, api_outage, "
                "api_latency, overdue_settlement, unsettled_exposure, concentration, leverage, correlation_cluster, "
                "instrument_whitelist, weekly_loss, …; did you mean stablecoin_peg?"
            ),
        ],
        id="a limit of an unknown mandate",
    ),
    pytest.param(
        "forbid:",
        "limit_overrides: {stablecoin_peg: {USDT: {high: 40 bp}}}\nforbid:",
        [
            (
                "slide.yaml:20:52: expect[0].severity: SHIPPED/limits/meridian.yaml sets no `warning` bound for "
                "stablecoin_peg of USDT; expected high"
            ),
        ],
        id="an expectation whose rule was overridden away",
    ),
    pytest.param(
        "forbid:",
        "extends: nothing.yaml\nforbid:",
        [
            "slide.yaml:21:10: extends: `nothing.yaml` is no file; expected a path relative to this file",
        ],
        id="extending a file that is not there",
    ),
    pytest.param(
        "forbid:",
        "extends: slide.yaml\nforbid:",
        [
            "slide.yaml:21:10: extends: `slide.yaml` extends this file in turn; expected no circle of files",
        ],
        id="extending itself",
    ),
    pytest.param(
        "forbid:",
        "cases: {a: {variables: {dept: 3 bp}}}\nforbid:",
        [
            "slide.yaml:21:25: cases.a.variables.dept: is not declared; expected depth; did you mean depth?",
        ],
        id="a case with an undeclared variable",
    ),
    pytest.param(
        "forbid:",
        "cases: {a: {seed: 3}}\nforbid:",
        [
            "slide.yaml:21:13: cases.a.seed: cannot differ between cases; expected a key of the experiment",
        ],
        id="a case with a seed of its own",
    ),
    pytest.param(
        "forbid:",
        "cases: {a: {timline: []}}\nforbid:",
        [
            ("slide.yaml:21:13: timline: unknown key; expected KEYS; did you mean timeline?"),
        ],
        id="a misspelt key in a case",
    ),
    pytest.param(
        "forbid:",
        "cases: {a: {timeline: []}}\nforbid:",
        [
            (
                "slide.yaml:20:5: expect[0]: nothing is injected, so nothing can cause it; expected an "
                "injection, or judge_all"
            ),
        ],
        id="a case that expects without injecting",
    ),
    pytest.param(
        "forbid:",
        "cases: {a: {}, b: {forbid: {}}}\nforbid:",
        [
            (
                "slide.yaml:21:28: forbid: is a mapping; expected a list, each item a mapping with alert, action, "
                "asset or severity"
            ),
        ],
        id="a mapping where a list belongs",
    ),
    pytest.param(
        GOOD,
        "",
        [
            "slide.yaml:1:1: the file is empty; expected a mapping",
        ],
        id="an empty file",
    ),
    pytest.param(
        GOOD,
        "- a\n",
        [
            "slide.yaml:1:1: is a list; expected a mapping of keys",
        ],
        id="a list for a file",
    ),
    pytest.param(
        GOOD,
        "a: &a [*a]\n",
        [
            ("slide.yaml:1:8: the alias *a stands for nothing; expected an alias of what stands complete above it"),
        ],
        id="an alias inside itself",
    ),
    pytest.param(
        GOOD,
        "a: !!python/object:os.system x\n",
        [
            (
                "slide.yaml:1:4: the tag tag:yaml.org,2002:python/object:os.system has no meaning here; expected a "
                "value without a tag"
            ),
        ],
        id="a tag",
    ),
    pytest.param(
        GOOD,
        "[" * 5_000,
        [
            "slide.yaml:1:42: nested too deeply; expected at most 40 levels",
        ],
        id="a nest of lists",
    ),
]


def test_the_scenario_that_the_mistakes_are_made_in_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "slide.yaml"
    path.write_text(GOOD)
    assert [experiment.case for experiment in load_scenario(path).experiments] == ["default"]


@pytest.mark.parametrize(("right", "wrong", "messages"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_its_remedy(
    right: str, wrong: str, messages: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("slide.yaml").write_text(GOOD.replace(right, wrong, 1))
    with pytest.raises(ScenarioError) as caught:
        load_scenario("slide.yaml")
    lines = [line.replace(str(SHIPPED), "SHIPPED") for line in caught.value.lines()]
    for names, word in ((SCENARIO.names, "KEYS"), (FAULTS, "FAULTS")):  # they grow
        lines = [line.replace(f"expected {one_of(names)};", f"expected {word};") for line in lines]
    for folder in ("firms", "limits", "markets"):  # what ships may grow
        shipped = one_of(sorted(path.stem for path in (SHIPPED / folder).glob("*.yaml")))
        lines = [
            line.replace(f"in {folder}; expected {shipped};", f"in {folder}; expected {folder.upper()};")
            for line in lines
        ]
    assert lines == messages
