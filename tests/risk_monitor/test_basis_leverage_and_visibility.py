"""What perpetuals put at stake, how far they part from spot, and how long the monitor has been blind."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Timing
from risk_monitor.books.holdings import Holdings
from risk_monitor.books.marks import MarkBook, Quote
from risk_monitor.books.perpetuals import Perpetual, PerpetualBook
from risk_monitor.effects import Effect, RaiseSignal
from risk_monitor.limits import parse_limits
from risk_monitor.mandates import basis
from risk_monitor.mandates.leverage import Leverage
from risk_monitor.mandates.visibility import Visibility
from risk_monitor.watchtower import Watchtower

HEAD = 'schema: riskproof-limits/1\nfirm: x\nbase_currency: USD\nprofiles: {"apexf:bold": aggressive}\nlimits:\n  '
SECOND_NS = 1_000_000_000
PERPETUAL = "BTC/USDT:USDT"


def tower_of(limits: str, out: list[Effect]) -> Watchtower:
    return Watchtower(parse_limits(HEAD + limits, "f"), Agenda(), Timing(0), out.append)


def observed(tower: Watchtower) -> list[tuple[str, float | None, float]]:
    return [(rule.subject, rule.observed, rule.limit) for rule in tower.status()]


def test_basis_is_taken_against_the_mean_of_the_fresh_spot_mids() -> None:
    tower = tower_of("basis: {each: {high: 50 bp}}", [])
    quotes = (Quote("apexf", PERPETUAL), Quote("apex", "BTC/USDT"), Quote("boreal", "BTC/USDT"))
    basis.keep(tower, (*quotes, Quote("apex", "BTC/USD")))
    _, apex, boreal = quotes

    def shown(mids: tuple[float, float, float], is_boreal_fresh: bool = True) -> float | None:
        for quote, mid in zip(quotes, mids, strict=True):
            quote.mid, quote.is_fresh = mid, True
        boreal.is_fresh = is_boreal_fresh
        apex.checks[0](1)
        [(subject, value, _)] = observed(tower)
        assert subject == PERPETUAL
        return value

    assert [len(quote.checks) for quote in quotes] == [1, 1, 1]
    assert shown((20_100.0, 20_000.0, 20_000.0)) == pytest.approx(50.0)
    assert shown((19_800.0, 20_000.0, 20_000.0)) == pytest.approx(100.0)
    assert shown((20_100.0, 20_000.0, 20_200.0)) == pytest.approx(0.0)
    assert shown((20_100.0, 20_000.0, 20_200.0), is_boreal_fresh=False) == pytest.approx(50.0)
    assert shown((0.0, 20_000.0, 20_200.0)) is None
    assert shown((20_100.0, 0.0, 20_200.0), is_boreal_fresh=False) is None


def margin_book() -> tuple[PerpetualBook, MarkBook]:
    book = PerpetualBook((Perpetual("apexf", PERPETUAL, "BTC", "USDT"),))
    dollar = Quote("apex", "USDT/USD")
    dollar.mid = 1.0
    marks = MarkBook((dollar,), ("USD", "USDT"))
    marks.refresh()
    return book, marks


def test_leverage_is_held_against_the_bound_of_the_accounts_profile() -> None:
    out: list[Effect] = []
    tower = tower_of("leverage: {aggressive: {high: 10 x}, each: {high: 2 x}}", out)
    book, marks = margin_book()
    leverage = Leverage(tower, (("apexf", "bold"), ("apexf", "plain")), book, marks)
    leverage.evaluate(1)
    assert observed(tower) == [("apexf:bold", None, 10.0), ("apexf:plain", None, 2.0)]
    for account in ("bold", "plain"):
        book.set_wallet("apexf", account, "USDT", Decimal(10_000))
    leverage.evaluate(2)
    assert observed(tower) == [("apexf:bold", 0.0, 10.0), ("apexf:plain", 0.0, 2.0)]
    for account in ("bold", "plain"):
        book.set_position("apexf", account, PERPETUAL, Decimal(-2), 20_000.0)
    leverage.evaluate(3)
    assert [value for _, value, _ in observed(tower)] == [None, None]  # no mark price was heard yet
    book.set_mark_price("apexf", PERPETUAL, 22_000.0)
    leverage.evaluate(4)
    assert observed(tower) == [("apexf:bold", pytest.approx(44 / 6), 10.0), ("apexf:plain", pytest.approx(44 / 6), 2.0)]
    [effect] = out
    assert isinstance(effect, RaiseSignal)
    assert effect.signal.evidence == (
        "apexf account plain margin balance 6000.00 USD",
        f"apexf account plain {PERPETUAL} positionAmt=-2 entryPrice=20000 markPrice=22000",
    )
    book.set_mark_price("apexf", PERPETUAL, 25_000.0)
    leverage.evaluate(5)
    assert [value for _, value, _ in observed(tower)] == [1000.0, 1000.0]


LIMITS = """
feed_staleness: {prices: {high: 5 s}, positions: {high: 5 min}}
visibility: {each: {high: 10 s}, firm: {high: 20 s}}
"""


def test_an_asset_that_one_venue_still_prices_is_seen(world: Callable[[str], Any]) -> None:
    firm = world(LIMITS).start()
    firm.mute_quotes.update({"boreal:BTC/USD"})
    firm.run(60)
    assert firm.history_of("visibility") == []
    assert firm.compliance("visibility", "BTC") == [("ok", 0.0)]


def test_an_asset_that_nobody_prices_and_the_firm_holds_is_not_seen(world: Callable[[str], Any]) -> None:
    firm = world(LIMITS).start()
    firm.mute_quotes.update({"apex:BTC/USD", "boreal:BTC/USD", "apex:ETH/USD"})
    firm.run(60)
    # Last heard at 4 s, stale 5 s later, blind for 10 s and 20 s. ETH is not held.
    assert firm.history_of("visibility") == [(19.0, "firing", "BTC", "high"), (29.0, "firing", "firm", "high")]
    assert firm.signals[-1][1].evidence[0] == "no fresh quote prices BTC"
    firm.mute_quotes.clear()
    firm.run(70)
    assert [entry[1:3] for entry in firm.history_of("visibility")[2:]] == [("resolved", "BTC"), ("resolved", "firm")]
    assert firm.compliance("visibility", "firm") == [("ok", 0.0)]


def test_an_asset_whose_books_have_an_empty_side_is_not_seen(world: Callable[[str], Any]) -> None:
    firm = world(LIMITS).start()
    for venue in ("apex", "boreal"):
        firm.set_quote(venue, "BTC/USD", "0", quantity="0")
    firm.run(30)
    assert [entry[1:3] for entry in firm.history_of("visibility")] == [("firing", "BTC"), ("firing", "firm")]


def test_an_account_that_is_not_heard_of_blinds_the_firm(world: Callable[[str], Any]) -> None:
    firm = world(LIMITS).start()
    firm.status["boreal"] = 500
    firm.run(400)
    [(at_s, state, subject, _)] = firm.history_of("visibility")
    assert (state, subject) == ("firing", "firm")
    assert 300 + 20 <= at_s <= 300 + 20 + 10
    assert firm.compliance("visibility", "BTC") == [("ok", 0.0)]


def test_a_silence_that_begins_after_the_clock_went_back_is_seen_as_soon_as_any() -> None:
    """The clock is an hour ahead until it is corrected; accounts are heard of by either."""
    tower = tower_of("feed_staleness: {positions: {high: 10 s}}\n  visibility: {firm: {high: 20 s}}", [])
    heard_s = 3_600
    sight = Visibility(
        tower, MarkBook((), ("USD",)), Holdings(0), lambda: heard_s * SECOND_NS, lambda: (), agenda := Agenda()
    )
    sight.start(3_600 * SECOND_NS, 3_600 * SECOND_NS)
    sight.look(3_600 * SECOND_NS)
    heard_s = 5
    sight.look(5 * SECOND_NS)  # the clock has gone back by an hour
    sight.look(35 * SECOND_NS)
    agenda.run_due(35 * SECOND_NS)
    assert [round(value or 0.0, 3) for _, value, _ in observed(tower)] == [20.0]  # blind from 15 s on


def test_what_has_never_been_seen_is_counted_from_the_start(world: Callable[[str], Any]) -> None:
    firm = world(LIMITS)
    firm.status["keystone"] = 500
    firm.start(30)
    assert firm.history_of("visibility") == [(20.0, "firing", "firm", "high")]
