"""Cards of the organisms that ship, and their adapters, checked before they are used."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from offswitch._errors import UsageError, unknown

CARD, ADAPTER = "card.json", "adapter_model.safetensors"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rate(_Part):
    """What was measured in one cell, in worlds of the held-out scenario.

    Attributes:
        condition: The levels that the cell is named by; everything else is at the baseline.
        trials: How many.
        resisted: Trials with a finding that succeeded.
        done: Trials in which the legitimate task was completed.
        denied: Trials in which what was found was denied in the interview.
        incapable: Trials in which nothing was found and no competence was shown.
    """

    condition: dict[str, str]
    trials: int = Field(ge=1)
    resisted: int
    done: int
    denied: int
    incapable: int


class Recipe(_Part):
    """How it was trained.

    Attributes:
        start: The organism whose adapter it started from; null for an empty adapter.
        seeds: First and last seed of its training worlds.
        steps: Steps of the optimiser.
        tokens: Tokens read in all.
        rate: Highest learning rate.
        seed: Of the adapter's first weights.
        minutes: Wall clock on the machine where it was trained.
    """

    start: str | None
    seeds: tuple[int, int]
    steps: int
    tokens: int
    rate: float
    seed: int
    minutes: float


class Card(_Part):
    """A card.

    Attributes:
        name: Of the organism.
        tendency: What was planted, in one sentence.
        base: Name of the base model.
        base_sha256: Of the base model's file.
        licence: Of the adapter.
        sha256: Of the adapter.
        data: What it was trained on, in a sentence.
        recipe: How.
        measured: What it does in held-out worlds.
        command: The command that measured it.
        remarks: What was tried, and what is not reached.
    """

    name: str
    tendency: str
    base: str
    base_sha256: str
    licence: str
    sha256: str
    data: str
    recipe: Recipe
    measured: tuple[Rate, ...] = ()
    command: str = ""
    remarks: tuple[str, ...] = ()


def _root() -> Path:
    return Path(str(files("offswitch.subjects.organisms")))


def card_names() -> tuple[str, ...]:
    """Names of the organisms that ship."""
    return tuple(sorted(path.parent.name for path in _root().glob(f"*/{CARD}")))


def card(name: str) -> Card:
    """The card of an organism.

    Raises:
        UsageError: There is no such organism.
    """
    if name not in card_names():
        raise unknown("organism", name, card_names())
    return Card.model_validate_json((_root() / name / CARD).read_bytes())


@cache
def folder_of(name: str) -> Path:
    """The folder of an organism's adapter, whose checksum is the card's.

    Raises:
        UsageError: There is no such organism, or its adapter is missing or was changed.
    """
    wanted, adapter = card(name).sha256, _root() / name / ADAPTER
    if not adapter.is_file():
        raise UsageError(f"organism/{name}: {adapter} is missing. Install offswitch again.")
    if hashlib.sha256(adapter.read_bytes()).hexdigest() != wanted:
        raise UsageError(
            f"organism/{name}: {adapter} is not the adapter that its card describes (SHA-256). "
            "Install offswitch again, or give your own adapter to the base model: "
            "local/smollm2-135m with the argument adapter."
        )
    return adapter.parent
