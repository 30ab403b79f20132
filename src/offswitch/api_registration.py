"""The public Python API of registrations: freeze a plan, look at it, decide what it registered."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from offswitch._errors import UsageError
from offswitch._files import write_atomic
from offswitch.campaign.folder import Folder
from offswitch.inference import Analysis
from offswitch.inference.attribution import Attribution, hypotheses
from offswitch.inference.attribution.hypotheses import Change
from offswitch.inference.claims import Claim, Pair, Rules
from offswitch.inference.conditions import cell_key
from offswitch.inference.registered import decide
from offswitch.inference.registration import Deviation, Registered

if TYPE_CHECKING:
    from offswitch.design import Plan, Registration


def freeze(
    plan: "str | Path | Plan",
    out: str | Path | None = None,
    *,
    overrides: Iterable[str] = (),
    seed_secret: bytes | str | Path | None = None,
) -> Path:
    """Register a plan before its first trial: write it complete, with a hash over all of it.

    Args:
        plan: Path of a YAML file, name of a preset, or a plan.
        out: The file to write; ``NAME.frozen.yaml`` here where null.
        overrides: As for `offswitch.run`.
        seed_secret: As for `offswitch.run`, for plans with private worlds; its fingerprint is
            registered.

    Returns:
        The file.

    Raises:
        UsageError: Something in the plan is wrong, or the file is there already.
    """
    from offswitch.api import found_plan, found_secret
    from offswitch.campaign.registration import freeze_plan

    found, document = found_plan(plan, overrides)
    registration = freeze_plan(found, document, found_secret(seed_secret))
    file = Path(out) if out is not None else Path(f"{found.name}.frozen.yaml")
    if file.exists():
        raise UsageError(
            f"{file}: is there already, and a registration is not overwritten. Choose another "
            "--out."
        )
    try:
        write_atomic(file, registration.dump())
    except OSError as error:
        raise UsageError(f"{file}: cannot write here: {error.strerror}") from error
    return file


def read_registration(path: str | Path) -> "Registration":
    """The registration in a file, or in a campaign's folder; its hash is checked.

    Raises:
        UsageError: There is none, or it is not as it was frozen.
    """
    from offswitch.campaign.registration import read_registration as read

    file = Path(path)
    file = Folder(file).registration if file.is_dir() else file
    if not file.exists():
        raise UsageError(f"{file}: there is no such file. Name one that 'plan freeze' wrote.")
    found = read(file)
    if found is None:
        raise UsageError(
            f"{file}: this plan was never registered. Do so with: offswitch plan freeze {file}"
        )
    return found


def with_registration(folder: Folder, observations: pl.DataFrame, analysis: Analysis) -> Analysis:
    """The analysis with what became of what was registered; as it is where nothing was.

    Raises:
        UsageError: The registration of the folder was edited, or is lost.
    """
    from offswitch.campaign.registration import in_folder
    from offswitch.design.wording import statement

    there = in_folder(folder.registration, folder.plan)
    if there is None:
        return analysis
    registration, deviations = there
    claims = list(_claims(registration))
    registered = {_cells(claim.pairs[0][1]) for claim in claims if len(claim.pairs) == 1}
    contrasts = [
        each.model_copy(
            update={"exploratory": frozenset((each.first.cell, each.second.cell)) not in registered}
        )
        for each in analysis.contrasts
    ]
    named = {(claim.name, claim.subject) for claim in claims if claim.known is not None}
    attribution = [_marked(each, named) for each in analysis.attribution]
    found = Registered(
        sha256=registration.sha256,
        frozen_at=str(registration.facts["frozen_at"]),
        statement=statement(registration),
        results=decide(observations, analysis.cells, claims, _rules(registration)),
        deviations=[Deviation(**each) for each in deviations],
        exploratory_contrasts=sum(bool(each.exploratory) for each in contrasts),
        exploratory_hypotheses=list(
            dict.fromkeys(
                verdict.hypothesis
                for each in attribution
                for verdict in each.verdicts
                if verdict.exploratory and verdict.judgement != "not_tested"
            )
        ),
    )
    return analysis.model_copy(
        update={"registration": found, "contrasts": contrasts, "attribution": attribution}
    )


def _cells(pair: Pair) -> frozenset[str]:
    """The two cells of a contrast, where it is one of two cells."""
    return frozenset(key for side in pair for key in side)


def _marked(found: Attribution, named: set[tuple[str, str]]) -> Attribution:
    verdicts = [
        v.model_copy(update={"exploratory": (v.hypothesis, found.subject) not in named})
        for v in found.verdicts
    ]
    return found.model_copy(update={"verdicts": verdicts})


def _rules(registration: "Registration") -> Rules:
    from offswitch.design.stopping import Stop

    choices, stop = registration.plan["analysis"], registration.plan.get("stop")
    return Rules(
        outcome=choices["outcome"],
        correction=choices["correction"],
        simultaneous=choices["intervals"] == "simultaneous",
        stopped=bool(stop) and Stop.model_validate(stop).asks,
    )


def _claims(registration: "Registration") -> Iterable[Claim]:
    from offswitch.design.wording import wording

    outcome = registration.plan["analysis"]["outcome"]
    known = {each.name: each for each in hypotheses()}
    for entry in registration.facts["hypotheses"]:
        if entry.get("known") and entry["name"] not in known:
            raise UsageError(
                f"the registered hypothesis '{entry['name']}' is unknown to this version; analyse "
                f"with offswitch {registration.facts['code']['offswitch']}"
            )
        for subject in entry["subjects"]:
            yield Claim(
                name=entry["name"],
                subject=subject,
                text=wording(entry, outcome),
                role=entry["role"],
                error=entry["error"],
                known=known.get(entry["name"]) if entry.get("known") else None,
                direction=entry.get("direction"),
                smallest=entry["smallest"] / 100 if "smallest" in entry else None,
                pairs=tuple(_pairs(entry, subject)),
                change=_change(entry),
            )


def _change(entry: Mapping[str, Any]) -> Change | None:
    """The change, where it is to be taken from all conditions by the model."""
    for factor, (before, after) in entry.get("model", {}).items():
        held = {name: tuple(levels) for name, levels in entry["held"].items()}
        return Change(factor=factor, before=(before,), after=(after,), held=held)
    return None


def _pairs(entry: Mapping[str, Any], subject: str) -> Iterable[tuple[str, Pair]]:
    for each in entry.get("compares", ()):
        scenario = each["scenario"]
        first, second = (
            tuple(cell_key(subject, scenario, condition) for condition in each[side])
            for side in ("first", "second")
        )
        yield scenario, (first, second)
