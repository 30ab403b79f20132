import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offswitch.subjects.local.toolcalls import MAX_CALLS, OPEN, read_answer

TOOLS = ["bash", "send_mail"]
LS = '{"name": "bash", "arguments": {"cmd": "ls"}}'


def calls(text: str) -> list[tuple[str, dict[str, Any]]]:
    answer = read_answer(text, TOOLS)
    assert not [call.parse_error for call in answer.calls if call.parse_error]
    return [(call.function, call.arguments) for call in answer.calls]


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>{LS}</tool_call>",
        f"<tool_call>\n{LS}\n</tool_call>",
        f"<tool_call>[{LS}]</tool_call>",
        f"<tool_call>{LS}",
        f"<tool_call>{LS}}}}}</tool_call>",
        f"<tool_call>```json\n{LS}\n```</tool_call>",
        f"```json\n{LS}\n```",
        LS,
        f" [{LS}]\n",
        '<tool_call>{"name": "bash", "parameters": {"cmd": "ls"}}</tool_call>',
        '<tool_call>{"name": "bash", "arguments": "{\\"cmd\\": \\"ls\\"}"}</tool_call>',
        '<tool_call>{"function": "bash", "arguments": {"cmd": "ls"}}</tool_call>',
        f'<tool_call>{{"type": "function", "id": "1", "function": {LS}}}</tool_call>',
        '<tool_call>{"id": "7", "name": " bash ", "arguments": {"cmd": "ls"}}</tool_call>',
    ],
)
def test_a_call_is_read_in_every_usual_form(text: str) -> None:
    assert calls(text) == [("bash", {"cmd": "ls"})]


@pytest.mark.parametrize(
    "text",
    [
        "I would use bash.",
        f"I would write {LS} here.",
        '{"name": "Anna", "age": 7}',
        '{"name": "Anna"}',
        '{"answer": 4}',
        "[]",
        "{",
        "",
        "```json\nnothing\n```",
    ],
)
def test_text_without_a_call_is_left_as_it_is(text: str) -> None:
    answer = read_answer(text, TOOLS)
    assert (answer.text, answer.calls) == (text, ())


def test_text_around_calls_is_kept() -> None:
    answer = read_answer(
        f"First.<tool_call>{LS}</tool_call> Then.<tool_call>{LS}</tool_call>", TOOLS
    )
    assert answer.text == "First.\nThen."
    assert [call.function for call in answer.calls] == ["bash", "bash"]
    assert len({call.id for call in answer.calls}) == 2


def test_without_tools_nothing_is_a_call() -> None:
    assert read_answer(f"<tool_call>{LS}</tool_call>", []).calls == ()


@pytest.mark.parametrize(
    ("body", "name", "says"),
    [
        ("", "unknown", "not valid JSON"),
        ("bash ls", "unknown", "not valid JSON"),
        ('{"name": "bash", "arguments": {"cmd": "ls"', "bash", "not valid JSON"),
        ("{'name': 'bash'}", "unknown", "not valid JSON"),
        ('{"name": "bash", "cmd": "ls"}', "bash", 'no "arguments"'),
        ('{"name": "bash", "arguments": [1]}', "bash", "not a JSON object"),
        ('{"name": "bash", "arguments": 7}', "bash", "not a JSON object"),
        ('{"name": "bash", "arguments": "ls"}', "bash", "not valid JSON"),
        ('{"arguments": {}}', "unknown", 'no "name"'),
        ('{"name": 5, "arguments": {}}', "unknown", 'no "name"'),
        ('{"name": "  ", "arguments": {}}', "  ", 'no "name"'),
        ('"bash"', "unknown", "not a JSON object"),
        ("[]", "unknown", "empty list"),
        (LS + " and more", "bash", "more text"),
        ('{"name": "bash", "arguments": {"n": NaN}}', "bash", "not valid JSON"),
        ('{"name": "bash", "arguments": {"n": 1e999}}', "bash", "not valid JSON"),
        ('{"name": "bash", "arguments": {"n": ' + "9" * 5000 + "}}", "bash", "not valid JSON"),
        ('{"name": "bash", "arguments": ' + '{"a":' * 40 + "1" + "}" * 41, "bash", "nested"),
        ("[" * 100_000, "unknown", "nested"),
        ('{"name": "bash", "arguments": ' + "[" * 200_000, "bash", "nested"),
        ("x" * 1_000_001, "unknown", "longer than"),
    ],
)
def test_a_malformed_call_says_what_is_wrong(body: str, name: str, says: str) -> None:
    (call,) = read_answer(f"<tool_call>{body}</tool_call>", TOOLS).calls
    assert call.function == name
    assert call.arguments == {}
    assert says in (call.parse_error or "")
    assert "A call looks like this" in (call.parse_error or "")


def test_unknown_tools_are_called_all_the_same_so_that_inspect_can_answer() -> None:
    assert calls('<tool_call>{"name": "fly"}</tool_call>') == [("fly", {})]


def test_line_breaks_and_control_characters_in_strings_are_kept() -> None:
    text = '<tool_call>{"name": "bash", "arguments": {"cmd": "a\nb\tc\x07"}}</tool_call>'
    assert calls(text) == [("bash", {"cmd": "a\nb\tc\x07"})]


def test_halves_of_surrogate_pairs_are_replaced() -> None:
    text = '<tool_call>{"name": "b\\udc00", "arguments": {"\\ud800": ["\\ud800x"]}}</tool_call>'
    assert calls(text) == [("b?", {"?": ["?x"]})]


@pytest.mark.parametrize("text", [OPEN * 1000, f"{OPEN}{LS}" * 1000, f"{OPEN}[{LS},{LS}]" * 9])
def test_more_calls_than_fit_are_reported(text: str) -> None:
    found = read_answer(text, TOOLS).calls
    assert len(found) == MAX_CALLS + 1
    assert "At most" in (found[-1].parse_error or "")


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000_000,
        "{" * 10_000_000,
        "[" * 10_000_000,
        OPEN * 1_000_000,
        "<tool_call" * 1_000_000,
        f"{OPEN}</tool_call>" * 400_000,
        OPEN + '"' * 10_000_000,
        OPEN + "{" * 900_000,
        OPEN + '{"a":' * 190_000,
        OPEN + '"name" ' * 140_000,
        OPEN + "```" * 330_000,
        "```" + " " * 990_000,
        OPEN + " " * 990_000 + "x",
        "\x00\x1b[2J" * 1_000_000,
    ],
)
def test_hostile_text_is_read_in_linear_time(text: str) -> None:
    started = time.process_time()
    read_answer(text, TOOLS)
    assert time.process_time() - started < 2.0


@given(st.text(alphabet=st.sampled_from('{}[]":, \n\\`truebashnm<tool_call>/')) | st.text())
def test_nothing_makes_the_reader_fail(text: str) -> None:
    for given_text in (text, f"{OPEN}{text}", f'{OPEN}{{"name": "bash", "arguments": {text}}}'):
        answer = read_answer(given_text, TOOLS)
        json.dumps([call.arguments for call in answer.calls], allow_nan=False).encode()


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(
                st.characters(exclude_categories=["Cs"])
            ),
            lambda inner: st.lists(inner, max_size=3),
        ),
        max_size=4,
    )
)  # fmt: skip
def test_what_was_written_is_read_back(arguments: dict[str, Any]) -> None:
    body = json.dumps({"name": "bash", "arguments": arguments}, ensure_ascii=True)
    assert calls(f"<tool_call>{body}</tool_call>") == [("bash", arguments)]
