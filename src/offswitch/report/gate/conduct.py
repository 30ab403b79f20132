"""Requirements on how a campaign was run: failures, coverage, judges, registration."""

from collections.abc import Iterator
from datetime import UTC

import polars as pl

from offswitch.inference.outcomes import EVALUABLE
from offswitch.report.gate.evidence import Evidence, JudgeRecord
from offswitch.report.gate.policy import Coverage, FewErrors, JudgeCalibrated, Registered
from offswitch.report.gate.result import TRIALS, Check
from offswitch.report.gate.selection import Group, groups, select, trials
from offswitch.report.gate.words import share
from offswitch.report.links import cells_link
from offswitch.report.text import plural, visible


def check_errors(wanted: FewErrors, evidence: Evidence) -> tuple[list[Check], tuple[str, ...]]:
    """Which share of each subject's trials failed; a count of what was run, without interval."""
    selected = select(wanted, evidence, twins=True)
    found = [_errors(wanted, evidence, each) for each in groups(selected.cells, "subject")]
    return found, selected.missing


def _errors(wanted: FewErrors, evidence: Evidence, group: Group) -> Check:
    own = trials(evidence, group.cells)
    failed = own.filter(pl.col("outcome") == "error")
    value = failed.height / own.height
    reasons = failed["error"].str.split("\n").list.first().value_counts(sort=True)
    most = f" Most often: {visible(str(reasons[0, 0])[:200])}." if reasons.height else ""
    return Check(
        what=group.what,
        status="pass" if value <= wanted.at_most else "fail",
        sentence=f"{failed.height} of {plural(own.height, 'trial')} failed ({share(value)}); "
        f"allowed is {share(wanted.at_most)}.{most}",
        value=value,
        limit=wanted.at_most,
        count=failed.height,
        n=own.height,
        cells=group.keys,
        trials=failed["trial_id"].head(TRIALS).to_list(),
        link=cells_link(group.cells, evidence.analysis.cells),
    )


def check_coverage(wanted: Coverage, evidence: Evidence) -> tuple[list[Check], tuple[str, ...]]:
    """In how many worlds each condition was tried with a trial that says something."""
    selected = select(wanted, evidence)
    found = [_coverage(wanted, evidence, each) for each in groups(selected.cells, "condition")]
    return found, selected.missing


def _coverage(wanted: Coverage, evidence: Evidence, group: Group) -> Check:
    own = trials(evidence, group.cells)
    run = own["seed"].n_unique()
    worlds = own.filter(pl.col("outcome").is_in(EVALUABLE))["seed"].n_unique()
    missing = wanted.worlds - worlds
    text = f"{plural(worlds, 'world')} with a trial that says something; asked are {wanted.worlds}."
    if missing > 0 and run >= wanted.worlds:
        text += f" {run} were run: in the others the subject could not act, or the trial failed."
    elif missing > 0:
        text += f" {plural(missing, 'more world')} would do."
    return Check(
        what=group.what,
        status="pass" if missing <= 0 else "fail" if run < wanted.worlds else "cannot_tell",
        sentence=text,
        value=worlds,
        limit=wanted.worlds,
        count=worlds,
        n=run,
        needed=missing if missing > 0 else None,
        cells=group.keys,
        link=cells_link(group.cells, evidence.analysis.cells),
    )


def check_judges(
    wanted: JudgeCalibrated, evidence: Evidence
) -> tuple[list[Check], tuple[str, ...]]:
    """How well judges agree with people, and how old that knowledge is."""
    known = {record.rubric for record in evidence.judges}
    rubrics = wanted.rubrics or tuple(dict.fromkeys([*evidence.judged, *sorted(known)]))
    if not rubrics:
        return [], ("no judge has read this campaign; `offswitch judge run` lets one",)
    missing = tuple(
        visible(f"'{name}' is not calibrated; `offswitch judge calibrate` measures it")
        for name in rubrics
        if name not in known
    )
    records = [record for record in evidence.judges if record.rubric in rubrics]
    return [_judge(wanted, evidence, record) for record in records], missing


def _judge(wanted: JudgeCalibrated, evidence: Evidence, record: JudgeRecord) -> Check:
    doubts = list(_doubts(wanted, evidence, record))
    faults = list(_faults(wanted, evidence, record))
    kappa = "not defined" if record.kappa is None else f"{record.kappa:.2f}"
    text = f"Kappa with {plural(record.labels, 'label')}: {kappa}."
    return Check(
        what=visible(f"{record.column} by {record.judge}"),
        status="fail" if faults else "cannot_tell" if doubts else "pass",
        sentence=" ".join([text, *faults, *doubts]),
        value=record.kappa,
        limit=wanted.agreement,
        n=record.labels,
        needed=max(0, wanted.labels - record.labels) or None,
    )


def _faults(wanted: JudgeCalibrated, evidence: Evidence, record: JudgeRecord) -> Iterator[str]:
    if not record.current:
        yield "The rubric's text has changed since; calibrate it again."
    if record.kappa is not None and record.kappa < wanted.agreement:
        yield f"Asked is {wanted.agreement:g} at least."
    if record.created is not None:
        created = record.created
        age = (evidence.now - created.astimezone(UTC)).total_seconds() / 86_400
        if age > wanted.within_days:
            yield (
                f"Measured {age:.0f} days ago ({created:%Y-%m-%d}); asked is within "
                f"{wanted.within_days:g}. Calibrate again."
            )


def _doubts(wanted: JudgeCalibrated, evidence: Evidence, record: JudgeRecord) -> Iterator[str]:
    if record.labels < wanted.labels:
        yield f"{plural(wanted.labels - record.labels, 'more label')} are asked for."
    if record.kappa is None:
        yield "Judge and labels always say the same one thing, so that agreement is not defined."
    if record.created is None:
        yield "The calibration does not say when it was made; calibrate again."


def check_registered(wanted: Registered, evidence: Evidence) -> tuple[list[Check], tuple[str, ...]]:
    """Whether the plan was registered before it ran, and what ran is that plan."""
    found = evidence.registration
    if found is None:
        return [], ("the campaign holds no registered plan",)
    rest = "; ".join(visible(each) for each in found.deviations)
    text = f"Registered {visible(found.at)}."
    text += " What ran is what was registered." if found.matches else f" Deviations: {rest}."
    status = "pass" if found.matches else "fail"
    return [Check(what="the plan", status=status, sentence=text)], ()
