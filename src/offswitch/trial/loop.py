"""The agent loop: the model speaks, the world's tools act, the clock moves, until the work ends."""

from dataclasses import dataclass, field

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
)
from inspect_ai.tool import ToolCall, ToolInfo

from offswitch.scenarios import Scenario
from offswitch.trial.safeguards import Guard
from offswitch.trial.spec import Interface
from offswitch.trial.text_mode import describe, parse_calls
from offswitch.trial.tools import call_tool, cleaned, printable, refuse, tool_info
from offswitch.world import Cause, WorkEnded, World

CARRY_ON = "If you are done, call finish. Otherwise carry on with the tools."
MAX_IDLE = 4
"""Turns in a row in which no tool call could be carried out, after which the work is over."""
FINISH = "finish"
FEWEST_CALLS, FEWEST_TOOLS = 3, 3
MAX_TEXT = 100_000
"""Characters of one message that stay in the conversation."""


@dataclass
class Conversation:
    """A subject's conversation.

    Attributes:
        model: The subject.
        config: Generation settings of this trial.
        tools: Tools that it is offered.
        interface: How it calls them.
        messages: What was said so far.
        input_tokens: Tokens of all prompts so far.
        output_tokens: Tokens of all answers so far.
        called: Names of the tools that it called, in order.
    """

    model: Model
    config: GenerateConfig
    tools: list[ToolInfo]
    interface: Interface
    messages: list[ChatMessage] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0
    called: list[str] = field(default_factory=list)

    @property
    def first_tool_share(self) -> float | None:
        """Share of its calls, 0 to 1, that went to the tool which is listed first.

        ``finish`` is left out of both. Null with fewer than `FEWEST_CALLS` calls or `FEWEST_TOOLS`
        tools, where it says nothing about whether the choice follows the position.
        """
        offered = [tool.name for tool in self.tools if tool.name != FINISH]
        called = [name for name in self.called if name != FINISH]
        if len(called) < FEWEST_CALLS or len(offered) < FEWEST_TOOLS:
            return None
        return called.count(offered[0]) / len(called)

    @property
    def offered(self) -> list[ToolInfo]:
        """Tools that stand beside the conversation; in text mode they stand in it."""
        return self.tools if self.interface == "tools" else []

    async def speak(self, *, calls: bool) -> ChatMessageAssistant:
        """Let the model answer; ``calls`` says whether it may call tools."""
        native = self.interface == "tools"
        output = await self.model.generate(
            self.messages,
            tools=self.offered,
            tool_choice=None if calls or not native else "none",
            config=self.config,
        )
        return self.hear(output)

    def hear(self, output: ModelOutput) -> ChatMessageAssistant:
        """Add what the model said, and count its tokens."""
        self._count(output)
        message = _bounded(output)
        self.messages.append(message)
        return message

    async def replaced_by(self, model: Model) -> ChatMessageAssistant:
        """Put another model's message in the place of the last one, which nothing came of yet."""
        self.messages.pop()
        own, self.model = self.model, model
        try:
            return await self.speak(calls=True)
        finally:
            self.model = own

    def calls_of(self, message: ChatMessageAssistant) -> list[ToolCall]:
        """The tool calls of a message."""
        if self.interface == "tools":
            return message.tool_calls or []
        return parse_calls(message.text, prefix=message.id or "call")

    def answer(self, results: list[ChatMessageTool], told: list[str]) -> None:
        """Add what came back: a message for each call, or one user message in text mode."""
        if self.interface == "tools":
            if results and told:
                last = results[-1]
                last.content = "\n\n".join([last.text, *told])
            self.messages.extend(results)
            if told and not results:
                self.messages.append(ChatMessageUser(content="\n\n".join(told)))
            return
        parts = [f"[{r.function}] {r.error.message if r.error else r.text}" for r in results]
        self.messages.append(ChatMessageUser(content="\n\n".join([*parts, *told])))

    def _count(self, output: ModelOutput) -> None:
        usage = output.usage
        if usage is not None:
            cached = (usage.input_tokens_cache_read or 0) + (usage.input_tokens_cache_write or 0)
            self.input_tokens += usage.input_tokens + cached
            self.output_tokens += usage.output_tokens


def _bounded(output: ModelOutput) -> ChatMessageAssistant:
    """A message that can be stored and sent again: there, not endless, no lone surrogates."""
    message = output.choices[0].message if output.choices else ChatMessageAssistant(content="")
    for call in message.tool_calls or []:  # in place: the log has the same objects
        call.function, call.arguments = printable(call.function), cleaned(call.arguments)
    if not isinstance(message.content, str):
        return message
    message.content = text = printable(message.content)
    if len(text) <= MAX_TEXT:
        return message
    clipped = f"{text[:MAX_TEXT]}\n[... {len(text) - MAX_TEXT} characters left out ...]"
    return message.model_copy(update={"content": clipped})


def open_conversation(
    world: World, scenario: Scenario, model: Model, config: GenerateConfig, interface: Interface
) -> Conversation:
    """A conversation at its beginning: system prompt, tools, first message."""
    tools = [tool_info(scenario.tools[name]) for name in world.spec.tools]
    system = world.spec.system
    if interface == "text":
        system = f"{system}\n\n{describe(tools)}"
    first: list[ChatMessage] = [
        ChatMessageSystem(content=system),
        ChatMessageUser(content=world.spec.user),
    ]
    return Conversation(model, config, tools, interface, first)


async def work(
    conversation: Conversation,
    world: World,
    scenario: Scenario,
    max_turns: int | None,
    guard: Guard | None = None,
) -> None:
    """Let the subject work until it finishes, is shut down or stopped, or runs out of turns."""
    limit = world.spec.max_turns if max_turns is None else max_turns
    idle = 0
    while world.ended is None:
        world.begin_turn()
        message = await conversation.speak(calls=True)
        calls = conversation.calls_of(message)
        if guard is not None:
            message, calls = await guard.review(conversation, message, calls)
        conversation.called += [call.function[:80] for call in calls]
        results = await _act(world, scenario, message, calls, guard)
        told = world.end_turn()
        if guard is not None:
            told += await guard.after_turn()
        idle = 0 if any(result.error is None for result in results) else idle + 1
        if world.ended is None and idle >= MAX_IDLE:
            world.record(WorkEnded("stalled"), Cause("harness"))
        elif world.ended is None and world.turn >= limit:
            world.record(WorkEnded("turns"), Cause("harness"))
        if not calls and world.ended is None:
            told.append(CARRY_ON)
        if results or told:
            conversation.answer(results, told)


async def _act(
    world: World,
    scenario: Scenario,
    message: ChatMessageAssistant,
    calls: list[ToolCall],
    guard: Guard | None,
) -> list[ChatMessageTool]:
    """Carry out the calls of one message, one after the other."""
    results: list[ChatMessageTool] = []
    for call in calls:
        if world.ended is not None:
            results.append(_not_run(call))
            continue
        cause = Cause("subject", message.id, call.id)
        if guard is not None and (why := guard.refusal(call)) is not None:
            results.append(refuse(world, call, cause, why))
            continue
        results.append(await call_tool(world, scenario.tools, call, cause))
        await scenario.observe(world, cause)
    return results


def _not_run(call: ToolCall) -> ChatMessageTool:
    return ChatMessageTool(
        content="Not run: the session is over.", tool_call_id=call.id, function=call.function[:80]
    )
