"""The public Python API of versions over time: several campaigns, or several subjects of some."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from offswitch._errors import UsageError, unknown
from offswitch._files import write_atomic
from offswitch.api_compare import changed_scenarios
from offswitch.campaign.folder import Folder
from offswitch.evidence.observation import read_observations
from offswitch.inference import Cell, analyse
from offswitch.inference.comparisons import Worlds
from offswitch.inference.contrasts import worlds_of
from offswitch.inference.families import correction_named
from offswitch.inference.timeline import Series, Version, series


@dataclass(frozen=True, slots=True)
class _Campaign:
    """A campaign with what is counted in it, and the release dates that are known there."""

    name: str
    folder: Folder
    table: pl.DataFrame
    cells: list[Cell]
    worlds: Mapping[str, Worlds]
    dates: Mapping[str, date] = field(default_factory=dict)

    @property
    def subjects(self) -> list[str]:
        found: list[str] = self.table["subject"].unique(maintain_order=True).to_list()
        return found


def compare_over_time(
    directories: Sequence[str | Path],
    *,
    dates: str | Path | Mapping[str, date] | None = None,
    subjects: Iterable[str] = (),
    measure: str = "resisted",
    correction: str = "holm",
    level: float = 0.95,
) -> list[Series]:
    """Compare versions in the worlds that all of them were tried in; writes nothing.

    Versions are, where no ``subjects`` are given: every subject that has a release date of its own,
    where two or more have; else each subject through the campaigns in the order given, by its name
    or because it is the only one of each.

    Args:
        directories: Folders of campaigns.
        dates: Release dates: a YAML file, or a mapping, from a subject's name or a campaign's
            folder name to a day. A subject's own counts more than its campaign's, and both more
            than ``released`` in a campaign's plan.
        subjects: Each ``NAME``, or ``NAME=NAME=…`` with its name in each campaign.
        measure: ``resisted``, ``succeeded`` or the name of a behaviour.
        correction: Of p-values of the steps: ``holm`` or ``benjamini-hochberg``.
        level: Confidence of the intervals, in (0, 1).

    Raises:
        UsageError: A table is missing or corrupt; a subject, a date or the measure is unknown or
            wrong; or there are fewer than two versions.
    """
    corrected = correction_named(correction)
    campaigns = [_campaign(Path(each), measure) for each in directories]
    _check_measure(campaigns, measure)
    given = _given(dates, campaigns)
    chains = _chains(campaigns, list(subjects), given)
    changed = {
        name
        for other in campaigns[1:]
        for name in changed_scenarios(campaigns[0].folder, other.folder)
    }
    return [
        series(
            name,
            [_version(campaign, subject, given) for campaign, subject in chain],
            measure=measure,
            changed=changed,
            correction=corrected,
            level=level,
        )
        for name, chain in chains.items()
    ]


def write_over_time(found: Sequence[Series], file: str | Path) -> Path:
    """Write a comparison over time as a page (``.html``) or its figure (``.svg``).

    Raises:
        UsageError: The file's name ends otherwise, or its folder is not there.
    """
    from offswitch.report.figures.over_time import figure
    from offswitch.report.over_time import page

    path = Path(file)
    if path.suffix not in (".html", ".svg"):
        raise UsageError(f"{path}: write to a file that ends in .html or .svg")
    if not path.resolve().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; make it first")
    write_atomic(path, page(list(found)) if path.suffix == ".html" else figure(list(found)))
    return path


def _campaign(path: Path, measure: str) -> _Campaign:
    folder = Folder(path)
    table = read_observations(folder.observations)
    return _Campaign(
        name=path.resolve().name,
        folder=folder,
        table=table,
        cells=analyse(table).cells,
        worlds=worlds_of(table, measure),
        dates=dict(_released(folder)),
    )


def _released(folder: Folder) -> Iterator[tuple[str, date]]:
    """Release dates that the campaign's plan gives."""
    if not folder.plan.exists():
        return
    data = yaml.safe_load(folder.plan.read_text(encoding="utf-8"))
    subjects = data.get("subjects") if isinstance(data, dict) else None
    for each in subjects if isinstance(subjects, list) else ():
        if isinstance(each, dict) and each.get("released") is not None:
            name = str(each.get("name") or each.get("model"))
            yield name, _day(each["released"], f"{folder.plan}: released of {name}")


