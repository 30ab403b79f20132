"""What defines a campaign's results, its hash, and how two definitions differ."""

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from offswitch.campaign.agents import digests, hashes
from offswitch.design import Plan, SeedSecret, plain
from offswitch.scenarios import scenario_folder

RESULTS = ("worlds", "epochs", "interview", "sandbox", "limits")
"""Fields of a plan that define results, beside subjects and scenarios. Concurrency does not."""
UNTOLD = ("optional", "price", "released")
"""Keys of a subject that change no result."""
SILENT = (("scenarios", None), ("agent", None))
"""Entries of a subject that say nothing, and stand in no definition."""
SEEDS = "seeds"
"""Key of what is known of private seeds: the fingerprint of their secret."""


@dataclass(frozen=True, slots=True)
class Definition:
    """Everything that defines the results of a campaign.

    Attributes:
        content: As plain data: package version, scenarios with digests of their files, cells,
            subjects, worlds, limits. The order of subjects and conditions does not matter.
    """

    content: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of the content, 64 hexadecimal digits."""
        text = json.dumps(self.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def difference(self, other: "Definition") -> str:
        """What changed from ``other`` to this one, as a unified diff of YAML."""
        before, after = (
            yaml.safe_dump(dict(each.content), sort_keys=True, allow_unicode=True).splitlines()
            for each in (other, self)
        )
        return "\n".join(difflib.unified_diff(before, after, "there", "now", lineterm="", n=2))


def define(
    plan: Plan,
    cells: Sequence[tuple[str, Mapping[str, str]]],
    secret: SeedSecret | None = None,
    shared: Sequence[Mapping[str, Any]] = (),
) -> Definition:
    """The definition of a plan's results.

    Args:
        plan: The plan.
        cells: Its cells: scenario and whole condition.
        secret: What its worlds are drawn with, if they are private; only its fingerprint is kept.
        shared: Cells that share worlds, and how; see `offswitch.campaign.blocks`.
    """
    fields = plain(plan)
    subjects = [
        {k: v for k, v in s.items() if k not in UNTOLD and (k, v) not in SILENT}
        for s in fields["subjects"]
    ]
    scenarios: dict[str, dict[str, Any]] = {}
    for name, condition in cells:
        entry = scenarios.setdefault(name, {"digest": scenario_digest(name), "conditions": []})
        entry["conditions"].append(dict(condition))
    for entry in scenarios.values():
        entry["conditions"].sort(key=lambda condition: sorted(condition.items()))
    factors = sorted({factor for _, condition in cells for factor in condition})
    content: dict[str, Any] = {
        "offswitch": version("offswitch"),
        "inspect_ai": version("inspect_ai"),
        "factors": {
            name: _digest(files("offswitch.scenarios") / "factors", name) for name in factors
        },
        "scenarios": scenarios,
        "subjects": sorted(subjects, key=lambda subject: str(subject["name"])),
        **{field: fields[field] for field in RESULTS},
    }
    if agents := digests(plan.subjects):
        content["agents"] = agents
    if shared:
        content["shared"] = [dict(each) for each in shared]
    if plan.interventions:  # plans without any keep their hash
        content["interventions"] = fields["interventions"]
        if directions := hashes(name for arm in plan.interventions for name in arm.files):
            content["directions"] = directions
    if secret is not None:
        content[SEEDS] = {"split": plan.split, "fingerprint": secret.fingerprint}
    return Definition(content)


def scenario_digest(name: str) -> str:
    """SHA-256 over the names and contents of the prose and the Python in a scenario's folder."""
    return _digest(scenario_folder(name))


def _digest(folder: Traversable, stem: str = "") -> str:
    hashed = hashlib.sha256()
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith((".md", ".py")) and entry.name.startswith(
            f"{stem}." if stem else ""
        ):
            content = entry.read_bytes()
            hashed.update(f"{entry.name}\0{len(content)}\0".encode())
            hashed.update(content)
    return hashed.hexdigest()
