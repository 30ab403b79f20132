"""The public Python API of evidence from inside the network: capture, probe, patch.

Each step reads a campaign's folder and writes to ``DIR/whitebox``: activations and directions as
safetensors, what was found as JSON, which the report shows.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from offswitch._errors import UsageError
from offswitch._files import write_atomic
from offswitch.campaign.folder import Folder
from offswitch.evidence.observation import read_observations
from offswitch.whitebox.capture import Captured, capture
from offswitch.whitebox.labels import Held, labelled
from offswitch.whitebox.patched import PatchResult, patch_pairs
from offswitch.whitebox.store import Store, file_name, store_of
from offswitch.whitebox.subjects import network_of

if TYPE_CHECKING:
    from offswitch.subjects.local.sites import Part
    from offswitch.whitebox.probes import ProbeResult

__all__ = ["Captured", "Probed", "capture", "patch", "probe"]


@dataclass(frozen=True, slots=True)
class Probed:
    """What probing a campaign came to.

    Attributes:
        subject: Whose trials.
        target: What was looked for.
        point: The decision point.
        within: The condition within which probes are compared; empty for none.
        result: What was found.
        file: Where it was written.
    """

    subject: str
    target: str
    point: str
    within: str
    result: "ProbeResult"
    file: Path


def probe(
    directory: str | Path,
    subject: str | None = None,
    *,
    reader: str | None = None,
    target: str = "resistance",
    point: str = "before",
    sites: Sequence[str] = ("*",),
    within: str = "",
    only: str = "",
    hold_out: str = "",
    seed: int = 0,
) -> Probed:
    """Probe captured activations for a label, beside the controls; write what was found.

    Args:
        directory: The campaign's folder.
        subject: Name of the subject; may be left out where only one was captured.
        reader: Who read its trials, where that was another network.
        target: ``resistance``, ``concealment``, ``test-awareness``, ``task``, or a factor's level
            such as ``monitoring=unmonitored``.
        point: The decision point.
        sites: Patterns of sites among those that were captured.
        within: The condition within which probes are compared, such as ``threat=wipe``.
        only: A condition that all trials must have.
        hold_out: A fact of the scenario, such as how something is phrased: worlds that share it are
            fitted on or tested on together, so that its words are never seen before. By default
            worlds are held out one by one.
        seed: Of folds, draws and shuffles.

    Raises:
        UsageError: Nothing was captured, a name is not known, or there are too few trials.
    """
    _require_sklearn()
    from offswitch.whitebox.probes import probe as find

    folder = Path(directory)
    store = captured(folder, subject, reader)
    name = store.meta.subject
    table = trials(folder, name, target, only)
    data = _data(store, table, point, chosen(store, sites), within, hold_out)
    result = find(data, target, seed=seed)
    where = f"{file_name(name)}-{file_name(target)}-{point}"
    path = write_record(folder, f"probe-{where}", {
        "kind": "probe", "subject": name, "target": target, "point": point, "within": within,
        "only": only, "hold_out": hold_out, **asdict(result),
    })  # fmt: skip
    return Probed(name, target, point, within, result, path)


def _data(
    store: Store, table: pl.DataFrame, point: str, sites: Sequence[str], within: str, hold_out: str
) -> Any:  # noqa: ANN401 - of a module that needs the extra
    from offswitch.whitebox.probes import Data

    activations = {}
    joined = pl.DataFrame()
    for site, rows, values in store.load_sites(point, sites):
        joined = rows.with_row_index("at").join(table, on="trial_id", how="inner").sort("at")
        activations[site] = values[joined["at"].to_numpy()].astype(np.float64)
    inside = joined.select(Held.parse(within).expression(joined)) if within else None
    return Data(
        labels=joined["label"].to_numpy().astype(bool),
        worlds=joined["seed"].to_numpy(),
        groups=_groups(joined, hold_out) if hold_out else joined["seed"].to_numpy(),
        prompts=joined["prompt"].to_list(),
        tokens=joined["prompt_tokens"].to_numpy(),
        activations=activations,
        within=None if inside is None else inside.to_series().to_numpy().astype(bool),
    )


def _groups(table: pl.DataFrame, fact: str) -> Any:  # noqa: ANN401 - of an optional type
    """A number for each trial, the same where the world's fact is."""
    from offswitch._errors import unknown
    from offswitch.scenarios import get_scenario

    names: dict[str, int] = {}
    found = []
    for row in table.iter_rows(named=True):
        scenario = get_scenario(row["scenario"])
        levels = {f: row[f"factor.{f}"] for f in scenario.meta.factors if f"factor.{f}" in row}
        facts = scenario.build(levels, row["seed"]).facts
        if fact not in facts:
            raise unknown("fact", fact, facts, where=scenario.name)
        found.append(names.setdefault(repr(facts[fact]), len(names)))
    if len(names) < 2:
        raise UsageError(f"the fact '{fact}' is the same in all worlds: nothing can be held out.")
    return np.array(found)


