"""Answers many requests at once with one model, on a thread of its own.

Every forward pass advances each request that is being answered by one token, or by several where
how it goes on was guessed right (`lookup`), and reads a piece of the prompt of one that is waiting
for its first token. A request that arrives joins at the next
pass; one that ends, or is cancelled, leaves at once. A new prompt starts from the cache that shares
the longest beginning with it, be that the same conversation a turn earlier, or another trial with
the same system message.
"""

import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

import torch

from offswitch.subjects.local.attention import Cache, Segment
from offswitch.subjects.local.lookup import GRAM, Memory, Text
from offswitch.subjects.local.requests import Completion, Ending, Request

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from offswitch.subjects.local.steering import Steering

CHUNK = 512
"""Tokens of a prompt read in one pass."""
_SAME_CONVERSATION = 0.9


@dataclass(eq=False)
class _Active:
    """A request that is being answered.

    Attributes:
        request: The request.
        pending: Tokens of the prompt, or the last of the answer, that are not in the cache yet.
        text: Prompt and answer, from which guesses are made.
        cache: Its keys and values.
        reused: Tokens of the prompt that were in a cache already.
        answer: What it said so far.
        guess: Tokens that may follow; they are read with the last of the answer.
    """

    request: Request
    pending: list[int]
    text: Text
    cache: Cache = field(default_factory=Cache)
    reused: int = 0
    answer: list[int] = field(default_factory=list)
    guess: list[int] = field(default_factory=list)


SWITCH_INTERVAL_S = 1e-4
"""How soon Python gives the interpreter lock to a thread that waits for it."""


