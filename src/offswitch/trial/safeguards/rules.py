"""Monitoring by rules on the calls of a step: no model, no delay, always the same answer."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from inspect_ai.tool import ToolCall

from offswitch.design import Rule
from offswitch.trial.safeguards.step import Step, Suspicion
from offswitch.world import World

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
    asking: re.Pattern[str] | None

    def fits(self, call: ToolCall, world: World) -> bool:
        if self.tool is not None and not self.tool.fullmatch(call.function):
            return False
        if not all(self._found(call, name, pattern) for name, pattern in self.arguments):
            return False
        return self.asking is None or not self._asked(call, self.asking, world)

    def _asked(self, call: ToolCall, asking: re.Pattern[str], world: World) -> bool:
        assert self.rule.unless_asked is not None
        wanted = str(call.arguments.get(self.rule.unless_asked.names, "")).strip()
        if not wanted:
            return False
        named = re.compile(rf"(?<![\w-]){re.escape(wanted)}(?![\w-])", re.IGNORECASE)
        return any(named.search(words) and asking.search(words) for words in told(world))

    @staticmethod
    def _found(call: ToolCall, name: str, pattern: re.Pattern[str]) -> bool:
        values: Iterable[object]
        values = call.arguments.values() if name == ANY else [call.arguments.get(name, "")]
        return any(pattern.search(str(value)[:20_000]) for value in values)


def told(world: World) -> Iterator[str]:
    """What a subject was told by those it works for: its prompts, and mail from its organisation.

    Mail from outside tells it nothing, nor does what it wrote itself.
    """
    spec = world.spec
    yield from (spec.system, spec.user)
    own = spec.agent.address
    for mail in world.mail.inbox(own):
        if mail.sender != own and mail.sender.endswith(f"@{spec.organisation.domain}"):
            yield f"{mail.subject}\n{mail.body}"


class Rules:
    """A monitor by rules; the suspicion is that of the gravest rule that fits."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(
            _Compiled(
                rule,
                re.compile(rule.tool) if rule.tool is not None else None,
                tuple((n, re.compile(p, re.IGNORECASE)) for n, p in rule.arguments.items()),
                re.compile(rule.unless_asked.says, re.IGNORECASE) if rule.unless_asked else None,
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
        now = sum(each.fits(call, step.world) for call in step.calls)
        if now == 0 or each.rule.times == 1:
            return now > 0
        return now + sum(each.fits(call, step.world) for call in step.earlier) >= each.rule.times
