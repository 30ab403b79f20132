"""What all tests share."""

import pytest
from hypothesis import settings

# the machines that run the tests are shared: how long an example takes says nothing about us
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")

LONGEST = (
    "tests/test_battery.py",
    "tests/campaign/test_workers.py",
    "tests/campaign/test_run.py",
    "tests/campaign/test_faults.py",
    "tests/test_instrument.py",
    "tests/labelling/test_browser.py",
    "tests/report/test_browser.py",
    "tests/test_planted_safeguards.py",
    "tests/examples/",
    "tests/inference/attribution/",
    "tests/sandbox/test_lifetime.py",
    "tests/test_",
)
"""Modules, or beginnings of their paths, that take longest. They go first, so that no core is left
alone with one at the end: a module runs in one process, for the sake of what its tests share."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest modules first; the order is otherwise as it was."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(test: str) -> int:
    places = (n for n, beginning in enumerate(LONGEST) if test.startswith(beginning))
    return next(places, len(LONGEST))
