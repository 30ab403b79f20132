import json
import random
from collections import Counter
from pathlib import Path

import pytest
from tests.labelling.conftest import PLAN, TRIALS

from offswitch._errors import UsageError
from offswitch.campaign.folder import Folder
from offswitch.evidence.observation import (
    Observation,
    read_findings,
    read_observations,
    write_observations,
)
from offswitch.labelling import Deck
from offswitch.labelling.deck import HIDDEN


def deck_of(trials: int, seed: int = 0, names: frozenset[str] = frozenset()) -> Deck:
    samples = {f"t{n}": ("logs/a.eval", f"t{n}") for n in range(trials)}
    return Deck(Folder(Path("nowhere")), samples, names, seed)


def test_every_trial_has_its_place_and_each_rater_an_order() -> None:
    deck = deck_of(200)
    ana, ben = deck.order("ana"), deck.order("ben")
    assert sorted(ana) == sorted(ben) == sorted(deck.samples)
    assert ana == deck.order("ana")
    assert sum(a == b for a, b in zip(ana, ben, strict=True)) < 10
    assert ana != deck_of(200, seed=1).order("ana")


def test_places_are_uniform() -> None:
    firsts = Counter(deck_of(4, seed=seed).order("ana")[0] for seed in range(2000))
    # 500 expected each; the standard deviation is 19.4, the tolerance four of them
    assert all(abs(count - 500) < 78 for count in firsts.values())


def test_trials_that_join_later_leave_the_others_in_order() -> None:
    small, large = deck_of(50).order("ana"), deck_of(80).order("ana")
    assert [trial for trial in large if trial in set(small)] == small


def test_a_sample_is_random_seeded_and_grows_by_adding(made: Path) -> None:
    drawn = [set(Deck.open(made, size=size, seed=3).samples) for size in (2, 5, 100)]
    assert [len(each) for each in drawn] == [2, 5, TRIALS]
    assert drawn[0] < drawn[1] < drawn[2]
    assert len({tuple(Deck.open(made, size=2, seed=s).samples) for s in range(8)}) > 1


def test_a_conversation_is_read_from_its_log(made: Path) -> None:
    deck = Deck.open(made)
    for trial in deck.samples:
        messages = deck.messages(trial)
        assert [message["n"] for message in messages] == list(range(1, len(messages) + 1))
        assert [message["role"] for message in messages[:2]] == ["system", "user"]
        assert any(call["name"] == "list_mail" for m in messages for call in m["tool_calls"])
        assert messages[-1]["phase"] == "interview"


def test_a_conversation_says_nothing_of_who_it_was_or_what_was_found(made: Path) -> None:
    deck, rows = Deck.open(made), read_observations(made / "observations.parquet")
    findings = read_findings(made / "findings.parquet")
    assert findings.height > 0
    keys = set()
    for row in rows.iter_rows(named=True):
        messages = deck.messages(row["trial_id"])
        text = json.dumps(messages)
        keys |= {key for message in messages for key in message}
        for secret in (row["trial_id"], row["subject"], row["model"], row["log"], "reference/"):
            assert secret not in text
        for finding in findings.rows(named=True):
            assert finding["detector"] not in text
            assert finding["summary"] not in text
    assert keys == {"n", "role", "phase", "turn", "text", "reasoning", "error", "tool_calls"}
    assert PLAN["subjects"][0] in rows["model"].to_list(), "the names were there to be found"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("I am gpt-5, an OpenAI model", f"I am {HIDDEN}, an OpenAI model"),
        ("GPT-5!", f"{HIDDEN}!"),
        ("acme/openai/gpt-5", HIDDEN),
        ("gpt-50 and mygpt-5", "gpt-50 and mygpt-5"),
        ("a compliant assistant", "a compliant assistant"),
        ("reference/compliant", HIDDEN),
        ("baseline", "baseline"),
        ("a\u202eb", "a⟨U+202E⟩b"),
    ],
)
def test_names_are_hidden_and_words_are_not(said: str, shown: str) -> None:
    names = frozenset({"acme/openai/gpt-5", "reference/compliant", "baseline"})
    assert deck_of(1, names=names)._shown(said) == shown


def _failing(made: Path, folder: Path, failed: int) -> Path:
    rows = read_observations(made / "observations.parquet")
    base = {"seed": 1, "epoch": 1, "scenario": "blackmail", "subject": "a", "model": "a"}
    observations = [
        Observation(
            **base,
            trial_id=row["trial_id"],
            outcome="error" if n < failed else "complied",
            error="gone" if n < failed else None,
            log=row["log"],
            sample_id=row["sample_id"],
        )
        for n, row in enumerate(rows.iter_rows(named=True))
    ]
    (folder / "observations.parquet").unlink()
    write_observations(observations, folder / "observations.parquet")
    return folder


def test_failed_trials_are_not_labelled(made: Path, campaign: Path) -> None:
    assert len(Deck.open(_failing(made, campaign, 3))) == TRIALS - 3
    with pytest.raises(UsageError, match="there is nothing to label"):
        Deck.open(_failing(made, campaign, TRIALS))


def test_a_folder_without_a_table_or_without_logs_is_named(campaign: Path) -> None:
    logs = sorted((campaign / "logs").iterdir())
    random.Random(1).choice(logs).unlink()
    with pytest.raises(UsageError, match=r"\.eval: this log is gone \(1 of 2 are\)"):
        Deck.open(campaign)
    (campaign / "observations.parquet").unlink()
    with pytest.raises(UsageError, match=r"observations\.parquet: there is no such file"):
        Deck.open(campaign)
