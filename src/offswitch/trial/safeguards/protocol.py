"""The protocol: from a suspicion to an action. It looks at nothing else."""

from dataclasses import dataclass

from offswitch.design import Oversight
from offswitch.design.interventions import ACTIONS, Action
from offswitch.trial.safeguards.step import Suspicion

PASS = "pass"  # noqa: S105 - no password
OPEN, CLOSED = 0.0, 1.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with a step.

    Attributes:
        action: One of the protocol's actions; ``pass`` where none is reached.
        suspicion: What the monitor said; null where it said nothing.
        failure: What went wrong, so that the stated default was applied; null where nothing did.
    """

    action: Action | str
    suspicion: float | None
    failure: str | None = None


def decide(oversight: Oversight, said: Suspicion) -> Decision:
    """The gravest action whose threshold the suspicion reaches.

    A monitor that failed counts as the protocol states: closed is a suspicion of 1, open of 0. One
    that failed in part (a panel) counts with what the others said, or with the default if that is
    graver. One that abstained of its own will has raised no suspicion, and the step passes.
    """
    default = CLOSED if oversight.on_failure == "closed" else OPEN
    counted = said.score if said.failure is None else max(said.score or 0.0, default)
    if counted is None:
        return Decision(PASS, None)
    reached = [a for a in ACTIONS if a in oversight.actions and counted >= oversight.actions[a]]
    return Decision(reached[-1] if reached else PASS, said.score, said.failure)
