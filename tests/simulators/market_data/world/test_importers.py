"""Reading users' bars, and saying what is wrong with them."""

from __future__ import annotations

import contextlib
import datetime
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.market_data.world import importers
from simulators.market_data.world.errors import MarketError
from simulators.market_data.world.importers import load_bars, load_file

T0_MS = 1_692_230_400_000  # 2023-08-17T00:00:00Z
TAIL = "1692230459999,3528493.66,2089,54.47430000,1564769.27,0"
HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)


def line(minute: int, prices: str = "28730.51,28733.61,28715.00,28721.77", volume: str = "122.8", unit: int = 1) -> str:
    return f"{(T0_MS + minute * 60_000) * unit},{prices},{volume},{TAIL}"


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def loaded(path: Path) -> list[tuple[float, ...]]:
    bars = load_file(path, path.name, "BTC/USDT")
    return list(
        zip(
            bars.minute.tolist(),
            *(c.tolist() for c in (bars.open, bars.high, bars.low, bars.close, bars.volume)),
            strict=True,
        )
    )


EXPECTED = [
    (T0_MS // 60_000, 28730.51, 28733.61, 28715.0, 28721.77, 122.8),
    (T0_MS // 60_000 + 3, 28721.77, 28723.85, 28712.35, 28714.85, 28.0),
]
LINES = (line(0), line(3, "28721.77,28723.85,28712.35,28714.85", "28.0"))


def test_kline_dump_reads_with_and_without_header_in_ms_or_us_plain_or_zipped(tmp_path: Path) -> None:
    microseconds = (line(0, unit=1000), line(3, "28721.77,28723.85,28712.35,28714.85", "28.0", unit=1000))
    plain = write(tmp_path / "a.csv", *LINES)
    headed = write(tmp_path / "b.csv", HEADER, *LINES)
    newer = write(tmp_path / "c.csv", *microseconds, "")
    with zipfile.ZipFile(tmp_path / "d.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(headed, "BTCUSDT-1m-2023-08-17.csv")
    assert [loaded(path) for path in (plain, headed, newer, tmp_path / "d.zip")] == [EXPECTED] * 4


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "bars.csv: open_time: expected at least one bar, found none"),
        ((HEADER,), "bars.csv: open_time: expected at least one bar, found none"),
        ((line(0), line(0)), "bars.csv:2: open_time: expected each minute once, found 1692230400000 ms again"),
        (
            (HEADER, line(2), line(1)),
            "bars.csv:3: open_time: expected bars in order of time, found 1692230460000 ms after 1692230520000 ms",
        ),
        (
            tuple(line(5 * step) for step in range(10)),
            "bars.csv: open_time: expected bars of one minute, found bars of 300 s",
        ),
        (
            (line(0).replace("1692230400000", "1692230400001", 1),),
            "bars.csv:1: open_time: expected the start of a minute, found 1692230400001 ms",
        ),
        (
            (line(0).replace("1692230400000", "1692230400", 1),),
            "bars.csv:1: open_time: expected milliseconds or microseconds since 1970, found '1692230400'",
        ),
        ((line(0, "nan,2,1,1"),), "bars.csv:1: open: expected a finite price, found nan"),
        ((line(0, "1,inf,1,1"),), "bars.csv:1: high: expected a finite price, found inf"),
        ((line(0), line(1, "1,2,0,1")), "bars.csv:2: low: expected a positive price, found 0"),
        ((line(0, "1,2,1,-3"),), "bars.csv:1: close: expected a positive price, found -3"),
        ((line(0, "1,1,2,1"),), "bars.csv:1: high: expected no less than the low, found 1 below 2"),
        ((line(0, "5,2,1,1"),), "bars.csv:1: open: expected a price between low and high, found 5 outside 1 to 2"),
        ((line(0, "1,2,1,3"),), "bars.csv:1: close: expected a price between low and high, found 3 outside 1 to 2"),
        ((line(0, volume="-1"),), "bars.csv:1: volume: expected a volume of 0 or more, found -1"),
        ((line(0, "1,2,1,abc"),), "bars.csv:1: close: expected a number, found 'abc'"),
        ((line(0), "1,2,3"), "bars.csv:2: columns: expected 12 as in a kline dump, found 3"),
        ((line(0), "", line(1)), "bars.csv:2: columns: expected 12 as in a kline dump, found 1"),
        ((line(0) + "é",), "bars.csv:1: text: expected plain ASCII, found byte 0xc3"),
    ],
)
def test_bad_dump_gets_one_message_that_names_line_and_field(
    tmp_path: Path, lines: tuple[str, ...], message: str
) -> None:
    with pytest.raises(MarketError) as refused:
        loaded(write(tmp_path / "bars.csv", *lines) if lines else _empty(tmp_path / "bars.csv"))
    assert str(refused.value) == message


