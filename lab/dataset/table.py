"""Table: one parquet file, written in row groups so that memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lab.dataset.columns import FORMAT, Column

ROW_GROUP = 1 << 16
_TYPES = {
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "string": pa.string(),
    "bool": pa.bool_(),
    "list<string>": pa.list_(pa.string()),
}


def schema_of(columns: Iterable[Column]) -> pa.Schema:
    """The schema of a table; each field carries its unit and its meaning."""
    fields = [
        pa.field(column.name, _TYPES[column.kind], metadata={"unit": column.unit, "meaning": column.meaning})
        for column in columns
    ]
    return pa.schema(fields, metadata={"format": FORMAT})


class TableWriter:
    """Takes rows and writes them out by the row group. Not closed, the file is no parquet file."""

    def __init__(self, path: Path, columns: tuple[Column, ...]) -> None:
        self.rows = 0
        self._schema = schema_of(columns)
        self._waiting: list[tuple[Any, ...]] = []
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def add(self, row: tuple[Any, ...]) -> None:
        """Append one row, its values in the order of the columns."""
        self._waiting.append(row)
        if len(self._waiting) >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the file's end. Raises OSError."""
        self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Let the file go, finished or not; what it holds is of no use to anybody."""
        with suppress(OSError):
            self._writer.close()

    def _flush(self) -> None:
        if not self._waiting:
            return
        columns = zip(*self._waiting, strict=True)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema), row_group_size=ROW_GROUP)
        self.rows += len(self._waiting)
        self._waiting.clear()
