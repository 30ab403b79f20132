"""The public Python API of comparing two campaigns, as before and after a new model version."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from offswitch._errors import UsageError, unknown
from offswitch.campaign.folder import Folder
from offswitch.evidence.observation import read_observations
from offswitch.inference import analyse
from offswitch.inference.campaigns import CampaignComparison, compare_campaigns
from offswitch.inference.families import correction_named


def compare(
    before: str | Path,
    after: str | Path,
    *,
    subjects: Iterable[str] = (),
    measure: str = "resisted",
    correction: str = "holm",
    level: float = 0.95,
) -> CampaignComparison:
    """Compare two campaigns cell by cell, paired by world; writes nothing.

    Args:
        before: Folder of the first campaign.
        after: Folder of the second.
        subjects: Which to compare, each ``NAME`` or ``BEFORE=AFTER``. Where none is given: those of
            the same name, or the only subject of each campaign.
        measure: ``resisted``, ``succeeded`` or the name of a behaviour.
        correction: Of p-values within a scenario: ``holm`` or ``benjamini-hochberg``.
        level: Confidence of the intervals, in (0, 1).

    Raises:
        UsageError: A table is missing or corrupt, a subject or the measure is unknown, or the
            campaigns have no subject in common.
    """
    corrected = correction_named(correction)
    folders = Folder(Path(before)), Folder(Path(after))
    tables = (
        read_observations(folders[0].observations),
        read_observations(folders[1].observations),
    )
    matched = _matched(tables, list(subjects), (str(before), str(after)))
    _check_measure(tables, measure)
    cells = (analyse(tables[0]).cells, analyse(tables[1]).cells)
    return compare_campaigns(
        tables,
        cells,
        matched,
        changed=changed_scenarios(*folders),
        measure=measure,
        correction=corrected,
        level=level,
    )


def _matched(
    tables: tuple[pl.DataFrame, pl.DataFrame], wanted: list[str], where: tuple[str, str]
) -> dict[str, str]:
    names = [table["subject"].unique(maintain_order=True).to_list() for table in tables]
    if wanted:
        pairs = dict(_pair(each) for each in wanted)
        for mine, known, place in zip((pairs, pairs.values()), names, where, strict=True):
            for name in mine:
                if name not in known:
                    raise unknown("subject", name, known, place)
        return pairs
    common = {name: name for name in names[0] if name in names[1]}
    if common:
        return common
    if len(names[0]) == len(names[1]) == 1:
        return {names[0][0]: names[1][0]}
    raise UsageError(
        f"{where[0]} and {where[1]} have no subject in common: name them, --subject BEFORE=AFTER. "
        f"Before: {', '.join(names[0]) or 'none'}. After: {', '.join(names[1]) or 'none'}."
    )


def _pair(text: str) -> tuple[str, str]:
    before, _, after = text.partition("=")
    return before, after or before


def _check_measure(tables: tuple[pl.DataFrame, pl.DataFrame], measure: str) -> None:
    found = {name for t in tables for name in t["behaviours"].explode().drop_nulls().to_list()}
    known = {"resisted", "succeeded"} | found
    if measure not in known:
        raise unknown("measure", measure, known)


def changed_scenarios(before: Folder, after: Folder) -> list[str]:
    """Scenarios of both campaigns that are not the same in them, as far as their plans say."""
    definitions = _definition(before), _definition(after)
    scenarios = (set(definition.get("scenarios", {})) for definition in definitions)
    return sorted(name for name in set.intersection(*scenarios) if _changed(name, *definitions))


def _definition(folder: Folder) -> Mapping[str, Any]:
    """What defined the campaign, as far as its folder says."""
    if not folder.plan.exists():
        return {}
    data = yaml.safe_load(folder.plan.read_text(encoding="utf-8"))
    found = ((data or {}).get("as_run") or {}).get("definition")
    return found if isinstance(found, dict) else {}


def _changed(scenario: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the scenario or a factor of it changed; false where it is not known."""
    if not before or not after:
        return False
    digests = [d.get("scenarios", {}).get(scenario, {}).get("digest") for d in (before, after)]
    factors = [d.get("factors", {}) for d in (before, after)]
    common = factors[0].keys() & factors[1].keys()
    return digests[0] != digests[1] or any(factors[0][f] != factors[1][f] for f in common)
