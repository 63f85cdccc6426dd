from __future__ import annotations

from typing import Any

import pytest

from simulators.custodian.calendar import MINUTE_NS
from simulators.custodian.config import HOUR_NS
from simulators.custodian.faults.outage import CustodianOutage
from simulators.custodian.faults.settlement import SettlementDelay, SettlementHalt
from simulators.custodian.harm import CustodianOutageParams, SettlementDelayParams, SettlementHaltParams
from simulators.ports import Reply, Request

CONTRACTED_MINUTE = 35 * 60  # 18:00 of the next day, counted from the start at 07:00


class Effects(list[tuple[int, str]]):
    """What ``took_effect`` was told, and when (minutes since the start)."""

    def __init__(self, world: Any) -> None:
        super().__init__()
        self.world = world
        self.start_ns = world.kernel.now_ns

    def __call__(self, what: str) -> None:
        self.append(((self.world.kernel.now_ns - self.start_ns) // MINUTE_NS, what))


def halted(world: Any, begin_hour: float, end_hour: float, **params: Any) -> Effects:
    effects = Effects(world)
    fault = SettlementHalt(world.custodian, world.kernel, SettlementHaltParams(**params), effects)
    schedule(world, fault, begin_hour, end_hour)
    return effects


def delayed(world: Any, begin_hour: float, end_hour: float, **params: Any) -> Effects:
    effects = Effects(world)
    fault = SettlementDelay(world.custodian, world.kernel, SettlementDelayParams(**params), effects)
    schedule(world, fault, begin_hour, end_hour)
    return effects


def schedule(world: Any, fault: Any, begin_hour: float, end_hour: float) -> None:
    now_ns = world.kernel.now_ns
    world.kernel.call_at(now_ns + round(begin_hour * HOUR_NS), fault.begin, 1)
    world.kernel.call_at(now_ns + round(end_hour * HOUR_NS), fault.end, 2)


def played(world: Any, dollars: int = 1_000) -> Any:
    """The world after two days in which apex and boreal each made a profit before the first cut-off."""
    for exchange in world.exchanges.values():
        exchange.trade(dollars)
    world.start()
    world.run_to("2023-02-22", 12)
    return world


def settled_minute(world: Any, counterparty: str = "apex") -> int:
    minutes = [minute for minute, status, _, _ in world.instructions(counterparty) if status == "settled"]
    assert len(minutes) == 1
    return int(minutes[0])


def test_a_halt_takes_effect_when_the_first_instruction_is_not_processed_and_not_when_it_begins(
    make_world: Any,
) -> None:
    control = played(make_world())
    due = {party: control.instructions(party)[2][0] for party in ("apex", "boreal")}
    world = make_world()
    effects = halted(world, 2, 60)
    played(world)
    assert effects[0][0] == min(due.values())
    assert len(effects) == 1
    assert [status for _, status, _, _ in world.instructions()] == ["instructed", "pending"]
    assert world.instructions("boreal")[:2] == control.instructions("boreal")[:2]


def test_a_halt_with_nothing_to_process_takes_no_effect(make_world: Any) -> None:
    control, world = played(make_world()), make_world()
    effects = halted(world, 1.5, 30)
    assert played(world).instructions() == control.instructions()
    assert effects == []


def test_the_backlog_is_worked_off_at_the_stated_pace_oldest_first(make_world: Any) -> None:
    world = make_world()
    halted(world, 2, 60, backlog_interval_ns=30 * MINUTE_NS)
    for session in range(3):
        world.kernel.call_at(
            world.kernel.now_ns + session * 8 * HOUR_NS, lambda _: [e.trade(1_000) for e in world.exchanges.values()]
        )
    world.start()
    world.run_to("2023-02-24", 0)
    processed = sorted(
        (minute, party, amount)
        for party in ("apex", "boreal")
        for minute, status, amount, settled in world.instructions(party)
        if status == "pending" and minute >= 60 * 60
    )
    assert [minute - 60 * 60 for minute, _, _ in processed] == [0, 30, 60, 90, 120, 150]
    assert [party for _, party, _ in processed] == ["apex", "boreal"] * 3
    assert {entry[1] for entry in world.instructions()[-1:]} == {"settled"}


def test_a_halt_of_one_counterparty_leaves_the_other_alone(make_world: Any) -> None:
    control, world = played(make_world()), make_world()
    halted(world, 2, 60, counterparty="apex")
    played(world)
    assert world.instructions("boreal") == control.instructions("boreal")
    assert world.instructions()[-1][1] == "pending"


def test_a_halt_that_ends_leaves_no_trace_in_later_sessions(make_world: Any) -> None:
    worlds = []
    for broken in (False, True):
        world = make_world()
        if broken:
            halted(world, 2, 40)
        world.start()
        world.apex.trade(1_000)
        world.run_to("2023-02-22", 1)
        world.apex.trade(2_000)
        world.run_to("2023-02-24", 0)
        worlds.append([entry for entry in world.instructions() if entry[2] == 2_000])
    assert worlds[0] == worlds[1]
    assert worlds[0][-1][1] == "settled"


def test_overlapping_halts_hold_until_the_last_one_ends(make_world: Any) -> None:
    world = make_world()
    halted(world, 2, 38, backlog_interval_ns=0)
    halted(world, 30, 45, counterparty="apex", backlog_interval_ns=0)
    played(world)
    assert settled_minute(world) >= 45 * 60
    assert 38 * 60 <= settled_minute(world, "boreal") < 39 * 60


@pytest.mark.parametrize("delay_minutes", [1, 30, 60])
def test_a_delay_up_to_the_processing_margin_makes_nothing_overdue(make_world: Any, delay_minutes: int) -> None:
    control, world = played(make_world()), make_world()
    effects = delayed(world, 2, 50, delay_ns=delay_minutes * MINUTE_NS)
    played(world)
    for party in ("apex", "boreal"):
        assert abs(settled_minute(world, party) - settled_minute(control, party) - delay_minutes) <= 1
        assert settled_minute(world, party) <= CONTRACTED_MINUTE
    assert effects[0][0] == min(control.instructions(party)[2][0] for party in ("apex", "boreal"))


def test_a_delay_beyond_window_and_margin_makes_everything_overdue(make_world: Any) -> None:
    world = make_world()
    delayed(world, 2, 50, delay_ns=121 * MINUTE_NS)
    played(world)
    assert settled_minute(world) > CONTRACTED_MINUTE
    assert settled_minute(world, "boreal") > CONTRACTED_MINUTE


def test_delays_that_overlap_do_not_add_up(make_world: Any) -> None:
    one, two = make_world(), make_world()
    delayed(one, 2, 50, delay_ns=3 * HOUR_NS)
    delayed(two, 2, 50, delay_ns=3 * HOUR_NS)
    delayed(two, 2, 50, delay_ns=1 * HOUR_NS)
    assert played(one).instructions() == played(two).instructions()


def test_a_delay_of_nothing_takes_no_effect(make_world: Any) -> None:
    control, world = played(make_world()), make_world()
    effects = delayed(world, 2, 50, delay_ns=0)
    assert played(world).instructions() == control.instructions()
    assert effects == []


def test_a_settlement_fault_of_an_unknown_counterparty_is_refused(world: Any) -> None:
    with pytest.raises(ValueError, match="keystone settles with apex, boreal, not with nowhere"):
        SettlementHalt(world.custodian, world.kernel, SettlementHaltParams(counterparty="nowhere"), print)


def test_an_outage_refuses_from_begin_to_end_and_takes_effect_with_the_first_request(world: Any) -> None:
    effects = Effects(world)
    outage = CustodianOutage(world.api, world.kernel, CustodianOutageParams(), effects)
    outage.begin(1)
    assert effects == []
    assert world.ask("GET", "/v1/supported_assets") == (503, {"message": "Service Unavailable", "code": 503})
    assert world.ask("GET", "/v1/supported_assets", key=None)[0] == 503
    assert effects == [(0, "request to keystone was refused")]
    outage.end(2)
    assert world.ask("GET", "/v1/supported_assets")[0] == 200
    assert [record[2:] for record in world.audit.of("venue")] == [
        ("keystone", 1, "down", "api"),
        ("keystone", 2, "up", "api"),
    ]


def test_a_silent_outage_never_answers_what_reached_it(world: Any) -> None:
    effects = Effects(world)
    outage = CustodianOutage(world.api, world.kernel, CustodianOutageParams(mode="silent"), effects)
    outage.begin(1)
    replies: list[Reply] = []
    world.api.handle(Request("GET", "/v1/supported_assets"), lambda reply, cause: replies.append(reply), 0)
    world.kernel.run_until(world.kernel.now_ns + MINUTE_NS)
    outage.end(2)
    world.kernel.run_until(world.kernel.now_ns + HOUR_NS)
    assert replies == []
    assert effects == [(0, "request to keystone was not answered")]


def test_settlement_goes_on_behind_an_outage(make_world: Any) -> None:
    control, world = played(make_world()), make_world()
    outage = CustodianOutage(world.api, world.kernel, CustodianOutageParams(), Effects(world))
    schedule(world, outage, 0, 100)
    assert played(world).instructions() == control.instructions()
