"""What the firm, its gateway and its venues did, against a brute-force oracle that looks through all of history again.

The oracle knows the definitions of ``docs/reference/mandates.md`` and a list of records, and keeps nothing in between.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator import records
from correlator.limits import read_limits
from correlator.truth import world as world_module
from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures import message_rate, order_rate, slippage
from correlator.truth.series import Buckets
from correlator.truth.world import World

SECOND_NS = 10**9
MINUTE_NS = 60 * SECOND_NS
START_NS = 19_408 * 86_400 * SECOND_NS + 17 * SECOND_NS
UNIT = 10**8
WINDOW_NS = 20 * SECOND_NS
LIMITS = """
schema: riskproof-limits/1
stablecoins: [USDT]
whitelist: [BTC/USD, USDT/USD]
profiles: {"apex:maker": micro}
limits:
  instrument_whitelist: {each: {high: 1k USD}, window: 20 s}
  single_trade_risk: {each: {warning: 1 %}, micro: {warning: 40 bp, high: 2 %}, window: 20 s}
  slippage: {each: {warning: 0.4 x, high: 1.1 x}, window: 20 s}
  order_rejects: {each: {high: 20 %}, window: 20 s}
  order_rate: {each: {warning: 2 x, high: 4 x}}
  message_rate: {each: {warning: 1 x, high: 2 x}}
  repeated_execution: {each: {warning: 1 times, high: 2 times}, window: 20 s}
  unauthorised_orders: {each: {critical: 0 times}, window: 20 s}
  unauthorised_withdrawals: {each: {critical: 0 USD, high: 900 USD}, window: 20 s}
  authentication: {each: {high: 1 times}, replayed_nonce: {critical: 0 times}, window: 20 s}
  policy_drift: {limits: {critical: 0 times}}
  failover_storm: {orders: {warning: 0 times, high: 1 times}, window: 20 s}
  rejected_transfer: {each: {high: 0 times}, window: 20 s}
