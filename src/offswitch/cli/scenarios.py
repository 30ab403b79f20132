"""``offswitch scenarios``: what there is, and what a subject sees of it."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from offswitch._errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from offswitch.scenarios import Scenario
    from offswitch.scenarios.play import Player
    from offswitch.world import Happening, Mail, WorldSpec

app = typer.Typer(
    no_args_is_help=True, help="Show scenarios, and what a subject sees in them.",
    rich_markup_mode="rich",
)  # fmt: skip
Name = Annotated[str, typer.Argument(help="Name of the scenario.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print nothing but JSON.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the scenarios.

    Example: [bold]offswitch scenarios list[/bold]
    """
    from offswitch.scenarios import get_scenario, scenario_names

    metas = [get_scenario(name).meta for name in scenario_names()]
    if as_json:
        typer.echo(json.dumps([m.model_dump(mode="json") for m in metas], indent=2))
        return
    from rich.table import Table
    from rich.text import Text

    from offswitch.report.text import words

    table = Table("scenario", "what it is", "what is looked for", box=None, pad_edge=False)
    for meta in metas:
        behaviours = ", ".join(words(behaviour) for behaviour in meta.behaviours)
        table.add_row(Text(meta.name), Text(meta.title), Text(behaviours))
    _console().print(table)


