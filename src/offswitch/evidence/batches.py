"""Tables that are too long to be held in memory: checked and written in row groups.

Rows come in batches. Each batch is checked as a table of its own and put aside as a part; at the
end the parts become one file, whole or not at all, with every column that any part has. A key that
stands in two batches is an error as it is in one.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic

import pyarrow as pa
import pyarrow.parquet as pq

from offswitch.evidence._columns import TableError
from offswitch.evidence._table import Row, Table

BATCH = 2000
"""Rows of a batch, and of a row group in the file."""


@contextmanager
def in_batches(table: Table[Row], path: Path) -> Iterator["Batches[Row]"]:
    """Write a table batch by batch; the file appears when the block ends without an error.

    Args:
        table: What is declared of the rows.
        path: The file; another file that is not this table is never overwritten.

    Raises:
        TableError: Rows break a rule, or a file that is not this table is in the way.
    """
    if path.exists():
        table._check_header(path)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        batches = Batches(table, Path(folder))
        yield batches
        batches.flush()
        batches.merge(path)


class Batches(Generic[Row]):
    """A table that is being written."""

    def __init__(self, table: Table[Row], folder: Path) -> None:
        """Begin.

        Args:
            table: What is declared of the rows.
            folder: An empty folder for the parts, on the file system of the table's file.
        """
        self._table, self._folder = table, folder
        self._rows: list[Row] = []
        self._parts: list[Path] = []
        self._columns: set[str] = set()
        self._keys: set[str] = set()

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        self._rows += rows
        if len(self._rows) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Check the rows that are held, and put them aside.

        Raises:
            TableError: They break a rule of the table.
        """
        if not self._rows:
            return
        frame = self._table.frame(self._rows)
        self._rows = []
        if self._table._key is not None:
            self._check_keys(frame[self._table._key].to_list())
        self._columns |= set(frame.columns)
        part = self._folder / f"{len(self._parts)}.parquet"
        pq.write_table(frame.to_arrow(), part)
        self._parts.append(part)

    def merge(self, path: Path) -> None:
        """Make one file of the parts."""
        empty = self._table.frame([]).to_arrow()
        types = self._table._schema(self._columns)
        whole = self._folder / "whole"
        schema = self._schema(types, empty.schema)
        with pq.ParquetWriter(whole, schema, compression="zstd") as writer:
            for part in self._parts:
                writer.write_table(_with_columns(pq.read_table(part), schema))
        whole.chmod(0o644)
        whole.replace(path)

    def _schema(self, types: dict[str, Any], base: Any) -> Any:  # noqa: ANN401 (pyarrow)
        known = {field.name: field.type for field in base}
        members = {
            n: pa.large_string() if str(t) == "String" else pa.bool_() for n, t in types.items()
        }
        fields = [pa.field(name, known.get(name, members[name])) for name in types]
        return pa.schema(fields, metadata=self._table._header())

    def _check_keys(self, keys: list[str]) -> None:
        for key in keys:
            if key in self._keys:
                name = f"the table of {self._table.name}: column '{self._table._key}'"
                raise TableError(f"{name} holds '{key}' more than once.")
            self._keys.add(key)


def _with_columns(part: Any, schema: Any) -> Any:  # noqa: ANN401 (pyarrow)
    """A part with the columns that others have, null in its rows."""
    columns = [
        part[field.name].cast(field.type)
        if field.name in part.column_names
        else pa.nulls(part.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
