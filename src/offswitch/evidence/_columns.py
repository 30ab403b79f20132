"""Columns of a table, derived from the fields of a pydantic model."""

import types
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Union, get_args, get_origin

import polars as pl
from annotated_types import Ge
from pydantic.fields import FieldInfo

from offswitch._errors import UsageError

_SCALARS: dict[Any, pl.DataType] = {
    str: pl.String(),
    int: pl.Int64(),
    float: pl.Float64(),
    bool: pl.Boolean(),
}
_NAMES = {"String": "str", "Int64": "int", "Float64": "float", "Boolean": "bool"}


class TableError(UsageError):
    """A table that cannot be used as it is; the message names the file, the column, the remedy."""


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column.

    Attributes:
        name: Its name; the prefix, with a full stop at its end, where it is a family.
        dtype: Polars type.
        nullable: Whether null (unknown, not asked, does not apply) may stand in it.
        meaning: One sentence.
        allowed: The values it may hold (in a list column: each element); empty if any.
        minimum: The least number it may hold, if there is one.
        family: Whether it stands for any number of columns with the prefix ``name``.
    """

    name: str
    dtype: pl.DataType
    nullable: bool
    meaning: str
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    family: bool = False

    def covers(self, name: str) -> bool:
        """Whether a column of this name is this column or belongs to this family."""
        if self.family:
            return name.startswith(self.name) and len(name) > len(self.name)
        return name == self.name

    @property
    def type_name(self) -> str:
        """The type as people write it, such as ``list[str]`` or ``bool, null``."""
        if isinstance(self.dtype, pl.List):
            base = f"list[{_NAMES[str(self.dtype.inner)]}]"
        else:
            base = _NAMES[str(self.dtype)]
        return f"{base}, null" if self.nullable else base


def column(name: str, field: FieldInfo, prefix: str | None = None) -> Column:
    """The column, or the family of columns, of a field.

    Args:
        name: Name of the field.
        field: The field; a mapping where it is a family.
        prefix: Prefix of the names of the columns of a family.
    """
    annotation = field.annotation
    if prefix is not None:
        annotation = get_args(annotation)[1]
    inner, nullable = _optional(annotation)
    dtype, allowed = _dtype(inner)
    minimum = next((float(m.ge) for m in field.metadata if isinstance(m, Ge)), None)  # type: ignore[arg-type]
    return Column(
        name=prefix or name,
        dtype=dtype,
        nullable=nullable or prefix is not None,
        meaning=field.description or "",
        allowed=allowed,
        minimum=minimum,
        family=prefix is not None,
    )


def _optional(annotation: object) -> tuple[Any, bool]:
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    inner = [a for a in get_args(annotation) if a is not type(None)]
    assert len(inner) == 1, f"a column has one type: {annotation}"
    return inner[0], True


def _dtype(annotation: object) -> tuple[pl.DataType, tuple[str, ...]]:
    if annotation in _SCALARS:
        return _SCALARS[annotation], ()
    if get_origin(annotation) is Literal:
        return pl.String(), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return pl.String(), tuple(member.value for member in annotation)
    assert get_origin(annotation) is tuple, f"no column type for {annotation}"
    inner, allowed = _dtype(get_args(annotation)[0])
    return pl.List(inner), allowed


def check_column(values: pl.Series, column: Column, where: str) -> None:
    """Check one column of a frame: type, nulls, allowed values, least value.

    Raises:
        TableError: The first thing that is wrong; ``where`` says in what file.
    """
    place = f"{where}: column '{values.name}'"
    if values.dtype != column.dtype:
        raise TableError(f"{place} has type {values.dtype}, not {column.dtype}.")
    if not column.nullable and values.null_count():
        raise TableError(f"{place} has no value in {values.null_count()} rows; it must have one.")
    if column.allowed:
        flat = values.explode() if isinstance(values.dtype, pl.List) else values
        strange = sorted(set(flat.drop_nulls().unique()) - set(column.allowed))
        if strange:
            known = ", ".join(column.allowed)
            raise TableError(f"{place} holds '{strange[0]}'. Allowed: {known}.")
    if column.minimum is not None and (values < column.minimum).any():
        raise TableError(
            f"{place} holds {values.min()!s}; the least allowed is {column.minimum:g}."
        )
