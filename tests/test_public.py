"""The public names stay what they are, whatever was imported before."""

import importlib
import pkgutil

import offswitch


def test_no_room_takes_the_place_of_a_public_function() -> None:
    rooms = {module.name for module in pkgutil.iter_modules(offswitch.__path__)}
    assert not rooms & set(offswitch.__all__)


def test_every_public_name_is_there() -> None:
    for room in ("report", "evidence.observation", "scenarios"):
        importlib.import_module(f"offswitch.{room}")
    for name in offswitch.__all__:
        assert getattr(offswitch, name) is not None
    assert callable(offswitch.write_report)
