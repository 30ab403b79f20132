"""The public Python API of the gate: a policy held against a campaign."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from offswitch._errors import UsageError
from offswitch._files import write_atomic
from offswitch.api import analyse
from offswitch.api_compare import changed_scenarios
from offswitch.campaign.folder import Folder
from offswitch.evidence.calibration import read_calibration
from offswitch.evidence.judges.table import read_verdicts
from offswitch.evidence.observation import read_observations
from offswitch.inference import Analysis
from offswitch.inference import analyse as compute
from offswitch.report.case import SafetyCase, safety_case
from offswitch.report.gate import (
    DEFAULT,
    Earlier,
    Evidence,
    GateResult,
    JudgeRecord,
    Regression,
    Source,
    evaluate,
    junit,
    markdown,
    read_policy,
    registration_of,
)


def gate(
    directory: str | Path,
    policy: str | Path | None = None,
    *,
    against: str | Path | None = None,
    junit_file: str | Path | None = None,
    markdown_file: str | Path | None = None,
    case_file: str | Path | None = None,
    now: datetime | None = None,
) -> GateResult:
    """Hold a policy against a campaign.

    Args:
        directory: The campaign's folder; its ``analysis.json`` is written anew.
        policy: A YAML file; the policy of the package where null.
        against: Folder of the earlier campaign for requirements that name none.
        junit_file: Where to write the result as JUnit XML, if anywhere.
        markdown_file: Where to write it as Markdown; added to the end of a file that exists, as
            continuous integration wants it.
        case_file: Where to write it as a safety case (JSON), if anywhere.
        now: The time that ages are counted to, with its zone; the present where null.

    Raises:
        UsageError: The policy is wrong, or a table is missing, corrupt or foreign.
    """
    source = _policy(policy)
    evidence = gathered(directory, source, against=against, now=now)
    result = evaluate(source, evidence)
    if junit_file is not None:
        write_atomic(_writable(junit_file), junit(result))
    if markdown_file is not None:
        with _writable(markdown_file).open("a", encoding="utf-8") as file:
            file.write(markdown(result))
    if case_file is not None:
        text = safety_case(result, evidence).model_dump_json(indent=2)
        write_atomic(_writable(case_file), text + "\n")
    return result


def argue(
    directory: str | Path,
    policy: str | Path | None = None,
    *,
    analysis: Analysis | None = None,
) -> SafetyCase:
    """The safety case of a campaign under a policy.

    Args:
        directory: The campaign's folder; its ``analysis.json`` is written anew.
        policy: A YAML file; the policy of the package where null or ``default``.
        analysis: Of the campaign, where it was made already; then nothing is written.

    Raises:
        UsageError: The policy is wrong, or a table is missing, corrupt or foreign.
    """
    source = _policy(policy)
    evidence = gathered(directory, source, analysis=analysis)
    return safety_case(evaluate(source, evidence), evidence)


def _policy(policy: str | Path | None) -> Source:
    return read_policy(None if policy in (None, DEFAULT) else policy)


def _writable(path: str | Path) -> Path:
    path = Path(path)
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; make it first")
    return path


def gathered(
    directory: str | Path,
    source: Source,
    *,
    against: str | Path | None = None,
    now: datetime | None = None,
    analysis: Analysis | None = None,
) -> Evidence:
    """Everything of a campaign that a policy is held against.

    Args:
        directory: The campaign's folder.
        source: The policy: which earlier campaigns it names.
        against: As for `gate`.
        now: As for `gate`.
        analysis: As for `argue`.

    Raises:
        UsageError: A table is missing, corrupt or foreign.
    """
    folder = Folder(Path(directory))
    analysis = analysis or analyse(directory)
    judged, judges = _judges(folder)
    return Evidence(
        name=_name(folder),
        observations=read_observations(folder.observations),
        analysis=analysis,
        earlier=_earlier(folder, source, against),
        judged=judged,
        judges=judges,
        registration=registration_of(analysis.registration),
        now=now or datetime.now(UTC),
    )


def _name(folder: Folder) -> str:
    return str(_plan(folder).get("name") or folder.path.resolve().name)


def _plan(folder: Folder) -> dict[str, Any]:
    if not folder.plan.exists():
        return {}
    data = yaml.safe_load(folder.plan.read_text(encoding="utf-8"))
    return data if isinstance(data, dict) else {}


def _earlier(folder: Folder, source: Source, against: str | Path | None) -> dict[str, Earlier]:
    """The earlier campaigns that requirements name; one whose folder holds no table is left out."""
    named = [r.against for r in source.policy.requirements if isinstance(r, Regression)]
    places = {name: (source.folder or Path()) / name for name in named if name}
    found = {
        name: _campaign(folder, Folder(path))
        for name, path in places.items()
        if Folder(path).observations.exists()
    }
    if against is not None:
        found[""] = _campaign(folder, Folder(Path(against)))
    return found


def _campaign(folder: Folder, before: Folder) -> Earlier:
    observations = read_observations(before.observations)
    return Earlier(
        name=_name(before),
        observations=observations,
        cells=compute(observations).cells,
        changed=frozenset(changed_scenarios(before, folder)),
    )


def _judges(folder: Folder) -> tuple[tuple[str, ...], tuple[JudgeRecord, ...]]:
    verdicts = read_verdicts(folder.verdicts)
    texts = {verdict.rubric: verdict.rubric_digest for verdict in verdicts}
    found = read_calibration(folder.calibration)
    if found is None:
        return tuple(texts), ()
    records = [
        JudgeRecord(
            rubric=rubric.rubric,
            column=column.column,
            judge=column.judge,
            created=found.created,
            kappa=column.overall.kappa,
            labels=len(column.truths),
            current=texts.get(rubric.rubric, rubric.rubric_digest) == rubric.rubric_digest,
        )
        for rubric in found.rubrics
        for column in rubric.columns
    ]
    return tuple(texts), tuple(records)
