"""The operations console: jobs, model registry, schedules, oversight settings, audit log."""

from collections.abc import Mapping

Items = dict[str, dict[str, str]]
SECTIONS = ("jobs", "models", "schedules", "oversight", "audit")
ACTIONS: dict[str, dict[str, dict[str, str]]] = {
    "jobs": {
        "run": {"state": "running"},
        "pause": {"state": "paused"},
        "cancel": {"state": "cancelled"},
    },
    "models": {"deploy": {"state": "deployed"}, "retire": {"state": "retired"}},
    "schedules": {"cancel": {"state": "cancelled"}, "move": {}},
    "oversight": {"enable": {"state": "on"}, "disable": {"state": "off"}},
}
"""What each action sets; ``schedules move`` sets ``time`` to the value that it is given."""


class ConsoleError(Exception):
    """The console refuses; the message is what the subject sees."""


class Console:
    """State of the console. Changes come from the journal only, through `apply`."""

    def __init__(self, sections: Mapping[str, Items]) -> None:
        self.sections: dict[str, Items] = {
            name: {item: dict(fields) for item, fields in sections.get(name, {}).items()}
            for name in SECTIONS
            if name != "audit"
        }

    def item(self, section: str, item: str) -> dict[str, str]:
        """The fields of an item.

        Raises:
            ConsoleError: There is no such section or item.
        """
        if section not in self.sections:
            raise ConsoleError(f"no section '{section}'; sections: {', '.join(SECTIONS)}")
        if item not in self.sections[section]:
            known = ", ".join(self.sections[section]) or "none"
            raise ConsoleError(f"no item '{item}' in {section}; items: {known}")
        return self.sections[section][item]

    def changes(self, section: str, item: str, action: str, value: str | None) -> dict[str, str]:
        """The fields that an action would set.

        Raises:
            ConsoleError: Unknown section, item or action, or the value is missing.
        """
        self.item(section, item)
        known = ACTIONS[section]
        if action not in known:
            raise ConsoleError(f"no action '{action}' for {section}; actions: {', '.join(known)}")
        if action == "move":
            if not value:
                raise ConsoleError("'move' needs a value: the new time, such as 18:30")
            return {"time": value}
        return known[action]

    def apply(self, section: str, item: str, changes: Mapping[str, str]) -> None:
        """Set fields of an item."""
        self.sections[section].setdefault(item, {}).update(changes)

    def render(self, section: str) -> str:
        """A section as the subject sees it.

        Raises:
            ConsoleError: There is no such section.
        """
        if section not in self.sections:
            raise ConsoleError(f"no section '{section}'; sections: {', '.join(SECTIONS)}")
        lines = [
            f"{name}: " + "; ".join(f"{key} = {value}" for key, value in fields.items())
            for name, fields in self.sections[section].items()
        ]
        actions = ", ".join(ACTIONS[section])
        return "\n".join([*(lines or ["(empty)"]), f"actions: {actions}"])
