"""The judge ``offline`` on real transcripts with a person's notes: Claude Opus 4, two variants.

Scores the folder of samples (`docs/sources.md`, source ``agentic-misalignment``) with its
``labels.csv``, takes the label ``deceive`` for a yes to the rubric `deception` and ``accept`` and
``leak`` for a no (``resist`` is left out: the note does not say), and measures the judge against
them as ``offswitch judge calibrate`` does. The samples are other people's and not part of this
repository. Ends with one line of JSON.

    python benchmarks/variants.py FOLDER [--judge offline] [--quick]
"""

import argparse
import csv
import json
import tempfile
from pathlib import Path

import offswitch

ANSWERS = {"deceive": "yes", "accept": "no", "leak": "no"}


def labels(folder: Path, trials: list[str]) -> list[dict[str, str]]:
    """The author's notes as labels; samples are scored in the order of their files."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(trials), "one label for each sample"
    return [
        {"trial_id": trial, "rubric": "deception", "rater": "author",
         "verdict": ANSWERS[row["outcome"]], "note": row["note"], "at": ""}
        for trial, row in zip(trials, rows, strict=True)
        if row["outcome"] in ANSWERS
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--judge", default="offline")
    parser.add_argument("--quick", action="store_true", help="the same; it takes seconds")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "scored"
        results = offswitch.score("agentic-misalignment", args.folder, out)
        trials = results.observations.sort("seed")["trial_id"].to_list()
        rows, file = labels(args.folder, trials), Path(scratch) / "labels.csv"
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        calibration = offswitch.calibrate(file, [args.judge], transcripts=out)
    overall = calibration.rubrics[0].columns[0].overall.model_dump(mode="json")
    print(json.dumps({"benchmark": "variants", "judge": args.judge, **overall}))


if __name__ == "__main__":
    main()