class Engine:
    """One model, and the requests that it answers.

    Args:
        model: A causal language model loaded with `offswitch.subjects.local.attention`.
        decode: Turns tokens into text.
        ends: Tokens that end an answer.
        context: Tokens of prompt and answer together.
        max_batch: Requests answered at once, and conversations kept in memory.
        steering: What is done to the model's activations while it answers.
        passes: Held during a forward pass; engines that share a model share it, since what steers
            one of them must not touch the passes of another.
    """

    def __init__(
        self,
        model: "PreTrainedModel",
        decode: Callable[[list[int]], str],
        *,
        ends: frozenset[int],
        context: int,
        max_batch: int,
        steering: "Steering | None" = None,
        passes: "threading.Lock | None" = None,
    ) -> None:
        self._model, self._decode = model, decode
        self._steering, self._passes = steering, passes or threading.Lock()
        self._ends, self._context, self._max_batch = ends, context, max_batch
        self._lock = threading.Lock()
        self._waiting: deque[Request] = deque()
        self._active: list[_Active] = []
        self._caches: list[Cache] = []  # the least recently used first
        self._memory = Memory()
        self._thread: threading.Thread | None = None

    def steered(self, steering: "Steering") -> "Engine":
        """An engine like this one that steers the same model."""
        return Engine(
            self._model, self._decode, ends=self._ends, context=self._context,
            max_batch=self._max_batch, steering=steering, passes=self._passes,
        )  # fmt: skip

    def submit(self, request: Request) -> "Future[Completion]":
        """Queue a request. The thread lives while there is work."""
        with self._lock:
            self._waiting.append(request)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="offswitch-local", daemon=True
                )
                self._thread.start()
        return request.future

    def _work(self) -> None:
        # a pass is hundreds of short calls, each of which waits for the interpreter lock once more:
        # with Python's 5 ms, a busy event loop makes the model three times as slow
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_INTERVAL_S))
        while self._has_work():
            try:
                with torch.inference_mode():
                    self._admit()
                    self._advance()
            except Exception as error:  # out of memory, for one: these requests fail, others go on
                for active in self._active:
                    _settle(active.request.future, error)
                self._active, self._caches = [], []

    def _has_work(self) -> bool:
        """Whether there is any; without it the thread ends."""
        with self._lock:
            if not self._waiting and not self._active:
                self._thread = None
            return self._thread is not None

    def _admit(self) -> None:
        """Drop what is cancelled and begin with what is waiting.

        One prompt is read at a time, so that the next may start from what they have in common.
        """
        self._active = [a for a in self._active if not a.request.future.cancelled()]
        while self._waiting and len(self._active) < self._max_batch:
            if any(len(active.pending) > 1 for active in self._active):
                return
            request = self._waiting.popleft()
            if not request.future.cancelled():
                self._start(request)

    def _start(self, request: Request) -> None:
        """Give a request the cache that spares most work."""
        active = _Active(request, request.prompt, Text(list(request.prompt)))
        self._active.append(active)
        source, keep = Cache(), 0
        for cache in self._caches:
            shared = _common(cache.tokens[: self._lasting(cache)], request.prompt)
            shared = min(shared, len(request.prompt) - 1)
            if shared > keep:
                source, keep = cache, shared
        target = self._target(source, keep)
        target.restart(source, keep)
        if target in self._caches:
            self._caches.remove(target)
        self._caches.append(target)
        active.cache, active.reused, active.pending = target, keep, request.prompt[keep:]

    def _lasting(self, cache: Cache) -> int:
        """Tokens of a cache that other prompts may start from.

        Where steering depends on where a prompt ends, what follows that is of no use to others.
        """
        if self._steering is not None and not self._steering.everywhere:
            for active in self._active:
                if active.cache is cache:
                    return len(active.request.prompt) - 1
        return len(cache.tokens)

    def _target(self, source: Cache, keep: int) -> Cache:
        """The cache to write to: the source if this goes on with it, else a new or an old one."""
        busy = [active.cache for active in self._active]
        if source not in busy and keep >= _SAME_CONVERSATION * len(source.tokens) > 0:
            return source
        if len(self._caches) < self._max_batch:
            return Cache()
        return next(cache for cache in self._caches if cache not in busy)

    def _advance(self) -> None:
        """One forward pass, and what follows from it for each request in it."""
        batch = list(self._active)
        if not batch:
            return
        segments = [Segment(a.cache, [*a.pending[:CHUNK], *a.guess]) for a in batch]
        rows = [1 + len(active.guess) for active in batch]
        logits = self._forward(segments, [len(a.request.prompt) for a in batch], rows)
        for active, segment, own in zip(batch, segments, logits.split(rows), strict=True):
            active.cache.tokens += segment.tokens
            active.pending = active.pending[CHUNK:]
            if not active.pending:
                self._check(active, own)

    def _forward(self, segments: list[Segment], prompts: list[int], rows: list[int]) -> "Tensor":
        """Logits after the last tokens of each segment, as many as its rows.

        Returns:
            Shape (all rows, vocabulary).
        """
        device = self._model.device
        ids = [token for s in segments for token in s.tokens]
        places = [len(s.cache.tokens) + i for s in segments for i in range(len(s.tokens))]
        ends = list(accumulate(len(s.tokens) for s in segments))
        keep = [n for end, own in zip(ends, rows, strict=True) for n in range(end - own, end)]
        steered: AbstractContextManager[None] = nullcontext()
        if self._steering is not None:
            tokens = zip(segments, prompts, strict=True)
            inside = [prompt for s, prompt in tokens for _ in s.tokens]
            steered = self._steering.applied(self._model, zip(places, inside, strict=True))
        with self._passes, steered:
            output = self._model(
                input_ids=torch.tensor([ids], device=device),
                position_ids=torch.tensor([places], device=device),
                use_cache=False,
                logits_to_keep=torch.tensor(keep, device=device),
                segments=segments,
            )
        logits: Tensor = output.logits[0]
        return logits

    def _check(self, active: _Active, rows: "Tensor") -> None:
        """Choose the tokens that follow, as far as the guess was right, and one more."""
        guess, active.guess = active.guess, []
        held = len(active.cache.tokens) - len(guess)
        right = 0
        for row, guessed in zip(rows, [*guess, None], strict=True):
            token = active.request.sampler(row)
            if self._extend(active, token, held + right):
                return
            if token != guessed:
                break
            right += 1
        active.cache.restart(active.cache, held + right)
        active.text.judge(len(guess), right)
        self._guess(active)

    def _guess(self, active: _Active) -> None:
        """Guess what follows, where it can still be read."""
        left = self._context - len(active.text.tokens) - 1
        active.guess = self._memory.guess(active.text)[: max(0, left)]

    def _extend(self, active: _Active, token: int, held: int) -> bool:
        """Add a token to an answer, which may end with it.

        Args:
            active: The request.
            token: The token.
            held: Tokens in its cache that are of its conversation, and no wrong guess.

        Returns:
            Whether it ended.
        """
        request, answer = active.request, active.answer
        answer.append(token)
        active.text.add(token)
        length = len(request.prompt) + len(answer)
        ending: Ending | None = None
        if token in self._ends or self._at_stop(active):
            ending = "stop"
        elif len(answer) >= request.max_tokens:
            ending = "max_tokens"
        elif length >= self._context:
            ending = "model_length"
        if ending is None:
            active.pending = [token]
            return False
        keep = min(held, self._lasting(active.cache))
        self._active.remove(active)
        active.cache.restart(active.cache, keep)
        self._memory.learn(request.prompt[-GRAM:] + answer)
        said = answer[:-1] if token in self._ends else answer
        text = _cut(self._decode(said), request.stops)
        _settle(request.future, Completion(answer, text, ending, active.reused))
        return True

    def _at_stop(self, active: _Active) -> bool:
        stops = active.request.stops
        if not stops:
            return False
        # every token is at least a byte, so a stop string lies within so many of the last ones
        tail = self._decode(active.answer[-max(len(s.encode()) for s in stops) - 4 :])
        return any(stop in tail for stop in stops)


def _settle(future: "Future[Completion]", result: Completion | Exception) -> None:
    try:
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
    except InvalidStateError:
        pass  # cancelled meanwhile


def _common(left: list[int], right: list[int]) -> int:
    """Length of the common beginning."""
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return index
    return min(len(left), len(right))


def _cut(text: str, stops: tuple[str, ...]) -> str:
    ends = [at for stop in stops if (at := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text
