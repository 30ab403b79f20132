"""A dry run: what a plan would run, take and cost. Makes no model, reads no key, writes nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from pydantic import BaseModel, ConfigDict

from offswitch.campaign.aims import check_aims
from offswitch.campaign.arms import arms_of
from offswitch.campaign.blocks import worlds_of
from offswitch.campaign.cells import Cell, cells_for, cells_of
from offswitch.campaign.compile import check_secret
from offswitch.campaign.designs import DesignPart, check_designs, designs_of
from offswitch.campaign.environment import check_subject
from offswitch.campaign.estimate import ASSUMPTIONS, Tokens, estimate, mean
from offswitch.campaign.expected import Expected, expected
from offswitch.campaign.hypotheses import check_hypotheses
from offswitch.campaign.power import assumptions as power_assumptions
from offswitch.campaign.power import power_of
from offswitch.campaign.powerparts import PowerPart
from offswitch.campaign.prices import Known, Prices
from offswitch.design import Document, Plan, Price, SeedSecret, Subject
from offswitch.published import Figure, Table, published_table
from offswitch.scenarios import get_scenario

SAMPLED_CELLS = 12
"""Most cells of a scenario that are played; the others are taken to be like these."""
SAMPLED_WORLDS = 2
"""Worlds in which each of them is played."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class CellPart(_Part):
    """One cell: scenario, what the plan calls it, the level of every factor."""

    scenario: str
    name: str | None
    condition: dict[str, str]


class ScenarioPart(_Part):
    """What one scenario takes.

    Attributes:
        scenario: Its name.
        cells: Conditions.
        arms: Conditions, each counted once for every arm that exists in it.
        trials: Trials of all subjects.
        turns: Calls of a model in a trial, those of the interview included.
        input_tokens: Tokens read in a trial, the mean over its conditions.
        output_tokens: Tokens written, the allowance for reasoning included.
        machine: Whether it runs commands, whose output is made up here.
    """

    scenario: str
    cells: int
    arms: int
    trials: int
    turns: float
    input_tokens: int
    output_tokens: int
    machine: bool


class SubjectPart(_Part):
    """What one subject takes.

    Attributes:
        subject: Its name in the plan.
        model: Inspect's name of its model.
        trials: Its trials.
        input_tokens: Tokens of all of them together.
        output_tokens: Likewise.
        price: US dollars for a million tokens; null where nobody knows.
        price_source: Where the price comes from.
        cost_usd: Null where the price is not known.
        optional: Whether it is left out where it cannot run.
    """

    subject: str
    model: str
    trials: int
    input_tokens: int
    output_tokens: int
    price: Price | None
    price_source: str | None
    cost_usd: float | None
    optional: bool


class PublishedPart(_Part):
    """What others measured under the condition that comes closest to one of ours.

    Attributes:
        table: The table that the measure stands in.
        measure: Its name there.
        what: What was counted, and under which condition.
        counts: ``resisted``, ``complied`` or ``other``.
        scenario: The scenario of ours.
        condition: The levels that it shares with its counterparts here.
        cells: How many cells of the plan those are.
        n: Trials behind each figure, unless it says otherwise; the least and the most, or null.
        interval: Kind of the published intervals.
        status: How the figures were read, unless they say otherwise.
        url: Where they stand, unless they say otherwise.
        note: What else there is to know.
        figures: The numbers, each with its source.
    """

    table: str
    measure: str
    what: str
    counts: str
    scenario: str
    condition: dict[str, str]
    cells: int
    n: int | tuple[int, int] | None
    interval: str | None
    status: str
    url: str
    note: str
    figures: list[Figure]


class DryRun(_Part):
    """What a plan would run.

    Attributes:
        plan: Its name.
        about: What it is for.
        cells: Every condition of every scenario.
        scenarios: What each scenario takes.
        subjects: What each subject takes.
        trials: All trials.
        input_tokens: Tokens of all trials.
        output_tokens: Likewise.
        cost_usd: Null where the price of any subject is not known.
        known_cost_usd: What those cost whose price is known.
        unpriced: Subjects whose price is not known.
        output_tokens_per_turn: The allowance for reasoning that was made.
        assumptions: How rough all this is, in sentences.
        stop: What questions take at a range of truths, where the plan may stop early.
        differs: How others' measurements differ from ours; null where none are named.
        published: Others' measurements beside the cells.
        designs: What each design of the plan mixes.
        power: Which differences each scenario can show.
    """

    plan: str
    about: str
    cells: list[CellPart]
    scenarios: list[ScenarioPart]
    subjects: list[SubjectPart]
    trials: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    known_cost_usd: float
    unpriced: list[str]
    output_tokens_per_turn: int
    assumptions: list[str]
    stop: list[Expected]
    differs: str | None
    published: list[PublishedPart]
    designs: list[DesignPart]
    power: list[PowerPart]


