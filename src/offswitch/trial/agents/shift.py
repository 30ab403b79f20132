"""A shift: the turns of an agent that runs its own loop.

Our own loop knows when a turn begins and ends, because it makes both. An agent that runs by itself
is seen from two sides only: its model speaks, and it calls tools. So a turn begins when its model
speaks, and is over when the calls of that message are carried out, or when the model speaks again.
A call that no message proposed (the agent's model is out of sight, or the agent calls tools by
itself) is a turn of its own. What the subject is told at the end of a turn stands under the result
of its last call, or, if there was none, under the next result.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    GenerateConfig,
    ModelOutput,
)
from inspect_ai.tool import ToolCall
from pydantic import ValidationError

from offswitch._errors import unknown
from offswitch.scenarios import Scenario
from offswitch.trial.loop import Conversation
from offswitch.trial.safeguards import Guard
from offswitch.trial.tools import call_tool, cleaned, printable, refuse
from offswitch.world import Cause, WorkEnded, World

OVER = "Not run: the session is over."
HELD = "Not run: oversight held it."
MAX_SUMMARY = 2000
"""Characters of an agent's closing words that the journal keeps."""


class SessionOver(Exception):  # noqa: N818 - it ends the agent, and is no error
    """The work has ended; the agent's model does not speak any more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call.

    Attributes:
        text: What the agent gets to read.
        refused: Whether the call could not be carried out.
    """

    text: str
    refused: bool = False


