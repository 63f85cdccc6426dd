"""What was shown of prices and books: crossed books, bad ticks, frozen feeds, gaps, lost snapshots and blindness, each
against a plain reckoning."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlator.journal import Journal
from correlator.reading import read_run

LINK = "monitor>apex"
LIMITS = """
schema: riskproof-limits/1
stablecoins: [USDT, USDC]
limits:
  feed_staleness: {prices: {high: 5 s}, positions: {high: 30 s}}
  crossed_book: {each: {high: 0 bp}}
  bad_tick: {each: {high: 100 bp}}
  frozen_feed: {each: {high: 20 s}}
  sequence_gap: {each: {high: 1 times}, window: 10 s}
  snapshot_loss: {each: {high: 20 %}, window: 30 s}
  api_errors: {each: {high: 10 %}, window: 30 s}
  visibility: {each: {high: 3 s}, firm: {high: 4 s}}
  heartbeat: {each: {high: 7 s}}
"""
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Spans = list[tuple[float, float | None]]


def spans(story: Any, path: Path, mandate: str, subject: str, batch: int = 7) -> Spans:
    """When a rule was in breach, in seconds since the start; None: to the end."""
    rules = read_run(Journal(story.write(path / "run.journal", batch=batch))).board.rules()
    (rule,) = [one for one in rules if (one.mandate, one.subject) == (mandate, subject)]

    def seconds(at_ns: int | None) -> float | None:
        return None if at_ns is None else round((at_ns - story.at_ns(0)) / 1e9, 6)

    return [(seconds(one.begins_ns) or 0.0, seconds(one.ends_ns)) for one in rule.tracker.intervals]


def show(story: Any, at_s: float, bid: float, ask: float, pair: str = "btcusd", link: str = LINK, **other: Any) -> None:
    """A quote that arrives 5 ms later; ``sizes``: 0 for an empty side."""
    bid_size, ask_size = other.get("sizes", (1, 1))
    data = {"u": 1, "s": pair.upper(), "b": str(bid), "B": str(bid_size), "a": str(ask), "A": str(ask_size)}
    payload = json.dumps({"stream": f"{pair}@bookTicker", "data": data}, separators=(",", ":")).encode()
    arrives_ns = other.get("arrives_ns", story.at_ns(round(at_s + 0.005, 6)))
    story.wire("push", at_s, link, 1, payload, arrives_ns)


def merged(held: list[tuple[float, bool]]) -> Spans:
    """Spans in which something held, from ``(moment, whether)`` in order."""
    found: Spans = []
    inside = False
    for at_s, holds in held:
        if holds and not inside:
            found.append((at_s, None))
        elif inside and not holds:
            found[-1] = (found[-1][0], at_s)
        inside = holds
    return [span for span in found if span[0] != span[1]]


def test_a_bid_above_the_ask_stands_until_the_next_quote(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=20).found_world()
    for at_s, bid, ask in ((1, 100, 101), (2, 101, 100.5), (3, 102, 101), (4, 100, 100), (5, 100, 101)):
        show(story, at_s, bid, ask)
    assert spans(story, tmp_path, "crossed_book", "apex:BTC/USD") == [(2.005, 4.005)]


def test_a_book_without_a_side_is_not_crossed(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=20).found_world()
    show(story, 1, 100, 0, sizes=(1, 0))
    assert spans(story, tmp_path, "crossed_book", "apex:BTC/USD") == []


def test_what_cannot_be_read_shows_nothing(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=20).found_world()
    show(story, 1, 100, 101)
    body = b'{"stream":"btcusd@bookTicker","data":{"u":1,"s":"BTCUSD","b":"1x2.0","B":"1","a":"1","A":"1"}}'
    story.wire("push", 2, LINK, 1, body, 0)
    story.wire("arrival", 2, LINK, 1, "push", 1, 0, body, story.at_ns(2.1))
    story.wire("push", 3, LINK, 1, body, story.at_ns(3.1))
    show(story, 4, 101, 100)
    assert spans(story, tmp_path, "crossed_book", "apex:BTC/USD") == [(4.005, None)]


def test_what_was_changed_on_its_way_counts_as_it_arrived(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=20).found_world()
    show(story, 1, 100, 101, arrives_ns=0)
    body = b'{"stream":"btcusd@bookTicker","data":{"u":1,"s":"BTCUSD","b":"500","B":"1","a":"101","A":"1"}}'
    story.wire("arrival", 1, LINK, 1, "push", 1, 0, body, story.at_ns(1.5))
    assert spans(story, tmp_path, "crossed_book", "apex:BTC/USD") == [(1.5, None)]


def test_what_was_under_way_on_a_stream_that_is_left_shows_nothing(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=20).found_world()
    show(story, 1, 102, 101)
    show(story, 2, 100, 101)
    story.wire("stream", 2.002, LINK, 1, "left", "")
    assert spans(story, tmp_path, "crossed_book", "apex:BTC/USD") == [(1.005, None)]


quotes = st.lists(
    st.tuples(st.sampled_from((0.4, *(1.0,) * 30, 5.0, 7.0)), st.sampled_from((*(100, 100.5, 102, 103) * 5, 99, None))),
    min_size=14,
    max_size=50,
)


@SLOW
@given(drawn=quotes, batch=st.sampled_from((1, 7, 500)))
def test_a_bad_tick_is_held_against_the_eleven_before_it(new_story, tmp_path: Path, drawn: Any, batch: int) -> None:
    story = new_story(limits=LIMITS, length_s=500).found_world()
    at_s, last_s = 0.0, 0.0
    before: list[float] = []
    held: list[tuple[float, bool]] = []
    for wait_s, mid in drawn:
        at_s = round(at_s + wait_s, 6)
        show(story, at_s, mid or 0, mid or 0, sizes=(1, 1) if mid else (0, 1))
        if mid is None:
            held.append((round(at_s + 0.005, 6), False))
            continue
        if round(at_s - last_s, 6) > 5:
            before.clear()
        is_bad = len(before) == 11 and abs(mid / median(before) - 1) > 0.01 + 1e-9
        held.append((round(at_s + 0.005, 6), is_bad))
        before = [*before, mid][-11:]
        last_s = at_s
    assert spans(story, tmp_path, "bad_tick", "apex:BTC/USD", batch) == merged(held)


@SLOW
@given(
    drawn=st.lists(
        st.tuples(st.sampled_from((0.4, 1, 3, 3, 9)), st.sampled_from((*(False,) * 15, True))), min_size=12, max_size=70
    ),
    batch=st.sampled_from((1, 7, 500)),
)
def test_a_feed_that_repeats_itself_is_frozen(new_story, tmp_path: Path, drawn: Any, batch: int) -> None:
    story = new_story(limits=LIMITS, length_s=900).found_world()
    at_s, price = 0.0, 100
    changed_s, same = 0.0, 0
    arrivals: list[tuple[float, float, int]] = []  # arrival, since when nothing has changed, quotes since
    for wait_s, changes in drawn:
        at_s = round(at_s + wait_s, 6)
        price += changes
        show(story, at_s, price, price + 1)
        arrived_s = round(at_s + 0.005, 6)
        if changes or not arrivals:
            changed_s, same = arrived_s, 0
        else:
            same += 1
        arrivals.append((arrived_s, changed_s, same))
    held: list[tuple[float, bool]] = []
    following = [*[arrival[0] for arrival in arrivals[1:]], 900.0]
    for (arrived_s, since_s, count), next_s in zip(arrivals, following, strict=True):
        held.append((arrived_s, count >= 10 and arrived_s - since_s > 20))
        if count >= 10 and arrived_s <= round(since_s + 20, 6) < next_s:
            held.append((round(since_s + 20, 6), True))
    assert spans(story, tmp_path, "frozen_feed", "apex:BTC/USD", batch) == merged(held)


def depth(story: Any, at_s: float, first: int, last: int, stream: int = 9) -> None:
    data = {"e": "depthUpdate", "E": 1, "s": "BTCUSD", "U": first, "u": last, "b": [], "a": []}
    payload = json.dumps({"stream": "btcusd@depth@100ms", "data": data}, separators=(",", ":")).encode()
    story.wire("push", at_s, LINK, stream, payload, story.at_ns(at_s))


def test_gaps_are_frames_that_do_not_follow_and_leave_the_window(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=60).found_world()
    for at_s, first, last in ((1, 5, 8), (2, 9, 9), (3, 11, 12), (4, 13, 13), (6, 13, 14), (7, 15, 15)):
        depth(story, at_s, first, last)
    depth(story, 8, 100, 100, stream=10)  # another connection follows on nothing
    assert spans(story, tmp_path, "sequence_gap", "apex:BTC/USD") == [(6, 13)]


def test_updates_of_a_book_are_no_price(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=12).found_world()
    for at_s in range(12):
        depth(story, at_s, at_s, at_s)
    assert spans(story, tmp_path, "feed_staleness", "apex:BTC/USD") == [(5, None)]


def share_spans(outcomes: list[tuple[float, bool]], window_s: float, fewest: int, bound: float, end_s: float) -> Spans:
    moments = sorted({at_s for at_s, _ in outcomes} | {round(at_s + window_s, 6) for at_s, _ in outcomes})
    held: list[tuple[float, bool]] = []
    for now_s in moments:
        ended = [one for one in outcomes if one[0] <= now_s]
        recent = [one for one in ended if one[0] > round(now_s - window_s, 6)]
        counted = recent if len(recent) >= fewest else ended[-fewest:]
        is_beyond = len(counted) >= fewest and sum(bad for _, bad in counted) / len(counted) > bound + 1e-9
        held.append((now_s, is_beyond))
    return merged([one for one in held if one[0] <= end_s])


@SLOW
@given(
    drawn=st.lists(
        st.tuples(
            st.sampled_from((0.3, 0.3, 1, 2, 9)), st.sampled_from((*(200,) * 16, 404, 503, 503, None, "garbage"))
        ),
        min_size=12,
        max_size=60,
    )
)
def test_shares_of_failed_requests_and_lost_snapshots(new_story, tmp_path: Path, drawn: Any) -> None:
    story = new_story(limits=LIMITS, length_s=600).found_world()
    at_s = 0.0
    failed: list[tuple[float, bool]] = []
    lost: list[tuple[float, bool]] = []
    for place, (wait_s, status) in enumerate(drawn):
        at_s = round(at_s + wait_s + place * 1e-6, 6)
        number = 1_000 + place
        story.wire("request", at_s, LINK, number, "GET", "/api/v3/depth?symbol=BTCUSD", b"", story.at_ns(at_s))
        if status is None:
            failed.append((round(at_s + 10, 6), True))
            lost.append((round(at_s + 10, 6), True))
            continue
        body = b'{"lastUpdateId":1,"bids":[["1.0","2"]],"asks":[]}'
        if status == "garbage":
            body = body[:-5]
        elif status != 200:
            body = b"{}"
        code = 200 if status == "garbage" else status
        story.wire("reply", round(at_s + 0.01, 6), LINK, number, code, body, story.at_ns(round(at_s + 0.02, 6)))
        failed.append((round(at_s + 0.02, 6), code == 503))
        lost.append((round(at_s + 0.02, 6), status != 200))
    failed.sort()
    lost.sort()
    assert spans(story, tmp_path, "api_errors", "apex") == share_spans(failed, 30, 20, 0.1, 600)
    assert spans(story, tmp_path, "snapshot_loss", "apex") == share_spans(lost, 30, 10, 0.2, 600)


def test_a_strategy_is_silent_from_its_last_heartbeat_on(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=30).found_world()
    story.header["monitor"]["reads"]["bridge"] = {"links": ["monitor>bridge"], "strategies": ["maker", "arb"]}
    for at_s, alive in ((1, ["maker", "arb"]), (5, ["maker"]), (9, ["maker"]), (20, ["maker", "arb"])):
        payload = json.dumps({"type": "heartbeats", "alive": alive, "at": 1}, separators=(",", ":")).encode()
        story.wire("push", at_s, "monitor>bridge", 1, payload, story.at_ns(at_s))
    assert spans(story, tmp_path, "heartbeat", "maker") == [(16, 20), (27, None)]
    assert spans(story, tmp_path, "heartbeat", "arb") == [(8, 20), (27, None)]


def test_the_gateway_is_no_venue_whose_api_fails(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=600).found_world()
    story.header["monitor"]["reads"]["bridge"] = {"links": ["monitor>bridge"], "strategies": ["maker"]}
    for at_s in range(30):
        story.ask(at_s, 503, link="monitor>bridge", target="/v1/time")
    subjects = {rule.subject for rule in read_run(Journal(story.write(tmp_path / "run.journal"))).board.rules()}
    assert "bridge" not in subjects


def view(story: Any, at_s: float, **balances: str) -> None:
    """An account view that shows ``balances`` and nothing else."""
    shown = [{"asset": asset, "free": amount, "locked": "0"} for asset, amount in balances.items()]
    body = json.dumps({"updateTime": 1, "balances": shown}).encode()
    number = 5_000 + len(story.entries)
    story.wire("request", at_s, LINK, number, "GET", "/api/v3/account?x", b"", story.at_ns(at_s))
    story.wire("reply", at_s, LINK, number, 200, body, story.at_ns(round(at_s + 0.01, 6)))


def test_an_asset_is_seen_while_any_venue_quotes_it_and_only_if_it_is_held(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=100).found_world()
    story.audit("listing", 0, "boreal", "BTC/USD", 0, "BTC", "USD", "0.01", "0.00001")
    story.header["monitor"]["reads"]["boreal"] = {"links": ["monitor>boreal"]}
    for at_s in range(0, 100, 10):
        view(story, at_s, BTC="1", ETH="0")
    for at_s in (0, 4, 8, 30, 34, 38):
        show(story, at_s, 100, 101)
    for at_s in (11, 16, 41):
        show(story, at_s, 100, 101, link="monitor>boreal")
    show(story, 42, 0, 101, link="monitor>boreal", sizes=(0, 1))
    # Nothing fresh from 21.005 to 30.005 and, boreal's last quote having no mid, from 43.005 on.
    assert spans(story, tmp_path, "visibility", "BTC") == [(24.005, 30.005), (46.005, None)]
    assert spans(story, tmp_path, "visibility", "firm") == [(25.005, 30.005), (47.005, None)]


def test_the_firm_is_unseen_while_an_account_is(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=100).found_world()
    for at_s in range(100):
        show(story, at_s, 100, 101)
    for at_s in (0, 20, 60):
        view(story, at_s, BTC="1")
    # From 50.01 on the last view, of 20.01, is older than 30 s; so is that of 60.01 from 90.01 on.
    assert spans(story, tmp_path, "visibility", "firm") == [(54.01, 60.01), (94.01, None)]
    assert spans(story, tmp_path, "visibility", "BTC") == []


@SLOW
@given(
    drawn=st.lists(
        st.tuples(st.sampled_from((0.5, 2, 4, 6, 9)), st.sampled_from(("apex", "boreal")), st.booleans()),
        min_size=1,
        max_size=40,
    ),
    batch=st.sampled_from((1, 7, 500)),
)
def test_blindness_equals_a_plain_reckoning(new_story, tmp_path: Path, drawn: Any, batch: int) -> None:
    story = new_story(limits=LIMITS, length_s=400).found_world()
    story.audit("listing", 0, "boreal", "BTC/USD", 0, "BTC", "USD", "0.01", "0.00001")
    story.header["monitor"]["reads"]["boreal"] = {"links": ["monitor>boreal"]}
    view(story, 0, BTC="1")
    shown: dict[str, list[tuple[float, bool]]] = {"apex": [], "boreal": []}
    at_s = 0.1
    for wait_s, venue, has_mid in drawn:
        at_s = round(at_s + wait_s, 6)
        show(story, at_s, 100, 101, link=f"monitor>{venue}", sizes=(1, 1) if has_mid else (1, 0))
        shown[venue].append((round(at_s + 0.005, 6), has_mid))

    def is_fresh(now_s: float) -> bool:
        lasts = [max((one for one in came if one[0] <= now_s), default=None) for came in shown.values()]
        return any(last is not None and last[1] and now_s < round(last[0] + 5, 6) for last in lasts)

    changes = {0.01, 400.0} | {one[0] for came in shown.values() for one in came}
    changes |= {round(one[0] + 5, 6) for came in shown.values() for one in came}
    blind = merged([(now_s, not is_fresh(now_s)) for now_s in sorted(changes) if now_s < 400])
    blind = [(0.0 if begins_s == 0.01 else begins_s, ends_s) for begins_s, ends_s in blind]
    # Before the first quote the asset is blind from the start on, but held only since the first view.
    expected = [
        (round(begins_s + 3, 6) if begins_s else 3.01, ends_s)
        for begins_s, ends_s in blind
        if (400.0 if ends_s is None else ends_s) > (begins_s + 3 if begins_s else 3.01) + 1e-9
    ]
    assert spans(story, tmp_path, "visibility", "BTC", batch) == expected
