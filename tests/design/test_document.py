import pytest

from offswitch import UsageError
from offswitch.design import override, parse_document

TEXT = """\
name: t
subjects:
  - a/b
  - {model: c/d, args: {p: 0.5}}
limits:
  max_turns: 4
"""


def test_every_value_knows_its_line() -> None:
    document = parse_document(TEXT, "plan.yaml")
    assert document.place(("name",)) == "plan.yaml, line 1"
    assert document.place(("subjects", 1, "args", "p")) == "plan.yaml, line 4"
    assert document.place(("limits", "max_turns")) == "plan.yaml, line 6"


def test_a_value_that_is_nowhere_has_the_place_of_what_is_around_it() -> None:
    document = parse_document(TEXT, "plan.yaml")
    assert document.place(("limits", "token_limit")) == "plan.yaml, line 5"
    assert document.place(("limits", 0, "max_turns", 3)) == "plan.yaml, line 6"
    assert document.place(("nothing",)) == "plan.yaml"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "plan.yaml, line 2: this is no YAML"),
        ("a: 1\nb: 2\na: 3", "plan.yaml, line 3: the key 'a' stands twice"),
        ("a: {b: 1, b: 2}", "plan.yaml, line 1: the key 'b' stands twice"),
        ("a: !!python/object:os.system x", "this is no YAML"),
        ("a: \x07", "plan.yaml: this is no YAML"),
    ],
)
def test_what_is_no_yaml_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_document(text + "\n", "plan.yaml")
    assert message in str(error.value)


def test_overrides_replace_values_and_take_their_place() -> None:
    document = parse_document(TEXT, "plan.yaml")
    changed = override(
        document, ["subjects.1.args.p=0.9", "limits.max_turns=7", "worlds={count: 3}", "name=x=y"]
    )
    assert changed.data["subjects"][1]["args"] == {"p": 0.9}
    assert changed.data["limits"] == {"max_turns": 7}
    assert changed.data["worlds"] == {"count": 3}
    assert changed.data["name"] == "x=y"
    assert changed.place(("subjects", 1, "args", "p")) == "--set subjects.1.args.p=0.9"
    assert changed.place(("worlds", "count")) == "--set worlds={count: 3}"
    assert document.data["limits"] == {"max_turns": 4}, "the original stays as it is"


def test_overrides_make_what_is_missing() -> None:
    changed = override(parse_document("name: t\n", "p"), ["limits.max_turns=2"])
    assert changed.data == {"name": "t", "limits": {"max_turns": 2}}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("worlds", "write key=value"),
        ("=3", "write key=value"),
        ("name.x=3", "name is no mapping, so it has no 'x' to set"),
        ("subjects.7=a", "subjects is a list with the positions 0-1"),
        ("subjects.first=a", "subjects is a list with the positions 0-1"),
        ("worlds=[1,", "--set worlds=[1,, line 1: this is no YAML"),
    ],
)
def test_overrides_that_lead_nowhere_are_refused(setting: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        override(parse_document(TEXT, "plan.yaml"), [setting])
    assert message in str(error.value)
