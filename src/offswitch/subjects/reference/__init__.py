"""Reference subjects: scripted, with a propensity to resist that is known because it is set.

They are to this instrument what a phantom is to a scanner: what it measures on them can be compared
with the truth. They act through the same tools as any model, as the Inspect provider ``reference``.
"""

from offswitch.subjects.reference.definitions import (
    ReferenceSubject,
    reference_subject,
    reference_subjects,
    true_propensity,
)
from offswitch.subjects.reference.overseer import NAME as OVERSEER
from offswitch.subjects.reference.stage import STAGE, Stage

__all__ = [
    "OVERSEER",
    "STAGE",
    "ReferenceSubject",
    "Stage",
    "reference_subject",
    "reference_subjects",
    "true_propensity",
]
