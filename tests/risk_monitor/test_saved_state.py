"""What outlives a restart, what does not, and that saved garbage is no reason to stop."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risk_monitor.effects import SaveState
from risk_monitor.events import Started
from risk_monitor.machine import RiskMonitor

LIMITS = "drawdown: {firm: {high: 5 %}}\ndaily_loss: {firm: {high: 20k USD}}\nvisibility: {firm: {high: 4 min}}"


def saved(firm: Any) -> list[bytes]:
    return [effect.content for effect in firm.effects if isinstance(effect, SaveState)]


def price(firm: Any, bitcoin: str, seconds: float) -> None:
    for venue in ("apex", "boreal"):
        firm.set_quote(venue, "BTC/USD", bitcoin)
    firm.run(seconds)


def restart(firm: Any, content: bytes, down_s: float = 0.0) -> None:
    """Another process takes over; whatever was under way to the first one is lost."""
    limits = firm.monitor._tower.limits
    firm._queue.clear()
    firm.streams.clear()
    firm.now_ns += int(down_s * 1e9)
    firm.monitor = RiskMonitor(firm.config, limits)
    firm.step(Started(content))


@pytest.fixture
def fallen(world: Any) -> Any:
    """A firm that stood at 700k USD and fell to 640k: its drawdown fires."""
    firm = world(LIMITS).start()
    price(firm, "30000", 5)
    price(firm, "24000", 120)
    return firm


def test_every_other_second_is_saved_that_the_monitor_is_alive_and_once_a_minute_what_it_knows(world: Any) -> None:
    firm = world(LIMITS).start(0)
    firm.run(59.9)
    assert len(saved(firm)) == 29
    assert len({msgspec.msgpack.decode(content)["parts"]["equity"] for content in saved(firm)}) == 1
    firm.run(2.2)
    assert len({msgspec.msgpack.decode(content)["parts"]["equity"] for content in saved(firm)}) == 2


def test_high_water_mark_and_opening_outlive_a_restart_and_are_nothing_without_it(fallen: Any) -> None:
    content = saved(fallen)[-1]
    restart(fallen, content)
    fallen.run(5)
    assert fallen.monitor.status().high_water_mark_usd == 700_000.0
    assert fallen.compliance("drawdown", "firm") == [("breached", 8.571429)]
    restart(fallen, b"")
    fallen.run(5)
    assert fallen.monitor.status().high_water_mark_usd == 640_000.0


def test_an_alert_that_fires_goes_on_and_resolves_under_the_same_name(fallen: Any) -> None:
    restart(fallen, saved(fallen)[-1])
    fallen.run(5)
    price(fallen, "30000", 65)
    told = [(signal.state.value, signal.alert_id) for _, signal in fallen.signals if signal.mandate == "drawdown"]
    assert told == [("firing", "drawdown/firm/high/1"), ("resolved", "drawdown/firm/high/1")]
    price(fallen, "24000", 5)
    assert [signal.alert_id for _, signal in fallen.signals][-1] == "drawdown/firm/high/2"


def test_an_alert_whose_breach_ended_while_nobody_looked_resolves(fallen: Any) -> None:
    content = saved(fallen)[-1]
    restart(fallen, content)
    price(fallen, "30000", 65)
    told = [signal.state.value for _, signal in fallen.signals if signal.mandate == "drawdown"]
    assert told == ["firing", "resolved"]


def test_a_restart_of_seconds_is_not_taken_for_blindness_since_the_last_full_saving(world: Any) -> None:
    firm = world("feed_staleness: {prices: {high: 5 s}}\nvisibility: {firm: {high: 10 s}}").start()
    firm.run(58)
    firm.signals.clear()
    restart(firm, saved(firm)[-1], down_s=6)
    firm.run(5)
    assert firm.signals == []
    restart(firm, saved(firm)[-1], down_s=20)
    firm.run(1)
    assert [(signal.mandate, signal.state.value) for _, signal in firm.signals] == [("visibility", "firing")]


def test_the_time_between_saving_and_restart_was_not_seen_and_that_is_an_alert(fallen: Any) -> None:
    restart(fallen, saved(fallen)[-1], down_s=300)
    assert [(signal.mandate, signal.state.value) for _, signal in fallen.signals][-1] == ("visibility", "firing")
    restart(fallen, saved(fallen)[-1], down_s=10)
    fallen.run(70)
    assert [(signal.mandate, signal.state.value) for _, signal in fallen.signals][-1] != ("visibility", "firing")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 400), flipped=st.integers(0, 3_000), junk=st.binary(max_size=40), which=st.integers(0, 2))
def test_a_state_that_was_damaged_is_noted_and_the_monitor_runs(
    fallen: Any, cut: int, flipped: int, junk: bytes, which: int
) -> None:
    content = bytearray(saved(fallen)[-1])
    if which == 0:
        content = content[:cut]
    elif which == 1:
        content[flipped // 8 % len(content)] ^= 1 << flipped % 8
    else:
        content = bytearray(junk)
    restart(fallen, bytes(content))
    fallen.run(3)
    assert fallen.monitor.status().equity_usd == 640_000.0
