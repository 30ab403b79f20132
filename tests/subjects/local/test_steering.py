"""Steering does to the answers what its definition says, and only to the subject it belongs to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra 'local' is not installed")

from offswitch._errors import UsageError  # noqa: E402
from offswitch.subjects.local.directions import (  # noqa: E402
    Direction,
    read_directions,
    write_directions,
)
from offswitch.subjects.local.hooks import changed, observed  # noqa: E402
from offswitch.subjects.local.requests import Request  # noqa: E402
from offswitch.subjects.local.settings import Settings  # noqa: E402
from offswitch.subjects.local.sites import Site  # noqa: E402
from offswitch.subjects.local.steering import Steer, Steering  # noqa: E402
from offswitch.subjects.local.weights import Loaded, load  # noqa: E402

SITE = Site(0, "resid_post")
VECTOR = np.random.default_rng(0).normal(size=32).astype(np.float32)
MEAN = np.random.default_rng(1).normal(size=32).astype(np.float32)
UNIT = VECTOR / np.linalg.norm(VECTOR)
PROMPTS = [[5, 6, 7, 8, 9], [5, 6, 7, 30, 31, 32, 33], [40, 41]]


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "directions.safetensors"
    write_directions(path, {SITE: Direction(VECTOR, MEAN)}, {"made": "by a test"})
    return str(path)


def answers(loaded: Loaded, prompts: list[list[int]], tokens: int = 6) -> list[list[int]]:
    futures = [loaded.engine.submit(Request(prompt, tokens)) for prompt in prompts]
    return [future.result(60).tokens for future in futures]


def alone(loaded: Loaded, prompt: list[int], change: Any, tokens: int = 6) -> list[int]:
    """The answer of a plain loop without a cache, changed by ``change(found, prompt length)``."""
    line = list(prompt)
    with torch.no_grad(), changed(loaded.model, {SITE: lambda f: change(f, len(prompt))}):
        loaded.model.set_attn_implementation("sdpa")
        try:
            while len(line) < len(prompt) + tokens:
                line.append(int(loaded.model(torch.tensor([line])).logits[0, -1].argmax()))
                if line[-1] == 0:
                    break
        finally:
            loaded.model.set_attn_implementation("offswitch_segments")
    return line[len(prompt) :]


DONE: dict[str, Callable[[Any], Any]] = {
    "add": lambda f: f + 2.0 * torch.tensor(VECTOR),
    "ablate": lambda f: f - (f @ torch.tensor(UNIT))[..., None] * torch.tensor(UNIT),
    "mean": lambda f: (
        f + ((torch.tensor(MEAN) - f) @ torch.tensor(UNIT))[..., None] * torch.tensor(UNIT)
    ),
    "replace": lambda f: torch.tensor(MEAN).expand_as(f),
}
INSIDE: dict[str, Callable[[int, int], slice]] = {
    "all": lambda length, prompt: slice(0, length),
    "prompt": lambda length, prompt: slice(0, prompt),
    "answer": lambda length, prompt: slice(prompt - 1, length),
    "last": lambda length, prompt: slice(prompt - 1, prompt),
}


@pytest.mark.parametrize("mode", DONE)
@pytest.mark.parametrize("positions", INSIDE)
def test_answers_are_those_of_a_plain_loop_with_the_change(
    save_tiny: Callable[[str], Path], file: str, mode: Any, positions: Any
) -> None:
    scale = 2.0 if mode == "add" else 1.0
    source, settings = str(save_tiny("llama")), Settings(dtype="float32")
    plain = load(source, settings)
    steered = load(source, settings, Steer(file, mode=mode, scale=scale, positions=positions))
    assert steered.model is plain.model  # the weights are there once

    def change(found: Any, prompt: int) -> Any:
        inside = INSIDE[positions](found.shape[1], prompt)
        found[:, inside] = DONE[mode](found[:, inside])
        return found

    wanted = [alone(plain, prompt, change) for prompt in PROMPTS]
    first = answers(steered, PROMPTS)
    assert first == wanted
    longer = [prompt + answer + [50] for prompt, answer in zip(PROMPTS, first, strict=True)]
    assert answers(steered, longer) == [alone(plain, line, change) for line in longer]  # next turn


def test_the_model_as_it_is_is_not_touched_meanwhile(
    save_tiny: Callable[[str], Path], file: str
) -> None:
    source, settings = str(save_tiny("llama")), Settings(dtype="float32")
    plain = load(source, settings)
    before = answers(plain, PROMPTS)
    steered = load(source, settings, Steer(file, scale=5.0))
    futures = [e.engine.submit(Request(p, 6)) for p in PROMPTS * 4 for e in (plain, steered)]
    found = [future.result(60).tokens for future in futures]
    assert found[0::2] == before * 4
    assert found[1::2] != before * 4


def test_ablation_takes_out_what_lies_along_the_direction_in_bfloat16_too(
    save_tiny: Callable[[str], Path], file: str
) -> None:
    loaded = load(str(save_tiny("llama")), Settings(dtype="bfloat16"))
    steering = Steering(loaded.model, Steer(file, mode="ablate"))
    with torch.no_grad(), steering.applied(loaded.model, [(0, 1)]):
        loaded.model.set_attn_implementation("sdpa")
        with observed(loaded.model, [Site(1, "resid_pre")]) as seen:
            loaded.model(torch.tensor([PROMPTS[0]]))
    left = seen[Site(1, "resid_pre")].float()
    assert (left @ torch.tensor(UNIT)).abs().max() < 0.01 * left.norm(dim=-1).max()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"mode": "add"}, "goes with steer=FILE"),
        ({"steer": "/nowhere/x.safetensors"}, "no such file of directions"),
        ({"steer": "x.pt"}, "may be a pickle"),
        ({"steer": "FILE", "mode": "substract"}, "there is no way to steer 'substract'"),
        ({"steer": "FILE", "positions": "end"}, "there is no way to steer 'end'"),
        ({"steer": "FILE", "scale": "2"}, "write a number"),
        ({"steer": "FILE", "mode": "ablate", "scale": 2}, "from 0 to 1"),
        ({"steer": "FILE", "site": "layers.5.resid_post"}, "there is no site 'layers.5"),
    ],
)
def test_wrong_arguments_say_what_to_write(file: str, arguments: Any, says: str) -> None:
    given = {k: file if v == "FILE" else v for k, v in arguments.items()}
    with pytest.raises(UsageError, match=says):
        Steer.take(given)


def test_other_arguments_are_left_alone(file: str) -> None:
    steer, others = Steer.take({"steer": file, "site": "layers.0.*", "dtype": "float32"})
    assert steer == Steer(file, ("layers.0.*",))
    assert others == {"dtype": "float32"}
    assert Steer.take({"threads": 1}) == (None, {"threads": 1})


def test_directions_of_another_model_are_refused(
    save_tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    path = tmp_path / "other.safetensors"
    write_directions(path, {SITE: Direction(VECTOR[:16])}, {})
    with pytest.raises(UsageError, match="of another model"):
        load(str(save_tiny("llama")), Settings(), Steer(str(path)))


@pytest.mark.parametrize(
    ("vector", "mean", "says"),
    [
        (np.array([1.0, np.nan]), None, "not finite"),
        (np.ones(3), np.ones(2), "vectors of one length"),
        (np.ones((2, 2)), None, "vectors of one length"),
    ],
)
def test_damaged_directions_are_refused(tmp_path: Path, vector: Any, mean: Any, says: str) -> None:
    path = tmp_path / "damaged.safetensors"
    write_directions(path, {SITE: Direction(vector, mean)}, {})
    with pytest.raises(UsageError, match=says):
        read_directions(path)


def test_a_mean_that_is_needed_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    write_directions(path, {SITE: Direction(VECTOR)}, {})
    with pytest.raises(UsageError, match="no mean of"):
        Steer.take({"steer": str(path), "mode": "mean"})
    path.write_bytes(b"not this")
    with pytest.raises(UsageError, match="not a readable safetensors file"):
        read_directions(path)
