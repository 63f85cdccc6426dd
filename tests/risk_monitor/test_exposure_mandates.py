"""Position, notional, delta and stablecoin limits, through the whole machine."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("limits", "mandate", "subject", "expected"),
    [
        ("position_limit: {BTC: {high: 10 BTC}}", "position_limit", "BTC", [("ok", 10.0)]),
        ("position_limit: {BTC: {high: 9.9999999 BTC}}", "position_limit", "BTC", [("breached", 10.0)]),
        ("notional_limit: {each: {high: 240k USD}}", "notional_limit", "BTC", [("ok", 240000.0)]),
        (
            "notional_limit: {BTC: {high: 239k USD}, each: {high: 1 USD}}",
            "notional_limit",
            "BTC",
            [("breached", 240000.0)],
        ),
        ("notional_limit: {total: {high: 300k USD}}", "notional_limit", "total", [("ok", 240000.0)]),
        ("delta_exposure: {each: {high: 1 USD}}", "delta_exposure", "BTC", [("ok", 0.0)]),
        ("delta_exposure: {each: {high: 1 USD}}", "delta_exposure", "ETH", [("ok", 0.0)]),
        (
            "stablecoin_exposure: {each: {warning: 40k USD, high: 60k USD}}",
            "stablecoin_exposure",
            "USDT",
            [("breached", 50000.0), ("ok", 50000.0)],
        ),
        (
            "concentration: {each: {warning: 37 %, high: 37.5 %}}",
            "concentration",
            "BTC",
            [("breached", 37.5), ("ok", 37.5)],
        ),
        ("correlation_cluster: {majors: {high: 240k USD}}", "correlation_cluster", "majors", [("ok", 240000.0)]),
        ("weekly_loss: {firm: {high: 1 USD}}", "weekly_loss", "firm", [("ok", 0.0)]),
    ],
)
def test_a_breach_is_strictly_above_its_bound(
    world: Any, limits: str, mandate: str, subject: str, expected: list[tuple[str, float]]
) -> None:
    assert world(limits).start().compliance(mandate, subject) == expected


def test_a_trade_through_the_limit_raises_an_alert_that_says_who_holds_what(world: Any) -> None:
    firm = world("position_limit: {ETH: {warning: 30 ETH, high: 60 ETH}}").start()
    firm.trade("apex", "maker", "ETH/USDT", "BUY", "31", "1600", trade_id=7)
    firm.run(2)
    [(at_ns, signal)] = firm.signals
    assert (signal.state, signal.severity, signal.observed, signal.limit, signal.unit) == (
        "firing",
        "warning",
        31.0,
        30.0,
        "ETH",
    )
    assert signal.alert_id == "position_limit/ETH/warning/1"
    assert signal.since_ns == at_ns
    assert signal.evidence == (
        f"apex account maker outboundAccountPosition u={firm.update_ms}",
        f"apex stream ethusd@bookTicker u={signal.evidence[1].split('u=')[1].split()[0]} bid=1600 ask=1600",
    )


def test_a_cluster_adds_up_what_falls_together(world: Any) -> None:
    firm = world("correlation_cluster: {each: {high: 280k USD}}").start()
    firm.trade("apex", "maker", "ETH/USDT", "BUY", "31", "1600", trade_id=7)
    firm.run(2)
    assert firm.compliance("correlation_cluster", "majors") == [("breached", 289600.0)]
    [(_, signal)] = firm.signals
    assert [text.split()[:2] for text in signal.evidence] == [
        ["apex", "account"],
        ["apex", "stream"],
        ["apex", "account"],
        ["apex", "stream"],
    ]


def test_concentration_and_cluster_are_unknown_without_a_mark(world: Any) -> None:
    limits = "concentration: {BTC: {high: 90 %}}\ncorrelation_cluster: {majors: {high: 1M USD}}"
    firm = world(limits).start()
    for venue in ("apex", "boreal"):
        firm.set_quote(venue, "BTC/USD", "0", quantity="0")
    firm.run(3)
    assert firm.compliance("concentration", "BTC") == [("unknown", None)]
    assert firm.compliance("correlation_cluster", "majors") == [("unknown", None)]


def test_holdings_are_unknown_until_every_account_and_custody_have_been_seen(world: Any) -> None:
    firm = world("position_limit: {BTC: {high: 1 BTC}}")
    firm.status["boreal"] = None
    firm.start(8)
    assert firm.compliance("position_limit", "BTC") == [("unknown", None)]
    assert firm.signals == []
    firm.status.clear()
    firm.run(10)
    assert firm.compliance("position_limit", "BTC") == [("breached", 10.0)]


def test_an_asset_without_a_mark_leaves_its_value_unknown_and_not_compliant(world: Any) -> None:
    firm = world("notional_limit: {BTC: {high: 100k USD}}\nposition_limit: {BTC: {high: 100 BTC}}").start()
    firm.set_quote("apex", "BTC/USD", "24000", quantity="0")
    firm.set_quote("boreal", "BTC/USD", "24000", quantity="0")
    firm.run(3)
    assert firm.compliance("notional_limit", "BTC") == [("unknown", None)]
    assert firm.compliance("position_limit", "BTC") == [("ok", 10.0)]
    assert [state for _, state, _, _ in firm.history_of("notional_limit")] == ["firing"]


def test_settlements_in_transit_count_as_holdings(world: Any) -> None:
    firm = world("daily_loss: {firm: {high: 1 USD}}").start()
    firm.move_balance("apex", "master", "USD", "-5000")
    firm.instruct("i-1", "apex", "5000", contracted_in_s=3600)
    firm.run(60)
    firm.settle("i-1", "2000")
    firm.run(60)
    firm.settle("i-1", "3000")
    firm.run(60)
    assert dict(firm.monitor.status().holdings)["USD"] == 350000.0
    assert firm.signals == []


def test_an_event_older_than_the_snapshot_changes_nothing(world: Any) -> None:
    firm = world("position_limit: {BTC: {high: 10 BTC}}").start()
    old = {"e": "outboundAccountPosition", "E": 1, "u": firm.update_ms - 1, "B": [{"a": "BTC", "f": "11", "l": "0"}]}
    firm.user_event("apex", "master", old)
    firm.run(3)
    assert firm.compliance("position_limit", "BTC") == [("ok", 10.0)]
    firm.user_event("apex", "master", old | {"u": firm.update_ms})
    firm.run(3)
    assert firm.compliance("position_limit", "BTC") == [("breached", 11.0)]