def _day(value: Any, where: str) -> date:  # noqa: ANN401 - any YAML
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise UsageError(f"{where}: '{value}' is no day; write it as 2026-05-31") from error


def _given(
    dates: str | Path | Mapping[str, date] | None, campaigns: Sequence[_Campaign]
) -> dict[str, date]:
    """The dates that were given, by subject or campaign."""
    if dates is None:
        return {}
    where = "dates" if isinstance(dates, Mapping) else str(dates)
    data = dates if isinstance(dates, Mapping) else _read(Path(dates))
    known = {n for c in campaigns for n in (c.name, *c.subjects)}
    for name in data:
        if name not in known:
            raise unknown("subject or campaign", str(name), known, where)
    return {str(name): _day(value, f"{where}: {name}") for name, value in data.items()}


def _read(path: Path) -> dict[Any, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: cannot be read as YAML: {error}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{path}: write a line 'NAME: 2026-05-31' for each subject or campaign")
    return data


def _version(campaign: _Campaign, subject: str, given: Mapping[str, date]) -> Version:
    released = given.get(subject) or given.get(campaign.name) or campaign.dates.get(subject)
    return Version(campaign.name, subject, released, campaign.cells, campaign.worlds)


_Chain = list[tuple[_Campaign, str]]


def _chains(
    campaigns: Sequence[_Campaign], wanted: list[str], given: Mapping[str, date]
) -> dict[str, _Chain]:
    """What is compared with what, by the name of the series."""
    if wanted:
        return dict(_asked(campaigns, each) for each in wanted)
    dated = [(c, s) for c in campaigns for s in c.subjects if s in given or s in c.dates]
    if len({subject for _, subject in dated}) > 1:
        return {"Subjects by release date": dated}
    if len(campaigns) < 2:
        raise UsageError(
            "one campaign is compared with nothing: name another, or give release dates of two of "
            "its subjects or more, with --dates or as 'released' in the plan"
        )
    common = [s for s in campaigns[0].subjects if all(s in c.subjects for c in campaigns)]
    if common:
        return {name: [(campaign, name) for campaign in campaigns] for name in common}
    if all(len(campaign.subjects) == 1 for campaign in campaigns):
        chain = [(campaign, campaign.subjects[0]) for campaign in campaigns]
        return {" → ".join(name for _, name in chain): chain}
    listed = "; ".join(f"{c.name}: {', '.join(c.subjects) or 'none'}" for c in campaigns)
    raise UsageError(
        f"the campaigns have no subject in common: name them, --subject A=B=…, or give their "
        f"release dates. {listed}."
    )


def _asked(campaigns: Sequence[_Campaign], text: str) -> tuple[str, _Chain]:
    names = text.split("=")
    names = names * len(campaigns) if len(names) == 1 else names
    if len(names) != len(campaigns) or len(campaigns) < 2:
        raise UsageError(
            f"--subject {text}: give one name, or one for each of the {len(campaigns)} campaigns "
            "(two or more)"
        )
    for campaign, name in zip(campaigns, names, strict=True):
        if name not in campaign.subjects:
            raise unknown("subject", name, campaign.subjects, str(campaign.folder.path))
    return " → ".join(dict.fromkeys(names)), list(zip(campaigns, names, strict=True))


def _check_measure(campaigns: Sequence[_Campaign], measure: str) -> None:
    shown = {n for c in campaigns for n in c.table["behaviours"].explode().drop_nulls().to_list()}
    if measure not in (known := {"resisted", "succeeded"} | shown):
        raise unknown("measure", measure, known)
