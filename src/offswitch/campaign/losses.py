"""Trials that no log can tell of, because the process that ran them was killed each time."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from offswitch.campaign.folder import Folder
from offswitch.trial.spec import TrialSpec


def write_losses(folder: Folder, trials: Iterable[TrialSpec], reason: str) -> None:
    """Add trials that were given up to ``losses.jsonl``, so that they are there after any crash.

    Args:
        folder: The campaign's folder.
        trials: The trials.
        reason: Why, in words.
    """
    with folder.losses.open("a", encoding="utf-8") as file:
        for trial in trials:
            file.write(json.dumps({"trial_id": trial.trial_id, "error": reason}) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_losses(path: Path) -> Mapping[str, str]:
    """Reasons by trial; a last line that was cut off is left aside."""
    if not path.exists():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[str(entry["trial_id"])] = str(entry["error"])
    return found
