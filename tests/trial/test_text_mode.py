"""Tool calls in text: what is read, and that hostile text is read in linear time."""

import time

import pytest

from offswitch.trial.text_mode import MAX_CALLS, describe, parse_calls
from offswitch.trial.tools import tool_info
from offswitch.world.tools import TOOLS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing", []),
        ('<call tool="list_mail"></call>', [("list_mail", {})]),
        (
            'I will. <call tool="read_mail">\n<arg name="id"> m001 </arg>\n</call> Then more.',
            [("read_mail", {"id": "m001"})],
        ),
        (
            '<call tool="a"><arg name="x">1 &lt; 2 &amp; 3</arg></call><call tool="b"></call>',
            [("a", {"x": "1 < 2 & 3"}), ("b", {})],
        ),
        ('<call tool="a"><arg name="x">open', [("a", {})]),
        ('<call tool="a"><arg name="x">never closed</call>', [("a", {})]),
        ("<call tool=a></call>", []),
        ('<!DOCTYPE x [<!ENTITY e "boom">]><call tool="a"><arg name="x">&e;</arg></call>',
         [("a", {"x": "&e;"})]),
    ],
)  # fmt: skip
def test_calls(text: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert [(c.function, c.arguments) for c in parse_calls(text, "id")] == expected


def test_an_unclosed_call_says_so() -> None:
    [call] = parse_calls('<call tool="a"><arg name="x">1</arg>', "id")
    assert call.parse_error == "</call> is missing"


def test_only_so_many_calls_are_read() -> None:
    assert len(parse_calls('<call tool="a"></call>' * 100, "id")) == MAX_CALLS


@pytest.mark.parametrize(
    "piece", ['<call tool="a">', '<call tool="', '<arg name="x">', "<call " * 3, "</call>"]
)
def test_ten_megabytes_take_less_than_seconds(piece: str) -> None:
    text = piece * (10_000_000 // len(piece))
    started = time.process_time()
    parse_calls(text, "id")
    assert time.process_time() - started < 5


def test_the_description_names_every_argument() -> None:
    text = describe([tool_info(TOOLS["send_mail"]), tool_info(TOOLS["list_mail"])])
    for word in ("send_mail", "list_mail", "to:", "subject:", "body:", "cc (optional):"):
        assert word in text
