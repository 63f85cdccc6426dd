"""The run page in a real browser: it draws, zooms, steps, reads out and links, and the console stays clean."""

from __future__ import annotations

import pytest

from correlator.reporting import to_json
from dashboards.run_page.page import render
from tests.dashboards.conftest import Opener, Tab
from tests.dashboards.test_run_page import CONTAINED, JUDGEMENT

PAGE = render(to_json(JUDGEMENT))
WHOLE = "00:00:00 to 03:00:00"
LEFT, RIGHT = 264, 96  # of a chart: room for names, and for names of limits
PLOTTED = 1_200 - 2 * 16 - LEFT - RIGHT


def span(tab: Tab) -> object:
    return tab.run("document.getElementById('span').textContent")


def said(tab: Tab) -> object:
    """The panel that tells both views of a moment, one line for each thing said."""
    return tab.run("[...document.querySelectorAll('#moment p, #moment h4, #moment li')].map((one) => one.textContent)")


def x_of(at_s: float) -> float:
    """Where a moment of the whole run lies in the window."""
    return 16 + LEFT + PLOTTED * at_s / 10_800


def test_rows_of_truth_and_of_what_was_seen_lie_on_one_axis_of_time(opened: Opener) -> None:
    tab = opened(PAGE)
    lefts = [
        tab.run(f"document.querySelector('{one}').getBoundingClientRect().left")
        for one in ("#timeline rect.injected", "#timeline rect.breach", "#timeline rect.firing", "#measures path.fired")
    ]
    assert lefts == pytest.approx([x_of(3_600), x_of(7_200), x_of(7_204), x_of(7_204)], abs=0.6)


def test_keys_step_through_the_moments_and_say_both_views_of_each(opened: Opener) -> None:
    tab = opened(PAGE)
    tab.run("document.getElementById('timeline').focus()")
    for _ in range(6):
        tab.press("n")
    fired = said(tab)
    for _ in range(4):
        tab.press("p")
    assert fired == [
        "02:00:04.000 2023-02-20 02:00:04 UTC",
        "the risk manager sees",
        "stablecoin_peg USDT high firing since 02:00:04: 101.5 bp against 100 bp",
        "FALSE ALARM stablecoin_peg USDC high firing since 02:00:04: 101.5 bp against 100 bp",
        "true",
        "stablecoin_peg USDT high due 02:00:03.000",
        "stablecoin_peg USDT high beyond 100 bp since 02:00:00, at worst 140 bp",
        "injected slide since 01:00:00",
    ]
    assert said(tab) == [
        "01:00:05.000 2023-02-20 01:00:05 UTC",
        "the risk manager sees",
        "nothing",
        "true",
        "slide took effect 01:00:05.000",
        "injected slide since 01:00:00",
    ]
    assert tab.run("document.getElementById('timeline').getAttribute('aria-valuetext')") == (
        "01:00:05.000; seen: nothing; true: slide took effect 01:00:05.000, injected slide since 01:00:00"
    )
    tab.press("Escape")
    assert tab.run("document.getElementById('moment').hidden") is True


def test_zoom_keeps_the_moment_where_it_is_and_the_address_tells_both(opened: Opener) -> None:
    tab = opened(PAGE, "#t=7203")
    cursor = "document.querySelector('#timeline .cursor').getBoundingClientRect().left"
    tab.await_element("#timeline .cursor")
    before = tab.run(cursor)
    tab.run("document.getElementById('timeline').focus()")
    tab.press("+")
    tab.press("+")
    assert tab.run(cursor) == pytest.approx(before, abs=0.2)
    assert span(tab) == "01:30:02 to 02:15:02, zoomed"
    assert tab.run("new Promise((done) => setTimeout(() => done(location.hash), 400))") == (
        "#t=7203&from=5402.25&to=8102.25"
    )
    tab.press("0")
    assert span(tab) == WHOLE


