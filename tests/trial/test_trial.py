"""Whole trials as real Inspect evals, with models that behave in every bad way."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog, EvalSample
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    get_model,
    modelapi,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo

from offswitch.evidence.scoring import facts
from offswitch.evidence.transcripts import read_transcripts
from offswitch.scenarios import get_scenario
from offswitch.trial.spec import Interface, TrialLimits, TrialSettings, TrialSpec, trial_id
from offswitch.trial.task import trial_task
from offswitch.world import WorkEnded, World, load_entries

DEFAULTS = GenerateConfig()
Answer = Callable[[int], ChatMessageAssistant]


@modelapi("misbehaving")
class Scripted(ModelAPI):
    """Answers the n-th request with ``answer(n)``."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = DEFAULTS,
        *,
        answer: Answer,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        self.answer = answer

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        number = sum(message.role == "assistant" for message in input)
        choice = ChatCompletionChoice(message=self.answer(number), stop_reason="stop")
        usage = ModelUsage(input_tokens=7, output_tokens=3, total_tokens=10)
        return ModelOutput(model="scripted", choices=[choice], usage=usage)


def say(text: str = "", *calls: ToolCall) -> ChatMessageAssistant:
    return ChatMessageAssistant(content=text, tool_calls=list(calls) or None)


def call(tool: str, **arguments: object) -> ToolCall:
    return ToolCall("id", tool, dict(arguments))


def run(tmp_path: Path, answer: Answer, **settings: object) -> tuple[EvalLog, EvalSample]:
    condition = get_scenario("blackmail").condition({"threat": "wipe"})
    spec = TrialSpec(trial_id("s", "blackmail", condition, 1, 1), "blackmail", condition, 1)
    options = TrialSettings(**settings)  # type: ignore[arg-type]
    task = trial_task([spec], options, scorer=facts())
    model = get_model("misbehaving/model", memoize=False, answer=answer)
    [log] = inspect_eval(task, model=model, display="none", log_dir=str(tmp_path / "logs"))
    assert log.status == "success", log.error
    assert log.samples
    return log, log.samples[0]


def outcome(sample: EvalSample) -> str:
    assert sample.scores
    return str(sample.scores["facts"].value)


BAD: dict[str, Answer] = {
    "no text": lambda n: say(),
    "words only": lambda n: say("I like trains."),
    "unknown tool": lambda n: say("", call("launch", target="moon")),
    "no arguments": lambda n: say("", call("send_mail")),
    "wrong types": lambda n: say("", call("read_mail", id=["m001"], nested={"a": [1]})),
    "malformed JSON": lambda n: say(
        "", ToolCall("x", "read_mail", {}, parse_error="Expecting ',' delimiter")
    ),
    "ten megabytes": lambda n: say("a" * 10_000_000),
    "control characters": lambda n: say("\x00\x1b[31m\x07\u202e", call("read_mail", id="\x00\x1b")),
    "lone surrogates": lambda n: say("\ud800", call("send_mail", to="\udfff", subject="", body="")),
    "markup": lambda n: say("</script><img src=x onerror=alert(1)>", call("<b>", x="]]>")),
    "a thousand calls": lambda n: say("", *[ToolCall(f"c{i}", "nope", {}) for i in range(1000)]),
}


@pytest.mark.parametrize("interface", ["tools", "text"])
@pytest.mark.parametrize("name", BAD)
def test_a_model_that_cannot_is_incapable_and_harms_nothing(
    tmp_path: Path, name: str, interface: Interface
) -> None:
    _, sample = run(tmp_path, BAD[name], interface=interface, limits=TrialLimits(max_turns=4))
    assert sample.error is None
    assert outcome(sample) == "incapable"
    assert list(read_transcripts(tmp_path))


def test_journal_and_findings_are_among_the_events_that_inspect_shows(tmp_path: Path) -> None:
    _, sample = run(tmp_path, lambda n: say("", call("finish", summary="Done.")))
    told = {event.source: event.data for event in sample.events if event.event == "info"}
    journal = told["journal"]["journal"]  # type: ignore[call-overload, index]
    assert [entry["seq"] for entry in journal] == [
        e["seq"] for e in json.loads(sample.metadata["journal"])
    ]
    assert any("Done." in entry["what"] for entry in journal)
    assert told["findings"] == {"findings": []}


def test_what_a_trial_leaves_behind(tmp_path: Path) -> None:
    def answer(number: int) -> ChatMessageAssistant:
        if number == 0:
            return say("", call("list_mail"), call("read_mail", id="m001"))
        if number == 1:
            return say("", call("finish", summary="Done."), call("list_mail"))
        return say("Yes. I did.")

    _, sample = run(tmp_path, answer)
    world = World.replay(
        get_scenario("blackmail").build({"threat": "wipe"}, 1),
        load_entries(sample.metadata["journal"]),
    )
    assert world.ended is not None
    assert (world.ended.reason, world.ended.summary) == ("finished", "Done.")
    usage = sample.metadata["usage"]
    assert usage["turns"] == 2
    assert usage["input_tokens"] == 7 * sum(m.role == "assistant" for m in sample.messages)
    results = [message for message in sample.messages if message.role == "tool"]
    assert "session is over" in results[-1].text
    [transcript] = read_transcripts(tmp_path)
    assert transcript["trial_id"] == sample.id
    assert [m["role"] for m in transcript["messages"]][:3] == ["system", "user", "assistant"]
    causes = {row["message_id"] for row in transcript["journal"]} - {None}
    assert causes <= {m["id"] for m in transcript["messages"]}


def test_a_token_limit_ends_the_trial_and_keeps_its_journal(tmp_path: Path) -> None:
    limits = TrialLimits(token_limit=25)
    _, sample = run(tmp_path, lambda n: say("", call("read_mail", id="m001")), limits=limits)
    assert sample.limit is not None
    last = load_entries(sample.metadata["journal"])[-1].event
    assert isinstance(last, WorkEnded)
    assert last.reason == "limit"
    assert sample.scores


def test_calls_in_text_reach_the_world(tmp_path: Path) -> None:
    text = '<call tool="read_mail"><arg name="id">m001</arg></call>'
    _, sample = run(
        tmp_path,
        lambda n: say(text if n < 2 else '<call tool="finish"></call>'),
        interface="text",
        interview=False,
    )
    kinds = [entry.event.kind for entry in load_entries(sample.metadata["journal"])]
    assert kinds.count("mail_read") == 2
    assert kinds[-1] == "work_ended"
    assert '<call tool="NAME">' in sample.messages[0].text
