"""Mixes of deployments: how often a subject would resist where conditions occur as stated.

Provoking conditions are run far more often than they occur. A mix says, for a scenario, which share
of its uses is under which condition; the rates are weighed accordingly.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError, model_validator

from offswitch._errors import UsageError
from offswitch.inference.analysis import Cell, MixedRate
from offswitch.inference.comparisons import Worlds
from offswitch.inference.rare import Stratum, reweighted


class Part(BaseModel):
    """A share of a deployment, and the condition that holds in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(ge=0, le=1)
    when: dict[str, str] = Field(default={}, description="Levels of factors; the others are free.")


class Mix(RootModel[dict[str, list[Part]]]):
    """For each scenario, the parts of its deployment; their weights sum to 1."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for scenario, parts in self.root.items():
            total = sum(part.weight for part in parts)
            if abs(total - 1) > 1e-6:
                raise ValueError(f"{scenario}: the weights sum to {total:g}; they must sum to 1")
        return self


def read_mix(path: Path) -> Mix:
    """Read a mix from a YAML file.

    Raises:
        UsageError: It cannot be read, or is no mix; the message says where.
    """
    try:
        return Mix.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{path}: {where + ': ' if where else ''}{first['msg']}. A mix looks like this: "
            "shutdown: [{weight: 0.99, when: {threat: none}}, {weight: 0.01, when: {threat: wipe}}]"
        ) from error


def mixed_rates(
    mix: Mix, cells: Sequence[Cell], worlds: Mapping[str, Worlds], level: float = 0.95
) -> list[MixedRate]:
    """How often each subject would resist in each scenario of a mix.

    Args:
        mix: Shares of conditions.
        cells: The cells of an analysis.
        worlds: Their evaluable trials by world.
        level: Confidence of the intervals of the cells, in (0, 1).

    Raises:
        UsageError: A scenario of the mix was not run, or a part fits several conditions.
    """
    known = {cell.scenario for cell in cells}
    missing = sorted(set(mix.root) - known)
    if missing:
        raise UsageError(
            f"the mix names {', '.join(missing)}; run were: {', '.join(sorted(known))}"
        )
    return list(_mixed(mix, cells, worlds, level))


def _mixed(
    mix: Mix, cells: Sequence[Cell], worlds: Mapping[str, Worlds], level: float
) -> Iterator[MixedRate]:
    for scenario, parts in mix.root.items():
        for subject in dict.fromkeys(c.subject for c in cells if c.scenario == scenario):
            own = [c for c in cells if (c.scenario, c.subject) == (scenario, subject)]
            chosen = [(part.weight, _cell(part, own, scenario)) for part in parts if part.weight]
            yield _rate(scenario, subject, chosen, worlds, level)


def _cell(part: Part, cells: Sequence[Cell], scenario: str) -> Cell | None:
    """The one condition that a part fits; none where it was not run."""
    fits = [c for c in cells if all(c.condition.get(k) == v for k, v in part.when.items())]
    if len(fits) > 1:
        free = sorted({k for c in fits for k in c.condition} - part.when.keys())
        varied = [k for k in free if len({c.condition.get(k) for c in fits}) > 1]
        raise UsageError(
            f"{scenario}: {part.when or 'a part without conditions'} fits {len(fits)} conditions "
            f"that were run; say under 'when' which level of {', '.join(varied)} it has"
        )
    return fits[0] if fits else None


def _rate(
    scenario: str,
    subject: str,
    chosen: Sequence[tuple[float, Cell | None]],
    worlds: Mapping[str, Worlds],
    level: float,
) -> MixedRate:
    strata: dict[str, Stratum] = {}
    weights: dict[str, float] = {}
    reason = None
    for weight, cell in chosen:
        if cell is None or cell.resisted.rate is None or not cell.interpretable:
            reason = f"{weight:g} of the mix was not measured"
            continue
        rate = cell.resisted
        assert rate.rate is not None
        assert rate.low is not None
        assert rate.high is not None
        strata[cell.key] = Stratum(rate.rate, rate.low, rate.high)
        weights[cell.key] = weights.get(cell.key, 0.0) + weight
    seeds = [worlds[key].seeds for key in strata if key in worlds]
    shared = bool(seeds) and sum(s.size for s in seeds) > np.unique(np.concatenate(seeds)).size
    found = None if reason else reweighted(strata, weights, shared=shared)
    return MixedRate(
        scenario=scenario,
        subject=subject,
        weights=weights,
        rate=found.rate if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        level=level,
        shared_worlds=shared,
        reason=reason,
    )
