"""What an exchange reports and never did, found beside what took place."""

from __future__ import annotations

import msgspec

from correlator.header import MonitorFacts, VenueReads
from correlator.records import Account, Arrival, Fill, Frame, Listing, Push, Record, Stream
from correlator.truth.shown.invented import InventedFill, InventedFills

LINK = "monitor>apex"
FOUNDING: list[Record] = [
    Account(1, 0, "apex", 0, "maker", "firm"),
    Account(2, 0, "apex", 0, "street", "street"),
    Listing(3, 0, "apex", 0, "ETH/USD", 0, "ETH", "USD", "0.01", "0.0001"),
]


def finder() -> InventedFills:
    reads = VenueReads(accounts=["maker", "peg"], links=[LINK], keys={"key-of-maker": "maker"})
    return InventedFills(MonitorFacts(reads={"apex": reads}))


def subscription(seq: int) -> Frame:
    params = {"apiKey": "key-of-maker"}
    payload = msgspec.json.encode({"id": "1", "method": "userDataStream.subscribe.signature", "params": params})
    return Frame(seq, seq, LINK, 0, 7, payload, seq + 1)


def report(seq: int, trade: int, *, arrives_ns: int = 1, symbol: str = "ETHUSD", execution: str = "TRADE") -> Push:
    event = {
        "e": "executionReport",
        "s": symbol,
        "S": "BUY",
        "c": "x-1",
        "i": 5,
        "x": execution,
        "t": trade,
        "l": "2",
        "Y": "3000.5",
        "T": 1,
    }
    return Push(seq, seq, LINK, 0, 7, msgspec.json.encode({"subscriptionId": 0, "event": event}), arrives_ns)


def fill(seq: int, trade: int) -> Fill:
    return Fill(seq, seq, "apex", 0, 0, trade, 150_000, 10, "buy", "maker", 5, "street", 6, 0, 0)


def invented(seq: int, trade: int) -> InventedFill:
    return InventedFill(seq, seq, "apex", 0, "maker", "ETH/USD", trade, 5, "x-1", 3000.5)


def test_a_reported_fill_that_never_took_place_stands_where_it_was_told() -> None:
    late = Account(9, 9, "apex", 0, "other", "firm")
    taken = finder().insert([*FOUNDING, late], [subscription(4), report(6, 77)])
    assert taken == [*FOUNDING, invented(6, 77), late]


def test_a_fill_that_took_place_is_not_invented_however_often_it_is_told() -> None:
    found = finder()
    assert found.insert([*FOUNDING, fill(5, 77)], [subscription(4), report(6, 77)]) == [*FOUNDING, fill(5, 77)]
    assert found.insert([], [report(7, 77)]) == []


def test_one_trade_id_is_invented_once() -> None:
    found = finder()
    found.insert(FOUNDING, [subscription(4), report(6, 77)])
    assert found.insert([], [report(8, 77), report(9, 78)]) == [invented(9, 78)]


def test_what_reaches_nobody_or_is_no_fill_is_nothing() -> None:
    lost, strange, accepted = report(6, 77, arrives_ns=0), report(7, 78, symbol="XYZ"), report(8, 79, execution="NEW")
    ended = Stream(9, 9, LINK, 0, 7, "closed", "")
    assert finder().insert(
        FOUNDING, [report(4, 70), subscription(5), lost, strange, accepted, ended, report(10, 80)]
    ) == (FOUNDING)


def test_a_tale_that_arrives_twice_over_a_broken_wire_is_told_all_the_same() -> None:
    told = report(6, 77, arrives_ns=0)
    copies = [Arrival(seq, seq, LINK, 6, 6, "push", 7, 0, told.payload, 10) for seq in (7, 8)]
    assert finder().insert(FOUNDING, [subscription(4), told, *copies]) == [*FOUNDING, invented(7, 77)]
