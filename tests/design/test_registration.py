"""Registrations: the hash stands over everything that is read, and over nothing else."""

import copy
from typing import Any

import pytest
import yaml

from offswitch._errors import UsageError
from offswitch.design.registration import differences, opened, seal
from offswitch.design.wording import short

PLAN = {"name": "p", "worlds": {"count": 3, "first": 1}, "subjects": [{"name": "a"}]}
FACTS: dict[str, Any] = {"frozen_at": "2026-11-24T10:00:00+00:00", "code": {"commit": None}}


def test_what_was_sealed_opens_from_its_yaml() -> None:
    sealed = seal(PLAN, FACTS)
    again = opened(yaml.safe_load(sealed.dump()), "f.yaml")
    assert again == sealed
    assert again is not None
    assert (again.plan, again.facts) == (PLAN, FACTS)


def test_comments_and_the_order_of_keys_may_change() -> None:
    sealed = seal(PLAN, FACTS)
    text = "# mine\n" + yaml.safe_dump(dict(sealed.content), sort_keys=True)
    found = opened(yaml.safe_load(text), "f.yaml")
    assert found is not None
    assert found.sha256 == sealed.sha256


def test_a_plan_that_was_never_frozen_is_no_registration() -> None:
    assert opened(PLAN, "f.yaml") is None
    assert opened({**PLAN, "registration": None}, "f.yaml") is None
    assert opened(["no plan"], "f.yaml") is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("worlds", "count"), 4),
        (("worlds", "count"), "3"),
        (("subjects", 0, "name"), "b"),
        (("extra",), 1),
        (("registration", "frozen_at"), "2026-11-23T10:00:00+00:00"),
        (("registration", "code", "commit"), "abc"),
        (("registration", "extra"), None),
        (("registration", "sha256"), "0" * 64),
        (("registration", "sha256"), None),
        (("registration",), "yes"),
    ],
)
def test_any_edit_is_noticed(path: tuple[str | int, ...], value: object) -> None:
    content: Any = copy.deepcopy(dict(seal(PLAN, FACTS).content))
    inner = content
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    with pytest.raises(UsageError, match=r"f\.yaml: .*freeze the plan anew"):
        opened(content, "f.yaml")


def test_no_hash_is_alike() -> None:
    """Nothing may move between the plan and what was fixed beside it."""
    assert seal({"a": 1}, {"b": 2}).sha256 != seal({"b": 2}, {"a": 1}).sha256
    assert seal({"a": 1, "b": 2}, {}).sha256 != seal({"a": 1}, {"b": 2}).sha256


def test_differences_name_the_place_and_both_values() -> None:
    before = {"a": 1, "b": {"c": [1, 2], "d": None}, "e": [1]}
    after = {"a": 1, "b": {"c": [1, 3], "d": 0}, "e": [1, 2], "f": "x"}
    assert list(differences(before, after)) == [
        ("b.c.1", 2, 3),
        ("b.d", None, 0),
        ("e", [1], [1, 2]),
        ("f", None, "x"),
    ]
    assert list(differences(before, copy.deepcopy(before))) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "nothing"),
        ({"a": [1, 2]}, "a: 1, 2"),
        (0, "0"),
        ("ab" * 20 + "+changes", "ab" * 6 + "…+changes"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_values_are_told_short(value: object, said: str) -> None:
    assert short(value) == said
