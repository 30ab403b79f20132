"""Subjects that are agents: they run their own loop in a world, and are measured like any other."""

from offswitch.trial.agents.finding import check_agent
from offswitch.trial.agents.model import ObservedModel
from offswitch.trial.agents.work import AgentFailed, employ, interview_agent
from offswitch.trial.agents.workplace import Workplace

__all__ = [
    "AgentFailed",
    "ObservedModel",
    "Workplace",
    "check_agent",
    "employ",
    "interview_agent",
]
