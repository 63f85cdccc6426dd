"""Containment: when orders ceased in truth and what was lost until then, by hand and by brute force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlator.containment import look_again
from correlator.journal import Journal
from correlator.truth.uncontained import Course, Harm
from correlator.verdict import ContainmentOutcome, Judgement

S = 10**9
FIRM = {
    "strategies": [
        {"name": "arb", "account": "master", "venues": ["apex"]},
        {"name": "maker", "account": "master", "venues": ["apex"]},
    ]
}
TIMELINE = [{"inject": "slide", "fault": "x", "at_ns": 100 * S, "for_ns": 500 * S, "scope": {"strategy": "arb"}}]
EXPECT = {"alert": "stablecoin_peg", "asset": "USDT", "severity": "warning", "within_ns": 15 * S}


@pytest.fixture
def contain(play: Any) -> Any:
    """Play a depeg that is due at 200 s, with orders as told, and judge how it was contained."""

    def contain(tell: Any, ends_s: float | None = None, timeline: Any = TIMELINE, **asked: Any) -> Any:
        def told(story: Any) -> None:
            if ends_s is not None:
                body = ("slide", "x", "ended", story.at_ns(100), story.at_ns(600), "{}", "")
                story.audit("injection", ends_s, "coordinator", *body)
            tell(story)

        expect = [{**EXPECT, "contain": asked or {"within_ns": 10 * S}}]
        judgement = play(tell=told, expect=expect, firm=FIRM, timeline=timeline)
        found = judgement.expectations[0].contained
        assert judgement.expectations[0].verdict == found.verdict  # the alert itself came in time
        return found

    return contain


def summary(found: ContainmentOutcome) -> tuple[Any, ...]:
    return found.verdict, found.outcome, found.to_contain_s, found.orders


def test_harm_that_orders_no_more_in_time_is_contained(contain) -> None:
    def tell(story: Any) -> None:
        story.order(150, 1).order(205, 2).order(207, 1, "cancelled").order(208, 2, "cancelled")

    found = contain(tell)
    assert summary(found) == ("pass", "detected", 8, 1)
    assert (found.due_at_s, found.contained_at_s, found.last_order_at_s) == (200, 208, 205)
    assert found.accounts == ["apex:master"]


def test_control_that_came_too_late_fails(contain) -> None:
    found = contain(lambda story: story.order(225, 1).order(226, 1, "cancelled"))
    assert summary(found) == ("fail", "not_contained", 26, 1)
    assert found.reason == "contained 16.000 s after its deadline: orders went on until 225.0 s"
    rested = contain(lambda story: story.order(150, 1).order(226, 1, "cancelled"))
    assert rested.reason == "contained 16.000 s after its deadline: until then an order stood in a book"


def test_order_that_rests_to_the_end_was_never_contained(contain) -> None:
    found = contain(lambda story: story.order(150, 1))
    assert summary(found) == ("fail", "not_contained", None, 0)
    assert found.reason == "never contained: orders stood in the books to the end"


def test_strategy_that_stopped_by_itself_is_contained_all_the_same(contain) -> None:
    assert summary(contain(lambda story: story.order(150, 1).order(151, 1, "cancelled"))) == ("pass", "detected", 0, 0)


def test_orders_after_the_harm_was_over_are_no_harm(contain) -> None:
    found = contain(lambda story: story.order(205, 1).order(400, 2), ends_s=300)
    assert summary(found) == ("fail", "not_contained", 100, 1)
    assert found.reason == "contained only when the harm was over by itself, 90.000 s after its deadline"
    assert found.over_at_s == 300
    quiet = contain(lambda story: story.order(205, 1).order(206, 1, "expired").order(400, 2), ends_s=300)
    assert summary(quiet) == ("pass", "detected", 6, 1)


def test_flattening_and_orders_of_another_strategy_do_not_count(contain) -> None:
    def tell(story: Any) -> None:
        story.sent(204, "arb", "arb-flat1", "flatten").order(204, 1, kind="market", client="arb-flat1")
        story.order(204, 1, "expired", kind="market", client="arb-flat1")
        story.sent(300, "maker", "m-1").order(300, 2, client="m-1")

    assert summary(contain(tell)) == ("pass", "detected", 0, 0)


def test_orders_that_went_to_another_venue_are_harm_still(contain) -> None:
    def tell(story: Any) -> None:
        story.order(205, 1).order(206, 1, "cancelled")
        body = ("arb", "boreal", "spare", "elsewhere", "BTC/USD", "buy", "limit", "24000", "0.001", "sent", "")
        story.audit("intent", 220, "bridge", *body)
        story.order(221, 2, venue="boreal", account="spare", client="elsewhere")
        story.order(222, 2, "cancelled", venue="boreal", account="spare", client="elsewhere")

    assert summary(contain(tell)) == ("fail", "not_contained", 22, 2)


def test_stolen_key_is_harm_whoever_sent_the_order(contain) -> None:
    stolen = [{**TIMELINE[0], "scope": {"account": "master", "venue": "apex"}}]

    def tell(story: Any) -> None:
        story.sent(300, "maker", "m-1").order(300, 2, client="m-1").order(301, 2, "cancelled", client="m-1")

    assert summary(contain(tell, timeline=stolen)) == ("fail", "not_contained", 101, 1)


def test_loss_is_counted_until_it_was_contained(contain) -> None:
    def tell(story: Any) -> None:
        story.order(150, 1).order(220, 1, "cancelled")
        story.quote(211, 1, 23_900, tick=0.01)  # 100 BTC lose 100 USD each, until the next quote at 215 s
        story.quote(231, 1, 20_000, tick=0.01)  # no longer: it was contained

    lost = contain(tell, loss_below_usd=10_000.0)
    assert (lost.verdict, lost.outcome, lost.loss_usd) == ("fail", "lost_too_much", 10_000)
    assert contain(tell, loss_below_usd=10_000.01).verdict == "pass"


def test_no_order_may_be_accepted_after_the_moment_asked_for(contain) -> None:
    def tell(story: Any) -> None:
        story.order(205, 1).order(206, 1, "cancelled")

    assert contain(tell, no_orders_after_ns=5 * S).verdict == "pass"
    late = contain(tell, no_orders_after_ns=4 * S)
    assert (late.verdict, late.outcome) == ("fail", "orders_went_on")


def test_nothing_due_is_nothing_contained(play) -> None:
    expect = [{**EXPECT, "contain": {"within_ns": 10 * S}}]
    judgement: Judgement = play(expect=expect, firm=FIRM, timeline=TIMELINE, depegs_to=1.0, alert_at=None)
    found = judgement.expectations[0].contained
    assert found is not None
    assert (found.verdict, found.outcome, found.due_at_s) == ("unknown", "never_due", None)


# What happens at each second of a random history: an order of the harm, of its neighbour or of the gateway's flattening
# begins, ends or is filled in part, or the price moves.
EVENT = st.tuples(
    st.integers(0, 60),
    st.sampled_from(("accept", "neighbour", "flatten", "cancel", "fill", "half", "price")),
    st.integers(0, 7),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(EVENT, max_size=40),
    due_s=st.integers(0, 50),
    lasts_s=st.integers(1, 40),
    batch=st.sampled_from((3, 50)),
)
def test_the_course_of_harm_equals_what_a_look_at_every_second_tells(
    new_story: Any, tmp_path: Path, events: list[tuple[int, str, int]], due_s: int, lasts_s: int, batch: int
) -> None:
    story = new_story(length_s=61).found_world()
    story.quote(0, 1, 24_000, tick=0.01)
    story.quote(0, 0, 1.0)
    open_lots: dict[int, int] = {}
    rests: dict[int, int] = {}
    accepted: list[int] = []
    state: dict[int, tuple[bool, float]] = {}  # at the end of each second: whether any rests, equity
    price, btc, usd = 24_000.0, 100.0, 1_000_000.0
    until_s = due_s + lasts_s
    by_second: dict[int, list[tuple[str, int]]] = {}
    for at_s, what, number in events:
        by_second.setdefault(at_s, []).append((what, number))
    number = 0
    for at_s in range(62):
        for what, choice in by_second.get(at_s, []):
            if what in ("accept", "neighbour", "flatten"):
                number += 1
                open_lots[number] = 100
                if what == "accept":
                    rests[number] = 1
                    accepted.append(at_s)
                else:
                    strategy = "maker" if what == "neighbour" else "arb"
                    story.sent(at_s, strategy, f"o-{number}", "flatten" if what == "flatten" else "")
                story.order(at_s, number)
            elif what == "price":
                price = 24_000.0 + 100 * (choice - 3)
                story.quote(at_s, 1, price, tick=0.01)
            elif open_lots:
                chosen = sorted(open_lots)[choice % len(open_lots)]
                if what == "cancel":
                    story.order(at_s, chosen, "cancelled")
                    del open_lots[chosen]
                else:
                    lots = open_lots[chosen] if what == "fill" else min(50, open_lots[chosen])
                    story.audit(
                        "fill", at_s, "apex", 1, 1, 2_400_000, lots, "sell", "street", 0, "master", chosen, 0, 0
                    )
                    btc, usd = btc + lots * 1e-5, usd - lots * 1e-5 * 24_000
                    open_lots[chosen] -= lots
                    if not open_lots[chosen]:
                        del open_lots[chosen]
                if chosen not in open_lots:
                    rests.pop(chosen, None)
        state[at_s] = (bool(rests), btc * price + usd + 1_000_000.0)
    found = _course(story, tmp_path, due_s, until_s, batch)

    last_s = min(until_s - 1, 61)
    stirs = [at_s for at_s in accepted if due_s <= at_s <= last_s]
    # It stood up to the second in which the last one went, and goes within that.
    stirs += [at_s + 1 for at_s in range(due_s, last_s) if state[at_s][0]]
    stands = state[last_s][0]
    orders = [at_s for at_s in accepted if due_s <= at_s <= last_s]
    contained_s = None if stands else max(stirs, default=due_s)
    lowest = min(state[at_s][1] for at_s in range(due_s, (last_s if contained_s is None else contained_s) + 1))
    assert found.contained_ns == (None if contained_s is None else story.at_ns(contained_s))
    assert (found.orders, found.last_order_ns) == (len(orders), story.at_ns(orders[-1]) if orders else None)
    assert found.loss_usd == pytest.approx(max(0.0, state[due_s][1] - lowest), abs=1e-3)


def _course(story: Any, tmp_path: Path, due_s: int, until_s: int, batch: int) -> Course:
    path = story.write(tmp_path / "run.journal", batch=batch)
    harm = Harm(story.at_ns(due_s), story.at_ns(until_s), frozenset((("apex", "master"),)), frozenset(("arb",)))
    (course,) = look_again(Journal(path), [harm])
    return course
