"""Drawdown, rapid drawdown and daily loss, and what must not be taken for a loss."""

from __future__ import annotations

from typing import Any

from risk_monitor.books.equity import EquityHistory

HOUR = 3600


def test_drawdown_is_measured_from_the_high_water_mark(world: Any) -> None:
    firm = world("drawdown: {firm: {warning: 10 %, high: 20 %}}").start()
    for price in ("30000", "24000"):
        firm.set_quote("apex", "BTC/USD", price)
        firm.set_quote("boreal", "BTC/USD", price)
        firm.run(5)
    # 400k USD and 10 BTC: 700k at the top, 640k now.
    assert firm.monitor.status().high_water_mark_usd == 700_000.0
    assert firm.compliance("drawdown", "firm") == [("ok", 8.571429), ("ok", 8.571429)]
    firm.set_quote("apex", "BTC/USD", "22000")
    firm.set_quote("boreal", "BTC/USD", "22000")
    firm.run(5)
    assert firm.compliance("drawdown", "firm") == [("breached", 11.428571), ("ok", 11.428571)]
    assert [entry[1:] for entry in firm.history_of("drawdown")] == [("firing", "firm", "warning")]


def test_rapid_drawdown_forgets_what_has_left_its_window(world: Any) -> None:
    firm = world("rapid_drawdown:\n  firm: {high: 10k USD}\n  window: 10 min").start()
    firm.set_quote("apex", "BTC/USD", "21000")
    firm.set_quote("boreal", "BTC/USD", "21000")
    firm.run(5)
    assert firm.compliance("rapid_drawdown", "firm") == [("breached", 30000.0)]
    firm.run(580)
    assert firm.compliance("rapid_drawdown", "firm") == [("breached", 30000.0)]
    firm.run(20)
    assert firm.compliance("rapid_drawdown", "firm") == [("ok", 0.0)]
    firm.run(60)
    assert [state for _, state, _, _ in firm.history_of("rapid_drawdown")] == ["firing", "resolved"]


def test_the_day_opens_with_the_equity_of_midnight(world: Any) -> None:
    firm = world("daily_loss: {firm: {high: 40k USD}}").start()
    firm.set_quote("apex", "BTC/USD", "21000")
    firm.set_quote("boreal", "BTC/USD", "21000")
    firm.run(15 * HOUR - 5 - 10)  # ten seconds before midnight
    assert firm.compliance("daily_loss", "firm") == [("ok", 30000.0)]
    firm.run(20)
    assert firm.compliance("daily_loss", "firm") == [("ok", 0.0)]
    firm.set_quote("apex", "BTC/USD", "16900")
    firm.set_quote("boreal", "BTC/USD", "16900")
    firm.run(5)
    assert firm.compliance("daily_loss", "firm") == [("breached", 41000.0)]


def test_the_week_opens_with_the_equity_of_monday_midnight() -> None:
    history = EquityHistory(0)
    day_ns = 24 * HOUR * 10**9
    wednesday_ns = 1_677_024_000 * 10**9  # 2023-02-22 00:00 UTC
    losses = []
    for days, equity in ((0.5, 100.0), (1.0, 90.0), (4.999, 80.0), (5.0, 70.0), (5.5, 65.0), (12.0, 60.0)):
        history.update(wednesday_ns + int(days * day_ns), equity)
        losses.append(history.loss_this_week)
    assert losses == [0.0, 10.0, 20.0, 0.0, 5.0, 0.0]


def test_a_settlement_instruction_seen_later_than_its_debit_is_no_loss(world: Any) -> None:
    firm = world("daily_loss: {firm: {high: 1 USD}}").start()
    firm.move_balance("apex", "master", "USD", "-30000")
    firm.move_balance("apex", "maker", "USD", "0.00")
    firm.run(1.5)
    assert firm.monitor.status().equity_usd == 640_000.0
    firm.instruct("i-1", "apex", "30000", contracted_in_s=86400)
    firm.run(120)
    assert firm.monitor.status().equity_usd == 640_000.0
    assert firm.signals == []


def test_an_instruction_seen_before_its_debit_does_not_lift_the_high_water_mark(world: Any) -> None:
    firm = world("drawdown: {firm: {high: 50 %}}").start()
    firm.status["apex"] = 503  # the exchange cannot be asked
    firm.close_streams("apex")
    firm.refuses_streams.add("apex")
    firm.move_balance("apex", "master", "USD", "-30000", told=False)
    firm.instruct("i-1", "apex", "30000", contracted_in_s=86400)
    firm.run(300)
    assert firm.monitor.status().equity_usd == 640_000.0
    firm.status.clear()
    firm.refuses_streams.clear()
    firm.run(120)
    status = firm.monitor.status()
    assert (status.equity_usd, status.high_water_mark_usd) == (640_000.0, 640_000.0)


