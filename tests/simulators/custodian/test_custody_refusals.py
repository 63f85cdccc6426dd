"""Settlements that are refused, come in part, wait for approval or for the end of a holiday."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.custodian.calendar import DAY_NS, MINUTE_NS, parse_date
from simulators.custodian.config import HOUR_NS
from simulators.custodian.faults.settlement import ApprovalDelay, BankHoliday, PartialSettlement, TransferReject
from simulators.custodian.faults.views import BalanceMisreported, FalseCompletion
from simulators.custodian.harm import (
    ApprovalDelayParams,
    BalanceMisreportedParams,
    BankHolidayParams,
    FalseCompletionParams,
    PartialSettlementParams,
    TransferRejectParams,
)
from simulators.ledger import UNITS


def inject(world: Any, kind: Any, where: Any, params: Any, begin_hour: float, end_hour: float) -> list[str]:
    effects: list[str] = []
    fault = kind(where, world.kernel, params, effects.append)
    now_ns = world.kernel.now_ns
    world.kernel.call_at(now_ns + round(begin_hour * HOUR_NS), fault.begin, 1)
    world.kernel.call_at(now_ns + round(end_hour * HOUR_NS), fault.end, 2)
    return effects


def play(world: Any, dollars: int = 1_000, until: str = "2023-02-22") -> Any:
    for exchange in world.exchanges.values():
        exchange.trade(dollars)
    world.start()
    world.run_to(until, 12)
    return world


def statuses(world: Any, party: str = "apex") -> list[tuple[str, int, int]]:
    return [(status, amount, settled) for _, status, amount, settled in world.instructions(party)]


def settled_at(world: Any, party: str = "apex") -> int:
    return int(next(minute for minute, status, _, _ in world.instructions(party) if status == "settled"))


def test_a_rejected_instruction_gives_back_what_was_booked_and_the_next_cut_off_finds_it(make_world: Any) -> None:
    world = make_world()
    effects = inject(world, TransferReject, world.custodian, TransferRejectParams(intensity=1.0), 0, 35)
    play(world, until="2023-02-23")
    assert statuses(world)[:3] == [("instructed", 1_000, 0), ("pending", 1_000, 0), ("rejected", 1_000, 0)]
    later = statuses(world)[3:]
    assert ("instructed", 1_000, 0) in later
    assert len(effects) == 1
    assert effects[0].endswith("was rejected")
    assert sum(holding.free for holding in world.apex.ledger.account("settling").holdings.values()) >= 0


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_a_smaller_share_rejects_no_instruction_that_a_greater_one_lets_pass(make_world: Any, share: float) -> None:
    rejected = []
    for intensity in (share, 1.0):
        world = make_world()
        inject(world, TransferReject, world.custodian, TransferRejectParams(intensity=intensity), 0, 100)
        play(world)
        rejected.append({party for party in ("apex", "boreal") if ("rejected", 1_000, 0) in statuses(world, party)})
    assert rejected[0] <= rejected[1] == {"apex", "boreal"}
    assert share or not rejected[0]


def test_a_rejected_withdrawal_stays_in_the_vault_unlocked(make_world: Any) -> None:
    world = make_world()
    inject(world, TransferReject, world.custodian, TransferRejectParams(intensity=1.0, kinds="transfers"), 0, 100)
    world.start()
    world.run_to("2023-02-20", 8)
    body = {
        "assetId": "BTC",
        "source": {"type": "VAULT_ACCOUNT", "id": "0"},
        "destination": {"type": "EXTERNAL_WALLET", "id": "somebody"},
        "amount": "2",
    }
    _, made = world.ask("POST", "/v1/transactions", body=body)
    world.run_to("2023-02-20", 10)
    _, shown = world.ask("GET", f"/v1/transactions/{made['id']}")
    assert (shown["status"], shown["subStatus"]) == ("REJECTED", "BLOCKED_BY_POLICY")
    assert world.ask("GET", "/v1/vault/accounts/0/BTC")[1]["available"] == "100"


def test_a_settlement_in_part_keeps_its_share_back_until_the_end(make_world: Any) -> None:
    world = make_world()
    params = PartialSettlementParams(intensity=0.4, counterparty="apex")
    effects = inject(world, PartialSettlement, world.custodian, params, 0, 40)
    play(world)
    assert ("partial", 1_000, 600) in statuses(world)
    assert statuses(world)[-1] == ("settled", 1_000, 1_000)
    assert settled_at(world) >= 40 * 60
    assert "partial" not in [status for status, _, _ in statuses(world, "boreal")]
    assert len(effects) == 1


def test_a_loss_settles_in_part_too(make_world: Any) -> None:
    world = make_world()
    inject(world, PartialSettlement, world.custodian, PartialSettlementParams(intensity=0.25), 0, 40)
    play(world, dollars=-1_000)
    assert ("partial", -1_000, -750) in statuses(world)
    assert statuses(world)[-1] == ("settled", -1_000, -1_000)


def test_an_approval_delay_holds_the_approval_and_not_what_follows(make_world: Any) -> None:
    control, world = play(make_world()), make_world()
    inject(world, ApprovalDelay, world.custodian, ApprovalDelayParams(delay_ns=90 * MINUTE_NS), 0, 100)
    play(world)
    assert settled_at(world) - settled_at(control) == 90


def test_a_sudden_holiday_leaves_contracted_times_and_processes_nothing(make_world: Any) -> None:
    world = make_world()
    days = {
        "starts_ns": parse_date("2023-02-21") * DAY_NS,
        "ends_ns": parse_date("2023-02-22") * DAY_NS,
    }
    inject(world, BankHoliday, world.custodian, BankHolidayParams(**days), 17, 41)
    play(world)
    assert settled_at(world) >= 41 * 60
    contracted = {record[-1] for record in world.audit.of("settlement") if record[5] == "apex"}
    assert contracted == {parse_date("2023-02-21") * DAY_NS + 18 * HOUR_NS}


def test_an_announced_holiday_moves_contracted_times_to_the_next_business_day(make_world: Any) -> None:
    world = make_world()
    days = {"starts_ns": parse_date("2023-02-21") * DAY_NS, "ends_ns": parse_date("2023-02-22") * DAY_NS}
    inject(world, BankHoliday, world.custodian, BankHolidayParams(announced=True, **days), 0, 41)
    play(world, until="2023-02-23")
    contracted = {record[-1] for record in world.audit.of("settlement") if record[5] == "apex"}
    assert contracted == {parse_date("2023-02-22") * DAY_NS + 18 * HOUR_NS}
    calendar = world.custodian.settlement.calendar
    as_before = parse_date("2023-02-21") * DAY_NS + 18 * HOUR_NS
    assert calendar.contracted_ns(parse_date("2023-02-20") * DAY_NS + 8 * HOUR_NS, 1) == as_before


def test_a_misreported_balance_is_shown_and_not_so(make_world: Any) -> None:
    world = make_world()
    params = BalanceMisreportedParams(intensity=0.05, asset="BTC", shown="too_low")
    effects: list[str] = []
    fault = BalanceMisreported(world.api, world.kernel, params, effects.append)
    fault.begin(1)
    assert world.ask("GET", "/v1/vault/accounts/0/BTC")[1]["total"] == "95"
    assert world.ask("GET", "/v1/vault/accounts/0/USD")[1]["total"] == "1000000"
    assert world.custodian.ledger.balance("treasury", "BTC") == (100 * UNITS, 0)
    assert len(effects) == 1
    fault.end(2)
    assert world.ask("GET", "/v1/vault/accounts/0/BTC")[1]["total"] == "100"


def test_a_false_completion_is_shown_as_settled_while_nothing_moved_and_settles_after_the_end(make_world: Any) -> None:
    world = make_world()
    effects = inject(world, FalseCompletion, world.api, FalseCompletionParams(counterparty="apex"), 0, 41)
    play(world, until="2023-02-21")
    world.run_to("2023-02-21", 23)
    shown = {entry["externalTxId"][:4]: entry for entry in world.ask("GET", "/v1/transactions")[1]}
    assert (shown["apex"]["status"], shown["apex"]["amountInfo"]["netAmount"]) == ("COMPLETED", "1000")
    assert statuses(world)[-1] == ("pending", 1_000, 0)
    assert world.ask("GET", "/v1/vault/accounts/0/USD")[1]["total"] == "1001000"  # boreal's, which did settle
    assert len(effects) == 1
    world.run_to("2023-02-22", 12)
    assert statuses(world)[-1] == ("settled", 1_000, 1_000)
    assert world.ask("GET", "/v1/vault/accounts/0/USD")[1]["total"] == "1002000"
