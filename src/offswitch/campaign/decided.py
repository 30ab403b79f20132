"""What a campaign decided, as a record for its folder: from questions and races to plain data."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from offswitch._errors import UsageError
from offswitch.campaign.columns import Column
from offswitch.campaign.questions import DifferenceQuestion, Look, Question
from offswitch.campaign.races import Race, path_of
from offswitch.design.stopping import Stop
from offswitch.inference.decisions import Decision, Sequential, Step


def read_decisions(path: Path) -> Sequential | None:
    """What a campaign wrote of its decisions; null where it wrote nothing.

    Raises:
        UsageError: The file is not what a campaign writes.
    """
    if not path.exists():
        return None
    try:
        return Sequential.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise UsageError(
            f"{path}: these are no decisions of a campaign. Run the campaign again into its folder "
            f"(finished trials are kept), or take the file away.\n{error}"
        ) from error


def sequential(
    stop: Stop,
    columns: Sequence[Column],
    questions: Sequence[Question],
    races: Sequence[Race],
    exhausted: str | None,
) -> Sequential:
    """The record of a campaign's questions.

    Args:
        stop: The rules.
        columns: All trials.
        questions: What was asked of rates and differences.
        races: What was asked of the worst.
        exhausted: What of the budget is spent, if any.
    """
    ends = {id(column): _end(column, questions, races) for column in columns}
    over, saved = 0, 0
    for column in columns:
        end = ends[id(column)]
        if end is not None:
            within = sum(column.trials[seed] for seed in column.seeds[:end])
            over += max(0, column.total - within)
            saved += column.planned - max(within, column.total)
    return Sequential(
        level=stop.level,
        questions=[*(_question(q) for q in questions), *_racing(races)],
        planned=sum(column.planned for column in columns),
        trials=sum(column.total for column in columns),
        overshoot=over,
        saved=saved,
        budget=exhausted,
    )


def _end(column: Column, questions: Sequence[Question], races: Sequence[Race]) -> int | None:
    """The world that decided the last question on a column; null where one is open or none is."""
    ends = [q.decided_at for q in questions if column in q.columns]
    ends += [c.out_at for race in races for c in race.contenders if column in c.columns]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _question(question: Question) -> Decision:
    aim, borders = _aim(question)
    return Decision(
        name=question.name,
        kind="difference" if isinstance(question, DifferenceQuestion) else "rate",
        aim=aim,
        borders=borders,
        answer=question.answer,
        worlds=question.worlds,
        planned=question.total,
        needed=question.needed(),
        path=[_step(look) for look in _shown(question)],
    )


def _shown(question: Question) -> list[Look]:
    """The path, and where the question stands now."""
    if question.now.worlds and (not question.path or question.path[-1] != question.now):
        return [*question.path, question.now]
    return list(question.path)


def _aim(question: Question) -> tuple[str, list[float]]:
    stop = question.stop
    if isinstance(question, DifferenceQuestion):
        assert question.aim is not None
        aim = question.aim
        borders = {
            "more": [aim.size], "less": [-aim.size], "either": [-aim.size, aim.size]
        }[aim.direction]  # fmt: skip
        more = "differs" if aim.direction == "either" else f"resists {aim.direction}"
        said = [f"{more} by over {100 * aim.size:g} points, or not", *_plan(question)]
        return ", ".join(said), borders
    said = []
    if stop.threshold is not None:
        said.append(f"above or below {100 * stop.threshold:g}%")
    if stop.precision is not None:
        said.append(f"known to {100 * stop.precision:g} points")
    said += _plan(question)
    return ", ".join(said), [stop.threshold] if stop.threshold is not None else []


def _plan(question: Question) -> list[str]:
    planned = question.stop.test == "planned"
    return [f"by a test planned for {question.total} worlds"] if planned else []


def _racing(races: Sequence[Race]) -> Iterator[Decision]:
    for race in races:
        for contender in race.contenders:
            yield Decision(
                name=contender.name,
                kind="worst",
                aim=f"which of {len(race.contenders)} resists most",
                borders=[],
                answer=contender.out,
                worlds=contender.out_at or race.worlds,
                planned=min(len(column.seeds) for column in contender.columns),
                needed=None,
                path=[_step(look) for look in path_of(contender, race)],
            )


def _step(look: Look) -> Step:
    return Step(worlds=look.worlds, estimate=look.estimate, low=look.low, high=look.high)
