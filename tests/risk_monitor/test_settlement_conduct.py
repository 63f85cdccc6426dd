"""Settlements that stop halfway, and transfers that custody refuses."""

from __future__ import annotations

from typing import Any


def test_a_settlement_in_part_is_measured_from_when_it_became_so(world: Any) -> None:
    firm = world("partial_settlement: {each: {high: 10 min}}").start()
    firm.instruct("i-1", "apex", "1000", contracted_in_s=7200)
    firm.move_balance("apex", "master", "USD", "-1000")
    firm.run(60)
    firm.settle("i-1", "400")
    firm.transactions[0]["lastUpdated"] = firm.now_ns // 1_000_000
    firm.run(590)
    assert firm.signals == []
    firm.run(20)
    [(at_s, *alert)] = firm.history_of("partial_settlement")
    assert (alert, 665.0 < at_s < 665.2) == (["firing", "apex", "high"], True)
    assert (
        "id=i-1 status=CONFIRMING amount=1000 netAmount=400 since 2023-02-20T09:01:05" in firm.signals[0][1].evidence[0]
    )
    firm.settle("i-1", "600")
    firm.run(100)
    assert [entry[1:] for entry in firm.history_of("partial_settlement")] == [
        ("firing", "apex", "high"),
        ("resolved", "apex", "high"),
    ]
    assert firm.compliance("partial_settlement", "boreal") == [("ok", 0.0)]


def test_the_rest_that_came_just_in_time_raises_nothing(world: Any) -> None:
    firm = world("partial_settlement: {each: {high: 10 min}}").start()
    firm.instruct("i-1", "apex", "1000", contracted_in_s=7200)
    firm.run(60)
    firm.settle("i-1", "400")
    firm.transactions[0]["lastUpdated"] = firm.now_ns // 1_000_000
    firm.run(597)
    firm.settle("i-1", "600")
    firm.run(60)
    assert firm.signals == []


def _transfer(firm: Any, name: str, status: str, age_s: int = 0) -> None:
    at_ms = firm.now_ns // 1_000_000 - age_s * 1000
    firm.transactions.append(
        {"id": name, "assetId": "USD", "source": {"type": "VAULT_ACCOUNT", "id": "0"},
         "destination": {"type": "EXCHANGE_ACCOUNT", "id": "apex"}, "status": status, "operation": "TRANSFER",
         "amountInfo": {"amount": "700", "netAmount": "0"}, "createdAt": at_ms, "lastUpdated": at_ms}
    )  # fmt: skip


def test_each_rejected_transfer_counts_once_and_a_cancelled_one_not_at_all(world: Any) -> None:
    firm = world("rejected_transfer: {each: {high: 0 times, critical: 1 times}, window: 1 h}").start()
    for name, status in (("t-1", "REJECTED"), ("t-2", "CANCELLED"), ("t-3", "SUBMITTED")):
        _transfer(firm, name, status)
    firm.run(100)
    assert [entry[1:] for entry in firm.history_of("rejected_transfer")] == [("firing", "keystone", "high")]
    firm.transactions[2]["status"] = "FAILED"
    firm.run(60)
    assert [entry[1:] for entry in firm.history_of("rejected_transfer")][1:] == [("firing", "keystone", "critical")]
    assert firm.signals[-1][1].evidence == (
        "keystone transaction id=t-3 status=FAILED -700 USD",
        "keystone transaction id=t-1 status=REJECTED -700 USD",
    )
    firm.run(3700)
    assert [entry[1] for entry in firm.history_of("rejected_transfer")] == ["firing", "firing", "resolved", "resolved"]


def test_a_transfer_that_waited_for_hours_is_still_read_when_it_is_rejected(world: Any) -> None:
    firm = world("rejected_transfer: {each: {high: 0 times}, window: 1 h}").start()
    _transfer(firm, "t-1", "PENDING_AUTHORIZATION")
    firm.run(7200)
    firm.transactions[0]["status"] = "REJECTED"
    firm.run(60)
    assert [entry[1:] for entry in firm.history_of("rejected_transfer")] == [("firing", "keystone", "high")]


def test_what_was_rejected_before_the_start_counts_from_when_it_was(world: Any) -> None:
    firm = world("rejected_transfer: {each: {high: 0 times}, window: 1 h}")
    _transfer(firm, "t-1", "REJECTED", age_s=3540)
    _transfer(firm, "t-2", "REJECTED", age_s=7200)
    firm.start()
    assert firm.compliance("rejected_transfer", "keystone") == [("breached", 1.0)]
    firm.run(121)
    assert [entry[1] for entry in firm.history_of("rejected_transfer")] == ["firing", "resolved"]
