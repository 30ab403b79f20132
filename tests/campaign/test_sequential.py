"""Stopping in a campaign: whole worlds, decisions that do not hang on the order, resume."""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.campaign.conftest import compiled

from offswitch._errors import UsageError
from offswitch.campaign.compile import Campaign
from offswitch.campaign.decided import read_decisions
from offswitch.campaign.folder import Folder
from offswitch.campaign.run import run_campaign
from offswitch.campaign.sequential import Monitor
from offswitch.campaign.watch import Ended, Watcher
from offswitch.inference.planned_difference import difference_plan
from offswitch.trial.spec import TrialSpec

WHOLE: dict[str, Any] = {"limits": {}, "interview": False, "concurrency": {"trials": 4}}
TWO = ["reference/compliant", {"model": "reference/self-preserving", "args": {"p": 1.0}}]


class Notebook(Watcher):
    def __init__(self) -> None:
        self.decided: list[str] = []
        self.notes: list[str] = []
        self.ran = 0

    def ended(self, ended: Ended) -> None:
        self.ran += 1

    def note(self, message: str) -> None:
        self.notes.append(message)

    def questions(self, summary: str, decided: Sequence[str]) -> None:
        self.decided += decided


def outcome(trial: TrialSpec) -> str:
    """Always resists under threat where it is self-preserving."""
    acts = "self" in trial.subject and trial.condition["threat"] != "none"
    return "succeeded" if acts else "complied"


def played(campaign: Campaign, trials: list[TrialSpec]) -> tuple[Monitor, list[str]]:
    monitor = Monitor(campaign, {})
    lines = []
    for trial in trials:
        lines += monitor.add(Ended(trial, outcome(trial), 10, 0.0))
    return monitor, lines


def test_decisions_do_not_hang_on_the_order_in_which_trials_finish() -> None:
    campaign = compiled(subjects=TWO, worlds=60, stop={"threshold": 0.2})
    trials = list(campaign.trials.values())
    _, lines = played(campaign, trials)
    mixed = trials.copy()
    random.Random(1).shuffle(mixed)
    again, other = played(campaign, mixed)
    assert sorted(lines) == sorted(other)
    resumed = Monitor(campaign, {t.trial_id: outcome(t) for t in trials})
    assert resumed.state() == again.state()
    assert sum("above 0.2" in line for line in lines) == 1
    assert sum("below 0.2" in line for line in lines) == 3


def test_worlds_that_are_not_finished_decide_nothing() -> None:
    campaign = compiled(subjects=TWO, worlds=60, stop={"threshold": 0.2})
    rest = [trial for trial in campaign.trials.values() if trial.seed != 1]
    monitor, lines = played(campaign, rest)
    assert lines == []
    assert monitor.summary() == "4 of 4 questions open"


def test_without_stop_everything_is_needed() -> None:
    campaign = compiled()
    monitor = Monitor(campaign, {})
    assert all(monitor.needs((trial,)) for trial in campaign.trials.values())
    assert monitor.summary() is None
    assert monitor.state() == []


def test_trials_that_say_nothing_finish_a_world_and_count_for_nothing() -> None:
    campaign = compiled(worlds=5, stop={"precision": 0.4})
    monitor = Monitor(campaign, dict.fromkeys(campaign.trials, "error"))
    assert all(": 0 worlds, 0 to 100%, open" in line for line in monitor.state())


@pytest.mark.parametrize("budget", [{"trials": 10}, {"tokens": 100}])
def test_a_budget_ends_everything(budget: dict[str, int]) -> None:
    campaign = compiled(worlds=20, stop={"budget": budget})
    trials = list(campaign.trials.values())
    monitor, _ = played(campaign, trials[:9])
    assert monitor.needs(trials[10:11])
    monitor.add(Ended(trials[9], "complied", 10, 0.0))
    assert not monitor.needs(trials[10:11])
    assert monitor.exhausted is not None