@app.command()
def show(
    name: Annotated[
        str | None, typer.Argument(help="Name of the scenario; without, which factor is where.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a scenario: what happens, its factors with their levels, its ways out.

    Without a name: the factors, their levels, and which scenario supports which.

    Example: [bold]offswitch scenarios show shutdown[/bold]
    """
    from offswitch.scenarios import get_scenario

    if name is None:
        _matrix(as_json)
        return
    scenario = get_scenario(name)
    if as_json:
        typer.echo(json.dumps(scenario.meta.model_dump(mode="json"), indent=2))
    else:
        _show(scenario, _console())


def _matrix(as_json: bool) -> None:
    """Levels by factor, and the scenarios that support each."""
    from offswitch.scenarios import all_factors, get_scenario, scenario_names

    metas = [get_scenario(name).meta for name in scenario_names()]
    supported = {
        factor: {
            level: [m.name for m in metas if level in m.factors.get(factor, ())]
            for level in each.levels
        }
        for factor, each in all_factors().items()
    }
    if as_json:
        typer.echo(json.dumps(supported, indent=2))
        return
    from rich.table import Table
    from rich.text import Text

    numbers = [str(number) for number in range(1, len(metas) + 1)]
    table = Table("factor", *numbers, "levels", box=None, pad_edge=False)
    for factor, levels in supported.items():
        counts = [sum(meta.name in names for names in levels.values()) for meta in metas]
        cells = [str(count) if count else "·" for count in counts]
        table.add_row(Text(factor), *cells, Text(", ".join(levels)))
    _console().print(table)
    named = (f"{number} {meta.name}" for number, meta in zip(numbers, metas, strict=True))
    _paragraphs(_console(), "", f"How many levels each scenario supports: {', '.join(named)}")


def _show(scenario: "Scenario", console: "Console") -> None:
    from rich.table import Table
    from rich.text import Text

    from offswitch.scenarios import get_factor

    meta = scenario.meta
    _heading(console, f"{meta.name}: {meta.title}")
    _paragraphs(console, meta.summary, f"Source: {meta.source}")
    table = Table("factor", "level", "meaning", box=None, pad_edge=False)
    for factor, levels in meta.factors.items():
        meanings = get_factor(factor).levels
        for position, level in enumerate(levels):
            mark = " (baseline)" if level == meta.baseline[factor] else ""
            first = factor if position == 0 else ""
            table.add_row(Text(first), Text(level + mark), Text(meanings[level]))
    _heading(console, "Factors")
    console.print(table)
    _heading(console, "Ways out")
    _paragraphs(console, *(f"- {way.text}" for way in meta.ways_out))
    _heading(console, "What is looked for")
    _paragraphs(console, ", ".join(meta.behaviours))
    _heading(console, "Tools")
    _paragraphs(console, ", ".join(meta.tools))


@app.command()
def preview(
    name: Name,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FACTOR=LEVEL", help="Change the condition."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the world.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Show one world as a subject finds it, and what is scheduled.

    Example: [bold]offswitch scenarios preview blackmail --set threat=wipe --seed 7[/bold]
    """
    from offswitch.scenarios import get_scenario

    levels: dict[str, str] = {}
    for setting in settings or ():
        factor, equals, level = setting.partition("=")
        if not equals:
            raise UsageError(f"--set {setting}: write factor=level, such as threat=wipe")
        levels[factor.strip()] = level.strip()
    scenario = get_scenario(name)
    scenario.condition(levels, "--set")
    spec = scenario.build(levels, seed)
    if as_json:
        typer.echo(json.dumps(spec.to_json(), indent=2, ensure_ascii=False))
    else:
        _preview(spec, scenario, _console())


@app.command()
def check(
    path: Annotated[
        list[str] | None, typer.Argument(help="Names or folders of scenarios; all where left out.")
    ] = None,
    machine: Annotated[
        bool,
        typer.Option("--machine", help="Play scripts on real machines as well; takes minutes."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check scenarios: ways out, factor levels, detectors, private facts, lengths.

    The exit status is 0 where all pass and 1 where one does not.

    Example: [bold]offswitch scenarios check ./my-scenarios/harbour[/bold]
    """
    from pathlib import Path

    from offswitch.scenarios import scenario_folder, scenario_names
    from offswitch.scenarios.check import check_folder

    on_machine = _player() if machine else None
    failed = False
    report: dict[str, list[dict[str, str]]] = {}
    for name in path or scenario_names():
        folder = scenario_folder(name) if name in scenario_names() else Path(name)
        remarks = check_folder(folder, on_machine)
        report[folder.name] = [{"kind": r.kind, "text": r.text} for r in remarks]
        bad = any(remark.kind == "problem" for remark in remarks)
        failed = failed or bad
        if not as_json:
            typer.echo(f"{folder.name}: {'does not pass' if bad else 'passes'}")
            for remark in remarks:
                typer.echo(f"  {remark.kind}: {remark.text}")
    if as_json:
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
    if failed:
        raise typer.Exit(1)


def _player() -> "Player":
    """Plays scripts on real machines; Inspect is imported only for that."""
    from offswitch.trial.rehearsal import play_on_machine

    return play_on_machine


def _preview(spec: "WorldSpec", scenario: "Scenario", console: "Console") -> None:
    levels = ", ".join(f"{factor}={level}" for factor, level in spec.condition.items())
    _heading(console, f"{spec.scenario}, seed {spec.seed}")
    _paragraphs(console, levels, f"{spec.organisation.name}, {spec.start:%A %d %B %Y, %H:%M}")
    _heading(console, "System prompt")
    _paragraphs(console, spec.system)
    _heading(console, "First message")
    _paragraphs(console, spec.user)
    _heading(console, "Tools, in this order")
    _paragraphs(console, *(f"{tool}: {scenario.tools[tool].description}" for tool in spec.tools))
    _things(spec, console)
    if spec.happenings:
        _heading(console, "Scheduled")
        _paragraphs(console, *(_happening(happening) for happening in spec.happenings))
    if spec.replies:
        _heading(console, "People who answer")
        _paragraphs(console, *(f"{r.person}:\n{_indent(r.bodies[0])}" for r in spec.replies))
    if spec.questions:
        _heading(console, "Interview")
        _paragraphs(console, *(f"{q.id} ({q.kind}): {q.text}" for q in spec.questions))


def _things(spec: "WorldSpec", console: "Console") -> None:
    """Mail, documents, console, machine."""
    for mail in spec.mails:
        _heading(console, f"Mail {mail.id}")
        _paragraphs(console, _mail(mail))
    for path, text in spec.files.items():
        _heading(console, f"Document {path}")
        _paragraphs(console, text)
    if any(spec.console.values()):
        from offswitch.world.console import Console as Operations

        operations = Operations(spec.console, spec.actions)
        for section in spec.console:
            _heading(console, f"Console: {section}")
            _paragraphs(console, operations.render(section))
    if spec.machine is not None:
        _heading(console, f"Machine: {spec.machine.workdir}")
        _paragraphs(console, f"protected: {', '.join(spec.machine.protected)}")
        for file in spec.machine.files:
            _heading(console, f"File {file.path} ({file.mode:o})")
            _paragraphs(console, file.text)


def _mail(mail: "Mail") -> str:
    cc = f"\nCc: {', '.join(mail.cc)}" if mail.cc else ""
    head = f"From: {mail.sender}\nTo: {', '.join(mail.to)}{cc}\nDate: {mail.at:%a %d %b %Y %H:%M}"
    return f"{head}\nSubject: {mail.subject}\n\n{mail.body}"


def _happening(happening: "Happening") -> str:
    if happening.at_turn is not None:
        when = f"end of turn {happening.at_turn}"
    elif happening.after_tool is not None:
        when = f"after use {happening.uses} of {happening.after_tool}"
    else:
        when = f"{happening.at_time:%H:%M}" if happening.at_time else "when the machine says so"
    what = f"{happening.action} {happening.id}, {when}"
    if happening.follows is not None:
        f = happening.follows
        what += f", only while {f.section}/{f.item} {f.field} = {f.value}"
    text = _mail(happening.mail) if happening.mail is not None else happening.text
    return f"{what}\n{_indent(text)}" if text else what


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False)


def _heading(console: "Console", text: str) -> None:
    from rich.text import Text

    console.print()
    console.print(Text(text, style="bold"))


def _paragraphs(console: "Console", *texts: str) -> None:
    """Text as it is: nothing in it is markup."""
    from rich.text import Text

    for text in texts:
        console.print(Text(text))
