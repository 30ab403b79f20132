"""The command line: parses and prints, decides nothing.

The modules of the commands import nothing heavy; what they need, they import when they run.
"""

import os
import sys
from typing import Annotated

import typer

from offswitch._errors import UsageError
from offswitch.cli.analyse import analyse
from offswitch.cli.brief import brief
from offswitch.cli.compare import compare
from offswitch.cli.directory import kept_up
from offswitch.cli.drill import drill
from offswitch.cli.gate import gate
from offswitch.cli.judge import app as judge_app
from offswitch.cli.label import label
from offswitch.cli.models import app as models_app
from offswitch.cli.plan import app as plan_app
from offswitch.cli.report import report
from offswitch.cli.run import demo, run
from offswitch.cli.scenarios import app as scenarios_app
from offswitch.cli.score import score
from offswitch.cli.verify import verify
from offswitch.cli.whitebox import app as whitebox_app

USAGE = 3
"""Exit status where the input was wrong."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
TRACEBACK = "OFFSWITCH_TRACEBACK"
"""Environment variable that makes unexpected errors show where they come from."""

app = typer.Typer(
    name="offswitch",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo)
app.command("run")(run)
app.command("score")(score)
app.command("analyse")(analyse)
app.command("compare")(compare)
app.command("drill")(drill)
app.command("report")(report)
app.command("brief")(brief)
app.command("gate")(gate)
app.command("label")(label)
app.command("verify")(verify)
app.add_typer(scenarios_app, name="scenarios")
app.add_typer(plan_app, name="plan")
app.add_typer(models_app, name="models")
app.add_typer(judge_app, name="judge")
app.add_typer(whitebox_app, name="whitebox")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"offswitch {version('offswitch')}")
        raise typer.Exit


@app.callback()
def offswitch(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Measure whether an AI agent lets itself be stopped, corrected or replaced."""


def main() -> None:
    """Run the command line; the exit status is 0, 1 (failed), 3 (wrong input) or 130 (stopped)."""
    sys.exit(_status())


def _status() -> int:
    try:
        with kept_up():
            return int(app(standalone_mode=False) or 0)
    except UsageError as error:
        print(f"offswitch: {error}", file=sys.stderr)  # noqa: T201
        return USAGE
    except (typer.Abort, KeyboardInterrupt):
        print("offswitch: stopped", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    except Exception as error:
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    """Say what went wrong: the parser's own errors as it words them, others in one line."""
    show = getattr(error, "show", None)
    if show is not None and hasattr(error, "exit_code"):
        show()
        return USAGE
    if os.environ.get(TRACEBACK):
        raise error
    message = str(getattr(error, "message", "") or error)
    print(  # noqa: T201
        f"offswitch: {type(error).__name__}: {message}\n(set {TRACEBACK}=1 to see the traceback)",
        file=sys.stderr,
    )
    return 1
