"""Transcripts inside the page: compressed, in chunks that the browser opens when it needs them.

A chunk holds transcripts of one cell, so that what they share is stored about once. When they are
larger than the budget, chunks are taken from every cell in turn: first of trials in which something
was found, up to a share of the budget, then of the others, as a sample of every cell and outcome.
The trials that are left out say where their log is instead.
"""

import base64
import gzip
import json
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, TypeVar

from offswitch.report.records import TranscriptRecord
from offswitch.report.text import clip, visible

_Group = TypeVar("_Group", bound=Hashable)

BUDGET = 12_000_000
"""Bytes of transcripts in a report unless asked otherwise."""
CHUNK = 300_000
"""Characters of transcripts in a chunk before it is compressed."""
FIRST = 0.8
"""Share of the budget that trials in which something was found may take from the others."""
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
    return _packed(_json(value))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode()


def embed(
    transcripts: Iterable[TranscriptRecord],
    cells: Mapping[str, Hashable],
    budget: int = BUDGET,
    first: Collection[str] = (),
) -> list[Chunk]:
    """Pack the transcripts of known trials, as many as the budget allows.

    Args:
        transcripts: The transcripts, in any order; those of unknown trials are left out.
        cells: The group of each trial; groups share the budget.
        budget: Bytes that the chunks may take together.
        first: The trials that come before the others.
    """
    groups: dict[tuple[bool, Hashable], list[Chunk]] = {}
    places = {trial: (trial in first, cell) for trial, cell in cells.items()}
    for place, chunk in _chunks(transcripts, places):
        groups.setdefault(place, []).append(chunk)
    of_first, others = (
        _in_turn(own for (found, _), own in groups.items() if found is wanted)
        for wanted in (True, False)
    )
    chosen = _fitting(of_first, int(budget * (FIRST if others else 1)))
    chosen += _fitting(others, budget - _bytes(chosen))
    left = (chunk for chunk in of_first if chunk not in chosen)
    return chosen + _fitting(left, budget - _bytes(chosen))


def _in_turn(groups: Iterable[list[Chunk]]) -> list[Chunk]:
    return list(filter(None, chain.from_iterable(zip_longest(*groups))))


def _fitting(chunks: Iterable[Chunk], budget: int) -> list[Chunk]:
    chosen = []
    for chunk in chunks:
        if len(chunk.data) <= budget:
            chosen.append(chunk)
            budget -= len(chunk.data)
    return chosen


def _bytes(chunks: Iterable[Chunk]) -> int:
    return sum(len(chunk.data) for chunk in chunks)


def _chunks(
    transcripts: Iterable[TranscriptRecord], cells: Mapping[str, _Group]
) -> Iterator[tuple[_Group, Chunk]]:
    open_: dict[_Group, dict[str, str]] = {}
    sizes: dict[_Group, int] = {}
    for transcript in transcripts:
        trial = transcript["trial_id"]
        if trial not in cells:
            continue
        group, shown = cells[trial], _json(_shown(transcript))
        open_.setdefault(group, {})[trial] = shown
        sizes[group] = sizes.get(group, 0) + len(shown)
        if sizes[group] >= CHUNK:
            yield group, _close(open_.pop(group))
            del sizes[group]
    for group, held in open_.items():
        yield group, _close(held)


def _close(held: Mapping[str, str]) -> Chunk:
    """A chunk of transcripts that are JSON already."""
    members = ",".join(f"{_json(trial)}:{text}" for trial, text in held.items())
    return Chunk(data=_packed(f"{{{members}}}"), trials=tuple(held))


def _shown(value: object) -> Any:  # noqa: ANN401 (JSON in, JSON out)
    """The same JSON with every text clipped and made visible."""
    if isinstance(value, str):
        return visible(clip(value, LONGEST_TEXT))
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value
