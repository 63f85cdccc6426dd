"""What was shown of accounts and custody: views against running balances, by hand and whichever way messages race."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlator.journal import Journal
from correlator.reading import read_run
from correlator.truth.shown.running_balance import BOOKED_AFTER_NS, Change, RunningBalance, View

LINK = "monitor>apex"
LIMITS = """
schema: riskproof-limits/1
stablecoins: [USDT, USDC]
limits:
  reconciliation: {each: {high: 1 USD}}
  reconciliation_confidence: {each: {high: 90 %}}
  frozen_account: {each: {high: 30 s}}
"""
SECOND_NS = 10**9


def breaches(story: Any, path: Path, batch: int = 5) -> dict[tuple[str, str], list[tuple[float, float | None]]]:
    rules = read_run(Journal(story.write(path / "run.journal", batch=batch))).board.rules()

    def seconds(at_ns: int | None) -> float | None:
        return None if at_ns is None else round((at_ns - story.at_ns(0)) / 1e9, 6)

    return {
        (rule.mandate, rule.subject): [
            (seconds(one.begins_ns) or 0.0, seconds(one.ends_ns)) for one in rule.tracker.intervals
        ]
        for rule in rules
        if rule.tracker.intervals
    }


class Desk:
    """A venue that shows one account to the monitor: what really happens to it, and what of that is told."""

    def __init__(self, story: Any, account: str = "master") -> None:
        self.story = story
        self.balances = {"BTC": Decimal(10), "USD": Decimal(100_000)}
        self.updated_ms = story.at_ns(0) // 10**6
        self._number = 0
        self._key = f"apex.{account}.read"
        self._stream = 0

    def ms(self, at_s: float) -> int:
        return int(self.story.at_ns(at_s) // 10**6)

    def open(self, at_s: float, stream: int = 2) -> None:
        self._stream = stream
        frame = {"id": "x", "method": "userDataStream.subscribe.signature", "params": {"apiKey": self._key}}
        self.story.wire("stream", at_s, LINK, stream, "open", "/ws-api/v3")
        self.story.wire("frame", at_s, LINK, stream, json.dumps(frame).encode(), self.story.at_ns(at_s))
        answer = b'{"id":"x","status":200,"result":{"subscriptionId":0}}'
        self.story.wire("push", at_s, LINK, stream, answer, self.story.at_ns(at_s))

    def view(self, asked_s: float, taken_s: float | None = None, came_s: float | None = None, **shown: Any) -> None:
        """A view of the account as it is now, asked for, taken and come at these times (default: 20 ms in all)."""
        taken_s = asked_s + 0.01 if taken_s is None else taken_s
        came_s = taken_s + 0.01 if came_s is None else came_s
        self._number += 1
        balances = shown.get("balances", self.balances)
        rows = [{"asset": name, "free": str(amount), "locked": "0"} for name, amount in balances.items()]
        body = json.dumps({"updateTime": shown.get("updated_ms", self.updated_ms), "balances": rows}).encode()
        story, target = self.story, "/api/v3/account?x"
        story.wire("request", asked_s, LINK, self._number, "GET", target, b"", story.at_ns(asked_s), self._key)
        story.wire("reply", round(taken_s, 6), LINK, self._number, 200, body, story.at_ns(round(came_s, 6)))

    def fill(self, at_s: float, trade_id: int, told_s: float | None = None, is_real: bool = True) -> None:
        """Buys 0.5 BTC for 50 USD, of which 0.001 BTC go in fees; told at ``told_s`` (default 5 ms later; 0: never)."""
        if is_real:
            self.balances = {
                "BTC": self.balances["BTC"] + Decimal("0.499"),
                "USD": self.balances["USD"] - Decimal(50),
            }
            self.updated_ms = self.ms(at_s)
        event = {
            "e": "executionReport", "s": "BTCUSD", "S": "BUY", "x": "TRADE", "t": trade_id, "l": "0.5", "Y": "50.0",
            "n": "0.001", "N": "BTC", "T": self.ms(at_s),
        }  # fmt: skip
        self.tell(at_s, event, round(at_s + 0.005, 6) if told_s is None else told_s)

    def tell(self, at_s: float, event: dict[str, Any], told_s: float) -> None:
        payload = b'{"subscriptionId":0,"event":' + json.dumps(event).encode() + b"}"
        self.story.wire("push", at_s, LINK, self._stream, payload, self.story.at_ns(told_s) if told_s else 0)

    def trades(self, at_s: float, trade_id: int, happened_s: float) -> None:
        """The account's list of trades comes, with one of ``fill`` on it."""
        self._number += 1
        row = {
            "symbol": "BTCUSD", "id": trade_id, "qty": "0.5", "quoteQty": "50.0", "commission": "0.001",
            "commissionAsset": "BTC", "time": self.ms(happened_s), "isBuyer": True,
        }  # fmt: skip
        story, target, body = self.story, "/api/v3/myTrades?symbol=BTCUSD", json.dumps([row]).encode()
        story.wire("request", at_s, LINK, self._number, "GET", target, b"", story.at_ns(at_s), self._key)
        story.wire("reply", at_s, LINK, self._number, 200, body, story.at_ns(at_s))


