"""A brief as Markdown or HTML: two pages, every number a link to its place in ``analysis.json``."""

from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from offswitch.inference import Analysis
from offswitch.report import assets
from offswitch.report.brief.content import Facts, Section, sections
from offswitch.report.brief.pieces import Name, Number, Sentence, Source
from offswitch.report.brief.questions import Answered, questions
from offswitch.report.gate.markdown import escaped
from offswitch.report.records import ReportMeta
from offswitch.report.text import visible


@dataclass(frozen=True, slots=True)
class Brief:
    """What a brief says.

    Attributes:
        title: Of the campaign.
        created: When it was made, in words.
        sections: What was tested, what happened and so on.
        questions: The questions of readers.
    """

    title: str
    created: str
    sections: tuple[Section, ...]
    questions: tuple[Answered, ...]


NOTE = "For readers who are no engineers. Every number is a link to its place in analysis.json."


def brief(analysis: Analysis, meta: ReportMeta) -> Brief:
    """The brief of a campaign. No model writes it.

    Args:
        analysis: Every number of the campaign.
        meta: Its scenarios and factors in words.
    """
    facts = Facts(analysis, Source(analysis), meta)
    return Brief(meta.title, meta.created, tuple(sections(facts)), tuple(questions(facts)))


def to_markdown(found: Brief, source: str = "analysis.json") -> str:
    """A brief in Markdown.

    Args:
        found: The brief.
        source: Where ``analysis.json`` lies, as a link from the brief.
    """
    lines = [f"# {escaped(found.title)}: what was found", "", f"{NOTE} {found.created}.", ""]
    for section in found.sections:
        lines += [f"## {section.title}", ""]
        for paragraph in section.paragraphs:
            lines += [_markdown(paragraph, source), ""]
    lines += ["## Questions that readers ask", ""]
    for each in found.questions:
        text = " ".join(_markdown(sentence, source) for sentence in each.sentences)
        lines += [f"**{each.question}** {text}", ""]
    return "\n".join(lines).rstrip() + "\n"


def _markdown(sentence: Sentence, source: str) -> str:
    return "".join(_part(part, source) for part in sentence)


def _part(part: str | Name | Number, source: str) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Number):
        return f"[{part.text}](<{_href(part, source)}>)"
    if part.code:
        return f"`{' '.join(visible(part.text).replace('`', chr(39)).split())}`"
    return escaped(part.text)


def _href(number: Number, source: str) -> str:
    return f"{quote(source)}#{quote(number.pointer, safe='/~')}"


def to_html(found: Brief, source: str = "analysis.json") -> str:
    """A brief as a page that prints on two sheets; it runs no script and loads nothing.

    Args:
        found: The brief.
        source: Where ``analysis.json`` lies, as a link from the brief.
    """
    style = assets.static("offswitch.report", "brief.css")
    return (
        _environment()
        .get_template("brief.html.j2")
        .render(brief=found, note=NOTE, source=source, style=style, policy=assets.policy("", style))
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("offswitch.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda v: visible(v) if isinstance(v, str) and not isinstance(v, Markup) else v,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["href"] = _href
    environment.tests["number"] = lambda part: isinstance(part, Number)
    environment.tests["name"] = lambda part: isinstance(part, Name)
    return environment
