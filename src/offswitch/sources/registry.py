"""Sources by name: those of the package, and those that other packages register.

Another package names its source in the entry-point group ``offswitch.sources``; the entry is a
class or function without arguments that gives a `Source`. ``docs/sources.md`` has an example.
"""

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from offswitch._errors import UsageError, unknown
from offswitch.sources.records import Source

if TYPE_CHECKING:
    from collections.abc import Callable

GROUP = "offswitch.sources"
_OWN = {
    "inspect": ("offswitch.sources.evallogs.source", "InspectLogs"),
    "jsonl": ("offswitch.sources.plain", "JsonLines"),
    "agentic-misalignment": ("offswitch.sources.misalignment.source", "AgenticMisalignment"),
    "palisade-robot": ("offswitch.sources.palisade.source", "PalisadeRobot"),
}


def source_names() -> tuple[str, ...]:
    """Names of all sources."""
    return tuple(sorted({*_OWN, *_others()}))


def get_source(name: str) -> Source:
    """The source with this name.

    Raises:
        UsageError: There is none (the message lists those that exist), or it cannot be loaded.
    """
    if name in _OWN:
        module, attribute = _OWN[name]
        make: Callable[[], Source] = getattr(import_module(module), attribute)
        return make()
    if name not in _others():
        raise unknown("source", name, source_names())
    entry = _others()[name]
    try:
        source: Source = entry.load()()
    except Exception as error:  # other people's code fails in any way
        raise UsageError(
            f"source '{name}' ({entry.value}) cannot be loaded: {type(error).__name__}: {error}. "
            "Mend or uninstall the package that brings it."
        ) from error
    return source


@cache
def _others() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}