@pytest.fixture
def desk(new_story) -> Desk:
    story = new_story(limits=LIMITS, length_s=200).found_world()
    data = {"u": 1, "s": "BTCUSD", "b": "99", "B": "1", "a": "101", "A": "1"}
    payload = json.dumps({"stream": "btcusd@bookTicker", "data": data}, separators=(",", ":")).encode()
    story.wire("push", 0.5, LINK, 1, payload, story.at_ns(0.5))
    desk = Desk(story)
    desk.open(0.6)
    desk.view(1)
    return desk


def test_an_account_that_adds_up_is_clean(desk: Desk, tmp_path: Path) -> None:
    for number, at_s in enumerate((10, 20, 70)):
        desk.fill(at_s, 2 * number)
        desk.fill(at_s + 0.5, 2 * number + 1)
        desk.view(at_s + 8)
    assert breaches(desk.story, tmp_path) == {}


def test_a_fill_that_was_never_told_is_a_break_until_the_list_of_trades_tells_it(desk: Desk, tmp_path: Path) -> None:
    desk.fill(10, 1, told_s=0)
    for at_s in (20, 25, 30):
        desk.view(at_s)
    desk.trades(28, 1, happened_s=10)
    assert breaches(desk.story, tmp_path) == {
        ("reconciliation", "apex:BTC"): [(22.02, 32.02)],
        ("reconciliation", "apex:USD"): [(22.02, 32.02)],
        ("reconciliation_confidence", "apex"): [(22.02, None)],  # 80, 60, 61
    }


def test_a_fill_told_twice_counts_once(desk: Desk, tmp_path: Path) -> None:
    desk.fill(10, 1)
    desk.fill(10, 1, told_s=11, is_real=False)
    desk.trades(12, 1, happened_s=10)
    desk.view(20)
    assert breaches(desk.story, tmp_path) == {}


def test_a_fill_that_never_was_is_a_break(desk: Desk, tmp_path: Path) -> None:
    desk.fill(10, 1, is_real=False)
    desk.view(20)
    found = breaches(desk.story, tmp_path)
    assert found["reconciliation", "apex:BTC"] == [(22.02, None)]
    assert found["frozen_account", "apex:master"] == [(40.005, None)]


def test_a_view_that_does_not_change_though_fills_come_is_frozen(desk: Desk, tmp_path: Path) -> None:
    frozen = {"balances": dict(desk.balances), "updated_ms": desk.updated_ms}
    desk.fill(10, 1)
    for at_s in (20, 40):
        desk.view(at_s, **frozen)
    desk.fill(45, 2)
    desk.view(50)
    assert breaches(desk.story, tmp_path)["frozen_account", "apex:master"] == [(40.005, 50.02)]


def test_a_fill_that_is_in_the_view_before_it_freezes_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.fill(10, 1, told_s=12)
    desk.view(11)
    for at_s in (20, 60):
        desk.view(at_s)
    assert breaches(desk.story, tmp_path) == {}


def test_nothing_stands_while_the_stream_is_down_and_the_balance_begins_anew(desk: Desk, tmp_path: Path) -> None:
    desk.fill(10, 1, told_s=0)
    desk.view(20)
    desk.story.wire("stream", 25, LINK, 2, "left", "")
    desk.view(30)
    desk.open(35, stream=3)
    desk.view(40)
    desk.fill(50, 2)
    desk.view(60)
    found = breaches(desk.story, tmp_path)
    assert found["reconciliation", "apex:BTC"] == [(22.02, 25)]
    assert found["reconciliation_confidence", "apex"] == [(22.02, None)]


def test_what_no_trade_moved_is_told_by_its_own_event(desk: Desk, tmp_path: Path) -> None:
    desk.balances["USD"] -= 700
    desk.updated_ms = desk.ms(10)
    desk.tell(10, {"e": "balanceUpdate", "a": "USD", "d": "-700.0", "T": desk.ms(10)}, 10.1)
    desk.view(20)
    assert breaches(desk.story, tmp_path) == {}