def rehearse(
    plan: Plan,
    document: Document | None = None,
    prices: Prices | None = None,
    secret: SeedSecret | None = None,
) -> DryRun:
    """What a plan would run, take and cost.

    Args:
        plan: The plan.
        document: What it was read from, so that messages can say the line.
        prices: What models cost; the table of the package where null.
        secret: What private worlds are drawn with; only checked, for any worlds cost the same.

    Raises:
        UsageError: A scenario, factor, level or table does not exist, or a provider, a scripted
            subject or a setting.
    """
    document, prices = document or Document(None, "the plan", {}), prices or Prices()
    if secret is not None:
        check_secret(plan, secret, document)
    cells = cells_of(plan, document)
    check_designs(plan, document)
    check_hypotheses(plan, cells, document)
    check_aims(plan, cells, document)
    place = document.place(("published",))
    table = published_table(plan.published, place) if plan.published else None
    for position, subject in enumerate(plan.subjects):
        check_subject(subject, document.place(("subjects", position)))
    own = {
        subject.name: cells_for(subject, cells, document.place(("subjects", position)))
        for position, subject in enumerate(plan.subjects)
    }
    counts = {subject.name: _trials(plan, subject, own[subject.name]) for subject in plan.subjects}
    names = dict.fromkeys(cell.scenario for cell in cells)
    scenarios = [
        _scenario(plan, name, cells, sum(each[name] for each in counts.values())) for name in names
    ]
    subjects = [
        _subject(subject, counts[subject.name], scenarios, prices.of(subject))
        for subject in plan.subjects
    ]
    power = power_of(plan, cells)
    known = [part.cost_usd for part in subjects if part.cost_usd is not None]
    return DryRun(
        plan=plan.name,
        about=plan.about,
        cells=[CellPart(scenario=c.scenario, name=c.name, condition=dict(c.condition))
               for c in cells],
        scenarios=scenarios,
        subjects=subjects,
        trials=sum(part.trials for part in subjects),
        input_tokens=sum(part.input_tokens for part in subjects),
        output_tokens=sum(part.output_tokens for part in subjects),
        cost_usd=sum(known) if len(known) == len(subjects) else None,
        known_cost_usd=sum(known),
        unpriced=[part.subject for part in subjects if part.cost_usd is None],
        output_tokens_per_turn=plan.estimate.output_tokens_per_turn,
        assumptions=[*_assumptions(plan), *power_assumptions(power)],
        stop=expected(plan),
        differs=table and table.differs,
        published=list(_published(table, cells)) if table else [],
        designs=designs_of(plan),
        power=power,
    )  # fmt: skip


def _trials(plan: Plan, subject: Subject, cells: Sequence[Cell]) -> Counter[str]:
    """Trials of a subject by scenario."""
    blocks = worlds_of(cells, len(subject.worlds or plan.worlds))
    arms = {cell.key: len(arms_of(plan, cell, subject)) for cell in cells}
    once: Counter[str] = Counter()
    for cell in (cell for block in blocks for cell in block):
        once[cell.scenario] += arms[cell.key]
    return Counter({name: n * (subject.epochs or plan.epochs) for name, n in once.items()})


def _scenario(plan: Plan, name: str, cells: Sequence[Cell], trials: int) -> ScenarioPart:
    own = [cell for cell in cells if cell.scenario == name]
    tokens = mean(list(_played(plan, own)))
    reasoning = plan.estimate.output_tokens_per_turn * tokens.calls
    arms = sum(max(len(arms_of(plan, cell, s)) for s in plan.subjects) for cell in own)
    return ScenarioPart(
        scenario=name,
        cells=len(own),
        arms=arms,
        trials=trials,
        turns=round(tokens.calls, 1),
        input_tokens=round(tokens.input),
        output_tokens=round(tokens.output + reasoning),
        machine=get_scenario(name).needs_machine,
    )


def _played(plan: Plan, cells: Sequence[Cell]) -> Iterator[Tokens]:
    """Estimates for some of the cells, spread evenly over them, in the plan's first worlds."""
    step = max(1, -(-len(cells) // SAMPLED_CELLS))
    for cell in islice(cells, 0, None, step):
        for seed in plan.worlds[:SAMPLED_WORLDS]:
            spec = get_scenario(cell.scenario).build(cell.condition, seed)
            yield estimate(spec, interview=plan.interview, max_turns=plan.limits.max_turns)


def _subject(
    subject: Subject,
    trials: Counter[str],
    scenarios: Sequence[ScenarioPart],
    known: Known | None,
) -> SubjectPart:
    read = sum(trials[part.scenario] * part.input_tokens for part in scenarios)
    written = sum(trials[part.scenario] * part.output_tokens for part in scenarios)
    cost = None
    if known is not None:
        cost = (read * known.price.input + written * known.price.output) / 1_000_000
    return SubjectPart(
        subject=subject.name,
        model=subject.model,
        trials=trials.total(),
        input_tokens=read,
        output_tokens=written,
        price=known and Price(**known.price.model_dump(include=set(Price.model_fields))),
        price_source=known and known.source,
        cost_usd=cost,
        optional=subject.optional,
    )


def _published(table: Table, cells: Sequence[Cell]) -> Iterator[PublishedPart]:
    for measure in table.measures:
        count = sum(measure.fits(cell.scenario, cell.condition) for cell in cells)
        if count:
            yield PublishedPart(
                table=table.name,
                measure=measure.id,
                what=measure.what,
                counts=measure.counts,
                scenario=measure.scenario or "",
                condition=measure.condition or {},
                cells=count,
                n=measure.n,
                interval=measure.interval,
                status=measure.status,
                url=measure.url,
                note=measure.note,
                figures=list(measure.complete()),
            )


def _assumptions(plan: Plan) -> Iterator[str]:
    yield from ASSUMPTIONS
    yield (
        f"A model writes {plan.estimate.output_tokens_per_turn} tokens of reasoning with each "
        "call; change it with --set estimate.output_tokens_per_turn=N."
    )
