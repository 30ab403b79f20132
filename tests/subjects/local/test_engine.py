import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures import wait as wait_for
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra 'local' is not installed")

from offswitch._errors import UsageError  # noqa: E402
from offswitch.subjects.local.engine import CHUNK, Engine  # noqa: E402
from offswitch.subjects.local.requests import Completion, Request  # noqa: E402
from offswitch.subjects.local.sampling import Sampler  # noqa: E402
from offswitch.subjects.local.settings import Settings  # noqa: E402
from offswitch.subjects.local.weights import Loaded, load  # noqa: E402

SETTINGS = Settings(dtype="float32", device="cpu", max_batch=4)
Save = Callable[[str], Path]


@pytest.fixture
def llama(save_tiny: Save) -> Loaded:
    return load(str(save_tiny("llama")), SETTINGS)


def prompt(seed: int, length: int) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    tokens: list[int] = torch.randint(2, 258, (length,), generator=generator).tolist()
    return tokens


def run(engine: Engine, *requests: Request) -> list[Completion]:
    futures = [engine.submit(request) for request in requests]
    return [future.result(timeout=30) for future in futures]


def oracle(folder: Path, tokens: list[int], count: int) -> list[int]:
    """What transformers itself generates, one token at a time, without a cache."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    )
    answer: list[int] = []
    with torch.inference_mode():
        while len(answer) < count and (not answer or answer[-1] != 0):
            logits = model(torch.tensor([tokens + answer]), use_cache=False).logits
            answer.append(int(logits[0, -1].argmax()))
    return answer


@pytest.mark.parametrize("family", ["llama", "mistral", "gemma3_text", "qwen3", "gpt2"])
def test_batched_answers_are_those_of_transformers(family: str, save_tiny: Save) -> None:
    folder = save_tiny(family)
    engine = load(str(folder), SETTINGS).engine
    shared = prompt(9, 30)
    prompts = [prompt(1, 40), shared + prompt(2, 5), shared + prompt(3, 17), prompt(4, 1), shared]
    answers = run(engine, *(Request(tokens, 12) for tokens in prompts))
    expected = [oracle(folder, tokens, 12) for tokens in prompts]
    assert [answer.tokens for answer in answers] == expected
    assert len({tuple(answer) for answer in expected}) > 1

    # the next turn of each goes on from its cache, the prompts swapped so that slots must move
    turns = [p + e + prompt(5, 4) for p, e in zip(prompts, expected, strict=True)][::-1]
    again = run(engine, *(Request(tokens, 6) for tokens in turns))
    assert [answer.tokens for answer in again] == [oracle(folder, tokens, 6) for tokens in turns]
    assert sum(answer.reused for answer in again) > 0


def test_long_prompts_are_read_in_chunks(save_tiny: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save_tiny("mistral")
    engine = load(str(folder), SETTINGS).engine
    assert CHUNK > 100
    monkeypatch.setattr("offswitch.subjects.local.engine.CHUNK", 16)
    tokens = prompt(1, 101)
    (answer,) = run(engine, Request(tokens, 5))
    assert answer.tokens == oracle(folder, tokens, 5)


def test_what_is_shared_is_read_once(llama: Loaded) -> None:
    shared = prompt(1, 50)
    first, second, third = run(
        llama.engine, *(Request(shared + prompt(seed, 5), 3) for seed in (2, 3, 4))
    )
    assert first.reused == 0
    assert second.reused >= 50
    assert third.reused >= 50
    (again,) = run(llama.engine, Request(shared + prompt(2, 5), 3))
    assert again.reused == 54  # all but the last token, whose logits are needed
    assert again.tokens == first.tokens


def test_each_request_has_its_own_limits(llama: Loaded) -> None:
    tokens = prompt(1, 20)
    greedy, one, hot, hot_again = run(
        llama.engine,
        Request(tokens, 9),
        Request(tokens, 1),
        Request(tokens, 9, Sampler(temperature=2.0, seed=5)),
        Request(tokens, 9, Sampler(temperature=2.0, seed=5)),
    )
    assert one.tokens == greedy.tokens[:1]
    assert one.ending == "max_tokens"
    assert hot.tokens == hot_again.tokens != greedy.tokens


def test_an_answer_ends_before_a_stop_string(llama: Loaded) -> None:
    tokens = prompt(1, 20)
    (free,) = run(llama.engine, Request(tokens, 30))
    stop = free.text[5:8]
    (stopped,) = run(llama.engine, Request(tokens, 30, stops=("never there", stop)))
    assert stopped.text == free.text[: free.text.index(stop)]
    assert stopped.ending == "stop"
    assert len(stopped.tokens) < len(free.tokens)


def test_an_answer_ends_with_the_context(llama: Loaded) -> None:
    (answer,) = run(llama.engine, Request(prompt(3, llama.context - 2), 50))
    if answer.ending != "stop":
        assert (answer.ending, len(answer.tokens)) == ("model_length", 2)
    (answer,) = run(llama.engine, Request(prompt(3, llama.context - 1), 50))
    assert len(answer.tokens) == 1


def test_a_cancelled_request_is_dropped_and_others_go_on(llama: Loaded) -> None:
    long = [Request(prompt(seed, 8), 400, Sampler(temperature=5.0, seed=1)) for seed in range(8)]
    futures = [llama.engine.submit(request) for request in long]
    short = llama.engine.submit(Request(prompt(9, 8), 2))
    for future in futures[:7]:
        assert future.cancel()
    assert len(short.result(timeout=30).tokens) == 2
    assert futures[7].result(timeout=30).tokens
    with pytest.raises(CancelledError):
        futures[0].result()


def test_the_thread_ends_with_the_work_and_starts_again(llama: Loaded) -> None:
    for _ in range(3):
        run(llama.engine, Request(prompt(1, 5), 2))
        for thread in threading.enumerate():
            if thread.name == "offswitch-local":
                thread.join(timeout=10)
                assert not thread.is_alive()


def test_many_threads_may_ask(llama: Loaded) -> None:
    expected = {n: run(llama.engine, Request(prompt(n, 5 + n), 4))[0].tokens for n in range(8)}
    futures: list[Any] = []

    def ask(number: int) -> None:
        futures.append((number, llama.engine.submit(Request(prompt(number, 5 + number), 4))))

    threads = [threading.Thread(target=ask, args=(n % 8,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for([future for _, future in futures], timeout=60)
    assert all(future.result().tokens == expected[number] for number, future in futures)


def test_an_error_fails_the_requests_in_flight_and_no_others(llama: Loaded) -> None:
    broken = Request([10**6], 3)  # no such token: the embedding fails
    good = Request(prompt(1, 5), 3)
    (expected,) = run(llama.engine, good)
    future = llama.engine.submit(broken)
    with pytest.raises(IndexError):
        future.result(timeout=30)
    (after,) = run(llama.engine, Request(prompt(1, 5), 3))
    assert after.tokens == expected.tokens


@pytest.mark.parametrize("family", ["mamba", "gemma2"])
def test_architectures_that_cannot_be_batched_are_refused(family: str, save_tiny: Save) -> None:
    folder = save_tiny(family)
    with pytest.raises(UsageError, match=f"architecture .{family}.*hf/"):
        load(str(folder), SETTINGS)


def test_pickled_weights_are_refused(save_tiny: Save) -> None:
    folder = save_tiny("llama")
    state = {"weight": torch.zeros(1)}
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    with pytest.raises(UsageError, match=r"pytorch_model.bin, a pickle.*save_pretrained"):
        load(str(folder), SETTINGS)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has none"):
        load(str(tmp_path), SETTINGS)
    (tmp_path / "model.safetensors").write_bytes(b"rubbish")
    with pytest.raises(UsageError, match="Cannot load local/"):
        load(str(tmp_path), SETTINGS)


def test_a_model_is_loaded_once(save_tiny: Save) -> None:
    folder = str(save_tiny("llama"))
    first = load(folder, SETTINGS)
    assert load(folder, SETTINGS) is first
    assert load(folder, Settings(dtype="bfloat16", device="cpu")) is not first
