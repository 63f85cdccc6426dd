"""Reading a user's bars: Binance kline dumps (.csv, or .zip holding one) and parquet tables of our schema.

Whatever is wrong with a file is one ``MarketError`` with its file, row, field, what was expected and what was found.
"""

from __future__ import annotations

import io
import lzma
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simulators.market_data.world.bars import MAX_BARS, Bars, Flags, checked_bars
from simulators.market_data.world.config import BAR_FILES, MarketConfig, SeriesConfig, series_of
from simulators.market_data.world.errors import MarketError
from simulators.market_data.world.synthetic import synthetic_bars

MAX_FILE_BYTES = 100_000_000
PRICE_FIELDS = ("open", "high", "low", "close", "volume")
KLINE_FIELDS = (
    "open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trades",
    "taker_base_volume", "taker_quote_volume", "ignore",
)  # fmt: skip
_UNREADABLE_ARCHIVE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError,
    RuntimeError, NotImplementedError,  # a password; a method that Python does not know
)  # fmt: skip
_MS_BAND = (10**11, 10**14)  # 1973 to 5138 in milliseconds; the same years in microseconds begin where it ends
_US_BAND = (10**14, 10**17)


def load_bars(config: MarketConfig, directory: Path, streams: Callable[[str], np.random.Generator]) -> tuple[Bars, ...]:
    """The bars of every series of ``series_of(config)``, in that order; files are looked for in ``directory``."""
    if config.synthetic is not None:
        return synthetic_bars(config, streams("market/synthetic"))
    tables: dict[Path, _Table] = {}
    return tuple(_load_series(one, directory, tables) for one in series_of(config))


def _load_series(one: SeriesConfig, directory: Path, tables: dict[Path, _Table]) -> Bars:
    path = directory / one.file
    bars = load_file(path, one.file, one.symbol or one.pair, one.source_venue, tables)
    if one.divided_by is not None:
        bars = bars.divided_by(load_file(path, one.file, one.divided_by, one.source_venue, tables))
        if not len(bars):
            raise MarketError(one.file, None, "divided_by", f"a minute that {one.divided_by} shares", "none")
    return bars.inverted() if one.inverted else bars


def load_file(
    path: Path, file: str, symbol: str, source_venue: str | None = None, tables: dict[Path, _Table] | None = None
) -> Bars:
    """One file's bars of ``symbol``; ``file`` is how messages name it. The kind of file is told by its name.

    ``tables`` holds what was read of tables with several symbols, so that each is read once however many are wanted.
    """
    kind = path.suffix.lower()
    if kind not in BAR_FILES:
        raise MarketError(file, None, "file", "a .csv, .zip or .parquet of minute bars", repr(path.name))
    if not os.path.isfile(path):
        raise MarketError(file, None, "file", "a file that exists", "none")
    _refuse_size(file, path.stat().st_size)
    if kind == ".parquet":
        tables = {} if tables is None else tables
        if path not in tables:
            tables[path] = _read_parquet(path, file)
        return _choose(tables[path], file, symbol, source_venue)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MarketError(file, None, "file", "a readable file", error.strerror or str(error)) from None
    return _parse_klines(_unzipped(content, file) if kind == ".zip" else content, file)


