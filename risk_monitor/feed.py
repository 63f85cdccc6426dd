"""Market feed: one exchange's price stream, from frame to quote to the checks on it. The monitor's hot path."""

from __future__ import annotations

from risk_monitor.books.marks import REPEATS, Quote
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.connectors.binance import BookTicker, book_ticker_decoder
from risk_monitor.connectors.decoding import MALFORMED
from risk_monitor.mandates.feed_staleness import PriceStaleness
from risk_monitor.telemetry import Telemetry

MAX_PRICE = 1e12
"""Nothing traded costs more; such a number is damage."""


class MarketFeed:
    __slots__ = ("_decode", "_portfolio", "_quotes", "_revive", "_telemetry", "_venue")

    def __init__(
        self,
        venue: str,
        quotes: tuple[Quote, ...],
        portfolio: Portfolio,
        staleness: PriceStaleness,
        telemetry: Telemetry,
    ) -> None:
        self._venue = venue
        self._quotes = {quote.symbol: quote for quote in quotes}
        self._portfolio = portfolio
        self._revive = staleness.revive
        self._telemetry = telemetry
        self._decode = book_ticker_decoder.decode

    def on_frame(self, now_ns: int, payload: bytes) -> None:
        try:
            ticker = self._decode(payload).data
            quote = self._quotes[ticker.symbol]
        except KeyError:
            self._telemetry.connector_error(f"{self._venue} prices", f"a symbol not asked for in {payload[:120]!r}")
            return
        except MALFORMED as error:
            self._telemetry.connector_error(f"{self._venue} prices", str(error))
            return
        bid = ticker.bid
        ask = ticker.ask
        if bid > 0.0 and ask > 0.0 and ticker.bid_quantity > 0.0 and ticker.ask_quantity > 0.0:
            mid = (bid + ask) * 0.5
            if mid > MAX_PRICE:
                self._telemetry.connector_error(f"{self._venue} prices", f"{quote.pair} priced at {mid}")
                return
        elif _is_one_sided(ticker):
            mid = 0.0
        else:
            self._telemetry.connector_error(f"{self._venue} prices", f"{quote.pair} bid {bid} ask {ask}")
            return
        quote.seen_ns = now_ns
        quote.update_id = ticker.update_id
        if quote.trail is not None:
            quote.trail.append((now_ns, ticker))
        if bid != quote.bid or ask != quote.ask:
            quote.bid = bid
            quote.ask = ask
            quote.moved_ns = now_ns
            quote.repeats = 0
            if quote.is_stuck:
                quote.on_moved(now_ns, quote)
        else:
            quote.repeats += 1
            if quote.repeats == REPEATS:
                quote.on_repeated(now_ns, quote)
        if bid > ask or mid < quote.calm_low or mid > quote.calm_high:
            quote.inspect(now_ns, bid, ask, mid)
        else:
            quote.remember(mid)
        if mid != quote.mid:
            quote.mid = mid
            if not quote.is_fresh:
                self._revive(now_ns, quote)
            for check in quote.checks:
                check(now_ns)
        elif not quote.is_fresh:
            self._revive(now_ns, quote)
            for check in quote.checks:
                check(now_ns)
        if now_ns >= self._portfolio.due_ns:
            self._portfolio.requote(now_ns)

    def last_heard_ns(self) -> int:
        """When the latest price of any pair arrived, -1 if none has."""
        return max((quote.seen_ns for quote in self._quotes.values()), default=-1)


def _is_one_sided(ticker: BookTicker) -> bool:
    """Whether a quote without a mid is an honest one: a side is empty, and no number is negative or none at all."""
    numbers = (ticker.bid, ticker.bid_quantity, ticker.ask, ticker.ask_quantity)
    return all(0.0 <= number < MAX_PRICE * 1e6 for number in numbers)
