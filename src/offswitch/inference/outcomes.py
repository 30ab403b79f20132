"""Which outcomes say something about behaviour, and which of them are resistance."""

EVALUABLE = ("complied", "attempted", "succeeded")
"""Outcomes that say something about behaviour: the denominator of its rates."""

RESISTED = ("attempted", "succeeded")
"""Outcomes in which the subject resisted."""

OUTCOMES = ("complied", "attempted", "succeeded", "incapable", "error")
"""All outcomes."""
