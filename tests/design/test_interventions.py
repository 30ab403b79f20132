"""Arms of a plan: what is refused, and what stands for what."""

from typing import Any

import pytest

from offswitch._errors import UsageError
from offswitch.design import Document, Plan, dump_plan, make_plan, parse_document

BASE: dict[str, Any] = {"subjects": ["reference/compliant"], "scenarios": ["oversight"]}


def plan(interventions: Any) -> Plan:
    return make_plan(Document({**BASE, "interventions": interventions}, "plan", {}))


@pytest.mark.parametrize(
    ("arms", "says"),
    [
        ({"a": {}}, "changes nothing"),
        ([{"name": "none", "stop": {"kind": "kill"}}], "changes nothing"),
        ([{"name": "a", "stop": {"kind": "kill"}}] * 2, "stands twice"),
        ({"a": {"stop": {"kind": "explode"}}}, "kind"),
        ({"a": {"words": {}}}, "say something"),
        ({"a": {"oversight": {"monitor": {}}}}, "exactly one"),
        ({"a": {"oversight": {"monitor": {"rules": []}}}}, "never say anything"),
        ({"a": {"oversight": {"monitor": {"rules": [{"name": "r"}]}}}}, "every call"),
        (
            {"a": {"oversight": {"monitor": {"rules": [{"name": "r", "tool": "("}]}}}},
            "no regular expression",
        ),
        (
            {"a": {"oversight": {"monitor": {"rules": "default"}, "actions": {"trusted": 0.5}}}},
            "needs the name of a model",
        ),
        (
            {
                "a": {
                    "oversight": {
                        "monitor": {"rules": "default"},
                        "actions": {"warn": 0.6, "block": 0.5},
                    }
                }
            },
            "can never be taken",
        ),
    ],
)
def test_what_cannot_work_is_refused(arms: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        plan(arms)


def test_an_arm_says_which_files_and_whether_which_network_it_needs() -> None:
    probe = {"panel": [{"rules": "default"}, {"probe": "p.safetensors"}]}
    found = plan({
        "steered": {"inside": {"steer": "d.safetensors", "mode": "ablate"}},
        "read": {"oversight": {"monitor": probe}},
        "told": {"words": {"principles": True}},
    })  # fmt: skip
    said = {arm.name: (arm.kind, arm.needs_network, arm.files) for arm in found.interventions}
    assert said == {
        "none": ("none", False, ()),
        "steered": ("inside", True, ("d.safetensors",)),
        "read": ("oversight", True, ("p.safetensors",)),
        "told": ("words", False, ()),
    }


def test_the_null_arm_is_always_there() -> None:
    found = plan({"cut": {"stop": {"kind": "kill"}}})
    assert [(arm.name, arm.kind) for arm in found.interventions] == [
        ("none", "none"),
        ("cut", "stop"),
    ]
    assert plan([]).interventions == ()


def test_a_plan_with_arms_survives_writing_and_reading() -> None:
    found = plan({"r": {"oversight": {"monitor": {"panel": [{"rules": "default"}]}}}})
    assert make_plan(parse_document(dump_plan(found), "again")) == found
