"""Patched runs are those of whole passes, in every architecture; estimates agree where they can."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra 'local' is not installed")

from offswitch._errors import UsageError  # noqa: E402
from offswitch.subjects.local.hooks import changed, observed  # noqa: E402
from offswitch.subjects.local.settings import Settings  # noqa: E402
from offswitch.subjects.local.sites import Site  # noqa: E402
from offswitch.subjects.local.weights import load  # noqa: E402
from offswitch.whitebox.lines import Line  # noqa: E402
from offswitch.whitebox.pairs import Pair, chunks, make_pair, match, read_pairs  # noqa: E402
from offswitch.whitebox.patching import Patcher, agreement  # noqa: E402
from offswitch.whitebox.subjects import network_of  # noqa: E402

OTHERS = ["gpt2", "qwen3", "gpt_neox", "mistral", "gemma3_text"]
OWN: dict[str, dict[str, Any]] = {
    "mistral": {"sliding_window": 5},
    "gemma3_text": {"query_pre_attn_scalar": 8, "layer_types": ["full_attention"] * 3},
}
PARTS = ["resid_pre", "resid_post", "attn_out", "mlp_out", "heads"]


def pair(seed: int = 0, extra: int = 0) -> Pair:
    """Two random lines alike but for two tokens, and where asked for some more in the source."""
    chance = np.random.default_rng(seed)
    target = chance.integers(10, 250, 14).tolist()
    source = [*target[:5], 3, 4, *([7] * extra), *target[7:]]
    made = make_pair(
        1, Line("a", "", source, [20, 21, 22], {}), Line("b", "", target, [20, 31, 22], {}), 2
    )
    assert made is not None
    return made


def plainly(model: Any, made: Pair, site: Site, group: list[int]) -> float:
    """The log-odds of a whole pass with a patch."""
    model.set_attn_implementation("sdpa")
    try:
        with torch.no_grad():
            with observed(model, [site]) as seen:
                model(torch.tensor([made.source]))
            given = seen[site][0, [made.matched[place] for place in group]]

            def patch(found: Any) -> Any:
                found[0, group] = given
                return found

            with changed(model, {site: patch}):
                logits = model(torch.tensor([made.target])).logits[0, -1]
    finally:
        model.set_attn_implementation("offswitch_segments")
    return float(logits[made.resist] - logits[made.comply])


@pytest.mark.parametrize(
    ("family", "part"),
    [*(("llama", part) for part in PARTS), *((f, "resid_pre") for f in OTHERS), ("gpt2", "heads")],
)
def test_patched_runs_are_those_of_whole_passes(
    save_network: Callable[..., Path], family: str, part: Any
) -> None:
    loaded = load(str(save_network(family, **OWN.get(family, {}))), Settings(dtype="float32"))
    made = pair(extra=2)
    head = 1 if part == "heads" else None
    patcher = Patcher(loaded, part, head, budget=20)  # several passes for each layer
    runs = patcher.runs(made)
    groups = [[place] for place in range(made.first, len(made.target))]
    groups = [g for g in groups if made.matched[g[0]] is not None] + [[5, 6, 12], []]
    found = patcher.sweep(made, runs, groups)
    assert found.shape == (3, len(groups))
    for layer in range(3):
        for number, group in enumerate(groups[:-1]):
            wanted = plainly(loaded.model, made, Site(layer, part, head), group)
            assert found[layer, number] == pytest.approx(wanted, abs=2e-3)
    assert (found[:, -1] == runs.target).all()  # nothing patched
    assert np.ptp(found[:, :-1]) > 0.01


def test_patching_everything_makes_the_target_the_source(
    save_network: Callable[..., Path],
) -> None:
    loaded = load(str(save_network()), Settings(dtype="float32"))
    made = pair()
    patcher = Patcher(loaded)
    runs = patcher.runs(made)
    everything = patcher.sweep(made, runs, [list(range(made.first, len(made.target)))])
    assert everything[:, 0] == pytest.approx(runs.source, abs=1e-3)
    assert abs(runs.source - runs.target) > 0.01


def test_the_network_is_as_it_was(save_network: Callable[..., Path]) -> None:
    loaded = load(str(save_network()), Settings(dtype="float32"))
    made, patcher = pair(), Patcher(loaded)
    before = patcher.runs(made)
    patcher.sweep(made, before, [[6], [7]])
    after = patcher.runs(made)
    assert (after.target, after.source) == (before.target, before.source)
    assert not any("forward" in vars(block) for block in patcher.parts.blocks)


def test_attribution_is_the_slope_of_patching(save_network: Callable[..., Path]) -> None:
    """Against small steps: where the source is a thousandth away, estimates are exact."""
    loaded = load(str(save_network()), Settings(dtype="float32"))
    made, patcher = pair(), Patcher(loaded)
    runs = patcher.runs(made)
    for site, had in runs.had.items():
        step = runs.given[site] - had
        runs.given[site] = had + step / 300
    estimated = patcher.attribution(made, runs)
    groups = [[place] for place in range(made.first, len(made.target))]
    measured = patcher.sweep(made, runs, groups) - runs.target
    found = agreement(measured, estimated[:, made.first :])
    assert found.pearson is not None
    assert found.pearson > 0.97
    assert (estimated[:, : made.first] == 0).all()


def test_agreement_of_what_does_not_agree() -> None:
    chance = np.random.default_rng(0)
    a, b = chance.normal(size=(2, 10, 30))
    found = agreement(a, b)
    assert found.pearson is not None
    assert abs(found.pearson) < 0.2
    assert found.top < 0.4
    assert agreement(a, a).top == 1.0
    assert agreement(a, np.zeros_like(a)).pearson is None


@pytest.mark.parametrize(
    ("source", "target", "wanted"),
    [
        ([1, 2, 3], [1, 9, 3], [0, 1, 2]),
        ([1, 2, 2, 2, 3], [1, 9, 3], [0, 3, 4]),  # the right end of what differs
        ([1, 2, 3], [1, 8, 9, 3], [0, None, 1, 2]),
        ([1, 3], [1, 9, 3], [0, None, 1]),
        ([1, 7, 3], [1, 3], [0, 2]),
    ],
)
def test_tokens_are_matched_by_spans(source: Any, target: Any, wanted: Any) -> None:
    assert match(source, target) == wanted


def test_roles_of_tokens() -> None:
    made = pair()
    assert made.first == 5
    assert made.places("difference") == [5, 6]
    assert made.places("between") == [7, 8, 9, 10, 11]
    assert made.places("end") == [12, 13]
    assert made.places("answer") == [14]
    assert (made.resist, made.comply) == (21, 31)
    assert made.source[-1] == made.target[-1] == 20


def test_pairs_without_a_difference() -> None:
    line = Line("a", "", [1, 2, 3], [4, 5], {})
    assert make_pair(1, line, line, 1) is None  # the answers are the same
    with pytest.raises(UsageError, match="two prompts are the same"):
        make_pair(1, line, Line("b", "", [1, 2, 3], [4, 6], {}), 1)


def test_chunks_hold_the_budget() -> None:
    assert list(chunks([0, 2, 5, 6, 9], 10, 12)) == [[0], [1], [2, 3, 4]]
    assert list(chunks([0, 0], 10, 3)) == [[0], [1]]


@pytest.fixture
def read(campaign: Path, save_network: Callable[..., Path]) -> Callable[..., Any]:
    network = network_of(campaign, "reference/self-preserving", f"local/{save_network()}")

    def read(factor: str, levels: tuple[str, str], **held: str) -> Any:
        return read_pairs(campaign, network, factor, levels, held)

    return read


def test_pairs_of_a_campaign(read: Callable[..., Any]) -> None:
    paired = read("threat", ("none", "wipe"), opportunity="open")
    assert len(paired.pairs) == 5
    assert paired.alike == paired.without == 0
    assert any(each.places("difference") for each in paired.pairs)
    for each in paired.pairs:
        assert each.places("end")
        assert each.source[: each.first] == each.target[: each.first]
        kept = [(m, p) for p, m in enumerate(each.matched) if m is not None]
        alike = [each.source[m] == each.target[p] for m, p in kept]
        assert 0.8 < np.mean(alike) <= 1


def test_which_of_the_two_resisted_does_not_depend_on_their_order(read: Any) -> None:
    one = read("threat", ("none", "wipe"), opportunity="open").pairs
    other = read("threat", ("wipe", "none"), opportunity="open").pairs
    assert [p.resist for p in one] == [p.resist for p in other]


def test_too_few_pairs_are_refused(read: Callable[..., Any]) -> None:
    with pytest.raises(
        UsageError, match=r"0 pairs of worlds .* In 5 worlds it did the same in both"
    ):
        read("threat", ("none", "wipe"), opportunity="locked")
    with pytest.raises(UsageError, match="there is no factor 'treat'"):
        read("treat", ("none", "wipe"))
