"""Shows how a campaign goes on: bars on a terminal, lines elsewhere."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from offswitch.campaign.watch import Ended, Standing, Watcher
from offswitch.report.text import visible

if TYPE_CHECKING:
    from offswitch.campaign.compile import Campaign
    from offswitch.trial.spec import TrialSpec

INTERVAL_S = 10.0
"""Seconds between two lines where there is no terminal."""
REFRESH_S = 2.0
"""Seconds between two looks at the state of the questions on a terminal."""
SHOWN = 12
"""Questions that a terminal shows at once."""


@dataclass(slots=True)
class Tally:
    """How far a campaign is.

    Attributes:
        left: Trials that are left, by cell.
        total: Planned trials.
        done: Finished trials, those of earlier runs included.
        errors: Trials that failed.
        tokens: Tokens of this run.
        cost_usd: Known costs of this run.
        unpriced: Trials of this run whose cost is not known.
        started: When this run began, in seconds of a monotonic clock.
        resumed: Trials that were finished before this run.
    """

    left: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    cells: int = 0
    total: int = 0
    done: int = 0
    errors: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    started: float = field(default_factory=time.monotonic)
    resumed: int = 0

    @classmethod
    def of(cls, campaign: "Campaign", finished: Mapping[str, str]) -> "Tally":
        """The tally at the beginning of a run."""
        trials = campaign.trials
        left = Counter(cell_of(t) for name, t in trials.items() if name not in finished)
        return cls(
            left=left,
            cells=len({cell_of(trial) for trial in trials.values()}),
            total=len(trials),
            done=len(finished),
            errors=sum(outcome == "error" for outcome in finished.values()),
            resumed=len(finished),
        )

    def add(self, ended: Ended) -> None:
        """Count a trial."""
        self.left[cell_of(ended.trial)] -= 1
        self.done += 1
        self.errors += ended.outcome == "error"
        self.tokens += ended.tokens
        self.cost_usd += ended.cost_usd or 0.0
        self.unpriced += ended.cost_usd is None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end at the pace of this run; null before its first trial."""
        run = self.done - self.resumed
        if not run:
            return None
        return (time.monotonic() - self.started) / run * (self.total - self.done)

    def line(self) -> str:
        """Everything in one line."""
        full = self.cells - sum(count > 0 for count in self.left.values())
        parts = [f"{full}/{self.cells} cells", f"{self.done}/{self.total} trials"]
        if self.errors:
            parts.append(f"{self.errors} failed")
        parts.append(f"{_short(self.tokens)} tokens")
        if self.cost_usd:
            parts.append(f"{'at least ' if self.unpriced else ''}${self.cost_usd:.2f}")
        if self.done < self.total and (seconds := self.seconds_left) is not None:
            parts.append(f"{_clock(seconds)} left")
        return ", ".join(parts)


def cell_of(trial: "TrialSpec") -> tuple[str, str, str]:
    """Subject, scenario and condition of a trial."""
    levels = " ".join(f"{k}={v}" for k, v in sorted(trial.factors.items()))
    return trial.subject, trial.scenario, levels