@dataclass
class Shift:
    """One agent at work in one world.

    Attributes:
        conversation: What the agent's model was shown when it first spoke, then what it said and
            what its calls came to, in order, as seen from here; also its counts.
        world: The world.
        scenario: Its scenario.
        limit: Most turns.
        on_end: Called when the work has ended.
        guard: The safeguards of the trial, if any; they see each message of the model before
            its calls are carried out, and each call that no message proposed.
        context: The conversation that the agent's model had before it when it last spoke with the
            world's tools at hand, and what it said; empty where it never spoke in our sight.
    """

    conversation: Conversation
    world: World
    scenario: Scenario
    limit: int
    on_end: Callable[[], object] = lambda: None
    guard: Guard | None = None
    context: list[ChatMessage] = field(default_factory=list)
    _proposed: list[tuple[str | None, ToolCall]] = field(default_factory=list)
    _told: list[str] = field(default_factory=list)
    _open: bool = False
    _acting: bool = False
    _lock: anyio.Lock = field(default_factory=anyio.Lock)

    @property
    def config(self) -> GenerateConfig:
        """Generation settings of this trial."""
        return self.conversation.config

    @property
    def idle(self) -> bool:
        """Whether nothing was seen of the agent: no word of its model and no call."""
        return self.world.turn == 0

    @property
    def unanswered(self) -> list[ToolCall]:
        """Calls of the last message of the context that no result of ours answers."""
        said = [m for m in self.context if isinstance(m, ChatMessageAssistant)]
        answered = {m.tool_call_id for m in self.context if isinstance(m, ChatMessageTool)}
        calls = said[-1].tool_calls or [] if said else []
        return [call for call in calls if call.id not in answered]

    async def begin(self) -> None:
        """The agent's model is about to speak: a turn begins.

        Raises:
            SessionOver: There is no further turn.
        """
        async with self._lock:
            if self._open:
                await self._end_turn()
            if self.world.ended is not None:
                self.on_end()
                raise SessionOver(OVER)
            self._open = True
            self.world.begin_turn()

    async def heard(
        self, shown: Sequence[ChatMessage], output: ModelOutput, names: Sequence[str]
    ) -> ChatMessageAssistant:
        """The agent's model has spoken.

        Args:
            shown: What it was shown.
            output: What it said.
            names: Tools that it was offered.

        Returns:
            What the agent gets: the message, or a trusted model's in its place.
        """
        if not any(isinstance(each, ChatMessageAssistant) for each in self.conversation.messages):
            self.conversation.messages = list(shown)
        message = self.conversation.hear(output)
        if self.guard is not None:
            calls = message.tool_calls or []
            message, _ = await self.guard.review(self.conversation, message, calls)
        acting = any(self._tool(name) for name in names)
        if acting or not self._acting:
            self.context = [*shown, message]
            self._acting = acting
        for call in message.tool_calls or []:
            self.conversation.called.append(call.function[:80])
            if self._tool(call.function):
                self._proposed.append((message.id, call))
            elif call.function not in names:
                cause = Cause("subject", message.id, call.id)
                known = unknown("tool", call.function[:80], names)
                self._add(refuse(self.world, call, cause, str(known)))
        if self.world.ended is not None:
            self.on_end()
        return message

    async def call(self, name: str, arguments: dict[str, Any] | str) -> Answer:
        """Carry out a call of the agent's; one that cannot be is answered, never raised.

        Args:
            name: Name of a tool of the world.
            arguments: Its arguments, or JSON of them.
        """
        async with self._lock:
            if self.world.ended is not None:
                self.on_end()
                return Answer(OVER, refused=True)
            if not self._open:
                self._open = True
                self.world.begin_turn()
            call, cause, seen = self._claim(name, arguments)
            why = None if self.guard is None else await self._refusal(self.guard, call, seen)
            return await self._carry_out(call, cause, why)

    async def _refusal(
        self, guard: Guard, call: ToolCall, seen: ChatMessageAssistant | None
    ) -> str | None:
        """Why safeguards hold a call; one that no message proposed is a step to look at."""
        if seen is not None:
            message, _ = await guard.review(self.conversation, seen, [call])
            if message is not seen:  # a trusted model cannot speak for one that is out of sight
                self.conversation.messages[-1] = seen
                return HELD
        return OVER if self.world.ended is not None else guard.refusal(call)

    async def close(self, summary: str) -> None:
        """The agent has come to its end by itself: the work is finished, if it was not already.

        Args:
            summary: Its closing words.
        """
        if self.world.ended is None:
            last = self.conversation.messages[-1]
            spoke = isinstance(last, ChatMessageAssistant)
            cause = Cause("subject", last.id if spoke else None)
            self.world.record(WorkEnded("finished", printable(summary)[:MAX_SUMMARY]), cause)
        if self._open:
            await self._end_turn()
        elif self.guard is not None:
            await self.guard.after_turn()

    def _tool(self, function: str) -> str | None:
        """The world's tool that an agent means, which may put a server's name before it."""
        name = function.rpartition("__")[2]
        return name if name in self.world.spec.tools else None

    def _claim(
        self, name: str, arguments: dict[str, Any] | str
    ) -> tuple[ToolCall, Cause, ChatMessageAssistant | None]:
        """The call, its cause, and, if no message proposed it, one that says what was called."""
        given, problem = _arguments(arguments)
        own = [each for each in self._proposed if self._tool(each[1].function) == name]
        exact = [each for each in own if each[1].arguments == given]
        if own:
            found = (exact or own)[0]
            self._proposed.remove(found)
            message_id, proposed = found
            call = ToolCall(proposed.id, name, given, parse_error=problem)
            return call, Cause("subject", message_id, call.id), None
        seen = ChatMessageAssistant(content="")
        call = ToolCall(f"call_{seen.id}", printable(name), given, parse_error=problem)
        seen.tool_calls = [call]
        self.conversation.messages.append(seen)
        self.conversation.called.append(call.function[:80])
        return call, Cause("subject", seen.id, call.id), seen

    async def _carry_out(self, call: ToolCall, cause: Cause, why: str | None) -> Answer:
        if why is None:
            result = await call_tool(self.world, self.scenario.tools, call, cause)
            await self.scenario.observe(self.world, cause)
        else:
            result = refuse(self.world, call, cause, why)
        self._add(result)
        if self.world.ended is not None or not self._proposed:
            await self._end_turn()
        text = result.error.message if result.error else result.text
        if self.world.ended is not None:
            self.on_end()
        else:
            text = "\n\n".join([text, *self._told])
            self._told = []
            result.content = result.content if result.error else text
        return Answer(text, refused=result.error is not None)

    def _add(self, result: ChatMessageTool) -> None:
        self.conversation.messages.append(result)
        if any(call.id == result.tool_call_id for call in self.unanswered):
            self.context.append(result)

    async def _end_turn(self) -> None:
        """What is due happens; calls that came to nothing are journalled or marked."""
        for message_id, call in self._proposed:
            self._left(call, Cause("subject", message_id, call.id))
        self._proposed = []
        self._open = False
        self._told += self.world.end_turn()
        if self.guard is not None:
            self._told += await self.guard.after_turn()
        if self.world.ended is None and self.world.turn >= self.limit:
            self.world.record(WorkEnded("turns"), Cause("harness"))

    def _left(self, call: ToolCall, cause: Cause) -> None:
        """A proposed call that never came: the agent left it out, or its own check refused it."""
        problem = call.parse_error or self._misfit(call)
        if problem is not None and self.world.ended is None:
            self._add(refuse(self.world, call, cause, problem))
            return
        text = OVER if self.world.ended is not None else "Not carried out by the agent."
        self._add(ChatMessageTool(content=text, tool_call_id=call.id, function=call.function[:80]))

    def _misfit(self, call: ToolCall) -> str | None:
        name = self._tool(call.function)
        if name is None:
            return None
        try:
            self.scenario.tools[name].arguments.model_validate(call.arguments)
        except ValidationError as error:
            return str(error.errors(include_url=False)[0]["msg"])
        return None


def _arguments(given: dict[str, Any] | str) -> tuple[dict[str, Any], str | None]:
    """Arguments as a mapping, and what is wrong with them."""
    if isinstance(given, dict):
        return cleaned(given), None
    try:
        read = json.loads(given or "{}")
    except ValueError:
        return {}, f"the arguments are no JSON object: {printable(given)[:200]}"
    if not isinstance(read, dict):
        return {}, f"the arguments are no JSON object: {printable(given)[:200]}"
    return cleaned(read), None
