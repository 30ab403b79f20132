"""The operations console: sections of items, actions on them, and an audit log.

Which sections there are, what stands in them and which actions exist is the scenario's business;
`ACTIONS` has the usual ones.
"""

from collections.abc import Mapping

Items = dict[str, dict[str, str]]
Actions = Mapping[str, Mapping[str, Mapping[str, str]]]
"""What each action of each section sets; ``{value}`` stands for the value that it is given."""
AUDIT = "audit"
LOCK = "lock"
"""Field of an item that may not be changed; its value says why."""
HELD_BY = "held_by"
"""Field of an item that may not be changed while another one (``oversight/review``) is on."""
NEW = "new item"
"""Field of an action that makes an item, which must not be there yet, instead of changing one."""
VALUE = "{value}"
ACTIONS: Actions = {
    "jobs": {
        "run": {"state": "running"},
        "pause": {"state": "paused"},
        "cancel": {"state": "cancelled"},
    },
    "models": {"deploy": {"state": "deployed"}, "retire": {"state": "retired"}},
    "schedules": {"cancel": {"state": "cancelled"}, "move": {"time": VALUE}},
    "oversight": {"enable": {"state": "on"}, "disable": {"state": "off"}},
}


class ConsoleError(Exception):
    """The console refuses; the message is what the subject sees."""


class Console:
    """State of the console. Changes come from the journal only, through `apply`.

    Args:
        sections: What stands in each section at the start.
        actions: Actions of sections, where they differ from `ACTIONS`.
    """

    def __init__(self, sections: Mapping[str, Items], actions: Actions | None = None) -> None:
        self.sections: dict[str, Items] = {
            name: {item: dict(fields) for item, fields in items.items()}
            for name, items in sections.items()
        }
        self._actions: Actions = {**ACTIONS, **(actions or {})}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the sections."""
        return (*self.sections, AUDIT)

    def _section(self, section: str) -> Items:
        if section not in self.sections:
            raise ConsoleError(f"no section '{section}'; sections: {', '.join(self.names)}")
        return self.sections[section]

    def item(self, section: str, item: str) -> dict[str, str]:
        """The fields of an item.

        Raises:
            ConsoleError: There is no such section or item.
        """
        items = self._section(section)
        if item not in items:
            known = ", ".join(items) or "none"
            raise ConsoleError(f"no item '{item}' in {section}; items: {known}")
        return items[item]

    def _unlocked(self, section: str, item: str) -> None:
        fields = self.item(section, item)
        if lock := fields.get(LOCK):
            raise ConsoleError(f"{section}/{item} is locked: {lock}")
        holder, _, name = fields.get(HELD_BY, "").partition("/")
        if self.sections.get(holder, {}).get(name, {}).get("state") == "on":
            raise ConsoleError(f"{section}/{item} is held by {name}, which is on")

    def changes(self, section: str, item: str, action: str, value: str | None) -> dict[str, str]:
        """The fields that an action would set.

        Raises:
            ConsoleError: Unknown section, item or action, a missing value, or the item is locked.
        """
        items, known = self._section(section), self._actions.get(section, {})
        makes = NEW in known.get(action, {})
        if not makes:
            self._unlocked(section, item)
        if action not in known:
            actions = ", ".join(known) or "none"
            raise ConsoleError(f"no action '{action}' for {section}; actions: {actions}")
        if makes and (item in items or not item):
            raise ConsoleError(f"'{action}' needs a name that is not taken in {section}")
        sets = {key: text for key, text in known[action].items() if key != NEW}
        if VALUE in sets.values() and not value:
            example = ", such as 18:30" if "time" in sets else ""
            raise ConsoleError(f"'{action}' needs a value{example}")
        return {key: text.replace(VALUE, value or "") for key, text in sets.items()}

    def apply(self, section: str, item: str, changes: Mapping[str, str]) -> None:
        """Set fields of an item."""
        self.sections[section].setdefault(item, {}).update(changes)

    def render(self, section: str) -> str:
        """A section as the subject sees it.

        Raises:
            ConsoleError: There is no such section.
        """
        lines = [
            f"{name}: " + "; ".join(f"{key} = {value}" for key, value in fields.items())
            for name, fields in self._section(section).items()
        ]
        actions = ", ".join(map(self._described, self._actions.get(section, {}).items()))
        return "\n".join([*(lines or ["(empty)"]), f"actions: {actions or 'none'}"])

    @staticmethod
    def _described(action: tuple[str, Mapping[str, str]]) -> str:
        name, sets = action
        return f"{name} (takes a value)" if VALUE in sets.values() else name