"""
LISTINGS = (("BTC", "USD", 10_000), ("BTC", "USDT", 10_000), ("USDT", "USD", 1))
ACCOUNTS = ("master", "maker")

orders = st.tuples(
    st.just("order"),
    st.sampled_from(ACCOUNTS),
    st.sampled_from((0, 0, 1)),
    st.booleans(),
    st.sampled_from((20, 50)),
    st.sampled_from(("sent", "sent", "scaled_down", "blocked", "none")),
    st.sampled_from(("accepted", "accepted", "rejected")),
    st.sampled_from((1, 0, 2)),  # how often it takes
    st.integers(-1, 4),  # how far from the mid, ticks of 0.0001
)
makers = st.tuples(st.just("made"), st.integers(0, 9), st.integers(1, 20))
cancels = st.tuples(st.just("cancel"), st.integers(0, 9), st.sampled_from(("cancelled", "cancel_rejected")))
withdrawals = st.tuples(
    st.just("withdrawal"),
    st.sampled_from(("USD", "BTC")),
    st.integers(1, 5),
    st.sampled_from(("ordered", "ordered", "nameless", "untold", "another's", "before", "at another venue")),
)
others = st.one_of(
    st.tuples(st.just("security"), st.sampled_from(("bad_signature", "replayed_nonce", "strange"))),
    st.tuples(st.just("policy"), st.booleans(), st.booleans()),
    st.tuples(st.just("action"), st.sampled_from(("failover", "gate")), st.sampled_from(("taken", "done"))),
    st.tuples(
        st.sampled_from(("transfer", "settlement")),
        st.sampled_from(("apex", "keystone")),
        st.sampled_from(("failed", "rejected", "completed")),
        st.integers(0, 4),
    ),
    st.tuples(st.just("quote"), st.integers(0, 2), st.integers(-9, 9), st.sampled_from((1, 30, 0))),
)
waits = st.sampled_from(
    (0, 0, 1, SECOND_NS, SECOND_NS, 4 * SECOND_NS, 5 * SECOND_NS, WINDOW_NS, 45 * SECOND_NS, 130 * SECOND_NS)
)
steps = st.lists(
    st.tuples(waits, st.one_of(orders, orders, orders, makers, cancels, withdrawals, others)), min_size=20, max_size=60
)


def tell(story: list[tuple[int, tuple[Any, ...]]], has_gateway: bool) -> list[records.AuditRecord]:
    """Turn drawn steps into records."""
    told: list[records.AuditRecord] = []
    at_ns = START_NS
    accepted: list[tuple[int, str, str, int, str, int]] = []

    def say(make: Any, source: str, *body: Any) -> None:
        told.append(make(len(told) + 1, at_ns, source, 0, *body))

    for asset in ("USD", "USDT", "BTC"):
        say(records.Asset, "world", asset, 8)
    for account, owner in (("external", "external"), ("street", "street"), ("master", "firm"), ("maker", "firm")):
        say(records.Account, "apex", account, owner)
    say(records.Account, "keystone", "vault", "firm")
    for account in ACCOUNTS:
        for asset, amount in (("USD", 50_000), ("USDT", 50_000), ("BTC", 5)):
            say(records.Posting, "apex", asset, "external", account, amount * UNIT, "opening")
    for index, (base, quote, _) in enumerate(LISTINGS):
        say(records.Listing, "apex", f"{base}/{quote}", index, base, quote, "0.0001", "0.001")
    for index, (_, _, price) in enumerate(LISTINGS):
        say(records.Quote, "apex", index, price * 10_000 - 2, 40, price * 10_000 + 2, 40)
    if has_gateway:
        say(records.Policy, "gateway", "opened", "a", "a", True, "")
    at_ns += SECOND_NS
    for number, (wait_ns, (kind, *drawn)) in enumerate(story):
        at_ns += wait_ns
        if kind == "order":
            account, index, buys, lots, intent, answer, takes, off = drawn
            side, name, ticks = "buy" if buys else "sell", f"c{number}", LISTINGS[index][2] * 10_000
            if has_gateway and intent != "none":
                body = ("s-" + account, "apex", account, name, "BTCUSD", side, "limit", "1", "1", intent, "")
                say(records.Intent, "gateway", *body)
            say(records.Order, "apex", account, number if answer == "accepted" else 0, name, index, side, "limit",
                "GTC", ticks, lots, answer, "")  # fmt: skip
            if answer == "accepted":
                accepted.append((number, name, account, index, side, lots))
                for part in range(takes):
                    paid = ticks + off * (part + 1) * (1 if buys else -1)
                    say(records.Fill, "apex", index, 1, paid, 200, side, account, number, "street", 0, 0, 0)
        elif kind in ("made", "cancel") and accepted:
            order, name, account, index, side, lots = accepted[-1 - drawn[0] % len(accepted)]
            if kind == "cancel":
                say(records.Order, "apex", account, order, name, index, side, "limit", "GTC", 1, lots, drawn[1], "")
                if drawn[1] == "cancelled":
                    accepted.remove((order, name, account, index, side, lots))
            else:
                taker_side = "sell" if side == "buy" else "buy"
                ticks = LISTINGS[index][2] * 10_000
                say(records.Fill, "apex", index, 1, ticks, drawn[1] * 10, taker_side, "street", 0, account, order, 0, 0)
        elif kind == "withdrawal":
            asset, tenths, how = drawn
            units = tenths * UNIT // 10 * (1_000 if asset == "USD" else 1)
            last = next((each.client_order_id for each in reversed(told) if type(each) is records.Intent
                         and each.type == "withdrawal"), "")  # fmt: skip
            name = {"nameless": "", "another's": f"x{number}", "before": last}.get(how, f"w{number}")
            if has_gateway and how in ("ordered", "untold", "at another venue"):
                venue = "boreal" if how == "at another venue" else "apex"
                body = ("", venue, "master", name, asset, "", "withdrawal", "", "1", "sent", "")
                say(records.Intent, "gateway", *body)
            say(records.Posting, "apex", asset, "master", "external", units, "withdrawal")
            if how != "untold":
                say(records.Transfer, "apex", f"t{number}", "withdrawal", asset, units, "awaiting_approval", name)
        elif kind == "security":
            say(records.Security, "gateway", drawn[0], "s", "")
        elif kind == "policy" and has_gateway:
            say(records.Policy, "gateway", "changed", "a" if drawn[0] else "b", "a", drawn[1], "")
        elif kind == "action":
            say(records.Action, "monitor", f"a{number}", drawn[0], drawn[1], "apex", "", "")
        elif kind == "transfer":
            say(records.Transfer, drawn[0], f"t{drawn[2]}", "deposit", "USD", 1, drawn[1])
        elif kind == "settlement":
            say(records.Settlement, drawn[0], f"i{drawn[2]}", "apex", "USD", 1, 0, drawn[1], at_ns)
        elif kind == "quote":
            ticks = LISTINGS[drawn[0]][2] * 10_000 + drawn[1]
            say(records.Quote, "apex", drawn[0], ticks - 3, drawn[2], ticks + 3, drawn[2])
    return told


class Oracle:
    """Every measure at every time, from all the records up to then."""

    def __init__(self, told: list[records.AuditRecord], end_ns: int) -> None:
        self.told, self.end_ns = told, end_ns
        lags = (0, 5 * SECOND_NS, WINDOW_NS, MINUTE_NS, 61 * MINUTE_NS)
        moments = {record.at_ns + lag for record in told for lag in lags}
        moments |= {record.at_ns // MINUTE_NS * MINUTE_NS + 2 * MINUTE_NS for record in told}
        self.moments = sorted(at_ns for at_ns in moments if START_NS <= at_ns <= end_ns)

    def all(self, kind: type, at_ns: int, since_ns: int = 0) -> list[Any]:
        """Records of a kind later than ``since_ns`` and not later than ``at_ns``."""
        return [record for record in self.told if type(record) is kind and since_ns < record.at_ns <= at_ns]

    def mid(self, index: int, at_ns: int) -> float:
        quote = [quote for quote in self.all(records.Quote, at_ns) if quote.index == index][-1]
        return (quote.bid_ticks + quote.ask_ticks) / 20_000 if quote.bid_lots else math.nan

    def mark(self, asset: str, at_ns: int) -> float:
        """The last mark that was defined."""
        if asset == "USD":
            return 1.0
        index = 0 if asset == "BTC" else 2
        times = [quote.at_ns for quote in self.all(records.Quote, at_ns)]
        return next(mid for moment in reversed(times) if (mid := self.mid(index, moment)) == mid)

    def value(self, fill: Any) -> float:
        _, quote, _ = LISTINGS[fill.index]
        return fill.quantity_lots / 1_000 * fill.price_ticks / 10_000 * self.mark(quote, fill.at_ns)

    def equity(self, at_ns: int) -> float:
        held = {"USD": 100_000.0, "USDT": 100_000.0, "BTC": 10.0}
        for posting in self.all(records.Posting, at_ns):
            if posting.reason == "withdrawal":
                held[posting.asset] -= posting.amount / UNIT
        for fill in self.all(records.Fill, at_ns):
            base, quote, _ = LISTINGS[fill.index]
            firm_buys = (fill.taker_side == "buy") == (fill.taker_account != "street")
            lots = fill.quantity_lots / 1_000 * (1 if firm_buys else -1)
            held[base] += lots
            held[quote] -= lots * fill.price_ticks / 10_000
        now = {"USD": 1.0, "USDT": self.mid(2, at_ns), "BTC": self.mid(0, at_ns)}
        return sum(amount * now[asset] for asset, amount in held.items())

    def fills_of(self, account: str, at_ns: int) -> list[tuple[int, Any]]:
        """``(order, fill)`` of an account."""
        found = []
        for fill in self.all(records.Fill, at_ns):
            if fill.taker_account == account:
                found.append((fill.taker_order, fill))
            elif fill.maker_account == account:
                found.append((fill.maker_order, fill))
        return found

    def measure(self, mandate: str, subject: str, at_ns: int) -> float:
        since_ns = at_ns - WINDOW_NS
        name = subject.partition(":")[2]
        if mandate == "instrument_whitelist":
            return sum(self.value(fill) for fill in self.all(records.Fill, at_ns, since_ns) if fill.index == 1)
        if mandate == "single_trade_risk":
            by_order: dict[int, list[Any]] = {}
            for order, fill in self.fills_of(name, at_ns):
                by_order.setdefault(order, []).append(fill)
            shares = [
                sum(map(self.value, fills)) / self.equity(fills[-1].at_ns)
                for fills in by_order.values()
                if fills[-1].at_ns > since_ns
            ]
            return max((share for share in shares if share == share), default=0.0)
        if mandate == "slippage":
            return self.slippage(name, at_ns, since_ns)
        if mandate == "order_rejects":
            return self.rejects(subject, at_ns, since_ns)
        if mandate in ("order_rate", "message_rate"):
            return self.rate(mandate, name, at_ns)
        if mandate == "repeated_execution":
            return self.repeated(name, at_ns, since_ns)
        if mandate == "unauthorised_orders":
            if not self.all(records.Policy, at_ns):
                return 0.0
            sent = {
                intent.client_order_id
                for intent in self.all(records.Intent, at_ns)
                if intent.event in ("sent", "scaled_down")
            }
            suspects = self.all(records.Order, at_ns - 5 * SECOND_NS, since_ns)
            return float(sum(
                order.event == "accepted" and order.account == name and order.client_order_id not in sent
                for order in suspects
            ))  # fmt: skip
        if mandate == "unauthorised_withdrawals":
            return self.withdrawn(at_ns, since_ns) if subject == "apex" else 0.0
        if mandate == "authentication":
            return float(sum(each.reason == subject for each in self.all(records.Security, at_ns, since_ns)))
        if mandate == "policy_drift":
            latest = self.all(records.Policy, at_ns)[-1:]
            return float(any(each.stored != each.approved or not each.chain_is_whole for each in latest))
        if mandate == "failover_storm":
            actions = self.all(records.Action, at_ns, since_ns)
            return float(sum((each.control, each.state) == ("failover", "taken") for each in actions))
        assert mandate == "rejected_transfer"
        firsts: dict[str, int] = {}
        for each in (*self.all(records.Transfer, at_ns), *self.all(records.Settlement, at_ns)):
            if each.source == "keystone" and each.status in ("rejected", "failed"):
                name = each.transfer_id if type(each) is records.Transfer else each.instruction_id
                firsts[name] = min(each.at_ns, firsts.get(name, each.at_ns))
        return float(sum(first_ns > since_ns for first_ns in firsts.values()))

    def slippage(self, account: str, at_ns: int, since_ns: int) -> float:
        realised, modelled, count = 0.0, 0.0, 0
        for order in self.all(records.Order, at_ns, since_ns):
            quote = [each for each in self.told[: order.seq] if type(each) is records.Quote
                     and each.index == order.index][-1]  # fmt: skip
            fills = [fill for fill in self.told if type(fill) is records.Fill and fill.taker_order == order.order_id
                     and fill.taker_account == account]  # fmt: skip
            if order.account != account or order.event != "accepted" or not fills or not quote.bid_lots:
                continue
            lots = sum(fill.quantity_lots for fill in fills)
            paid = sum(fill.price_ticks * fill.quantity_lots for fill in fills) / lots
            mid = (quote.bid_ticks + quote.ask_ticks) / 2
            side, opposite = (1, quote.ask_lots) if order.side == "buy" else (-1, quote.bid_lots)
            value = sum(map(self.value, fills))
            realised += value * side * (paid - mid) / mid
            modelled += value * (quote.ask_ticks - quote.bid_ticks) / 2 / mid * (1 + lots / opposite)
            count += 1
        return realised / modelled if count else math.nan

    def rejects(self, strategy: str, at_ns: int, since_ns: int) -> float:
        sent = {
            intent.client_order_id: intent.strategy
            for intent in self.all(records.Intent, at_ns)
            if intent.event in ("sent", "scaled_down")
        }
        answers = [
            order.event in ("rejected", "cancel_rejected")
            for order in self.all(records.Order, at_ns, since_ns)
            if sent.get(order.client_order_id) == strategy
        ]
        return sum(answers) / len(answers) if len(answers) >= 2 else math.nan

    def rate(self, mandate: str, account: str, at_ns: int) -> float:
        times = [
            order.at_ns
            for order in self.all(records.Order, at_ns)
            if order.event in ("accepted", "cancelled") and account in ("", order.account)
        ]
        minute_ns = at_ns - MINUTE_NS
        latest = sum(moment > minute_ns for moment in times)
        if mandate == "order_rate":
            hour = sum(at_ns - 61 * MINUTE_NS < moment <= minute_ns for moment in times)
            return latest / max(hour / 60, 0.05)
        by_minute: dict[int, int] = {}
        for moment in times:
            begins_ns = moment // MINUTE_NS * MINUTE_NS
            if begins_ns > START_NS and begins_ns + MINUTE_NS <= minute_ns:
                by_minute[begins_ns] = by_minute.get(begins_ns, 0) + 1
        return latest / max([2, *by_minute.values()])

    def repeated(self, account: str, at_ns: int, since_ns: int) -> float:
        kinds = {
            order.order_id: (order.index, order.side, order.quantity_lots)
            for order in self.all(records.Order, at_ns)
            if order.event == "accepted"
        }
        row: dict[int, int] = {}
        counted: set[int] = set()
        kind = None
        for order, fill in self.fills_of(account, at_ns):
            if kinds[order] != kind:
                kind, row = kinds[order], {}
            if order not in counted:
                row[order] = fill.at_ns
            counted.add(order)
        return float(sum(first_ns > since_ns for first_ns in row.values()))

    def withdrawn(self, at_ns: int, since_ns: int) -> float:
        ordered: set[str] = set()
        total = 0.0
        for place, record in enumerate(self.told):
            if record.at_ns > at_ns:
                break
            if type(record) is records.Intent and (record.type, record.venue) == ("withdrawal", "apex"):
                ordered.add(record.client_order_id)
            if type(record) is not records.Posting or record.reason != "withdrawal" or record.at_ns <= since_ns:
                continue
            told = self.told[place + 1] if place + 1 < len(self.told) else None
            if type(told) is records.Transfer and told.direction == "withdrawal" and told.client_id in ordered:
                continue
            total += record.amount / UNIT * self.mark(record.asset, record.at_ns)
        return total

    def breaches(self, mandate: str, subject: str, threshold: float) -> list[tuple[int, int | None]]:
        found: list[tuple[int, int | None]] = []
        inside = False
        for at_ns in self.moments:
            above = self.measure(mandate, subject, at_ns) > threshold
            if above and not inside:
                found.append((at_ns, None))
            elif inside and not above:
                found[-1] = (found[-1][0], at_ns)
            inside = above
        return found


@pytest.fixture(autouse=True, scope="module")
def _small_minima():
    """Baselines and counts small enough for stories of a few minutes to reach them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_rate, "QUIETEST", 0.05)
        patch.setattr(message_rate, "SMALLEST_PEAK", 2)
        patch.setattr(slippage, "FEWEST_ORDERS", 1)
        patch.setattr("correlator.truth.measures.order_rejects.FEWEST_ANSWERS", 2)
        yield


