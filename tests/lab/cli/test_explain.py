"""`lab explain`: one chain as a story, from the verdict that a run left."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from correlator.cause.graph import CausalEdge, CausalGraph, CausalNode, Dependence, Influence
from correlator.reporting import to_json
from correlator.verdict import (
    AlertOutcome,
    BreachOutcome,
    Ending,
    ExpectationOutcome,
    InjectionOutcome,
    Judgement,
    RuleOutcome,
)
from lab.cli import main

SLIDE = InjectionOutcome("slide", "stablecoin_depeg", 60.0, None, 60.0, 61.5, 61.5, None, False, "", [], [])
STALL = InjectionOutcome("stall", "feed_stall", 70.0, None, 70.0, 71.0, 71.0, None, False, "", [], [])
BREACH = BreachOutcome(120.0, None, 123.0, 1.2, 1, [])
RULES = [
    RuleOutcome("stablecoin_peg", "USDT", "high", "100 bp", "bp", 3.0, 1, 1, 120.0, 123.0, 0.0, True, [BREACH]),
    RuleOutcome("drawdown", "firm", "high", "15 %", "%", 0.0, 0, 0, None, None, 0.0, False, []),
]
ALERT = AlertOutcome(
    "stablecoin_peg", "USDT", "high", "stablecoin_peg/USDT/high/1", 120.0, 133.0, None, 104.0, 100.0, "bp", "true",
    False, True, "USDT was truly beyond 100 bp", [], [], depends_on=["slide"],
)  # fmt: skip
EXPECTED = ExpectationOutcome(
    alert="stablecoin_peg", asset="USDT", severity="high", of="breach", injection="slide", verdict="pass",
    outcome="detected", reason="fired by its deadline", deadline_s=15.0,
)  # fmt: skip
NAME = "stablecoin_peg/USDT/high/1"
GRAPH = CausalGraph(
    [
        CausalNode("injection:slide", "injection", "slide (stablecoin_depeg)", 60.0, 0),
        CausalNode("effect:slide", "effect", "USDT/USD at apex: 0.98 instead of 1", 61.5, 0),
        CausalNode("injection:stall", "injection", "stall (feed_stall)", 70.0, 1),
        CausalNode("effect:stall", "effect", "a frame was withheld", 71.0, 1),
        CausalNode(f"breach:{NAME}", "breach", "stablecoin_peg USDT went beyond 100 bp", 120.0, 0),
        CausalNode(f"due:{NAME}", "due", "stablecoin_peg USDT high is owed", 123.0, 0),
        CausalNode("alert:0", "alert", "stablecoin_peg USDT high", 133.0, 0),
    ],
    [
        CausalEdge("injection:slide", "effect:slide", 1.5, "removal", "necessary"),
        CausalEdge("injection:stall", "effect:stall", 1.0, "removal", "necessary"),
        CausalEdge(f"breach:{NAME}", f"due:{NAME}", 3.0, "time"),
        CausalEdge("effect:slide", f"breach:{NAME}", 58.5, "removal", "necessary"),
        CausalEdge(f"due:{NAME}", "alert:0", 10.0, "evidence"),
        CausalEdge("effect:stall", "alert:0", 62.0, "removal", "shifted"),
    ],
    [
        Dependence(
            f"breach:{NAME}", False,
            [Influence("slide", "necessary"), Influence("stall", "independent", 0.0)], ["slide"], [["slide"]],
        ),
        Dependence(
            "alert:0", False, [Influence("slide", "necessary"), Influence("stall", "shifted", 9.5)], ["slide"],
            [["slide"]],
        ),
    ],
)  # fmt: skip
JUDGEMENT = Judgement(
    verdict="pass", reasons=[], scenario="a_story", case="noticed", seed=7, description="", tags=[], start_ns=0,
    ended=Ending("completed", 600.0, 600.0, ""), versions={}, code="abc", checks=[], injections=[SLIDE, STALL],
    expectations=[EXPECTED], forbids=[], alerts=[ALERT], false_alarms=[], unexpected=[], unalerted=[], rules=RULES,
    series=[], counts={}, causes=GRAPH,
)  # fmt: skip

STORY = """\
a_story · noticed · seed 7: pass

