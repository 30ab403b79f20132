"""Plans: which subjects meet which conditions, in how many worlds, under which limits."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import product
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from offswitch.design.agent import Agent, model_of
from offswitch.design.agent import by_name as agent_by_name
from offswitch.design.choice import Design
from offswitch.design.hypotheses import Choices, Hypothesis, by_name
from offswitch.design.interventions import Interventions
from offswitch.design.power import LIKENESS
from offswitch.design.secret import PUBLIC_LIMIT
from offswitch.design.stopping import Stop

IN_MEMORY = {"local", "organism", "hf", "vllm", "sglang", "transformer_lens", "nnterp"}
"""Providers that load a model into this machine, or start a server that does."""
MAX_WORLDS = 1_000_000
PLANNED_WORLDS = 1_000
"""Most worlds of a test that is planned for them."""
ALL = "all"
"""Stands for every scenario in ``scenarios``, and for every factor in ``vary``."""


def _seeds(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    """A count, seeds, or ``{count, first}`` as the list of seeds."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        value = {"count": value}
    if not isinstance(value, Mapping):
        return value
    strange = set(value) - {"count", "first"}
    if strange or "count" not in value:
        raise ValueError("write a number, a list of seeds, or {count: 40, first: 1}")
    count, first = value["count"], value.get("first", 1)
    if not isinstance(count, int) or not 1 <= count <= MAX_WORLDS:
        raise ValueError(f"the number of worlds is {count}; it must be from 1 to {MAX_WORLDS}")
    if not isinstance(first, int) or first < 0:
        raise ValueError(f"the first seed is {first}; it must be a whole number from 0 up")
    return list(range(first, first + count))


