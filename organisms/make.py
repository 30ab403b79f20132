"""Trains every organism from nothing and ships it: ``make organisms``."""

import argparse
import subprocess
import sys
from pathlib import Path

from recipes import RECIPES

HERE = Path(__file__).parent


def main() -> None:
    """Train one after the other, since some start from others, and put each into the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/organisms"))
    given = parser.parse_args()
    for name in RECIPES:
        folder = given.out / name
        _run("train.py", name, "--out", folder)
        _run("ship.py", name, folder)


def _run(script: str, *arguments: str | Path) -> None:
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    subprocess.run(command, check=True)  # noqa: S603 - our own scripts


if __name__ == "__main__":
    main()
