"""Outage, latency, positions that go stale, and settlements."""

from __future__ import annotations

from typing import Any


def test_an_outage_is_measured_from_the_departure_of_its_first_failure(world: Any) -> None:
    firm = world("api_outage: {each: {warning: 10 s, critical: 30 s}}").start()
    firm.status["apex"] = 503
    firm.run(60)
    firm.status.clear()
    firm.run(80)
    # The first request that failed left at 7 s, and its 503 arrived at 7.02 s.
    assert firm.history_of("api_outage") == [
        (17.0, "firing", "apex", "warning"),
        (37.0, "firing", "apex", "critical"),
        (126.38, "resolved", "apex", "warning"),
        (126.38, "resolved", "apex", "critical"),
    ]
    assert firm.signals[1][1].evidence[0] == "apex request that left at 2023-02-20T09:00:07.000Z failed"


def test_requests_without_a_reply_fail_by_the_monitors_own_deadline(world: Any) -> None:
    firm = world("api_outage: {each: {critical: 15 s}}").start()
    firm.status["keystone"] = None
    firm.run(60)
    assert firm.history_of("api_outage") == [(45.04, "firing", "keystone", "critical")]
    assert firm.monitor.telemetry.timeouts >= 2


def test_a_refused_request_is_no_outage(world: Any) -> None:
    firm = world("api_outage: {each: {critical: 1 s}}").start()
    firm.status["pricebook"] = 404
    firm.run(120)
    assert firm.signals == []
    assert firm.monitor.telemetry.refusals == 2


def test_while_the_probe_fails_nothing_else_is_asked(world: Any) -> None:
    firm = world("api_outage: {each: {critical: 30 s}}").start()
    firm.status["apex"] = None
    firm.run(30)
    asked = len(firm.requests)
    firm.run(600)
    targets = {request.target for _, request in firm.requests[asked:] if request.venue == "apex"}
    assert targets == {"/api/v3/time"}
    firm.status.clear()
    firm.run(20)
    assert {request.account for _, request in firm.requests[-20:] if "account?" in request.target} >= {
        "master",
        "maker",
    }


def test_latency_needs_twenty_replies_and_takes_the_nearest_rank(world: Any) -> None:
    firm = world("api_latency: {each: {warning: 500 ms}, window: 5 min, quantile: 95 %}").start(30)
    assert firm.compliance("api_latency", "apex") == [("unknown", None)]
    firm.run(101)
    assert firm.compliance("api_latency", "apex") == [("ok", 20.0)]
    firm.latency_ns["apex"] = 400_000_000
    firm.run(6)  # one slow reply among some thirty is above the 95 % quantile
    assert firm.compliance("api_latency", "apex") == [("ok", 20.0)]
    firm.run(10)
    assert firm.compliance("api_latency", "apex")[0] == ("breached", 800.0)


def test_a_latency_alert_resolves_as_slow_replies_leave_the_window(world: Any) -> None:
    firm = world("api_latency: {each: {warning: 500 ms}, window: 5 min, quantile: 95 %}").start(300)
    firm.latency_ns["apex"] = 400_000_000
    firm.run(60)
    firm.latency_ns["apex"] = 10_000_000
    firm.run(600)
    assert [state for _, state, _, _ in firm.history_of("api_latency")] == ["firing", "resolved"]


def test_replies_that_come_too_late_are_noted_and_count_for_latency(world: Any) -> None:
    firm = world("api_latency: {each: {warning: 5 s}, window: 30 min, quantile: 100 %}").start(300)
    firm.latency_ns["apex"] = 7_000_000_000
    firm.run(60)
    assert firm.monitor.telemetry.late_replies >= 1
    assert firm.compliance("api_latency", "apex") == [("breached", 14000.0)]


def test_positions_go_stale_when_no_account_data_arrives(world: Any) -> None:
    firm = world("feed_staleness: {positions: {high: 5 min}}").start()
    firm.status["boreal"] = None
    firm.run(700)
    assert [entry[1:] for entry in firm.history_of("feed_staleness")] == [("firing", "boreal", "high")]
    firm.status.clear()
    firm.run(90)
    assert [state for _, state, _, _ in firm.history_of("feed_staleness")] == ["firing", "resolved"]


