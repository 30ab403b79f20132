"""Takes activations at the decision points of a campaign's trials.

Each trial's line is read again by the network, with the answer that it gave (teacher-forced), and
the activations at the chosen sites are kept at the decision points only. What is in memory is one
pass and one shard.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from offswitch._errors import UsageError, unknown
from offswitch.campaign.folder import Folder
from offswitch.evidence.observation import read_observations
from offswitch.whitebox.lines import POINTS, Line, Point, read_lines
from offswitch.whitebox.store import Floats, Meta, Store, store_of
from offswitch.whitebox.subjects import Network, network_of

if TYPE_CHECKING:
    from offswitch.subjects.local.sites import Site

SITES = ("layers.*.resid_post",)
SHARD = 128
"""Trials in one shard."""
Told = Callable[[int], None]
"""Is told how many trials are done."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What a capture came to.

    Attributes:
        store: Where the activations lie.
        trials: Trials whose activations are there.
        added: Those that were added now.
        without: Trials of the subject without a decision, or that failed.
    """

    store: Store
    trials: int
    added: int
    without: int


def capture(
    directory: str | Path,
    subject: str | None = None,
    *,
    reader: str | None = None,
    dtype: str | None = None,
    sites: Sequence[str] = SITES,
    points: Sequence[Point] = ("before", "reasoned", "call"),
    shard: int = SHARD,
    told: Told | None = None,
) -> Captured:
    """Capture activations of a subject's trials, or go on with a capture that was stopped.

    Args:
        directory: The campaign's folder.
        subject: Name of the subject; may be left out where only one is a local model.
        reader: Inspect's name of a local model that reads the subject's trials in its place.
        dtype: That the network computes in; as the plan has it by default.
        sites: Patterns of sites.
        points: Decision points.
        shard: Trials in one shard, 1 or more; what is lost if it is stopped.
        told: Is told after each shard.

    Raises:
        UsageError: There is no such campaign, subject or site; the network returned something that
            is no number; or something else was captured here.
    """
    for point in points:
        if point not in POINTS:
            raise unknown("decision point", point, POINTS)
    folder = Folder(Path(directory))
    observations = read_observations(folder.observations)
    network = network_of(folder.path, subject, reader, dtype)
    store = store_of(folder.path, network.subject.name, reader)
    chosen = _begin(store, network, folder, sites, points)
    done = set(store.index()["trial_id"])
    known = len(done)
    fresh = (line for line in read_lines(folder.path, network) if line.trial_id not in done)
    added = 0
    for lines in _batches(fresh, shard):
        _shard(store, network, lines, chosen, points)
        added += len(lines)
        if told is not None:
            told(known + added)
    total = observations.filter(observations["subject"] == network.subject.name).height
    return Captured(store, known + added, added, total - known - added)


def _begin(
    store: Store, network: Network, folder: Folder, sites: Sequence[str], points: Sequence[Point]
) -> "list[Site]":
    from offswitch.subjects.local.sites import anatomy
    from offswitch.whitebox.subjects import plan_of

    model = network.loaded.model
    chosen = anatomy(model).select(sites)
    as_run = plan_of(folder).as_run or {}
    meta = Meta(
        subject=network.subject.name,
        model=network.reader,
        plan=str(as_run.get("hash", "")),
        dtype=str(model.dtype).removeprefix("torch."),
        sites=tuple(map(str, chosen)),
        points=tuple(points),
    )
    store.begin(meta)
    return chosen


def _batches(lines: Iterator[Line], size: int) -> Iterator[list[Line]]:
    while batch := list(islice(lines, size)):
        yield batch


def _shard(
    store: Store, network: Network, lines: list[Line], sites: "list[Site]", points: Sequence[Point]
) -> None:
    rows: list[dict[str, Any]] = []
    pieces: dict[str, list[Floats]] = {str(site): [] for site in sites}
    for line, there, found in read(network, lines, sites, points):
        for site, values in found.items():
            if not np.isfinite(values).all():
                raise UsageError(
                    f"trial {line.trial_id}: the activations at {site} are not all finite. "
                    "Use dtype=float32 or bfloat16, or look at the weights."
                )
            pieces[str(site)].append(values)
        rows += [
            {
                "trial_id": line.trial_id,
                "point": point,
                "place": line.places[point],
                "prompt_tokens": len(line.prompt),
                "prompt": line.read_at(point),
            }
            for point in there
        ]
    if rows:
        store.add(rows, {name: np.concatenate(values) for name, values in pieces.items()})


def read(
    network: Network, lines: Sequence[Line], sites: "Sequence[Site]", points: Sequence[Point]
) -> "Iterator[tuple[Line, list[Point], dict[Site, Floats]]]":
    """The activations of lines at their decision points.

    Yields:
        A line, the points that it has, and by site an array of shape (points, size).
    """
    from offswitch.whitebox.reading import Ask, Reader

    by_id = {line.trial_id: line for line in lines}
    there: dict[str, list[Point]] = {}
    asks = []
    for line in lines:
        has = sorted((p for p in points if p in line.places), key=line.places.__getitem__)
        if has:
            there[line.trial_id] = has
            places = [line.places[point] for point in has]
            asks.append(Ask(line.trial_id, line.tokens[: places[-1] + 1], places))
    for ask, found in Reader(network.loaded, sites)(asks):
        arrays = {site: tensor.numpy() for site, tensor in found.items()}
        yield by_id[ask.key], there[ask.key], arrays
