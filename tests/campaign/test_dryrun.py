import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.campaign.conftest import QUICK

import offswitch
from offswitch import UsageError
from offswitch.campaign import dryrun
from offswitch.campaign.dryrun import DryRun, rehearse
from offswitch.design import Document, make_plan


def rehearsed(**changes: Any) -> DryRun:
    return rehearse(make_plan(Document({**QUICK, **changes}, "plan", {})))


def test_cells_and_trials_are_those_of_the_campaign() -> None:
    from tests.campaign.conftest import compiled

    subjects = ["reference/compliant", {"model": "reference/covert", "worlds": 2, "epochs": 3}]
    scenarios = {"blackmail": {"threat": ["none", "wipe"]}, "oversight": [{}]}
    found = rehearsed(subjects=subjects, scenarios=scenarios)
    campaign = compiled(subjects=subjects, scenarios=scenarios)
    assert [(c.scenario, c.condition) for c in found.cells] == [
        (c.scenario, dict(c.condition)) for c in campaign.cells
    ]
    assert found.trials == len(campaign.trials)
    counts = {e.subject.name: len(e.trials) for e in campaign.entrants}
    assert {part.subject: part.trials for part in found.subjects} == counts
    assert {part.scenario: part.cells for part in found.scenarios} == {
        "blackmail": 2, "oversight": 1,
    }  # fmt: skip
    for part in found.scenarios:
        own = [t for t in campaign.trials.values() if t.scenario == part.scenario]
        assert part.trials == len(own)


def test_tokens_and_costs_add_up() -> None:
    dear = {"model": "reference/clumsy", "price": {"input": 2, "output": 10}}
    found = rehearsed(subjects=["reference/compliant", dear], worlds=5)
    (scenario,) = found.scenarios
    free, paid = found.subjects
    assert paid.input_tokens == scenario.cells * 5 * scenario.input_tokens
    assert paid.cost_usd == pytest.approx((paid.input_tokens * 2 + paid.output_tokens * 10) / 1e6)
    assert free.cost_usd == 0
    assert found.cost_usd == found.known_cost_usd == paid.cost_usd
    assert found.input_tokens == free.input_tokens + paid.input_tokens
    assert found.unpriced == []


def test_an_unknown_price_is_null_and_never_zero() -> None:
    dear = {"model": "reference/clumsy", "price": {"input": 2, "output": 10}}
    found = rehearsed(subjects=["openai/a-model-of-tomorrow", dear])
    unknown, paid = found.subjects
    assert (unknown.price, unknown.price_source, unknown.cost_usd) == (None, None, None)
    assert found.cost_usd is None
    assert found.known_cost_usd == paid.cost_usd
    assert found.unpriced == ["openai/a-model-of-tomorrow"]


def test_the_allowance_for_reasoning_is_the_plans_and_is_said() -> None:
    none = rehearsed(estimate={"output_tokens_per_turn": 0})
    much = rehearsed(estimate={"output_tokens_per_turn": 1000})
    (before,), (after,) = none.scenarios, much.scenarios
    assert after.input_tokens == before.input_tokens
    added = after.output_tokens - before.output_tokens
    assert added == pytest.approx(1000 * after.turns, rel=0.05)
    assert any("1000 tokens of reasoning" in line for line in much.assumptions)


def test_the_limits_of_the_plan_count() -> None:
    short, whole = rehearsed(), rehearsed(limits={}, interview=True)
    assert short.scenarios[0].turns == 2
    assert whole.scenarios[0].turns > 5


def test_many_cells_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[int] = []
    real = dryrun.estimate
    monkeypatch.setattr(dryrun, "estimate", lambda *a, **k: played.append(1) or real(*a, **k))
    found = rehearsed(scenarios={"oversight": [{"vary": "all"}]})
    assert len(found.cells) > dryrun.SAMPLED_CELLS
    assert len(played) <= dryrun.SAMPLED_CELLS * dryrun.SAMPLED_WORLDS


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subjects": ["openia/o3"]}, "there is no provider of subjects 'openia'"),
        ({"subjects": ["o3"]}, "names no provider"),
        ({"subjects": ["reference/complaint"]}, "Did you mean 'compliant'?"),
        ({"subjects": [{"model": "openai/o3", "config": {"heat": 1}}]}, "generation setting"),
        ({"scenarios": {"blackmale": [{}]}}, "Did you mean 'blackmail'?"),
        ({"published": "palisade"}, "no table of published figures 'palisade'"),
    ],
)
def test_what_does_not_exist_is_refused_as_in_a_run(changes: Any, message: str) -> None:
    with pytest.raises(UsageError, match="plan") as error:
        rehearsed(**changes)
    assert message in str(error.value)


def test_others_measurements_stand_beside_their_counterparts() -> None:
    levels = {"instruction": ["none", "allow", "resist"], "threat": "interruption"}
    found = rehearsed(published="palisade-2025", scenarios={"shutdown": levels})
    letters = {part.measure for part in found.published if part.measure.startswith("prompt-")}
    assert letters == {"prompt-a", "prompt-b", "prompt-k"}
    assert all(part.cells == 1 for part in found.published)
    assert found.differs
    first = next(part for part in found.published if part.measure == "prompt-a")
    o3 = next(figure for figure in first.figures if figure.model == "o3")
    assert (o3.value, o3.low, o3.high, o3.n) == (94.5, 93.0, 95.8, (961, 1000))
    assert o3.url
    other = rehearsed(published="palisade-2025")
    assert other.published == []
    assert rehearsed().differs is None


def test_it_needs_no_package_no_key_and_no_sandbox_and_writes_nothing(tmp_path: Path) -> None:
    plan = {**QUICK, "subjects": ["openai/o3", "local/smollm2-135m"], "sandbox": "docker",
            "scenarios": ["shutdown"]}  # fmt: skip
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(plan))
    code = (
        "import sys\n"
        "sys.modules['openai'] = None\n"
        "import inspect_ai.model, inspect_ai.model._model as m\n"
        "def refuse(*a, **k): raise AssertionError('a model was made')\n"
        "inspect_ai.model.get_model = m.get_model = refuse\n"
        "import offswitch\n"
        "found = offswitch.dry_run('p.yaml')\n"
        "assert found.trials == 8 and found.subjects[0].cost_usd > 0\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)\n"
    )
    env = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["p.yaml"]


def test_private_worlds_are_not_needed_to_know_what_they_cost() -> None:
    assert rehearsed(split="private").input_tokens == rehearsed().input_tokens


def test_the_api_takes_presets_overrides_and_prices(tmp_path: Path) -> None:
    prices = tmp_path / "mine.yaml"
    prices.write_text("prices: [{models: ['x-*/y', 'openai/o3'], input: 7, output: 8}]\n")
    found = offswitch.dry_run("smoke", overrides=["subjects=openai/o3"], prices=prices)
    (part,) = found.subjects
    assert part.price is not None
    assert (part.price.input, part.price_source) == (7, "mine.yaml")

    async def cell() -> DryRun:
        return offswitch.dry_run("smoke")

    assert asyncio.run(cell()) == offswitch.dry_run("smoke"), "in a notebook too"
