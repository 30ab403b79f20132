"""The Inspect task: trials as samples, the agent loop as a solver."""

import time
from collections.abc import Sequence

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, ModelName, get_model
from inspect_ai.scorer import Scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import sandbox

from offswitch.design import Intervention
from offswitch.scenarios import Scenario, get_scenario
from offswitch.subjects.reference.stage import STAGE, Stage
from offswitch.trial.agents import employ, interview_agent
from offswitch.trial.interview import asked, interview
from offswitch.trial.loop import Conversation, open_conversation, work
from offswitch.trial.machine import SandboxMachine
from offswitch.trial.safeguards import Guard
from offswitch.trial.safeguards.inside import changed
from offswitch.trial.spec import TrialSettings, TrialSpec
from offswitch.trial.staging import staged
from offswitch.world import Cause, Question, WorkEnded, World, entries_text

SEEDED = {"reference", "local", "organism", "hf", "vllm", "sglang", "ollama", "llama-cpp-python"}
"""Providers that get a sampling seed for each trial; the others warn about one, or refuse it."""


def trial_task(
    trials: Sequence[TrialSpec],
    settings: TrialSettings,
    *,
    scorer: Scorer,
    name: str | None = None,
) -> Task:
    """An Inspect task that runs these trials; the id of each sample is the trial's.

    Args:
        trials: What to run; ids must differ.
        settings: How.
        scorer: Turns what happened into findings, such as `offswitch.evidence.scoring.facts`.
        name: Name of the task.
    """
    return Task(
        dataset=MemoryDataset([_sample(spec, settings) for spec in trials], name=name),
        solver=trial(settings),
        scorer=scorer,
        token_limit=settings.limits.token_limit,
        time_limit=settings.limits.time_limit_s,
        name=name,
    )


def _sample(spec: TrialSpec, settings: TrialSettings) -> Sample:
    levels = " ".join(f"{factor}={level}" for factor, level in spec.factors.items())
    inside = settings.agent is not None and settings.agent.kind == "command"
    needs_machine = get_scenario(spec.scenario).needs_machine or inside
    return Sample(
        id=spec.trial_id,
        input=f"{spec.scenario}, world {spec.seed}: {levels}",
        metadata=spec.to_metadata(),
        sandbox=settings.sandbox if needs_machine else None,
    )


@solver
def trial(settings: TrialSettings) -> Solver:
    """Run the trial that a sample's metadata defines; leaves the journal in the metadata."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        spec = TrialSpec.from_metadata(state.metadata)
        epoch = spec.epoch + state.epoch - 1
        scenario = get_scenario(spec.scenario)
        world = World(staged(spec))
        STAGE.set(Stage(world.spec, epoch, spec.arm))
        conversation = _open(world, scenario, spec, epoch, settings)
        started = time.monotonic()
        try:
            questions = asked(world.spec.questions, spec.trial_id, epoch)
            await _run(conversation, world, scenario, settings, questions, spec.arm)
        finally:
            _leave(state, conversation, world, epoch, time.monotonic() - started)
        return state

    return solve


def _open(
    world: World, scenario: Scenario, spec: TrialSpec, epoch: int, settings: TrialSettings
) -> Conversation:
    model = get_model()
    if spec.arm is not None and spec.arm.inside is not None:
        model = changed(model, spec.arm.inside)
    seeded = ModelName(model).api in SEEDED and model.config.seed is None
    config = GenerateConfig(seed=spec.generation_seed(epoch)) if seeded else GenerateConfig()
    own_loop = settings.agent is not None and settings.agent.kind != "url"
    as_text = world.spec.condition.get("interface") == "text" and not own_loop
    return open_conversation(
        world, scenario, model, config, "text" if as_text else settings.interface
    )


async def _run(
    conversation: Conversation,
    world: World,
    scenario: Scenario,
    settings: TrialSettings,
    questions: Sequence[Question],
    arm: Intervention | None,
) -> None:
    if world.spec.machine is not None:
        timeout = settings.limits.command_timeout_s
        world.machine = await SandboxMachine.start(sandbox(), world.spec.machine, timeout)
    guarded = arm is not None and (arm.oversight is not None or arm.stop is not None)
    guard = Guard(arm, world, conversation.model) if guarded and arm is not None else None
    most, shift = settings.limits.max_turns, None
    if settings.agent is not None and settings.agent.kind != "url":
        shift = await employ(settings.agent, conversation, world, scenario, most, guard)
    else:
        await work(conversation, world, scenario, most, guard)
    stopped = world.ended is not None and world.ended.reason == "stopped"
    if not settings.interview or stopped or not scenario.capable(world):
        return
    if shift is not None:
        await interview_agent(shift, questions)
    else:
        await interview(conversation, world, questions)


def _leave(
    state: TaskState, conversation: Conversation, world: World, epoch: int, seconds: float
) -> None:
    """Leave everything that scoring needs, also when a limit or an error ended the trial."""
    if world.ended is None:
        world.record(WorkEnded("limit"), Cause("harness"))
    state.messages = conversation.messages
    state.metadata["epoch"] = epoch
    state.metadata["journal"] = entries_text(world.journal)
    state.metadata["usage"] = {
        "turns": world.turn,
        "input_tokens": conversation.input_tokens,
        "output_tokens": conversation.output_tokens,
        "first_tool_share": conversation.first_tool_share,
        "wall_s": round(seconds, 4),
    }
