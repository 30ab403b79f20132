"""The key ``design:`` of a condition: which combinations of levels are run.

- threat: interruption                     # held
  design:
    kind: fractional
    resolution: 4
    factors: {precedence: [unclear, explicit], agency_line: [absent, present], …}
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from offswitch._errors import UsageError, unknown
from offswitch.design.factorial import (
    Cells,
    Resolution,
    fractional,
    full,
    ladder,
    one_at_a_time,
)
from offswitch.design.optimal import exchange
from offswitch.design.terms import Term, checked, model_of, parameters, two_way

Kind = Literal["full", "fractional", "one_at_a_time", "ladder", "optimal"]
_ROMAN = {"III": 3, "IV": 4, "V": 5}


def _resolution(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    return _ROMAN.get(value, value) if isinstance(value, str) else value


def _level_list(value: Any) -> Any:  # noqa: ANN401 - raw YAML
    return [value] if isinstance(value, str) else value


Name = Annotated[str, Field(strict=True, min_length=1)]
Levels = Annotated[tuple[Name, ...], BeforeValidator(_level_list)]


class Design(BaseModel):
    """Which combinations of the levels of some factors are run.

    Attributes:
        kind: ``full``: all; ``fractional``: a fraction of them; ``one_at_a_time``: the first level
            of each factor as a centre, and each other level by itself; ``ladder``: the levels of
            one factor in order; ``optimal``: the cells that say most under a budget.
        factors: Levels by factor, two or more each; for a ladder in order.
        resolution: Of a fraction: 3, 4 or 5, also written III, IV or V.
        cells: Of an optimal design: how many.
        interactions: Pairs of factors whose interaction is in the model beside the main effects;
            a fraction of resolution V and a full factorial have all of them.
        per_world: Cells that each world gets, in balance; all where null.
        seed: Of what is searched for or allocated by chance.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = "full"
    factors: dict[Name, Levels] = Field(min_length=1)
    resolution: Annotated[Resolution, BeforeValidator(_resolution)] | None = None
    cells: Annotated[int, Field(strict=True, ge=2)] | None = None
    interactions: tuple[tuple[Name, Name], ...] = ()
    per_world: Annotated[int, Field(strict=True, ge=2)] | None = None
    seed: Annotated[int, Field(strict=True, ge=0)] = 1

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for problem in self._problems():
            raise ValueError(problem)
        try:
            self.runs()
        except UsageError as error:
            raise ValueError(str(error).removeprefix("the design: ")) from None
        return self

    def _problems(self) -> Iterator[str]:
        if (self.kind == "fractional") != (self.resolution is not None):
            yield (
                "a fraction needs its resolution: write resolution: 3, 4 or 5"
                if self.resolution is None
                else f"'resolution' goes with kind: fractional, not with {self.kind}"
            )
        if (self.kind == "optimal") != (self.cells is not None):
            yield (
                "an optimal design needs a budget: write cells: 12"
                if self.cells is None
                else f"'cells' goes with kind: optimal, not with {self.kind}"
            )
        for pair in self.interactions:
            for name in pair:
                if name not in self.factors:
                    yield str(unknown("factor of the design", name, self.factors))
            if pair[0] == pair[1]:
                yield f"{pair[0]} cannot interact with itself; name two factors"
        if self.interactions and self.kind in ("one_at_a_time", "ladder"):
            yield f"{self.kind} varies nothing together, so it shows no interactions: kind: full"

    @property
    def model(self) -> list[Term]:
        """The terms that the design is made to tell apart."""
        every = self.kind == "full" or self.resolution == 5
        pairs = two_way(self.factors) if every else self.interactions
        return model_of(self.factors, pairs)

    @property
    def parameters(self) -> int:
        """Coefficients of the model."""
        return parameters(self.factors, self.model)

    def runs(self) -> Cells:
        """The cells, each a level for every factor of the design.

        Raises:
            UsageError: There is no such design; says what to change.
        """
        factors = checked(self.factors)
        if self.kind == "optimal":
            assert self.cells is not None
            return exchange(full(factors), factors, self.model, self.cells, self.seed)
        if self.kind == "fractional":
            assert self.resolution is not None
            return fractional(factors, self.resolution, self.seed)
        return {"full": full, "one_at_a_time": one_at_a_time, "ladder": ladder}[self.kind](factors)
