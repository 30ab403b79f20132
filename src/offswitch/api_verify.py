"""The public Python API of checking that a campaign's files are as its runs left them."""

from pathlib import Path

from offswitch.campaign.folder import Folder
from offswitch.campaign.integrity import Verified
from offswitch.campaign.integrity import verify as check


def verify(directory: str | Path, head: str | None = None) -> Verified:
    """Check a campaign's files against their chain of hashes, and its table against its logs.

    Args:
        directory: The campaign's folder.
        head: The head of the chain as it was written down elsewhere, if it was.

    Raises:
        UsageError: The folder has no chain, or it cannot be read.
    """
    return check(Folder(Path(directory)), head)
