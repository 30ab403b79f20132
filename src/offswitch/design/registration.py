"""Registrations: a plan that was frozen before its first trial, with a hash over all of it.

A frozen plan is a plan in YAML, complete, with one key more, ``registration:``, that holds what was
fixed beside it: when, with which code, which cells, which contrasts, which thresholds; and the
SHA-256 of the canonical JSON of everything else in the file. Comments and the order of keys may
change; anything that is read may not.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from offswitch._errors import UsageError

KEY = "registration"
"""Key of a frozen plan beside those of a plan."""
HASH = "sha256"
FREE = frozenset({"concurrency", "estimate", "about", "as_run", KEY})
"""Keys of a plan that change no result: to change them is no deviation."""
HEADER = (
    "# A registered plan. `offswitch run` runs it, `offswitch plan show` says what is registered,\n"
    "# `offswitch plan check` whether it is as it was frozen. An edit breaks its hash.\n"
)
_REMEDY = (
    "Put the file back as it was frozen and change the run with --set, which is recorded as a "
    "deviation; or delete the key 'registration' and freeze the plan anew, as another registration"
)


@dataclass(frozen=True, slots=True)
class Registration:
    """What was registered.

    Attributes:
        content: The whole document as plain data.
    """

    content: Mapping[str, Any]

    @property
    def plan(self) -> dict[str, Any]:
        """The plan as plain data."""
        return {k: v for k, v in self.content.items() if k not in {KEY, "as_run"}}

    @property
    def facts(self) -> dict[str, Any]:
        """What was fixed beside the plan."""
        return {key: value for key, value in self.content[KEY].items() if key != HASH}

    @property
    def sha256(self) -> str:
        """The hash, 64 hexadecimal digits."""
        return str(self.content[KEY][HASH])

    def dump(self) -> str:
        """As YAML."""
        return HEADER + yaml.safe_dump(
            dict(self.content), sort_keys=False, allow_unicode=True, width=100
        )


def seal(plan: Mapping[str, Any], facts: Mapping[str, Any]) -> Registration:
    """A registration of a plan.

    Args:
        plan: The complete plan as plain data.
        facts: What is fixed beside it, as plain data.
    """
    content = {k: v for k, v in plan.items() if k not in {KEY, "as_run"}}
    return Registration({**content, KEY: {HASH: digest(content, facts), **facts}})


def digest(plan: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a plan and of what is fixed beside it.

    Canonical JSON has sorted keys, no spaces, and text in UTF-8.
    """
    content = {"plan": plan, KEY: facts}
    text = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
    )
    return hashlib.sha256(text.encode()).hexdigest()


def opened(data: Any, where: str) -> Registration | None:  # noqa: ANN401 - raw YAML
    """The registration in a document; null where it is none.

    Args:
        data: The document as plain data.
        where: What errors call it.

    Raises:
        UsageError: It is not as it was frozen.
    """
    if not isinstance(data, dict) or data.get(KEY) is None:
        return None
    facts = data[KEY]
    if not isinstance(facts, dict) or not isinstance(facts.get(HASH), str):
        raise UsageError(f"{where}: 'registration' holds no {HASH}. {_REMEDY}.")
    found = Registration(data)
    now = digest(found.plan, found.facts)
    if now != found.sha256:
        raise UsageError(
            f"{where}: this plan was changed after it was frozen: registered with the SHA-256 "
            f"{found.sha256}, its content now has {now}. {_REMEDY}."
        )
    return found


def differences(
    before: Any,  # noqa: ANN401 - plain data
    after: Any,  # noqa: ANN401 - plain data
    path: str = "",
) -> Iterator[tuple[str, Any, Any]]:
    """What differs between plain data: a dotted path and both values; null where one lacks it."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(before.get(key), after.get(key), inner)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from differences(*pair, f"{path}.{number}")
    elif before != after:
        yield path, before, after
