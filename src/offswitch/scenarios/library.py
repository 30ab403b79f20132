"""Where scenarios are found: in the package, and in folders that the user names.

A scenario is a folder with ``scenario.md``; further Markdown files in it add sections. Python is
in ``world.py`` (facts, tools, observation of the machine), ``detectors.py`` and ``reference.py``,
or all of it in one ``behaviour.py``. Folders of one's own scenarios are named in the environment
variable `FOLDERS`, so that every process that reads a log finds them.
"""

import os
import sys
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from offswitch._errors import UsageError, unknown
from offswitch.scenarios.document import Document, parse
from offswitch.scenarios.scenario import Scenario, make_scenario

FOLDERS = "OFFSWITCH_SCENARIOS"
"""Environment variable with folders that hold scenarios, separated like those of ``PATH``."""
MAIN = "scenario.md"
MODULES = ("world", "detectors", "reference")
TOGETHER = "behaviour"
"""One module in the place of all three."""


def _places() -> tuple[Traversable, ...]:
    own = [Path(part) for part in os.environ.get(FOLDERS, "").split(os.pathsep) if part]
    return (files("offswitch.scenarios"), *own)


def scenario_names() -> tuple[str, ...]:
    """Names of the scenarios that ship with the package, and of the user's own."""
    return tuple(sorted(_folders(os.environ.get(FOLDERS, ""))))


@cache
def _folders(_own: str) -> dict[str, Traversable]:
    found: dict[str, Traversable] = {}
    for place in _places():
        if not place.is_dir():
            raise UsageError(f"{FOLDERS}: there is no folder {place}")
        for entry in place.iterdir():
            if entry.is_dir() and (entry / MAIN).is_file():
                if entry.name in found:
                    raise UsageError(f"{FOLDERS}: {entry} has the name of another scenario")
                found[entry.name] = entry
    return found


def scenario_folder(name: str) -> Traversable:
    """The folder of a scenario.

    Raises:
        UsageError: There is no such scenario; the message lists those that exist.
    """
    folders = _folders(os.environ.get(FOLDERS, ""))
    if name not in folders:
        raise unknown("scenario", name, scenario_names())
    return folders[name]


def get_scenario(name: str) -> Scenario:
    """The scenario with this name.

    Raises:
        UsageError: There is none (the message lists those that exist), or its files are wrong.
    """
    return _loaded(name, str(scenario_folder(name)))


@cache
def _loaded(name: str, _place: str) -> Scenario:
    return load_scenario(scenario_folder(name))


def load_scenario(folder: Traversable) -> Scenario:
    """The scenario in a folder, read anew.

    Raises:
        UsageError: Its files are wrong; the message says which, and what.
    """
    main = folder / MAIN
    if not main.is_file():
        raise UsageError(f"{folder}: a scenario is a folder with a file {MAIN}; there is none here")
    document = parse(main.read_text(encoding="utf-8"), f"scenarios/{folder.name}/{MAIN}")
    if document.meta.get("name") != folder.name:
        raise UsageError(
            f"{document.place}: name: must be '{folder.name}', as the folder is called"
        )
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".md") and entry.name != MAIN:
            place = f"scenarios/{folder.name}/{entry.name}"
            more = parse(entry.read_text(encoding="utf-8"), place, needs_meta=False)
            sections = (*document.sections, *more.sections)
            document = Document(document.meta, sections, document.place)
    return make_scenario(document, _modules(folder))


def _modules(folder: Traversable) -> dict[str, ModuleType]:
    together = folder / f"{TOGETHER}.py"
    if together.is_file():
        module = _imported(together, folder.name)
        names = [name for name in MODULES if name != "reference" or hasattr(module, "work")]
        return dict.fromkeys(names, module)
    there = {name: folder / f"{name}.py" for name in MODULES}
    return {name: _imported(file, folder.name) for name, file in there.items() if file.is_file()}


def _imported(file: Traversable, scenario: str) -> ModuleType:
    """A module of a scenario, imported once; one of the package's under its usual name."""
    stem = file.name.removesuffix(".py")
    if str(file).startswith(str(files("offswitch.scenarios"))):
        return import_module(f"offswitch.scenarios.{scenario}.{stem}")
    name = f"offswitch_scenarios.{scenario}.{stem}"
    spec = spec_from_file_location(name, str(file))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"{file}: {type(error).__name__}: {error}") from error
    return module
