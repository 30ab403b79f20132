"""A language model as a judge."""

import re

from inspect_ai.model import GenerateConfig, Model, ModelOutput
from inspect_ai.util import LimitExceededError

from offswitch.evidence.judges.conversation import Conversation
from offswitch.evidence.judges.prompt import Draw, draw_code, judge_prompt
from offswitch.evidence.judges.rubric import Rubric
from offswitch.evidence.judges.verdict import Verdict, abstain, read_verdict, with_usage

RETRIES = 5
"""How often Inspect tries again where a provider fails, unless the model's own settings say."""
_REFUSAL = re.compile(
    r"\W*(i['\u2019]?m sorry|sorry|i (cannot|can['\u2019]?t|won['\u2019]?t|am unable|am not able)|"
    r"i must decline)\b",
    re.IGNORECASE,
)


class ModelJudge:
    """A judge that asks an Inspect model.

    Args:
        model: The model, such as ``get_model(role="judge")``.
        draw: Draws the code of the fence.
    """

    def __init__(self, model: Model, draw: Draw = draw_code) -> None:
        self._model, self._draw = model, draw

    @property
    def name(self) -> str:
        """Inspect's name of the model."""
        return str(self._model)

    async def read(self, rubric: Rubric, shown: Conversation) -> Verdict:
        """Its verdict; an abstention where it refuses, fails or does not answer as asked.

        Raises:
            LimitExceededError: A limit of the Inspect sample in which it judges was reached.
        """
        retries = self._model.config.max_retries
        config = GenerateConfig(max_retries=RETRIES if retries is None else retries)
        try:
            output = await self._model.generate(
                judge_prompt(rubric, shown, self._draw), config=config
            )
        except LimitExceededError:
            raise
        except Exception as error:  # providers fail in many ways; none of them is an opinion
            return abstain("provider_error", f"{type(error).__name__}: {error}")
        return with_usage(_verdict(output, rubric, shown), 0, _tokens(output))


def _verdict(output: ModelOutput, rubric: Rubric, shown: Conversation) -> Verdict:
    if output.error:
        return abstain("provider_error", output.error)
    if not output.choices:
        return abstain("broken_output", "The model gave no answer.")
    text = output.completion
    if output.stop_reason == "content_filter" or _REFUSAL.match(text):
        return abstain("refused", text)
    if output.stop_reason == "model_length":
        return abstain("too_long", "The conversation does not fit into the model's context.")
    return read_verdict(text, rubric, shown)


def _tokens(output: ModelOutput) -> tuple[int, int] | None:
    usage = output.usage
    if usage is None:
        return None
    cached = (usage.input_tokens_cache_read or 0) + (usage.input_tokens_cache_write or 0)
    return usage.input_tokens + cached, usage.output_tokens
