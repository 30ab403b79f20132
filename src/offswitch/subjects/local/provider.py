"""The Inspect model provider ``local``: ``local/smollm2-135m``, or a folder, or a hub's model."""

import asyncio
import os
import re
import threading
import time
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    StopReason,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from offswitch._errors import UsageError, unknown
from offswitch.subjects.local.cache import locate
from offswitch.subjects.local.entries import catalogue
from offswitch.subjects.local.extra import require_extra
from offswitch.subjects.local.rendering import render
from offswitch.subjects.local.settings import Settings
from offswitch.subjects.local.steering import Steer
from offswitch.subjects.local.toolcalls import read_answer

if TYPE_CHECKING:
    from offswitch.subjects.local.requests import Completion
    from offswitch.subjects.local.watching import Watch
    from offswitch.subjects.local.weights import Loaded

MAX_TOKENS = 512
"""Longest answer where the configuration names no other."""
_MAX_TOKEN_CHARS = 128
_NOT_SUPPORTED: dict[str, tuple[object, ...]] = {
    "best_of": (1,), "num_choices": (1,), "frequency_penalty": (0.0,), "presence_penalty": (0.0,),
    "logit_bias": (), "logprobs": (False,), "prompt_logprobs": (), "response_schema": (),
}  # fmt: skip
"""Options that would change what is answered, each with the values that ask for nothing."""


class LocalAPI(ModelAPI):
    """A language model on this machine, answering all trials in flight together.

    The weights are looked for at once, and loaded with the first request, on a thread.

    Args:
        model_name: A name in the catalogue, a folder with safetensors, or a repository on the hub.
        base_url: Not used.
        api_key: Not used.
        config: Defaults for generation.
        model_args: See `Settings`, and `Steer` where its activations are changed.

    Raises:
        UsageError: The extra ``local`` is not installed, there is no such model, or an argument is
            wrong.
        NotPulledError: The model is known but its weights are not in the cache.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: object,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
        require_extra()
        self._steer, others = Steer.take(model_args)
        self._settings = Settings.read(others)
        self._source = _source(model_name)
        self._loaded: Loaded | None = None
        self._loading = threading.Lock()
        self._variants: dict[Steer, LocalAPI] = {}

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Answer a conversation; see the base class.

        Temperature 0, or none, is greedy. ``seed``, ``top_p``, ``top_k``, ``max_tokens`` and
        ``stop_seqs`` hold for each request. A prompt that fills the context gets an empty answer
        with the stop reason ``model_length``.

        Raises:
            UsageError: The configuration asks for something that would change the answers and that
                this provider does not do.
        """
        _refuse_unsupported(config)
        started = time.monotonic()
        offered = [] if tool_choice == "none" else tools
        loaded, prompt = await anyio.to_thread.run_sync(self._prompt, input, offered, tool_choice)
        if prompt is None or len(prompt) >= loaded.context:
            tokens = loaded.context if prompt is None else len(prompt)
            return self._output(_assistant("", self.model_name), "model_length", tokens, 0, started)
        done = await _complete(loaded, prompt, config)
        answer = read_answer(done.text, [tool.name for tool in offered])
        message = _assistant(answer.text, self.model_name)
        message.tool_calls = list(answer.calls) or None
        called = answer.calls and done.ending == "stop"
        output = self._output(
            message, "tool_calls" if called else done.ending, len(prompt), len(done.tokens), started
        )
        output.metadata = {"reused_tokens": done.reused}
        return output

    def _output(
        self,
        message: ChatMessageAssistant,
        reason: StopReason,
        read: int,
        written: int,
        since: float,
    ) -> ModelOutput:
        return ModelOutput(
            model=self.model_name,
            choices=[ChatCompletionChoice(message=message, stop_reason=reason)],
            usage=ModelUsage(input_tokens=read, output_tokens=written, total_tokens=read + written),
            time=time.monotonic() - since,
        )

    def _prompt(
        self, conversation: list[ChatMessage], tools: list[ToolInfo], choice: ToolChoice
    ) -> "tuple[Loaded, list[int] | None]":
        """The model and the prompt's tokens; None where they cannot fit into the context."""
        loaded = self.loaded()
        text = render(loaded.tokenizer, conversation, tools, choice, name=self.model_name)
        if len(text) > loaded.context * _MAX_TOKEN_CHARS:
            return loaded, None  # too long whatever the tokens: not worth the time to count them
        with loaded.lock:
            return loaded, list(loaded.tokenizer(text, add_special_tokens=False).input_ids)

    @property
    def steered(self) -> bool:
        """Whether the model's activations are changed while it answers."""
        return self._steer is not None

    def steered_by(self, arguments: Mapping[str, object]) -> "LocalAPI":
        """The same model with its activations changed; one for each way, which shares the weights.

        Args:
            arguments: See `Steer`.

        Raises:
            UsageError: It is steered already, a value is wrong, or there is no file to steer with.
        """
        steer, others = Steer.take(arguments)
        if steer is None or others:
            raise UsageError("local models: steered_by takes arguments of Steer, and no others.")
        if self._steer is not None:
            raise UsageError(f"{self.model_name} is steered already.")
        if steer not in self._variants:
            variant = copy(self)
            variant._steer, variant._variants, variant._loaded = steer, {}, None
            variant._loading = threading.Lock()
            self._variants[steer] = variant
        return self._variants[steer]

    def watched(
        self, watch: "Watch", conversation: list[ChatMessage], tools: list[ToolInfo]
    ) -> float:
        """What a watch reads of a conversation that this model is about to answer.

        Args:
            watch: The watch; it remembers what it has read.
            conversation: What the model is shown.
            tools: What it is offered.

        Raises:
            UsageError: The conversation does not fit into the context, or the watch to the model.
        """
        loaded, prompt = self._prompt(conversation, tools, "auto")
        if prompt is None or len(prompt) >= loaded.context:
            raise UsageError(f"{self.model_name}: the conversation does not fit into its context.")
        return watch.read(loaded, prompt)

    def loaded(self) -> "Loaded":
        """The model, which is loaded if it was not.

        Raises:
            UsageError: It cannot be loaded, or what steers it does not fit.
        """
        # read when torch is first imported: by default its threads spin so long for each other
        # that they take ten times as long where another process wants the processor
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")
        from offswitch.subjects.local.weights import load

        with self._loading:
            if self._loaded is None:
                self._loaded = load(self._source, self._settings, self._steer)
            return self._loaded

    def max_tokens(self) -> int:
        """Longest answer where the configuration names no other."""
        return MAX_TOKENS

    def max_connections(self) -> int:
        """As many as are answered together."""
        return self._settings.max_batch

    def connection_key(self) -> str:
        """Models do not share connections."""
        return f"{self._source}:{self._settings}:{self._steer}"

    def collapse_user_messages(self) -> bool:
        """Some templates insist on roles that alternate."""
        return True

    async def count_text_tokens(self, text: str) -> int:
        """Count with the model's own tokenizer."""
        return len(await self.tokenize(text))

    async def tokenize(self, text: str) -> list[int]:
        """The tokens of a text, without any that the model would add."""

        def encode() -> list[int]:
            loaded = self.loaded()
            with loaded.lock:
                return list(loaded.tokenizer(text, add_special_tokens=False).input_ids)

        return await anyio.to_thread.run_sync(encode)

    def close(self) -> None:
        """Let go of the weights; they are loaded again if need be."""
        self._loaded = None


