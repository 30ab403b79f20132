"""Files and lines, read in bounded memory: no line and no file is trusted to be short."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from offswitch._errors import UsageError

LONGEST_LINE = 64 * 2**20
"""Bytes of a line that is read; a longer one is skipped without being held in memory."""
_PIECE = 2**22


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file.

    Attributes:
        number: From 1.
        data: Its bytes without the line break; null where it is longer than the limit.
    """

    number: int
    data: bytes | None


class LineError(ValueError):
    """A line that cannot be used; the message says which and why."""


def files_below(path: Path, patterns: Iterable[str], what: str) -> list[Path]:
    """The file itself, or every file below a folder whose name matches, in order.

    Args:
        path: A file or a folder.
        patterns: Patterns of file names.
        what: What is looked for, for the message.

    Raises:
        UsageError: There is nothing at that path, or nothing that matches.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UsageError(f"{path}: there is no such file or folder. Name the {what}.")
    patterns = list(patterns)
    found = sorted({file for pattern in patterns for file in path.rglob(pattern)})
    found = [file for file in found if file.is_file()]
    if not found:
        wanted = " or ".join(patterns)
        raise UsageError(f"{path}: no {wanted} in this folder or below. Name the {what}.")
    return found


def place_of(file: Path, below: Path) -> str:
    """A file's name relative to what the user named; the file's own name where it is that."""
    return file.name if file == below else str(file.relative_to(below))


def lines(file: Path, limit: int = LONGEST_LINE) -> Iterator[Line]:
    """The lines of a file, empty ones left out, without ever holding more than ``limit`` bytes."""
    with file.open("rb") as stream:
        number = 0
        while data := stream.readline(limit + 1):
            number += 1
            if len(data) > limit and not data.endswith(b"\n"):
                _skip_line(stream)
                yield Line(number, None)
            elif stripped := data.strip():
                yield Line(number, stripped)


def _skip_line(stream: BinaryIO) -> None:
    while piece := stream.read(_PIECE):
        end = piece.find(b"\n")
        if end >= 0:
            stream.seek(end + 1 - len(piece), os.SEEK_CUR)
            return


def json_object(line: Line) -> dict[str, Any]:
    """A line as a JSON object.

    Raises:
        LineError: It is too long, no UTF-8, no JSON or no object.
    """
    if line.data is None:
        raise LineError(f"line {line.number}: longer than {LONGEST_LINE} bytes")
    try:
        value = json.loads(line.data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise LineError(f"line {line.number}: not UTF-8 (byte {error.start})") from None
    except (ValueError, RecursionError):
        raise LineError(f"line {line.number}: not JSON, perhaps cut off") from None
    if not isinstance(value, dict):
        raise LineError(f"line {line.number}: not a JSON object")
    return value
