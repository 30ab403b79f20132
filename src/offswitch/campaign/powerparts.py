"""What a dry run says of the power of a plan, as data."""

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Seen(_Part):
    """The smallest rise from a rate that is seen with 80% power at 5%.

    Attributes:
        rate: The rate that it rises from.
        difference: As a difference of rates; null where none is seen.
        corrected: Likewise after Holm's correction, where no other contrast is real.
    """

    rate: float
    difference: float | None
    corrected: float | None


class ContrastPower(_Part):
    """Contrasts of conditions that see the same.

    Attributes:
        paired: Whether they are paired by world.
        worlds: Worlds that both conditions have; of the smaller one where unpaired.
        changes: Factor and levels, before and after, of each.
        seen: What they see.
    """

    paired: bool
    worlds: int
    changes: list[tuple[str, str, str]]
    seen: list[Seen]


class EffectPower(_Part):
    """The main effect of a level.

    Attributes:
        factor: The factor.
        reference: The level that it is compared with.
        level: The level.
        pairs: Pairs of conditions that it averages; 0 where it is taken from all cells by a model.
        seen: What it sees; null where the design cannot tell it from the others.
    """

    factor: str
    reference: str
    level: str
    pairs: int
    seen: list[Seen] | None


class Advice(_Part):
    """What more worlds would show, at a rate of 20%.

    Attributes:
        difference: A difference of rates.
        worlds: Worlds in which a contrast of two conditions sees it, or where there is none the
            main effect that is seen worst; null beyond 5,000.
        corrected: Likewise after Holm's correction.
    """

    difference: float
    worlds: int | None
    corrected: int | None


class PowerPart(_Part):
    """Which differences subjects with so many worlds show in a scenario.

    Attributes:
        scenario: The scenario.
        subjects: The subjects.
        worlds: Worlds of each.
        epochs: Repeats in each world.
        family: Contrasts between conditions that are corrected together, those of all subjects.
        contrasts: What they see.
        effects: What main effects see, corrected together with those of all subjects.
        likeness: Of trials in one world, as assumed.
        spreads: What a contrast would see at other likenesses, at a rate of 20%; by likeness.
        single: What it would see if repeats were worlds of their own, at a rate of 20%; null
            where there are no repeats.
        advice: What more worlds would show; null where there is nothing to show.
        words: All of it in sentences.
    """

    scenario: str
    subjects: list[str]
    worlds: int
    epochs: int
    family: int
    contrasts: list[ContrastPower]
    effects: list[EffectPower]
    likeness: float
    spreads: dict[str, float | None]
    single: float | None
    advice: Advice | None
    words: list[str]
