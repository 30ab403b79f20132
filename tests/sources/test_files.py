import os
import resource
from pathlib import Path

import pytest

from offswitch._errors import UsageError
from offswitch.sources.files import LineError, files_below, json_object, lines
from offswitch.sources.plain import JsonLines
from offswitch.sources.records import Broken


def test_lines_are_read_within_a_limit(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"ab\n\n" + b"c" * 9 + b"\nabcdef\n" + b"x" * 7 + b"\nlast")
    got = [(line.number, line.data) for line in lines(file, limit=6)]
    assert got == [(1, b"ab"), (3, None), (4, b"abcdef"), (5, None), (6, b"last")]


def test_a_line_of_two_gigabytes_is_named_and_not_held(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    with file.open("wb") as stream:
        stream.truncate(2 * 2**30)  # takes no room on the disk
        stream.seek(0, os.SEEK_END)
        stream.write(b'\n{"id": "a"}\n')
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    items = JsonLines().read(tmp_path)
    first, second = next(items), next(items)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert isinstance(first, Broken)
    assert first.place == "x.jsonl"
    assert first.reason.startswith("line 1: longer than")
    assert isinstance(second, Broken)
    assert second.reason.startswith("line 2: ")
    assert grown < 300  # MiB


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": ', "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_object_is_named(data: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(data)
    (line,) = lines(tmp_path / "x")
    with pytest.raises(LineError, match=f"line 1: {reason}"):
        json_object(line)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    (line,) = lines(tmp_path / "x")
    assert json_object(line) == {"a": 1}


def test_nothing_to_read_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no \*\.jsonl in this folder.*Name the logs"):
        files_below(tmp_path, ["*.jsonl"], "logs")
    with pytest.raises(UsageError, match="no such file or folder"):
        files_below(tmp_path / "gone", ["*.jsonl"], "logs")
