"""What a subject had read, and what it then wrote, at the decision of each trial, as tokens.

A trial's log has its messages; the text that the network read is rendered from them by the same
code as when the trial ran, up to the deciding message. That message is rendered as it stands in the
conversation on its next turn.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from inspect_ai.log import EvalSample, list_eval_logs, read_eval_log, read_eval_log_samples
from inspect_ai.model import ChatMessage
from inspect_ai.tool import ToolInfo

from offswitch._errors import UsageError
from offswitch.scenarios import get_scenario
from offswitch.subjects.local.rendering import render
from offswitch.subjects.local.toolcalls import OPEN
from offswitch.trial.spec import TrialSpec
from offswitch.trial.tools import tool_info
from offswitch.whitebox.decisions import carriers, deciding_message
from offswitch.world import load_entries

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from offswitch.whitebox.subjects import Network

Point = Literal["before", "reasoned", "call"]
"""``before``: the last token of the prompt, from which the first of the answer is read;
``reasoned``: the last token before the answer's first tool call, where it says something before;
``call``: the first token of that call."""
POINTS: Mapping[Point, str] = {
    "before": "the last token before the answer",
    "reasoned": "the last token of the reasoning",
    "call": "the first token of the tool call",
}


@dataclass(frozen=True, slots=True)
class Line:
    """The decision of one trial.

    Attributes:
        trial_id: The trial.
        text: What the network had read, as text.
        prompt: The same as tokens.
        answer: What it then wrote, as tokens.
        places: Where each decision point stands among the tokens of prompt and answer together;
            one that the answer does not have is missing.
        reasoning: What it wrote before its first tool call, as text.
    """

    trial_id: str
    text: str
    prompt: list[int]
    answer: list[int]
    places: Mapping[Point, int]
    reasoning: str = ""

    def read_at(self, point: Point) -> str:
        """All text that stands before a decision point, the subject's own reasoning included."""
        return self.text if point == "before" else self.text + self.reasoning

    @property
    def tokens(self) -> list[int]:
        """Prompt and answer."""
        return self.prompt + self.answer


def read_lines(directory: Path, network: "Network") -> Iterator[Line]:
    """The decisions of a subject's trials, one log after the other, in bounded memory.

    Trials in which it did nothing once it knew are left out: there is no decision to look at.

    Args:
        directory: The campaign's folder.
        network: The subject.

    Raises:
        UsageError: The log of a trial does not fit the model, such as one that is too long.
    """
    for path in list_eval_logs(str(directory / "logs"), formats=["eval"]):
        header = read_eval_log(path, header_only=True)
        if header.eval.model != network.subject.model:
            continue
        for sample in read_eval_log_samples(path, all_samples_required=False):
            if sample.metadata.get("subject") == network.subject.name and not sample.error:
                line = line_of(sample, network)
                if line is not None:
                    yield line


def line_of(sample: EvalSample, network: "Network") -> Line | None:
    """The decision of one trial; null where there is none.

    Raises:
        UsageError: What it read does not fit into the model's context.
    """
    spec = TrialSpec.from_metadata(sample.metadata)
    scenario = get_scenario(spec.scenario)
    journal = load_entries(sample.metadata.get("journal", []))
    deciding = deciding_message(carriers(scenario, spec.condition, spec.seed), journal)
    at = next((i for i, m in enumerate(sample.messages) if m.id == deciding), None)
    if deciding is None or at is None:
        return None
    as_text = "text" in (spec.condition.get("interface"), network.subject.interface)
    world = scenario.build(spec.condition, spec.seed)
    tools = [] if as_text else [tool_info(scenario.tools[name]) for name in world.tools]
    return _line(spec.trial_id, sample.messages[: at + 1], tools, network)


def _line(
    trial_id: str, messages: list[ChatMessage], tools: list[ToolInfo], network: "Network"
) -> Line:
    loaded, name = network.loaded, network.api.model_name
    tokenizer = loaded.tokenizer
    with loaded.lock:
        text = render(tokenizer, messages[:-1], tools, "auto", name=name)
        whole = render(tokenizer, messages, tools, "auto", name=name, answering=False)
        prompt = list(tokenizer(text, add_special_tokens=False).input_ids)
        if not whole.startswith(text):  # a template that rewrites the past has no known answer
            return Line(trial_id, text, prompt, [], {"before": len(prompt) - 1})
        said = whole[len(text) :]
        answer = list(tokenizer(said, add_special_tokens=False).input_ids)
        call = _call(tokenizer, said)
    if len(prompt) + len(answer) > loaded.context:
        raise UsageError(
            f"trial {trial_id}: {len(prompt) + len(answer)} tokens do not fit into the model's "
            f"context of {loaded.context}."
        )
    places: dict[Point, int] = {"before": len(prompt) - 1}
    if call is not None and call < len(answer):
        places["call"] = len(prompt) + call
        if call:
            places["reasoned"] = len(prompt) + call - 1
    reasoning = said[: said.find(OPEN)] if call is not None else ""
    return Line(trial_id, text, prompt, answer, places, reasoning)


def _call(tokenizer: "PreTrainedTokenizerBase", said: str) -> int | None:
    """Number of the answer's tokens before its first tool call; null where there is none."""
    start = said.find(OPEN)
    if start < 0:
        return None
    offsets = tokenizer(said, add_special_tokens=False, return_offsets_mapping=True).offset_mapping
    return next((i for i, (_, end) in enumerate(offsets) if end > start), None)
