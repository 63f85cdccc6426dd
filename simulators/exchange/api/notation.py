"""Notation: how an exchange writes prices, quantities and amounts, decimal text with eight digits after the point.

Inside, a price is an integer of ticks, a quantity an integer of lots, an amount an integer of 10⁻⁸ of its asset.
"""

from __future__ import annotations

from collections.abc import Callable

from simulators.exchange.api.bars import MINUTE_NS, Bar
from simulators.exchange.api.errors import ApiError, filter_failure, too_precise
from simulators.exchange.types import Listing
from simulators.ledger import SCALE, UNITS, to_text, to_units

_PLACES = SCALE
_NS_PER_MS = 1_000_000
_LAST_MS = MINUTE_NS // _NS_PER_MS - 1  # of a minute


def trimmed_text(units: int) -> str:
    """An amount without trailing zeros, as the wallet endpoints write it."""
    return to_text(units).rstrip("0").rstrip(".")


def parse_units(text: str, name: str) -> int:
    """Decimal text to 10⁻⁸ units.

    Raises:
        ApiError: -1111 when there are more than eight digits after the point.
    """
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > _PLACES:
        raise too_precise(name)
    return int(whole + fraction.ljust(_PLACES, "0"))


def _true_ms(at_ns: int) -> int:
    return at_ns // _NS_PER_MS


class Notation:
    """Reads and writes the numbers of one listing.

    ``symbol`` is the name without the slash (``BTCUSDT``; a perpetual is named as its pair), ``stream`` the same in
    lower case.
    """

    __slots__ = ("lot_units", "min_notional_units", "notional_units", "stream", "symbol", "tick_units", "time_ms")

    def __init__(self, listing: Listing, time_ms: Callable[[int], int] = _true_ms) -> None:
        self.time_ms = time_ms
        """The timestamp of a moment, in ms of the venue's clock."""
        self.symbol = listing.symbol.partition(":")[0].replace("/", "")
        self.stream = self.symbol.lower()
        self.tick_units = to_units(listing.tick_size)
        self.lot_units = to_units(listing.lot_size)
        product = self.tick_units * self.lot_units
        self.notional_units = product // UNITS  # quote units of one lot at one tick; the core refuses a remainder
        self.min_notional_units = to_units(listing.min_notional)

    def price(self, ticks: int) -> str:
        return to_text(ticks * self.tick_units)

    def quantity(self, lots: int) -> str:
        return to_text(lots * self.lot_units)

    def parse_price(self, text: str) -> int:
        """Price text to ticks; not on a tick or zero fails the PRICE_FILTER."""
        ticks, rest = divmod(parse_units(text, "price"), self.tick_units)
        if rest or ticks <= 0:
            raise filter_failure("PRICE_FILTER")
        return ticks

    def parse_quantity(self, text: str) -> int:
        """Quantity text to lots; not a whole number of lots or zero fails the LOT_SIZE filter."""
        lots, rest = divmod(parse_units(text, "quantity"), self.lot_units)
        if rest or lots <= 0:
            raise filter_failure("LOT_SIZE")
        return lots

    def parse_quote_quantity(self, text: str) -> int:
        """Quote amount text to 10⁻⁸ units."""
        units = parse_units(text, "quoteOrderQty")
        if units <= 0:
            raise ApiError(400, -1013, "Invalid quantity.")
        return units


BookTickerWriter = Callable[[int, int, int, int, int], bytes]


def book_ticker_writer(notation: Notation, combined: bool) -> BookTickerWriter:
    """A function ``(update_id, bid_ticks, bid_lots, ask_ticks, ask_lots)`` that writes ``@bookTicker``.

    It is the hottest payload of the venue, so it is one formatting operation: whole and fractional part of each number
    are two integers of a template, in which the digits that tick or lot size make always zero are text already. An
    empty side has neither ticks nor lots, and is written as zeros.
    """
    tick_unit, price_digits = _shortest(notation.tick_units)
    lot_unit, quantity_digits = _shortest(notation.lot_units)
    tick_step = 10**price_digits
    lot_step = 10**quantity_digits
    price = _number(price_digits)
    quantity = _number(quantity_digits)
    payload = f'{{"u":%d,"s":"{notation.symbol}","b":"{price}","B":"{quantity}","a":"{price}","A":"{quantity}"}}'
    if combined:
        payload = f'{{"stream":"{notation.stream}@bookTicker","data":{payload}}}'
    template = payload.encode()

    def write(update_id: int, bid: int, bid_lots: int, ask: int, ask_lots: int) -> bytes:
        return template % (
            update_id,
            bid // tick_step,
            bid % tick_step,
            bid_lots // lot_step,
            bid_lots % lot_step,
            ask // tick_step,
            ask % tick_step,
            ask_lots // lot_step,
            ask_lots % lot_step,
        )

    if tick_unit == lot_unit == 1:
        return write

    def write_scaled(update_id: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int) -> bytes:
        return write(update_id, bid_ticks * tick_unit, bid_lots * lot_unit, ask_ticks * tick_unit, ask_lots * lot_unit)

    return write_scaled


MinuteKlineWriter = Callable[[Bar, bool, int], bytes]


def minute_kline_writer(notation: Notation) -> MinuteKlineWriter:
    """A function ``(bar, is_closed, now_ms)`` that writes ``@kline_1m``, in one formatting operation as well."""
    tick_unit, price_digits = _shortest(notation.tick_units)
    lot_unit, quantity_digits = _shortest(notation.lot_units)
    tick_step = 10**price_digits
    lot_step = 10**quantity_digits
    price = _number(price_digits)
    quantity = _number(quantity_digits)
    amount = _number(_PLACES)
    kline = (
        f'{{"t":%d,"T":%d,"s":"{notation.symbol}","i":"1m","f":%d,"L":%d,"o":"{price}","c":"{price}","h":"{price}",'
        f'"l":"{price}","v":"{quantity}","n":%d,"x":%b,"q":"{amount}","V":"{quantity}","Q":"{amount}","B":"0"}}'
    )
    template = f'{{"e":"kline","E":%d,"s":"{notation.symbol}","k":{kline}}}'.encode()

    def write(bar: Bar, is_closed: bool, now_ms: int) -> bytes:
        open_ms = bar.open_ns // _NS_PER_MS
        opened, close = bar.open * tick_unit, bar.close * tick_unit
        high, low = bar.high * tick_unit, bar.low * tick_unit
        volume = bar.volume_lots * lot_unit
        bought = bar.taker_buy_lots * lot_unit
        return template % (
            now_ms,
            open_ms,
            open_ms + _LAST_MS,
            bar.first_trade_id,
            bar.last_trade_id,
            opened // tick_step,
            opened % tick_step,
            close // tick_step,
            close % tick_step,
            high // tick_step,
            high % tick_step,
            low // tick_step,
            low % tick_step,
            volume // lot_step,
            volume % lot_step,
            bar.trades,
            b"true" if is_closed else b"false",
            bar.quote_volume // UNITS,
            bar.quote_volume % UNITS,
            bought // lot_step,
            bought % lot_step,
            bar.taker_buy_quote // UNITS,
            bar.taker_buy_quote % UNITS,
        )

    return write


def _shortest(units: int) -> tuple[int, int]:
    """``units`` × 10⁻⁸ as (integer, digits after the point), with as few digits as it needs, at least one."""
    digits = _PLACES
    while digits > 1 and units % 10 == 0:
        units //= 10
        digits -= 1
    return units, digits


def _number(digits: int) -> str:
    """A printf pattern for whole and fractional part, padded with zeros to eight digits."""
    return f"%d.%0{digits}d" + "0" * (_PLACES - digits)
