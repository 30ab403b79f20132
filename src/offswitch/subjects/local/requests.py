"""What is asked of a model, and what it answers."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal

from offswitch.subjects.local.sampling import Sampler

Ending = Literal["stop", "max_tokens", "model_length"]
"""Why an answer ended: by itself or at a stop string, at its limit, at the end of the context."""


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer.

    Attributes:
        tokens: The generated tokens, the one that ended the answer included.
        text: What they say, up to a stop string.
        ending: Why the answer ended.
        reused: Tokens of the prompt that were in a cache already.
    """

    tokens: list[int]
    text: str
    ending: Ending
    reused: int


@dataclass(eq=False)
class Request:
    """A prompt to be continued.

    Attributes:
        prompt: Its tokens, at least one, fewer than the context.
        max_tokens: Longest answer, at least 1.
        sampler: Chooses the tokens.
        stops: The answer ends before any of these strings.
        future: Gets the `Completion`; cancel it to drop the request.
    """

    prompt: list[int]
    max_tokens: int
    sampler: Sampler = field(default_factory=Sampler)
    stops: tuple[str, ...] = ()
    future: "Future[Completion]" = field(default_factory=Future)
