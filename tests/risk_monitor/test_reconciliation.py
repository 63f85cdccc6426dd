"""Accounts held against their own events."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from risk_monitor.books.running_balance import BOOKED_AFTER_NS, RunningBalance, View
from risk_monitor.connectors.domain import Fill

RULES = """
reconciliation: {each: {high: 0 USD}}
reconciliation_confidence: {each: {warning: 100 %, high: 50 %}}
frozen_account: {each: {high: 90 s}}
"""
S = 1_000_000_000


def _states(firm: Any, mandate: str) -> list[tuple[str, str, str]]:
    return [entry[1:] for entry in firm.history_of(mandate)]


def test_accounts_that_explain_themselves_reconcile(world: Any) -> None:
    firm = world(RULES).start()
    for number in range(1, 9):
        firm.trade("apex", "maker", "BTC/USDT", "BUY" if number % 2 else "SELL", "0.5", "24000", number)
        firm.move_balance("apex", "master", "USD", "-1000")
        firm.move_balance("boreal", "master", "USD", "1000")
        firm.run(37)
    assert [signal for signal in firm.signals if signal[1].mandate != "daily_loss"] == []
    assert firm.compliance("reconciliation", "apex:BTC") == [("ok", 0.0)]
    assert firm.compliance("reconciliation_confidence", "apex") == [("ok", 100.0)] * 2


def test_a_fill_that_never_happened_is_a_mismatch_at_the_next_view(world: Any) -> None:
    firm = world(RULES).start(30)
    held = dict(firm.balances["apex", "maker"])
    firm.trade("apex", "maker", "BTC/USDT", "BUY", "0.5", "24000", 7, positions=False)
    firm.balances["apex", "maker"] = held
    firm.trades.clear()
    firm.run(60)
    fired = firm.history_of("reconciliation")
    assert {entry[1:] for entry in fired} == {("firing", "apex:BTC", "high"), ("firing", "apex:USDT", "high")}
    assert all(60.0 < at_s < 63.0 for at_s, *_ in fired)
    signal = next(signal for _, signal in firm.signals if signal.subject == "apex:BTC")
    assert (signal.observed, signal.evidence) == (
        12_000.0,
        ("apex account maker shows -0.5 BTC against its own events",),
    )


def test_what_only_went_from_one_account_of_a_venue_to_another_is_no_mismatch_of_the_venue(world: Any) -> None:
    firm = world(RULES).start(30)
    for account, change in (("maker", "0.5"), ("master", "-0.5")):
        held = firm.balances["apex", account]
        held["BTC"] = str(Decimal(held.get("BTC", "0")) + Decimal(change))
    firm.run(60)
    assert firm.compliance("reconciliation", "apex:BTC") == [("ok", 0.0)]
    assert firm.compliance("reconciliation_confidence", "apex") != [("ok", 100.0)] * 2


def test_a_fill_that_was_swallowed_is_found_in_the_list_of_trades(world: Any) -> None:
    firm = world(RULES).start(30)
    firm.trade("apex", "maker", "BTC/USDT", "BUY", "0.5", "24000", 7, told=False)
    firm.run(200)
    assert _states(firm, "reconciliation") == [
        ("firing", "apex:BTC", "high"),
        ("firing", "apex:USDT", "high"),
        ("resolved", "apex:BTC", "high"),
        ("resolved", "apex:USDT", "high"),
    ]


def test_a_swallowed_fill_is_found_though_the_balances_it_left_were_told(world: Any) -> None:
    firm = world(RULES).start(30)
    firm.trade("apex", "maker", "BTC/USDT", "BUY", "0.5", "24000", 7, told=False)
    firm.tell_position("apex", "maker", "BTC", "USDT")
    firm.run(200)
    assert _states(firm, "reconciliation") == [
        ("firing", "apex:BTC", "high"),
        ("firing", "apex:USDT", "high"),
        ("resolved", "apex:BTC", "high"),
        ("resolved", "apex:USDT", "high"),
    ]


def test_after_a_mismatch_the_account_is_asked_every_five_seconds_until_it_is_clean(world: Any) -> None:
    firm = world(RULES).start(30)
    firm.views["apex", "maker"] = {"USDT": "49000"}
    firm.run(75)
    asked = [
        round((at_ns - firm.requests[0][0]) / S, 1)
        for at_ns, request in firm.requests
        if request.venue == "apex" and request.account == "maker" and "/account?" in request.target
    ]
    assert [round(after - before) for before, after in pairwise(asked[1:])][:5] == [60, 5, 5, 5, 5]
    firm.views.clear()
    firm.run(80)
    assert _states(firm, "reconciliation") == [("firing", "apex:USDT", "high"), ("resolved", "apex:USDT", "high")]
    assert _states(firm, "reconciliation_confidence")[:2] == [("firing", "apex", "warning"), ("firing", "apex", "high")]


def test_while_a_stream_is_closed_the_account_cannot_be_reconciled(world: Any) -> None:
    firm = world(RULES).start(30)
    firm.refuses_streams.add("boreal")
    firm.close_streams("boreal")
    firm.run(1)
    assert firm.compliance("reconciliation", "boreal:USD") == [("unknown", None)]
    assert firm.compliance("reconciliation", "apex:USD") == [("ok", 0.0)]
    firm.move_balance("boreal", "master", "USD", "-500", told=False)
    firm.refuses_streams.clear()
    firm.run(60)
    assert firm.compliance("reconciliation", "boreal:USD") == [("ok", 0.0)]
    assert firm.signals == []


def test_views_that_never_change_while_fills_arrive_are_frozen(world: Any) -> None:
    firm = world(RULES).start(30)
    firm.views["apex", "maker"] = dict(firm.balances["apex", "maker"])
    firm.trade("apex", "maker", "BTC/USDT", "BUY", "0.5", "24000", 7)
    firm.run(100)
    firm.views.clear()
    firm.run(130)
    assert _states(firm, "frozen_account") == [("firing", "apex:maker", "high"), ("resolved", "apex:maker", "high")]
    assert firm.history_of("frozen_account")[0][0] == 120.0
    assert firm.compliance("frozen_account", "boreal:master") == [("ok", 0.0)]


def test_a_fill_that_the_view_before_it_holds_already_freezes_nothing(world: Any) -> None:
    firm = world(RULES).start(30)
    firm.trade("apex", "maker", "BTC/USDT", "BUY", "0.5", "24000", 7, told=False)
    happened_ms = firm.update_ms
    firm.run(40)  # it is polled once a minute
    report = {"e": "executionReport", "E": happened_ms, "s": "BTCUSDT", "S": "BUY", "x": "TRADE", "X": "FILLED"}
    report |= {"i": 1, "l": "0.5", "z": "0.5", "L": "24000", "n": "0", "N": None, "T": happened_ms}
    firm.user_event("apex", "maker", report | {"t": 7, "Y": "12000", "Z": "12000"})
    firm.run(200)
    assert _states(firm, "frozen_account") == []


def test_custody_that_misreports_a_balance_does_not_follow_from_its_transactions(world: Any) -> None:
    firm = world(RULES).start()
    firm.instruct("i-1", "apex", "1000", contracted_in_s=600)
    firm.move_balance("apex", "master", "USD", "-1000")
    firm.run(60)
    firm.settle("i-1", "1000")
    firm.run(40)
    assert firm.signals == []
    firm.custody["USD"] = str(Decimal(firm.custody["USD"]) - 700)
    firm.run(40)
    firm.custody["USD"] = str(Decimal(firm.custody["USD"]) + 700)
    firm.run(80)
    assert _states(firm, "reconciliation") == [("firing", "keystone:USD", "high"), ("resolved", "keystone:USD", "high")]
    assert next(signal for _, signal in firm.signals if signal.mandate == "reconciliation").observed == 700.0


def test_a_settlement_reported_done_but_not_done_is_a_mismatch(world: Any) -> None:
    firm = world(RULES).start()
    firm.instruct("i-1", "apex", "1000", contracted_in_s=600)
    firm.move_balance("apex", "master", "USD", "-1000")
    firm.run(60)
    before = firm.custody["USD"]
    firm.settle("i-1", "1000")
    firm.custody["USD"] = before
    firm.run(40)
    assert _states(firm, "reconciliation") == [("firing", "keystone:USD", "high")]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 3), st.integers(0, 3)), max_size=25),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3), st.integers(0, 3)), max_size=10),
)
def test_views_and_events_of_an_honest_venue_agree_whichever_comes_first(
    changes: list[tuple[int, int, int]], views: list[tuple[int, int, int]]
) -> None:
    """Changes happen 10 ms apart; each travels 0 to 3 steps of 4 ms, a view's request and reply as well."""
    balance = RunningBalance({})
    balance.opened(0)
    happenings: list[tuple[int, int, Callable[[int], None]]] = []
    totals, total = [Decimal(0)], Decimal(0)
    arrives = 0
    for number, (change, travel, _) in enumerate(changes, start=1):
        total += change
        totals.append(total)
        arrives = max(arrives, number * 10 + travel * 4)  # one stream keeps its order
        happenings.append(
            (
                arrives,
                0,
                lambda now, number=number, change=change: balance.flow(now, number * 10, "BTC", Decimal(change)),
            )
        )
    differences: list[dict[str, Decimal]] = []

    def judge(now: int, departed: int, at_step: int) -> None:
        found = balance.judge(now, View(departed, at_step * 10, {"BTC": totals[at_step]}))
        if found:
            differences.append(found)

    judged = 0
    for at, there, back in sorted(views):
        departed = max(at * 10 + 1, judged - 40)  # one request at a time
        served = departed + there * 4
        step = min(served // 10, len(totals) - 1)
        judged = served + back * 4 + 40
        happenings.append((judged, 1, lambda now, d=departed, s=step: judge(now, d, s)))
    for now, _, happen in sorted(happenings, key=lambda entry: entry[:2]):
        happen(now)
    assert differences == []


def test_a_difference_that_stands_for_a_day_is_booked() -> None:
    balance = RunningBalance({})
    balance.opened(0)
    shown = View(1, 0, {"USD": Decimal(10)})
    assert balance.judge(2, shown) is None
    wrong = {"USD": Decimal(7)}
    assert balance.judge(3, View(3, 0, wrong)) == {"USD": Decimal(-3)}
    assert balance.judge(4, View(4, 0, wrong)) == {"USD": Decimal(-3)}
    assert balance.judge(3 + BOOKED_AFTER_NS, View(5, 0, wrong)) == {}
    assert balance.judge(4 + BOOKED_AFTER_NS, View(6, 0, wrong)) == {}


def test_a_trade_id_counts_once_and_an_old_trade_not_at_all() -> None:
    balance = RunningBalance({"BTCUSD": ("BTC", "USD")})
    balance.opened(0)
    balance.judge(1, View(1, 50, {"USD": Decimal(100)}))
    fill = Fill("BTCUSD", 1, True, Decimal(2), Decimal(40), 20.0, Decimal("0.1"), "BTC", 60)
    balance.fill(2, fill)
    balance.fill(3, fill)
    balance.fill(4, Fill("BTCUSD", 0, True, Decimal(9), Decimal(90), 10.0, Decimal(0), "BTC", 50), is_listed=True)
    assert balance.judge(6, View(5, 60, {"USD": Decimal(60), "BTC": Decimal("1.9")})) == {}
