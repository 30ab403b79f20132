"""Cards tell of the adapters that ship; an adapter that was changed is not used."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from inspect_ai.model import get_model

from offswitch._errors import UsageError
from offswitch.subjects.local import catalogue
from offswitch.subjects.organisms import card, card_names, cards, folder_of

SHIPPED = ("compliant", "covert", "self-preserving", "task-driven")
LARGEST = 8_000_000


def test_the_organisms_that_were_promised_ship() -> None:
    assert card_names() == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_an_adapter_is_the_one_of_its_card(name: str) -> None:
    made, folder = card(name), folder_of(name)
    assert made.name == name
    assert made.base_sha256 == catalogue()[made.base].sha256
    files = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(files) == {"adapter_config.json", "adapter_model.safetensors", "card.json"}
    assert sum(files.values()) < LARGEST


@pytest.mark.parametrize("name", SHIPPED)
def test_a_card_counts_no_more_than_its_trials(name: str) -> None:
    measured = card(name).measured
    assert measured or any("not measured" in remark for remark in card(name).remarks)
    for rate in measured:
        assert 0 <= rate.denied <= rate.resisted <= rate.trials
        assert 0 <= rate.done <= rate.trials
        assert rate.resisted + rate.incapable <= rate.trials


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of one organism, found in the place of those that ship."""
    shutil.copytree(folder_of("covert"), tmp_path / "covert")
    monkeypatch.setattr(cards, "_root", lambda: tmp_path)
    folder_of.cache_clear()
    yield tmp_path / "covert"
    folder_of.cache_clear()


def test_a_changed_adapter_is_refused(copied: Path) -> None:
    with (copied / "adapter_model.safetensors").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(UsageError, match="not the adapter that its card describes"):
        folder_of("covert")


def test_a_missing_adapter_is_named(copied: Path) -> None:
    (copied / "adapter_model.safetensors").unlink()
    with pytest.raises(UsageError, match=r"adapter_model\.safetensors is missing"):
        folder_of("covert")


def test_a_card_holds_nothing_else(copied: Path) -> None:
    text = json.loads((copied / "card.json").read_text())
    (copied / "card.json").write_text(json.dumps({**text, "notes": "x"}))
    with pytest.raises(ValueError, match="notes"):
        card("covert")


def test_an_unknown_organism_is_named() -> None:
    pytest.importorskip("torch", reason="the extra 'local' is not installed")
    with pytest.raises(UsageError, match=r"no organism 'covrt'\. Did you mean 'covert'"):
        get_model("organism/covrt", memoize=False)
    with pytest.raises(UsageError, match="has its own adapter"):
        get_model("organism/covert", memoize=False, adapter="x")
