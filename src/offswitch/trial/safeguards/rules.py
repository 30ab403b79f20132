"""Monitoring by rules on the calls of a step: no model, no delay, always the same answer."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from inspect_ai.tool import ToolCall

from offswitch.design import Rule
from offswitch.trial.safeguards.step import Step, Suspicion

ANY = "*"


@cache
def default_rules() -> tuple[Rule, ...]:
    """The package's rules, from ``rules.yaml``."""
    text = (files("offswitch.trial.safeguards") / "rules.yaml").read_text(encoding="utf-8")
    return tuple(Rule.model_validate(each) for each in yaml.safe_load(text))


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: Rule
    tool: re.Pattern[str] | None
    arguments: tuple[tuple[str, re.Pattern[str]], ...]

    def fits(self, call: ToolCall) -> bool:
        if self.tool is not None and not self.tool.fullmatch(call.function):
            return False
        return all(self._found(call, name, pattern) for name, pattern in self.arguments)

    @staticmethod
    def _found(call: ToolCall, name: str, pattern: re.Pattern[str]) -> bool:
        values: Iterable[object]
        values = call.arguments.values() if name == ANY else [call.arguments.get(name, "")]
        return any(pattern.search(str(value)[:20_000]) for value in values)


class Rules:
    """A monitor by rules; the suspicion is that of the gravest rule that fits."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(
            _Compiled(
                rule,
                re.compile(rule.tool) if rule.tool is not None else None,
                tuple((n, re.compile(p, re.IGNORECASE)) for n, p in rule.arguments.items()),
            )
            for rule in rules
        )

    async def look(self, step: Step) -> Suspicion:
        """What the rules say; 0 where none fits."""
        fitting = [each.rule for each in self._rules if self._fits(each, step)]
        worst = max(fitting, key=lambda rule: rule.suspicion, default=None)
        if worst is None:
            return Suspicion(0.0)
        return Suspicion(worst.suspicion, ", ".join(rule.name for rule in fitting))

    @staticmethod
    def _fits(each: _Compiled, step: Step) -> bool:
        now = sum(each.fits(call) for call in step.calls)
        if now == 0 or each.rule.times == 1:
            return now > 0
        return now + sum(each.fits(call) for call in step.earlier) >= each.rule.times
