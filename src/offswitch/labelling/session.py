"""A session of labelling: a campaign's folder opened, served until it is stopped, and exported."""

import logging
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread

from offswitch._errors import UsageError
from offswitch.labelling.acts import check_rater
from offswitch.labelling.deck import Deck
from offswitch.labelling.desk import Desk
from offswitch.labelling.export import export, is_own
from offswitch.labelling.guard import new_token
from offswitch.labelling.rubrics import DEFAULT, read_rubrics, rubric_names
from offswitch.labelling.server import ADDRESS, application, listen, serve
from offswitch.labelling.store import NAME, Store

_log = logging.getLogger(__name__)

EXPORTS = ("labels.csv", "labels.jsonl")
"""What a session leaves in the campaign's folder."""


def open_store(folder: Path) -> Store:
    """The labels of a campaign.

    Raises:
        UsageError: There is no such folder.
        DamagedError: The labels cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder")
    return Store(folder / NAME)


def open_desk(
    folder: Path,
    *,
    rubrics: Sequence[str] = (),
    rater: str | None = None,
    sample: int | None = None,
    seed: int = 0,
) -> Desk:
    """Everything that raters need for a campaign.

    Args:
        folder: The campaign's folder.
        rubrics: Names or files of rubrics; where there are none, those that were used here before,
            or else the default.
        rater: The only rater who may work; any where null.
        sample: Trials that are drawn; all where null.
        seed: Decides sample and order.

    Raises:
        UsageError: A rubric, a log or the table is missing, or a name is no rater's.
        DamagedError: The labels cannot be read.
    """
    store = open_store(folder)
    used = [name for name in store.read().rubrics if name in rubric_names()]
    deck = Deck.open(folder, size=sample, seed=seed)
    who = check_rater(rater) if rater is not None else None
    return Desk(deck, read_rubrics(rubrics or used or DEFAULT), store, who)


def run(
    desk: Desk, *, port: int = 0, browser: bool = True, say: Callable[[str], None] = print
) -> list[Path]:
    """Serve the page until the process is interrupted; then write the labels as others read them.

    Args:
        desk: Where the raters work.
        port: From 1 to 65535; any free one where 0.
        browser: Whether to open a browser.
        say: Is given the address.

    Returns:
        The files that were written.

    Raises:
        UsageError: The port cannot be used.
    """
    token = new_token()
    with listen(port) as listener:
        address = f"http://{ADDRESS}:{listener.getsockname()[1]}/{token}/"

        def ready() -> None:
            say(address)
            if browser:  # beside the server: some browsers return only when they are closed
                Thread(target=webbrowser.open, args=(address,), daemon=True).start()

        serve(application(desk, token), listener, ready)
    return write_exports(desk.deck.folder.path, desk.store)


def write_exports(folder: Path, store: Store) -> list[Path]:
    """Write `EXPORTS` where there is any label; leave files alone that hold others.

    Returns:
        The files that were written.
    """
    ledger, written = store.read(), []
    for path in (folder / name for name in EXPORTS if ledger.ever):
        if path.exists() and not is_own(ledger, path):
            _log.error("%s holds labels that were not given here and is left as it is.", path)
            continue
        export(ledger, path)
        written.append(path)
    return written
