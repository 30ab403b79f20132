"""Registered hypotheses that rest on the model of attribution: verdicts, and changes in a fraction.

The rules are those of `offswitch.inference.registered`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from offswitch.inference.attribution import Evidence, Verdict
from offswitch.inference.attribution.changes import measured
from offswitch.inference.attribution.grid import grid_of
from offswitch.inference.attribution.model import fit
from offswitch.inference.attribution.verdicts import verdicts
from offswitch.inference.claims import Claim, Ends, Rules, decision, level_of
from offswitch.inference.contrasts import shown_by
from offswitch.inference.registration import RegisteredResult

if TYPE_CHECKING:
    from offswitch.inference.attribution.models import Judgement


def by_verdict(
    observations: pl.DataFrame, claim: Claim, family: int, rules: Rules
) -> RegisteredResult:
    """Decide a hypothesis of the package, by its verdict at the confidence of its family."""
    assert claim.known is not None
    level = level_of(claim, family, rules)
    trials = observations.filter(pl.col("subject") == claim.subject)
    grid = grid_of(trials)
    found: Verdict | None = None
    if grid is not None and len(grid.cells) > 1 and grid.factors:
        (found,) = verdicts(fit(grid), trials, [claim.known], level)
    evidence = found.evidence if found else []
    effect = next((e.effect for e in evidence if e.effect is not None), None)
    return RegisteredResult(
        **claim.stated(family),
        judgement=found.judgement if found else "not_tested",
        decided_by="verdict",
        estimate=effect.estimate if effect else None,
        low=effect.low if effect else None,
        high=effect.high if effect else None,
        level=effect.level if effect else level,
        method="attribution" if effect else None,
        evidence=evidence,
        reason=_why(evidence, rules),
    )


def by_model(
    observations: pl.DataFrame, claim: Claim, missing: str | None, family: int, rules: Rules
) -> RegisteredResult:
    """Decide a change by the model of attribution.

    Args:
        observations: One row per trial, in the declared schema.
        claim: The claim, with its change.
        missing: Why its conditions have no trials that count; null where they have.
        family: Tests of its role; its interval is that of all of them together.
        rules: How it is decided.
    """
    level = 1 - claim.error / family
    ends, estimate = _marginal(observations, claim, missing, level, rules)
    judged: Judgement = "not_tested"
    if estimate is not None:
        judged = decision(claim, estimate, ends, None)
    return RegisteredResult(
        **claim.stated(family),
        judgement=judged,
        decided_by="model",
        estimate=estimate,
        low=ends.low,
        high=ends.high,
        level=level,
        method=ends.method,
        reason=ends.reason,
    )


def _marginal(
    observations: pl.DataFrame, claim: Claim, missing: str | None, level: float, rules: Rules
) -> tuple[Ends, float | None]:
    if missing is not None:
        return Ends(reason=missing), None
    assert claim.change is not None
    where = list(dict.fromkeys(scenario for scenario, _ in claim.pairs))
    trials = observations.filter(
        (pl.col("subject") == claim.subject) & pl.col("scenario").is_in(where)
    )
    found = measured(trials, claim.change, shown_by(rules.outcome), level)
    if found is None:
        return Ends(reason="the conditions with evaluable trials cannot tell it"), None
    reason = _EARLY if rules.stopped else None
    return Ends(found.low, found.high, "attribution", reason), found.estimate


_EARLY = (
    "the campaign might stop early on what it saw; the intervals of the model take the number of "
    "trials as fixed, so that this is weaker than its error rate says"
)


def _why(evidence: Sequence[Evidence], rules: Rules) -> str | None:
    if not evidence:
        return "it was not tested under two conditions"
    if rules.stopped:
        return _EARLY
    return None
