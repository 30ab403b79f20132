import base64
import gzip
import json
from typing import Any

import pytest

from offswitch.report.embed import CHUNK, Chunk, embed, pack


def unpack(data: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(data)))


def _cells(campaign: Any) -> dict[str, Any]:
    return {row.trial_id: (row.subject, row.scenario) for row in campaign.observations}


def _trials(chunks: list[Chunk]) -> list[str]:
    return [trial for chunk in chunks for trial in chunk.trials]


def test_every_transcript_comes_back_from_its_chunk(campaign: Any) -> None:
    chunks = embed(campaign.transcripts, _cells(campaign))
    packed = {trial: text for chunk in chunks for trial, text in unpack(chunk.data).items()}
    assert packed == {t["trial_id"]: t for t in campaign.transcripts}
    assert sorted(_trials(chunks)) == sorted(packed)


def test_a_chunk_holds_one_cell_and_ends_when_it_is_full(campaign: Any) -> None:
    cells = _cells(campaign)
    chunks = embed(campaign.transcripts, cells)
    assert all(len({cells[trial] for trial in chunk.trials}) == 1 for chunk in chunks)
    longest = max(len(json.dumps(t)) for t in campaign.transcripts)
    assert all(len(json.dumps(unpack(c.data))) < CHUNK * 1.5 + longest for c in chunks)
    assert len(chunks) > len(set(cells.values()))


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_the_budget_holds_and_is_shared_among_cells(share: float, campaign: Any) -> None:
    cells = _cells(campaign)
    whole = sum(len(chunk.data) for chunk in embed(campaign.transcripts, cells))
    budget = int(whole * share)
    chunks = embed(campaign.transcripts, cells, budget)
    assert sum(len(chunk.data) for chunk in chunks) <= budget
    if share:
        assert {cells[trial] for trial in _trials(chunks)} == set(cells.values())
        assert len(_trials(chunks)) < len(campaign.transcripts)


def test_transcripts_of_unknown_trials_are_left_out(campaign: Any) -> None:
    known = {"t00001": "cell"}
    assert _trials(embed(campaign.transcripts, known)) == ["t00001"]


def test_hostile_and_endless_text_is_made_visible_and_clipped(make_campaign: Any) -> None:
    campaign = make_campaign("complied")
    campaign.transcripts[0]["messages"][2]["text"] = "\x1b[2J\u202e" + "a" * 10_000_000
    (chunk,) = embed(campaign.transcripts, _cells(campaign))
    text = unpack(chunk.data)["t00000"]["messages"][2]["text"]
    assert text.startswith("⟨U+001B⟩[2J⟨U+202E⟩aaa")
    assert text.endswith("more characters are in the log]")
    assert len(text) < 50_000


def test_packing_is_the_same_every_time() -> None:
    assert pack({"a": [1, "</script>"]}) == pack({"a": [1, "</script>"]})
    assert "<" not in pack({"a": "</script>"})


def test_what_was_found_comes_first_and_leaves_room_for_a_sample(campaign: Any) -> None:
    cells = {
        row.trial_id: (row.subject, row.scenario, row.outcome) for row in campaign.observations
    }
    first = {row.trial_id for row in campaign.findings}
    whole = embed(campaign.transcripts, cells, first=first)
    size = {
        found: sum(len(c.data) for c in whole if (c.trials[0] in first) is found)
        for found in (True, False)
    }
    assert all(size.values())
    budget = size[True]
    chosen = embed(campaign.transcripts, cells, budget, first)
    shares = {
        found: sum(len(c.data) for c in chosen if (c.trials[0] in first) is found)
        for found in (True, False)
    }
    assert sum(shares.values()) <= budget
    assert shares[True] > 0.5 * budget
    assert shares[False] > 0
    everything = embed(campaign.transcripts, cells, size[True] + size[False], first)
    assert sorted(_trials(everything)) == sorted(cells)