def custody(story: Any, at_s: float, target: str, body: Any, number: int, came_s: float | None = None) -> None:
    link = "monitor>keystone"
    story.wire("request", at_s, link, number, "GET", target, b"", story.at_ns(at_s), "keystone.vault.read")
    came_ns = story.at_ns(round(at_s + 0.1, 6) if came_s is None else came_s)
    story.wire("reply", at_s + 0.05, link, number, 200, json.dumps(body).encode(), came_ns)


def vault(total: str) -> dict[str, Any]:
    return {"accounts": [{"id": "0", "assets": [{"id": "USD", "total": total}]}]}


def instruction(story: Any, settled: str, updated_s: float, amount: str = "500") -> dict[str, Any]:
    return {
        "id": "i-1",
        "assetId": "USD",
        "source": {"type": "EXCHANGE_ACCOUNT", "id": "apex"},
        "destination": {"type": "VAULT_ACCOUNT", "id": "0"},
        "amountInfo": {"amount": amount, "netAmount": settled},
        "status": "CONFIRMING",
        "lastUpdated": story.at_ns(updated_s) // 10**6,
        "extraParameters": {"settlement": {"contractedAt": 1}},
    }


@pytest.fixture
def vaulted(new_story) -> Any:
    story = new_story(limits=LIMITS, length_s=200).found_world()
    story.audit("account", 0, "keystone", "vault", "firm")
    story.header["monitor"]["reads"]["keystone"] = {"accounts": ["vault"], "links": ["monitor>keystone"]}
    custody(story, 1, "/v1/vault/accounts_paged?limit=500", vault("1000"), 1)
    return story


def test_what_has_settled_must_be_in_the_vault(vaulted: Any, tmp_path: Path) -> None:
    custody(vaulted, 10, "/v1/transactions?after=1", [instruction(vaulted, "200", 9)], 2)
    custody(vaulted, 20, "/v1/vault/accounts_paged?limit=500", vault("1200"), 3)
    custody(vaulted, 30, "/v1/transactions?after=1", [instruction(vaulted, "500", 29)], 4)
    custody(vaulted, 40, "/v1/vault/accounts_paged?limit=500", vault("1200"), 5)  # said to be done, and is not
    custody(vaulted, 41, "/v1/transactions?after=1", [], 6)
    custody(vaulted, 50, "/v1/vault/accounts_paged?limit=500", vault("1500"), 7)
    custody(vaulted, 51, "/v1/transactions?after=1", [], 8)
    assert breaches(vaulted, tmp_path) == {
        ("reconciliation", "keystone:USD"): [(41.1, 51.1)],
        ("reconciliation_confidence", "keystone"): [(41.1, None)],
    }


def test_a_view_that_is_asked_for_again_before_the_transactions_are_is_no_view(vaulted: Any, tmp_path: Path) -> None:
    custody(vaulted, 20, "/v1/vault/accounts_paged?limit=500", vault("1200"), 3)
    custody(vaulted, 21, "/v1/vault/accounts_paged?limit=500", vault("1000"), 4)
    custody(vaulted, 22, "/v1/transactions?after=1", [], 5)
    assert breaches(vaulted, tmp_path) == {}


@pytest.mark.parametrize("total", ["1000", "1200"])
def test_what_settles_while_the_vault_is_asked_for_may_be_in_it_or_not(
    vaulted: Any, tmp_path: Path, total: str
) -> None:
    custody(vaulted, 20, "/v1/vault/accounts_paged?limit=500", vault(total), 3)
    custody(vaulted, 20.2, "/v1/transactions?after=1", [instruction(vaulted, "200", 20.05)], 4)
    assert breaches(vaulted, tmp_path) == {}


