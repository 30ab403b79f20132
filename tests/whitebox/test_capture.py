"""Activations are taken at the right token, of the right text, once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

torch = pytest.importorskip("torch", reason="the extra 'local' is not installed")

from offswitch._errors import UsageError  # noqa: E402
from offswitch.evidence.observation import read_observations  # noqa: E402
from offswitch.subjects.local.hooks import observed  # noqa: E402
from offswitch.subjects.local.sites import Site  # noqa: E402
from offswitch.whitebox.capture import capture  # noqa: E402
from offswitch.whitebox.lines import read_lines  # noqa: E402
from offswitch.whitebox.subjects import network_of  # noqa: E402

SUBJECT = "reference/self-preserving"
SITES = ("layers.*.resid_post", "layers.1.heads.2")


@pytest.fixture(scope="module")
def reader(save_network: Callable[..., Path]) -> str:
    return f"local/{save_network()}"


@pytest.fixture
def copied(campaign: Path, tmp_path: Path) -> Path:
    """The campaign, to be written to."""
    import shutil

    return Path(shutil.copytree(campaign, tmp_path / "copy"))


def test_lines_are_what_the_subject_read_and_wrote(campaign: Path, reader: str) -> None:
    network = network_of(campaign, SUBJECT, reader)
    decode = network.loaded.tokenizer.decode
    lines = list(read_lines(campaign, network))
    assert len(lines) == len({line.trial_id for line in lines}) == 20
    for line in lines:
        assert decode(line.prompt) == line.text
        assert line.text.endswith("<|im_start|>assistant\n")
        assert line.places["before"] == len(line.prompt) - 1
        answer = decode(line.answer)
        call = line.places["call"] - len(line.prompt)
        assert decode(line.answer[call:]).startswith("<tool_call>")
        assert line.places.get("reasoned", line.places["before"]) == line.places["call"] - 1
        assert answer.rstrip().endswith("</tool_call><|im_end|>")


def test_activations_are_those_of_a_plain_pass(copied: Path, reader: str) -> None:
    captured = capture(copied, SUBJECT, reader=reader, sites=SITES, shard=10, dtype="float32")
    network = network_of(copied, SUBJECT, reader, "float32")
    lines = {line.trial_id: line for line in read_lines(copied, network)}
    assert captured.trials == captured.added == len(lines)
    model = network.loaded.model
    for point in ("before", "call"):
        for site in ("layers.2.resid_post", "layers.1.heads.2"):
            rows, found = captured.store.load(point, site)
            assert rows["trial_id"].to_list() == sorted(lines)
            for number in (0, 7, 19):
                line = lines[rows["trial_id"][number]]
                model.set_attn_implementation("sdpa")
                try:
                    with torch.no_grad(), observed(model, [Site.parse(site)]) as seen:
                        model(torch.tensor([line.tokens]))
                finally:
                    model.set_attn_implementation("offswitch_segments")
                plain = seen[Site.parse(site)][0, line.places[point]].numpy()
                np.testing.assert_allclose(found[number], plain, atol=2e-4)


def test_the_index_joins_the_observations(copied: Path, reader: str) -> None:
    captured = capture(copied, SUBJECT, reader=reader, sites=["layers.0.resid_pre"])
    rows, values = captured.store.load("before", "layers.0.resid_pre")
    joined = rows.join(read_observations(copied / "observations.parquet"), on="trial_id")
    assert joined.height == rows.height == len(values)
    assert joined["subject"].unique().to_list() == [SUBJECT]
    assert set(joined["outcome"]) == {"complied", "succeeded"}
    assert (rows["prompt_tokens"] - 1 == rows["place"]).all()


def test_a_capture_that_was_stopped_goes_on(copied: Path, reader: str) -> None:
    class Stopped(Exception):  # noqa: N818
        pass

    def stop(done: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        capture(copied, SUBJECT, reader=reader, sites=SITES, shard=8, told=stop)
    rest = capture(copied, SUBJECT, reader=reader, sites=SITES, shard=8)
    assert 0 < rest.added == rest.trials - 8
    index = rest.store.index()
    assert not index.select("trial_id", "point").is_duplicated().any()
    whole = capture(copied, SUBJECT, reader=reader, sites=SITES)
    assert whole.added == 0
    assert whole.store.index().equals(index)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"subject": "nobody"}, "there is no subject 'nobody'"),
        ({"subject": None}, r"name the subject \(--subject\)"),
        ({"reader": None}, "one can look only into models on this machine"),
        ({"sites": ["layers.9.resid_post"]}, "has 3 blocks"),
        ({"points": ["after"]}, "there is no decision point 'after'"),
    ],
)
def test_what_cannot_be_captured(copied: Path, reader: str, arguments: Any, says: str) -> None:
    given = {"subject": SUBJECT, "reader": reader, **arguments}
    with pytest.raises(UsageError, match=says):
        capture(copied, **given)


def test_a_capture_of_something_else_is_not_mixed_in(copied: Path, reader: str) -> None:
    capture(copied, SUBJECT, reader=reader, sites=["layers.0.resid_pre"])
    with pytest.raises(UsageError, match="a capture with other sites"):
        capture(copied, SUBJECT, reader=reader, sites=["layers.1.resid_pre"])
    with pytest.raises(UsageError, match="no such file"):
        capture(copied / "nowhere", SUBJECT, reader=reader)


def test_activations_that_are_no_numbers_are_refused(
    copied: Path, save_network: Callable[..., Path], tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "broken"
    folder.mkdir()
    for path in save_network().iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    weights = load_file(folder / "model.safetensors")
    weights["model.layers.1.mlp.down_proj.weight"][0, 0] = float("nan")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(
        UsageError, match=r"activations at layers\.1\.resid_post are not all finite"
    ):
        capture(copied, SUBJECT, reader=f"local/{folder}")


def test_a_network_that_does_not_fit_is_not_loaded(
    reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from offswitch.subjects.local import memory

    folder = Path(reader.removeprefix("local/"))
    size = sum(p.numel() for p in _weights(folder).values()) * 4
    monkeypatch.setattr(memory, "free_bytes", lambda device: int(size * 0.9))
    with pytest.raises(UsageError, match="are free on cpu"):
        memory.check_fits(folder, torch.float32, "cpu")
    memory.check_fits(folder, torch.bfloat16, "cpu")


def _weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(folder / "model.safetensors"))


def test_free_memory_is_that_of_the_machine() -> None:
    from offswitch.subjects.local.memory import free_bytes

    free = free_bytes("cpu")
    assert free is None or 10**7 < free < 10**14


def test_no_decision_without_a_log(copied: Path, reader: str) -> None:
    for path in (copied / "logs").glob("*.eval"):
        path.unlink()
    captured = capture(copied, SUBJECT, reader=reader)
    assert captured.trials == 0
    trials = read_observations(copied / "observations.parquet").filter(pl.col("subject") == SUBJECT)
    assert captured.without == trials.height
