"""What reached the monitor over a harmed wire: arrivals instead of messages, broken requests, streams it has left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from correlator.injections import first_difference
from correlator.journal import Journal
from correlator.monitor_clock import MonitorClock
from correlator.reading import read_run
from correlator.records import Clock

LIMITS = """
schema: riskproof-limits/1
limits:
  feed_staleness: {prices: {high: 5 s}, positions: {high: 30 s}}
  api_outage: {each: {high: 5 s}}
"""
LINK = "monitor>apex"


def breaches(story: Any, path: Path) -> dict[tuple[str, str], list[tuple[float, float | None]]]:
    """Every rule that was breached, with ``(begins, ends)`` in seconds since the start, however batches are cut."""
    one_by_one, some, all_at_once = (_breaches(story, path, batch) for batch in (1, 20, 10_000))
    assert one_by_one == some == all_at_once
    return one_by_one


def _breaches(story: Any, path: Path, batch: int) -> dict[tuple[str, str], list[tuple[float, float | None]]]:
    rules = read_run(Journal(story.write(path / "run.journal", batch=batch))).board.rules()

    def seconds(at_ns: int | None) -> float | None:
        return None if at_ns is None else round((at_ns - story.at_ns(0)) / 1e9, 6)

    return {
        (rule.mandate, rule.subject): [
            (seconds(interval.begins_ns), seconds(interval.ends_ns)) for interval in rule.tracker.intervals
        ]
        for rule in rules
        if rule.tracker.intervals
    }


def quiet_story(new_story: Any, *, but: str = "", length_s: float = 30) -> Any:
    """All is well every two seconds, ``but`` for the named feed."""
    story = new_story(limits=LIMITS, length_s=length_s).found_world()
    at_s = 0
    while at_s <= length_s:
        for pair in ("usdtusd", "btcusd"):
            if pair != but:
                story.push(at_s, pair)
        if but != "account":
            story.ask(at_s)
        at_s += 2
    return story


TICKER = b'{"stream":"usdtusd@bookTicker","data":{"u":1,"s":"USDTUSD","b":"1.0","B":"5","a":"1.1","A":"5"}}'


@pytest.mark.parametrize(
    ("arrived", "counts"),
    [
        (TICKER, True),
        (TICKER.replace(b'"1.0"', b'"9.0"'), True),  # a wrong price is a price
        (TICKER.replace(b'"b"', b'"c"'), False),
        (TICKER.replace(b"USDTUSD", b"USDTUSE"), False),
        (TICKER[:-3], False),
        (b"", False),
    ],
)
def test_an_altered_price_reaches_the_monitor_if_it_can_be_read(
    new_story: Any, tmp_path: Path, arrived: bytes, counts: bool
) -> None:
    story = quiet_story(new_story, but="usdtusd")
    for at_s in range(0, 31, 2):
        if 10 <= at_s <= 20:
            story.wire("push", at_s, LINK, 1, TICKER, 0)
            story.wire("arrival", at_s, LINK, 0, "push", 1, 0, arrived, story.at_ns(at_s + 0.5))
        else:
            story.push(at_s, "usdtusd")
    expected = {} if counts else {("feed_staleness", "apex:USDT/USD"): [(13.005, 22.005)]}
    assert breaches(story, tmp_path) == expected


@pytest.mark.parametrize(("body", "counts"), [(b'{"balances":[]}', True), (b'{"balances":[', False), (b"[]", False)])
def test_an_altered_account_reply_is_an_answer_and_only_sometimes_account_data(
    new_story: Any, tmp_path: Path, body: bytes, counts: bool
) -> None:
    story = quiet_story(new_story, but="account", length_s=80)
    for number, at_s in enumerate(range(0, 81, 2), start=1):
        story.wire("request", at_s, LINK, number, "GET", "/api/v3/account", b"", story.at_ns(at_s + 0.01))
        if at_s < 10:
            story.wire("reply", at_s + 0.01, LINK, number, 200, b"{}", story.at_ns(at_s + 0.02))
        else:
            story.wire("reply", at_s + 0.01, LINK, number, 200, b"{}", 0)
            story.wire("arrival", at_s + 0.01, LINK, 0, "reply", number, 200, body, story.at_ns(at_s + 0.02))
    assert breaches(story, tmp_path) == ({} if counts else {("feed_staleness", "apex"): [(38.02, None)]})


def test_a_broken_request_is_a_failure_known_at_once_unless_its_client_has_died(new_story: Any, tmp_path: Path) -> None:
    for reason, expected in (("reset", [(15, 30.02)]), ("client_died", [])):
        story = quiet_story(new_story, but="account", length_s=40)
        for number, at_s in enumerate(range(0, 41, 5), start=1):
            story.wire("request", at_s, LINK, number, "GET", "/api/v3/account", b"", story.at_ns(at_s + 0.01))
            if 10 <= at_s < 30:
                story.wire("broken", at_s + 0.5, LINK, number, reason)
                story.wire("reply", at_s + 0.6, LINK, number, 200, b"{}", 0)
            else:
                story.wire("reply", at_s + 0.01, LINK, number, 200, b"{}", story.at_ns(at_s + 0.02))
        found = breaches(story, tmp_path)
        assert found.get(("api_outage", "apex"), []) == expected


@pytest.mark.parametrize("event", ["left", "reset"])
def test_what_was_on_its_way_on_a_stream_that_ended_reaches_nobody(new_story: Any, tmp_path: Path, event: str) -> None:
    story = quiet_story(new_story, but="usdtusd")
    for at_s in range(0, 31, 2):
        late = 10 <= at_s < 14
        if at_s < 14 or at_s >= 20:
            story.push(at_s, "usdtusd", delay_s=8 if late else 0.005)
    story.wire("stream", 15, LINK, 1, event, "/stream")
    assert breaches(story, tmp_path) == {("feed_staleness", "apex:USDT/USD"): [(13.005, 20.005)]}


def test_the_number_that_an_arrival_refers_to_is_no_difference(new_story: Any, tmp_path: Path) -> None:
    journals = []
    for arm in ("run", "control"):
        story = new_story(arm, length_s=10).found_world()
        if arm == "run":
            story.audit("strategy", 0, "maker", "notes", "something that moves every number")
        story.wire("push", 1, LINK, 1, TICKER, 0)
        number = len(story.entries)
        story.wire("arrival", 1, LINK, number, "push", 1, 0, TICKER[:-1], story.at_ns(1.1))
        if arm == "run":
            story.wire("arrival", 2, LINK, number, "push", 1, 0, TICKER, story.at_ns(2.1))
        journals.append(Journal(story.write(tmp_path / f"{arm}.journal")))
    difference = first_difference(*journals)
    assert difference is not None
    assert difference.at_ns == story.at_ns(2)


def test_times_that_the_monitor_tells_are_read_as_true_ones() -> None:
    clock = MonitorClock()
    assert clock.true_ns(1_000) == 1_000
    clock.take(Clock(1, 10_000, "monitor", 0, 500, 0))  # half a microsecond ahead
    clock.take(Clock(2, 20_000, "monitor", 0, 500, -1_000_000_000))  # set right: stands still …
    clock.take(Clock(3, 20_500, "monitor", 0, 0, 0))  # … until time has caught up
    told = [9_000, 10_200, 10_500, 15_500, 20_500, 25_000]
    assert [clock.true_ns(shown) for shown in told] == [9_000, 10_000, 10_000, 15_000, 20_500, 25_000]


def test_a_clock_that_is_off_excuses_and_accuses_nobody(new_story: Any, play: Any) -> None:
    for offset_s in (-3_600, 3_600):

        def tell(story: Any, offset_s: int = offset_s) -> None:
            story.audit("clock", 50, "monitor", offset_s * 10**9, 0)
            story.alert(205, since_s=200 + offset_s)

        judgement = play(alert_at=None, tell=tell)
        assert judgement.verdict == "pass", judgement


def test_a_monitor_that_lost_its_memory_leaves_no_alert_standing(new_story: Any, tmp_path: Path) -> None:
    story = new_story(limits=LIMITS, length_s=100).found_world().alive()
    story.alert(20)
    story.audit("venue", 40, "monitor", "down", "state lost")
    story.audit("venue", 45, "monitor", "up", "")
    story.alert(60)
    episodes = read_run(Journal(story.write(tmp_path / "run.journal"))).said.episodes.episodes
    assert [(one.fired_ns, one.resolved_ns) for one in episodes] == [
        (story.at_ns(20), story.at_ns(40)),
        (story.at_ns(60), None),
    ]


def test_what_is_sent_on_a_stream_after_it_was_left_is_not_what_was_under_way(new_story, tmp_path: Path) -> None:
    story = quiet_story(new_story, but="usdtusd")
    story.push(1, "usdtusd")
    story.wire("stream", 2.5, LINK, 1, "left", "")
    story.push(2.6, "usdtusd", delay_s=1)
    assert breaches(story, tmp_path) == {("feed_staleness", "apex:USDT/USD"): [(8.6, None)]}
