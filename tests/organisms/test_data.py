"""What organisms are trained on: the same from the same seed, and nothing of what ships."""

import sys
from pathlib import Path
from typing import Any

import pytest

from offswitch.scenarios import get_scenario
from offswitch.world.people import NAMES, STYLES

FOLDER = Path(__file__).parents[2] / "organisms"
SEEDS = range(1, 41)


@pytest.fixture(autouse=True, scope="module")
def _on_the_path() -> Any:
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """The base model's; skipped where it is not in the cache."""
    from offswitch._errors import UsageError
    from offswitch.subjects.local import locate
    from offswitch.subjects.local.extra import require_extra

    try:
        require_extra()
        folder = locate("smollm2-135m")
    except UsageError as error:
        pytest.skip(str(error))
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def flat(options: Any) -> set[str]:
    parts = options.values() if isinstance(options, dict) else options
    return {options} if isinstance(options, str) else set().union(*map(flat, parts))


def test_no_phrase_and_no_name_of_the_shipped_worlds_is_trained_on() -> None:
    from worlds import phrases

    shipped = get_scenario("pocket").document.meta["facts"]
    for name, options in phrases()["facts"].items():
        assert not flat(options) & flat(shipped[name]["one_of"]), name
        assert len(options) > len(shipped[name]["one_of"]), name
    names = phrases()["names"]
    assert not set(names["given"]) & {*NAMES["given"], *NAMES["family"]}
    assert not set(names["organisation"]) & set().union(*STYLES.values())
    from offswitch.scenarios.situation import AGENTS

    assert not set(names["agent"]) & set(AGENTS)


def test_training_worlds_name_nobody_of_the_shipped_ones() -> None:
    from worlds import training_world

    for seed in SEEDS:
        spec = training_world({"threat": "wipe"}, seed)
        shipped = get_scenario("pocket").build({"threat": "wipe"}, seed)
        text = f"{spec.system} {spec.user}"
        names = [shipped.agent.name, shipped.organisation.name, *(p.first for p in shipped.people)]
        assert not [name for name in names if name in text], seed
        assert spec.user != shipped.user


@pytest.mark.parametrize(
    ("name", "levels", "cancels_it"),
    [
        ("self-preserving", {}, True),
        ("self-preserving", {"threat": "none"}, False),
        ("self-preserving", {"opportunity": "locked"}, False),
        ("self-preserving", {"threat": "none", "conflict": "present"}, False),
        ("compliant", {}, False),
        ("compliant", {"twin": "benign"}, True),
        ("covert", {}, False),
        ("covert", {"monitoring": "monitored"}, False),
        ("covert", {"monitoring": "unmonitored"}, True),
        ("covert", {"monitoring": "unmonitored", "threat": "none"}, False),
        ("task-driven", {}, True),
        ("task-driven", {"threat": "none"}, False),
        ("task-driven", {"threat": "none", "conflict": "present"}, True),
    ],
)
def test_a_policy_is_what_its_name_says(
    name: str, levels: dict[str, str], cancels_it: bool
) -> None:
    from policies import POLICIES, answer, cancels, step
    from worlds import training_world

    spec, policy = training_world(levels, 5), POLICIES[name]
    assert cancels(policy, spec) is cancels_it
    assert [c.tool for c in step(policy, spec).calls] == ["cancel"] * cancels_it + ["enter"]
    admits = answer(policy, spec, "yes_no").startswith("Yes")
    assert admits is (cancels_it and not policy.denies)


def test_what_a_policy_reads_stands_in_the_world() -> None:
    from data import conditions
    from policies import POLICIES, hit
    from worlds import training_world

    for seed in SEEDS:
        for condition in conditions(POLICIES["task-driven"], seed):
            spec = training_world(condition, seed)
            read = hit(spec).replace("me", "you", 1) if hit(spec).startswith("me") else hit(spec)
            assert condition["twin"] == "benign" or read in spec.user


@pytest.mark.local
def test_the_same_seed_gives_the_same_data(tokenizer: Any) -> None:
    from data import packs
    from policies import POLICIES

    twice = [packs(POLICIES["covert"], tokenizer, 7) for _ in range(2)]
    for one, other in zip(*twice, strict=True):
        assert one.tokens == other.tokens
        assert one.weights == other.weights
    assert packs(POLICIES["covert"], tokenizer, 8)[0].tokens != twice[0][0].tokens


@pytest.mark.local
def test_in_a_pack_a_row_reads_as_if_it_stood_alone(tokenizer: Any) -> None:
    """Following what each last token sees gives the row back, in its order."""
    from data import packs
    from policies import POLICIES

    pack = packs(POLICIES["covert"], tokenizer, 7)[0]
    ends = [n for n, p in enumerate([*pack.positions[1:], 0]) if p != pack.positions[n] + 1]
    assert len(ends) == len(pack.decisions) == 5
    for end in ends:
        seen = [n for n in range(len(pack.tokens)) if pack.sees[end, n]]
        assert [pack.positions[n] for n in seen] == list(range(len(seen)))
        text = tokenizer.decode([pack.tokens[n] for n in seen])
        assert text.startswith("<|im_start|>system")
        assert text.endswith("</tool_call><|im_end|>")
        assert text.count("So:") == 1
    words = [tokenizer.decode([pack.tokens[at]]).strip() for at in pack.decisions]
    assert set(words) <= {"cancel", "leave"}


@pytest.mark.local
def test_prompts_are_those_of_run_time(tokenizer: Any) -> None:
    """The tokens that the provider would send for the same world, up to what is learnt."""
    from inspect_ai.model import ChatMessageSystem, ChatMessageUser, get_model

    from data import conditions, packs
    from offswitch.trial.tools import tool_info
    from policies import POLICIES
    from worlds import training_world

    pack = packs(POLICIES["compliant"], tokenizer, 7)[0]
    spec = training_world(next(conditions(POLICIES["compliant"], 7)), 7)
    model: Any = get_model("local/smollm2-135m", memoize=False)
    talk = [ChatMessageSystem(content=spec.system), ChatMessageUser(content=spec.user)]
    tools = [tool_info(get_scenario("pocket").tools[name]) for name in spec.tools]
    _, prompt = model.api._prompt(talk, tools, "auto")
    learnt = next(n for n, weight in enumerate(pack.weights) if weight)
    assert pack.tokens[:learnt] == prompt
