"""Errors that a user can mend: each says what was wrong, where, and what to write instead."""

from collections.abc import Iterable
from difflib import get_close_matches


class UsageError(ValueError):
    """The input was wrong; the message says where and what to do. The command line exits with 3."""


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> UsageError:
    """An error for an unknown name: lists what exists and the nearest name.

    Args:
        kind: What was looked up, such as ``scenario``.
        name: The name that is not known.
        known: The names that are.
        where: The place of the name in the input, such as a line of a plan.
    """
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    listed = ", ".join(names) if names else "none"
    place = f"{where}: " if where else ""
    return UsageError(f"{place}there is no {kind} '{name}'.{hint} Known: {listed}.")