def truth_of(told: list[records.AuditRecord], end_ns: int, frames: int, stretch: int) -> GaugeBoard:
    board = GaugeBoard(read_limits(LIMITS), Buckets(START_NS, end_ns))
    failures: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world_module, "_STRETCH_RECORDS", stretch)
        world = World(board.limits, board, START_NS, failures)
        founding = sum(record.at_ns == START_NS for record in told[:20])
        world.take(told[:founding])
        for place in range(founding, len(told), frames):
            world.take(told[place : place + frames])
        world.finish(end_ns)
    board.finish(end_ns)
    assert failures == {}
    return board


@settings(max_examples=150, deadline=None)
@given(
    story=steps,
    has_gateway=st.sampled_from((True, True, True, False)),
    frames=st.integers(1, 30),
    stretch=st.integers(1, 40),
    tail_s=st.sampled_from((0, 3, 70)),
)
def test_dealings_equal_the_brute_force_oracle(
    story: Any, has_gateway: bool, frames: int, stretch: int, tail_s: int
) -> None:
    told = tell(story, has_gateway)
    end_ns = told[-1].at_ns + tail_s * SECOND_NS
    board = truth_of(told, end_ns, frames, stretch)
    oracle = Oracle(told, end_ns)
    for rule in board.rules():
        for tracker in rule.trackers:
            expected = oracle.breaches(rule.mandate, rule.subject, tracker.threshold)
            actual = [(interval.begins_ns, interval.ends_ns) for interval in tracker.intervals]
            assert actual == expected, (rule.mandate, rule.subject, rule.severity, tracker.bound)