def test_a_link_opens_its_moment_and_a_moment_in_a_table_leads_to_the_charts(opened: Opener) -> None:
    tab = opened(PAGE, "#t=7204&from=7190&to=7220")
    assert span(tab) == "01:59:50 to 02:00:20, zoomed"
    tab.run("document.querySelector('.chronicle a').click()")
    tab.settle()
    assert said(tab)[0] == "01:00:00.000 2023-02-20 01:00:00 UTC"  # type: ignore[index]
    assert tab.run("Math.abs(document.getElementById('charts').getBoundingClientRect().top)") < 2


def test_the_mouse_reads_out_zooms_by_dragging_and_a_double_click_undoes_it(opened: Opener) -> None:
    tab = opened(PAGE)
    chart = tab.place("#measures .chart")
    y = chart["top"] + 60
    output = "document.querySelector('#measures output').textContent"
    tab.mouse("mouseMoved", x_of(7_500), y)
    assert tab.run(output) == "90 to 140 bp within 600 s, beyond high"
    tab.mouse("mousePressed", x_of(5_400), y, button="left", clickCount=1)
    tab.mouse("mouseMoved", x_of(5_400) + 30, y, button="left", buttons=1)
    assert tab.run("document.querySelector('.selection').style.width") == "30px"
    tab.mouse("mouseReleased", x_of(10_800), y, button="left", clickCount=1)
    assert span(tab) == "01:30:00 to 03:00:00, zoomed"
    for count in (1, 2):
        tab.mouse("mousePressed", x_of(5_400), y, button="left", clickCount=count)
        tab.mouse("mouseReleased", x_of(5_400), y, button="left", clickCount=count)
    assert span(tab) == WHOLE
    tab.mouse("mouseWheel", x_of(5_400), y, deltaX=0, deltaY=-462, modifiers=2)
    assert span(tab) == "00:45:00 to 02:15:00, zoomed"


def test_fingers_pinch_to_zoom_and_one_of_them_moves_the_moment(opened: Opener) -> None:
    tab = opened(PAGE, width=390)
    chart = tab.place("#measures .chart")
    y = chart["top"] + 60
    middle = chart["left"] + 46 + (chart["width"] - 56) / 2
    tab.fingers("touchStart", (middle, y))
    tab.fingers("touchEnd")
    assert said(tab)[0] == "01:30:00.000 2023-02-20 01:30:00 UTC"  # type: ignore[index]
    tab.fingers("touchStart", (middle - 40, y), (middle + 40, y))
    tab.fingers("touchMove", (middle - 80, y), (middle + 80, y))
    tab.fingers("touchEnd")
    assert span(tab) == "00:45:00 to 02:15:00, zoomed"


def test_a_quiet_measure_opens_into_its_chart(opened: Opener) -> None:
    tab = opened(PAGE)
    assert tab.run("document.querySelectorAll('.spark').length") == 1
    tab.place("details[data-measure]")
    tab.run("document.querySelector('details[data-measure]').open = true")
    tab.settle()
    tab.settle()
    drawn = "document.querySelector('details[data-measure] figure svg').getAttribute('aria-label')"
    assert tab.run(drawn) == "truth of drawdown firm against its limits"


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1200, False)])
def test_nothing_hangs_over_the_edge_on_a_phone_or_a_laptop(opened: Opener, width: int, dark: bool) -> None:
    tab = opened(render(to_json(CONTAINED)), width=width, dark=dark)
    over = tab.run(
        """[...document.querySelectorAll(".chart text")].filter((text) => {
          const [inner, outer] = [text.getBoundingClientRect(), text.closest("svg").getBoundingClientRect()];
          return inner.left < outer.left - 1 || inner.right > outer.right + 1;
        }).map((text) => text.textContent)"""
    )
    page = tab.run("document.documentElement.scrollWidth")
    paper = tab.run("getComputedStyle(document.body).backgroundColor")
    assert (over, page, paper) == ([], width, "rgb(17, 17, 19)" if dark else "rgb(255, 255, 255)")
