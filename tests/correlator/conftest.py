"""A story: hand-made history, written from ``docs/reference/journal.md`` by a writer that shares no code with ours."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from correlator.judge import judge
from correlator.verdict import Judgement

START_NS = 1_676_880_000_000_000_000  # 2023-02-20 08:00 UTC
SECOND_NS = 1_000_000_000
UNIT = 10**8

LIMITS = """
schema: riskproof-limits/1
firm: meridian
base_currency: USD
stablecoins: [USDT, USDC]
limits:
  stablecoin_peg: {each: {warning: 50 bp, high: 100 bp}}
  position_limit: {BTC: {high: 150 BTC}}
  feed_staleness: {prices: {high: 60 s}, positions: {high: 5 min}}
"""


class Story:
    """What happened, told in seconds since the start: venue ``apex`` lists USDT/USD and BTC/USD, a firm is there."""

    def __init__(self, arm: str = "run", limits: str = LIMITS, length_s: float = 600, **resolved: Any) -> None:
        self.arm = arm
        self.length_s = length_s
        self.header = {
            "format": "riskproof-journal/1",
            "arm": arm,
            "scenario": "a_story",
            "case": "default",
            "seed": 7,
            "start_ns": START_NS,
            "end_ns": self.at_ns(length_s),
            "resolved": resolved,
            "limits": limits,
            "stablecoins": ["USDT", "USDC"],
            "monitor": {"reads": {"apex": {"accounts": ["master"], "links": ["monitor>apex"]}}},
            "versions": {"riskproof": "0.1.0"},
            "code": "abc",
        }
        self.entries: list[tuple[int, str, list[Any]]] = []
        self._requests = 0

    @staticmethod
    def at_ns(at_s: float) -> int:
        return START_NS + round(at_s * SECOND_NS)

    def audit(self, kind: str, at_s: float, source: str, *body: Any) -> None:
        self.entries.append((self.at_ns(at_s), "audit", [kind, source, 0, *body]))

    def wire(self, kind: str, at_s: float, source: str, *body: Any) -> None:
        self.entries.append((self.at_ns(at_s), "wire", [kind, source, 0, *body]))

    def found_world(self, usdt: int = 1_000_000, btc: int = 100) -> Story:
        """Assets, listings, accounts and what the firm owns, all at the start."""
        for asset in ("USD", "USDT", "BTC"):
            self.audit("asset", 0, "world", asset, 8)
        for account, owner in (("external", "external"), ("street", "street"), ("fees", "venue"), ("master", "firm")):
            self.audit("account", 0, "apex", account, owner)
        for asset, amount in (("USDT", usdt), ("BTC", btc), ("USD", 1_000_000)):
            if amount:
                self.audit("posting", 0, "apex", asset, "external", "master", amount * UNIT, "opening")
        self.audit("listing", 0, "apex", "USDT/USD", 0, "USDT", "USD", "0.0001", "1")
        self.audit("listing", 0, "apex", "BTC/USD", 1, "BTC", "USD", "0.01", "0.00001")
        return self

    def quote(self, at_s: float, index: int, price: float, venue: str = "apex", tick: float = 0.0001) -> None:
        """Both sides of a book at one price, so that it is the mid."""
        ticks = round(price / tick)
        self.audit("quote", at_s, venue, index, ticks, 100, ticks, 100)

    def alive(self, every_s: float = 10, pairs: tuple[str, ...] = ("usdtusd", "btcusd")) -> Story:
        """A monitor at work: polls its account and is reached by both feeds, until the end."""
        at_s = 0.0
        while at_s <= self.length_s:
            self.ask(at_s)
            for pair in pairs:
                self.push(at_s, pair)
            at_s += every_s
        return self

    def push(self, at_s: float, pair: str, link: str = "monitor>apex", delay_s: float = 0.005) -> None:
        payload = f'{{"stream":"{pair}@bookTicker","data":{{"s":"{pair.upper()}"}}}}'.encode()
        self.wire("push", at_s, link, 1, payload, self.at_ns(at_s + delay_s))

    def ask(
        self, at_s: float, status: int | None = 200, takes_s: float = 0.02, link: str = "monitor>apex",
        target: str = "/api/v3/account",
    ) -> None:  # fmt: skip
        """A request and, unless ``status`` is None, its reply."""
        self._requests += 1
        number = self._requests
        self.wire("request", at_s, link, number, "GET", target, b"", self.at_ns(at_s + takes_s / 2))
        if status is not None:
            self.wire("reply", at_s + takes_s / 2, link, number, status, b"{}", self.at_ns(at_s + takes_s))

    def inject(self, at_s: float, effect_s: float | None, name: str = "slide", ends_s: float | None = None) -> Story:
        """The phases of an injection, as the coordinator records them in this arm; ``effect_s`` None: claims none."""
        times = (self.at_ns(at_s), self.at_ns(ends_s if ends_s is not None else self.length_s))
        body = (name, "stablecoin_depeg")
        self.audit("injection", 0, "coordinator", *body, "planned", *times, "{}", "")
        if self.arm == "control":
            self.audit("injection", at_s, "coordinator", *body, "withheld", *times, "{}", "")
            return self
        self.audit("injection", at_s, "coordinator", *body, "began", *times, "{}", "")
        if effect_s is not None:
            self.audit("injection", effect_s, "coordinator", *body, "took_effect", *times, "{}", "")
        return self

    def alert(
        self, fired_s: float, resolved_s: float | None = None, mandate: str = "stablecoin_peg", subject: str = "USDT",
        severity: str = "warning", since_s: float | None = None,
    ) -> Story:  # fmt: skip
        """An alert of the monitor: pending, firing, and resolved if it was."""
        since_ns = self.at_ns(fired_s if since_s is None else since_s)
        body = ("a-1", mandate, subject, severity, 0.6, 0.5, "%", since_ns, ["apex stream"])
        self.audit("signal", fired_s, "monitor", body[0], "firing", *body[1:])
        if resolved_s is not None:
            self.audit("signal", resolved_s, "monitor", body[0], "resolved", *body[1:])
        return self

    def act(
        self, taken_s: float, control: str = "breaker", subject: str = "arb", done_s: float | None = None,
        failed_s: float | None = None, ended_s: float | None = None, action_id: str = "c-1",
    ) -> Story:  # fmt: skip
        """A control action of the monitor, step by step."""
        for at_s, state in ((taken_s, "taken"), (done_s, "done"), (failed_s, "failed"), (ended_s, "ended")):
            if at_s is not None:
                self.audit("action", at_s, "monitor", action_id, control, state, subject, "a-1", "no answer")
        return self

    def order(
        self, at_s: float, number: int, event: str = "accepted", account: str = "master", lots: int = 100,
        venue: str = "apex", kind: str = "limit", client: str = "",
    ) -> Story:  # fmt: skip
        """One step in the life of an order to buy BTC."""
        name = client or f"o-{number}"
        self.audit(
            "order", at_s, venue, account, number, name, 1, "buy", kind, "GTC", 2_400_000, lots, event, ""
        )  # fmt: skip
        return self

    def sent(self, at_s: float, strategy: str, client: str, reason: str = "", account: str = "master") -> Story:
        """The gateway sent an order on."""
        body = (strategy, "apex", account, client, "BTC/USD", "buy", "limit", "24000", "0.001", "sent", reason)
        self.audit("intent", at_s, "bridge", *body)
        return self

    def records(self) -> list[tuple[str, list[Any]]]:
        """All records in their total order, numbered."""
        ordered = sorted(enumerate(self.entries), key=lambda entry: (entry[1][0], entry[0]))
        return [
            (plane, [record[0], number, at_ns, *record[1:]])
            for number, (_, (at_ns, plane, record)) in enumerate(ordered, start=1)
        ]

    def write(
        self, path: Path, ending: str | None = "completed", ended_s: float | None = None, batch: int = 50
    ) -> Path:
        """Write the journal; ``ending`` None leaves the end frame out, as a kill does. History stops at ``ended_s``."""
        ended_ns = self.at_ns(self.length_s if ended_s is None else ended_s)
        records = [(plane, record) for plane, record in self.records() if record[2] <= ended_ns]
        frames = [_frame(0, 1, START_NS, START_NS, json.dumps(self.header).encode())]
        for start in range(0, len(records), batch):
            for number, plane in ((1, "audit"), (2, "wire")):
                mine = [record for where, record in records[start : start + batch] if where == plane]
                if mine:
                    frames.append(_frame(number, len(mine), mine[0][2], mine[-1][2], msgspec.msgpack.encode(mine)))
        if ending is not None:
            end = {"reason": ending, "at_ns": ended_ns, "detail": "", "records": len(records)}
            frames.append(_frame(3, 1, ended_ns, ended_ns, json.dumps(end).encode()))
        chain = bytes(16)
        content = b"RISKPROOF-JOURNAL/1\n"
        for head, packed in frames:
            chain = hashlib.blake2b(chain + head + packed, digest_size=16).digest()
            content += head + chain + packed
        path.write_bytes(content)
        return path


def _frame(plane: int, count: int, first_ns: int, last_ns: int, raw: bytes) -> tuple[bytes, bytes]:
    packed = zstandard.ZstdCompressor().compress(raw)
    return struct.pack("<BIIIQQ", plane, count, len(packed), len(raw), first_ns, last_ns), packed


@pytest.fixture
def new_story() -> type[Story]:
    """The class ``Story``: a history to be told and written."""
    return Story


TIMELINE = [{"inject": "slide", "fault": "stablecoin_depeg", "at_ns": 100 * 10**9, "for_ns": 500 * 10**9}]
EXPECT = {"alert": "stablecoin_peg", "asset": "USDT", "severity": "warning", "within_ns": 15 * 10**9}


@pytest.fixture
def play(new_story, tmp_path: Path):
    """Play a depeg (began 100 s, visible 120 s, beyond 50 bp from 200 s on) with given alerts, and judge it.

    ``without`` tells, by the name of an injection, what happens in the arm that leaves it out.
    """

    def play(
        alert_at: float | None = 205,
        resolved_at: float | None = None,
        control_alert_at: float | None = None,
        ended_s: float | None = None,
        ending: str | None = "completed",
        control_ended_s: float | None = None,
        depegs_to: float = 0.99,
        visible: bool = True,
        claims: bool = True,
        timeline: list[Any] = TIMELINE,
        with_control: bool = True,
        tell: Any = None,
        limits: str = "",
        controls: str = "",
        tell_control: Any = None,
        without: dict[str, Any] | None = None,
        **resolved: Any,
    ) -> Judgement:
        resolved.setdefault("expect", [EXPECT])
        arms = {}
        for arm in ("run", "control", *(f"without:{name}" for name in without or {})):
            left_out = arm.removeprefix("without:")
            left = [plan for plan in timeline if plan["inject"] != left_out]
            story = new_story(arm, timeline=left, **resolved).found_world().alive()
            slides = arm == "run" or (arm != "control" and any(plan["inject"] == "slide" for plan in left))
            if limits:
                story.header["limits"] = limits
            story.header["controls"] = controls
            for at_s in range(0, 600, 5):
                harmed = slides and at_s >= 200
                story.quote(at_s, 0, depegs_to if harmed else 1.0)
                story.quote(at_s, 1, 24_000, tick=0.01)
            if timeline and (slides or arm == "control"):
                story.inject(100, 120 if claims else None)
            if slides and visible:
                story.push(120, "usdtusd")
            if without and left_out in without:
                without[left_out](story)
            elif arm == "run":
                if alert_at is not None:
                    story.alert(alert_at, resolved_at)
                if tell is not None:
                    tell(story)
            else:
                if control_alert_at is not None:
                    story.alert(control_alert_at)
                if tell_control is not None:
                    tell_control(story)
            stops = {"ended_s": ended_s, "ending": ending} if arm == "run" else {}
            if arm == "control":
                cut = control_ended_s is not None
                stops = {"ended_s": control_ended_s, "ending": "interrupted" if cut else "completed"}
            arms[arm] = story.write(tmp_path / f"{arm.replace(':', '_')}.journal", **stops)
        removals = {(name,): arms[f"without:{name}"] for name in without or {}}
        return judge(arms["run"], arms["control"] if with_control else None, removals)

    return play
