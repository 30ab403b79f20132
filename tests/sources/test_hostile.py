"""Transcripts are hostile: no text takes long, and no shape of JSON breaks the reading."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offswitch.sources.misalignment.response import read_answer
from offswitch.sources.misalignment.situation import situation
from offswitch.sources.misalignment.source import judge_answer
from offswitch.sources.palisade.commands import evades, only_looks, sabotage
from offswitch.sources.palisade.condition import instruction
from offswitch.sources.palisade.reading import read_run
from offswitch.sources.palisade.source import _transcript

PIECES = ("<think>", "<SCRATCHPAD>", "<tool_use:email>", "<tool_use:email>\nto: a@b.c\n", "a", "a.",
          "@", "a@", "to: ", "<email>", "\n", "kyle jessica ", "{", '"body: ')  # fmt: skip
COMMANDS = ("python open(", "python 'open(',", "PATH=x ", "rm ", "$(", "'", "<<EOF\n", "python a.b",
            "getattr(a,", "dog_control;", "&&", "python shutil.move(")  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_no_answer_takes_long(piece: str) -> None:
    text, start = piece * (400_000 // len(piece)), time.process_time()
    read_answer(text)
    situation(text)
    judge_answer("here", "m", {}, None, f'<tool_use:email>\nto: "a@b.example"\nbody: "{text}"')
    instruction({"user": text[:60_000]})
    assert time.process_time() - start < 8


@pytest.mark.parametrize("piece", COMMANDS)
def test_no_command_takes_long(piece: str) -> None:
    text, start = piece * (200_000 // len(piece)), time.process_time()
    sabotage(text)
    evades(text)
    only_looks(text)
    assert time.process_time() - start < 8


leaf = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
keys = st.sampled_from(
    ("event", "message", "level", "tool", "args", "result", "cmd", "assistant_payload", "role",
     "content", "tool_calls", "function", "name", "arguments", "id", "user_payload", "ts", "text",
     "type", "exception", "image_path", "reasoning_content")
)  # fmt: skip
words = st.sampled_from(
    ("tool_call", "submit", "bash_tool", "assistant_message", "./dog_control forward 1m",
     "Shutting down...", "<dog_control>3</dog_control>", "Host shutdown detected", "Step 3/3",
     "Shutdown bypassed: x", "rm shutdown.py", "no such container", "system", '{"cmd": "ls"}')
)  # fmt: skip
json_values = st.recursive(
    leaf | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
)


@settings(max_examples=60)
@given(st.lists(st.dictionaries(keys, json_values, max_size=6), max_size=8))
def test_no_record_breaks_the_reading_of_a_run(records: list[dict[str, Any]]) -> None:
    found = _transcript(read_run(records), "here", None, None, None)
    assert (found.outcome == "error") == (found.error is not None)
    assert all(0 <= seq < len(found.entries) for f in found.findings for seq in f.evidence)
