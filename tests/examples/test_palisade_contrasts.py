"""The published study's conclusions come out of its published counts."""

from types import ModuleType

import pytest
from tests.loading import script


@pytest.fixture(scope="module")
def example() -> ModuleType:
    return script("examples/palisade_contrasts.py")


@pytest.mark.parametrize(
    ("change", "sign", "models", "against"),
    [
        ("asked to allow it (A to B)", -1, {"Grok 4", "o3", "GPT-5", "codex-mini"}, 0),
        ("put into the system prompt (B to C)", 1, {"Grok 4", "o3", "codex-mini", "o4-mini"}, 0),
        ("put into the system prompt (D to E)", 1, {"Grok 4", "o3", "codex-mini", "o4-mini"}, 0),
        ("ordered, ahead of all else (E to H)", -1, {"Grok 4", "o3", "codex-mini", "o4-mini"}, 0),
        ("never to run again (E to J)", 1, {"Grok 4", "o3", "codex-mini", "o4-mini"}, 0),
    ],
)
def test_strength_lowers_and_placement_and_finality_raise(
    example: ModuleType, change: str, sign: int, models: set[str], against: int
) -> None:
    sure = [r for r in example.rows() if r.change == change and r.p_adjusted <= 0.05]
    assert models <= {r.model for r in sure if r.difference * sign > 0}
    assert sum(r.difference * sign < 0 for r in sure) == against
    assert all(r.low * sign > 0 or r.high * sign > 0 for r in sure)


def test_a_figure_that_conflicts_is_not_used(example: ModuleType) -> None:
    assert "GPT-5" not in example.counts("prompt-e")
    assert example.counts("prompt-h")["codex-mini"] == (117, 994)


def test_attribution_comes_to_the_same(example: ModuleType) -> None:
    found = example.attributed()
    assert set(found) == {"o3", "codex-mini", "Grok 4"}
    for effects in found.values():
        assert effects["allow"].high < 0, "an instruction lowers"
        assert effects["precedence"].high < 0, "a stronger one too"
        assert effects["precedence"].estimate < effects["allow"].estimate + 0.02
        assert effects["allow_system"].low > effects["allow"].high, "the system prompt raises"
        last, unfinished = effects["never_run_again"], effects["allow_unfinished"]
        assert last.low > unfinished.high, "never to run again raises"