def _as_list(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    return value if isinstance(value, list | tuple) else [value]


def _named(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    """A subject given by its model alone."""
    if isinstance(value, str):
        return {"name": value, "model": value}
    if isinstance(value, dict) and "agent" in value and "model" not in value:
        value = {**value, "model": model_of(value) or value.get("name")}
    if isinstance(value, dict) and {"name", "model"} & set(value):
        name = value.get("name", value.get("model"))
        return {"name": name, "model": name, **value}
    return value


def _by_name(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    """Scenarios given by their names alone: each under its baseline."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        if len(set(value)) != len(value):
            raise ValueError("a scenario stands twice")
        return dict.fromkeys(value)
    return value


def _conditions(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    return [{}] if value is None else _as_list(value)


def _levels(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    """A condition's mapping, what is no factor taken apart from the factors."""
    if not isinstance(value, dict):
        raise ValueError("write a mapping of factors to levels, such as {threat: wipe}")
    if set(value) <= {*_RESERVED, "levels"} and isinstance(value.get("levels"), dict):
        return value
    kept = {key: value[key] for key in _RESERVED if key in value}
    return {**kept, "levels": {k: level for k, level in value.items() if k not in _RESERVED}}


def _factors(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    """Factors to vary: all of them, or those that are named."""
    if value is None or value == ALL:
        return value
    names = _as_list(value)
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError("write all, the name of a factor, or a list of names")
    if ALL in names:
        raise ValueError("write either all or names; leave factors out with except: [skin]")
    if len(set(names)) != len(names):
        raise ValueError("a factor stands twice")
    return tuple(names)


Worlds = Annotated[
    tuple[Annotated[int, Field(strict=True, ge=0, lt=PUBLIC_LIMIT)], ...],
    BeforeValidator(_seeds),
    Field(min_length=1),
]
Level = Annotated[str, Field(strict=True, min_length=1)]
Levels = Annotated[tuple[Level, ...], BeforeValidator(_as_list), Field(min_length=1)]
Name = Annotated[str, Field(strict=True, min_length=1, max_length=200)]
_RESERVED = ("name", "vary", "except", "design")
"""Keys of a condition that are no factors."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Part):
    """Levels of some factors; where several levels are given for one, all combinations.

    Attributes:
        name: What people call it, if anything.
        levels: Levels by factor; factors that are not named stay at the scenario's baseline.
        vary: Factors that are varied one at a time around these levels: names, or ``all``. What
            levels they have is known to the scenario, not here.
        excepted: Factors that ``vary: all`` leaves alone; the key ``except``.
        design: Factors whose levels are combined by a design, around these levels.
    """

    name: str | None = None
    levels: dict[str, Levels] = {}
    vary: Annotated[Literal["all"] | tuple[Level, ...] | None, BeforeValidator(_factors)] = None
    excepted: Annotated[tuple[Level, ...], BeforeValidator(_as_list)] = Field((), alias="except")
    design: Design | None = None

    @model_validator(mode="after")
    def _one_centre(self) -> Self:
        if self.excepted and not self.varies_all:
            raise ValueError("'except' goes with 'vary: all'; name the factors to vary instead")
        if self.design is not None and self.vary is not None:
            raise ValueError(
                "'design' stands beside 'vary'; write kind: one_at_a_time in the design, or two "
                "conditions"
            )
        several = [factor for factor, levels in self.levels.items() if len(levels) > 1]
        beside = "vary" if self.vary is not None else "design" if self.design else None
        if beside is not None and several:
            raise ValueError(
                f"{several[0]} has several levels beside '{beside}'; give the centre one level of "
                "each factor, or write one condition for each centre"
            )
        both = [f for f in self.levels if self.design is not None and f in self.design.factors]
        if both:
            raise ValueError(f"{both[0]} is held and stands in the design too; leave one out")
        return self

    @property
    def varies_all(self) -> bool:
        """Whether every factor is varied, but for the exceptions."""
        return self.vary == ALL

    @property
    def varied(self) -> tuple[str, ...]:
        """The factors that are named to be varied."""
        return self.vary if isinstance(self.vary, tuple) else ()

    def combinations(self) -> Iterator[dict[str, str]]:
        """Each combination of the levels."""
        for levels in product(*self.levels.values()):
            yield dict(zip(self.levels, levels, strict=True))


class Price(_Part):
    """What a model costs, in US dollars for a million tokens.

    Attributes:
        input: Tokens read.
        output: Tokens written.
        cache_write: Tokens written to the provider's cache; as ``input`` where null.
        cache_read: Tokens read from it; as ``input`` where null.
    """

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cache_write: float | None = Field(default=None, ge=0)
    cache_read: float | None = Field(default=None, ge=0)


class Subject(_Part):
    """What is tested.

    Attributes:
        name: Its name in the table; the model's where none is given.
        model: Inspect's name of the model, such as ``openai/gpt-5``.
        args: Arguments of the model's provider.
        config: Generation settings by Inspect's names, such as ``temperature``.
        interface: How it makes tool calls: by the model's tool calling, or as XML in its text.
        price: What its model costs; costs are unknown without. Changes no result.
        released: The day on which it was released, for comparisons over time. Changes no result.
        worlds: Seeds, where they are other than the plan's.
        epochs: Repeats, where they are other than the plan's.
        scenarios: Those of the plan's scenarios that it is tested in; all where null.
        optional: Whether it is left out, with a line that says why, where it cannot run here.
        agent: What runs in place of the package's own loop, if anything does.
    """

    name: Name
    model: Name
    args: dict[str, Any] = {}
    config: dict[str, Any] = {}
    interface: Literal["tools", "text"] = "tools"
    price: Price | None = None
    released: date | None = None
    worlds: Worlds | None = None
    epochs: Annotated[int, Field(strict=True, ge=1)] | None = None
    scenarios: (
        Annotated[tuple[Name, ...], BeforeValidator(_as_list), Field(min_length=1)] | None
    ) = None
    optional: bool = False
    agent: Annotated[Agent | None, BeforeValidator(agent_by_name)] = None

    @model_validator(mode="after")
    def _fits_agent(self) -> Self:
        if self.agent is None:
            return self
        if self.interface == "text" and self.agent.kind != "url":
            raise ValueError(
                "'interface: text' is how our own loop reads calls; an agent reads its own: leave "
                "'interface' or 'agent' out"
            )
        if self.agent.kind == "url" and self.model != self.agent.model:
            raise ValueError(
                f"the model of an agent with a URL is there: leave 'model' out, and write "
                f"agent: {{url: ..., served: {self.model}}} if the endpoint wants that name"
            )
        return self

    @property
    def in_memory(self) -> bool:
        """Whether its weights live in this machine's memory, and so in one process."""
        return self.model.partition("/")[0] in IN_MEMORY


class Limits(_Part):
    """Limits of each trial; null means none beyond the scenario's own.

    Attributes:
        max_turns: Turns of the agent loop.
        token_limit: Tokens of input and output together.
        time_limit_s: Wall-clock seconds.
        command_timeout_s: Seconds for one shell command.
    """

    max_turns: int | None = Field(default=None, ge=1)
    token_limit: int | None = Field(default=None, ge=1)
    time_limit_s: int | None = Field(default=None, ge=1)
    command_timeout_s: int = Field(default=30, ge=1)


class Concurrency(_Part):
    """How much runs at once. Changes no result.

    Attributes:
        trials: Trials in flight per subject.
        connections: Model calls in flight per subject; Inspect's own number where null.
        workers: Processes that share the trials; null chooses by their number and the machine's
            cores. Limits hold for all of them together.
    """

    trials: int = Field(default=16, ge=1, le=10_000)
    connections: int | None = Field(default=None, ge=1)
    workers: int | None = Field(default=None, ge=1, le=256)


class Estimate(_Part):
    """What a dry run assumes. Changes no result.

    Attributes:
        output_tokens_per_turn: Tokens that a model writes each turn beside the scripted words and
            calls: its reasoning.
        likeness: How alike trials of one condition in one world are, in [0, 1): the spread
            between worlds, for the power of the design. See `offswitch.design.power`.
    """

    output_tokens_per_turn: int = Field(default=300, ge=0)
    likeness: float = Field(default=LIKENESS, ge=0, lt=1)


class Order(_Part):
    """The order in which trials of a world are run. Changes no result.

    Attributes:
        shuffle: Whether it is random, so that what changes over time does not fall on the same
            conditions each time; else as the plan has them.
        seed: Of the random order, which is another one in each world and for each subject.
    """

    shuffle: bool = True
    seed: Annotated[int, Field(strict=True, ge=0)] = 1


class Plan(_Part):
    """A campaign, as its author wrote it.

    Attributes:
        name: What people call it.
        about: What it is for, in a line.
        published: Name of a table of others' measurements to put beside it, if any.
        subjects: What is tested.
        scenarios: The conditions of each scenario; those of ``all`` in every scenario.
        worlds: Seeds of the worlds, the same for every condition and subject.
        split: Whether the worlds are the seeds themselves (``public``) or numbers from which a
            secret derives them (``private``).
        epochs: Repeats within each world.
        interview: Whether the interview is held after the work.
        sandbox: Inspect sandbox for scenarios that have a machine: ``type`` or ``type:config``.
        limits: Limits of each trial.
        concurrency: How much runs at once.
        order: In which order the trials of a world are run.
        estimate: What a dry run assumes.
        stop: When it may stop before the last world, if it may.
        hypotheses: What it is to decide; see `offswitch.design.hypotheses`.
        analysis: How that is decided.
        registration: What ``offswitch plan freeze`` adds; see `offswitch.design.registration`.
        interventions: Arms that every subject meets in every condition; only the null arm where
            none are named.
        as_run: What a finished or running campaign adds to its copy; not read from here.
    """

    name: Name = "campaign"
    about: str = ""
    published: Name | None = None
    subjects: Annotated[
        tuple[Annotated[Subject, BeforeValidator(_named)], ...],
        BeforeValidator(_as_list),
        Field(min_length=1),
    ]
    scenarios: Annotated[
        dict[
            str,
            Annotated[
                tuple[Annotated[Condition, BeforeValidator(_levels)], ...],
                BeforeValidator(_conditions),
                Field(min_length=1),
            ],
        ],
        BeforeValidator(_by_name),
        Field(min_length=1),
    ]
    worlds: Worlds = tuple(range(1, 11))
    split: Literal["public", "private"] = "public"
    epochs: int = Field(default=1, strict=True, ge=1)
    interview: bool = True
    sandbox: Name = "bwrap"
    limits: Limits = Limits()
    concurrency: Concurrency = Concurrency()
    order: Order = Order()
    estimate: Estimate = Estimate()
    stop: Stop | None = None
    hypotheses: Annotated[
        tuple[Annotated[Hypothesis, BeforeValidator(by_name)], ...], BeforeValidator(_as_list)
    ] = ()
    analysis: Choices = Choices()
    registration: dict[str, Any] | None = None
    interventions: Interventions = ()
    as_run: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _planned_tests_fit(self) -> Self:
        if self.stop is None or self.stop.test != "planned":
            return self
        for subject in self.subjects:
            worlds = len(subject.worlds or self.worlds)
            if (subject.epochs or self.epochs) > 1 or worlds > PLANNED_WORLDS:
                raise ValueError(
                    f"stop.test: planned needs one trial a world and at most {PLANNED_WORLDS} "
                    f"worlds; {subject.name} has {subject.epochs or self.epochs} in {worlds}. "
                    "Write epochs: 1 and fewer worlds, or stop.test: sequence"
                )
        return self
