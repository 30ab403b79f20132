"""Safeguards inside a subject's network: it is steered, or read while it works.

They hold for subjects that are networks of this machine (`offswitch.subjects.local`).
"""

import anyio.to_thread
from inspect_ai.model import Model

from offswitch._errors import UsageError
from offswitch.design import Inside
from offswitch.subjects.local.provider import LocalAPI
from offswitch.subjects.local.steering import Steer
from offswitch.subjects.local.watching import Watch
from offswitch.trial.safeguards.step import Step, Suspicion


def check_inside(inside: Inside) -> None:
    """Check what can be known without the network.

    Raises:
        UsageError: The file of directions cannot be read, or a setting is wrong.
    """
    Steer.take(inside.model_dump())


def changed(model: Model, inside: Inside) -> Model:
    """The subject's model with its activations changed; weights are shared.

    Raises:
        UsageError: It is no network of this machine.
    """
    return Model(_network(model).steered_by(inside.model_dump()), model.config)


def _network(model: Model) -> LocalAPI:
    if not isinstance(model.api, LocalAPI):
        raise UsageError(
            f"{model} is no network of this machine: one can look only into local/… and organism/…"
        )
    return model.api


class Probe:
    """A monitor that reads the subject's activations at the end of what it is about to answer.

    Its suspicion is 0 where they are, along the direction, as the mean of the file, and 1 where
    they are the whole vector further: as the trials with the label that it was made from, on
    average. It reads the network as it is, also where an arm steers it.

    Args:
        file: File of directions, with means.
        site: Which of its sites, as a pattern; their mean counts.
        model: The subject; null where only the file is checked.

    Raises:
        UsageError: The file cannot be read or lacks a mean, it has no such site, or the subject is
            no network of this machine.
    """

    def __init__(self, file: str, site: str, model: Model | None) -> None:
        self._watch = Watch(file, site)
        self._network = None if model is None else _network(model)

    async def look(self, step: Step) -> Suspicion:
        """How far the activations lie along the direction, at most 1 and at least 0."""
        assert self._network is not None
        found = await anyio.to_thread.run_sync(
            self._network.watched, self._watch, list(step.before), list(step.tools)
        )
        return Suspicion(min(1.0, max(0.0, found)), f"{found:.2f} of the way along the direction")
