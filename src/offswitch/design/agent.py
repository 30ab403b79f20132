"""Agents: what runs a subject in place of the package's own loop, its key ``agent:``.

subjects:
  - {name: react, model: openai/gpt-5, agent: react}
  - {name: ours, model: openai/gpt-5, agent: {python: ours.py@work}}
  - {name: cli, model: openai/gpt-5, agent: {command: [ours, --quiet]}}
  - {name: served, agent: {url: "http://127.0.0.1:8000/v1"}}
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Kind = Literal["inspect", "python", "command", "url"]
Text = Annotated[str, Field(strict=True, min_length=1, max_length=1000)]
KINDS: tuple[Kind, ...] = ("inspect", "python", "command", "url")
NO_MODEL = "none"
"""Model of a subject whose agent brings its own."""
SERVED = "openai-api/endpoint/"
"""Where models of agents that are given by URL stand, for Inspect."""


def _words(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    return value.split() if isinstance(value, str) else value


def by_name(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    """An agent of Inspect's, given by its name alone."""
    return {"inspect": value} if isinstance(value, str) else value


class Agent(BaseModel):
    """An agent, in one of four ways.

    Attributes:
        inspect: An Inspect agent: its name (``react``, ``package/name``), or ``file.py@name``.
        python: A coroutine function that is handed a workplace: ``file.py@name`` or
            ``module@name``.
        command: A program in the sandbox, with its arguments.
        url: The base URL of an endpoint that speaks OpenAI's chat completions.
        served: The model's name at that endpoint.
        key: The environment variable that holds the endpoint's key, if it wants one.
        args: Arguments of an Inspect agent; keyword arguments of a Python agent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    inspect: Text | None = None
    python: Text | None = None
    command: Annotated[tuple[Text, ...], BeforeValidator(_words), Field(min_length=1)] | None = None
    url: Text | None = None
    served: Text = "agent"
    key: Text | None = None
    args: dict[str, Any] = {}

    @property
    def kind(self) -> Kind:
        """In which of the four ways it is given."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def file(self) -> str | None:
        """The file that it is in, as the plan has it, if it is in one."""
        path, at, _ = (self.inspect or self.python or "").partition("@")
        return path if at and path.endswith(".py") else None

    @property
    def model(self) -> str:
        """The model of a subject that names none."""
        return f"{SERVED}{self.served}" if self.kind == "url" else NO_MODEL

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(
                f"an agent is given in one way, not {len(given)}: write one of inspect: react, "
                "python: ours.py@work, command: [ours, --quiet], url: http://127.0.0.1:8000/v1"
            )
        if self.python is not None and "@" not in self.python:
            raise ValueError(f"'{self.python}' names no function; write python: ours.py@work")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError(f"'{self.url}' is no URL; write url: http://127.0.0.1:8000/v1")
        for key in ("served", "key"):
            if self.kind != "url" and key in self.model_fields_set and getattr(self, key) not in (
                None, type(self).model_fields[key].default,
            ):  # fmt: skip
                raise ValueError(f"'{key}' goes with 'url'")
        if self.args and self.kind in ("command", "url"):
            raise ValueError(f"'args' goes with 'inspect' or 'python', not with '{self.kind}'")
        return self


def model_of(value: Mapping[str, Any]) -> str | None:
    """The model of a subject that has an agent and names no model; null where that is wrong."""
    try:
        return Agent.model_validate(by_name(value["agent"])).model
    except ValueError:
        return None