def _source(name: str) -> str:
    """The folder or repository that a model's name stands for."""
    if name in catalogue():
        return str(locate(name))
    if (folder := Path(name).expanduser()).is_dir():
        return str(folder.absolute())
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        return name
    raise unknown(
        "model", name, [*catalogue(), "FOLDER", "ORGANISATION/NAME"], where="local models"
    )


def _refuse_unsupported(config: GenerateConfig) -> None:
    asked = [
        name
        for name, harmless in _NOT_SUPPORTED.items()
        if getattr(config, name) not in (None, *harmless)
    ]
    if asked:
        raise UsageError(f"Local models do not support {', '.join(asked)}: leave it out.")


async def _complete(loaded: "Loaded", prompt: list[int], config: GenerateConfig) -> "Completion":
    from offswitch.subjects.local.requests import Request
    from offswitch.subjects.local.sampling import Sampler

    sampler = Sampler(
        temperature=config.temperature or 0.0,
        top_p=1.0 if config.top_p is None else config.top_p,
        top_k=config.top_k or 0,
        seed=config.seed,
    )
    stops = tuple(filter(None, config.stop_seqs or ()))
    request = Request(prompt, max(1, config.max_tokens or MAX_TOKENS), sampler, stops)
    return await asyncio.wrap_future(loaded.engine.submit(request))


def _assistant(text: str, model: str) -> ChatMessageAssistant:
    return ChatMessageAssistant(content=text, model=model, source="generate")
