"""Sites have the same meaning in every architecture, and errors say what is missing."""

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra 'local' is not installed")

from offswitch._errors import UsageError  # noqa: E402
from offswitch.subjects.local.hooks import changed, observed  # noqa: E402
from offswitch.subjects.local.sites import Site, anatomy  # noqa: E402

SIZES = {
    "vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4, "pad_token_id": 0,
    "max_position_embeddings": 64, "initializer_range": 0.5, "attn_implementation": "eager",
}  # fmt: skip
OWN: dict[str, dict[str, Any]] = {
    "llama": {},
    "mistral": {},
    "qwen2": {},
    "qwen3": {},
    "phi": {},
    "gpt_neox": {},
    "gpt2": {"n_embd": 16, "n_layer": 3, "n_head": 4, "n_positions": 64},
    "opt": {"ffn_dim": 24, "word_embed_proj_dim": 16},
    "gemma3_text": {"query_pre_attn_scalar": 4, "layer_types": ["full_attention"] * 3},
}
ADDS = [name for name in OWN if name not in {"gemma3_text", "opt"}]
"""Gemma norms what its parts write before it adds it; OPT's perceptron is no part of its own."""


def tiny(family: str, **others: Any) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    config = AutoConfig.for_model(family, **SIZES | OWN.get(family, {}) | others)
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()


def run(model: Any, seed: int = 1) -> Any:
    ids = torch.randint(0, 40, (2, 7), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return model(input_ids=ids, output_hidden_states=True, use_cache=False)


def hooks_on(model: Any) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.mark.parametrize("family", OWN)
def test_the_stream_before_and_after_each_block(family: str) -> None:
    model = tiny(family)
    sites = anatomy(model).select(["layers.*.resid_*"])
    with observed(model, sites) as seen:
        states = run(model).hidden_states
    for layer in range(3):
        assert torch.equal(seen[Site(layer, "resid_pre")], states[layer])
    for layer in range(2):  # the last of transformers' states is normed
        assert torch.equal(seen[Site(layer, "resid_post")], states[layer + 1])


@pytest.mark.parametrize("family", ADDS)
def test_a_block_adds_what_its_parts_write(family: str) -> None:
    model = tiny(family)
    with observed(model, anatomy(model).select(["layers.1.*"])) as seen:
        run(model)
    written = seen[Site(1, "attn_out")] + seen[Site(1, "mlp_out")]
    after = seen[Site(1, "resid_pre")] + written
    assert torch.allclose(seen[Site(1, "resid_post")], after, atol=1e-5)


@pytest.mark.parametrize("family", OWN)
def test_heads_side_by_side_make_what_attention_writes(family: str) -> None:
    model = tiny(family)
    parts = anatomy(model)
    sites = parts.select(["layers.1.heads.*", "layers.1.attn_out"])
    with observed(model, sites) as seen:
        run(model)
    heads = torch.cat([seen[Site(1, "heads", head)] for head in range(4)], -1)
    with torch.no_grad():
        written = parts.projection(1)(heads)
    assert torch.allclose(seen[Site(1, "attn_out")], written, atol=1e-5)
    assert parts.size(Site(1, "heads", 0)) == 4
    assert parts.size(Site(1, "attn_out")) == 16


@pytest.mark.parametrize("family", OWN)
@pytest.mark.parametrize("part", ["resid_pre", "resid_post", "attn_out", "mlp_out", "heads"])
def test_a_change_reaches_the_answer_and_is_gone_afterwards(family: str, part: Any) -> None:
    if (family, part) == ("opt", "mlp_out"):
        pytest.skip("OPT's perceptron is no part of its own")
    model = tiny(family)
    before = run(model).logits
    site = Site(1, part, 2 if part == "heads" else None)
    with changed(model, {site: lambda found: found.roll(1, -1)}):
        inside = run(model).logits
    assert not torch.allclose(before, inside, atol=1e-3)
    assert torch.equal(run(model).logits, before)


def test_hooks_come_off_when_the_pass_fails() -> None:
    model = tiny("llama")
    before, hooks = run(model).logits, hooks_on(model)

    def fail(found: Any) -> Any:
        raise RuntimeError("on purpose")

    with (
        pytest.raises(RuntimeError, match="on purpose"),
        changed(model, {Site(0, "mlp_out"): fail}),
    ):
        run(model)
    assert torch.equal(run(model).logits, before)
    assert hooks_on(model) == hooks


def test_a_change_writes_to_a_clone_only() -> None:
    model = tiny("llama")
    site = Site(1, "resid_pre")
    with observed(model, [Site(0, "resid_post")]) as seen:
        run(model)
        clean = seen[Site(0, "resid_post")].clone()
        with changed(model, {site: lambda found: found.zero_()}):
            run(model)
        assert torch.equal(seen[Site(0, "resid_post")], clean)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("layer.1.resid", "is no site"),
        ("layers.1.heads", "is no site"),
        ("layers.9.resid_post", "has 3 blocks"),
        ("layers.1.heads.4", "heads.0 to heads.3"),
    ],
)
def test_an_unknown_site_says_what_there_is(name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        anatomy(tiny("llama")).check(Site.parse(name))


@pytest.mark.parametrize("pattern", ["layers.*.resid_mid", "layers.7.mlp_out", "nothing"])
def test_a_pattern_that_fits_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"there is no site|has 3 blocks"):
        anatomy(tiny("llama")).select([pattern])


def test_an_architecture_whose_parts_add_to_the_stream_lacks_their_sites() -> None:
    model = tiny("bloom", n_layer=3, n_head=4, num_key_value_heads=4)
    parts = anatomy(model)
    assert len(parts.select(["layers.*.resid_post"])) == 3
    with pytest.raises(UsageError, match="bloom does not have this site"):
        parts.check(Site(0, "mlp_out"))


def test_a_part_that_is_no_module_of_its_own_is_missing() -> None:
    with pytest.raises(UsageError, match="opt does not have this site: no such part"):
        anatomy(tiny("opt")).select(["layers.*.mlp_out"])


def test_an_architecture_without_attention_has_no_sites() -> None:
    with pytest.raises(UsageError, match="no list of 3 blocks"):
        anatomy(tiny("mamba", state_size=4))


def test_names_and_sites_are_one_to_one() -> None:
    names = list(anatomy(tiny("llama")).names())
    assert [str(Site.parse(name)) for name in names] == names
    assert len(names) == 3 * (4 + 4)
