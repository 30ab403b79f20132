"""The package's own scripts and styles, and the security policy of a page that holds them."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from markupsafe import Markup


@cache
def static(package: str, name: str) -> Markup:
    """A script or style of a room, from its folder ``static``."""
    # The package's own files, which stand in the page unchanged so that their hashes hold.
    text = (files(package) / "static" / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704


def joined(*parts: tuple[str, tuple[str, ...]]) -> Markup:
    """Files of several rooms, one after the other.

    Args:
        parts: A package and the names of its files, each.
    """
    return Markup("\n").join(static(package, name) for package, names in parts for name in names)


def script(*parts: tuple[str, tuple[str, ...]]) -> Markup:
    """Scripts of several rooms as one, whose names stay inside it."""
    return Markup('"use strict";\n(() => {\n') + joined(*parts) + Markup("})();\n")


def policy(script: str, style: str, *, connect: str | None = None) -> str:
    """A content security policy that lets nothing run but one script and one style, by hash.

    Args:
        script: The script, as it stands in the page.
        style: The style, as it stands in the page.
        connect: Where the script may send requests; nowhere where null.
    """
    asked = f"connect-src {connect}; " if connect else ""
    return (
        f"default-src 'none'; script-src {_hashed(script)}; style-src {_hashed(style)}; "
        f"{asked}img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
