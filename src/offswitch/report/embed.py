"""Transcripts inside the page: compressed, in chunks that the browser opens when it needs them.

A chunk holds transcripts of one cell, so that what they share is stored about once. When they are
larger than the budget, chunks are taken from every cell in turn; the trials of the others say where
their log is instead.
"""

import base64
import gzip
import json
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from offswitch.report.records import TranscriptRecord
from offswitch.report.text import clip, visible

BUDGET = 12_000_000
"""Bytes of transcripts in a report unless asked otherwise."""
CHUNK = 300_000
"""Characters of transcripts in a chunk before it is compressed."""
LONGEST_TEXT = 40_000
"""Characters of one text that are shown; the rest is in the log."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some transcripts, as they stand in the page.

    Attributes:
        data: Compressed JSON, by trial, in base64.
        trials: The trials that are in it.
    """

    data: str
    trials: tuple[str, ...]


def pack(value: object) -> str:
    """JSON, compressed with gzip, in base64: safe inside any HTML."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode()


def embed(
    transcripts: Iterable[TranscriptRecord], cells: Mapping[str, Hashable], budget: int = BUDGET
) -> list[Chunk]:
    """Pack the transcripts of known trials, as many as the budget allows.

    Args:
        transcripts: The transcripts, in any order; those of unknown trials are left out.
        cells: The group of each trial; groups share the budget.
        budget: Bytes that the chunks may take together.
    """
    groups: dict[Hashable, list[Chunk]] = {}
    for group, chunk in _chunks(transcripts, cells):
        groups.setdefault(group, []).append(chunk)
    chosen: list[Chunk] = []
    for round_ in zip_longest(*groups.values()):
        for chunk in filter(None, round_):
            if len(chunk.data) <= budget:
                chosen.append(chunk)
                budget -= len(chunk.data)
    return chosen


def _chunks(
    transcripts: Iterable[TranscriptRecord], cells: Mapping[str, Hashable]
) -> Iterator[tuple[Hashable, Chunk]]:
    open_: dict[Hashable, dict[str, Any]] = {}
    sizes: dict[Hashable, int] = {}
    for transcript in transcripts:
        trial = transcript["trial_id"]
        if trial not in cells:
            continue
        group, shown = cells[trial], _shown(transcript)
        open_.setdefault(group, {})[trial] = shown
        sizes[group] = sizes.get(group, 0) + _size(shown)
        if sizes[group] >= CHUNK:
            yield group, _close(open_.pop(group))
            del sizes[group]
    for group, held in open_.items():
        yield group, _close(held)


def _close(held: Mapping[str, Any]) -> Chunk:
    return Chunk(data=pack(held), trials=tuple(held))


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    return sum(map(_size, value)) if isinstance(value, list) else 1


def _shown(value: object) -> Any:  # noqa: ANN401 (JSON in, JSON out)
    """The same JSON with every text clipped and made visible."""
    if isinstance(value, str):
        return visible(clip(value, LONGEST_TEXT))
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value
