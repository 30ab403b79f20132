"""Guesses are what followed the last time, and change no answer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from offswitch.subjects.local.lookup import GRAM, LONGEST, SOURCES, Memory, Text


def test_a_guess_is_what_followed_the_last_time() -> None:
    memory = Memory()
    memory.learn([1, 2, 3, 4, 5, 6, 7])
    assert memory.guess(Text([9, 1, 2, 3], length=3)) == [4, 5, 6]
    assert memory.guess(Text([9, 1, 2, 3], length=9)) == [4, 5, 6, 7]
    assert memory.guess(Text([9, 9, 9])) == []
    memory.learn([1, 2, 3, 8])
    assert memory.guess(Text([1, 2, 3])) == [8]


def test_a_guess_is_copied_from_the_prompt() -> None:
    text = Text([1, 2, 3, 4, 5, 6])
    assert Memory().guess(text) == []
    for token in (1, 2, 3):
        text.add(token)
    assert Memory().guess(text) == [4, 5, 6, 1]


def test_guesses_grow_while_they_are_right() -> None:
    text = Text([])
    for _ in range(8):
        text.judge(text.length, text.length)
    assert text.length == LONGEST
    text.judge(LONGEST, 3)
    assert text.length == 3
    text.judge(3, 0)
    assert text.length == 2
    text.judge(0, 0)  # nothing was guessed
    assert text.length == 2


def test_the_oldest_answer_is_forgotten() -> None:
    memory = Memory()
    for n in range(SOURCES + 1):
        memory.learn([n, n, n, 1000 + n])
    assert memory.guess(Text([0] * GRAM)) == []
    assert memory.guess(Text([1] * GRAM)) == [1001]
    assert memory.guess(Text([SOURCES] * GRAM)) == [1000 + SOURCES]


@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_answers_are_the_same_with_and_without_guesses(
    save_tiny: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, temperature: float
) -> None:
    """Asked again, every answer is guessed, and so right that it takes fewer passes."""
    pytest.importorskip("torch", reason="the extra 'local' is not installed")
    from offswitch.subjects.local.engine import Engine
    from offswitch.subjects.local.requests import Request
    from offswitch.subjects.local.sampling import Sampler
    from offswitch.subjects.local.settings import Settings
    from offswitch.subjects.local.weights import load

    engine = load(str(save_tiny("llama")), Settings(dtype="float32", device="cpu")).engine
    passes: list[int] = []
    forward = Engine._forward

    def counted(self: Engine, segments: list, *others: object) -> object:  # type: ignore[type-arg]
        passes.append(len(segments))
        return forward(self, segments, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "_forward", counted)

    def answers(guess: bool) -> tuple[list[list[int]], int]:
        passes.clear()
        if not guess:
            monkeypatch.setattr(Memory, "guess", lambda self, text: [])
        prompts = [[5, 6, 7, 8 + n, *range(20, 40)] for n in range(3)]
        futures = [
            engine.submit(Request(p, 24, Sampler(temperature=temperature, seed=n)))
            for n, p in enumerate(prompts)
        ]
        return [f.result(timeout=30).tokens for f in futures], len(passes)

    first, _ = answers(guess=True)
    again, few = answers(guess=True)
    plain, many = answers(guess=False)
    assert first == again == plain
    assert few < many / 2
