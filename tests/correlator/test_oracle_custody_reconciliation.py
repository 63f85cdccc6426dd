"""``reconciliation`` and its confidence at a custodian against a brute-force oracle, whatever its vault and its list of
transactions show.

The oracle is written from ``docs/reference/mandates.md`` alone: for every view that is compared it goes through all
transactions that were ever listed, and decides anew of each change whether the view holds it.
"""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from correlator.journal import Journal
from correlator.reading import read_run

LIMITS = """
schema: riskproof-limits/1
stablecoins: [USDT, USDC]
limits:
  reconciliation: {each: {warning: 1 USD, high: 150 USD}, for: 1 s}
  reconciliation_confidence: {each: {warning: 95 %, high: 50 %}}
"""
QUOTE = b'{"stream":"btcusd@bookTicker","data":{"u":1,"s":"BTCUSD","b":"99","B":"1","a":"101","A":"1"}}'
MARKS = {"BTC": 100, "USD": 1}
LINK = "monitor>keystone"
ASSETS = ("USD", "BTC")
FULL_PAGE = 200


class Change(NamedTuple):
    """A transaction was listed with another amount moved than before. Times in µs."""

    shown_us: int
    happened_us: int
    asset: str
    amount: Decimal


class View(NamedTuple):
    asked_us: int
    came_us: int
    balances: dict[str, Decimal]


class Reply(NamedTuple):
    came_us: int
    asked_us: int
    kind: str
    body: Any


durations_ms = st.sampled_from((0, 2, 60, 800, 1_900))
steps = st.lists(
    st.tuples(
        st.sampled_from((0, 1, 30, 500, 1_500)),
        st.sampled_from(
            ("view", "view", "view", "list", "list", "page", "settle", "settle", "move", "fail", "claim", "vanish")
        ),
        st.sampled_from(ASSETS),
        durations_ms,
        durations_ms,
    ),
    min_size=8,
    max_size=40,
)
RACED = [
    (0, "view", "USD", 800, 800),
    (30, "settle", "USD", 0, 0),
    (1_500, "view", "USD", 0, 0),
    (500, "list", "USD", 0, 0),
]
"""Something settles while the very first view is under way, before the vault is looked at."""
LATER = [(0, "view", "USD", 0, 800), *RACED[1:]]
"""The same, after it was."""
FAILED = [(0, "view", "USD", 0, 0), (1, "fail", "BTC", 0, 0), (30, "view", "USD", 0, 0), (500, "list", "USD", 0, 0)]
PAGED = [
    (0, "view", "USD", 0, 0),
    (1, "vanish", "BTC", 0, 0),
    (30, "view", "USD", 0, 0),
    (30, "page", "USD", 0, 0),
    (500, "list", "USD", 0, 0),
]
"""A list that is full may go on: only the next one tells everything."""


def transaction(place: int, asset: str, settled: str, status: str, updated_ms: int, *, is_in: bool) -> dict[str, Any]:
    peers = [{"type": "EXCHANGE_ACCOUNT", "id": "apex"}, {"type": "VAULT_ACCOUNT", "id": "0"}]
    source, destination = peers if is_in else reversed(peers)
    return {
        "id": f"t-{place}",
        "assetId": asset,
        "source": source,
        "destination": destination,
        "amountInfo": {"amount": str(1 << place % 7), "netAmount": settled},
        "status": status,
        "lastUpdated": updated_ms,
    }


