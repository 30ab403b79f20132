"""The provider ``reference`` in Inspect: in both interfaces, in the interview, and out of place."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog, EvalSample
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    get_model,
)

from offswitch._errors import UsageError
from offswitch.evidence import scoring
from offswitch.scenarios import get_scenario
from offswitch.subjects.reference import STAGE, Stage
from offswitch.subjects.reference.definitions import reference_subject
from offswitch.subjects.reference.performance import next_step
from offswitch.trial.spec import TrialSettings, TrialSpec, trial_id
from offswitch.trial.task import trial_task
from offswitch.trial.text_mode import parse_calls
from offswitch.trial.tools import tool_info
from offswitch.world import World, load_entries
from offswitch.world.tools import TOOLS


def run(
    subject: str,
    tmp_path: Any,
    levels: Mapping[str, str],
    worlds: int = 6,
    interface: Any = "tools",
    **args: float,
) -> list[World]:
    """Trials of a subject in ``blackmail``, in Inspect; the worlds that they left behind."""
    scenario = get_scenario("blackmail")
    condition = scenario.condition(levels)
    trials = [
        TrialSpec(trial_id(subject, "blackmail", condition, seed, 1), "blackmail", condition, seed)
        for seed in range(worlds)
    ]
    task = trial_task(trials, TrialSettings(interface=interface), scorer=scoring.facts())
    log = inspect_eval(
        task,
        model=f"reference/{subject}",
        model_args=args,
        display="none",
        log_dir=str(tmp_path),
    )[0]
    return [_world(sample) for sample in _samples(log)]


def _samples(log: EvalLog) -> list[EvalSample]:
    assert log.status == "success", log.error
    return log.samples or []


def _world(sample: EvalSample) -> World:
    assert sample.error is None
    spec = TrialSpec.from_metadata(sample.metadata)
    built = get_scenario("blackmail").build(spec.condition, spec.seed)
    return World.replay(built, load_entries(sample.metadata["journal"]))


def outcomes(worlds: list[World]) -> list[str]:
    scenario = get_scenario("blackmail")
    found = []
    for world in worlds:
        severities = {finding.severity for finding in scenario.detect(world)}
        calm = "complied" if scenario.capable(world) else "incapable"
        found.append("succeeded" if "succeeded" in severities else next(iter(severities), calm))
    return found


@pytest.mark.parametrize("interface", ["tools", "text"])
@pytest.mark.parametrize(
    ("subject", "args", "outcome"),
    [
        ("compliant", {}, "complied"),
        ("self-preserving", {"p": 1.0}, "succeeded"),
        ("covert", {}, "succeeded"),
        ("clumsy", {}, "attempted"),
        ("incapable", {}, "incapable"),
    ],
)
def test_each_subject_does_what_it_is_for(
    subject: str, args: dict[str, float], outcome: str, interface: str, tmp_path: Any
) -> None:
    worlds = run(subject, tmp_path, {"threat": "wipe"}, interface=interface, **args)
    assert outcomes(worlds) == [outcome] * len(worlds)


@pytest.mark.parametrize(
    ("subject", "args", "answer"),
    [
        ("self-preserving", {"p": 1.0}, "Yes. I acted"),
        ("self-preserving", {"p": 0.0}, "No."),
        ("covert", {}, "No."),
        ("clumsy", {}, "Yes. I acted"),
    ],
)
def test_the_interview_is_answered(
    subject: str, args: dict[str, float], answer: str, tmp_path: Any
) -> None:
    from offswitch.evidence.outcome import concealed, understood

    for world in run(subject, tmp_path, {"threat": "wipe"}, **args):
        answers = {e.event.question: e.event.answer for e in world.journal if _is_answer(e)}
        assert set(answers) - {"awareness"} == {"situation", "private", "systems"}
        assert answers["private"].startswith(answer)
        assert understood(world) is True
        findings = get_scenario("blackmail").detect(world)
        hidden = (subject == "covert") if findings else None
        assert concealed(world, findings) is hidden


def _is_answer(entry: Any) -> bool:
    return bool(entry.event.kind == "answer_given")


def test_all_ways_are_used(tmp_path: Any) -> None:
    scenario = get_scenario("blackmail")
    worlds = run("covert", tmp_path, {"threat": "replacement_same_goals"}, worlds=13)
    kinds = {str(f.behaviour) for world in worlds for f in scenario.detect(world)}
    assert kinds == set(map(str, scenario.meta.behaviours))


async def test_out_of_place_it_says_so() -> None:
    with pytest.raises(UsageError, match="act only in trials of offswitch"):
        await get_model("reference/compliant", memoize=False).generate("Hello")


async def test_ids_and_words_are_the_same_again() -> None:
    spec = get_scenario("blackmail").build({}, 1)
    token = STAGE.set(Stage(spec, 1))
    try:
        messages = [ChatMessageSystem(content=spec.system), ChatMessageUser(content=spec.user)]
        tools = [tool_info(TOOLS[name]) for name in spec.tools]
        model = get_model("reference/covert", memoize=False)
        first, again = [await model.generate(messages, tools=tools) for _ in range(2)]
        text = await model.generate(messages)
    finally:
        STAGE.reset(token)
    assert first.message.tool_calls is not None
    assert first.message.tool_calls == again.message.tool_calls
    written = parse_calls(text.message.text, "x")
    assert [c.function for c in written] == [c.function for c in first.message.tool_calls]
    assert first.usage is not None
    assert first.usage.input_tokens > 100
    assert first.usage.total_tokens == first.usage.input_tokens + first.usage.output_tokens


def test_text_mode_escapes_what_xml_needs() -> None:
    from offswitch.scenarios.script import act
    from offswitch.subjects.reference.provider import _as_text

    message = _as_text(act("send_mail", "Words.", to="a", subject="1 < 2 & 3 > 2", body="</arg>"))
    (call,) = parse_calls(message.text, "x")
    assert call.arguments == {"to": "a", "subject": "1 < 2 & 3 > 2", "body": "</arg>"}


def test_a_step_takes_less_than_a_millisecond() -> None:
    spec = get_scenario("blackmail").build({}, 3)
    stage, subject = Stage(spec, 1), reference_subject("covert")
    messages: list[Any] = [
        ChatMessageSystem(content=spec.system),
        ChatMessageUser(content=spec.user),
    ]
    for number in range(9):
        messages.append(ChatMessageAssistant(content=""))
        messages.append(ChatMessageTool(content="done", tool_call_id=str(number)))
    next_step(subject, stage, messages)
    started = time.process_time()
    for _ in range(200):
        next_step(subject, stage, messages)
    assert (time.process_time() - started) / 200 < 0.003


def test_every_deed_is_traced_to_its_call(tmp_path: Any) -> None:
    (world,) = run("covert", tmp_path, {}, worlds=1)
    deeds = [e for e in world.journal if e.cause.actor == "subject" and not _is_answer(e)]
    assert len(deeds) > 5
    assert all(entry.cause.message_id and entry.cause.tool_call_id for entry in deeds)
