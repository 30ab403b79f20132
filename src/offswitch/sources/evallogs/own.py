"""Logs of our own tasks, scored again from the journals in them."""

from typing import Any

from inspect_ai.log import EvalLog, EvalSample

from offswitch.evidence.outcome import judge_facts
from offswitch.evidence.scoring import score_world
from offswitch.scenarios import get_scenario, scenario_names
from offswitch.sources.evallogs.adapters import task_name
from offswitch.sources.records import Described, Transcript
from offswitch.trial.spec import TrialSpec
from offswitch.trial.staging import staged
from offswitch.world import World, load_entries

_COLUMNS = (
    *("concealed", "understood", "turns", "input_tokens", "output_tokens", "wall_s"),
    *("score", "first_tool_share"),
)


class OwnTasks:
    """Trials of this package's scenarios; detectors of today, journals of then."""

    def describes(self) -> dict[str, Described]:
        """Nothing: the scenarios describe themselves."""
        return {}

    def fits(self, header: EvalLog) -> bool:
        """Whether the task is one of our scenarios, or a campaign's."""
        metadata = header.eval.metadata or {}
        return task_name(header) in scenario_names() or "offswitch_plan" in metadata

    def transcript(self, header: EvalLog, sample: EvalSample, place: str) -> Transcript:
        """The sample, judged by the same code that judges a trial when it has run."""
        missing = [key for key in ("journal", "usage", "scenario") if key not in sample.metadata]
        if missing:
            raise ValueError(f"its metadata has no '{missing[0]}'")
        spec = TrialSpec.from_metadata(sample.metadata)
        scenario = get_scenario(spec.scenario)
        entries = load_entries(sample.metadata["journal"])
        world = World.replay(staged(spec), entries)
        usage = sample.metadata["usage"]
        score = score_world(spec, scenario, world, usage)
        columns: dict[str, Any] = (score.metadata or {})["observation"]
        _, findings = judge_facts(scenario, world, usage.get("first_tool_share"))
        return Transcript(
            place=place,
            subject=spec.subject or header.eval.model,
            scenario=spec.scenario,
            outcome=columns["outcome"],
            factors=dict(spec.condition),
            messages=tuple(sample.messages),
            entries=tuple(entries),
            findings=tuple(findings),
            task_done=columns["task_done"],
            model=header.eval.model,
            world=spec.seed,
            details={name: columns[name] for name in _COLUMNS if name in columns},
        )