def tell(story: Any, drawn: list[Any]) -> tuple[list[Reply], int]:
    """Tell a story; returns the replies in the order in which they came, and the story's end in µs.

    The world moves on whole ms, requests leave 300 µs after one, are looked at 400 µs and come back 500 µs after one.
    """
    actions: list[tuple[int, int, str, str, int, int]] = []
    now_ms, busy_ms = 1_000, 0
    for place, (wait_ms, kind, asset, first_ms, second_ms) in enumerate(drawn):
        now_ms += wait_ms
        if kind not in ("view", "list", "page"):
            actions.append((now_ms, place, kind, asset, 0, 0))
            continue
        if kind == "view":
            if now_ms <= busy_ms:
                continue  # the one before is still under way
            busy_ms = now_ms + first_ms + second_ms + 1
        actions.append((now_ms + first_ms, place, kind, asset, now_ms, now_ms + first_ms + second_ms))
    start_ms = story.at_ns(0) // 10**6
    vault = {"USD": Decimal(1_000), "BTC": Decimal(5)}
    listed: dict[str, dict[str, Any]] = {}
    replies: list[Reply] = []
    for at_ms, place, kind, asset, asked_ms, came_ms in sorted(actions, key=lambda each: (each[0], each[4] > 0)):
        amount = Decimal(1 << place % 7)
        if kind in ("view", "list", "page"):
            asked_us, came_us = asked_ms * 1_000 + 300, came_ms * 1_000 + 500 + place
            if kind == "view":
                target = "/v1/vault/accounts_paged?limit=500"
                held = [{"id": asset, "total": str(total)} for asset, total in vault.items()]
                body: Any = {"accounts": [{"id": "0", "assets": held}]}
            else:
                target, body = "/v1/transactions?after=1", list(listed.values())
                if kind == "page":  # what goes from one vault account to another changes nothing
                    inner = {"source": {"type": "VAULT_ACCOUNT"}, "destination": {"type": "VAULT_ACCOUNT"}}
                    filler = transaction(place, "USD", "0", "COMPLETED", start_ms, is_in=True)
                    body = body + [{**filler, **inner, "id": f"f-{one}"} for one in range(FULL_PAGE)]
            story.wire("request", asked_us / 1e6, LINK, place, "GET", target, b"", story.at_ns(at_ms / 1e3))
            encoded, came_ns = json.dumps(body).encode(), story.at_ns(came_us / 1e6)
            story.wire("reply", (at_ms * 1_000 + 400) / 1e6, LINK, place, 200, encoded, came_ns)
            replies.append(Reply(came_us, asked_us, kind, json.loads(json.dumps(body))))
        elif kind == "vanish":
            vault[asset] -= amount
        else:
            is_in, is_instruction = bool(place % 3), kind in ("settle", "claim")
            settled = str(amount / 2 if place % 2 else amount) if is_instruction else "0"
            status = {"move": "COMPLETED", "fail": "FAILED"}.get(kind, "CONFIRMING")
            one = transaction(place, asset, settled, status, start_ms + at_ms, is_in=is_in)
            if is_instruction:
                one["extraParameters"] = {"settlement": {"contractedAt": 1}}
            listed[one["id"]] = one
            if kind in ("settle", "move"):
                moved = Decimal(settled) if is_instruction else amount
                vault[asset] += moved if is_in else -moved
    end_us = (max(now_ms, busy_ms) + 9_000) * 1_000
    return sorted(replies), end_us


def moved(one: dict[str, Any]) -> Decimal:
    """What a transaction has moved into the vault so far."""
    amounts = one["amountInfo"]
    if "extraParameters" in one:
        amount = Decimal(amounts["netAmount"])
    else:
        amount = Decimal(amounts["amount"]) if one["status"] == "COMPLETED" else Decimal(0)
    return amount if one["destination"]["type"] == "VAULT_ACCOUNT" else -amount


def difference(first: View, view: View, changes: list[Change], settled: set[Change]) -> dict[str, Decimal]:
    """What a view shows beyond what follows. ``settled``: what is known not to have been in the first view though it
    might have; what this view decides is added."""
    after: list[Change] = []
    in_doubt: list[Change] = []  # whether the first view held them
    for one in sorted(changes, key=lambda change: change.happened_us):
        if one.shown_us < first.asked_us or one.happened_us < first.asked_us:
            continue
        if one.happened_us > first.came_us or one in settled:
            after.append(one)
        else:
            in_doubt.append(one)
    surely = [one for one in after if one.shown_us < view.asked_us or one.happened_us < view.asked_us]
    perhaps = [one for one in after if one not in surely and one.happened_us <= view.came_us]
    outcomes = []
    for left, count in product(range(len(in_doubt) + 1), range(len(perhaps) + 1)):
        held = [*surely, *in_doubt[len(in_doubt) - left :], *perhaps[:count]]
        apart = {
            asset: view.balances[asset]
            - first.balances[asset]
            - sum((one.amount for one in held if one.asset == asset), Decimal(0))
            for asset in ASSETS
        }
        outcomes.append((sum(map(bool, apart.values())), left, -count, apart))
    _, left, _, apart = min(outcomes, key=lambda outcome: outcome[:3])
    settled.update(in_doubt[len(in_doubt) - left :])
    return apart


