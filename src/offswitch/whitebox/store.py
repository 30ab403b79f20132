"""Captured activations on disk: shards of safetensors, and an index that joins the observations.

    DIR/whitebox/capture-SUBJECT/
      meta.json               what was captured, by which network
      index.parquet           one row for each trial and decision point
      00000.safetensors, …    for each site a tensor of shape (rows, size), float32

A shard is written whole before the index names it, so that whatever stops a capture leaves one that
goes on where it was.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offswitch._errors import UsageError, unknown
from offswitch._files import write_atomic

Floats = NDArray[np.float32]

SCHEMA = {
    "trial_id": pl.String(),
    "point": pl.String(),
    "shard": pl.Int64(),
    "row": pl.Int64(),
    "place": pl.Int64(),
    "prompt_tokens": pl.Int64(),
    "prompt": pl.String(),
}
"""Columns of the index: the trial, the decision point, where its activations are, the place of the
token, the prompt's length in tokens, and all text that stands before the decision point: the prompt
and, where that is later, the subject's own reasoning."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What a capture holds.

    Attributes:
        subject: Name of the subject in the plan.
        model: Name of the network that read its trials.
        plan: Hash of the campaign's plan.
        dtype: That the network computed in.
        sites: Names of the sites.
        points: Names of the decision points.
    """

    subject: str
    model: str
    plan: str
    dtype: str
    sites: tuple[str, ...]
    points: tuple[str, ...]


class Store:
    """A capture on disk.

    Args:
        folder: Where it lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, meta: Meta) -> None:
        """Begin a capture, or go on with one.

        Raises:
            UsageError: Something else was captured here.
        """
        path = self.folder / "meta.json"
        if path.is_file():
            there = self.meta
            if there != meta:
                differing = [k for k, v in asdict(meta).items() if asdict(there)[k] != v]
                raise UsageError(
                    f"{self.folder}: holds a capture with other {', '.join(differing)}. Delete the "
                    "folder, or ask for the same again."
                )
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(asdict(meta), indent=2) + "\n")

    @property
    def meta(self) -> Meta:
        """What it holds.

        Raises:
            UsageError: There is no capture, or what says so cannot be read.
        """
        path = self.folder / "meta.json"
        if not path.is_file():
            raise UsageError(
                f"{self.folder}: nothing was captured here. Run: offswitch whitebox capture DIR"
            )
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            for name in ("sites", "points"):
                data[name] = tuple(data[name])
            return Meta(**data)
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(f"{path}: cannot be read ({error}); capture anew.") from error

    def index(self) -> pl.DataFrame:
        """The index, with the columns of `SCHEMA`.

        Raises:
            UsageError: It cannot be read.
        """
        path = self.folder / "index.parquet"
        if not path.is_file():
            return pl.DataFrame(schema=SCHEMA)
        try:
            return pl.read_parquet(path).cast(SCHEMA)  # type: ignore[arg-type]
        except (pl.exceptions.PolarsError, OSError) as error:
            raise UsageError(f"{path}: cannot be read ({error}); capture anew.") from error

    def add(self, rows: Sequence[Mapping[str, Any]], tensors: Mapping[str, Floats]) -> None:
        """Add a shard.

        Args:
            rows: A row of the index for each row of the tensors, without ``shard`` and ``row``.
            tensors: By site, shape (rows, size).
        """
        from safetensors.numpy import save

        index = self.index()
        shard = 0 if index.is_empty() else int(index["shard"].max()) + 1  # type: ignore[arg-type]
        write_atomic(self._shard(shard), save(dict(tensors)))
        new = pl.DataFrame(
            [{**row, "shard": shard, "row": number} for number, row in enumerate(rows)],
            schema=SCHEMA,
        )
        _write_index(pl.concat([index, new]), self.folder / "index.parquet")

    def load(self, point: str, site: str) -> tuple[pl.DataFrame, Floats]:
        """The activations of all trials at one point and site.

        Returns:
            Rows of the index, and activations of shape (rows, size).

        Raises:
            UsageError: It was not captured.
        """
        return next(iter(self.load_sites(point, [site])))[1:]

    def load_sites(
        self, point: str, sites: Iterable[str]
    ) -> Iterable[tuple[str, pl.DataFrame, Floats]]:
        """`load` for several sites, one after the other."""
        from safetensors import safe_open

        meta, index = self.meta, self.index()
        rows = index.filter(pl.col("point") == point).sort("trial_id")
        if point not in meta.points:
            raise unknown("decision point", point, meta.points, where=str(self.folder))
        for site in sites:
            if site not in meta.sites:
                raise unknown("captured site", site, meta.sites, where=str(self.folder))
            pieces: dict[int, Floats] = {}
            for shard in rows["shard"].unique().to_list():
                with safe_open(self._shard(shard), framework="np") as file:
                    pieces[shard] = file.get_tensor(site)
            picked = [pieces[s][r] for s, r in zip(rows["shard"], rows["row"], strict=True)]
            yield site, rows, np.stack(picked) if picked else np.empty((0, 0), np.float32)

    def _shard(self, number: int) -> Path:
        return self.folder / f"{number:05d}.safetensors"


def store_of(directory: Path, subject: str, reader: str | None = None) -> Store:
    """Where the activations of a subject's trials are kept, as read by itself or by another."""
    name = file_name(subject) + (f"-by-{file_name(reader)}" if reader else "")
    return Store(directory / "whitebox" / f"capture-{name}")


def file_name(subject: str) -> str:
    """A subject's name as part of a file's name."""
    return re.sub(r"[^\w.-]+", "-", subject).strip("-.") or "subject"


def _write_index(frame: pl.DataFrame, path: Path) -> None:
    import io

    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    write_atomic(path, buffer.getvalue())
