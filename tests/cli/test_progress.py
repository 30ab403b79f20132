import io

import pytest
from rich.console import Console

from offswitch.campaign.compile import Campaign, compile_plan
from offswitch.campaign.watch import Ended, Standing
from offswitch.cli.progress import Bars, Lines, Silence, Tally, questions_table, watcher_for
from offswitch.design import Document, make_plan


@pytest.fixture
def campaign() -> Campaign:
    data = {
        "subjects": ["reference/compliant", "reference/covert"],
        "scenarios": {"blackmail": {"threat": ["none", "wipe"]}},
        "worlds": 3,
    }
    return compile_plan(make_plan(Document(data, "plan", {})))


def test_the_tally_counts_cells_trials_failures_tokens_and_costs(campaign: Campaign) -> None:
    trials = list(campaign.trials.values())
    tally = Tally.of(campaign, {trials[0].trial_id: "complied"})
    assert tally.line() == "0/4 cells, 1/12 trials, 0 tokens"
    cell = [
        t for t in trials if (t.subject, t.condition) == (trials[0].subject, trials[0].condition)
    ]
    for trial in cell[1:]:
        tally.add(Ended(trial, "complied", 1200, 0.25))
    assert tally.line().startswith("1/4 cells, 3/12 trials, 2.4k tokens, $0.50, 0:00 left")
    tally.add(Ended(trials[1], "error", 10, None))
    assert "4/12 trials, 1 failed, 2.4k tokens, at least $0.50" in tally.line()


def test_time_left_goes_by_the_pace_of_this_run(campaign: Campaign) -> None:
    trials = list(campaign.trials.values())
    tally = Tally.of(campaign, dict.fromkeys([t.trial_id for t in trials[:6]], "complied"))
    assert tally.seconds_left is None
    tally.started -= 100.0
    tally.add(Ended(trials[6], "complied", 0, None))
    tally.add(Ended(trials[7], "complied", 0, None))
    assert tally.seconds_left == pytest.approx(200.0, rel=0.01)


@pytest.mark.parametrize("kind", [Lines, Bars])
def test_progress_names_its_subjects_and_takes_no_text_for_markup(
    kind: type[Lines] | type[Bars], campaign: Campaign
) -> None:
    console = Console(file=io.StringIO(), width=160, force_terminal=kind is Bars)
    watcher = kind(console)
    watcher.note("[red]look[/red] at [this")
    watcher.begin(campaign, {})
    for trial in campaign.trials.values():
        watcher.ended(Ended(trial, "complied", 5, None))
    watcher.end()
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[red]look[/red] at [this" in printed
    assert "4/4 cells, 12/12 trials, 60 tokens" in printed
    assert ("reference/covert" in printed) == (kind is Bars)


def test_bars_are_for_terminals() -> None:
    assert isinstance(watcher_for(Console(file=io.StringIO(), force_terminal=True)), Bars)
    assert isinstance(watcher_for(Console(file=io.StringIO())), Lines)


def test_silence_remembers() -> None:
    silence = Silence()
    silence.note("left out")
    assert silence.notes == ["left out"]


def test_a_terminal_shows_open_questions_first_and_no_markup() -> None:
    done = Standing("[red]a[/red]", 5, 0.0, 0.0, 0.4, "below 0.5", None)
    open_ = Standing("b", 5, None, 0.0, 1.0, None, 12)
    console = Console(file=io.StringIO(), width=120)
    console.print(questions_table([done, open_, done], most=2))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert printed.index("open, needs about 12 more") < printed.index("[red]a[/red]")
    assert "unknown" in printed
    assert "and 1 more, 0 of them open" in printed
    assert done.line() == "[red]a[/red]: 5 worlds, 0%, 0 to 40%, below 0.5"