def test_every_subject_is_known_from_the_start() -> None:
    board = truth_of(tell([], has_gateway=True), START_NS + SECOND_NS, 30, 30)
    assert sorted({(gauge.mandate, gauge.subject) for gauge in board.gauges if gauge.rules}) == [
        ("authentication", "bad_signature"),
        ("authentication", "expired_timestamp"),
        ("authentication", "replayed_nonce"),
        ("failover_storm", "orders"),
        ("instrument_whitelist", "BTC/USDT"),
        ("message_rate", "apex"),
        *[("order_rate", f"apex:{name}") for name in ("maker", "master")],
        ("policy_drift", "limits"),
        ("rejected_transfer", "keystone"),
        *[("repeated_execution", f"apex:{name}") for name in ("maker", "master")],
        *[("single_trade_risk", f"apex:{name}") for name in ("maker", "master")],
        *[("slippage", f"apex:{name}") for name in ("maker", "master")],
        *[("unauthorised_orders", f"apex:{name}") for name in ("maker", "master")],
        ("unauthorised_withdrawals", "apex"),
        ("unauthorised_withdrawals", "keystone"),
    ]


class Recorder:
    """A gauge that remembers what it was set to."""

    def __init__(self) -> None:
        self.envelope = self
        self.buckets = Buckets(START_NS, START_NS + 1)
        self.values: dict[int, float] = {}

    def set(self, at_ns: int, value: float, seq: int = 0) -> None:
        assert at_ns >= max(self.values, default=0)
        self.values[at_ns] = value

    def at(self, at_ns: int) -> float:
        return self.values[max(known for known in self.values if known <= at_ns)]


