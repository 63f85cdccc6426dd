"""What a venue shows besides prices: its clock, its books, its errors."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from risk_monitor.config import MonitorConfig
from risk_monitor.connectors import binance_books
from risk_monitor.connectors.domain import ConnectorError


def test_a_venue_whose_clock_is_off_drifts_from_the_third_of_five_estimates(world: Any) -> None:
    firm = world("clock_drift: {each: {high: 100 ms}}").start(30)
    firm.clock_ms["apex"] = 250
    firm.run(30)
    firm.clock_ms.clear()
    firm.run(90)
    [(fired_s, *fired), (resolved_s, *resolved)] = firm.history_of("clock_drift")
    assert (fired, resolved) == (["firing", "apex", "high"], ["resolved", "apex", "high"])
    # The third estimate comes half a second after the first, which comes with the next question: those are 3.5 s apart.
    assert 0.5 <= fired_s - 30 <= 4.2
    assert 0.5 <= resolved_s - 60 - 60 <= 4.2
    asked = [at_ns for at_ns, request in firm.requests if request.venue == "apex" and request.target == "/api/v3/time"]
    assert len(asked) <= 150 / 3.5 + 6
    assert abs(firm.signals[0][1].observed - 250) <= 1
    assert "serverTime=" in firm.signals[0][1].evidence[0]


def test_an_estimate_that_may_err_by_more_than_the_bound_tells_nothing(world: Any) -> None:
    firm = world("clock_drift: {each: {high: 100 ms}}").start(30)
    assert firm.compliance("clock_drift", "apex")[0][0] == "ok"
    firm.latency_ns["apex"] = 400_000_000
    firm.run(40)
    assert firm.compliance("clock_drift", "apex") == [("unknown", None)]
    assert firm.signals == []


def _depth(symbol: str, first_id: int, last_id: int) -> bytes:
    data = {"e": "depthUpdate", "E": 1, "s": symbol, "U": first_id, "u": last_id, "b": [["1", "0"]], "a": []}
    return json.dumps({"stream": f"{symbol.lower()}@depth@100ms", "data": data}).encode()


def test_a_frame_that_does_not_follow_the_last_one_is_a_gap(world: Any) -> None:
    firm = world("sequence_gap: {'apex:BTC/USD': {high: 0 times, critical: 1 times}, window: 1 min}").start()
    stream_id = firm.streams["apex", "depth"]
    for first_id, last_id in ((11, 13), (14, 14), (15, 20), (22, 25), (26, 26), (25, 26)):
        firm.message(stream_id, _depth("BTCUSD", first_id, last_id))
    firm.run(1)
    firm.message(stream_id, b"{}")
    firm.message(stream_id, _depth("ETHUSD", 1, 2))
    for update_id in range(27, 40):
        firm.run(10)
        firm.message(stream_id, _depth("BTCUSD", update_id, update_id))
    assert firm.history_of("sequence_gap") == [
        (5.0, "firing", "apex:BTC/USD", "high"),
        (5.0, "firing", "apex:BTC/USD", "critical"),
        (125.0, "resolved", "apex:BTC/USD", "high"),
        (125.0, "resolved", "apex:BTC/USD", "critical"),
    ]
    assert firm.signals[1][1].evidence == (
        "apex stream btcusd@depth@100ms U=25 after u=26",
        "apex stream btcusd@depth@100ms U=22 after u=20",
    )
    assert firm.monitor.telemetry.connector_errors["apex depth"] == 2


def test_a_new_connection_may_begin_anywhere_and_a_closed_one_tells_nothing(world: Any) -> None:
    firm = world("sequence_gap: {each: {high: 0 times}, window: 1 min}").start()
    firm.message(firm.streams["boreal", "depth"], _depth("BTCUSD", 11, 13))
    firm.close_streams("boreal")
    assert firm.compliance("sequence_gap", "boreal:BTC/USD") == [("unknown", None)]
    firm.run(5)
    firm.message(firm.streams["boreal", "depth"], _depth("BTCUSD", 101, 103))
    assert firm.compliance("sequence_gap", "boreal:BTC/USD") == [("ok", 0.0)]
    assert firm.signals == []


def test_without_the_rules_that_need_them_no_book_is_asked_for(world: Any) -> None:
    firm = world("api_errors: {each: {high: 5 %}, window: 1 min}").start(60)
    assert not [name for name in firm.streams if name[1] == "depth"]
    assert not [request for _, request in firm.requests if "/depth" in request.target]


def test_snapshots_that_do_not_come_are_counted_once_there_are_ten(world: Any) -> None:
    firm = world("snapshot_loss: {each: {high: 20 %}, window: 10 min}").start(88)
    assert firm.compliance("snapshot_loss", "apex") == [("unknown", None)]
    firm.run(10)
    assert firm.compliance("snapshot_loss", "apex") == [("ok", 0.0)]
    asked = [request.target for _, request in firm.requests if request.venue == "apex" and "/depth" in request.target]
    assert asked[:2] == ["/api/v3/depth?symbol=BTCUSD&limit=5", "/api/v3/depth?symbol=ETHUSD&limit=5"]
    firm.refused_paths.add("/api/v3/depth")
    firm.run(60)
    assert [entry[1:] for entry in firm.history_of("snapshot_loss")] == [
        ("firing", "apex", "high"),
        ("firing", "boreal", "high"),
    ]


def test_errors_are_a_share_of_at_least_twenty_requests(world: Any) -> None:
    firm = world("api_errors: {each: {high: 30 %}, window: 5 min}").start(40)
    assert firm.compliance("api_errors", "apex") == [("unknown", None)]
    firm.run(60)
    assert firm.compliance("api_errors", "apex") == [("ok", 0.0)]
    firm.status["apex"] = 503
    firm.run(120)
    firm.status.clear()
    firm.run(600)
    assert [entry[1:] for entry in firm.history_of("api_errors")] == [
        ("firing", "apex", "high"),
        ("resolved", "apex", "high"),
    ]
    assert firm.signals[0][1].evidence[1].startswith("the latest: apex request that left at 2023-02-20T09:0")


@pytest.mark.parametrize("payload", [b"", b"null", b'{"data":{"s":"BTCUSD","U":3,"u":2}}', b'{"data":{"s":1}}'])
def test_a_depth_frame_that_makes_no_sense_is_the_venues_error(payload: bytes) -> None:
    with pytest.raises(ConnectorError):
        binance_books.read_depth(payload)


def _stamps(firm: Any, path: str) -> list[int]:
    """By how many ms the times that requests to apex carry are off the true ones, as they left."""
    return [
        int(parse_qs(urlsplit(request.target).query)["timestamp"][0]) - at_ns // 1_000_000
        for at_ns, request in firm.requests
        if request.venue == "apex" and urlsplit(request.target).path == path
    ]


def test_requests_carry_the_venues_time_where_its_clock_and_ours_disagree(world: Any) -> None:
    firm = world("clock_drift: {each: {high: 100 ms}}").start(30)
    firm.clock_ms["apex"] = -2_000
    firm.run(100)
    firm.requests.clear()
    firm.run(120)
    assert {offset in (-2_000, -2_001) for offset in _stamps(firm, "/api/v3/account")} == {True}
    firm.clock_ms["apex"] = 300
    firm.run(100)
    firm.requests.clear()
    firm.run(120)
    assert set(_stamps(firm, "/api/v3/account")) == {0}


def test_a_connection_that_breaks_all_the_time_does_not_use_up_the_venues_patience(world: Any) -> None:
    limits = "feed_staleness: {positions: {high: 5 min}}"
    venues = world(limits).config.venues
    poor = MonitorConfig(tuple(msgspec.structs.replace(venue, weight_per_minute=360) for venue in venues))
    firm = world(limits, poor).start(30)
    firm.requests.clear()
    for _ in range(60):
        firm.close_streams("apex")
        firm.run(10)
    asked = [urlsplit(request.target).path for _, request in firm.requests if request.venue == "apex"]
    assert asked.count("/api/v3/account") >= 8
    assert firm.signals == []
