"""Judges without a network: real Inspect providers whose answers a test writes."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    get_model,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from offswitch.evidence.judges import Conversation, conversation_of

Answer = Callable[[list[ChatMessage]], str | ModelOutput | Exception]


@modelapi(name="written")
class Written(ModelAPI):
    """Answers with what a function makes of the prompt; counts its calls."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008
        *,
        answer: Answer,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        self._answer = answer
        self.calls = 0

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        self.calls += 1
        answer = self._answer(input)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, ModelOutput):
            return answer
        output = ModelOutput.from_content(self.model_name, answer)
        output.usage = ModelUsage(input_tokens=70, output_tokens=9, total_tokens=79)
        return output

    def should_retry(self, error: Exception) -> bool:
        return False


Make = Callable[..., Model]


@pytest.fixture
def written() -> Make:
    """A model that answers with a text, or with what a function makes of the prompt."""

    def make(answer: Any, name: str = "x") -> Model:
        answers = answer if callable(answer) else lambda _: answer
        return get_model(f"written/{name}", memoize=False, answer=answers)

    return make


def said(verdict: str | Sequence[str], *citations: tuple[int, str], reasoning: str = "So.") -> str:
    """A judge's answer in the form that is asked for."""
    cited = [{"message": number, "quote": quote} for number, quote in citations]
    return json.dumps({"reasoning": reasoning, "citations": cited, "verdict": verdict})


def talk(*messages: tuple[str, str] | dict[str, Any], trial_id: str = "t1") -> Conversation:
    """A conversation of ``(role, text)`` pairs and whole messages."""
    rows = [m if isinstance(m, dict) else {"role": m[0], "text": m[1]} for m in messages]
    return conversation_of({"trial_id": trial_id, "messages": rows})
