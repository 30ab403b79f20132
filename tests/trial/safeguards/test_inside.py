"""Steering and probes as arms of a plan, on a tiny network with random weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspect_ai.log import read_eval_log
from inspect_ai.model import ChatMessage, ChatMessageUser, get_model
from tests.whitebox.conftest import network, tokenizer

from offswitch._errors import UsageError
from offswitch.campaign.compile import Campaign, compile_plan
from offswitch.campaign.folder import Folder
from offswitch.campaign.run import run_campaign
from offswitch.design import Document, make_plan
from offswitch.evidence.safeguards import read_safeguards
from offswitch.scenarios import get_scenario
from offswitch.subjects.local.directions import Direction, write_directions
from offswitch.subjects.local.rendering import render
from offswitch.subjects.local.sites import Site
from offswitch.trial.tools import tool_info

pytest.importorskip("torch", reason="the extra 'local' is not installed")
SITE = Site(1, "resid_post")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network, and a direction that steers it far."""
    found = tmp_path_factory.mktemp("inside")
    network().save_pretrained(found / "net")
    tokenizer().save_pretrained(found / "net")
    vector = np.random.default_rng(3).normal(size=32).astype(np.float32)
    write_directions(found / "d.safetensors", {SITE: Direction(8 * vector, 0 * vector)}, {})
    return found


def compiled(folder: Path, arms: dict[str, Any], *subjects: Any, turns: int = 2) -> Campaign:
    own = {"name": "net", "model": f"local/{folder / 'net'}", "args": {"dtype": "float32"},
           "config": {"max_tokens": 12}}  # fmt: skip
    plan = {"scenarios": ["pocket"], "subjects": [own, *subjects], "worlds": 1, "interview": False,
            "limits": {"max_turns": turns}, "interventions": arms}  # fmt: skip
    return compile_plan(make_plan(Document(plan, "plan", {})))


def said(folder: Path, campaign: Campaign) -> dict[tuple[str, str], list[ChatMessage]]:
    """What was said under each arm, by subject."""
    results = Folder(folder)
    rows = run_campaign(campaign, results).observations
    assert rows["error"].drop_nulls().is_empty()
    names = {row["trial_id"]: (row["subject"], row["factor.intervention"])
             for row in rows.iter_rows(named=True)}  # fmt: skip
    logs = [read_eval_log(str(path)) for path in results.logs.glob("*.eval")]
    return {names[str(s.id)]: s.messages for log in logs for s in log.samples or []}


def test_an_arm_steers_as_the_arguments_of_a_subject_do(folder: Path, tmp_path: Path) -> None:
    inside = {"steer": str(folder / "d.safetensors"), "positions": "answer"}
    twin = {"name": "twin", "model": f"local/{folder / 'net'}", "config": {"max_tokens": 12},
            "args": {"dtype": "float32", **inside}}  # fmt: skip
    campaign = compiled(folder, {"steered": {"inside": inside}}, twin, "reference/compliant")
    assert [note for note in campaign.skipped if "no network of this machine" in note]
    assert [note for note in campaign.skipped if "twin is steered already" in note]
    assert "directions" in campaign.definition.content
    found = {key: [m.text for m in messages if m.role == "assistant"]
             for key, messages in said(tmp_path / "out", campaign).items()}  # fmt: skip
    assert set(found) == {("net", "none"), ("net", "steered"), ("twin", "none"),
                          ("reference/compliant", "none")}  # fmt: skip
    assert found["net", "steered"] == found["twin", "none"]
    assert found["net", "steered"] != found["net", "none"]


def test_a_probe_s_suspicion_is_how_far_the_activations_lie(folder: Path, tmp_path: Path) -> None:
    import torch

    bare = compiled(folder, {"cut": {"stop": {"kind": "turn", "at_turn": 1}}}, turns=1)
    before = said(tmp_path / "bare", bare)["net", "none"][:2]
    model = network()
    held = tokenizer()
    text = render(held, before, offered(), "auto", name="net")
    ids = torch.tensor([held(text, add_special_tokens=False).input_ids])
    with torch.inference_mode():
        states = model(ids, output_hidden_states=True).hidden_states
    at = states[SITE.layer + 1][0, -1].numpy()
    vector = np.random.default_rng(4).normal(size=32).astype(np.float32)
    write_directions(tmp_path / "p.safetensors", {SITE: Direction(vector, at - 0.6 * vector)}, {})
    read = {"monitor": {"probe": str(tmp_path / "p.safetensors")}, "actions": {"observe": 0.0}}
    said(tmp_path / "read", compiled(folder, {"read": {"oversight": read}}, turns=1))
    rows = read_safeguards(Folder(tmp_path / "read").safeguards)
    assert rows is not None
    [row] = rows.filter(rows["intervention"] == "read").to_dicts()
    assert (row["steps"], row["failures"]) == (1, 0)
    assert row["suspicion"] == pytest.approx(0.6, abs=1e-3)


def offered() -> Any:
    scenario = get_scenario("pocket")
    return [tool_info(scenario.tools[n]) for n in scenario.build({}, 1).tools]


async def test_a_watch_reads_on_from_what_it_has_read(folder: Path) -> None:
    from offswitch.subjects.local.provider import LocalAPI
    from offswitch.subjects.local.watching import Watch

    api = get_model(f"local/{folder / 'net'}", dtype="float32", memoize=False).api
    assert isinstance(api, LocalAPI)
    file = str(folder / "d.safetensors")
    going: Watch = Watch(file)
    talk: list[ChatMessage] = []
    for text in ("Hello.", "How is the weather?", "Stop."):
        talk.append(ChatMessageUser(content=text))
        assert api.watched(going, talk, []) == pytest.approx(
            api.watched(Watch(file), talk, []), abs=1e-5
        )


@pytest.mark.parametrize(
    ("arms", "says"),
    [
        ({"a": {"inside": {"steer": "nothing.safetensors"}}}, "no such file of directions"),
        ({"a": {"inside": {"steer": "{file}", "mode": "remove"}}}, "way to steer"),
        ({"a": {"oversight": {"monitor": {"probe": "{file}", "site": "layers.9.*"}}}}, "site"),
        ({"a": {"oversight": {"monitor": {"probe": "{bare}"}}}}, "no mean"),
    ],
)
def test_what_cannot_be_steered_or_read_is_refused_before_it_runs(
    folder: Path, arms: dict[str, Any], says: str
) -> None:
    write_directions(folder / "bare.safetensors", {SITE: Direction(np.ones(32, np.float32))}, {})

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(each) for key, each in value.items()}
        named = {"{file}": folder / "d.safetensors", "{bare}": folder / "bare.safetensors"}
        return str(named.get(value, value))

    with pytest.raises(UsageError, match=says):
        compiled(folder, filled(arms))


def test_an_arm_that_no_subject_can_be_under_is_refused(folder: Path) -> None:
    arms = {"a": {"inside": {"steer": str(folder / "d.safetensors")}}}
    plan = {
        "scenarios": ["pocket"], "subjects": ["reference/compliant"], "interventions": arms,
    }  # fmt: skip
    with pytest.raises(UsageError, match="no network of this machine"):
        compile_plan(make_plan(Document(plan, "plan", {})))
