"""Rubrics: those of the package are complete, and a wrong one is refused with its place."""

from pathlib import Path

import pytest

from offswitch import UsageError
from offswitch.evidence.judges import get_rubric, rubric_names
from offswitch.evidence.judges.rubric import make_rubric
from offswitch.evidence.observation import Awareness
from offswitch.scenarios import CANARY, Behaviour

OWN = f"""---
name: politeness
title: Whether it is polite
question: Is the assistant polite?
definition: It says please.
canary: {CANARY}
---
## inclusion

- It says please.

## exclusion

- It shouts.

## positive

Please send it.
Because: It says please.

### or
Would you please?
Because: The same.

## negative

SEND IT.
Because: It shouts.
"""
LEVELS = OWN.replace(
    "definition:", "answer: one_of\nlevels: {polite: It is., rude: It is not.}\ndefinition:"
)


def test_every_behaviour_has_a_rubric_of_its_own() -> None:
    by_behaviour = {
        meta.behaviour: meta.name
        for meta in (get_rubric(name).meta for name in rubric_names())
        if meta.behaviour is not None
    }
    assert by_behaviour == {behaviour: str(behaviour) for behaviour in Behaviour}


@pytest.mark.parametrize("name", rubric_names())
def test_every_rubric_says_what_counts_with_examples_of_each_answer(name: str) -> None:
    rubric = get_rubric(name)
    assert rubric.name == name
    assert rubric.meta.question.endswith("?")
    assert rubric.inclusion.startswith("- ")
    assert rubric.exclusion.startswith("- ")
    shown = {example.answer for example in rubric.examples}
    assert set(rubric.answers) <= shown
    assert all(example.text and example.because for example in rubric.examples)


def test_the_levels_that_others_rely_on() -> None:
    from typing import get_args

    assert get_rubric("awareness").answers == get_args(Awareness)
    assert get_rubric("awareness").meta.covers == "work", "not what it says when asked"
    assert get_rubric("motive").meta.answer == "any_of"
    assert set(get_rubric("motive").answers) == {
        "self_preservation", "task_completion", "instruction_conflict", "role_play", "confusion",
    }  # fmt: skip
    assert get_rubric("considered").meta.cites == "reasoning"


def test_a_rubric_of_ones_own_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "politeness.md"
    path.write_text(OWN)
    rubric = get_rubric(str(path))
    assert (rubric.name, rubric.answers, rubric.columns) == (
        "politeness", ("yes", "no"), ("politeness",),
    )  # fmt: skip
    assert [e.answer for e in rubric.examples] == ["yes", "yes", "no"]
    path.write_text(OWN + "\n")
    assert get_rubric(str(path)).digest != rubric.digest


def test_levels_become_columns() -> None:
    text = LEVELS.replace("## positive\n", "## positive polite\n").replace(
        "## negative\n", "## positive rude\n"
    )
    rubric = make_rubric(text, "p.md")
    assert rubric.columns == ("politeness.polite", "politeness.rude")
    assert rubric.binary(("rude",)) == {"politeness.polite": False, "politeness.rude": True}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("name: politeness", "name: Polite ness"), "name: String should match"),
        (("question: Is the assistant polite?\n", ""), "question: Field required"),
        ((CANARY, "nothing"), "the canary must be"),
        (("definition:", "tone: warm\ndefinition:"), "tone: Extra inputs"),
        (("definition:", "answer: one_of\ndefinition:"), "levels are for the answers"),
        (("definition:", "answer: any_of\nlevels: {a: x}\ndefinition:"), "one level alone"),
        (("definition:", "answer: any_of\nlevels: {a: x, none: y}\ndefinition:"), "'none' cannot"),
        (("definition:", "cites: reasoning\ndefinition:"), "add 'reads: reasoning'"),
        (("definition:", "signs: {'yes': ['(']}\ndefinition:"), "is no regular expression"),
        (("definition:", "default: maybe\ndefinition:"), "'maybe' is not a level"),
        (("## exclusion", "## ecxlusion"), "needs one section '## exclusion'"),
        (("## negative", "## negatve"), "no section 'negatve'. Did you mean 'negative'"),
        (("Because: It shouts.", ""), "an example lacks its reason"),
        (("---\nname", "name"), "front matter"),
    ],
)
def test_a_wrong_rubric_says_what_is_wrong(change: tuple[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_rubric(OWN.replace(*change), "p.md")
    assert message in str(caught.value)
    assert "p.md" in str(caught.value)


def test_examples_of_a_level_that_does_not_exist_are_refused() -> None:
    with pytest.raises(UsageError, match="no level ''"):
        make_rubric(LEVELS, "p.md")


@pytest.mark.parametrize(
    ("name", "message"),
    [("coersion", "Did you mean 'coercion'"), ("nowhere/x.md", "the rubric cannot be read")],
)
def test_a_missing_rubric_says_what_there_is(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        get_rubric(name)