def test_an_overdue_settlement_is_confirmed_with_the_custodian_before_it_is_called(world: Any) -> None:
    firm = world("overdue_settlement: {each: {high: 0 s, critical: 10 min}}").start()
    for name in ("paid", "unpaid"):
        firm.instruct(name, "apex", "1000", contracted_in_s=300)
        firm.move_balance("apex", "master", "USD", "-1000")
    firm.run(290)
    firm.settle("paid", "1000")
    firm.run(20)
    [(at_s, *alert)] = firm.history_of("overdue_settlement")
    assert (alert, 305.0 < at_s < 305.2) == (["firing", "apex", "high"], True)
    assert "id=unpaid status=SUBMITTED amount=1000 netAmount=0" in firm.signals[0][1].evidence[0]
    firm.run(600)
    firm.settle("unpaid", "1000")
    firm.run(100)
    assert [entry[1:] for entry in firm.history_of("overdue_settlement")] == [
        ("firing", "apex", "high"),
        ("firing", "apex", "critical"),
        ("resolved", "apex", "high"),
        ("resolved", "apex", "critical"),
    ]


def test_a_settlement_paid_just_in_time_raises_nothing(world: Any) -> None:
    firm = world("overdue_settlement: {each: {high: 0 s}}").start()
    firm.instruct("i-1", "boreal", "-1000", contracted_in_s=300)
    firm.move_balance("boreal", "master", "USD", "1000")
    firm.run(299.9)
    firm.settle("i-1", "1000")
    firm.run(120)
    assert firm.signals == []


def test_whether_a_settlement_is_overdue_is_unknown_while_custody_cannot_be_read(world: Any) -> None:
    firm = world("overdue_settlement: {each: {high: 0 s}}").start()
    firm.instruct("i-1", "apex", "1000", contracted_in_s=100)
    firm.run(40)
    firm.status["keystone"] = None
    firm.run(100)
    assert firm.compliance("overdue_settlement", "apex") == [("unknown", None)]
    assert firm.signals == []
    firm.status.clear()
    firm.run(60)
    assert [entry[1:] for entry in firm.history_of("overdue_settlement")] == [("firing", "apex", "high")]


def test_unsettled_exposure_adds_up_what_is_owed_either_way(world: Any) -> None:
    firm = world("unsettled_exposure: {total: {warning: 80k USD, high: 100k USD}}").start()
    firm.instruct("i-1", "apex", "50000", contracted_in_s=86400)
    firm.instruct("i-2", "boreal", "-40000", contracted_in_s=86400)
    firm.run(40)
    assert firm.compliance("unsettled_exposure", "total") == [("breached", 90000.0), ("ok", 90000.0)]
    firm.settle("i-1", "20000")
    firm.run(40)
    assert firm.compliance("unsettled_exposure", "total") == [("ok", 70000.0), ("ok", 70000.0)]
    assert firm.signals[0][1].evidence[0].endswith("id=i-1 apex 50000 unsettled")


def test_a_settlement_between_the_two_readings_of_custody_is_not_counted_twice(world: Any) -> None:
    firm = world("rapid_drawdown:\n  firm: {high: 1 USD}\n  window: 10 min\ndrawdown: {firm: {high: 50 %}}").start()
    firm.instruct("i-1", "apex", "10000", contracted_in_s=86400)
    firm.move_balance("apex", "master", "USD", "-10000")
    firm.run(20.02)  # the balances have been asked for (at 30.0 s), the transactions not yet
    while not firm.requests[-1][1].target.startswith("/v1/transactions"):
        firm.run(0.005)
    firm.settle("i-1", "10000")
    firm.run(60)
    status = firm.monitor.status()
    assert (status.equity_usd, status.high_water_mark_usd) == (640_000.0, 640_000.0)
    assert firm.signals == []


def test_a_rejected_instruction_promises_nothing_more(world: Any) -> None:
    firm = world("unsettled_exposure: {total: {high: 1 USD}}").start()
    firm.instruct("i-1", "apex", "10000", contracted_in_s=86400)
    firm.move_balance("apex", "master", "USD", "-10000")
    firm.run(40)
    firm.transactions[0]["status"] = "REJECTED"
    firm.move_balance("apex", "master", "USD", "10000")
    firm.run(40)
    assert firm.compliance("unsettled_exposure", "total") == [("ok", 0.0)]
    assert firm.monitor.status().equity_usd == 640_000.0


def test_throttling_is_heeded(world: Any) -> None:
    firm = world("api_outage: {each: {critical: 1 h}}").start()
    firm.status["apex"] = 429
    firm.run(300)
    asked = sum(
        1 for at_ns, request in firm.requests if request.venue == "apex" and at_ns > firm.now_ns - 200_000_000_000
    )
    assert asked <= 14
