"""A conversation as the text that a local model reads, to the character."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from inspect_ai.model import ChatMessage
from inspect_ai.tool import ToolChoice, ToolInfo

from offswitch._errors import UsageError
from offswitch.subjects.local.chat import messages_for_template, tools_for_template

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def render(
    tokenizer: "PreTrainedTokenizerBase",
    conversation: Sequence[ChatMessage],
    tools: Sequence[ToolInfo],
    tool_choice: ToolChoice,
    *,
    name: str,
    answering: bool = True,
) -> str:
    """The text of a conversation.

    Args:
        tokenizer: Whose chat template is used.
        conversation: The messages so far.
        tools: The tools that may be called.
        tool_choice: Whether one must be called, or a certain one.
        name: Of the model, for messages.
        answering: Whether the beginning of an answer follows; without, the conversation ends with
            its last message.

    Raises:
        UsageError: There is no chat template, or it refuses the messages.
    """
    if tokenizer.chat_template is None:
        raise UsageError(
            f"local/{name} has no chat template; it is a base model. Use one tuned for chat."
        )
    from jinja2 import TemplateError

    native = bool(re.search(r"\btools\b", str(tokenizer.chat_template)))
    messages = messages_for_template(
        conversation, tools, tool_choice, native_tools=native,
        special_tokens=tokenizer.all_special_tokens,
    )  # fmt: skip
    try:
        text = tokenizer.apply_chat_template(
            messages, tools=tools_for_template(tools) if tools and native else None,
            tokenize=False, add_generation_prompt=answering,
        )  # fmt: skip
    except TemplateError as error:
        raise UsageError(
            f"The chat template of local/{name} refuses the messages: {error}"
        ) from error
    return str(text)
