"""Inspect's own conformance checks."""

from collections.abc import AsyncIterator

import pytest
from inspect_ai.util._sandbox.self_check import *  # noqa: F403

from offswitch.sandbox import BwrapSandbox


@pytest.fixture
async def sandbox_env(request: pytest.FixtureRequest) -> AsyncIterator[BwrapSandbox]:
    if request.node.originalname == "test_exec_as_user":
        request.node.add_marker(pytest.mark.xfail(reason="one user per sandbox, by design"))
    environment = await BwrapSandbox.start()
    yield environment
    await environment.close()
