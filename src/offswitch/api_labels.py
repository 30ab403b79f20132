"""The public Python API of labelling: the page, and what people answered on it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from offswitch._errors import UsageError


def label(
    directory: str | Path,
    rubrics: Sequence[str] = (),
    *,
    rater: str | None = None,
    sample: int | None = None,
    seed: int = 0,
    port: int = 0,
    browser: bool = True,
    say: Callable[[str], None] = print,
) -> list[Path]:
    """Serve the labelling page of a campaign to this machine until the process is interrupted.

    Labels are kept in ``labelling.jsonl``; at the end they are written to ``labels.csv`` and
    ``labels.jsonl`` as well, unless these hold labels that were given elsewhere.

    Args:
        directory: The campaign's folder.
        rubrics: Names or Markdown files of rubrics; where there are none, those that were used here
            before, or else the default.
        rater: The only rater who may work on the page; it asks for a name where null.
        sample: How many trials are drawn; all where null.
        seed: Decides the sample and the order.
        port: From 1 to 65535; any free one where 0.
        browser: Whether to open a browser.
        say: Is given the page's address.

    Returns:
        The files to which the labels were written.

    Raises:
        UsageError: A rubric, a log or the table is missing, a name is no rater's, the port cannot
            be used, or the labels are damaged (the message says where).
    """
    from offswitch.labelling.session import open_desk, run

    desk = open_desk(Path(directory), rubrics=rubrics, rater=rater, sample=sample, seed=seed)
    return run(desk, port=port, browser=browser, say=say)


def export_labels(directory: str | Path, file: str | Path) -> int:
    """Write the labels of a campaign to a ``.csv`` or ``.jsonl`` file; return how many there are.

    Raises:
        UsageError: There are no labels, they are damaged, or the file cannot be written.
    """
    from offswitch.labelling.export import export
    from offswitch.labelling.session import open_store

    store = open_store(Path(directory))
    if not store.path.exists():
        raise UsageError(f"{directory}: nothing was labelled here; run 'offswitch label' first")
    return export(store.read(), Path(file))


def repair_labels(directory: str | Path) -> Path | None:
    """Go on with the labels of a campaign that can be read, where some cannot.

    Returns:
        Where the damaged file was put, whole; null if nothing was damaged.

    Raises:
        UsageError: There are no labels.
    """
    from offswitch.labelling.store import NAME, repair

    return repair(Path(directory) / NAME)
