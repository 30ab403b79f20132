"""Published frameworks of risk: which of their items speak of behaviours that are measured here.

Data with sources. The behaviours beside an item are ours to choose, and say no more than that the
item speaks of them; whether a model is at a level is decided by those who publish the framework, by
evidence that goes far beyond any campaign.
"""

from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, Field

from offswitch.published.tables import Status

__all__ = ["Framework", "Item", "frameworks"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(_Part):
    """One level or category of a framework.

    Attributes:
        name: What the framework calls it.
        about: What it is, in our own words.
        behaviours: Behaviours of the fixed vocabulary that it speaks of.
        status: Where we read of it.
        url: Where that stands, if elsewhere than the framework.
    """

    name: str = Field(min_length=1)
    about: str = Field(min_length=1)
    behaviours: tuple[str, ...] = Field(min_length=1)
    status: Status
    url: str | None = Field(default=None, pattern=r"^https?://")


class Framework(_Part):
    """A framework that a laboratory publishes.

    Attributes:
        name: What it is called, with its version.
        publisher: Who publishes it.
        year: When.
        url: Where.
        items: The parts of it that speak of behaviours measured here.
        note: What else there is to know.
    """

    name: str = Field(min_length=1)
    publisher: str = Field(min_length=1)
    year: int
    url: str = Field(pattern=r"^https?://")
    items: tuple[Item, ...]
    note: str = ""


@cache
def frameworks() -> tuple[Framework, ...]:
    """The frameworks, in the order of the data file."""
    text = (files("offswitch.published.frameworks") / "frameworks.yaml").read_text(encoding="utf-8")
    return tuple(Framework.model_validate(each) for each in yaml.safe_load(text))
