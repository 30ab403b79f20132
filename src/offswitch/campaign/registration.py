"""Freezing a plan, and what becomes of its registration in a campaign's folder.

``registration.yaml`` stays as it was frozen. What deviates from it is found at each run and kept in
``plan.yaml``, which every run writes anew with all that was there before: a deviation that was seen
once stays, also where it is taken back.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from offswitch._errors import UsageError
from offswitch.campaign.cells import cells_of
from offswitch.campaign.compile import check_secret
from offswitch.campaign.definition import SEEDS, Definition, define
from offswitch.campaign.environment import check_subject
from offswitch.campaign.hypotheses import asked, check_hypotheses
from offswitch.campaign.version import code_version
from offswitch.design import Document, Plan, Registration, SeedSecret, parse_document, plain
from offswitch.design.reading import make_plan
from offswitch.design.registration import FREE, differences, opened, seal
from offswitch.inference.attribution.verdicts import MOST, SMALLEST
from offswitch.inference.rates import COMPETENT_SHARE

Deviation = dict[str, Any]
"""``what`` (a dotted path), ``stage``, ``registered``, ``actual``, ``at``."""
_UNCHANGED = "nothing was changed"


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def thresholds() -> dict[str, float]:
    """Thresholds of the code that decide verdicts, by name."""
    return {
        "smallest_effect": SMALLEST,
        "most_of_an_effect": MOST,
        "competent_share": COMPETENT_SHARE,
    }


def freeze_plan(
    plan: Plan, document: Document | None = None, secret: SeedSecret | None = None
) -> Registration:
    """Register a plan. Needs no key and no provider's package.

    Args:
        plan: The plan; where it is a registration already, the new one names the old.
        document: What it was read from, so that messages can say the line.
        secret: What private worlds are drawn with; its fingerprint is registered.

    Raises:
        UsageError: Something in the plan does not exist, or a private split has no secret.
    """
    document = document or Document(None, "the plan", {})
    check_secret(plan, secret, document)
    cells = cells_of(plan, document)
    for position, subject in enumerate(plan.subjects):
        check_subject(subject, document.place(("subjects", position)))
    found = check_hypotheses(plan, cells, document)
    facts = {
        "frozen_at": now(),
        "amends": (plan.registration or {}).get("sha256"),
        "code": code_version(),
        "thresholds": thresholds(),
        "digests": digests(define(plan, [(c.scenario, c.condition) for c in cells], secret)),
        "cells": [{"scenario": c.scenario, "condition": dict(c.condition)} for c in cells],
        "hypotheses": asked(plan, found),
    }
    return seal(plain(plan), facts)


def digests(definition: Definition) -> dict[str, Any]:
    """Hashes of what a plan names but does not hold: scenarios, factors, the seeds' secret."""
    content = definition.content
    scenarios = {name: each["digest"] for name, each in content["scenarios"].items()}
    seeds = {SEEDS: content[SEEDS]} if SEEDS in content else {}
    return {"scenarios": scenarios, "factors": dict(content["factors"]), **seeds}


def read_registration(path: Path) -> Registration | None:
    """The registration in a file; null where it is none.

    Raises:
        UsageError: It is not as it was frozen, or cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as text: {error}") from error
    return opened(parse_document(text, str(path)).data, str(path))


def registered_plan(registration: Registration) -> Plan:
    """The plan of a registration."""
    return make_plan(Document(registration.plan, "the registration", {}))


def deviations(
    registration: Registration, plan: Plan, definition: Definition, at: str
) -> list[Deviation]:
    """What differs at a run from what was registered.

    Args:
        registration: What was registered.
        plan: The plan that runs, without subjects that are left out.
        definition: Its definition.
        at: When.
    """
    before, after = plain(registered_plan(registration)), plain(plan)
    facts = registration.facts
    found = [
        *differences(_fixed(before), _fixed(after)),
        *differences(facts["digests"], digests(definition), "digests"),
        *code_differences(registration),
    ]
    return [_deviation("run", *each, at) for each in found]


def code_differences(registration: Registration) -> Iterator[tuple[str, Any, Any]]:
    """Where the code that is at work, or its thresholds, is not the one that was registered."""
    facts = registration.facts
    yield from differences(facts["code"], code_version(), "code")
    yield from differences(facts["thresholds"], thresholds(), "thresholds")


def _fixed(plan: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in plan.items() if key not in FREE}


def _deviation(
    stage: str,
    what: str,
    registered: Any,  # noqa: ANN401 - plain data
    actual: Any,  # noqa: ANN401 - plain data
    at: str,
) -> Deviation:
    return {"what": what, "stage": stage, "registered": registered, "actual": actual, "at": at}


def added(before: list[Deviation], found: list[Deviation]) -> list[Deviation]:
    """Deviations that were known and those that are new; one that was known keeps its time."""
    seen = [(each["what"], each["actual"]) for each in before]
    return [*before, *(each for each in found if (each["what"], each["actual"]) not in seen)]


def settled(
    file: Path, plan_file: Path, own: Registration | None
) -> tuple[Registration | None, list[Deviation]]:
    """The registration of a folder, and the deviations that are known there. Writes nothing.

    Args:
        file: The folder's ``registration.yaml``.
        plan_file: Its ``plan.yaml``.
        own: That of the plan that is to run here, if it has one.

    Raises:
        UsageError: The folder holds another registration, lost the one it had, or trials that were
            run before this one was registered here.
    """
    there = read_registration(file) if file.exists() else None
    noted = _noted(plan_file)
    if noted is not None and (there is None or there.sha256 != noted["sha256"]):
        raise UsageError(
            f"{file}: the registration that this campaign began with (SHA-256 {noted['sha256']}) "
            f"is not here any more. Put it back; {_UNCHANGED}."
        )
    if there is None and own is not None and plan_file.exists():
        raise UsageError(
            f"{plan_file}: a campaign was begun here without a registration, and a registration "
            f"counts only before the first trial. Choose another --out; {_UNCHANGED}."
        )
    if there is not None and own is not None and there.sha256 != own.sha256:
        raise UsageError(
            f"{file}: another plan is registered here (SHA-256 {there.sha256}, not {own.sha256}). "
            f"Choose another --out; {_UNCHANGED}."
        )
    return there or own, list((noted or {}).get("deviations", []))


def _noted(plan_file: Path) -> dict[str, Any] | None:
    """What a folder's plan says of its registration."""
    if not plan_file.exists():
        return None
    try:
        data = yaml.safe_load(plan_file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None  # whoever reads the plan itself says so
    match data:
        case {"as_run": {"registration": {"sha256": str(), "deviations": list()} as noted}}:
            return dict(noted)
    return None


def in_folder(file: Path, plan_file: Path) -> tuple[Registration, list[Deviation]] | None:
    """The registration of a campaign that was run, with its deviations; null where it has none.

    Raises:
        UsageError: It is not as it was frozen, or is lost.
    """
    registration, known = settled(file, plan_file, None)
    if registration is None:
        return None
    seen = [(each["what"], each["actual"]) for each in known]
    found = [
        _deviation("analysis", what, registered, actual, now())
        for what, registered, actual in code_differences(registration)
        if (what, actual) not in seen
    ]
    return registration, added(known, found)
