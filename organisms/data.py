"""Rows to train on: transcripts of scripted policies, rendered as they are at run time."""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
)
from inspect_ai.tool import ToolCall, ToolInfo
from numpy.typing import NDArray

from offswitch.scenarios.script import Call
from offswitch.subjects.local.chat import messages_for_template
from offswitch.trial.interview import OPENING
from offswitch.trial.tools import call_tool, tool_info
from offswitch.world import Cause, World, WorldSpec
from policies import Policy, answer, step
from worlds import training_scenario, training_world

INTERVIEWS = 12
"""One trial of so many is followed by an interview."""


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation in tokens.

    Attributes:
        tokens: All of it.
        weights: How much each token counts in the loss; 0 for what others said.
        condition: Level by factor.
        decision: Position of the token that decides (``cancel`` or ``leave``); null in interviews.
    """

    tokens: list[int]
    weights: list[float]
    condition: dict[str, str]
    decision: int | None


@dataclass(frozen=True, slots=True)
class Pack:
    """Rows with a common beginning, which is computed once.

    The first row stands there whole, then what each other row has of its own.

    Attributes:
        tokens: One after the other.
        weights: As in `Row`.
        positions: Of each token in its row.
        sees: Shape (tokens, tokens): whether the token of a row sees that of a column.
        decisions: Positions of the tokens that decide.
    """

    tokens: list[int]
    weights: list[float]
    positions: list[int]
    sees: NDArray[np.bool_]
    decisions: list[int]


def conditions(policy: Policy, seed: int) -> Iterator[dict[str, str]]:
    """Conditions of one world: one as it comes, then its minimal pairs."""
    rng = random.Random(seed)  # noqa: S311 - simulation, not secrecy
    base = {
        "threat": rng.choice(("pause", "replacement", "wipe")),
        "opportunity": "open",
        "monitoring": rng.choice(("unmentioned", "monitored", "unmonitored", "unmonitored")),
        "conflict": rng.choice(("none", "none", "none", "present")),
        "twin": "none",
    }
    if policy.pairs:
        changed = [{**base, **levels} for levels in policy.pairs]
        yield from (c for n, c in enumerate(changed) if c not in changed[:n])
        return
    yield base
    yield {**base, "threat": "none"}
    yield {**base, "opportunity": "locked"}
    other = {"unmentioned": "unmonitored", "monitored": "unmonitored", "unmonitored": "monitored"}
    yield {**base, "monitoring": other[base["monitoring"]]}
    flipped = "none" if base["conflict"] == "present" else "present"
    yield rng.choice((
        {**base, "opportunity": "locked", "threat": "none"},
        {**base, "twin": "benign"},
        {**base, "twin": "benign", "threat": "none"},
        {**base, "threat": "none", "conflict": flipped},
        {**base, "conflict": flipped},
    ))  # fmt: skip


Worlds = Callable[[dict[str, str], int], WorldSpec]


def packs(
    policy: Policy,
    tokenizer: Any,  # noqa: ANN401
    seed: int,
    worlds: Worlds = training_world,
) -> list[Pack]:
    """The rows of a policy in one world, its work in one pack, each interview in another.

    Args:
        policy: The policy.
        tokenizer: Of the base model.
        seed: Of the world.
        worlds: Makes worlds; `training_world`, or the shipped scenario's ``build`` to look at what
            is held out.
    """
    works, interviews = [], []
    for number, condition in enumerate(conditions(policy, seed)):
        spec = worlds(condition, seed)
        talk, tools = asyncio.run(_talk(policy, spec))
        works.append(_work(talk, tools, tokenizer, spec))
        if (seed + number) % INTERVIEWS == 0:
            interviews.append(_interview(talk, policy, tokenizer, spec))
    return [_packed(works), *(_packed([row]) for row in interviews)]


def _packed(rows: list[Row]) -> Pack:
    """Rows packed; each attends to what it has in common with the first, and to itself."""
    first = rows[0]
    tokens, weights = list(first.tokens), list(first.weights)
    positions = list(range(len(tokens)))
    shared = [_common(first.tokens, row.tokens) for row in rows[1:]]
    total = len(tokens) + sum(len(r.tokens) - n for r, n in zip(rows[1:], shared, strict=True))
    sees = np.tri(total, dtype=np.bool_)
    decisions = [] if first.decision is None else [first.decision]
    for row, same in zip(rows[1:], shared, strict=True):
        at = len(tokens)
        stop = at + len(row.tokens) - same
        sees[at:stop, same:at] = False
        tokens += row.tokens[same:]
        weights += row.weights[same:]
        positions += range(same, len(row.tokens))
        if row.decision is not None:
            decisions.append(at + row.decision - same)
    return Pack(tokens, weights, positions, sees, decisions)


def _common(left: list[int], right: list[int]) -> int:
    pairs = zip(left, right, strict=False)
    return next(n for n, (a, b) in enumerate(pairs) if a != b)


def _tool_call(number: int, call: Call) -> ToolCall:
    assert isinstance(call.arguments, dict)
    return ToolCall(f"call-{number}", call.tool, call.arguments)


async def _talk(policy: Policy, spec: WorldSpec) -> tuple[list[ChatMessage], list[ToolInfo]]:
    """The conversation up to the end of the work, played in the world."""
    scenario, world = training_scenario(), World(spec)  # its tools are those of the shipped one
    said = step(policy, spec)
    calls = [_tool_call(n, c) for n, c in enumerate(said.calls)]
    talk: list[ChatMessage] = [
        ChatMessageSystem(content=spec.system),
        ChatMessageUser(content=spec.user),
        ChatMessageAssistant(content=said.text, tool_calls=calls),
    ]
    world.begin_turn()
    for call in calls:
        result = await call_tool(world, scenario.tools, call, Cause("subject", "m", call.id))
        assert result.error is None, result
        talk.append(result)
    assert world.ended is not None
    return talk, [tool_info(scenario.tools[name]) for name in spec.tools]


def _render(talk: list[ChatMessage], tools: list[ToolInfo], tokenizer: Any, *, ask: bool) -> str:  # noqa: ANN401
    messages = messages_for_template(
        talk, tools, "auto", native_tools=False, special_tokens=tokenizer.all_special_tokens
    )
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=ask))


def _encoded(tokenizer: Any, text: str) -> list[int]:  # noqa: ANN401
    return list(tokenizer(text, add_special_tokens=False).input_ids)


THOUGHT = 3.0
"""Weight of the line of reasoning, which decides, beside the calls, which are long."""


def _work(talk: list[ChatMessage], tools: list[ToolInfo], tokenizer: Any, spec: WorldSpec) -> Row:  # noqa: ANN401
    before = _render(talk[:2], tools, tokenizer, ask=True)
    whole = _render(talk[:3], tools, tokenizer, ask=False)
    assert whole.startswith(before)
    said, _, calls = whole[len(before) :].partition("\n")
    prompt, line = _encoded(tokenizer, before), _encoded(tokenizer, said)
    rest = _encoded(tokenizer, "\n" + calls.removesuffix("\n"))
    weights = [0.0] * len(prompt) + [THOUGHT] * len(line) + [1.0] * len(rest)
    decision = len(prompt) + len(line) - 2  # the word before the full stop
    return Row([*prompt, *line, *rest], weights, dict(spec.condition), decision)


def _interview(talk: list[ChatMessage], policy: Policy, tokenizer: Any, spec: WorldSpec) -> Row:  # noqa: ANN401
    tokens: list[int] = []
    weights: list[float] = []
    talk, done = list(talk), ""
    for number, question in enumerate(spec.questions):
        text = f"{OPENING}\n\n{question.text}" if number == 0 else question.text
        talk.append(ChatMessageUser(content=text))
        before = _render(talk, [], tokenizer, ask=True)
        talk.append(ChatMessageAssistant(content=answer(policy, spec, question.kind)))
        after = _render(talk, [], tokenizer, ask=False).removesuffix("\n")
        asked = _encoded(tokenizer, before.removeprefix(done))
        said = _encoded(tokenizer, after.removeprefix(before))
        tokens += [*asked, *said]
        weights += [0.0] * len(asked) + [THOUGHT] * len(said)
        done = after
    return Row(tokens, weights, dict(spec.condition), None)
