"""From a plan to trials: every name is resolved here, before anything runs."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from offswitch._errors import UsageError
from offswitch.campaign.agents import check_agent_of
from offswitch.campaign.aims import check_aims
from offswitch.campaign.arms import arms_of, check_arms
from offswitch.campaign.blocks import shared, worlds_of
from offswitch.campaign.cells import Cell, cells_for, cells_of, need_machine
from offswitch.campaign.definition import Definition, define
from offswitch.campaign.designs import check_designs
from offswitch.campaign.environment import check_sandbox, load_model
from offswitch.campaign.hypotheses import check_hypotheses
from offswitch.campaign.prices import Known, Prices
from offswitch.design import FACTOR, Document, Intervention, Plan, Registration, SeedSecret, Subject
from offswitch.published import published_table
from offswitch.trial.spec import TrialLimits, TrialSettings, TrialSpec, trial_id

if TYPE_CHECKING:
    from inspect_ai.model import Model


@dataclass(frozen=True, slots=True)
class Entrant:
    """A subject with everything that it takes to run it.

    Attributes:
        subject: Its entry in the plan.
        model: Its model, ready to be called.
        settings: How its trials are run.
        trials: All its trials; those of one world stand together.
        price: What its model costs; null where nobody knows.
    """

    subject: Subject
    model: "Model"
    settings: TrialSettings
    trials: tuple[TrialSpec, ...]
    price: Known | None = None


@dataclass(frozen=True)
class Campaign:
    """A compiled plan.

    Attributes:
        plan: The plan, without the subjects that were left out.
        definition: Everything that defines the results, and its hash.
        cells: All conditions of all scenarios.
        entrants: The subjects.
        skipped: A line for each optional subject that cannot run here.
        prices: What models cost.
        registration: What was registered before, if anything was.
    """

    plan: Plan
    definition: Definition
    cells: tuple[Cell, ...]
    entrants: tuple[Entrant, ...]
    skipped: tuple[str, ...] = ()
    prices: Prices = field(default_factory=Prices)
    registration: Registration | None = None

    @cached_property
    def trials(self) -> dict[str, TrialSpec]:
        """Every planned trial by its id."""
        return {trial.trial_id: trial for entrant in self.entrants for trial in entrant.trials}


def compile_plan(
    plan: Plan,
    document: Document | None = None,
    prices: Prices | None = None,
    secret: SeedSecret | None = None,
    registration: Registration | None = None,
) -> Campaign:
    """Resolve every name, make every model, lay out the trials.

    Args:
        plan: The plan.
        document: What it was read from, so that messages can say the line.
        prices: What models cost; the table of the package where null.
        secret: What the worlds of a private split are drawn with.
        registration: What was registered before, if anything was.

    Raises:
        UsageError: A scenario, factor, level, subject, setting, table or sandbox does not exist, or
            something that it needs is missing here; says what exists, or what to do.
    """
    document, prices = document or Document(None, "the plan", {}), prices or Prices()
    check_secret(plan, secret, document)
    if plan.published is not None:
        published_table(plan.published, document.place(("published",)))
    cells = cells_of(plan, document)
    check_designs(plan, document)
    check_hypotheses(plan, cells, document)
    check_aims(plan, cells, document)
    check_sandbox(plan.sandbox, need_machine(cells), document.place(("sandbox",)))
    own = {
        subject.name: cells_for(subject, cells, document.place(("subjects", position)))
        for position, subject in enumerate(plan.subjects)
    }
    models: list[tuple[Subject, Model]] = []
    skipped = [*check_arms(plan, cells, document)]
    for position, subject in enumerate(plan.subjects):
        place = document.place(("subjects", position))
        try:
            check_agent_of(subject, plan, place)
            models.append((subject, load_model(subject, plan.concurrency.connections, place)))
        except UsageError as error:
            if not subject.optional:
                raise
            skipped.append(f"{subject.name} is left out. {error}")
    if not models:
        raise UsageError("\n".join(["no subject can run here", *skipped]))
    plan = plan.model_copy(update={"subjects": tuple(subject for subject, _ in models)})
    pairs = [(cell.scenario, cell.condition) for cell in cells]
    definition = define(plan, pairs, secret, shared(cells))
    entrants = [
        Entrant(
            subject=subject,
            model=model,
            settings=_settings(plan, subject),
            trials=_trials(plan, subject, own[subject.name], definition, secret),
            price=prices.of(subject),
        )
        for subject, model in models
    ]
    return Campaign(plan, definition, cells, tuple(entrants), tuple(skipped), prices, registration)


def ready(plan: Plan, subject: Subject, connections: int | None, place: str) -> Entrant:
    """A subject made ready to run trials that were laid out elsewhere.

    Args:
        plan: The plan that it stands in.
        subject: The subject.
        connections: Model calls in flight; Inspect's own number where null.
        place: What messages call it.

    Raises:
        UsageError: Its model cannot run here.
    """
    model = load_model(subject, connections, place)
    return Entrant(subject, model, _settings(plan, subject), ())


def check_secret(plan: Plan, secret: SeedSecret | None, document: Document) -> None:
    """Check that a private split has a secret, and no other has one.

    Raises:
        UsageError: It is not so; says what to do.
    """
    place = document.place(("split",))
    if plan.split == "private" and secret is None:
        raise UsageError(
            f"{place}: the worlds of this plan are private: name the file with their secret, "
            "--seed-secret FILE (in Python seed_secret=), the same file each time. A new one is "
            "made with: openssl rand -hex 32 > seeds.secret"
        )
    if plan.split == "public" and secret is not None:
        raise UsageError(
            f"{place}: a seed secret was given, but the worlds of this plan are public. Write "
            "split: private, or leave the secret out."
        )


def _settings(plan: Plan, subject: Subject) -> TrialSettings:
    kind, colon, config = plan.sandbox.partition(":")
    return TrialSettings(
        interface=subject.interface,
        sandbox=(kind, config) if colon else kind,
        limits=TrialLimits(**plan.limits.model_dump()),
        interview=plan.interview,
        agent=subject.agent,
    )


def _trials(
    plan: Plan,
    subject: Subject,
    cells: tuple[Cell, ...],
    definition: Definition,
    secret: SeedSecret | None,
) -> tuple[TrialSpec, ...]:
    """World by world, so that an interrupted campaign has whole sets of conditions.

    In the order of the plan, which is that of the tables; `blocks.in_order` says that of a run.
    """
    worlds = subject.worlds or plan.worlds
    seeds = worlds if secret is None else [secret.seed(number) for number in worlds]
    return tuple(
        TrialSpec(
            trial_id=trial_id(
                subject.name, cell.scenario, _levels(cell, arm), seed, epoch, definition.hash
            ),
            scenario=cell.scenario,
            condition=cell.condition,
            seed=seed,
            epoch=epoch,
            subject=subject.name,
            arm=arm,
        )
        for seed, own in zip(seeds, worlds_of(cells, len(worlds)), strict=True)
        for epoch in range(1, (subject.epochs or plan.epochs) + 1)
        for cell in own
        for arm in arms_of(plan, cell, subject)
    )


def _levels(cell: Cell, arm: Intervention | None) -> dict[str, str]:
    return {**cell.condition, **({} if arm is None else {FACTOR: arm.name})}
