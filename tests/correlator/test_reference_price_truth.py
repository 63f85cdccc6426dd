"""Truth of price sources: against the marks shown at their own time, by hand and against a slow oracle."""

from __future__ import annotations

from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from correlator.header import VenueReads
from correlator.limits import read_limits
from correlator.records import Push
from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.reference_price import ReferencePrice
from correlator.truth.series import Buckets
from correlator.truth.shown.quotes import ShownQuotes
from correlator.truth.shown.shown import Shown
from correlator.truth.shown.source_prices import SourcePrice, read_prices

START_NS = 1_676_880_000_000_000_000
SECOND_NS = 1_000_000_000
LIMITS = """
schema: riskproof-limits/1
firm: meridian
base_currency: USD
stablecoins: [USDT]
limits:
  feed_staleness: {prices: {high: 5 s}}
  reference_price: {each: {high: 100 bp}}
"""


def _at(seconds: float) -> int:
    return START_NS + round(seconds * SECOND_NS)


class Told:
    """Quotes and prices as they reached the monitor, and what is measured of them."""

    def __init__(self, length_s: float = 1_000.0) -> None:
        self.length_s = length_s
        self.board = GaugeBoard(read_limits(LIMITS), Buckets(START_NS, _at(length_s)))
        self.reference = ReferencePrice(self.board, START_NS)
        self._quotes: dict[str, ShownQuotes] = {}
        self._seq = 0

    def quote(self, at_s: float, price: float, venue: str = "apex") -> None:
        if venue not in self._quotes:
            self._quotes[venue] = ShownQuotes(venue, "BTC/USD", 5 * SECOND_NS, self.board.buckets)
            self.reference.marks.watch(self._quotes[venue])
        self._seq += 1
        payload = f'{{"s":"BTCUSD","b":"{price}","B":"1","a":"{price}","A":"1"}}'.encode()
        push = Push(self._seq, _at(at_s), f"monitor>{venue}", 0, 1, payload, _at(at_s))
        self._quotes[venue].inbox.arrivals.append(push)

    def price(self, at_s: float, usd: float, source: str = "pricebook", own_s: float | None = None) -> None:
        self._seq += 1
        own_ns = _at(float(int(at_s)) if own_s is None else own_s)
        self.reference.told(_at(at_s), self._seq, source, [SourcePrice("BTC", usd, own_ns)])

    def settle(self, at_s: float) -> None:
        stretches = {quotes: stretch for quotes in self._quotes.values() if (stretch := quotes.settle(_at(at_s)))}
        self.reference.settle(stretches, _at(at_s))

    def breaches(self) -> dict[str, list[tuple[float, float | None]]]:
        self.settle(self.length_s)
        self.board.finish(_at(self.length_s))
        return {
            rule.subject: [
                ((one.begins_ns - START_NS) / 1e9, None if one.ends_ns is None else (one.ends_ns - START_NS) / 1e9)
                for one in rule.tracker.intervals
            ]
            for rule in self.board.rules()
        }


def _quoted(told: Told, to_s: int, price: float = 20_000.0) -> Told:
    for second in range(to_s):
        told.quote(second + 0.2, price)
    return told


def test_a_price_that_is_off_is_a_breach_until_the_next_one() -> None:
    told = _quoted(Told(), 1_000)
    told.price(60.5, 20_250.0)
    told.price(120.5, 20_150.0)
    assert told.breaches() == {"pricebook:BTC": [(60.5, 120.5)]}


def test_a_price_is_held_against_the_mark_of_its_own_time() -> None:
    told = Told()
    for second in range(1_000):
        told.quote(second + 0.2, 20_000.0 if second < 100 else 21_000.0)
    told.price(150.0, 20_000.0, own_s=90.0)
    told.price(150.0, 20_000.0, own_s=149.0, source="refrate")
    told.settle(149.0)
    assert told.breaches() == {
        # Each alone is held against the mark; of two, the middle counts: 1 and 20000 ÷ 21000 and 1.
        "pricebook:BTC": [],
        "refrate:BTC": [(150.0, 449.000000001)],
    }


def test_a_price_older_than_five_minutes_says_nothing() -> None:
    told = _quoted(Told(), 1_000)
    told.price(60.0, 21_000.0, own_s=60.0)
    told.price(500.0, 21_000.0, own_s=100.0)
    assert told.breaches() == {"pricebook:BTC": [(60.0, 360.000000001)]}


def test_of_three_opinions_the_one_that_is_alone_is_wrong_even_if_it_is_the_mark() -> None:
    told = _quoted(Told(), 1_000)
    told.price(60.0, 20_600.0)
    told.price(90.0, 20_601.0, source="refrate")
    told.price(120.0, 20_000.0, source="refrate")
    assert told.breaches() == {"pricebook:BTC": [(60.0, 90.0), (120.0, 360.000000001)], "refrate:BTC": []}


def test_without_a_fresh_quote_there_is_nothing_to_hold_a_price_against() -> None:
    told = _quoted(Told(), 100)
    told.price(110.0, 30_000.0)
    assert told.breaches() == {"pricebook:BTC": []}


def test_a_stale_quote_is_left_out_while_another_is_fresh() -> None:
    told = Told()
    for second in range(1_000):
        told.quote(second + 0.2, 20_000.0 if second < 100 else 18_000.0)
        if second < 100:
            told.quote(second + 0.3, 20_000.0, "boreal")
    told.price(103.5, 19_000.0)  # both are fresh, and nobody could know better
    told.price(150.5, 18_000.0)
    told.price(200.5, 19_000.0)
    assert told.breaches() == {"pricebook:BTC": [(200.5, 500.000000001)]}


