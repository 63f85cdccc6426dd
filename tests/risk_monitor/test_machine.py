"""What holds for the machine as a whole, whatever happens to it."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risk_monitor.config import Account, ConfigError, MonitorConfig, VenueConfig
from risk_monitor.effects import Effect, OpenStream, SendRequest
from risk_monitor.events import (
    Event,
    ReplyReceived,
    Started,
    StreamClosed,
    StreamMessage,
    StreamOpened,
    TimerFired,
)
from risk_monitor.limits import parse_limits
from risk_monitor.machine import RiskMonitor

EVERYTHING = """
position_limit: {BTC: {warning: 12 BTC, high: 15 BTC}}
notional_limit: {each: {high: 400k USD}, total: {high: 500k USD}}
delta_exposure: {each: {high: 50k USD}}
drawdown: {firm: {high: 1 %}}
rapid_drawdown: {firm: {high: 5k USD}, window: 10 min}
daily_loss: {firm: {high: 5k USD}}
stablecoin_peg: {each: {warning: 50 bp, high: 100 bp}}
stablecoin_exposure: {each: {high: 60k USD}}
price_divergence: {each: {high: 50 bp}, for: 30 s}
triangular_divergence: {each: {high: 50 bp}, for: 30 s}
feed_staleness: {prices: {high: 5 s}, positions: {high: 5 min}}
api_outage: {each: {critical: 30 s}}
api_latency: {each: {warning: 500 ms}, window: 5 min, quantile: 95 %}
overdue_settlement: {each: {high: 0 s}}
unsettled_exposure: {total: {high: 10k USD}}
clock_drift: {each: {high: 100 ms}}
sequence_gap: {each: {high: 0 times}, window: 10 min}
snapshot_loss: {each: {high: 1 %}, window: 10 min}
crossed_book: {each: {high: 0 bp}}
bad_tick: {each: {high: 100 bp}}
frozen_feed: {each: {high: 5 min}}
frozen_account: {each: {high: 3 min}}
reconciliation: {each: {high: 1 USD}}
reconciliation_confidence: {each: {high: 80 %}}
api_errors: {each: {high: 5 %}, window: 5 min}
partial_settlement: {each: {high: 10 min}}
rejected_transfer: {each: {high: 0 times}, window: 1 h}
"""


def _troubled_day(world: Any) -> Any:
    firm = world(EVERYTHING).start()
    firm.trade("apex", "maker", "BTC/USDT", "BUY", "1.5", "24000", trade_id=1)
    firm.run(20)
    firm.set_quote("boreal", "USDT/USD", "0.98")
    firm.run(40)
    firm.instruct("i-1", "apex", "20000", contracted_in_s=30)
    firm.move_balance("apex", "master", "USD", "-20000")
    firm.run(60)
    firm.close_streams("boreal")
    firm.refuses_streams.add("boreal")
    firm.status["boreal"] = 503
    firm.run(100)
    firm.refuses_streams.clear()
    firm.status["boreal"] = 200
    firm.set_quote("boreal", "USDT/USD", "1")
    firm.settle("i-1", "20000")
    firm.run(200)
    return firm


def test_the_same_events_give_the_same_effects(world: Any) -> None:
    firm = _troubled_day(world)
    again = world(EVERYTHING).monitor
    effects: list[Effect] = []
    for at_ns, event in firm.log:
        effects.extend(again.step(at_ns, event))
    assert effects == firm.effects
    assert again.status() == firm.monitor.status()
    assert len(firm.signals) > 10


def test_no_signal_depends_on_the_hash_seed() -> None:
    here = Path(__file__).parent
    script = (
        f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parents[1])!r}]\n"
        "import conftest, test_machine\n"
        "for at_ns, signal in test_machine._troubled_day(conftest.World).signals: print(at_ns, signal)\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] != b""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40_000_000_000),
            st.sampled_from(["reply", "message", "closed", "opened", "timer", "wait"]),
            st.integers(1, 40),
            st.one_of(
                st.binary(max_size=40),
                st.sampled_from(
                    [
                        b"{}",
                        b"[]",
                        b"null",
                        b'{"subscriptionId":0,"event":{"e":"balanceUpdate","E":1,"a":"USD","d":"-1e14","T":1}}',
                        b'{"updateTime":1,"balances":[{"asset":"BTC","free":"1","locked":"2"}]}',
                        b'{"accounts":[{"id":"0","assets":[{"id":"BTC","total":"7"}]}],"paging":{"after":"x"}}',
                        b'{"data":{"u":1,"s":"BTCUSD","b":"1","B":"1","a":"2","A":"1"}}',
                    ]
                ),
            ),
            st.sampled_from([200, 200, 200, 400, 403, 429, 503]),
        ),
        max_size=60,
    )
)
def test_it_never_raises_and_its_deadline_is_never_in_the_past(
    world: Any, happenings: list[tuple[int, str, int, bytes, int]]
) -> None:
    monitor = world(EVERYTHING).monitor
    now_ns = 1_676_883_600_000_000_000
    monitor.step(now_ns, Started())
    for wait_ns, kind, number, payload, status in happenings:
        now_ns += wait_ns
        event: Event = {
            "reply": ReplyReceived(number, status, payload),
            "message": StreamMessage(number % 8, payload),
            "closed": StreamClosed(number % 8, "gone"),
            "opened": StreamOpened(number % 8),
            "timer": TimerFired(),
            "wait": TimerFired(),
        }[kind]
        monitor.step(now_ns, event)
        assert monitor.next_deadline_ns() > now_ns
    monitor.status()


def test_memory_does_not_grow_with_time(world: Any) -> None:
    firm = world(EVERYTHING).start(600)
    sizes = []
    tracemalloc.start()
    for _ in range(3):
        for step in range(60):
            firm.trade("apex", "maker", "BTC/USDT", "BUY", "0.001", "24000", trade_id=step)
            firm.move_balance("apex", "maker", "USDT", "0.01")
            firm.set_quote("apex", "BTC/USD", str(24000 + step % 7))
            firm.run(20)
        for log in (firm.log, firm.effects, firm.requests, firm.trades, firm.signals):
            log.clear()
        gc.collect()  # what only waits to be collected is no leak, whatever ran before in this process
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    # Requests that nobody answers are remembered for a while; a leak of 40 bytes a poll would be as much as this.
    assert sizes[2] - sizes[1] < 100_000


def test_its_own_backlog_is_not_taken_for_a_slow_venue(world: Any) -> None:
    limits = "api_latency: {each: {warning: 500 ms}, window: 1 min, quantile: 95 %}"
    firm = world(limits).start()
    firm.backlog_ns = 2_000_000_000
    firm.run(600)
    assert firm.signals == []
    firm.latency_ns["apex"] = 400_000_000  # each way
    firm.run(600)
    assert {signal.subject for _, signal in firm.signals} == {"apex"}


def test_streams_are_kept_open_with_growing_patience(world: Any) -> None:
    firm = world("feed_staleness: {prices: {high: 5 s}}").start()
    firm.refuses_streams.add("boreal")
    firm.close_streams("boreal")
    began_ns = firm.now_ns
    opens: list[float] = []
    seen = len(firm.effects)
    for _ in range(1200):
        firm.run(0.1)
        fresh = [effect for effect in firm.effects[seen:] if isinstance(effect, OpenStream)]
        opens += [
            round((firm.now_ns - began_ns) / 1e9)
            for effect in fresh
            if (effect.venue, effect.account) == ("boreal", None)
        ]
        seen = len(firm.effects)
    assert opens == [1, 3, 7, 15, 31, 61, 91]


def test_a_venue_is_asked_no_more_than_its_weight_allows(world: Any) -> None:
    venues = (
        VenueConfig("apex", "binance", (Account("m", "k"), Account("n", "l")), ("BTC/USD",), weight_per_minute=60),
    )
    firm = world("api_outage: {each: {critical: 30 s}}", MonitorConfig(venues))
    firm.balances = {("apex", "m"): {}, ("apex", "n"): {}}
    firm.step(Started())
    firm.run(600, quoting=False)
    weight = sum(20 if "account" in request.target else 1 for _, request in firm.requests)
    assert weight <= 60 + 600


def test_the_user_data_stream_that_swallows_events_is_replaced(world: Any) -> None:
    firm = world("position_limit: {BTC: {high: 20 BTC}}").start()
    before = firm.streams["apex", "maker"]
    for trade_id in range(4):
        firm.trade("apex", "maker", "BTC/USDT", "BUY", "0.1", "24000", trade_id=trade_id, told=False)
        firm.run(60)
    assert firm.streams["apex", "maker"] != before
    assert firm.monitor.telemetry.missed_account_events >= 1
    assert dict(firm.monitor.status().holdings)["BTC"] == pytest.approx(10.4)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (MonitorConfig(()), "venues: at least one venue expected"),
        (
            MonitorConfig((VenueConfig("a", "coingecko"), VenueConfig("a", "coingecko"))),
            "venues: each name may occur once",
        ),
        (
            MonitorConfig((VenueConfig("a", "binance"),)),
            "venues.a.accounts: at least one account expected for dialect binance",
        ),
        (
            MonitorConfig((VenueConfig("a", "binance", (Account("m", "k"),), ("BTCUSD",)),)),
            "venues.a.pairs: 'BTCUSD' should read BASE/QUOTE",
        ),
    ],
)
def test_a_configuration_that_contradicts_itself_is_refused(config: MonitorConfig, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RiskMonitor(config, parse_limits("schema: riskproof-limits/1\nfirm: x\nbase_currency: USD\nlimits: {}", "f"))
    assert str(caught.value) == message


def test_requests_carry_the_key_of_their_account_and_nothing_else_does(world: Any) -> None:
    firm = world("api_outage: {each: {critical: 30 s}}").start(60)
    keys = {
        (request.venue, request.account, request.headers)
        for _, request in firm.requests
        if request.headers and isinstance(request, SendRequest)
    }
    assert keys == {
        ("apex", "master", (("X-MBX-APIKEY", "a-key"),)),
        ("apex", "maker", (("X-MBX-APIKEY", "b-key"),)),
        ("boreal", "master", (("X-MBX-APIKEY", "c-key"),)),
        ("keystone", "0", (("X-API-Key", "d-key"),)),
    }
    assert not any("-key" in request.target for _, request in firm.requests)
    assert "-key" not in json.dumps([signal.evidence for _, signal in firm.signals])
