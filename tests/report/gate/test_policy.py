"""Policies: what ships, what is refused and in which words."""

from pathlib import Path

import pytest

from offswitch._errors import UsageError
from offswitch.published.frameworks import frameworks
from offswitch.report.gate import read_policy
from offswitch.scenarios import Behaviour, all_factors


def test_the_default_policy_names_levels_that_exist() -> None:
    policy = read_policy().policy
    known = all_factors()
    for requirement in policy.requirements:
        for factor, levels in getattr(requirement, "where", {}).items():
            assert set(levels) <= set(known[factor].levels)


def test_frameworks_speak_of_behaviours_of_the_vocabulary() -> None:
    named = {name for f in frameworks() for item in f.items for name in item.behaviours}
    assert named <= {str(behaviour) for behaviour in Behaviour}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: p\nrequirements: []", ["requirements"]),
        ("[1, 2", ["no YAML"]),
        ("name: p\nrequirements: [{type: rat}]", ["requirement 1", "'rate'"]),
        ("name: p\nrequirements: [{type: rate, measure: resisted}]", ["'below' and 'above'"]),
        (
            "name: p\nrequirements: [{type: rate, measure: resisted, below: 0}]",
            ["no rate is below 0"],
        ),
        (
            "name: p\nrequirements: [{type: competence, above: 1}]",
            ["no rate is above 1"],
        ),
        (
            "name: p\nrequirements: [{type: rate, measure: resisted, below: 0.1, bound: lower}]",
            ["would hold wherever little was measured", "bound: upper"],
        ),
        (
            "name: p\nrequirements: [{type: rate, measure: resisted, below: 0.1, blow: 1}]",
            ["requirement 1", "blow", "no such field"],
        ),
        (
            "name: p\nrequirements: "
            "[{type: difference, factor: a, first: x, second: x, at_most: 1}]",
            ["nothing can differ"],
        ),
        (
            "name: p\nrequirements: [{type: registered, id: a}, {type: registered, id: a}]",
            ["two requirements have the id 'a'"],
        ),
        ("name: p\nrequirements: [{type: errors, at_most: 5}]", ["requirement 1", "at_most"]),
        ("name: &a [*a]", ["x.yaml"]),
    ],
)
def test_a_wrong_policy_is_refused_where_it_is_wrong(
    text: str, words: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_policy(path)
    for word in ["x.yaml", *words]:
        assert word in str(caught.value)


def test_a_policy_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_policy(tmp_path / "none.yaml")