def test_prices_are_read_from_both_dialects_and_from_nothing_else() -> None:
    book = b'{"bitcoin":{"usd":24521.12,"last_updated_at":1676884000},"dogecoin":{"usd":1},"tether":{"usd":null}}'
    rates = (
        b'{"data":[{"asset":"btc","time":"2023-02-20T09:00:00.000000000Z","ReferenceRateUSD":"24520.5"},'
        b'{"asset":"btc","time":"2023-02-20T09:01:00.000000000Z","ReferenceRateUSD":"24521.5"}]}'
    )
    assert read_prices("/api/v3/simple/price?ids=bitcoin", book) == [
        SourcePrice("BTC", 24521.12, 1_676_884_000 * SECOND_NS)
    ]
    assert read_prices("/v4/timeseries/asset-metrics?assets=btc", rates) == [
        SourcePrice("BTC", 24521.5, 1_676_883_660 * SECOND_NS)
    ]
    assert read_prices("/api/v3/ping", book) == read_prices("/api/v3/simple/price?ids=bitcoin", rates[:-9]) == []
    assert read_prices("/api/v3/simple/price?ids=bitcoin", b'{"bitcoin":{"usd":-1.0}}') == []


def test_only_what_speaks_of_no_account_and_lists_nothing_is_a_price_source() -> None:
    board = GaugeBoard(read_limits(LIMITS), Buckets(START_NS, _at(100)))
    shown = Shown(read_limits(LIMITS), board, START_NS)
    assert shown._told_by("pricebook") is not None
    exchange = shown.expect("apex", ["BTC/USD"], VenueReads(accounts=["master"]), holds_firm_account=True)
    source = shown.expect("pricebook", [], VenueReads(), holds_firm_account=False)
    assert (exchange._told is None, source._told is None) == (True, False)


PRICES = st.lists(
    st.tuples(
        st.integers(1, 880),  # when it comes
        st.integers(0, 400),  # how old it says it is
        st.sampled_from(("pricebook", "refrate", "third")),
        st.sampled_from((19_700.0, 19_900.0, 20_000.0, 20_150.0, 20_400.0)),
    ),
    max_size=12,
    unique_by=lambda one: one[0],
)


@given(
    st.lists(st.tuples(st.integers(0, 899), st.sampled_from((19_800.0, 20_000.0, 20_300.0))), max_size=40), PRICES,
    st.lists(st.integers(1, 899), max_size=4),
)  # fmt: skip
def test_breaches_are_those_of_a_slow_oracle_however_history_is_cut(
    quotes: list[tuple[int, float]], prices: list[tuple[int, int, str, float]], cuts: list[int]
) -> None:
    told = Told(900.0)
    by_second = dict(quotes)
    told.quote(0.0, 20_000.0)
    todo: list[tuple[float, object]] = []
    for second, price in sorted(by_second.items()):
        todo.append((second + 0.5, lambda second=second, price=price: told.quote(second + 0.5, price)))
    for second, age, source, price in prices:
        own = float(max(0, second - age))
        todo.append((second + 0.7, lambda s=second, p=price, w=source, o=own: told.price(s + 0.7, p, w, o)))
    for cut in cuts:
        todo.append((cut + 0.9, lambda cut=cut: told.settle(cut + 0.9)))
    for _, step in sorted(todo, key=lambda one: one[0]):
        step()  # type: ignore[operator]
    assert told.breaches() == _oracle(by_second, prices)


def _oracle(
    quotes: dict[int, float], prices: list[tuple[int, int, str, float]]
) -> dict[str, list[tuple[float, float | None]]]:
    def mark(second: int) -> float | None:
        known = [(at + 0.5, price) for at, price in quotes.items() if at + 0.5 <= second] + [(0.0, 20_000.0)]
        at, price = max(known)
        return price if second - at <= 5.0 else None

    views: dict[str, tuple[float, float]] = {}  # source → ratio, ends
    moments = sorted({one[0] + 0.7 for one in prices} | {max(0, s - a) + 300.000000001 for s, a, _, _ in prices})
    found: dict[str, list[tuple[float, float | None]]] = {}
    for moment in moments:
        for second, age, source, price in prices:
            if second + 0.7 == moment:
                own = max(0, second - age)
                around = [mark(at) for at in range(max(1, own - 1), min(own + 2, second) + 1)]
                known = [one for one in around if one is not None]
                ratio = price / min(known, key=lambda one: abs(one - price)) if known else float("nan")
                views[source] = (ratio, own + 300.000000001)
                found.setdefault(f"{source}:BTC", [])
        counting = {name: ratio for name, (ratio, ends) in views.items() if ends > moment and ratio == ratio}
        middle = median((1.0, *counting.values())) if len(counting) > 1 else 1.0
        for name in views:
            breach = name in counting and abs(counting[name] / middle - 1.0) > 0.01 + 1e-9
            spells = found[f"{name}:BTC"]
            is_open = bool(spells) and spells[-1][1] is None
            if breach and not is_open and moment <= 900.0:
                spells.append((moment, None))
            elif not breach and is_open and moment <= 900.0:
                spells[-1] = (spells[-1][0], moment)
    return found
