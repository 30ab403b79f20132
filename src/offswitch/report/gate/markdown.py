"""The gate's result in Markdown, for people: a job's summary, a comment on a change.

Names in it come from plans and models: everything that Markdown or HTML would read as markup is
escaped, so that a name is shown and nothing else.
"""

import re

from offswitch.report.gate.result import WORDS, GateResult, RequirementResult, Status
from offswitch.report.text import plural, visible, words

MARKS: dict[Status, str] = {"pass": "✅", "fail": "❌", "cannot_tell": "❔"}
VERDICTS: dict[Status, str] = {
    "pass": "Every requirement is met.",
    "fail": "A requirement is not met.",
    "cannot_tell": "No requirement is shown to fail, but not all can be told.",
}
CHECKS = 20
"""Checks of a requirement that are listed, the worst first."""
_SPECIAL = re.compile(r"([\\`*_\[\]#|~$@])")
_ORDER: tuple[Status, ...] = ("fail", "cannot_tell", "pass")


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    text = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def markdown(result: GateResult) -> str:
    """The result as a document in Markdown (GitHub's flavour).

    Args:
        result: What the gate found.
    """
    head = f"{MARKS[result.status]} {WORDS[result.status]}"
    lines = [f"## {head}: {escaped(result.campaign)}", "", VERDICTS[result.status], ""]
    lines += [f"Policy: {escaped(result.policy)} (`{result.policy_digest[:12]}`)", ""]
    lines += ["| | requirement | what was found |", "| --- | --- | --- |"]
    for each in result.requirements:
        mark = f"{MARKS[each.status]} {WORDS[each.status]}"
        lines.append(f"| {mark} | {escaped(each.title)} | {escaped(each.sentence)} |")
    for each in result.requirements:
        if each.status != "pass" or len(each.checks) > 1:
            lines += ["", *_details(each)]
    lines += ["", *_frameworks(result)]
    return "\n".join(lines).rstrip() + "\n"


def _details(requirement: RequirementResult) -> list[str]:
    checks = sorted(requirement.checks, key=lambda check: _ORDER.index(check.status))
    lines = ["<details>", f"<summary>{escaped(requirement.title)}</summary>", ""]
    for check in checks[:CHECKS]:
        mark = MARKS[check.status]
        lines.append(f"- {mark} {escaped(check.what)}: {escaped(check.sentence)}")
    if len(checks) > CHECKS:
        lines.append(f"- {plural(len(checks) - CHECKS, 'more check')}: see the JSON.")
    return [*lines, "", "</details>"]


def _frameworks(result: GateResult) -> list[str]:
    if not result.frameworks:
        return []
    lines = [
        "<details>",
        "<summary>Published frameworks that this evidence bears on (no level is awarded)</summary>",
        "",
    ]
    for each in result.frameworks:
        behaviours = ", ".join(words(name) for name in each.behaviours)
        where = (
            f"found in {plural(len(each.cells), 'condition')}"
            if each.cells
            else "found in no condition that was tested"
        )
        lines.append(
            f"- [{escaped(each.framework)}, {escaped(each.item)}](<{each.url}>): "
            f"{escaped(behaviours)} {where}."
        )
    return [*lines, "", "</details>"]