def test_a_transfer_between_sub_accounts_is_no_loss(world: Any) -> None:
    firm = world("daily_loss: {firm: {high: 1 USD}}").start()
    firm.move_balance("apex", "master", "USD", "-50000")
    firm.run(2)
    firm.move_balance("apex", "maker", "USD", "50000")
    firm.run(120)
    assert firm.signals == []
    assert firm.monitor.status().equity_usd == 640_000.0


def test_money_that_leaves_without_a_trace_is_a_loss(world: Any) -> None:
    firm = world("daily_loss: {firm: {high: 1 USD}}").start()
    firm.move_balance("apex", "master", "USD", "-50000")
    firm.run(9)
    assert firm.signals == []
    firm.run(5)
    assert [entry[1:] for entry in firm.history_of("daily_loss")] == [("firing", "firm", "high")]
    assert firm.monitor.status().equity_usd == 590_000.0


def test_a_silent_custodian_does_not_hide_a_loss_for_long(world: Any) -> None:
    firm = world("daily_loss: {firm: {high: 1 USD}}").start()
    firm.status["keystone"] = None
    firm.move_balance("apex", "master", "USD", "-50000")
    firm.run(130)
    assert [entry[1:] for entry in firm.history_of("daily_loss")] == [("firing", "firm", "high")]


def test_a_withdrawal_on_record_is_neither_gain_nor_loss(world: Any) -> None:
    firm = world("drawdown: {firm: {high: 1 %}}\ndaily_loss: {firm: {high: 1 USD}}").start()
    row = {"id": "w-1", "amount": "49990", "transactionFee": "10", "coin": "USD", "status": 6}
    firm.history["/sapi/v1/capital/withdraw/history"] = [row]
    firm.move_balance("apex", "master", "USD", "-50000")
    firm.run(60)
    status = firm.monitor.status()
    assert (status.equity_usd, status.high_water_mark_usd) == (590_000.0, 590_000.0)
    assert firm.signals == []


def test_a_deposit_in_custody_from_outside_is_no_gain(world: Any) -> None:
    firm = world("drawdown: {firm: {high: 1 %}}").start()
    firm.custody["USD"] = "1200000"
    firm.transactions.append(
        {
            "id": "t-1",
            "assetId": "USD",
            "source": {"type": "UNKNOWN", "id": None},
            "destination": {"type": "VAULT_ACCOUNT", "id": "0"},
            "status": "COMPLETED",
            "amountInfo": {"amount": "1000000", "netAmount": "1000000"},
            "createdAt": firm.now_ns // 1_000_000,
        }
    )
    firm.run(90)
    status = firm.monitor.status()
    assert (status.equity_usd, status.high_water_mark_usd) == (1_640_000.0, 1_640_000.0)
    firm.set_quote("apex", "BTC/USD", "23800")
    firm.set_quote("boreal", "BTC/USD", "23800")
    firm.run(5)
    assert firm.compliance("drawdown", "firm") == [("ok", 0.121951)]


def test_trades_missed_while_the_stream_was_down_are_fetched_and_are_no_loss(world: Any) -> None:
    firm = world("daily_loss: {firm: {high: 1 USD}}").start()
    firm.close_streams("apex")
    firm.trade("apex", "maker", "BTC/USDT", "BUY", "1", "24000", trade_id=5, told=False)
    firm.run(60)
    assert firm.signals == []
    assert dict(firm.monitor.status().holdings)["BTC"] == 11.0
    positions = {(entry.account, entry.asset): entry for entry in firm.monitor.status().positions}
    bought = positions["maker", "BTC"]
    assert (bought.quantity, bought.cost_usd, bought.unrealised_usd) == (1.0, 24000.0, 0.0)
    assert firm.monitor.telemetry.unexplained_changes == 0


def test_profit_is_realised_against_average_cost(world: Any) -> None:
    firm = world("daily_loss: {firm: {high: 100k USD}}").start()
    firm.trade("apex", "maker", "ETH/USDT", "BUY", "2", "1500", trade_id=1)
    firm.trade("apex", "maker", "ETH/USDT", "BUY", "2", "1700", trade_id=2)
    firm.trade("apex", "maker", "ETH/USDT", "SELL", "1", "1700", trade_id=3)
    [report] = [event for _, event in firm.log[-2:] if b"executionReport" in event.payload]
    firm.message(report.stream_id, report.payload)  # told twice, counted once
    firm.run(5)
    positions = {(entry.account, entry.asset): entry for entry in firm.monitor.status().positions}
    ether = positions["maker", "ETH"]
    assert (ether.cost_usd, ether.realised_usd) == (4800.0, 100.0)