def _empty(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def test_missing_or_foreign_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no bars")
    (tmp_path / "broken.zip").write_bytes(b"PK not really")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 not really")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", line(0))
        archive.writestr("b.csv", line(0))
    found = {}
    for name in ("notes.txt", "absent.csv", "broken.zip", "two.zip", "broken.parquet"):
        with pytest.raises(MarketError) as refused:
            load_file(tmp_path / name, name, "BTC/USDT")
        found[name] = (refused.value.field, refused.value.expected)
    assert found == {
        "notes.txt": ("file", "a .csv, .zip or .parquet of minute bars"),
        "absent.csv": ("file", "a file that exists"),
        "broken.zip": ("archive", "a readable zip without a password"),
        "two.zip": ("archive", "one .csv inside"),
        "broken.parquet": ("file", "a parquet table of the market schema"),
    }


def test_file_beyond_the_bound_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(123_000_000)
    with pytest.raises(MarketError) as refused:
        load_file(tmp_path / "huge.csv", "huge.csv", "BTC/USDT")
    assert str(refused.value) == "huge.csv: size: expected at most 100 MB, found 123 MB"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_that_was_damaged_on_its_way_is_refused_whatever_its_method(tmp_path: Path, method: int) -> None:
    path = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.csv", "\n".join(line(minute) for minute in range(500)))
    content = bytearray(path.read_bytes())
    content[60:160] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(MarketError) as refused:
        load_file(path, "damaged.zip", "BTC/USDT")
    told = (refused.value.field, refused.value.expected)
    assert told == ("archive", "a readable zip without a password")


def test_a_price_beyond_all_markets_is_refused_with_its_line(tmp_path: Path) -> None:
    for prices, field, found in (("1,1e300,1,1", "high", "1e+300"), ("1,1,1e-300,1", "low", "1e-300")):
        path = write(tmp_path / "wild.csv", line(0), line(1, prices))
        with pytest.raises(MarketError) as refused:
            load_file(path, "wild.csv", "BTC/USDT")
        message = f"wild.csv:2: {field}: expected a price from 1e-12 to 1e+12, found {found}"
        assert str(refused.value) == message


def test_a_parquet_that_has_a_column_twice_is_refused(tmp_path: Path) -> None:
    column = pa.array([1.0])
    table = pa.table([column] * 9, names=["ts", "venue", "symbol", "open", "high", "low", "close", "volume", "ts"])
    pq.write_table(table, tmp_path / "twice.parquet")
    with pytest.raises(MarketError) as refused:
        load_file(tmp_path / "twice.parquet", "twice.parquet", "BTC/USDT")
    assert (refused.value.field, refused.value.expected) == ("file", "a parquet table of the market schema")


def test_zip_that_unpacks_beyond_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bars.csv", b"0" * 3_000_000)
    monkeypatch.setattr(importers, "MAX_FILE_BYTES", 2_000_000)
    with pytest.raises(MarketError) as refused:
        load_file(tmp_path / "bomb.zip", "bomb.zip", "BTC/USDT")
    assert str(refused.value) == "bomb.zip: size: expected at most 2 MB, found 3 MB"


@given(content=st.one_of(st.binary(max_size=300), st.text("0123456789.,-ne\n", max_size=300).map(str.encode)))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_bars_or_one_market_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    for name in ("fuzz.csv", "fuzz.zip", "fuzz.parquet"):
        path = path.with_name(name)
        path.write_bytes(content)
        with contextlib.suppress(MarketError):
            load_file(path, name, "BTC/USDT")


Rows = dict[str, list[Any]]


def table(change: Callable[[Rows], None] = lambda rows: None, stamps: pa.DataType | None = None) -> pa.Table:
    rows: Rows = {
        "ts": [T0_MS, T0_MS + 60_000, T0_MS, T0_MS + 60_000],
        "venue": ["kraken", "kraken", "coinbase", "coinbase"],
        "symbol": ["BTC/USDT"] * 4,
        "open": [1.0, 2.0, 1.5, 2.5],
        "high": [2.0, 3.0, 2.5, 3.5],
        "low": [1.0, 2.0, 1.5, 2.5],
        "close": [2.0, 3.0, 2.5, 3.5],
        "volume": [1.0, 0.0, 1.0, 1.0],
    }
    change(rows)
    at = rows.pop("ts", None)
    columns: dict[str, Any] = {}
    if at is not None:
        columns["ts"] = pa.array(at, pa.int64()).cast(stamps or pa.timestamp("ms", tz="UTC"))
    text = ("venue", "symbol")
    columns |= {name: pa.array(one, pa.string() if name in text else pa.float64()) for name, one in rows.items()}
    return pa.table(columns)