stablecoin_peg USDT high (stablecoin_peg/USDT/high/1)
  00:01:00.000  slide (stablecoin_depeg) began.
  00:01:01.500  slide took effect, the first difference on the wire: USDT/USD at
                apex: 0.98 instead of 1.
  00:01:10.000  stall (feed_stall) began.
  00:01:11.000  stall took effect, the first difference on the wire: a frame was
                withheld.
  00:02:00.000  In truth stablecoin_peg USDT went beyond 100 bp. Without slide
                this does not come. This does not hang on stall.
  00:02:03.000  An alert of stablecoin_peg USDT high is due.
  00:02:13.000  The monitor fired stablecoin_peg USDT high, 10.000 s after it
                was due: it saw 104 against a limit of 100 bp. Without slide it
                does not come. Without stall it comes 9.500 s earlier.
                It did not resolve before the run ended.
  Expected stablecoin_peg USDT high of slide, within 15 s of the breach: pass,
  fired by its deadline.
"""


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    (tmp_path / "verdict.json").write_bytes(to_json(JUDGEMENT))
    return tmp_path


def explain(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["explain", *map(str, arguments)])
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.mark.parametrize("name", [NAME, "stablecoin_peg", "stablecoin_peg/USDT", "stablecoin_peg/USDT/high"])
def test_an_alert_is_told_by_its_id_or_its_rule(capsys: pytest.CaptureFixture[str], run_dir: Path, name: str) -> None:
    assert explain(capsys, run_dir, name) == (0, STORY, "")


def test_without_a_name_every_chain_is_told_briefly(capsys: pytest.CaptureFixture[str], run_dir: Path) -> None:
    code, out, err = explain(capsys, run_dir)
    assert (code, err) == (0, "")
    assert (
        out
        == f"""\
a_story · noticed · seed 7: pass
injection slide (stablecoin_depeg): began 00:01:00.000, took effect 00:01:01.500
injection stall (feed_stall): began 00:01:10.000, took effect 00:01:11.000
00:02:13.000  stablecoin_peg USDT high
              fired, 10.000 s after it was due; because of slide, put off by
              stall

next: lab explain {run_dir} ALERT
"""
    )


def test_a_rule_that_was_never_due_is_told_as_such(capsys: pytest.CaptureFixture[str], run_dir: Path) -> None:
    code, out, _ = explain(capsys, run_dir, "drawdown/firm")
    assert (code, out.splitlines()[2:]) == (
        0, ["drawdown firm high", " " * 16 + "The truth was never beyond 15 %."]
    )  # fmt: skip


def test_a_typo_is_met_with_the_nearest_name(capsys: pytest.CaptureFixture[str], run_dir: Path) -> None:
    code, out, err = explain(capsys, run_dir, "stablecoin_peg/USTD")
    assert (code, out) == (2, "")
    assert err == (
        f"{run_dir}: no alert or rule 'stablecoin_peg/USTD'; expected an alert_id, mandate[/asset[/severity]] or "
        "control[/subject]; without one, all are listed; did you mean stablecoin_peg/USDT?\n"
    )


def test_json_is_one_document_with_the_graph(capsys: pytest.CaptureFixture[str], run_dir: Path) -> None:
    code, out, err = explain(capsys, run_dir, NAME, "--json")
    document = msgspec.json.decode(out)
    assert (code, err, list(document)) == (0, "", ["scenario", "case", "seed", "verdict", "chains", "causes"])
    assert [(one["id"], one["depends_on"], len(one["steps"])) for one in document["chains"]] == [(NAME, ["slide"], 8)]
    assert msgspec.convert(document["causes"], CausalGraph) == GRAPH


@pytest.mark.parametrize(
    ("stored", "complaint"),
    [
        (None, "{0}: holds no verdict.json; expected a directory that `lab run` wrote\n"),
        (b"{}", "{0}/verdict.json: not a verdict of this version (Object missing required field `verdict`); "
                "next: lab judge {0}\n"),
        (to_json(msgspec.structs.replace(JUDGEMENT, causes=CausalGraph())),
         "{0}/verdict.json: holds no causes; next: lab judge {0}\n"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_says_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, stored: bytes | None, complaint: str
) -> None:
    if stored is not None:
        (tmp_path / "verdict.json").write_bytes(stored)
    assert explain(capsys, tmp_path, "drawdown") == (2, "", complaint.format(tmp_path))