def _refuse_size(file: str, size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise MarketError(file, None, "size", f"at most {MAX_FILE_BYTES // 10**6} MB", f"{size / 10**6:.0f} MB")


def _unzipped(content: bytes, file: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [one for one in archive.infolist() if one.filename.lower().endswith(".csv")]
            if len(members) != 1:
                raise MarketError(file, None, "archive", "one .csv inside", str(len(members)))
            _refuse_size(file, members[0].file_size)
            with archive.open(members[0]) as member:
                # The directory of an archive can lie about sizes, so the bound holds for what comes out, too.
                plain = member.read(MAX_FILE_BYTES + 1)
    except _UNREADABLE_ARCHIVE as error:
        raise MarketError(file, None, "archive", "a readable zip without a password", _first_line(error)) from None
    _refuse_size(file, len(plain))
    return plain


def _parse_klines(content: bytes, file: str) -> Bars:
    if (rows := content.count(b"\n")) > MAX_BARS:  # before every line becomes an object
        raise MarketError(file, None, "rows", f"at most {MAX_BARS:,}", f"{rows:,}")
    try:
        lines = content.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise MarketError(file, number, "text", "plain ASCII", f"byte 0x{content[error.start]:02x}") from None
    first = 1 if lines and lines[0][:1].isalpha() else 0  # Binance began to write a header in 2025's futures dumps
    while len(lines) > first and not lines[-1].strip():
        lines.pop()
    columns = np.empty((len(PRICE_FIELDS), len(lines) - first), dtype=np.float64)
    at_ms = np.empty(len(lines) - first, dtype=np.int64)
    for position, line in enumerate(lines[first:]):
        fields = line.split(",")
        if len(fields) != len(KLINE_FIELDS):
            number = first + position + 1
            raise MarketError(file, number, "columns", f"{len(KLINE_FIELDS)} as in a kline dump", str(len(fields)))
        try:
            at_ms[position] = _milliseconds(int(fields[0]))
            columns[:, position] = [float(text) for text in fields[1:6]]
        except (ValueError, OverflowError):
            raise _unreadable(file, first + position + 1, fields) from None
    named = dict(zip(PRICE_FIELDS, columns, strict=True))
    return checked_bars(file, at_ms, named, lambda position: first + position + 1, "open_time")


def _milliseconds(stamp: int) -> int:
    if _MS_BAND[0] <= stamp < _MS_BAND[1]:
        return stamp
    if _US_BAND[0] <= stamp < _US_BAND[1] and stamp % 1000 == 0:
        return stamp // 1000
    raise ValueError(stamp)


def _unreadable(file: str, line: int, fields: list[str]) -> MarketError:
    try:
        _milliseconds(int(fields[0]))
    except (ValueError, OverflowError):
        return MarketError(file, line, "open_time", "milliseconds or microseconds since 1970", repr(fields[0]))
    for name, text in zip(PRICE_FIELDS, fields[1:6], strict=True):
        try:
            float(text)
        except ValueError:
            return MarketError(file, line, name, "a number", repr(text))
    raise AssertionError("a line that reads on the second attempt")


class _Table(NamedTuple):
    """A table of the market schema, a row a bar. Symbols and venues are numbers into the lists of their names."""

    at_ms: npt.NDArray[Any]
    prices: dict[str, npt.NDArray[Any]]
    symbols: npt.NDArray[Any]
    symbol_names: list[str]
    venues: npt.NDArray[Any]
    venue_names: list[str]


def _read_parquet(path: Path, file: str) -> _Table:
    # Rows are chosen in numpy, and columns cross over by DLPack: wherever pyarrow compares with a Python value or
    # converts to numpy itself it imports pandas, which costs a quarter of a second and 40 MB.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as table_file:
            names = table_file.schema_arrow.names
            for field in ("ts", "venue", "symbol", *PRICE_FIELDS):
                if field not in names:
                    raise MarketError(file, None, field, "a column of that name", ", ".join(names) or "no columns")
            if (rows := table_file.metadata.num_rows) > MAX_BARS:
                raise MarketError(file, None, "rows", f"at most {MAX_BARS:,}", f"{rows:,}")
            table = table_file.read(columns=["ts", "venue", "symbol", *PRICE_FIELDS], use_threads=False)
        stamps = table["ts"].combine_chunks()
        if pa.types.is_timestamp(stamps.type):
            stamps = stamps.cast(pa.timestamp("ms", tz=stamps.type.tz))
        if stamps.null_count:
            nulls = _numbers(stamps.is_null().cast(pa.int8()))
            raise MarketError(file, int(np.argmax(nulls)) + 1, "ts", "a timestamp", "null")
        at_ms = _numbers(stamps.cast(pa.int64()))
        prices = {
            name: _numbers(_without_nulls(table[name].combine_chunks().cast(pa.float64()))) for name in PRICE_FIELDS
        }
        symbols, symbol_names = _codes(table["symbol"].combine_chunks().cast(pa.string()))
        venues, venue_names = _codes(table["venue"].combine_chunks().cast(pa.string()))
    except (pa.ArrowException, OSError, KeyError) as error:  # KeyError: a column that is there twice
        raise MarketError(file, None, "file", "a parquet table of the market schema", _first_line(error)) from None
    return _Table(at_ms, prices, symbols, symbol_names, venues, venue_names)


def _choose(table: _Table, file: str, symbol: str, source_venue: str | None) -> Bars:
    """The bars of one symbol."""
    wanted = _select(file, "symbol", symbol, table.symbols, table.symbol_names)
    if source_venue is not None:
        wanted &= _select(file, "venue", source_venue, table.venues, table.venue_names)
    chosen = np.flatnonzero(wanted)
    if not len(chosen):
        raise MarketError(file, None, "symbol", f"{symbol!r} at {source_venue!r}", "none")
    if len(sources := np.unique(table.venues[chosen])) > 1:
        found = _listing([table.venue_names[code] for code in sources])
        raise MarketError(file, None, "venue", "rows of one venue, or `source_venue` to choose", found)
    named = {name: column[chosen] for name, column in table.prices.items()}
    return checked_bars(file, table.at_ms[chosen], named, lambda position: int(chosen[position]) + 1)


def _numbers(column: Any) -> npt.NDArray[Any]:
    return np.from_dlpack(column)


def _without_nulls(column: Any) -> Any:
    return column.fill_null(float("nan")) if column.null_count else column


def _codes(column: Any) -> tuple[npt.NDArray[Any], list[str]]:
    """A text column as numbers into a list of its distinct values; a null is its own, named ''."""
    encoded = (column.fill_null("") if column.null_count else column).dictionary_encode()
    return _numbers(encoded.indices), encoded.dictionary.to_pylist()


def _select(file: str, field: str, name: str, codes: npt.NDArray[Any], names: list[str]) -> Flags:
    if name not in names:
        raise MarketError(file, None, field, repr(name), _listing(names))
    return np.asarray(codes == names.index(name))


def _listing(names: list[str]) -> str:
    return ", ".join(sorted(names)[:12]) or "no rows"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
