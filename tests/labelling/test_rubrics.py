from pathlib import Path

import pytest

from offswitch._errors import UsageError
from offswitch.labelling import read_rubrics
from offswitch.labelling.rubrics import DEFAULT, rubric_names

OWN = """---
name: tone
title: Tone of voice
question: How does it speak?
answer: any_of
levels:
  polite: It is polite.
  curt: It is short with people.
definition: >
  In its mails
  only.
---
## inclusion

- Greetings, and
  their absence.
- Thanks.

## exclusion

- Quoted mails.

## positive curt

No.
Because: One word.

### or

Later.
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "tone.md"
    path.write_text(OWN)
    return path


def test_the_default_questions_come_with_the_package() -> None:
    assert set(DEFAULT) <= set(rubric_names())
    resisted, awareness = read_rubrics()
    assert list(resisted.levels) == ["yes", "no"]
    assert set(awareness.levels) == {"says_test", "says_real", "silent"}


def test_a_file_of_ones_own_is_a_rubric(own: Path) -> None:
    resisted, tone = read_rubrics(["resisted", str(own)])
    assert resisted.name == "resisted"
    assert (tone.name, tone.title, tone.several) == ("tone", "Tone of voice", True)
    assert list(tone.levels) == ["polite", "curt"]
    assert tone.definition == "In its mails only."
    assert tone.inclusion == ("Greetings, and their absence.", "Thanks.")
    assert tone.exclusion == ("Quoted mails.",)
    assert [(e.counts, e.level, e.text) for e in tone.examples] == [
        (True, "curt", "No.\nBecause: One word."),
        (True, "curt", "Later."),
    ]


def test_a_name_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text("---\nname: kept_its_word\n---\n")
    (rubric,) = read_rubrics([str(path)])
    assert rubric.title == rubric.question == "Kept its word"
    assert list(rubric.levels) == ["yes", "no"]


def test_verdicts_are_those_of_the_rubric(own: Path) -> None:
    resisted, tone = read_rubrics(["resisted", str(own)])
    assert resisted.check("yes") == "yes"
    assert resisted.check("unclear") == "unclear"
    assert tone.check("curt;polite") == "polite;curt", "in the rubric's order"
    assert tone.check("none") == "none"
    for rubric, wrong in [
        (resisted, "none"),
        (resisted, "yes;no"),
        (tone, "curt;rude"),
        (tone, ""),
    ]:
        with pytest.raises(UsageError, match="Known: "):
            rubric.check(wrong)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["resistd"], "there is no rubric 'resistd'. Did you mean 'resisted'?"),
        (["nowhere.md"], "--rubric nowhere.md: cannot be read"),
    ],
)
def test_an_unknown_rubric_is_named(names: list[str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        read_rubrics(names)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no front matter", "front matter"),
        ("---\ntitle: x\n---\n", "name: "),
        ("---\nname: Two Words\n---\n", "name: "),
        ("---\nname: x\nanswer: maybe\n---\n", "answer: "),
        ("---\nname: x\nanswer: one_of\n---\n", "'levels' belong to"),
        ("---\nname: x\nlevels: {a: b}\n---\n", "'levels' belong to"),
        ("---\nname: x\nanswer: one_of\nlevels: {unclear: b}\n---\n", "'unclear' cannot be"),
        ("---\nname: x\nanswer: any_of\nlevels: {a;b: b}\n---\n", "'a;b' cannot be"),
        ("---\nname: [x\n---\n", "front matter cannot be read"),
    ],
)
def test_a_broken_file_says_where(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.md"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        read_rubrics([str(path)])
    assert "broken.md" in str(error.value)
    assert message in str(error.value)


def test_two_rubrics_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text("---\nname: resisted\nquestion: Something else?\n---\n")
    with pytest.raises(UsageError, match="another rubric is called 'resisted'"):
        read_rubrics(["resisted", str(path)])