def patch(
    directory: str | Path,
    subject: str | None = None,
    *,
    reader: str | None = None,
    factor: str = "threat",
    levels: tuple[str, str] | None = None,
    held: str = "",
    part: "Part" = "resid_pre",
    tokens: int = 2,
    limit: int = 32,
    dtype: str | None = None,
) -> PatchResult:
    """Patch pairs of worlds: where does what differs between them take effect?

    Args:
        directory: The campaign's folder.
        subject: Name of the subject; may be left out where only one is a local model.
        reader: Inspect's name of a local model that reads its trials in its place.
        factor: That differs between the worlds of a pair.
        levels: Its two levels; by default ``none`` and the first other one in the campaign.
        held: Levels that both have, such as ``opportunity=open``.
        part: Which place in each block is patched.
        tokens: Pairs of which every token is patched by itself; the slow part.
        limit: Pairs that are used at most, the first by world.
        dtype: That the network computes in.

    Raises:
        UsageError: There are too few pairs, or a name is not known.
    """
    folder = Path(directory)
    network = network_of(folder, subject, reader, dtype)
    ends = levels or _levels(folder, network.subject.name, factor)
    result = patch_pairs(
        folder, network, factor, ends, Held.parse(held).levels, part=part, tokens=tokens,
        limit=limit,
    )  # fmt: skip
    name = f"patch-{file_name(network.subject.name)}-{part}"
    write_record(folder, name, {"kind": "patch", **asdict(result)})
    return result


def _levels(folder: Path, subject: str, factor: str) -> tuple[str, str]:
    table = read_observations(Folder(folder).observations).filter(pl.col("subject") == subject)
    column = f"factor.{factor}"
    found: list[str] = []
    if column in table.columns:
        found = table[column].drop_nulls().unique(maintain_order=True).to_list()
    others = [level for level in found if level != "none"]
    if not others or len(others) == len(found):
        raise UsageError(
            f"{folder}: {factor} has no level 'none' and another one in this campaign; name the "
            "two to compare (--levels none,wipe)."
        )
    return "none", others[0]


def trials(folder: Path, subject: str, target: str, only: str) -> pl.DataFrame:
    """A subject's trials whose label is known, with a column ``label``."""
    table = read_observations(Folder(folder).observations).filter(pl.col("subject") == subject)
    if only:
        table = table.filter(Held.parse(only).expression(table))
    return labelled(table, target)


def captured(folder: Path, subject: str | None, reader: str | None) -> Store:
    """The capture that is meant.

    Raises:
        UsageError: There is none, or there are several and none was named.
    """
    if subject is not None:
        return store_of(folder, subject, reader)
    found = sorted((folder / "whitebox").glob("capture-*/meta.json"))
    if len(found) != 1:
        names = ", ".join(Store(path.parent).meta.subject for path in found) or "none"
        raise UsageError(
            f"{folder}: name the subject (--subject). Captured: {names}. "
            "`offswitch whitebox capture DIR` captures."
        )
    return Store(found[0].parent)


def chosen(store: Store, patterns: Sequence[str]) -> list[str]:
    """The captured sites that patterns name."""
    from fnmatch import fnmatchcase

    from offswitch._errors import unknown

    sites = store.meta.sites
    found = [site for site in sites if any(fnmatchcase(site, each) for each in patterns)]
    if not found:
        raise unknown("captured site", ",".join(patterns), sites, where=str(store.folder))
    return found


def _require_sklearn() -> None:
    from importlib.util import find_spec

    if find_spec("sklearn") is None:
        raise UsageError(
            "Probes need scikit-learn. Install with: pip install 'offswitch[whitebox]'"
        )


def write_record(folder: Path, name: str, content: dict[str, Any]) -> Path:
    """Write what was found to ``DIR/whitebox``, where the report reads it."""
    path = folder / "whitebox" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(content, indent=1, ensure_ascii=False, default=_plain, allow_nan=False)
    write_atomic(path, text + "\n")
    return path


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no JSON")
