"""Judging with arms: a depeg (``slide``) and something else (``noise``), each left out once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from correlator.cause.arms import Removed
from correlator.cause.graph import CausalEdge, CausalGraph, Influence
from correlator.cause.story import chains, quiet
from correlator.findings import Journals, find
from correlator.judge import judge, judge_findings
from correlator.keeping import pack, seal, unpack
from correlator.verdict import Check, Judgement

S = 10**9
SLIDE = {"inject": "slide", "fault": "stablecoin_depeg", "at_ns": 100 * S, "for_ns": 500 * S}
NOISE = {"inject": "noise", "fault": "feed_stall", "at_ns": 300 * S, "for_ns": 300 * S}
EXPECT = {"alert": "stablecoin_peg", "asset": "USDT", "severity": "warning", "within_ns": 15 * S}

LIMITS = """
schema: riskproof-limits/1
firm: meridian
base_currency: USD
stablecoins: [USDT, USDC]
limits:
  stablecoin_peg: {each: {warning: 50 bp}, for: 60 s}
"""

Tell = Callable[[Any], Any]


class World:
    """A run and its arms: beyond 50 bp from 200 s on where ``breaks`` says so, with the alerts that each is told."""

    def __init__(self, new_story: Any, path: Path) -> None:
        self.new_story, self.path = new_story, path
        self.breaks: Callable[[list[str]], bool] = lambda left: "slide" in left
        self.until: Callable[[list[str]], int] = lambda left: 600
        self.limits = ""
        self.journals: dict[str, Path] = {}

    def arm(
        self,
        name: str,
        left: list[str],
        tell: Tell,
        ending: str = "completed",
        noise: dict[str, Any] | None = None,
        resolved: dict[str, Any] | None = None,
        **header: Any,
    ) -> Path:
        timeline = [plan for plan in (SLIDE, {**NOISE, **(noise or {})}) if plan["inject"] in left]
        story = self.new_story(name, timeline=timeline, expect=[{**EXPECT, "injection": "slide"}], **(resolved or {}))
        story.found_world().alive().header.update(header)
        story.header["limits"] = self.limits or story.header["limits"]
        for at_s in range(0, 600, 5):
            story.quote(at_s, 0, 0.99 if 200 <= at_s < self.until(left) and self.breaks(left) else 1.0)
            story.quote(at_s, 1, 24_000, tick=0.01)
        if "slide" in left:
            story.inject(100, 120, name="slide")
            story.push(120, "usdtusd")
        if "noise" in left:
            story.inject(300, 320, name="noise")
            story.push(315, "btcusd")
        tell(story)
        self.journals[name] = story.write(self.path / f"{name.replace(':', '_')}.journal", ending)
        return self.journals[name]

    def play(self, run: Tell, without_slide: Tell, without_noise: Tell, control: Tell = lambda _: None) -> Judgement:
        self.arm("run", ["slide", "noise"], run)
        self.arm("without:slide", ["noise"], without_slide)
        self.arm("without:noise", ["slide"], without_noise)
        self.arm("control", [], control)
        return self.judge()

    def judge(self) -> Judgement:
        removals = {(name,): self.journals[f"without:{name}"] for name in ("slide", "noise")}
        return judge(self.journals["run"], self.journals["control"], removals)


@pytest.fixture
def world(new_story: Any, tmp_path: Path) -> World:
    return World(new_story, tmp_path)


def nothing(_: Any) -> None:
    """Nothing is told."""


def fires(at_s: float) -> Tell:
    return lambda story: story.alert(at_s)


def check(judgement: Judgement, name: str) -> Check:
    return next(one for one in judgement.checks if one.name == name)


def influences(graph: CausalGraph, node: str) -> list[Influence]:
    return next(found.influences for found in graph.dependences if found.node == node)


def test_alert_is_traced_from_its_injection_to_the_end(world: World) -> None:
    judgement = world.play(lambda story: story.alert(205, 500), nothing, lambda story: story.alert(205, 500))
    assert judgement.verdict == "pass", judgement.reasons
    assert judgement.causes.edges == [
        CausalEdge("injection:slide", "effect:slide", 20.0, "removal", "necessary"),
        CausalEdge("injection:noise", "effect:noise", 15.0, "removal", "necessary"),
        CausalEdge("breach:stablecoin_peg/USDT/warning/1", "due:stablecoin_peg/USDT/warning/1", 0.0, "time"),
        CausalEdge("effect:slide", "breach:stablecoin_peg/USDT/warning/1", 80.0, "removal", "necessary"),
        CausalEdge("due:stablecoin_peg/USDT/warning/1", "alert:0", 5.0, "evidence"),
        CausalEdge("alert:0", "resolution:0", 295.0, "time"),
    ]
    assert influences(judgement.causes, "alert:0") == [
        Influence("slide", "necessary"), Influence("noise", "independent", 0.0)
    ]  # fmt: skip
    assert judgement.alerts[0].depends_on == ["slide"]
    assert check(judgement, "causes").reason == "every injection was left out once, to tell what it brought about"


def test_each_injection_took_effect_where_the_run_parts_from_the_one_without_it(world: World) -> None:
    judgement = world.play(fires(205), nothing, fires(205))
    assert [(one.took_effect_at_s, one.claimed_at_s) for one in judgement.injections] == [(120, 120), (315, 320)]


def test_alert_that_fires_without_the_injection_it_is_expected_of_is_no_detection_of_it(world: World) -> None:
    judgement = world.play(fires(205), fires(205), fires(205))
    (found,) = judgement.expectations
    assert (judgement.verdict, found.outcome) == ("unknown", "other_cause")
    assert found.reason == "it fires without slide too: other injections brought it about"
    assert found.detected_at_s == 205
    assert judgement.alerts[0].depends_on == ["slide", "noise"]  # gone only in the control: each would do
    assert [one.strength for one in influences(judgement.causes, "alert:0")] == ["either", "either"]


def test_alert_of_the_control_is_credited_to_nothing(world: World) -> None:
    judgement = world.play(fires(205), fires(205), fires(205), fires(205))
    assert (judgement.expectations[0].outcome, judgement.alerts[0].in_control) == ("in_control", True)
    assert judgement.alerts[0].depends_on == []
    assert "because" not in chains(judgement)[0].summary


def test_breach_that_another_injection_hides_or_brings_is_told_by_its_own_removal(world: World) -> None:
    world.breaks = lambda left: "slide" in left and "noise" in left
    judgement = world.play(fires(205), nothing, nothing)
    assert influences(judgement.causes, "breach:stablecoin_peg/USDT/warning/1") == [
        Influence("slide", "necessary"), Influence("noise", "necessary")
    ]  # fmt: skip
    assert judgement.alerts[0].depends_on == ["slide", "noise"]


def test_a_breach_too_short_to_be_due_without_another_injection_became_due_by_it(world: World) -> None:
    world.limits = LIMITS
    world.until = lambda left: 600 if "noise" in left else 230
    judgement = world.play(fires(265), nothing, nothing)
    assert judgement.verdict == "pass", judgement.reasons
    assert influences(judgement.causes, "breach:stablecoin_peg/USDT/warning/1") == [
        Influence("slide", "necessary"), Influence("noise", "necessary")
    ]  # fmt: skip


def test_a_breach_that_stands_in_every_arm_and_is_due_in_none_hangs_on_nothing(world: World) -> None:
    world.limits, world.breaks, world.until = LIMITS, lambda left: True, lambda left: 240

    def early(story: Any) -> None:
        story.alert(205, 245)

    judgement = world.play(early, early, early, early)
    breach, alert = judgement.causes.dependences
    assert (breach.node, breach.in_control, breach.depends_on) == ("breach:stablecoin_peg/USDT/warning/1", True, [])
    assert breach.influences == [Influence("slide", "independent", 0.0), Influence("noise", "independent", 0.0)]
    assert (alert.in_control, alert.depends_on) == (True, [])


def test_alert_that_another_injection_put_off_is_shifted_by_so_much(world: World) -> None:
    judgement = world.play(fires(214), nothing, fires(204))
    assert judgement.verdict == "pass"
    assert influences(judgement.causes, "alert:0") == [
        Influence("slide", "necessary"), Influence("noise", "shifted", 10.0)
    ]  # fmt: skip
    assert CausalEdge("effect:noise", "alert:0", -101.0, "removal", "shifted") in judgement.causes.edges
    (chain,) = [one for one in chains(judgement) if one.kind == "alert"]
    assert chain.summary == "fired, 14.000 s after it was due; because of slide, put off by noise"


def damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("spoil", "trouble"),
    [
        (lambda world: damaged(world.journals["without:slide"]), "the chain is broken"),
        (lambda world: world.journals["without:slide"].unlink(), "No such file"),
        (lambda world: world.journals["without:slide"].write_bytes(b"no journal"), "not a journal"),
        (lambda world: world.arm("without:slide", ["noise"], nothing, code="other"), "they differ in code"),
        (lambda world: world.arm("without:slide", ["slide"], nothing), "timeline holds slide"),
        (lambda world: world.arm("without:slide", ["noise"], nothing, arm="control"), "is of arm 'control'"),
        (lambda world: world.arm("without:slide", ["noise"], nothing, noise={"intensity": 2}), "noise otherwise"),
        (lambda world: world.arm("without:slide", ["noise"], nothing, monitor={"request_timeout_ns": 1}), "monitor"),
        (lambda world: world.arm("without:slide", ["noise"], nothing, resolved={"firm": {}}), "they differ in firm"),
    ],
)  # fmt: skip
def test_arm_that_cannot_be_compared_leaves_the_cause_unknown(
    world: World, spoil: Callable[[World], Any], trouble: str
) -> None:
    world.play(fires(205), nothing, fires(205))
    spoil(world)
    judgement = world.judge()
    (found,) = judgement.expectations
    assert (judgement.verdict, found.outcome) == ("unknown", "cause_unknown")
    assert found.reason == "whether it fires without slide too cannot be told: no such run tells"
    assert influences(judgement.causes, "alert:0")[0] == Influence("slide", "unknown")
    assert trouble in next(arm.trouble for arm in judgement.causes.arms if arm.removed == ["slide"])
    assert (check(judgement, "causes").verdict, trouble in check(judgement, "causes").reason) == ("pass", True)


def test_findings_of_an_arm_under_another_name_are_none(world: World, tmp_path: Path) -> None:
    world.play(fires(205), nothing, fires(205))
    of_arms: dict[Removed, Path] = {(name,): world.journals[f"without:{name}"] for name in ("slide", "noise")}
    journals = Journals(world.journals["run"], world.journals["control"], of_arms)
    data = pack(find(journals), seal(journals))
    assert unpack(data, seal(journals)) is not None
    other = Journals(journals.run, journals.control, {("noise",): of_arms["noise",], ("sly",): of_arms["slide",]})
    assert unpack(data, seal(other)) is None
    (outcome,) = judge_findings(find(other)).expectations
    assert outcome.outcome == "cause_unknown"


def test_a_proven_miss_is_not_hidden_by_an_arm_that_is_missing(world: World) -> None:
    world.play(nothing, nothing, nothing)
    damaged(world.journals["without:slide"])
    judgement = world.judge()
    assert (judgement.verdict, judgement.expectations[0].outcome) == ("fail", "missed")


def test_arm_that_differs_before_what_it_leaves_out_began_belies_the_laboratory(world: World) -> None:
    judgement = world.play(fires(205), nothing, lambda story: (story.alert(205), story.push(50, "btcusd")))
    found = check(judgement, "causes")
    assert (judgement.verdict, found.verdict) == ("unknown", "unknown")
    assert found.reason == (
        "the run without noise: it differs from the run at 50.000 s already, before what it leaves out began"
    )


def test_kept_findings_of_arms_give_the_same_judgement(world: World) -> None:
    judgement = world.play(fires(205), nothing, fires(205))
    journals = Journals(
        world.journals["run"], world.journals["control"],
        {(name,): world.journals[f"without:{name}"] for name in ("slide", "noise")},
    )  # fmt: skip
    sealed = seal(journals)
    kept = pack(find(journals), sealed)
    findings = unpack(kept, sealed)
    assert findings is not None
    assert judge_findings(findings) == judgement
    damaged(world.journals["without:slide"])
    assert unpack(kept, seal(journals)) is None


def test_a_missed_breach_is_told_with_its_cause(world: World) -> None:
    judgement = world.play(nothing, nothing, nothing)
    (chain,) = chains(judgement)
    assert (chain.kind, chain.name, chain.due_at_s) == ("missed", "stablecoin_peg USDT warning", 200)
    assert chain.summary == "due, and no alert fired; because of slide"
    assert [step.at_s for step in chain.steps] == [100, 120, 200, 200]
    assert chain.steps[-1].text == "An alert was due. None fired."
    assert chain.expectations == [
        "Expected stablecoin_peg USDT warning of slide, within 15 s of the breach: fail, due, and no alert fired."
    ]


def test_a_false_alarm_is_told_with_what_was_true(world: World) -> None:
    world.breaks = lambda left: False
    judgement = world.play(fires(205), nothing, fires(205))
    (chain,) = [one for one in chains(judgement) if one.kind == "alert"]
    told = [step.text for step in chain.steps]
    assert chain.truth == "false"
    assert "This was a false alarm: USDT was not beyond 50 bp at any time the monitor could mean." in told
    assert "The truth was never beyond 50 bp in the whole run." in told
    assert any(text.startswith("From 00:03:2") and "the true measure was 0 bp" in text for text in told)


def test_a_rule_that_was_never_due_says_so(world: World) -> None:
    world.breaks = lambda left: False
    judgement = world.play(nothing, nothing, nothing)
    assert chains(judgement) == []
    chain = next(one for one in quiet(judgement) if one.name == "stablecoin_peg USDT warning")
    assert [step.text for step in chain.steps] == ["The truth was never beyond 50 bp."]