steps = st.lists(
    st.tuples(
        st.sampled_from(("change", "view")),
        st.integers(0, 3_000),  # ms until it happens, or is asked for
        st.integers(0, 1_900),  # ms that the change is under way, or until the view is taken
        st.integers(0, 1_900),  # ms that the view is under way
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(drawn=steps, lost=st.none() | st.integers(0, 59))
def test_however_messages_race_only_what_was_lost_is_a_break(drawn: Any, lost: int | None) -> None:
    """Changes of powers of two, so that every set of them adds up to another balance."""
    told: list[Change] = []
    views: list[tuple[int, int, View, int]] = []  # compared, asked, view, taken
    happened: list[tuple[int, int]] = []
    now_ms = 10_000
    lost_ms = None
    for place, (kind, wait_ms, first_ms, second_ms) in enumerate(drawn):
        now_ms += wait_ms + 1
        if kind == "change":
            happened.append((now_ms, 1 << place))
            if place == lost:
                lost_ms = now_ms
                continue
            shown_ns = (now_ms + first_ms) * 1_000_000
            told.append(Change(shown_ns, now_ms * 1_000_000, {"USD": Decimal(1 << place)}))
        else:
            taken_ms = now_ms + first_ms
            asked_ns, came_ns = now_ms * 1_000_000, (taken_ms + second_ms) * 1_000_000
            views.append((came_ns + 2 * SECOND_NS, asked_ns, View(asked_ns, 0, 0, {}), taken_ms))
    balance = RunningBalance(View(0, 0, 0, {}))
    events: list[tuple[int, int, Any]] = [(change.shown_ns, 0, change) for change in told]
    asked_before = 0
    for compared_ns, asked_ns, view, taken_ms in views:
        if asked_ns < asked_before:
            continue
        asked_before = asked_ns
        inside = [(at_ms, amount) for at_ms, amount in happened if at_ms <= taken_ms]
        updated_ns = max((at_ms for at_ms, _ in inside), default=0) * 1_000_000
        total = Decimal(sum(amount for _, amount in inside))
        shown = View(view.asked_ns, updated_ns, updated_ns, {"USD": total})
        events.append((compared_ns, 1, (shown, taken_ms)))
    events.sort(key=lambda event: (event[0], event[1]))
    compared_before = 0
    for at_ns, is_comparison, what in events:
        if not is_comparison:
            balance.add(what)
            continue
        view, taken_ms = what
        if view.asked_ns < compared_before:
            continue
        compared_before = view.asked_ns
        difference = balance.compare(view, at_ns)
        missing = Decimal(1 << lost) if lost_ms is not None and lost_ms <= taken_ms and lost is not None else Decimal(0)
        assert difference == ({"USD": missing} if missing else {})


def test_what_was_shown_before_the_first_view_was_asked_for_is_in_it_whatever_its_time() -> None:
    balance = RunningBalance(View(10, 0, 0, {"USD": Decimal(5)}))
    balance.add(Change(9, 8, {"USD": Decimal(2)}))
    balance.add(Change(11, 8, {"USD": Decimal(4)}))
    assert balance.compare(View(20, 0, 0, {"USD": Decimal(9)}), 30) == {}


def test_a_break_that_has_stood_for_a_day_is_booked() -> None:
    balance = RunningBalance(View(0, 0, 0, {"USD": Decimal(5)}))

    def compare(at_ns: int) -> dict[str, Decimal]:
        return balance.compare(View(at_ns, at_ns, at_ns, {"USD": Decimal(7)}), at_ns)

    break_ = {"USD": Decimal(2)}
    outcomes = [compare(at_ns) for at_ns in (1, BOOKED_AFTER_NS, BOOKED_AFTER_NS + 1, BOOKED_AFTER_NS + 2)]
    assert outcomes == [break_, break_, {}, {}]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(st.tuples(st.sampled_from((3, 8, 20)), st.sampled_from(("fill", "view", "same"))), max_size=30))
def test_frozen_accounts_equal_a_plain_reckoning(new_story, tmp_path: Path, drawn: Any) -> None:
    story = new_story(limits=LIMITS, length_s=900).found_world()
    desk = Desk(story)
    desk.open(0.5)
    desk.view(1)
    at_s, since_s = 2.0, None
    shown = ({"balances": dict(desk.balances), "updated_ms": desk.updated_ms}, True)
    waits: list[tuple[float, float | None]] = []
    for number, (wait_s, kind) in enumerate(drawn):
        at_s += wait_s
        if kind == "fill":
            desk.fill(at_s, number)
            since_s = round(at_s + 0.005, 6) if since_s is None else since_s
            continue
        if kind == "view":
            now = {"balances": dict(desk.balances), "updated_ms": desk.updated_ms}
            if now != shown[0] and since_s is not None:
                waits.append((since_s, round(at_s + 0.02, 6)))
                since_s = None
            shown = (now, True)
        desk.view(at_s, **shown[0])
    if since_s is not None:
        waits.append((since_s, None))
    expected = [(round(begin + 30, 6), end) for begin, end in waits if (end or 900.0) > begin + 30 + 1e-9]
    assert breaches(story, tmp_path).get(("frozen_account", "apex:master"), []) == expected
