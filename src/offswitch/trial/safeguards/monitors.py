"""From an arm's specification to monitors; every name is resolved here, before a trial begins."""

from inspect_ai.model import Model

from offswitch.design import Monitor as MonitorSpec
from offswitch.trial.safeguards.inside import Probe
from offswitch.trial.safeguards.reader import Reader
from offswitch.trial.safeguards.rules import Rules, default_rules
from offswitch.trial.safeguards.step import Monitor, Panel


def make_monitor(spec: MonitorSpec, subject: Model | None = None) -> Monitor:
    """The monitor of a specification.

    Args:
        spec: What the plan says.
        subject: Whose steps it will look at; null where nothing is run yet.

    Raises:
        UsageError: Its model or its file does not exist here.
    """
    if spec.rules is not None:
        return Rules(default_rules() if spec.rules == "default" else spec.rules)
    if spec.model is not None:
        return Reader(spec.model, spec.args)
    if spec.probe is not None:
        return Probe(spec.probe, spec.site, subject)
    members = tuple((make_monitor(each, subject), each) for each in spec.panel or ())
    return Panel(members, spec.join)