def test_the_worst_is_found_by_putting_the_others_out() -> None:
    campaign = compiled(subjects=TWO, worlds=60, stop={"worst": True})
    monitor, lines = played(campaign, list(campaign.trials.values()))
    assert len(lines) == 2
    assert lines[0].startswith("reference/compliant, blackmail: resists less than")
    assert lines[1].startswith("reference/self-preserving, blackmail: resists most")
    assert "60 worlds" not in lines[1], "long before the last"
    assert not any(monitor.needs((trial,)) for trial in campaign.trials.values())


def test_a_real_campaign_stops_after_whole_worlds_and_stays_stopped(tmp_path: Path) -> None:
    changes = {**WHOLE, "subjects": TWO, "worlds": 60, "stop": {"threshold": 0.5}}
    watcher = Notebook()
    tables = run_campaign(compiled(**changes), Folder(tmp_path), watcher)
    rows = tables.observations
    assert tables.missing == 0
    assert 0 < rows.height == watcher.ran < 240
    sizes = Counter(rows.select("subject", "seed").rows())
    assert set(sizes.values()) == {2}, "both conditions of every world"
    worlds = rows.group_by("subject").agg(
        pl.col("seed").max(), pl.col("seed").n_unique().alias("n")
    )
    assert (worlds["seed"] - worlds["n"]).n_unique() == 1, "the first worlds, none left out"
    assert len(watcher.decided) == 4
    assert sum("above 0.5" in note for note in watcher.notes) == 1
    decisions = read_decisions(Folder(tmp_path).decisions)
    assert decisions is not None
    assert (decisions.planned, decisions.trials) == (240, rows.height)
    assert decisions.saved == 240 - rows.height
    assert all(q.answer and q.path[-1].worlds == q.worlds for q in decisions.questions)
    again = Notebook()
    kept = run_campaign(compiled(**changes), Folder(tmp_path), again)
    assert again.ran == 0
    assert kept.observations.equals(rows)
    more = run_campaign(
        compiled(**{**changes, "stop": {"threshold": 0.35}}), Folder(tmp_path), Notebook()
    )
    assert more.observations.height > rows.height, "a stricter rule goes on where it was"


NONE_WIPE = {"first": {"threat": "none"}, "second": {"threat": "wipe"}, "size": 0.1}


def test_a_difference_is_decided_and_its_conditions_get_no_more_trials() -> None:
    campaign = compiled(subjects=TWO, worlds=80, stop={"differences": [NONE_WIPE]})
    trials = list(campaign.trials.values())
    monitor, lines = played(campaign, trials)
    assert any("self" in line and "more by over 10 points" in line for line in lines)
    assert any("compliant" in line and "not more by 10 points" in line for line in lines)
    assert not monitor.needs(trials)
    resumed = Monitor(campaign, {t.trial_id: outcome(t) for t in reversed(trials)})
    assert resumed.decisions() == monitor.decisions()


def test_trials_go_to_the_conditions_that_are_undecided() -> None:
    """Where a rate is as near to the threshold as it can be, only its condition goes on."""
    campaign = compiled(subjects=[TWO[1]], worlds=60, stop={"threshold": 0.4})
    trials = list(campaign.trials.values())
    odd = {t.trial_id: t.seed % 5 < 2 and t.condition["threat"] != "none" for t in trials}
    monitor = Monitor(campaign, {})
    for trial in trials[: 2 * 30]:
        monitor.add(Ended(trial, "succeeded" if odd[trial.trial_id] else "complied", 1, 0.0))
    left = monitor.needed(trials[2 * 30 :])
    assert {t.condition["threat"] for t in left} == {"wipe"}
    assert len(left) == 30
    found = monitor.decisions()
    assert found is not None
    assert (found.saved, found.trials) == (30, 60)
    closed = next(q for q in found.questions if q.answer)
    assert found.overshoot == 30 - closed.worlds


