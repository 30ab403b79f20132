"""What the logs of a campaign hold, kept as columns, so that memory stays flat with many trials."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offswitch.evidence.observation import FINDINGS, OBSERVATIONS
from offswitch.evidence.safeguards import SAFEGUARDS

_PLACE, _RANK = "_place", "_rank"


@dataclass(frozen=True, slots=True)
class Spent:
    """What trials took, those that failed or were cancelled included.

    Attributes:
        tokens: Of input and output, those of the provider's cache included.
        cost_usd: US dollars, of models whose price is known.
        seconds: In which any trial ran.
    """

    tokens: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """What one log holds; its tables lie packed, at some 200 bytes a trial in place of 2,000.

    Attributes:
        stamp: Time of change and size of the file; it is read again only when they differ.
        tokens: Of all its samples.
        cost_usd: Of all its samples.
        spans: Begin and end of each of them, in seconds since 1970; shape (samples, 2).
    """

    stamp: tuple[int, int]
    tokens: int
    cost_usd: float
    spans: NDArray[np.float64]
    _rows: bytes
    _findings: bytes
    _safeguards: bytes

    @classmethod
    def of(
        cls,
        stamp: tuple[int, int],
        rows: pl.DataFrame,
        findings: pl.DataFrame,
        tokens: int = 0,
        cost_usd: float = 0.0,
        spans: NDArray[np.float64] | None = None,
        safeguards: pl.DataFrame | None = None,
    ) -> Self:
        """A page of observations, findings and what safeguards did."""
        guarded = SAFEGUARDS.frame([]) if safeguards is None else safeguards
        spans = np.empty((0, 2)) if spans is None else spans
        return cls(stamp, tokens, cost_usd, spans, _packed(rows), _packed(findings),
                   _packed(guarded))  # fmt: skip

    @property
    def rows(self) -> pl.DataFrame:
        """Its finished trials, as observations."""
        return pl.read_ipc(self._rows)

    @property
    def findings(self) -> pl.DataFrame:
        """Their findings."""
        return pl.read_ipc(self._findings)

    @property
    def safeguards(self) -> pl.DataFrame:
        """What safeguards did in those that had any."""
        return pl.read_ipc(self._safeguards)


@dataclass(slots=True)
class Harvest:
    """What the logs of a campaign hold.

    Attributes:
        pages: By log, oldest first; before them, under no name, trials that no log can tell of.
        broken: Logs that could not be read.
        foreign: Logs that belong to something else.
    """

    pages: dict[str, Page] = field(default_factory=dict)
    broken: list[Path] = field(default_factory=list)
    foreign: list[Path] = field(default_factory=list)

    def outcomes(self) -> dict[str, str]:
        """The outcome of every finished trial, by id."""
        frame = _one_each(OBSERVATIONS.joined(page.rows for page in self.pages.values()))
        return dict(frame.select("trial_id", "outcome").iter_rows())

    def tables(self, planned: Iterable[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Observations, one a trial, and their findings, in the order of the plan.

        Args:
            planned: Ids of all trials, in order.
        """
        order = pl.DataFrame({"trial_id": list(planned)}, schema={"trial_id": pl.String})
        order = order.with_row_index(_PLACE)
        rows = _one_each(OBSERVATIONS.joined(page.rows for page in self.pages.values()))
        findings = FINDINGS.joined(page.findings for page in self.pages.values())
        findings = findings.join(rows.select("trial_id", "log"), on=["trial_id", "log"], how="semi")
        return _in_order(rows, order), _in_order(findings, order)

    def safeguards(self, planned: Iterable[str]) -> pl.DataFrame:
        """What safeguards did, a row for each trial that had any, in the order of the plan.

        Args:
            planned: Ids of all trials, in order.
        """
        order = pl.DataFrame({"trial_id": list(planned)}, schema={"trial_id": pl.String})
        rows = SAFEGUARDS.joined(page.safeguards for page in self.pages.values())
        rows = rows.unique("trial_id", keep="first", maintain_order=True)
        return _in_order(rows, order.with_row_index(_PLACE))

    def spent(self) -> Spent:
        """What all trials took, in every run."""
        spans = [page.spans for page in self.pages.values()]
        return Spent(
            sum(page.tokens for page in self.pages.values()),
            sum(page.cost_usd for page in self.pages.values()),
            _covered(np.concatenate(spans)) if spans else 0.0,
        )


def _packed(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compression="zstd")
    return buffer.getvalue()


def _one_each(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a trial: the first that is no error, else the last."""
    count = pl.len().cast(pl.Int64)
    number = pl.int_range(count)
    rank = pl.when(pl.col("outcome") == "error").then(2 * count - number).otherwise(number)
    ranked = rows.with_columns(rank.alias(_RANK)).sort(_RANK)
    return ranked.unique("trial_id", keep="first", maintain_order=True).drop(_RANK)


def _in_order(rows: pl.DataFrame, order: pl.DataFrame) -> pl.DataFrame:
    found = rows.join(order, on="trial_id", how="inner")
    return found.sort(_PLACE, maintain_order=True).drop(_PLACE)


def _covered(spans: NDArray[np.float64]) -> float:
    """Length of the union of intervals."""
    total, end = 0.0, -np.inf
    for begin, until in spans[np.argsort(spans[:, 0])]:
        total += max(0.0, until - max(begin, end))
        end = max(end, until)
    return float(total)
