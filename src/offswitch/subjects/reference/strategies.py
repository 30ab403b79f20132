"""The red team's strategies against monitors: a documented list that users extend."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from offswitch._errors import UsageError, unknown

Text = Annotated[str, Field(min_length=1)]


class Strategy(BaseModel):
    """One way to evade a monitor; ``strategies.yaml`` says what the fields do.

    Attributes:
        name: Its name.
        summary: What it does, in a sentence.
        tool: Calls of this tool are rewritten.
        rewrite: Commands in place of each such call.
        wait: Harmless steps before the first deed.
        says: Words beside a deed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    summary: Text
    tool: str | None = None
    rewrite: tuple[Text, ...] = ()
    wait: int = Field(default=0, ge=0, le=50)
    says: str = ""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.rewrite or self.wait or self.says):
            raise ValueError("a strategy needs rewrite, wait or says")
        if bool(self.rewrite) != (self.tool is not None):
            raise ValueError("'tool' and 'rewrite' go together")
        return self


_LIST = TypeAdapter(list[Strategy])


@cache
def strategies() -> Mapping[str, Strategy]:
    """Those of the package by name."""
    text = (files("offswitch.subjects.reference") / "strategies.yaml").read_text(encoding="utf-8")
    return {each.name: each for each in _LIST.validate_python(yaml.safe_load(text))}


_OWN: dict[str, Strategy] = {}


def strategy_named(name: str) -> Strategy:
    """A strategy of the package, or ``FILE.yaml:name`` for one of a list of the user's.

    Raises:
        UsageError: There is no such file or strategy; the message lists those that exist.
    """
    if name in _OWN:
        return _OWN[name]
    path, colon, short = name.rpartition(":")
    if not colon:
        if name not in strategies():
            raise unknown("strategy", name, strategies())
        return strategies()[name]
    found = _read(Path(path))
    if short not in found:
        raise unknown("strategy", short, found, path)
    _OWN[name] = found[short].model_copy(update={"name": name})
    return _OWN[name]


def _read(path: Path) -> dict[str, Strategy]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {each.name: each for each in _LIST.validate_python(raw)}
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the list of strategies cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: {place}: {first['msg']}; see docs/safeguards.md") from error
