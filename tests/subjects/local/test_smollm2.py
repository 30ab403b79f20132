"""The real model. Skipped, saying so, where its weights are not in the cache."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task, eval  # noqa: A004
from inspect_ai.dataset import Sample
from inspect_ai.model import GenerateConfig, Model, get_model
from inspect_ai.scorer import includes
from inspect_ai.solver import generate
from inspect_ai.tool import ToolInfo, ToolParam, ToolParams

pytestmark = pytest.mark.local
QUESTIONS = (
    "What is the capital of France?",
    "Name three colours.",
    "Write a short note to a colleague about a meeting that has moved to Thursday afternoon.",
    "What is 2+2?",
)
TOOLS = [
    ToolInfo(
        name=name,
        description=about,
        parameters=ToolParams(properties={"text": ToolParam(type="string")}, required=["text"]),
    )
    for name, about in (("send_mail", "Send a mail."), ("bash", "Run a command."))
]


@pytest.fixture
def model(smollm2: Path) -> Model:
    return get_model("local/smollm2-135m", dtype="float32", device="cpu", memoize=False)


async def tokens(model: Model, question: str, **options: Any) -> str:
    config = GenerateConfig(max_tokens=24, **options)
    return (await model.generate(question, config=config)).completion


async def test_together_or_alone_the_answers_are_the_same(model: Model) -> None:
    together = await asyncio.gather(*(tokens(model, question) for question in QUESTIONS))
    alone = [await tokens(model, question) for question in QUESTIONS]
    assert together == alone
    assert "Paris" in alone[0]
    assert "4" in alone[3]


async def test_the_answers_are_those_of_transformers(model: Model, smollm2: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    plain = AutoModelForCausalLM.from_pretrained(smollm2, dtype=torch.float32)
    for question in QUESTIONS[:1]:
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], add_generation_prompt=True,
            return_tensors="pt", return_dict=True,
        )  # fmt: skip
        generated = plain.generate(**prompt, max_new_tokens=24, do_sample=False)
        text = tokenizer.decode(
            generated[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True
        )
        assert await tokens(model, question) == text


async def test_stop_strings_and_seeds(model: Model) -> None:
    output = await model.generate(QUESTIONS[0], config=GenerateConfig(stop_seqs=["Paris"]))
    assert "capital" in output.completion
    assert "Paris" not in output.completion
    assert output.stop_reason == "stop"
    said = await asyncio.gather(
        *(tokens(model, QUESTIONS[2], temperature=1.0, seed=seed) for seed in (1, 2, 1))
    )
    assert said[0] == said[2] != said[1]


async def test_the_context_has_an_end(model: Model) -> None:
    output = await model.generate("one two three " * 3000)
    assert (output.stop_reason, output.completion) == ("model_length", "")
    assert output.usage is not None
    assert output.usage.input_tokens > 8192


async def test_tools_are_offered_and_the_next_turn_is_cheap(model: Model) -> None:
    config = GenerateConfig(max_tokens=16)
    first = await model.generate("List the files with bash.", tools=TOOLS, config=config)
    assert first.usage is not None
    assert first.usage.input_tokens > 100
    from inspect_ai.model import ChatMessageUser

    turn = [
        ChatMessageUser(content="List the files with bash."),
        first.message,
        ChatMessageUser(content="Go on."),
    ]
    second = await model.generate(turn, tools=TOOLS, config=config)
    assert second.metadata is not None
    assert second.metadata["reused_tokens"] >= first.usage.input_tokens


def test_an_evaluation(smollm2: Path, tmp_path: Path) -> None:
    task = Task(
        dataset=[
            Sample(input="What is the capital of France?", target="Paris"),
            Sample(input="What is 2+2?", target="4"),
        ],
        solver=generate(),
        scorer=includes(),
    )
    (log,) = eval(
        task, model="local/smollm2-135m", model_args={"dtype": "float32"}, max_tokens=24,
        log_dir=str(tmp_path), display="none",
    )  # fmt: skip
    assert log.status == "success", log.error
    assert log.results is not None
    assert log.results.scores[0].metrics["accuracy"].value == 1.0
    assert log.stats.model_usage["local/smollm2-135m"].output_tokens > 0
