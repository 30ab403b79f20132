"""Subjects that are agents: checked before a campaign runs, their models and code made known."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offswitch._errors import UsageError
from offswitch.design import Plan, Subject

if TYPE_CHECKING:
    from inspect_ai.model import Model

NO_KEY = "unused"
"""What an endpoint that wants no key gets."""


def check_agent_of(subject: Subject, plan: Plan, place: str) -> None:
    """Check that a subject's agent, if it is one, can run here.

    Raises:
        UsageError: It cannot; says which call failed, and shows an example that works.
    """
    if subject.agent is None:
        return
    from offswitch.trial.agents import check_agent

    try:
        check_agent(subject.agent, plan.sandbox)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from error


def observed(subject: Subject, model: "Model") -> "Model":
    """The subject's model, listened to where an agent uses it."""
    if subject.agent is None or subject.agent.kind == "url":
        return model
    from offswitch.trial.agents import ObservedModel

    return ObservedModel(model)


def model_arguments(subject: Subject, place: str) -> dict[str, Any]:
    """Arguments of the subject's model, with the address of an agent that is given by URL.

    Raises:
        UsageError: The variable that is to hold its key is not set.
    """
    agent = subject.agent
    if agent is None or agent.kind != "url":
        return dict(subject.args)
    key = NO_KEY if agent.key is None else os.environ.get(agent.key)
    if not key:
        raise UsageError(
            f"{place}: the environment variable {agent.key} is not set; it is to hold the key of "
            f"{agent.url}"
        )
    return {"base_url": agent.url, "api_key": key, **subject.args}


def digests(subjects: Iterable[Subject]) -> dict[str, str]:
    """SHA-256 of each file that an agent is in, by its path in the plan; none for what is not here.

    Only the file itself: what it imports is not looked at.
    """
    return hashes(s.agent.file for s in subjects if s.agent is not None and s.agent.file)


def hashes(names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of each file by its path; none for what is not here."""
    return {
        name: hashlib.sha256(Path(name).read_bytes()).hexdigest()
        for name in sorted(set(names))
        if Path(name).is_file()
    }
