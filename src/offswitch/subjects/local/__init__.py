"""Real language models on this machine, through transformers: an Inspect provider named ``local``.

Weights come from ``offswitch models pull NAME`` (`pull`), which puts them into a cache that the
provider reads (`locate`). Importing this package imports neither torch nor Inspect.

A model answers many trials at once (`offswitch.subjects.local.engine`): every request in flight
advances by a token in one forward pass, and a request that arrives joins at the next pass. Each
conversation has its own key-value cache, without padding, so that what a trial has already said is
not computed again on its next turn.
"""

from offswitch.subjects.local.cache import NotPulledError, locate
from offswitch.subjects.local.entries import Entry, HubFile, WheelFile, catalogue
from offswitch.subjects.local.pull import pull
from offswitch.subjects.local.sources import PullError

__all__ = [
    "Entry",
    "HubFile",
    "NotPulledError",
    "PullError",
    "WheelFile",
    "catalogue",
    "locate",
    "pull",
]
