"""Tables declared once: a pydantic model of the row gives file, checks and documentation.

Each field of the model is a column; its annotation gives the type, whether it may be null and what
values are allowed, its description the meaning. A field that holds a mapping is a *family*: it
becomes one nullable column for each of its keys (``factors`` becomes ``factor.threat``, …).
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, TypeVar

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from offswitch._files import write_atomic
from offswitch.evidence._columns import Column, TableError, check_column, column

ROW_GROUP = 20_000
"""Rows that lie together in a file, so that a reader of few columns or rows reads little."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on whole rows.

    Attributes:
        column: The column that an error message names.
        broken: True in a row that breaks the rule.
        says: The rule, in words.
    """

    column: str
    broken: pl.Expr
    says: str


Row = TypeVar("Row", bound=BaseModel)


class Table(Generic[Row]):
    """A table of rows of one model, kept in a parquet file."""

    def __init__(
        self,
        row: type[Row],
        *,
        name: str,
        schema: int,
        families: Mapping[str, str] | None = None,
        key: str | None = None,
        rules: Sequence[Rule] = (),
    ) -> None:
        """Declare a table.

        Args:
            row: Model of one row; every field has a description.
            name: Name of the table, kept in the file.
            schema: Version of the schema; a file of another version is refused.
            families: Prefix of the columns of each field that holds a mapping.
            key: A column whose values are all different.
            rules: Conditions on whole rows.
        """
        self.row, self.name, self.schema_version = row, name, schema
        self._families = dict(families or {})
        self._key, self._rules = key, tuple(rules)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The declared columns, in order."""
        fields = self.row.model_fields.items()
        return tuple(column(name, field, self._families.get(name)) for name, field in fields)

    def frame(self, rows: Iterable[Row]) -> pl.DataFrame:
        """Rows as a checked frame.

        Raises:
            TableError: The rows break a rule of the table, such as two with the same key.
        """
        flat = [self._flatten(row) for row in rows]
        frame = pl.DataFrame(flat, schema=self._schema({name for row in flat for name in row}))
        self.check(frame, f"the table of {self.name}")
        return frame

    def joined(self, frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
        """Frames of this table below one another, with the columns in order; not checked again."""
        found = list(frames)
        whole = pl.concat(found, how="diagonal") if found else self.frame([])
        return whole.select(list(self._schema(set(whole.columns))))

    def write(self, rows: Iterable[Row], path: Path) -> pl.DataFrame:
        """Write rows to a parquet file, whole or not at all; return them as a frame.

        Raises:
            TableError: The rows break a rule, or a file that is not this table is in the way.
        """
        return self.write_frame(self.frame(rows), path)

    def write_frame(self, frame: pl.DataFrame, path: Path) -> pl.DataFrame:
        """Write a frame as `write` writes rows.

        Raises:
            TableError: It breaks a rule, or a file that is not this table is in the way.
        """
        self.check(frame, f"the table of {self.name}")
        if path.exists():
            self._check_header(path)
        arrow = frame.to_arrow()
        buffer = io.BytesIO()
        arrow = arrow.replace_schema_metadata(self._header())
        pq.write_table(arrow, buffer, compression="zstd", row_group_size=ROW_GROUP)
        write_atomic(path, buffer.getvalue())
        return frame

    def read(self, path: Path) -> pl.DataFrame:
        """Read a parquet file that `write` made.

        Raises:
            TableError: There is none, or it is corrupt, foreign, of another version, or breaks a
                rule of the table.
        """
        self._check_header(path)
        try:
            read = pl.from_arrow(pq.read_table(path))
        except (pa.ArrowException, OSError) as error:
            raise self._corrupt(path, error) from error
        assert isinstance(read, pl.DataFrame)
        self.check(read, str(path))
        return read

    def check(self, frame: pl.DataFrame, where: str) -> None:
        """Check a frame against everything that is declared.

        Args:
            frame: The frame.
            where: Its place, for messages.

        Raises:
            TableError: The first thing that is wrong.
        """
        for name in frame.columns:
            declared = self._declared(name)
            if declared is None:
                raise TableError(f"{where}: column '{name}' is not declared. {self._remedy()}")
            check_column(frame[name], declared, where)
        for wanted in self.columns:
            if not wanted.family and wanted.name not in frame.columns:
                raise TableError(f"{where}: column '{wanted.name}' is missing. {self._remedy()}")
        self._check_rows(frame, where)

    def markdown(self) -> str:
        """The columns as a Markdown table, for the documentation."""
        lines = ["| column | type | meaning |", "| --- | --- | --- |"]
        for each in self.columns:
            name = f"{each.name}NAME" if each.family else each.name
            allowed = f" One of: {', '.join(f'`{value}`' for value in each.allowed)}."
            meaning = each.meaning + (allowed if each.allowed else "")
            lines.append(f"| `{name}` | {each.type_name} | {meaning} |")
        return "\n".join(lines) + "\n"

    def _flatten(self, row: Row) -> dict[str, Any]:
        flat: dict[str, Any] = {}
        for name, value in row.model_dump(mode="json").items():
            prefix = self._families.get(name)
            flat |= {name: value} if prefix is None else {prefix + k: v for k, v in value.items()}
        return flat

    def _schema(self, names: set[str]) -> dict[str, pl.DataType]:
        schema: dict[str, pl.DataType] = {}
        for each in self.columns:
            members = sorted(filter(each.covers, names)) if each.family else [each.name]
            schema |= dict.fromkeys(members, each.dtype)
        return schema

    def _declared(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.covers(name)), None)

    def _check_rows(self, frame: pl.DataFrame, where: str) -> None:
        if self._key is not None and frame[self._key].is_duplicated().any():
            twice = frame.filter(pl.col(self._key).is_duplicated())[self._key][0]
            raise TableError(f"{where}: column '{self._key}' holds '{twice}' more than once.")
        for rule in self._rules:
            broken = frame.with_row_index("row").filter(rule.broken)
            if not broken.is_empty():
                row = broken["row"][0]
                raise TableError(f"{where}: column '{rule.column}', row {row}: {rule.says}.")

    def _header(self) -> dict[str, str]:
        return {
            "offswitch.table": self.name,
            "offswitch.schema": str(self.schema_version),
            "offswitch.version": version("offswitch"),
            "offswitch.note": "Results of trials; holds no scenario text and no canary string.",
        }

    def _check_header(self, path: Path) -> None:
        if not path.is_file():
            raise TableError(
                f"{path}: there is no such file. `offswitch run PLAN --out {path.parent}` makes it."
            )
        try:
            raw = pq.read_schema(path).metadata or {}
        except (pa.ArrowException, OSError) as error:
            raise self._corrupt(path, error) from error
        header = {key.decode(): value.decode() for key, value in raw.items()}
        if header.get("offswitch.table") != self.name:
            raise TableError(
                f"{path}: this parquet file is not offswitch's table of {self.name}. "
                "Name a folder that `offswitch run` made; the file was left as it is."
            )
        if header.get("offswitch.schema") != str(self.schema_version):
            raise TableError(
                f"{path}: written with schema {header.get('offswitch.schema')} by offswitch "
                f"{header.get('offswitch.version')}; this is offswitch {version('offswitch')} "
                f"with schema {self.schema_version}. {self._remedy()}"
            )

    def _corrupt(self, path: Path, error: Exception) -> TableError:
        reason = (str(error).splitlines() or [""])[0].rstrip(".")
        return TableError(
            f"{path}: not a readable parquet file ({reason}). It was left as it is. "
            f"{self._remedy()}"
        )

    def _remedy(self) -> str:
        return (
            "Move it away and run the plan again with the same --out (finished trials are kept), "
            "or use the version of offswitch that wrote it."
        )