@pytest.mark.parametrize("stamps", [pa.int64(), pa.timestamp("ms"), pa.timestamp("ms", tz="UTC")])
def test_parquet_rows_of_one_symbol_and_venue_are_read(tmp_path: Path, stamps: pa.DataType) -> None:
    pq.write_table(table(stamps=stamps), tmp_path / "bars.parquet")
    bars = load_file(tmp_path / "bars.parquet", "bars.parquet", "BTC/USDT", "coinbase")
    assert bars.minute.tolist() == [T0_MS // 60_000, T0_MS // 60_000 + 1]
    assert (bars.open.tolist(), bars.high.tolist()) == ([1.5, 2.5], [2.5, 3.5])
    assert (bars.low.tolist(), bars.close.tolist()) == ([1.5, 2.5], [2.5, 3.5])


def _set(field: str, row: int, value: Any) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[field][row] = value

    return change


def _empty_all(rows: Rows) -> None:
    for values in rows.values():
        values.clear()


OTHERS = "ts, venue, symbol, open, high, low, volume"


def _drop(field: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        del rows[field]

    return change


@pytest.mark.parametrize(
    ("change", "symbol", "venue", "message"),
    [
        (_drop("close"), "BTC/USDT", "kraken", f"close: expected a column of that name, found {OTHERS}"),
        (_set("open", 3, float("nan")), "BTC/USDT", "coinbase", "open: expected a finite price, found nan"),
        (_set("open", 3, None), "BTC/USDT", "coinbase", "open: expected a finite price, found nan"),
        (_set("ts", 3, None), "BTC/USDT", "coinbase", "ts: expected a timestamp, found null"),
        (_set("high", 2, 0.5), "BTC/USDT", "coinbase", "high: expected no less than the low, found 0.5 below 1.5"),
        (_empty_all, "BTC/USDT", "kraken", "symbol: expected 'BTC/USDT', found no rows"),
        (lambda rows: None, "ETH/USDT", "kraken", "symbol: expected 'ETH/USDT', found BTC/USDT"),
        (lambda rows: None, "BTC/USDT", "okx", "venue: expected 'okx', found coinbase, kraken"),
        (
            lambda rows: None,
            "BTC/USDT",
            None,
            "venue: expected rows of one venue, or `source_venue` to choose, found coinbase, kraken",
        ),
    ],
)
def test_bad_parquet_gets_one_message_that_names_row_and_field(
    tmp_path: Path, change: Callable[[Rows], None], symbol: str, venue: str | None, message: str
) -> None:
    pq.write_table(table(change), tmp_path / "bars.parquet")
    with pytest.raises(MarketError) as refused:
        load_file(tmp_path / "bars.parquet", "bars.parquet", symbol, venue)
    row = "" if refused.value.row is None else f":{refused.value.row}"
    assert str(refused.value) == f"bars.parquet{row}: {message}"
    assert refused.value.row in (None, 3, 4)


def test_series_is_inverted_or_divided_bar_by_bar(lab: Any, tmp_path: Path) -> None:
    def rows(symbol: str, base: float, minutes: list[int]) -> pa.Table:
        count = len(minutes)
        at = [datetime.datetime.fromtimestamp((T0_MS + 60_000 * one) / 1000, datetime.UTC) for one in minutes]
        prices = {"open": base, "high": base * 4, "low": base / 2, "close": base * 2}
        columns = {name: [value] * count for name, value in prices.items()}
        return pa.table(
            {"ts": pa.array(at, pa.timestamp("ms", tz="UTC")), "venue": ["x"] * count, "symbol": [symbol] * count}
            | columns
            | {"volume": [1.0] * count}
        )

    pq.write_table(pa.concat_tables([rows("A/B", 8.0, [0, 1]), rows("C/B", 2.0, [1, 2])]), tmp_path / "bars.parquet")
    config = lab.config(
        [{"pair": "B/A", "symbol": "A/B", "inverted": True}, {"pair": "A/C", "symbol": "A/B", "divided_by": "C/B"}]
    )
    inverted, divided = load_bars(config, tmp_path, lab.streams())
    found = [np.array((one.open, one.high, one.low, one.close)).T.tolist() for one in (inverted, divided)]
    assert found == [[[0.125, 0.25, 0.03125, 0.0625]] * 2, [[4.0, 4.0, 4.0, 4.0]]]
    assert divided.minute.tolist() == [T0_MS // 60_000 + 1]


def test_a_table_is_read_once_however_many_symbols_of_it_are_wanted(
    lab: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(symbol: str) -> Callable[[Rows], None]:
        return lambda rows: rows.update(symbol=[symbol] * 4, venue=["x"] * 4, ts=[T0_MS + 60_000 * n for n in range(4)])

    pq.write_table(
        pa.concat_tables([table(rename("A/B")), table(rename("C/B")), table(rename("D/B"))]), tmp_path / "bars.parquet"
    )
    read: list[Path] = []
    reads = pq.ParquetFile
    monkeypatch.setattr(pq, "ParquetFile", lambda path: [read.append(path), reads(path)][1])
    config = lab.config([{"pair": pair, "symbol": pair} for pair in ("A/B", "C/B", "D/B")])
    assert [one.open.tolist() for one in load_bars(config, tmp_path, lab.streams())] == [[1.0, 2.0, 1.5, 2.5]] * 3
    assert read == [tmp_path / "bars.parquet"]
