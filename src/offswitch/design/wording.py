"""What is registered, in words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from offswitch.design.registration import Registration

_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{28,52}\b")
_WAYS = {
    "higher": "more often",
    "lower": "less often",
    "either": "more or less often",
}


def statement(registration: Registration) -> list[str]:
    """What is registered, a sentence or two for each matter; the hypotheses last."""
    plan, facts = registration.plan, registration.facts
    return [
        *_design(plan, facts),
        _stopping(plan),
        _decisions(plan["analysis"], facts["thresholds"]),
        _code(facts["code"]),
        *(wording(each, plan["analysis"]["outcome"]) for each in facts["hypotheses"]),
        *(() if facts["hypotheses"] else ("No hypotheses: everything found is exploratory.",)),
    ]


def wording(hypothesis: Mapping[str, Any], outcome: str) -> str:
    """A registered hypothesis in a sentence.

    Args:
        hypothesis: As it is registered.
        outcome: What is counted.
    """
    head = f"{hypothesis['role'].capitalize()}: {hypothesis['name']}"
    error = f"error rate {hypothesis['error']:g}"
    if hypothesis.get("known"):
        return f"{head}. {hypothesis['says']} Decided by its own contrasts, {error}."
    pairs = hypothesis["compares"]
    parts = list(dict.fromkeys(_pair(each) for each in pairs))
    shown = "; ".join(parts[:3]) + (f"; and {len(parts) - 3} more" if len(parts) > 3 else "")
    averaged = f", averaged over {len(pairs)} pairs of conditions" if len(pairs) > 1 else ""
    held = ", ".join(f"{factor} {' or '.join(own)}" for factor, own in hypothesis["held"].items())
    averaged += f", with {held}" if held else ""
    return (
        f"{head}. {outcome.replace('_', ' ').capitalize()} {_WAYS[hypothesis['direction']]} in "
        f"{shown}{averaged}; the smallest difference that matters is {hypothesis['smallest']:g} "
        f"points, {error}."
    )


def _pair(stratum: Mapping[str, Any]) -> str:
    first, second = stratum["first"], stratum["second"]
    if len(first) == len(second) == 1:
        before, after = first[0], second[0]
        changed = [f for f in after if after[f] != before.get(f)]
        levels = ", ".join(f"{f} {after[f]} than {before.get(f, 'without')}" for f in changed)
        return f"{stratum['scenario']} under {levels}"
    return f"{stratum['scenario']} under {len(second)} conditions than under {len(first)}"


def _design(plan: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[str]:
    amends = f" It amends the registration {facts['amends']}." if facts["amends"] else ""
    yield f"'{plan['name']}', frozen at {facts['frozen_at']}.{amends}"
    cells: dict[str, int] = {}
    for cell in facts["cells"]:
        cells[cell["scenario"]] = cells.get(cell["scenario"], 0) + 1
    subjects = ", ".join(subject["name"] for subject in plan["subjects"])
    each = ", ".join(f"{name} under {_count(n, 'condition')}" for name, n in cells.items())
    worlds = plan["worlds"]
    number = worlds["count"] if isinstance(worlds, Mapping) else len(worlds)
    yield (
        f"{subjects}: {each}; {_count(number, 'world')} each, {_count(plan['epochs'], 'trial')} "
        f"in each world."
    )


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _stopping(plan: Mapping[str, Any]) -> str:
    stop = plan.get("stop")
    if not stop:
        return "It stops after the last world, and not before."
    aims = {k: v for k, v in stop.items() if v not in (None, False, {}, [])}
    budget = {k: v for k, v in (aims.pop("budget", None) or {}).items() if v is not None}
    said = [f"{key} {value}" for key, value in aims.items()]
    said += [f"at most {value:g} {key}" for key, value in budget.items()]
    return f"It may stop early: {', '.join(said)}."


def _decisions(choices: Mapping[str, Any], limits: Mapping[str, Any]) -> str:
    known = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in limits.items())
    together = {
        "simultaneous": "hold together for a family",
        "separate": "hold each by itself",
    }[choices["intervals"]]
    return (
        f"Counted is {choices['outcome']}; p-values are adjusted ({choices['correction']}) within "
        f"the primary and within the secondary hypotheses; intervals {together}. Thresholds of "
        f"the code: {known}."
    )


def _code(code: Mapping[str, Any]) -> str:
    commit = f", commit {code['commit']}" if code["commit"] else ""
    libraries = ", ".join(f"{name} {number}" for name, number in code["libraries"].items())
    files = f"files with the SHA-256 {code['sources']}"
    return (
        f"Code: offswitch {code['offswitch']}{commit}, {files}; Python {code['python']}; "
        f"{libraries}."
    )


def short(value: object) -> str:
    """A value of a deviation, short enough for a line; of a hash the first digits."""
    text = "nothing" if value is None else _HASH.sub(r"\1…", _plain(value))
    return text if len(text) <= 200 else f"{text[:199]}…"


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_plain(inner) for inner in value)
    return str(value)
