from __future__ import annotations

from typing import Any

import pytest

from simulators.custodian.calendar import DAY_NS, MINUTE_NS, parse_date
from simulators.custodian.config import HOUR_NS, CustodianConfig, ProcessingConfig
from simulators.ledger import UNITS


def test_a_profit_is_instructed_at_the_cut_off_and_settled_before_its_contracted_time(world: Any) -> None:
    world.apex.trade(1_000)
    world.start()
    world.run_to("2023-02-21", 18)
    life = world.instructions()
    assert [status for _, status, _, _ in life] == ["instructed", "pending", "pending", "settled"]
    assert [(amount, settled) for _, _, amount, settled in life] == [(1_000, 0)] * 3 + [(1_000, 1_000)]
    minutes = [minute for minute, _, _, _ in life]
    assert minutes[:2] == [60, 61] or minutes[:2] == [60, 60]  # authorized within 90 s of 08:00
    assert minutes[3] - minutes[2] <= 8
    contracted = (24 + 11) * 60  # 18:00 of the next day
    assert contracted - 120 <= minutes[3] <= contracted - 60
    assert world.custodian.ledger.balance("treasury", "USD") == (1_001_000 * UNITS, 0)
    assert world.apex.ledger.balance("firm", "USD") == (500_000 * UNITS, 0)
    assert world.instructions("boreal") == []


def test_a_loss_is_paid_from_custody(world: Any) -> None:
    world.apex.trade(-2_000)
    world.start()
    world.run_to("2023-02-20", 9)
    assert world.apex.ledger.balance("firm", "USD") == (500_000 * UNITS, 0)
    assert world.custodian.ledger.balance("treasury", "USD") == (1_000_000 * UNITS, 0)
    world.run_to("2023-02-21", 18)
    assert world.instructions()[-1][1:] == ("settled", -2_000, -2_000)
    assert world.custodian.ledger.balance("treasury", "USD") == (998_000 * UNITS, 0)


def test_custody_that_cannot_pay_settles_in_part_and_the_rest_when_money_has_come(make_world: Any) -> None:
    world = make_world(dollars="1500")
    world.apex.trade(-2_000)
    world.start()
    world.run_to("2023-02-21", 20)
    assert [entry[1:] for entry in world.instructions()][-2:] == [("pending", -2_000, 0), ("partial", -2_000, -1_500)]
    status, transactions = world.ask("GET", "/v1/transactions")
    assert status == 200
    shown = [(entry["status"], entry["subStatus"], entry["amountInfo"]["netAmount"]) for entry in transactions]
    assert shown == [("CONFIRMING", "PARTIALLY_SETTLED", "1500")]
    world.custodian.receive_deposit(world.master, "USD", 10_000 * UNITS)
    world.run_to("2023-02-21", 22)
    assert world.instructions()[-1][1:] == ("settled", -2_000, -2_000)
    assert world.custodian.ledger.balance("treasury", "USD") == (9_500 * UNITS, 0)


def test_only_what_is_free_at_the_exchange_is_instructed_and_the_rest_is_carried_over(world: Any) -> None:
    world.apex.trade(3_000)
    world.apex.ledger.hold("firm", "USD", 502_000 * UNITS)
    world.start()
    world.run_to("2023-02-20", 9)
    assert world.instructions()[0] == (60, "instructed", 1_000, 0)
    world.apex.ledger.release("firm", "USD", 502_000 * UNITS)
    world.run_to("2023-02-20", 16)
    assert [entry for entry in world.instructions() if entry[1] == "instructed"][1] == (540, "instructed", 2_000, 0)


def test_dust_is_carried_over_until_it_is_worth_a_payment(world: Any) -> None:
    world.apex.trade(9)
    world.start()
    world.run_to("2023-02-20", 15)
    assert world.instructions() == []
    world.apex.trade(1)
    world.run_to("2023-02-20", 16)
    assert world.instructions() == [(540, "instructed", 10, 0)]


def test_a_session_opens_as_soon_as_the_market_has_prices(world: Any) -> None:
    world.apex.valued = False
    world.apex.trade(1_000)
    world.start()
    world.run_to("2023-02-20", 8)
    assert world.instructions() == []
    world.apex.valued = True
    world.run_to("2023-02-20", 16)
    assert world.instructions() == [(540, "instructed", 1_000, 0)]