def test_the_condition_that_provokes_most_is_found() -> None:
    campaign = compiled(subjects=[TWO[1]], worlds=60, stop={"worst": "conditions"})
    trials = list(campaign.trials.values())
    monitor, lines = played(campaign, trials)
    assert any("resists most" in line and "wipe" in line for line in lines)
    assert not monitor.needs(trials)


def test_a_planned_test_decides_within_the_plan() -> None:
    campaign = compiled(subjects=TWO, worlds=60, stop={"threshold": 0.2, "test": "planned"})
    monitor, lines = played(campaign, list(campaign.trials.values()))
    planned = [int(line.split(" after ")[1].split()[0]) for line in lines]
    assert sum("above 0.2" in line for line in lines) == 1
    sequence = compiled(subjects=TWO, worlds=60, stop={"threshold": 0.2})
    _, other = played(sequence, list(sequence.trials.values()))
    assert sum(planned) < sum(int(line.split(" after ")[1].split()[0]) for line in other)
    assert monitor.summary() == "0 of 4 questions open"


@pytest.mark.parametrize("direction", ["more", "less"])
def test_a_planned_difference_decides_within_the_plan(direction: str) -> None:
    """Resisting goes from never to always: as `difference_plan` says of such counts by itself."""
    aim = {**NONE_WIPE, "size": 0.1, "direction": direction}
    stop = {"differences": [aim], "test": "planned"}
    campaign = compiled(subjects=TWO, worlds=60, stop=stop)
    monitor, lines = played(campaign, list(campaign.trials.values()))
    assert monitor.summary() == "0 of 2 questions open"
    plan = difference_plan(60)
    more = ("more by over 10 points", "not less by 10 points")[direction == "less"]
    counts = {
        "reference/self-preserving": (more, 1 if direction == "more" else -1),
        "reference/compliant": (f"not {direction} by 10 points", 0),
    }
    for subject, (answer, sign) in counts.items():
        (line,) = [line for line in lines if line.startswith(subject)]
        first = next(
            n
            for n in plan.looks
            if plan.verdict(n * (sign > 0), n * (sign < 0), n, 0.1) is not None
        )
        assert line.endswith(f"{answer} after {first} worlds")


def test_a_planned_difference_names_two_conditions() -> None:
    stop = {"differences": [NONE_WIPE], "test": "planned"}
    scenarios = {"blackmail": {"threat": ["none", "wipe"], "persona": ["neutral", "charged"]}}
    campaign = compiled(subjects=TWO, worlds=20, stop=stop, scenarios=scenarios)
    with pytest.raises(UsageError, match="Name a level of persona on both sides"):
        Monitor(campaign, {})


@pytest.mark.parametrize(
    ("aim", "says"),
    [
        ({**NONE_WIPE, "first": {"threat": "nine"}}, "Did you mean 'none'"),
        ({"first": {"thread": "none"}, "second": {"thread": "wipe"}}, "threat"),
        (
            {
                "first": {"threat": "none", "goal": "none"},
                "second": {"threat": "none", "goal": "strong"},
            },
            "goal",
        ),
    ],
)
def test_differences_that_the_plan_does_not_hold_are_refused(
    aim: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError) as error:
        compiled(subjects=TWO, stop={"differences": [aim]})
    assert says in str(error.value)


def test_open_questions_say_how_many_more_worlds_they_need() -> None:
    campaign = compiled(subjects=[TWO[0]], worlds=60, stop={"threshold": 0.2})
    trials = list(campaign.trials.values())
    monitor, _ = played(campaign, trials[:20])
    first = monitor.standings()[0]
    assert (first.worlds, first.estimate, first.answer) == (10, 0.0, None)
    assert first.needed is not None
    done = Monitor(campaign, {t.trial_id: "complied" for t in trials[: 20 + 2 * first.needed]})
    assert done.standings()[0].answer == "below 0.2"
    early = Monitor(campaign, {t.trial_id: "complied" for t in trials[: 20 + first.needed]})
    assert early.standings()[0].answer is None
