"""The labelling page: one HTML page with its own script and style, and nothing else."""

from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from offswitch.report import assets

_SCRIPTS = (
    ("offswitch.report", ("dom.js", "conversation.js")),
    ("offswitch.labelling", ("server.js", "panel.js", "passages.js", "disputes.js", "label.js")),
)
_STYLES = (("offswitch.report", ("base.css",)), ("offswitch.labelling", ("label.css",)))


def render(welcome: dict[str, Any]) -> str:
    """The page.

    Args:
        welcome: What it knows from the beginning, as `Desk.welcome` says it.
    """
    template = _environment().get_template("label.html.j2")
    return template.render(style=_style(), script=_script(), welcome=welcome)


@cache
def policy() -> str:
    """The page's content security policy: its own script and style, and requests to its server."""
    return assets.policy(_script(), _style(), connect="'self'") + "; frame-ancestors 'none'"


@cache
def _script() -> Markup:
    return assets.script(*_SCRIPTS)


@cache
def _style() -> Markup:
    return assets.joined(*_STYLES)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("offswitch.labelling"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}  # levels have an order
    return environment
