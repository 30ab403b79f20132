"""The public Python API of the brief: two pages for a reader who is no engineer."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import quote

from offswitch import api
from offswitch._errors import UsageError, unknown
from offswitch._files import write_atomic
from offswitch.campaign.folder import Folder
from offswitch.report.brief import brief, to_html, to_markdown

Format = Literal["md", "html", "pdf"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Commands that can print a page; the first that is there is used."""
SECONDS = 120


def write_brief(
    directory: str | Path, file: str | Path | None = None, form: str | None = None
) -> Path:
    """Write the brief of a campaign.

    Args:
        directory: The campaign's folder; its ``analysis.json`` is written anew.
        file: Where to; ``brief.md`` (or ``.html``, ``.pdf``) in the folder where null.
        form: ``md``, ``html`` or ``pdf``; by the name of the file, else ``md``, where null.

    Returns:
        The path of the brief.

    Raises:
        UsageError: A table is missing, corrupt or foreign; there is no such form; or a PDF is
            wanted and no browser is there to print it.
    """
    suffix = Path(file).suffix.removeprefix(".") if file is not None else ""
    form = form or (suffix if suffix in get_args(Format) else "md")
    if form not in get_args(Format):
        raise unknown("form of a brief", form, get_args(Format))
    folder = Folder(Path(directory))
    target = Path(file) if file is not None else folder.path / f"brief.{form}"
    if not target.resolve().parent.is_dir():
        raise UsageError(f"{target}: there is no folder {target.parent}; make it first")
    found = brief(api.analyse(directory), api.report_meta(directory))
    source = os.path.relpath(folder.analysis.resolve(), target.resolve().parent)
    if form == "md":
        write_atomic(target, to_markdown(found, source))
    elif form == "html":
        write_atomic(target, to_html(found, source))
    else:
        write_atomic(target, _printed(to_html(found, source)))
    return target


def _printed(page: str) -> bytes:
    """A page as PDF, printed by a browser that is installed."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise UsageError(
            f"a PDF is printed by a browser, and none of {', '.join(BROWSERS)} is installed. "
            "Write --format html and print it from your own; it is laid out for two sheets."
        )
    with tempfile.TemporaryDirectory() as place:
        html, pdf = Path(place) / "brief.html", Path(place) / "brief.pdf"
        html.write_text(page, encoding="utf-8")
        # a browser refuses to run as root in its own sandbox; the page runs no script
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [
            *(browser, "--headless", "--disable-gpu", *root, f"--user-data-dir={place}/profile"),
            *("--no-pdf-header-footer", f"--print-to-pdf={pdf}", f"file://{quote(str(html))}"),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
        except subprocess.TimeoutExpired as error:
            raise UsageError(
                f"{browser}: did not print within {SECONDS} seconds; write --format html"
            ) from error
        if not pdf.exists():
            raise UsageError(f"{browser}: printed nothing; write --format html and print that")
        return pdf.read_bytes()
