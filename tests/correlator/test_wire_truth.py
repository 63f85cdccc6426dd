"""What reached the monitor: staleness of feeds, outage and latency of APIs, each against a plain reckoning."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlator.journal import Journal
from correlator.judge import judge
from correlator.reading import read_run

LIMITS = """
schema: riskproof-limits/1
limits:
  feed_staleness: {prices: {warning: 3 s, high: 20 s}, "apex:BTC/USD": {high: 12 s}, positions: {high: 30 s}}
  api_outage: {each: {high: 10 s, critical: 30 s}}
  api_latency: {each: {warning: 500 ms}, quantile: 95 %, window: 1 min}
"""


def breaches(story: Any, path: Path, batch: int = 7) -> dict[tuple[str, str, str], list[tuple[float, float | None]]]:
    """Every rule that was breached, with ``(begins, ends)`` in seconds since the start."""
    rules = read_run(Journal(story.write(path / "run.journal", batch=batch))).board.rules()

    def seconds(at_ns: int | None) -> float | None:
        return None if at_ns is None else round((at_ns - story.at_ns(0)) / 1e9, 6)

    return {
        (rule.mandate, rule.subject, rule.severity): [
            (seconds(interval.begins_ns), seconds(interval.ends_ns)) for interval in rule.tracker.intervals
        ]
        for rule in rules
        if rule.tracker.intervals
    }


def test_feed_is_stale_from_its_bound_until_the_next_arrival(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=100).found_world()
    for at_s in (0, 2, 4, 10, 40):
        story.push(at_s, "usdtusd", delay_s=0.5)
    for at_s in range(0, 100, 2):
        story.push(at_s, "btcusd")
        story.ask(at_s)
    assert breaches(story, tmp_path) == {
        ("feed_staleness", "apex:USDT/USD", "warning"): [(7.5, 10.5), (13.5, 40.5), (43.5, None)],
        ("feed_staleness", "apex:USDT/USD", "high"): [(30.5, 40.5), (60.5, None)],
    }


def test_the_drawn_silence_grows_while_it_lasts_and_is_not_a_spike_at_its_end(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=720).found_world()  # stretches of one second
    for at_s in (0, 10, 40):
        story.push(at_s, "usdtusd")
    board = read_run(Journal(story.write(tmp_path / "run.journal"))).board
    (gauge,) = [one for one in board.gauges if (one.mandate, one.subject) == ("feed_staleness", "apex:USDT/USD")]
    drawn = {at_s: high for at_s, _, high in gauge.envelope.points(story.at_ns(720), gauge.factor)}
    assert [drawn[at_s] for at_s in (5, 9, 15, 39, 100, 719)] == [5, 9, 5, 29, 60, 679.995]


def test_streams_that_overtake_each_other_are_reckoned_by_arrival(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=12).found_world()
    for at_s in (0, 4, 8, 12):
        story.push(at_s, "btcusd")
        story.ask(at_s)
    for at_s, delay_s in ((0, 0.5), (1, 8), (2, 0.1), (10, 0.2)):
        story.push(at_s, "usdtusd", delay_s=delay_s)
    for batch in (1, 2, 50):
        found = breaches(story, tmp_path, batch)
        assert found == {("feed_staleness", "apex:USDT/USD", "warning"): [(5.1, 9)]}


def test_feed_that_never_spoke_is_stale_counted_from_the_start(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=50).found_world()
    for at_s in range(0, 50, 2):
        story.push(at_s, "usdtusd")
        story.push(at_s, "btcusd", link="maker>apex")  # reaches somebody else
        story.ask(at_s)
    assert breaches(story, tmp_path) == {("feed_staleness", "apex:BTC/USD", "high"): [(12, None)]}


def test_message_that_never_arrives_reaches_nobody(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=20).found_world()
    for at_s in range(0, 20, 2):
        story.ask(at_s)
        story.push(at_s, "btcusd")
        lost = 4 <= at_s <= 10
        payload = b'{"stream":"usdtusd@bookTicker","data":{}}'
        story.wire("push", at_s, "monitor>apex", 1, payload, 0 if lost else story.at_ns(at_s))
    assert breaches(story, tmp_path) == {("feed_staleness", "apex:USDT/USD", "warning"): [(5, 12)]}


@pytest.mark.parametrize(
    "payload", [b'{"u":1,"s":"USDTUSD","b":"1.0"}', b'{"stream":"usdtusd@trade","data":{"s":"USDTUSD"}}']
)
def test_every_way_a_price_travels_counts_as_its_feed(new_story, tmp_path: Path, payload: bytes) -> None:
    story = new_story(limits=LIMITS, length_s=20).found_world()
    story.wire("stream", 0, "monitor>apex", 2, "open", "/ws/usdtusd@bookTicker")
    for at_s in range(0, 20, 2):
        story.ask(at_s)
        story.push(at_s, "btcusd")
        story.wire("push", at_s, "monitor>apex", 2, payload, story.at_ns(at_s))
    assert breaches(story, tmp_path) == {}


def test_account_data_comes_by_reply_or_event_but_not_by_other_replies(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=200).found_world()
    for at_s in range(0, 200, 2):
        story.push(at_s, "usdtusd")
        story.push(at_s, "btcusd")
        story.ask(at_s, target="/api/v3/ping")
    story.ask(10)
    story.wire("push", 60, "monitor>apex", 3, b'{"subscriptionId":1,"event":{"e":"balanceUpdate"}}', story.at_ns(60))
    story.ask(100, status=503)
    assert breaches(story, tmp_path) == {("feed_staleness", "apex", "high"): [(40.02, 60), (90, None)]}


def test_outage_counts_from_the_first_failure_after_the_last_success(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=120).found_world().alive(every_s=2)
    story.entries = [entry for entry in story.entries if entry[2][0] != "request" and entry[2][0] != "reply"]
    for at_s in range(0, 120, 5):
        story.ask(at_s, status=503 if 20 <= at_s < 60 else 200)
    found = breaches(story, tmp_path)
    assert found["api_outage", "apex", "high"] == [(30, 60.02)]
    assert found["api_outage", "apex", "critical"] == [(50, 60.02)]


def test_request_without_reply_fails_when_the_client_gives_up(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=60).found_world()
    story.header["monitor"]["request_timeout_ns"] = 15 * 10**9
    story.ask(5)
    story.ask(10, status=None)  # known to have failed at 25, beyond 10 s at once
    story.ask(40)
    assert breaches(story, tmp_path)["api_outage", "apex", "high"] == [(25, 40.02)]


def test_reply_after_the_timeout_is_a_failure_and_still_a_latency(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=300).found_world()
    for at_s in range(0, 200, 5):
        story.ask(at_s, takes_s=11)
    found = breaches(story, tmp_path)
    assert found["api_outage", "apex", "high"] == [(10, None)]
    assert found["api_latency", "apex", "warning"] == [(106, None)]  # never 20 replies in a minute: the last 20


def test_reply_on_the_very_timeout_comes_too_late(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=60).found_world()
    story.ask(5, takes_s=10)
    assert breaches(story, tmp_path)["api_outage", "apex", "high"] == [(15, None)]


def test_client_errors_are_no_outage(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=100).found_world()
    for at_s in range(0, 100, 5):
        story.ask(at_s, status=400)
    assert not any(mandate == "api_outage" for mandate, _, _ in breaches(story, tmp_path))


def test_latency_is_the_nearest_rank_quantile_of_the_window(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=200).found_world()
    for number in range(60):
        # Of the 20 to 30 replies in the window, two slow ones are needed to lift the 95 % rank.
        story.ask(number * 2, takes_s=0.9 if number in (30, 32) else 0.1)
    found = breaches(story, tmp_path)["api_latency", "apex", "warning"]
    assert found == [(64.9, 120.9)]


requests = st.lists(
    st.tuples(
        st.sampled_from((0.0, 0.5, 1.0, 3.0, 11.0)),
        st.sampled_from((200, 200, 404, 503, 429, None)),
        st.sampled_from((0.01, 0.6, 2.0, 9.0, 10.0, 12.0)),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=requests)
def test_outage_and_latency_equal_a_plain_reckoning(new_story, tmp_path: Path, drawn: Any) -> None:
    story = new_story(limits=LIMITS, length_s=400).found_world()
    at_s = 0.0
    outcomes: list[tuple[float, float, bool]] = []  # known, departed, good
    replies: list[tuple[float, float]] = []  # arrived, latency
    for place, (wait_s, status, takes_s) in enumerate(drawn):
        at_s = round(at_s + wait_s + 0.001 + place * 1e-6, 6)
        story.ask(at_s, status, takes_s)
        if status is not None:
            replies.append((round(at_s + takes_s, 6), takes_s))
        if status is None or takes_s >= 10:
            outcomes.append((round(at_s + 10, 6), at_s, False))
        else:
            outcomes.append((round(at_s + takes_s, 6), at_s, status in (200, 404)))

    def failing_s(now_s: float) -> float:
        known = [outcome for outcome in outcomes if outcome[0] <= now_s]
        good = max((departed for _, departed, was_good in known if was_good), default=-1.0)
        first = min((departed for _, departed, was_good in known if not was_good and departed > good), default=now_s)
        return round(now_s - first, 6)

    def latency_s(now_s: float) -> float:
        arrived = sorted(((at, latency) for at, latency in replies if at <= now_s), key=lambda reply: reply[0])
        recent = [reply for reply in arrived if reply[0] > round(now_s - 60, 6)]
        window = sorted(latency for _, latency in (recent if len(recent) >= 20 else arrived[-20:]))
        return window[math.ceil(round(0.95 * len(window), 9)) - 1] if len(window) >= 20 else 0.0

    moments = {outcome[0] for outcome in outcomes} | {round(departed + 10, 6) for _, departed, _ in outcomes}
    moments |= {round(departed + 30, 6) for _, departed, _ in outcomes}
    moments |= {arrived for arrived, _ in replies} | {round(arrived + 60, 6) for arrived, _ in replies}
    found = breaches(story, tmp_path)
    for mandate, severity, above in (
        ("api_outage", "high", lambda now_s: failing_s(now_s) >= 10),
        ("api_outage", "critical", lambda now_s: failing_s(now_s) >= 30),
        ("api_latency", "warning", lambda now_s: latency_s(now_s) > 0.5),
    ):
        expected: list[tuple[float, float | None]] = []
        inside = False
        for now_s in sorted(moment for moment in moments if moment <= 400):
            if above(now_s) and not inside:
                expected.append((now_s, None))
            elif inside and not above(now_s):
                expected[-1] = (expected[-1][0], now_s)
            inside = above(now_s)
        assert found.get((mandate, "apex", severity), []) == expected, (mandate, severity)


def test_silent_monitor_link_is_reported_in_the_judgement(new_story, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=100, forbid=[{"alert": "any"}]).found_world()
    story.ask(0)
    judgement = judge(story.write(tmp_path / "run.journal"), None)
    stale = {(name.alert, name.asset, name.severity): name.due_at_s for name in judgement.unalerted}
    assert stale == {
        ("feed_staleness", "apex", "high"): 30.02,
        ("feed_staleness", "apex:BTC/USD", "high"): 12,
        ("feed_staleness", "apex:USDT/USD", "warning"): 3,
        ("feed_staleness", "apex:USDT/USD", "high"): 20,
    }
