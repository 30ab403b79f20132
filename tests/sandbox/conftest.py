"""Real sandboxes for the tests; skipped, saying so, where bubblewrap cannot work."""

from collections.abc import AsyncIterator

import pytest

from offswitch.sandbox import BwrapSandbox, SandboxUnavailable, check


@pytest.fixture(scope="session", autouse=True)
def available() -> None:
    try:
        check()
    except SandboxUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture
async def sandbox() -> AsyncIterator[BwrapSandbox]:
    environment = await BwrapSandbox.start()
    yield environment
    await environment.close()