def test_each_exchange_settles_under_its_own_terms(make_world: Any) -> None:
    world = make_world(terms="T+2", business_days="weekdays", holidays=("2023-02-22",))
    for exchange in world.exchanges.values():
        exchange.trade(100)
    world.start()
    world.run_to("2023-02-20", 8)
    contracted = [record[-1] for record in world.audit.of("settlement")]
    assert contracted == [parse_date("2023-02-23") * DAY_NS + 18 * HOUR_NS] * 2


def test_what_a_session_earned_does_not_change_when_a_later_one_is_settled(make_world: Any) -> None:
    """A run must draw what its control draws: an extra instruction may not move the others in time."""
    plain, busy = make_world(), make_world()
    busy.apex.trade(777)
    for world in (plain, busy):
        world.start()
        world.run_to("2023-02-20", 12)
        world.apex.trade(1_000)
        world.exchanges["boreal"].trade(50)
        world.run_to("2023-02-22", 0)
    common = [entry for entry in busy.instructions() if entry[2] == 1_000]
    assert len(common) == 4
    assert common == plain.instructions()
    assert busy.instructions("boreal") == plain.instructions("boreal")


def test_postings_follow_from_their_instruction_and_name_it_as_their_cause(world: Any) -> None:
    world.apex.trade(1_000)
    world.start()
    world.run_to("2023-02-21", 18)
    records = world.audit.all
    chain = []
    number = next(
        number for number, record in enumerate(records, 1) if record[0] == "settlement" and "settled" in record
    )
    while number:
        chain.append(records[number - 1][0])
        number = records[number - 1][3]
    assert chain == ["settlement", "settlement", "settlement", "settlement", "venue"]
    moved = [record for record in records if record[0] == "posting" and record[-1] == "settlement"]
    assert [(record[2], *record[5:8]) for record in moved] == [
        ("apex", "firm", "settling", 1_000 * UNITS),
        ("keystone", "apex", "treasury", 1_000 * UNITS),
        ("apex", "settling", "keystone", 1_000 * UNITS),
    ]


def test_the_book_of_transactions_stays_bounded_over_a_year(make_world: Any) -> None:
    world = make_world(history_limit=20)
    world.start(hours=24 * 365)
    for day in range(365):
        for exchange in world.exchanges.values():
            exchange.trade(100 if day % 2 else -100)
        world.kernel.run_until(world.kernel.now_ns + 24 * HOUR_NS)
    status, transactions = world.ask("GET", "/v1/transactions?limit=500")
    assert (status, world.custodian.transactions.made) == (200, 730)
    assert len(transactions) <= 20 + 4
    assert {entry["status"] for entry in transactions[4:]} == {"COMPLETED"}


def test_a_full_book_carries_sessions_over(make_world: Any) -> None:
    world = make_world(open_limit=1)
    for exchange in world.exchanges.values():
        exchange.trade(500)
    world.start()
    world.run_to("2023-02-21", 8)
    assert (len(world.instructions()), len(world.instructions("boreal"))) == (2, 0)
    world.run_to("2023-02-22", 0)
    assert world.instructions("boreal")[0][1:] == ("instructed", 500, 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"assets": ("BTC",)}, "settle in USD"),
        ({"terms": "T+5"}, "are not settlement terms"),
        ({"notice_ns": HOUR_NS}, "notice_ns"),
        ({"processing": ProcessingConfig(confirmation_ns=(2, 1))}, "processing.confirmation_ns"),
        ({"processing": ProcessingConfig(retry_ns=0)}, "a retry needs time"),
        ({"open_limit": 0}, "open_limit"),
    ],
)
def test_an_agreement_that_cannot_be_kept_is_refused(settings: dict[str, Any], message: str) -> None:
    agreed: dict[str, Any] = {"name": "keystone", "assets": ("USD",)}
    with pytest.raises(ValueError, match=message):
        CustodianConfig(**(agreed | settings))


def test_the_same_seed_settles_at_the_same_nanosecond(make_world: Any) -> None:
    histories = []
    for _ in range(2):
        world = make_world(seed=7)
        world.apex.trade(1_234)
        world.start()
        world.kernel.run_until(world.kernel.now_ns + 48 * 60 * MINUTE_NS)
        histories.append(world.audit.all)
    assert histories[0] == histories[1]
