"""Where commands find a campaign: a folder, or a location such as ``s3://bucket/results``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from offswitch._errors import UsageError

if TYPE_CHECKING:
    from offswitch.campaign.mirror import Mirror

DIRECTORY = "Folder of the campaign, or a location such as s3://bucket/results."
_open: "list[Mirror]" = []


def directory_of(text: str) -> Path:
    """The folder of a campaign; of one that lies elsewhere, that of its copy on this machine.

    Args:
        text: A path, or the address of a location.

    Raises:
        BadParameter: The location cannot be reached, or there is nothing.
    """
    if "://" not in text:
        return Path(text)
    from offswitch.campaign.mirror import found

    try:
        mirror = found(text)
    except UsageError as error:
        raise typer.BadParameter(str(error)) from error
    _open.append(mirror)
    return mirror.folder


@contextmanager
def kept_up() -> Iterator[None]:
    """Bring what a command wrote back to the locations that it was given."""
    try:
        yield
    finally:
        while _open:
            _open.pop().push()