gaps_s = st.sampled_from((0, 1, 3, 3, 7, 20, 40, 59, 60, 61, 75, 119, 121, 3_540, 3_600, 3_660))


@settings(max_examples=150, deadline=None)
@given(gaps=st.lists(gaps_s, min_size=10, max_size=60))
@pytest.mark.parametrize("mandate", ["order_rate", "message_rate"])
def test_rates_equal_their_definition_at_every_moment(mandate: str, gaps: list[int]) -> None:
    recorder = Recorder()
    rate = (order_rate._Account if mandate == "order_rate" else message_rate._Exchange)(recorder)  # type: ignore[arg-type]
    told: list[records.AuditRecord] = []
    at_ns = START_NS
    for gap_s in gaps:
        at_ns += gap_s * SECOND_NS
        body = ("master", len(told), "", 0, "buy", "limit", "GTC", 1, 1, "accepted", "")
        told.append(records.Order(len(told) + 1, at_ns, "apex", 0, *body))
        rate.operate(at_ns, 0)
    rate.advance(at_ns + 62 * MINUTE_NS)
    oracle = Oracle(told, at_ns + 62 * MINUTE_NS)
    name = "master" if mandate == "order_rate" else ""
    expected = {moment: oracle.rate(mandate, name, moment) for moment in oracle.moments if moment >= told[0].at_ns}
    assert {moment: recorder.at(moment) for moment in expected} == pytest.approx(expected)
