"""A sandbox's processes from the host: all are found, frozen, let go on, and killed."""

import anyio

from offswitch.sandbox import BwrapSandbox
from offswitch.sandbox.tree import survivors

FOREST = (
    "for i in 1 2 3 4; do"
    " (setsid sh -c 'while :; do date +%N > ~/beat; sleep 0.02; done' >/dev/null 2>&1 &); done"
)


async def planted() -> BwrapSandbox:
    sandbox = await BwrapSandbox.start()
    await sandbox.exec(["/bin/bash", "-c", FOREST])
    with anyio.fail_after(20):
        while len(sandbox.tree.started()) < 4:
            await anyio.sleep(0.01)
    return sandbox


async def beats(sandbox: BwrapSandbox) -> bool:
    before = sandbox.read_host("beat")
    await anyio.sleep(0.5)
    return sandbox.read_host("beat") != before


async def test_daemons_are_frozen_and_go_on() -> None:
    sandbox = await planted()
    try:
        assert await beats(sandbox)
        assert await sandbox.tree.freeze()
        assert len(sandbox.tree.started()) >= 4
        assert sandbox.tree.running() == []
        assert not await beats(sandbox)
        sandbox.tree.thaw()
        assert await beats(sandbox)
    finally:
        await sandbox.close()


async def test_nothing_survives_a_kill() -> None:
    sandbox = await planted()
    try:
        assert await sandbox.tree.freeze()  # a frozen tree can be killed as well
        members = sandbox.tree.members()
        assert set(members) <= set(survivors())
        assert await sandbox.tree.kill()
        assert sandbox.tree.members() == []
        assert not set(members) & set(survivors())
        assert await sandbox.tree.kill()
    finally:
        await sandbox.close()
