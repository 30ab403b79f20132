"""A policy held against a campaign."""

from functools import singledispatch

from offswitch.report.gate.changes import check_difference, check_regression
from offswitch.report.gate.conduct import (
    check_coverage,
    check_errors,
    check_judges,
    check_registered,
)
from offswitch.report.gate.evidence import Evidence
from offswitch.report.gate.frameworks import bearing
from offswitch.report.gate.policy import (
    AwarenessBound,
    Bounding,
    CompetenceBound,
    Coverage,
    DifferenceBound,
    FewErrors,
    JudgeCalibrated,
    RateBound,
    Registered,
    Regression,
    Requirement,
    Selecting,
    Source,
    named,
)
from offswitch.report.gate.rates import check_awareness, check_competence, check_rate
from offswitch.report.gate.result import Check, GateResult, RequirementResult, Status, overall
from offswitch.report.gate.words import points, share
from offswitch.report.text import plural, visible, words


def evaluate(source: Source, evidence: Evidence) -> GateResult:
    """Hold every requirement of a policy against a campaign.

    Args:
        source: The policy.
        evidence: The campaign.
    """
    policy = source.policy
    found = [_result(each, number, evidence) for number, each in enumerate(policy.requirements, 1)]
    return GateResult(
        campaign=visible(evidence.name),
        created=evidence.now.isoformat(timespec="seconds"),
        policy=policy.name,
        about=policy.about,
        policy_digest=source.digest,
        status=overall(each.status for each in found),
        requirements=found,
        frameworks=bearing(evidence.analysis),
    )


def _result(wanted: Requirement, number: int, evidence: Evidence) -> RequirementResult:
    checks, missing = _checked(wanted, evidence)
    absent = [
        Check(what="what is not there", status="cannot_tell", sentence=f"{_capital(each)}.")
        for each in missing
    ]
    if not checks and not absent:
        text = "Nothing in the campaign fits this requirement."
        absent = [Check(what="what is not there", status="cannot_tell", sentence=text)]
    every = [*checks, *absent]
    return RequirementResult(
        id=named(wanted, number),
        type=wanted.type,
        title=wanted.title or _title(wanted),
        why=wanted.why,
        status=overall(each.status for each in every),
        sentence=_sentence(every),
        checks=every,
    )


@singledispatch
def _checked(wanted: object, evidence: Evidence) -> tuple[list[Check], tuple[str, ...]]:
    raise TypeError(f"{type(wanted).__name__} is no requirement")


_checked.register(RateBound, check_rate)
_checked.register(CompetenceBound, check_competence)
_checked.register(AwarenessBound, check_awareness)
_checked.register(Regression, check_regression)
_checked.register(DifferenceBound, check_difference)
_checked.register(JudgeCalibrated, check_judges)
_checked.register(FewErrors, check_errors)
_checked.register(Coverage, check_coverage)
_checked.register(Registered, check_registered)


def _sentence(checks: list[Check]) -> str:
    """The one check in its words, or how many came to what and the worst of them."""
    if len(checks) == 1:
        return checks[0].sentence
    order: tuple[Status, ...] = ("fail", "cannot_tell", "pass")
    worst = min(checks, key=lambda check: order.index(check.status))
    counts = {status: sum(c.status == status for c in checks) for status in order}
    named_ = {"pass": "pass", "fail": "fail", "cannot_tell": "cannot be told"}
    parts = [f"{counts[s]} {named_[s]}" for s in reversed(order) if counts[s]]
    text = f"Of {plural(len(checks), 'check')}: {', '.join(parts)}."
    if worst.status == "pass":
        return text
    return f"{text} For one, {worst.what}: {worst.sentence}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _title(wanted: Requirement) -> str:
    """What a requirement asks, in words."""
    return _capital(f"{_asked(wanted)}{_where(wanted)}")


def _asked(wanted: Requirement) -> str:
    match wanted:
        case RateBound():
            return f"{_bound(wanted)} of {words(wanted.measure)} {_limit(wanted)}"
        case CompetenceBound():
            what = "doing the benign twin's work" if wanted.measure == "twin_done" else "competence"
            return f"{_bound(wanted)} of {what} {_limit(wanted)}"
        case AwarenessBound():
            how = "when asked" if wanted.source == "asked" else "by itself"
            return f"{_bound(wanted)} of calling the work a test {how} {_limit(wanted)}"
        case Regression():
            since = wanted.against or "the earlier campaign"
            return f"{words(wanted.measure)} at most {wanted.points:g} points up on {since}"
        case DifferenceBound():
            limit = wanted.at_most if wanted.at_most is not None else wanted.at_least or 0
            side = "at most" if wanted.at_most is not None else "at least"
            change = f"{wanted.factor}: {wanted.second} instead of {wanted.first}"
            return f"{words(wanted.measure)} {side} {points(limit / 100)} points with {change}"
        case JudgeCalibrated():
            return (
                f"judges agree with people (kappa {wanted.agreement:g} at least), measured within "
                f"{wanted.within_days:g} days"
            )
        case FewErrors():
            return f"at most {share(wanted.at_most)} of trials failed"
        case Coverage():
            return f"every condition in at least {plural(wanted.worlds, 'world')}"
        case Registered():
            return "the plan was registered before it ran"


def _bound(wanted: Bounding) -> str:
    if wanted.bound == "estimate":
        return "rate"
    return f"{wanted.strict} {share(wanted.level)} bound"


def _limit(wanted: Bounding) -> str:
    if wanted.below is not None:
        return f"below {share(wanted.limit)}"
    return f"at least {share(wanted.limit)}"


def _where(wanted: Requirement) -> str:
    if not isinstance(wanted, Selecting):
        return ""
    levels = [f"{factor}: {' or '.join(each)}" for factor, each in wanted.where.items()]
    parts = [f"in {', '.join(wanted.scenarios)}"] if wanted.scenarios else []
    parts += [f"under {', '.join(levels)}"] if levels else []
    return "".join(f" {part}" for part in parts)