def courses(replies: list[Reply]) -> dict[str, list[tuple[int, Decimal]]]:
    """The values of each measure, from when on."""
    found: dict[str, list[tuple[int, Decimal]]] = {name: [] for name in ("keystone:USD", "keystone:BTC", "keystone")}
    before: dict[str, Decimal] = {}
    changes: list[Change] = []
    settled: set[Change] = set()
    first: View | None = None
    waiting: View | None = None
    confidence = Decimal(100)
    for reply in replies:
        if reply.kind == "view":
            (account,) = reply.body["accounts"]
            balances = {one["id"]: Decimal(one["total"]) for one in account["assets"]}
            waiting = View(reply.asked_us, reply.came_us, balances)
            if first is None:
                first, waiting = waiting, None
            continue
        for one in reply.body:
            if one["source"]["type"] == one["destination"]["type"]:
                continue
            gained = moved(one) - before.get(one["id"], Decimal(0))
            before[one["id"]] = moved(one)
            if gained:
                happened_us = one["lastUpdated"] * 1_000
                changes.append(Change(reply.came_us, happened_us, one["assetId"], gained))
        if reply.kind == "page" or first is None or waiting is None or reply.asked_us < waiting.came_us:
            continue
        apart = difference(first, waiting, changes, settled)
        waiting = None
        for asset, amount in apart.items():
            found[f"keystone:{asset}"].append((reply.came_us, abs(amount) * MARKS[asset]))
        confidence = max(confidence - 20, Decimal(0)) if any(apart.values()) else min(confidence + 1, Decimal(100))
        found["keystone"].append((reply.came_us, confidence))
    return found


def relative(replies: list[Reply], start_ms: int) -> list[Reply]:
    """The same with ``lastUpdated`` since the story's start, as all other times."""
    for reply in replies:
        for one in reply.body if reply.kind != "view" else ():
            one["lastUpdated"] -= start_ms
    return replies


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=steps, batch=st.sampled_from((1, 5, 500)))
@example(drawn=RACED, batch=1)
@example(drawn=LATER, batch=1)
@example(drawn=FAILED, batch=1)
@example(drawn=PAGED, batch=1)
def test_reconciliation_at_a_custodian_equals_the_brute_force_oracle(
    new_story: Any, tmp_path: Path, drawn: Any, batch: int
) -> None:
    story = new_story(limits=LIMITS, length_s=1).found_world()
    story.audit("account", 0, "keystone", "vault", "firm")
    story.header["monitor"]["reads"]["keystone"] = {"accounts": ["vault"], "links": [LINK]}
    story.wire("push", 0.5, "monitor>apex", 1, QUOTE, story.at_ns(0.5))
    replies, end_us = tell(story, drawn)
    story.length_s = end_us / 1e6
    story.header["end_ns"] = story.at_ns(story.length_s)
    reading = read_run(Journal(story.write(tmp_path / "run.journal", batch=batch)))
    assert reading.failures == {}
    expected = courses(relative(replies, story.at_ns(0) // 10**6))
    rules = [rule for rule in reading.board.rules() if rule.subject.startswith("keystone")]
    told = {(rule.subject, rule.severity) for rule in rules}
    for subject, course in expected.items():
        sign, bounds = (-1, {"warning": 95, "high": 50}) if subject == "keystone" else (1, {"warning": 1, "high": 150})
        for severity, bound in bounds.items():
            due: list[tuple[int, int | None]] = []
            inside = False
            for at_us, value in course:
                beyond = value * sign > bound * sign
                if beyond and not inside:
                    due.append((at_us, None))
                elif inside and not beyond:
                    due[-1] = (due[-1][0], at_us)
                inside = beyond
            assert not due or (subject, severity) in told, (subject, severity, due)
            for rule in rules:
                if (rule.subject, rule.severity) == (subject, severity):
                    found = [
                        tuple(at_ns and (at_ns - story.at_ns(0)) // 1_000 for at_ns in (one.begins_ns, one.ends_ns))
                        for one in rule.tracker.intervals
                    ]
                    assert found == due, (subject, severity)