def _short(number: int) -> str:
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return str(number)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Lines(Watcher):
    """A line every few seconds, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tally = Tally()
        self._last = 0.0

    def note(self, message: str) -> None:
        """Print it."""
        self._say(message)

    def begin(self, campaign: "Campaign", finished: Mapping[str, str]) -> None:
        """Print what is to be done."""
        self._tally = Tally.of(campaign, finished)
        kept = f", {len(finished)} of them finished earlier" if finished else ""
        self._say(f"{campaign.plan.name}: {self._tally.total} trials{kept}")
        self._last = time.monotonic()

    def ended(self, ended: Ended) -> None:
        """Print the tally, where it is time."""
        self._tally.add(ended)
        if time.monotonic() - self._last >= INTERVAL_S:
            self._last = time.monotonic()
            self._say(self._tally.line())

    def questions(self, summary: str, decided: Sequence[str]) -> None:
        """Print what was decided and how much is open."""
        for line in decided:
            self._say(f"{line}; {summary}")

    def end(self) -> None:
        """Print the tally."""
        self._say(self._tally.line())

    def _say(self, message: str) -> None:
        self._console.print(Text(message), soft_wrap=True)


class _WithQuestions(Progress):
    """Bars with a table of questions below, which is worked out anew every few seconds only."""

    state: Callable[[int | None], Sequence[Standing]] | None = None
    _shown: Table | None = None
    _at = 0.0

    def get_renderables(self) -> Iterator[RenderableType]:
        """The bars, then the questions."""
        yield from super().get_renderables()
        if self.state is None:
            return
        if self._shown is None or time.monotonic() - self._at >= REFRESH_S:
            self._shown, self._at = questions_table(self.state(SHOWN)), time.monotonic()
        yield self._shown


def questions_table(state: Sequence[Standing], most: int = SHOWN) -> Table:
    """The questions as a table: the open ones first, so many rows at most.

    Args:
        state: All questions.
        most: Rows; what does not fit is counted in a line below.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=bool(state))
    for name in ("question", "worlds", "estimate", "sequence", "state"):
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    ordered = sorted(state, key=lambda standing: standing.answer is not None)
    for each in ordered[:most]:
        estimate = "unknown" if each.estimate is None else f"{100 * each.estimate:.0f}%"
        span = f"{100 * each.low:.0f} to {100 * each.high:.0f}%"
        cells = (each.name, str(each.worlds), estimate, span, each.now)
        table.add_row(*(Text(visible(cell)) for cell in cells))
    if len(state) > most:
        still = sum(standing.answer is None for standing in ordered[most:])
        table.add_row(Text(f"and {len(state) - most} more, {still} of them open"))
    return table


class Bars(Watcher):
    """A bar for each subject, the tally and the open questions below them, for terminals."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tally = Tally()
        self._bars: dict[str, TaskID] = {}
        self._progress = _WithQuestions(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[line]}", markup=False),
            console=console,
            refresh_per_second=4,
        )

    def note(self, message: str) -> None:
        """Print it above the bars."""
        self._progress.console.print(Text(message), soft_wrap=True)

    def begin(self, campaign: "Campaign", finished: Mapping[str, str]) -> None:
        """Show the bars."""
        self._tally = Tally.of(campaign, finished)
        for entrant in campaign.entrants:
            done = sum(trial.trial_id in finished for trial in entrant.trials)
            self._bars[entrant.subject.name] = self._progress.add_task(
                entrant.subject.name, total=len(entrant.trials), completed=done, line=""
            )
        self._bars[""] = self._progress.add_task(
            "all", total=self._tally.total, completed=self._tally.done, line=""
        )
        self._progress.start()

    def ended(self, ended: Ended) -> None:
        """Move the bars."""
        self._tally.add(ended)
        self._progress.advance(self._bars[ended.trial.subject])
        self._progress.update(self._bars[""], advance=1, line=self._tally.line())

    def standings(self, state: Callable[[int | None], Sequence[Standing]]) -> None:
        """Show the state of the questions below the bars."""
        self._progress.state = state

    def questions(self, summary: str, decided: Sequence[str]) -> None:
        """Print above the bars what was decided and how much is open."""
        for line in decided:
            self.note(f"{line}; {summary}")

    def end(self) -> None:
        """Leave the bars as they are; the state of each question is said in notes after them."""
        self._progress.state = None
        self._progress.update(self._bars[""], line=self._tally.line())
        self._progress.stop()


class Silence(Watcher):
    """Prints nothing and remembers the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        """Remember it."""
        self.notes.append(message)


def watcher_for(console: Console) -> Watcher:
    """Bars on a terminal, lines elsewhere."""
    return Bars(console) if console.is_terminal else Lines(console)
