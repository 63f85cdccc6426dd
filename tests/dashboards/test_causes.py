"""The causal graph on the run page: layers from injection to resolution, lines that tell what shows them, and words."""

from __future__ import annotations

import re

import msgspec

from correlator.cause.graph import CausalEdge, CausalGraph, CausalNode, Dependence
from correlator.reporting import to_json
from dashboards.run_page.causes import MOST_PER_LAYER
from dashboards.run_page.page import render
from tests.dashboards.conftest import Opener
from tests.dashboards.test_run_page import JUDGEMENT, outline, told

GRAPH = CausalGraph(
    [
        CausalNode("injection:slide", "injection", "slide", 3_600.0, 0),
        CausalNode("effect:slide", "effect", "slide on the wire", 3_605.0, 0),
        CausalNode("breach:0", "breach", "stablecoin_peg USDT high <bound>", 7_200.0, 0),
        CausalNode("due:0", "due", "stablecoin_peg USDT high", 7_203.0, 0),
        CausalNode("alert:0", "alert", "stablecoin_peg USDT high", 7_204.0, 0),
        CausalNode("alert:1", "alert", "stablecoin_peg USDC high", None, 1),
    ],
    [
        CausalEdge("injection:slide", "effect:slide", 5.0, "evidence"),
        CausalEdge("effect:slide", "breach:0", 3_595.0, "removal", "necessary"),
        CausalEdge("breach:0", "due:0", 3.0, "evidence"),
        CausalEdge("due:0", "alert:0", 1.0, "time"),
        CausalEdge("injection:slide", "alert:1", None, "removal", "unknown"),
    ],
    [
        Dependence("breach:0", False, [], ["slide"], [["slide"]]),
        Dependence("alert:1", None, [], [], [], "no arm leaves it out"),
    ],
    [],
    2,
)


def page(graph: CausalGraph) -> str:
    return render(to_json(msgspec.structs.replace(JUDGEMENT, causes=graph)))


def test_events_stand_in_layers_with_the_time_of_each_step() -> None:
    drawn = page(GRAPH)
    outline(drawn)
    heads = re.findall(r'<text class="group" x="(\d+)" y="14">(\w+)</text>', drawn)
    assert heads == [("1", "injection"), ("198", "effect"), ("431", "breach"), ("628", "due"), ("825", "alert")]
    assert re.findall(r'class="took"[^>]*>([^<]*)<', drawn) == ["+5 s", "+3595 s", "+3 s", "+1 s"]
    assert "breach: stablecoin_peg USDT high &lt;bound&gt;, 02:00:00" in drawn
    assert "… and 2 more events in verdict.json." in told(drawn)


def test_what_shows_a_step_is_told_by_its_line_and_in_words() -> None:
    drawn = page(GRAPH)
    kinds = re.findall(r'<path class="edge ([\w ]+)" d="M\d+ \d+C', drawn)
    assert kinds == ["evidence", "removal necessary", "evidence", "time", "removal unknown"]
    text = told(drawn)
    assert "gone without it no arm to tell by a record or the rule names it only came after it" in text
    assert "breach stablecoin_peg USDT high <bound> 02:00:00 slide slide does not come" in text
    assert "alert stablecoin_peg USDC high never nothing injected no arm leaves it out – not known" in text


def test_no_graph_no_section() -> None:
    assert "What caused what" not in render(to_json(JUDGEMENT))


def test_a_layer_draws_no_more_than_it_can_show_and_says_how_many_are_left() -> None:
    nodes = [CausalNode(f"alert:{place}", "alert", "x", float(place), place) for place in range(MOST_PER_LAYER + 5)]
    drawn = page(CausalGraph(nodes))
    assert drawn.count('<g class="box-alert">') == MOST_PER_LAYER
    assert "… and 5 more events in verdict.json." in told(drawn)


def test_boxes_do_not_lie_on_one_another_and_labels_stay_within_them(opened: Opener) -> None:
    level = CausalNode("breach:1", "breach", "stablecoin_peg USDT warning", 7_100.0, 1)  # hangs on what the other does
    third = CausalNode("alert:2", "alert", "daily_loss firm high", 7_300.0, 2)
    edges = [*GRAPH.edges, CausalEdge("breach:1", "due:0", 1.0, "time")]
    tab = opened(page(CausalGraph([*GRAPH.nodes, level, third], edges)), width=390)
    found = tab.run(
        """[...document.querySelectorAll(".causes g")].map((box) => {
          const rect = box.querySelector("rect").getBoundingClientRect();
          const ends = [...box.querySelectorAll("text")].map((text) => text.getBoundingClientRect().right);
          return [rect.x, rect.y, rect.right, rect.bottom, Math.max(...ends) <= rect.right];
        })"""
    )
    assert all(fits for *_, fits in found)
    for place, (left, top, right, bottom, _) in enumerate(found):
        for other_left, other_top, other_right, other_bottom, _ in found[place + 1 :]:
            apart = right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top
            assert apart
