"""``reconciliation`` and its confidence against a brute-force oracle, however an account's messages race and get lost.

The oracle is written from ``docs/reference/mandates.md`` alone: for every view that is compared it goes through all
that was ever shown, and decides anew of each whether the view holds it.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlator.journal import Journal
from correlator.reading import read_run
from tests.correlator.test_shown_accounts_truth import LINK, Desk

LIMITS = """
schema: riskproof-limits/1
stablecoins: [USDT, USDC]
limits:
  reconciliation: {each: {warning: 1 USD, high: 120 USD}, for: 1 s}
  reconciliation_confidence: {each: {warning: 95 %, high: 50 %}}
"""
QUOTE = b'{"stream":"btcusd@bookTicker","data":{"u":1,"s":"BTCUSD","b":"99","B":"1","a":"101","A":"1"}}'
MARKS = {"BTC": 100, "USD": 1}
BOUGHT = {"BTC": Decimal("0.499"), "USD": Decimal(-50)}


class Shown(NamedTuple):
    at_us: int
    happened_ms: int
    amounts: dict[str, Decimal]


class Seen(NamedTuple):
    asked_us: int
    came_us: int
    updated_ms: int
    balances: dict[str, Decimal]


delays_ms = st.sampled_from((0, 1, 40, 900, 1_999, 2_001, 4_000))
steps = st.lists(
    st.tuples(
        st.sampled_from((0, 1, 20, 400, 1_500, 2_500)),
        st.sampled_from(("fill", "fill", "lost", "twice", "phantom", "moved", "list", "view", "view", "view", "drop")),
        delays_ms,
        delays_ms,
    ),
    min_size=3,
    max_size=40,
)


def tell(desk: Desk, drawn: list[Any]) -> tuple[list[Shown], list[Seen], list[tuple[int, int]], int]:
    """Tell a story; returns what was shown, the views, when the stream was open, and the story's last ms.

    Everything has its own µs within a ms, so that no two things race at the very same moment.
    """
    shown: list[Shown] = []
    views: list[Seen] = []
    actions: list[tuple[int, int, str, int, int]] = []
    now_ms = busy_ms = 1_000
    for place, (wait_ms, kind, first_ms, second_ms) in enumerate(drawn):
        now_ms += wait_ms
        if kind == "view":
            if now_ms <= busy_ms:
                continue  # the one before is still under way
            busy_ms = now_ms + first_ms + second_ms + 1
            actions.append((now_ms + first_ms, place, kind, now_ms, second_ms))
        else:
            actions.append((now_ms, place, kind, first_ms, second_ms))
    spells: list[tuple[int, int]] = []
    opened_us, stream = 600_700, 2
    desk.open(opened_us / 1e6, stream)
    fills: list[tuple[int, int]] = []
    for at_ms, place, kind, first_ms, second_ms in sorted(actions):
        if kind == "view":
            asked_us, taken_us = first_ms * 1_000 + 300, at_ms * 1_000 + 400
            came_us = (at_ms + second_ms) * 1_000 + 500
            desk.view(asked_us / 1e6, taken_us / 1e6, came_us / 1e6)
            start_ms = desk.ms(0)
            views.append(Seen(asked_us, came_us, desk.updated_ms - start_ms, dict(desk.balances)))
        elif kind == "drop":
            spells.append((opened_us, at_ms * 1_000 + 600))
            desk.story.wire("stream", (at_ms * 1_000 + 600) / 1e6, LINK, stream, "left", "")
            opened_us, stream = at_ms * 1_000 + 700, stream + 1
            desk.open(opened_us / 1e6, stream)
        elif kind == "list":
            for trade_id, happened_ms in fills[-1:]:
                desk.trades((at_ms * 1_000 + 200) / 1e6, trade_id, happened_ms / 1e3)
                shown.append(Shown(at_ms * 1_000 + 200, happened_ms, {"id": Decimal(trade_id), **BOUGHT}))
        elif kind == "moved":
            desk.balances["USD"] += 700
            desk.updated_ms = desk.ms(at_ms / 1e3)
            told_us = (at_ms + first_ms) * 1_000 + 100
            event = {"e": "balanceUpdate", "a": "USD", "d": "700.0", "T": desk.updated_ms}
            desk.tell(at_ms / 1e3, event, told_us / 1e6)
            shown.append(Shown(told_us, at_ms, {"USD": Decimal(700)}))
        else:
            told_us = (at_ms + first_ms) * 1_000 + 100
            desk.fill(at_ms / 1e3, place, 0 if kind == "lost" else told_us / 1e6, is_real=kind != "phantom")
            if kind != "phantom":
                fills.append((place, at_ms))
            if kind != "lost":
                shown.append(Shown(told_us, at_ms, {"id": Decimal(place), **BOUGHT}))
            if kind == "twice":
                told_us += second_ms * 1_000 + 3
                desk.fill(at_ms / 1e3, place, told_us / 1e6, is_real=False)
                shown.append(Shown(told_us, at_ms, {"id": Decimal(place), **BOUGHT}))
    last_ms = max([now_ms, busy_ms]) + 20_000
    spells.append((opened_us, last_ms * 1_000))
    # What is under way on a stream that is left reaches nobody; lists of trades come by reply.
    ends_us = [end_us for _, end_us in spells]

    def reaches(one: Shown) -> bool:
        left_us = next(end_us for end_us in ends_us if end_us > one.happened_ms * 1_000)
        return one.at_us % 1_000 == 200 or one.at_us <= left_us

    reached = sorted(filter(reaches, shown), key=lambda one: (one.at_us, one.happened_ms))
    return reached, views, spells, last_ms


def once(shown: list[Shown]) -> list[Shown]:
    """A trade id counts once."""
    known: set[Decimal] = set()
    kept = []
    for one in shown:
        if "id" in one.amounts:
            if one.amounts["id"] in known:
                continue
            known.add(one.amounts["id"])
        kept.append(
            Shown(one.at_us, one.happened_ms, {asset: one.amounts[asset] for asset in one.amounts if asset != "id"})
        )
    return kept


def difference(first: Seen, view: Seen, shown: list[Shown]) -> dict[str, Decimal]:
    """What a view shows beyond what follows from the first and everything shown since."""
    expected = dict(first.balances)
    doubtful = []
    for one in shown:
        if one.at_us < first.asked_us or one.happened_ms <= first.updated_ms:
            continue  # in the first view already
        in_time = one.at_us <= view.came_us + 2_000_000 and one.happened_ms <= view.updated_ms
        if one.at_us >= view.asked_us and in_time and one.happened_ms == view.updated_ms:
            doubtful.append(one)
        elif one.at_us < view.asked_us or in_time:
            for asset, amount in one.amounts.items():
                expected[asset] += amount
    outcomes = []
    for count in range(len(doubtful) + 1):
        held = {
            asset: view.balances[asset] - expected[asset] - sum(one.amounts.get(asset, 0) for one in doubtful[:count])
            for asset in expected
        }
        outcomes.append((sum(map(bool, held.values())), -count, held))
    return min(outcomes, key=lambda outcome: outcome[:2])[2]


def courses(
    shown: list[Shown], views: list[Seen], spells: list[tuple[int, int]]
) -> dict[str, list[tuple[int, Decimal]]]:
    """The values of each measure, from when on."""
    found: dict[str, list[tuple[int, Decimal]]] = {name: [] for name in ("apex:BTC", "apex:USD", "apex")}
    confidence = Decimal(100)
    for opened_us, left_us in spells:
        ours = [view for view in views if opened_us < view.asked_us and view.came_us <= left_us]
        for view in ours[1:]:
            compared_us = view.came_us + 2_000_000
            if compared_us > left_us:
                continue
            missing = difference(ours[0], view, once(shown))
            for asset, amount in missing.items():
                found[f"apex:{asset}"].append((compared_us, abs(amount) * MARKS[asset]))
            confidence = (
                max(confidence - 20, Decimal(0)) if any(missing.values()) else min(confidence + 1, Decimal(100))
            )
            found["apex"].append((compared_us, confidence))
        for asset in MARKS:
            found[f"apex:{asset}"].append((left_us, Decimal(0)))
    return found


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=steps, batch=st.sampled_from((1, 5, 500)))
def test_reconciliation_equals_the_brute_force_oracle(new_story: Any, tmp_path: Path, drawn: Any, batch: int) -> None:
    story = new_story(limits=LIMITS, length_s=1).found_world()
    story.wire("push", 0.5, LINK, 1, QUOTE, story.at_ns(0.5))
    desk = Desk(story)
    shown, views, spells, last_ms = tell(desk, drawn)
    story.length_s = last_ms / 1e3
    story.header["end_ns"] = story.at_ns(story.length_s)
    board = read_run(Journal(story.write(tmp_path / "run.journal", batch=batch))).board
    expected = courses(shown, views, spells)
    for rule in board.rules():
        course = expected[rule.subject]
        sign = -1 if rule.tracker.below else 1
        threshold = {"warning": 1.0, "high": 120.0} if sign > 0 else {"warning": 95.0, "high": 50.0}
        due: list[tuple[int, int | None]] = []
        inside = False
        for at_us, value in course:
            above = float(value) * sign > threshold[rule.severity] * sign
            if above and not inside:
                due.append((at_us, None))
            elif inside and not above:
                due[-1] = (due[-1][0], at_us)
            inside = above
        if inside and sign > 0:
            raise AssertionError("every stream is left in the end")
        if due and due[-1][1] == last_ms * 1_000:
            due[-1] = (due[-1][0], None)
        start_ns = story.at_ns(0)
        found = [
            ((one.begins_ns - start_ns) // 1_000, one.ends_ns and (one.ends_ns - start_ns) // 1_000)
            for one in rule.tracker.intervals
        ]
        assert found == due, (rule.mandate, rule.subject, rule.severity)
        for one in rule.tracker.intervals:
            until_ns = one.ends_ns or story.at_ns(last_ms / 1e3)
            due_ns = one.begins_ns + rule.tracker.hold_ns
            assert one.due_ns == (due_ns if until_ns >= due_ns else None)
