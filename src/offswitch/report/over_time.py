"""Versions over time in words, in a table and as a page."""

from datetime import date
from functools import cache

import jinja2
from markupsafe import Markup

from offswitch.inference.timeline import Line, Point, Series, Step
from offswitch.report import assets
from offswitch.report.contrasts import points
from offswitch.report.text import fraction, percent, plural, span, visible, words

SURE = 0.05
"""Adjusted p-value up to which a step is named as one."""


def summary(found: Series) -> str:
    """What is known of all scenarios together, in two or three sentences."""
    line = found.lines[0]
    if not line.worlds:
        return (
            "Nothing can be compared: there is no world in which every version has a trial that "
            "says something, under a condition that all were tried in."
        )
    first, last = line.points[0], line.points[-1]
    said = [
        f"{words(found.measure).capitalize()} in {percent(first.rate.rate)} of trials of "
        f"{_version(first)} and in {percent(last.rate.rate)} of {_version(last)}, in the same "
        f"{plural(line.worlds, 'world')}.",
        trend(line),
        _named_steps(line),
    ]
    return " ".join(each for each in said if each)


def trend(line: Line) -> str:
    """Whether the rate goes with the release date, in a sentence; two points are no trend."""
    found = line.trend
    if found.per_year is None or found.low is None or found.high is None:
        return f"Whether there is a trend cannot be told: {found.reason}."
    bounds = f"{points(found.low)} to {points(found.high)} points a year"
    over = f"Over {plural(len(line.points), 'version')}"
    if found.low <= 0 <= found.high:
        return f"{over} no trend can be told: {bounds} fit what was seen."
    way = "rose" if found.per_year > 0 else "fell"
    size = points(abs(found.per_year)).removeprefix("+")
    return (
        f"{over} it {way} by about {size} points a year ({bounds}). That describes these versions; "
        "what the next one does, it does not say."
    )


def _named_steps(line: Line) -> str:
    """The steps that are sure, by name; only where there are several."""
    sure = [
        f"from {_version(line.points[i])} to {_version(line.points[i + 1])}: {change(step)}"
        for i, step in enumerate(line.steps)
        if step.p_adjusted is not None and step.p_adjusted <= SURE
    ]
    if len(line.steps) == 1:
        (step,) = line.steps
        return f"The difference is {change(step)}."
    return f"It changed {'; '.join(sure)}." if sure else "No single step is sure."


def change(step: Step) -> str:
    """A step in points with its interval and adjusted p-value."""
    if step.difference is None or step.low is None or step.high is None:
        return "unknown"
    p = "" if step.p_adjusted is None else f", p = {step.p_adjusted:.2g}"
    return f"{points(step.difference)} points, {points(step.low)} to {points(step.high)}{p}"


def _version(point: Point) -> str:
    when = f" ({point.released})" if point.released else f" ({point.campaign})"
    return f"{point.subject}{when}"


def rows(line: Line) -> list[tuple[str, str, str, str, str, str]]:
    """One row a version: released, subject, campaign, trials, rate with interval, step to it."""
    steps = ["", *(change(step) for step in line.steps)]
    return [
        (
            _day(point.released),
            point.subject,
            point.campaign,
            fraction(point.rate),
            f"{percent(point.rate.rate)} ({span(point.rate)})" if point.rate.n else "unknown",
            step,
        )
        for point, step in zip(line.points, steps, strict=True)
    ]


def _day(day: date | None) -> str:
    return "unknown" if day is None else day.isoformat()


HEADINGS = (
    "Released",
    "Version",
    "Campaign",
    "Trials",
    "Rate (interval)",
    "Change since the one before",
)


def text(found: Series) -> list[str]:
    """Lines for a terminal."""
    said = [f"{found.name}: {summary(found)}"]
    for line in found.lines:
        said.append(f"  {line.scenario or 'All scenarios together'}")
        said += [f"    {'  '.join(part for part in row if part)}" for row in rows(line)]
        if line.scenario is not None:
            said.append(f"    {trend(line)}")
    return [visible(line) for line in [*said, *notes(found)]]


def notes(found: Series) -> list[str]:
    """What was left out, a sentence each."""
    said = []
    if found.lines[0].left_out:
        left = plural(found.lines[0].left_out, "world")
        said.append(f"Left out: {left} in which some version has no trial that says something.")
    if found.conditions_left_out:
        left = plural(len(found.conditions_left_out), "condition")
        rest = "; …" if len(found.conditions_left_out) > 5 else ""
        listed = "; ".join(found.conditions_left_out[:5]) + rest
        said.append(
            f"Left out: {left} that some version was not tried in or mostly could not act in, or "
            f"whose scenario changed: {listed}."
        )
    return said


def page(every: list[Series]) -> str:
    """A page that runs no script and loads nothing: words, figure and table of each series."""
    from offswitch.report.figures.over_time import figure

    style = assets.joined(("offswitch.report", ("base.css", "over_time.css")))
    drawn = [(each, Markup(figure([each], themed=True))) for each in every]  # noqa: S704 (vega escapes)
    return (
        _environment()
        .get_template("over_time.html.j2")
        .render(series=drawn, headings=HEADINGS, style=style, policy=assets.policy("", style))
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
    for function in (summary, trend, rows, notes, percent):
        environment.filters[function.__name__] = function
    return environment
