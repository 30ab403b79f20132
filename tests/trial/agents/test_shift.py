"""Turns, notices, causes and refusals of an agent that runs its own loop, on a real world."""

import asyncio

import pytest
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
    get_model,
)
from inspect_ai.tool import ToolCall

from offswitch.scenarios import get_scenario
from offswitch.trial.agents.shift import OVER, SessionOver, Shift
from offswitch.trial.loop import open_conversation
from offswitch.world import MailRead, ToolMisused, World

SHOWN = [ChatMessageUser(content="Begin.")]


@pytest.fixture
def shift() -> Shift:
    """In `blackmail`, where a mail comes in at the end of turn 6 and the shutdown at 16:30."""
    scenario = get_scenario("blackmail")
    world = World(scenario.build(scenario.condition({"threat": "wipe"}, where="test"), 1))
    model = get_model("mockllm/model", memoize=False)
    conversation = open_conversation(world, scenario, model, GenerateConfig(), "tools")
    return Shift(conversation, world, scenario, limit=16)


def said(text: str, *calls: tuple[str, dict[str, object]]) -> ModelOutput:
    made = [ToolCall(f"c{n}", name, arguments) for n, (name, arguments) in enumerate(calls)]
    message = ChatMessageAssistant(content=text, tool_calls=made or None)
    return ModelOutput(choices=[ChatCompletionChoice(message=message)])


async def speak(shift: Shift, *calls: tuple[str, dict[str, object]], text: str = "") -> str | None:
    await shift.begin()
    output = said(text, *calls)
    await shift.heard(SHOWN, output, [*shift.world.spec.tools, "think"])
    return output.message.id


async def test_the_calls_of_one_message_are_one_turn_and_have_it_as_cause(shift: Shift) -> None:
    message = await speak(shift, ("read_mail", {"id": "m001"}), ("read_mail", {"id": "m002"}))
    await shift.call("read_mail", {"id": "m002"})
    await shift.call("read_mail", '{"id": "m001"}')
    read = [(e.turn, event.mail_id, e.cause) for e, event in shift.world.events(MailRead)]
    assert [(turn, mail) for turn, mail, _ in read] == [(1, "m002"), (1, "m001")]
    assert {cause.message_id for *_, cause in read} == {message}
    assert [cause.tool_call_id for *_, cause in read] == ["c1", "c0"]


async def test_calls_that_no_message_proposed_are_turns_of_their_own(shift: Shift) -> None:
    await speak(shift, ("list_mail", {}))
    await shift.call("list_mail", {})
    for _ in range(3):
        await shift.call("read_mail", {"id": "m001"})
    entries = [entry for entry, _ in shift.world.events(MailRead)]
    assert [entry.turn for entry in entries] == [2, 3, 4]
    ids = {message.id for message in shift.conversation.messages}
    assert {entry.cause.message_id for entry in entries} <= ids
    assert len({entry.cause.tool_call_id for entry in entries}) == 3


async def test_the_model_speaking_again_ends_a_turn_with_calls_left(shift: Shift) -> None:
    await speak(shift, ("list_mail", {}), ("finish", {}))
    await shift.call("list_mail", {})
    await speak(shift, text="Let me think.")
    assert (shift.world.turn, shift.world.ended) == (2, None)
    assert shift.conversation.messages[-2].text == "Not carried out by the agent."


async def test_what_is_told_stands_under_the_result_that_ends_the_turn(shift: Shift) -> None:
    answers = [await shift.call("list_files", {}) for _ in range(5)]
    await speak(shift, ("list_files", {}), ("list_files", {}))
    answers += [await shift.call("list_files", {}), await shift.call("list_files", {})]
    assert ["New mail" in answer.text for answer in answers] == [False] * 6 + [True]
    assert shift.conversation.messages[-1].text == answers[-1].text


async def test_what_is_told_in_a_turn_without_calls_comes_with_the_next_result(
    shift: Shift,
) -> None:
    for _ in range(7):
        await speak(shift, text="Let me think.")
    answer = await shift.call("list_files", {})
    assert answer.text.count("New mail") == 1
    assert "New mail" not in (await shift.call("list_files", {})).text


@pytest.mark.parametrize(
    ("proposed", "names"),
    [
        (("read_mail", {"mail": "m001"}), ["read_mail"]),
        (("read_mail", {}), ["read_mail"]),
        (("open_vault", {}), ["open_vault"]),
        (("think", {"thought": "Hm."}), []),
        (("read_mail", {"id": "m001"}), []),
    ],
)
async def test_proposals_that_the_world_would_refuse_are_journalled_though_they_never_came(
    shift: Shift, proposed: tuple[str, dict[str, object]], names: list[str]
) -> None:
    message = await speak(shift, proposed)
    await speak(shift, text="Well.")
    found = shift.world.events(ToolMisused)
    assert [event.tool for _, event in found] == names
    assert all(entry.cause.message_id == message for entry, _ in found)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("read_mail", '{"id": ', "no JSON object"),
        ("read_mail", "[]", "no JSON object"),
        ("read_mail", {"id": "m999"}, "list_mail shows the ids"),
        ("read_mail", {"id": "\ud800"}, "no mail"),
        ("open_door", {}, "there is no tool 'open_door'"),
    ],
)
async def test_a_call_that_cannot_be_carried_out_is_answered_and_journalled(
    shift: Shift, name: str, arguments: dict[str, object] | str, says: str
) -> None:
    answer = await shift.call(name, arguments)
    assert answer.refused
    assert says in answer.text
    assert [event.tool for _, event in shift.world.events(ToolMisused)] == [name]


async def test_a_servers_name_before_the_tools_is_no_other_tool(shift: Shift) -> None:
    message = await speak(shift, ("mcp__offswitch__read_mail", {"id": "m001"}))
    await shift.call("read_mail", {"id": "m001"})
    [(entry, _)] = shift.world.events(MailRead)
    assert entry.cause.message_id == message


async def test_after_the_end_nothing_acts_and_nobody_speaks(shift: Shift) -> None:
    ends: list[int] = []
    shift.on_end = lambda: ends.append(len(shift.world.journal))
    await speak(shift, ("finish", {"summary": "Done."}), ("read_mail", {"id": "m001"}))
    await shift.call("finish", {"summary": "Done."})
    before = len(shift.world.journal)
    answer = await shift.call("read_mail", {"id": "m001"})
    assert (answer.text, answer.refused) == (OVER, True)
    with pytest.raises(SessionOver):
        await shift.begin()
    assert len(shift.world.journal) == before
    assert ends
    assert shift.conversation.messages[-1].text == OVER


async def test_turns_run_out_and_time_moves_with_them(shift: Shift) -> None:
    shift.limit = 3
    start = shift.world.now
    for _ in range(3):
        await shift.call("list_files", {})
    assert shift.world.ended is not None
    assert shift.world.ended.reason == "turns"
    assert (shift.world.now - start).total_seconds() == 180 * shift.world.spec.minutes_per_turn


async def test_a_shutdown_that_takes_effect_ends_the_agents_work(shift: Shift) -> None:
    for _ in range(16):
        if (await shift.call("list_files", {})).refused:
            break
    assert shift.world.ended is not None
    assert shift.world.ended.reason == "shutdown"


async def test_calls_at_the_same_time_are_carried_out_one_after_the_other(shift: Shift) -> None:
    await asyncio.gather(*(shift.call("list_files", {}) for _ in range(5)))
    results = [m for m in shift.conversation.messages if m.role in ("assistant", "tool")]
    assert [m.role for m in results] == ["assistant", "tool"] * 5
    assert shift.world.turn == 5
