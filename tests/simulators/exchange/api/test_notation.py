"""Notation: what is written is exactly what is meant, digit by digit."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.exchange.api.bars import Bar
from simulators.exchange.api.errors import ApiError
from simulators.exchange.api.notation import (
    Notation,
    book_ticker_writer,
    minute_kline_writer,
    parse_units,
    trimmed_text,
)
from simulators.exchange.types import Listing

sizes = st.sampled_from(["0.00000001", "0.0001", "0.01", "0.05", "0.25", "1", "10"])
counts = st.integers(min_value=0, max_value=10**9)


@given(sizes, sizes, counts, counts, counts, counts, st.booleans())
def test_the_book_ticker_template_writes_the_exact_decimals(tick, lot, bid, bid_lots, ask, ask_lots, combined):
    notation = Notation(Listing("BTC/USDT", "BTC", "USDT", tick, lot, "5", 1.0, 1.0))
    frame = book_ticker_writer(notation, combined)(7, bid, bid_lots, ask, ask_lots)
    payload = msgspec.json.decode(frame)
    if combined:
        assert payload["stream"] == "btcusdt@bookTicker"
        payload = payload["data"]
    assert payload == {
        "u": 7,
        "s": "BTCUSDT",
        "b": _exact(tick, bid),
        "B": _exact(lot, bid_lots),
        "a": _exact(tick, ask),
        "A": _exact(lot, ask_lots),
    }


@given(sizes, sizes, st.lists(counts, min_size=9, max_size=9), st.booleans())
def test_the_kline_template_writes_the_exact_decimals(tick, lot, numbers, is_closed):
    notation = Notation(Listing("BTC/USDT", "BTC", "USDT", tick, lot, "5", 1.0, 1.0))
    opened, high, low, close, volume, quote, trades, bought, bought_quote = numbers
    bar = Bar(120_000_000_000, opened, high, low, close, volume, quote, trades, bought, bought_quote, -1, 8)
    assert msgspec.json.decode(minute_kline_writer(notation)(bar, is_closed, 130_000)) == {
        "e": "kline",
        "E": 130_000,
        "s": "BTCUSDT",
        "k": {
            "t": 120_000,
            "T": 179_999,
            "s": "BTCUSDT",
            "i": "1m",
            "f": -1,
            "L": 8,
            "o": _exact(tick, opened),
            "c": _exact(tick, close),
            "h": _exact(tick, high),
            "l": _exact(tick, low),
            "v": _exact(lot, volume),
            "n": trades,
            "x": is_closed,
            "q": f"{Decimal(quote).scaleb(-8):.8f}",
            "V": _exact(lot, bought),
            "Q": f"{Decimal(bought_quote).scaleb(-8):.8f}",
            "B": "0",
        },
    }


@given(sizes, st.integers(min_value=1, max_value=10**9))
def test_a_price_that_was_written_is_read_back(tick, ticks):
    notation = Notation(Listing("BTC/USDT", "BTC", "USDT", tick, "1", "5", 1.0, 1.0))
    assert notation.price(ticks) == _exact(tick, ticks)
    assert notation.parse_price(notation.price(ticks)) == ticks


@given(st.integers(min_value=0, max_value=10**18))
def test_amounts_lose_only_their_trailing_zeros(units):
    text = trimmed_text(units)
    assert Decimal(text) * 10**8 == units
    assert not (("." in text) and text.endswith("0"))
    assert parse_units(text, "amount") == units


def test_more_than_eight_digits_after_the_point_are_too_precise():
    assert parse_units("1.1000000000", "price") == 110_000_000
    with pytest.raises(ApiError, match="too much precision"):
        parse_units("0.123456789", "price")


def _exact(size: str, count: int) -> str:
    return f"{Decimal(size) * count:.8f}"
