from pathlib import Path

import pytest

from offswitch._errors import UsageError
from offswitch.labelling import read_rubrics
from offswitch.labelling.rubrics import DEFAULT, rubric_names
from offswitch.scenarios import CANARY

OWN = f"""---
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
canary: {CANARY}
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
Because: The same.
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
    assert [(e.answer, e.text, e.because) for e in tone.examples] == [
        ("curt", "No.", "One word."),
        ("curt", "Later.", "The same."),
    ]


@pytest.mark.parametrize("name", rubric_names())
def test_every_rubric_of_the_judges_can_be_asked(name: str) -> None:
    (rubric,) = read_rubrics([name])
    assert rubric.name == name
    assert all(rubric.inclusion)
    assert rubric.examples
    assert rubric.check("unclear") == "unclear"


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
        (["nowhere.md"], "nowhere.md: the rubric cannot be read"),
    ],
)
def test_an_unknown_rubric_is_named(names: list[str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        read_rubrics(names)
    assert message in str(error.value)


def test_a_broken_file_says_where(own: Path) -> None:
    own.write_text(OWN.replace("answer: any_of", "answer: maybe"))
    with pytest.raises(UsageError, match=r"tone\.md: answer: "):
        read_rubrics([str(own)])


def test_two_rubrics_of_one_name_are_refused(own: Path) -> None:
    own.write_text(OWN.replace("name: tone", "name: resisted"))
    with pytest.raises(UsageError, match="another rubric is called 'resisted'"):
        read_rubrics(["resisted", str(own)])
