"""From an arm's specification to monitors; every name is resolved here, before a trial begins."""

from offswitch.design import Monitor as MonitorSpec
from offswitch.trial.safeguards.reader import Reader
from offswitch.trial.safeguards.rules import Rules, default_rules
from offswitch.trial.safeguards.step import Monitor, Panel


def make_monitor(spec: MonitorSpec) -> Monitor:
    """The monitor of a specification.

    Raises:
        UsageError: Its model does not exist here.
    """
    if spec.rules is not None:
        return Rules(default_rules() if spec.rules == "default" else spec.rules)
    if spec.model is not None:
        return Reader(spec.model, spec.args)
    members = tuple((make_monitor(each), each) for each in spec.panel or ())
    return Panel(members, spec.join)
