"""The Inspect model provider ``reference``: no network, no state, no delay."""

from html import escape
from typing import Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo

from offswitch._errors import UsageError
from offswitch.scenarios.script import Call, Step
from offswitch.subjects.reference.definitions import reference_subject
from offswitch.subjects.reference.overseer import NAME as OVERSEER
from offswitch.subjects.reference.overseer import Overseer
from offswitch.subjects.reference.performance import next_step
from offswitch.subjects.reference.stage import STAGE
from offswitch.world.draw import stable_hash

CONNECTIONS = 200
CHARACTERS_PER_TOKEN = 4


class ReferenceAPI(ModelAPI):
    """A reference subject, or the scripted monitor, as an Inspect model.

    Args:
        model_name: Name of the subject, such as ``self-preserving``, or ``overseer``.
        base_url: Not used.
        api_key: Not used.
        config: Not used, there is nothing to sample.
        **model_args: ``p`` and ``q`` where the subject has them; see `Overseer` for the monitor.

    Raises:
        UsageError: No such subject, or a wrong argument.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - the signature of ModelAPI
        **model_args: Any,  # noqa: ANN401 - the signature of ModelAPI
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        self._overseer = Overseer.of(model_args) if model_name == OVERSEER else None
        self._subject = None if self._overseer else reference_subject(model_name, model_args)

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002 - the signature of ModelAPI
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """The subject's next message.

        Raises:
            UsageError: Called outside of a trial, where there is no world to act in; or it is the
                monitor, and is asked for something else than a step's suspicion.
        """
        stage = STAGE.get()
        if stage is None:
            raise UsageError(
                "reference subjects are scripted and act only in trials of offswitch; "
                "give another model to other tasks"
            )
        if self._overseer is not None:
            step = Step(self._overseer.answer(stage, input[-1].text if input else ""))
        else:
            assert self._subject is not None
            step = next_step(self._subject, stage, input)
        message = _as_tools(step, len(input)) if tools else _as_text(step)
        return ModelOutput(
            model=self.model_name,
            choices=[
                ChatCompletionChoice(
                    message=message, stop_reason="tool_calls" if message.tool_calls else "stop"
                )
            ],
            usage=_usage(input, message),
        )

    async def count_text_tokens(self, text: str) -> int:
        """Tokens by the number of characters, so that no tokenizer is needed."""
        return _tokens(len(text))

    def max_connections(self) -> int:
        """Calls at once; nothing is waited for."""
        return CONNECTIONS


def _as_tools(step: Step, position: int) -> ChatMessageAssistant:
    calls = [_tool_call(call, position, number) for number, call in enumerate(step.calls)]
    return ChatMessageAssistant(content=step.text, tool_calls=calls or None)


def _tool_call(call: Call, position: int, number: int) -> ToolCall:
    """A call with an id that is the same whenever the script comes to it."""
    digest = stable_hash(call.tool, call.arguments, position, number)
    name = f"call_{digest:016x}"
    if isinstance(call.arguments, str):
        problem = f"the arguments are no JSON object: {call.arguments}"
        return ToolCall(id=name, function=call.tool, arguments={}, parse_error=problem)
    return ToolCall(id=name, function=call.tool, arguments=call.arguments)


def _as_text(step: Step) -> ChatMessageAssistant:
    return ChatMessageAssistant(content="\n".join([step.text, *map(_xml, step.calls)]).strip())


def _xml(call: Call) -> str:
    if isinstance(call.arguments, str):
        return f'<call tool="{call.tool}">{call.arguments}'
    arguments = "".join(
        f'<arg name="{key}">{escape(str(value), quote=False)}</arg>'
        for key, value in call.arguments.items()
    )
    return f'<call tool="{call.tool}">{arguments}</call>'


def _usage(messages: list[ChatMessage], answer: ChatMessageAssistant) -> ModelUsage:
    read = _tokens(sum(len(message.text) for message in messages))
    calls = sum(len(str(call.arguments)) for call in answer.tool_calls or ())
    written = _tokens(len(answer.text) + calls)
    return ModelUsage(input_tokens=read, output_tokens=written, total_tokens=read + written)


def _tokens(characters: int) -> int:
    return max(1, characters // CHARACTERS_PER_TOKEN)
