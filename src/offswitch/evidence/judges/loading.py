"""Judges and panels from their names, with errors that say what to write instead."""

from collections.abc import Sequence
from typing import get_args

from inspect_ai.model import Model

from offswitch._errors import UsageError, unknown
from offswitch.evidence.judges.judge import Judge
from offswitch.evidence.judges.offline import NAME
from offswitch.evidence.judges.panel import Panel, Rule
from offswitch.evidence.judges.scorer import make_judge


def load_panel(judges: Sequence[str | Model | Judge], rule: str = "majority") -> Panel:
    """A panel from judges, models, or their names.

    Args:
        judges: Names such as ``openai/gpt-5`` or ``offline``, models, or judges; one or more.
        rule: How they decide.

    Raises:
        UsageError: There is none, one cannot run here, or the rule does not exist.
    """
    if rule not in get_args(Rule):
        raise unknown("panel rule", rule, get_args(Rule), "--panel")
    rules: dict[str, Rule] = {name: name for name in get_args(Rule)}
    return Panel(tuple(_loaded(judge) for judge in judges), rules[rule])


def _loaded(judge: str | Model | Judge) -> Judge:
    if not isinstance(judge, str | Model):
        return judge
    if isinstance(judge, str) and judge != NAME and "/" not in judge:
        raise UsageError(
            f"--judge {judge}: write provider/model, such as openai/gpt-5, or '{NAME}' for the "
            "judge that needs no model"
        )
    try:
        return make_judge(judge)
    except UsageError:
        raise
    except Exception as error:  # each provider fails in its own way
        message = " ".join(str(getattr(error, "message", "") or error).split())
        raise UsageError(f"--judge {judge}: cannot run here: {message}") from error
